"""Acts of times that stand alone: 周六22:00, behind an opening or a closing time; one a day or one a restaurant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from factory.records import ClaimStatus, Poi
from factory.verifier.clock import Clock
from factory.verifier.days import GOOD, status_of_days
from factory.verifier.deciding import show
from factory.verifier.hours import DAY_MIN, Day
from factory.verifier.lexer import ROLES, Token
from factory.verifier.references import restaurants
from factory.verifier.scene import Said, State, UnreadError

_CLOSING: Final = frozenset({"CLOSE", "UNTIL", "TOUP", "REST"})
_NAMES: Final = frozenset({"N", "ORD", "THIS", "LASTONE", "PREVONE", "NEXTONE", "FORMER", "LATTER", "BRANCH"})


def _edge(stated: Clock, kind: str) -> object:
    def test(day: Day) -> ClaimStatus:
        edges = [end for _, end in day] if kind != "open" else []
        edges += [start for start, _ in day] if kind != "close" else []
        held = any(edge % DAY_MIN == minute % DAY_MIN for edge in edges for minute in stated.readings())
        return "inferable" if held else "contradicted"

    return test


def _say(said: Said, state: State, pois: Sequence[Poi], words: Sequence[str], stated: Clock, kind: str) -> None:
    """An edge of the hours of each on the days that are meant. A time that is none may be of something else."""
    for poi in pois:
        carried = not words and bool(state.days)
        status = status_of_days(poi, words or state.days, _edge(stated, kind), carried=carried, meal=False)  # type: ignore[arg-type]
        if status not in GOOD:
            raise UnreadError
        state.say("hours", said.text, [(poi, status, show(poi, "hours"))])
    state.field = "hours"


def clock(said: Said, state: State) -> None:
    """周六22:00, 都是12:00: a time alone is an edge of the hours, of the kind that was spoken of last."""
    tokens = said.tokens[said.piece.start : said.piece.end]
    times = [token for token in tokens if "T" in ROLES[token.char]]
    names = [token for token in tokens if ROLES[token.char] & _NAMES]
    if len(times) != 1 or said.piece.end != len(said.tokens):
        raise UnreadError
    if names:
        state.subject, state.fresh = restaurants(names, state), True
    words = [token.text for token in tokens if "DAY" in ROLES[token.char]]
    kind = "close" if any(ROLES[token.char] & _CLOSING for token in tokens) else ""
    _say(said, state, state.who(), words, times[0].value[0], kind)


def clock_by_day(said: Said, state: State) -> None:
    """平日21:00、周六21:30关; 前者10:30、后者11:00才开门."""
    kind = "close" if any(ROLES[token.char] & _CLOSING for token in said.all("k")) else "open"
    words: list[str] = []
    names: list[Token] = []
    for token in said.tokens[said.piece.start : said.piece.end]:
        roles = ROLES[token.char]
        if "DAY" in roles:
            words.append(token.text)
        elif roles & _NAMES:
            names.append(token)
        elif "T" in roles:
            pois = restaurants(names, state) if names else state.who()
            _say(said, state, pois, words, token.value[0], kind)
            words, names = [], []
