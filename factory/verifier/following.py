"""Whom the text goes on about from clause to clause, and how far a denial reaches. Works on ``State``; no I/O."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from factory.records import Poi
from factory.verifier.grammar import Piece
from factory.verifier.lexer import INERT, ROLES, Token, chars_of
from factory.verifier.scene import Scene, State

_DENYING: Final = chars_of("NOT", "ABSENT", "NOFIT", "MISSW")
_MISSING: Final = chars_of("MISSW")
_JOINING: Final = chars_of("COP", "COLON")
_NAMES: Final = chars_of("N", "BRANCH")
_ORDINALS: Final = chars_of("ORD")
_NO_CLAIM: Final = frozenset(
    {"talk", "advice", "intro", "nothing", "criterion", "choose", "misses", "echo", "contact", "unsure"}
)


def denied(pieces: Sequence[Piece], string: str) -> bool:
    """Whether a denial that is no claim of its own stands before a claim in one clause: nobody can tell how far it reaches."""
    before = False
    for piece in pieces:
        if before and piece.frame.act not in _NO_CLAIM:
            return True
        words = string[piece.start : piece.end]
        denies = not _DENYING.isdisjoint(words)
        # 不符合的是人均超出预算: what is missed follows, and is a claim of its own
        leads = not _MISSING.isdisjoint(words) and not _JOINING.isdisjoint(words)
        before = before or (denies and not leads and piece.frame.act in _NO_CLAIM)
    return False


def mentions(tokens: Sequence[Token], scene: Scene) -> list[Poi]:
    """The restaurants that a clause names, in order; a name that several bear counts where one of them is listed."""
    found: list[Poi] = []
    for token in tokens:
        if token.char in _NAMES:
            pois = token.value.pois
            listed = [poi for poi in pois if poi in scene.listed]
            found += pois if len(pois) == 1 else listed if len(listed) == 1 else ()
        elif token.char in _ORDINALS and 0 < token.value <= len(scene.listed):
            found.append(scene.listed[token.value - 1])
    return found


_REFERRING: Final = frozenset(
    {
        "N",
        "BRANCH",
        "ORD",
        "THIS",
        "THESE",
        "OTHER",
        "FORMER",
        "LATTER",
        "LASTONE",
        "PREVONE",
        "NEXTONE",
        "CNT",
        "NAMELIKE",
        "WHICH",
        "ALLSET",
        "MOST",
        "EXCEPT",
        "FAR",
        "NEAR",
        "CHEAP",
        "DEAR",
    }
)
"""Words that may bring in another restaurant."""


def days_in(tokens: Sequence[Token]) -> tuple[str, ...]:
    """The words for days of a clause."""
    return tuple(token.text for token in tokens if "DAY" in ROLES[token.char])


def goes_on(tokens: Sequence[Token]) -> bool:
    """Whether a question is about the one that was spoken of: 它有什么菜."""
    referring = [token for token in tokens if ROLES[token.char] & (_REFERRING - {"WHICH", "ALLSET"})]
    return bool(referring) and all("THIS" in ROLES[token.char] for token in referring)


def lose(state: State, tokens: Sequence[Token]) -> None:
    """After an unread clause the text goes on about the one restaurant that it names, or about nobody who could be told."""
    refers = any(ROLES[token.char] & _REFERRING for token in tokens)
    if not refers and state.item is None and not state.lost:
        return  # chatter that names nobody
    named = {poi for token in tokens if "N" in ROLES[token.char] for poi in token.value.pois}
    first = next((token for token in tokens if token.char != INERT), None)
    state.subject = None
    if state.item is not None:
        state.lost = bool(named - {state.item})
    elif len(named) == 1 and first is not None and ("N" in ROLES[first.char] or not _compares(tokens)):
        state.subject = tuple(named)
    else:
        state.lost = True


def _compares(tokens: Sequence[Token]) -> bool:
    """Whether a name in a clause may be what the speech is measured against rather than what it is about."""
    return any(
        ROLES[token.char] & {"THAN", "EXCEPT", "WITH", "SAME", "WHICH", "OTHER", "MARG", "WHETHER", "ASK"}
        for token in tokens
    )


def end_sentence(state: State) -> None:
    """What a sentence sets ends with it, but for the one restaurant that prose goes on about."""
    if state.item is not None:
        state.lost = bool(state.subject) and state.subject != (state.item,) and state.named
        state.named = False
    state.carried = state.subject is not None
    if state.item is not None or (state.subject is not None and len(state.subject) > 1):
        state.subject = None
    state.reference = None
    state.criteria = []
    state.days = ()
    state.scope = ()
    state.sole_among = None
    state.bound = None
    if state.item is None:
        state.dishes = ()
    state.excluded = ()
    state.loose_choice = False
    state.sorted_by = None
    state.extreme = None
