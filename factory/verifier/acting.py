"""One clause acted out: its best tiling by frames, the acts of those frames, and what else is tried where an act cannot tell.

Between the frames (grammar.py) and the reading of an answer (account.py). What hangs on a clause's class characters alone is kept,
and a first try works on the state itself: most clauses need no second one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

from factory.records import Poi
from factory.verifier.acts import ACTS
from factory.verifier.acts_lists import OneMeaningError
from factory.verifier.clauses import DECIDED, FIELDS, TYPED, VACUOUS, holds, open_number, wrong
from factory.verifier.following import denied
from factory.verifier.grammar import SKIPPED, Piece, Tiling, code, tile
from factory.verifier.lexer import MAYBE_INERT, Token, chars_of
from factory.verifier.scene import Said, State, UnreadError
from factory.verifier.surety import is_clear

MOST_READINGS: Final = 5  # tried of one clause
MOST_OTHERS: Final = 6  # restaurants of which a clause that is wrong of one may be meant
_EVERYONE: Final = chars_of("ALL", "TIE")
_AS_KNOWN: Final = chars_of("KNOWN")
_TYPED: Final = chars_of(*TYPED, "CONTACT", "WEB", "DISHN", "FOOD", "OPENV", "REST", "STOPPED", "TASTEF")
_COUNTS: Final = chars_of("CNT")
_ONE_MEANING: Final = frozenset({"closes", "opens", "hours", "open_close"})
"""Frames that no other may read for: 23:30关门 does not say that it is shut then."""
_WRONG: Final = frozenset({"contradicted", "unsupported"})
_OF_SETS: Final = frozenset({"subject_set", "world_set"})
"""Acts that claim nothing unless the clause speaks of everyone."""


def read_clause(tokens: Sequence[Token], state: State, words: Callable[[int, int], str]) -> list[Token]:
    """Run the acts of the best tiling; where one cannot tell what is meant, try without its frame. The tokens left unread.

    ``state`` is then as the clause leaves it; ``words``: the answer's own characters between two positions of the line.
    """
    string, kept = code(tokens)
    state.everyone = not _EVERYONE.isdisjoint(string)
    state.known_only = not _AS_KNOWN.isdisjoint(string)
    clause = _Clause(string, kept, words, state.copy())
    left = clause.read_as(0, state)
    for pick in range(1, min(state.ways, MOST_READINGS)):
        if holds((left, state)):
            break
        other = clause.before.copy()
        rest = clause.read_as(pick, other)
        if holds((rest, other)) or (rest and not left):  # true of one set that is meant, or not read for another
            left = rest
            state.take(other)
    if left and (turned := _fronted(kept)) is not None:
        other = clause.before.copy()
        rest = _Clause("".join(token.char for token in turned), turned, words, clause.before).read_as(0, other)
        if holds((rest, other)):
            left = rest
            state.take(other)
    if not left and wrong(state) and (not state.plain or clause.otherwise(state)):
        state.verdicts, state.echoes = [], []
        return list(kept)
    return left


_COUNTING: Final = frozenset({"count_of", "cuisine_count"})
"""Frames that count restaurants: 三家都… is said of each."""
_FITTING: Final = chars_of("MEET", "COND")
_WHO: Final = chars_of("N", "BRANCH", "ORD", "THIS", "FORMER", "LATTER", "LASTONE")
_WHEN: Final = chars_of("DAY", "PERIOD", "MEAL", "SESSION", "T", "TR", "SLOT", "ALLDAY")


def _fronted(kept: list[Token]) -> list[Token] | None:
    """周一它休息, 14:00到17:00某某不开: whom a clause speaks of may stand behind its time; then the same with the one before the other."""
    place = next((place for place, token in enumerate(kept) if token.char in _WHO), 0)
    before = kept[:place]
    if not place or place + 1 == len(kept) or not all(t.char in _WHEN or t.char in MAYBE_INERT for t in before):
        return None
    if not any(token.char in _WHEN for token in before) or any(token.char in _WHO for token in kept[place + 1 :]):
        return None
    return [kept[place], *before, *kept[place + 1 :]]


@dataclass(frozen=True, slots=True)
class ClausePlan:
    """What a clause's class characters tell of its reading. ``bare``: without the words that say nothing; ``denied``: nobody can tell of what."""

    tiling: Tiling
    bare: bool
    denied: bool


@lru_cache(maxsize=1 << 12)
def plan_of(string: str, *, item: bool, banned: frozenset[str]) -> ClausePlan:
    """How a clause is read; ``item``, ``banned`` as ``tile`` has them."""
    best, bare = tile(string, item=item, banned=banned), False
    if not SKIPPED.isdisjoint(string):
        shorter = "".join(char for char in string if char not in SKIPPED)
        other = tile(shorter, item=item, banned=banned)
        if len(other.left) < len(best.left):
            best, bare, string = other, True, shorter
    return ClausePlan(best, bare, not best.left and denied(best.pieces, string))


@dataclass(slots=True, init=False)
class _Clause:
    """A clause under work: its class characters, their tokens, its words, and the state before it."""

    string: str
    kept: list[Token]
    words: Callable[[int, int], str]
    before: State

    def __init__(self, string: str, kept: list[Token], words: Callable[[int, int], str], before: State) -> None:
        self.string = string
        self.kept = kept
        self.words = words
        self.before = before

    def read_as(self, pick: int, state: State) -> list[Token]:
        """The best reading with one choice among the sets that may be meant: the tokens left unread, ``state`` as it leaves it."""
        claimed: set[int] = set()
        _begin(state, pick)
        hopeless = _COUNTING if state.everyone and _FITTING.isdisjoint(self.string) else frozenset()
        best, failed = self._acted(state, hopeless, claimed)
        banned = failed | hopeless
        for _ in range(MOST_READINGS - 1):
            if not failed:
                break
            trial = self.before.copy()
            _begin(trial, pick)
            left, failed = self._acted(trial, banned, claimed)
            banned |= failed
            if len(left) < len(best):
                best = left
                state.take(trial)
        return best

    def otherwise(self, read: State) -> bool:
        """Whether what is wrong holds in another reading: without the frames that made it wrong, or of another who was named before."""
        if not read.blamed & _ONE_MEANING:
            trial = self.before.copy()
            _begin(trial, 0)
            left, _ = self._acted(trial, read.blamed, set())
            if trial.verdicts and holds((left, trial)):
                return True
        if read.fresh or (self.before.item is None and not self.before.subject):
            return False
        for poi in self._others():
            if (poi,) != self.before.subject:
                before = self.before.copy()
                before.subject, before.carried = (poi,), False
                trial = before.copy()
                left = _Clause(self.string, self.kept, self.words, before).read_as(0, trial)
                if holds((left, trial)):
                    return True
        return False

    def _others(self) -> list[Poi]:
        """Who else may be meant: in an item whoever was named since it began, elsewhere whoever was named at all."""
        scene, item = self.before.scene, self.before.item
        late = list(reversed(scene.mentioned))
        if item is None:
            return list(dict.fromkeys((*late, *scene.listed)))[:MOST_OTHERS]
        return list(dict.fromkeys(late[: late.index(item)] if item in late else ()))[:MOST_OTHERS]

    def _acted(self, state: State, banned: frozenset[str], claimed: set[int]) -> tuple[list[Token], frozenset[str]]:
        """One tiling acted out: the tokens that stay unread, and the frames that meant nothing.

        ``claimed``: where words of a claim begin that nobody could decide in this tiling or an earlier one.
        """
        plan = plan_of(self.string, item=state.part == "item", banned=banned)
        kept = [token for token in self.kept if token.char not in SKIPPED] if plan.bare else self.kept
        tokens = tuple(kept)
        left = list(kept) if plan.denied else [kept[place] for place in plan.tiling.left]
        failed: set[str] = set()
        claims: set[int] = set()
        for piece in plan.tiling.pieces:
            act, before = piece.frame.act, len(state.verdicts)
            if (
                claimed
                and (act in VACUOUS or (act in _OF_SETS and not state.everyone))
                and claimed & _content(kept, piece)
            ):
                left += kept[piece.start : piece.end]  # a claim that nobody could decide is no talk either
                continue
            try:
                ACTS[act](Said(piece, tokens, self.words), state)
                if len(state.verdicts) > before and any(one.status in _WRONG for one in state.verdicts[before:]):
                    state.blamed |= {piece.frame.name}
            except UnreadError as error:
                del state.verdicts[before:]
                left += kept[piece.start : piece.end]
                if isinstance(error, OneMeaningError):
                    continue  # not tried without its frame
                if not failed or state.item is not None:  # in prose, what fails behind a failure may want its subject
                    failed.add(piece.frame.name)
                if _claims(piece, kept):
                    claims |= _content(kept, piece)
        claimed |= claims
        state.plain = not state.blamed or (
            _plain(plan.tiling, kept, state.blamed)
            and not (plan.bare and any(token.char in _PLANNING and token.char in SKIPPED for token in self.kept))
        )
        state.clear = is_clear(plan.tiling.pieces, kept, state.blamed)
        if left:  # a clause that was not wholly read claims nothing
            state.verdicts, state.echoes = [], []
        return left, frozenset(failed)


_TALKING: Final = VACUOUS | {"condition", "topic"}
_PLANNING: Final = chars_of("MOREADD", "RELAX", "LIKE", "IF", "CHOOSE")
_NEUTRAL: Final = chars_of("COP", "FROM", "AT", "COLON", "INERT", "THESE", "IN", "WITH", "HAVE", *FIELDS) - _PLANNING


_CHOOSING: Final = frozenset({"choose", "criterion"})
_SELVES: Final = chars_of("YOU", "ME")
_WANTING: Final = chars_of("LIKE")


def _plain(tiling: Tiling, kept: Sequence[Token], blamed: frozenset[str]) -> bool:
    """Whether a clause states and does no more: 肯加十块就去某某 and 我想花200元以上 wish and plan, so that their amounts may be anything's."""
    talking = _TALKING - _CHOOSING if blamed & _CHOOSING else _TALKING
    taken: set[int] = set()
    named = next((place for place, token in enumerate(kept) if token.char in _WHO), len(kept))
    for piece in tiling.pieces:
        if piece.frame.name in blamed and piece.end <= named < len(kept):
            return False  # 没标价的有某某: of whom, comes after it
        taken.update(range(piece.start, piece.end))
        words = kept[piece.start : piece.end]
        if piece.frame.act in talking and any(token.char not in _NEUTRAL for token in words):
            return False
    if any(token.char in _PLANNING for place, token in enumerate(kept) if place not in taken):
        return False
    return not any(one.char in _SELVES and other.char in _WANTING for one, other in pairwise(kept))


def _begin(state: State, pick: int) -> None:
    state.pick, state.ways, state.unsure, state.fresh, state.blamed = pick, 1, False, False, frozenset()


def _content(kept: Sequence[Token], piece: Piece) -> set[int]:
    """Where the words of a frame begin that can be what is claimed."""
    return {token.start for token in kept[piece.start : piece.end] if token.char in _TYPED}


def _claims(piece: Piece, kept: Sequence[Token]) -> bool:
    """Whether a frame whose act could not tell states something all the same."""
    if piece.frame.act not in DECIDED:
        return False
    words = kept[piece.start : piece.end]
    if piece.frame.act == "cuisine" and any(token.char in _COUNTS for token in words):
        return False
    return not open_number(kept[max(0, piece.start - 1) : piece.end])
