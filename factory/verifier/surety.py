"""How sure a reading is: which adverse verdicts are called wrong, and which leave their clause unread instead. Pure; decision 37.

Five rounds of fresh text showed that what a grammar calls wrong hangs on how it was read: a value under its field's name, said of an
unmistakable restaurant in a clause that holds nothing else, was called wrong rightly in nineteen of twenty cases; comparisons, sets,
extremes, absences and whatever was read through a frame beside other words, hardly more often than not. A clause of the second kind is
called wrong only where every other clause was understood, too: who writes what the grammar does not know, writes this otherwise, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Literal

from factory.records import ClaimStatus
from factory.verifier.grammar import Piece
from factory.verifier.lexer import INERT, ROLES, Token, chars_of
from factory.verifier.outcome import Account
from factory.verifier.scene import State
from factory.verifier.told import Told

Doubt = Literal["never", "beside_unread", "always"]
"""When a less sure reading is no finding: never (who measures), where anything else is unread, always (a second reader is asked)."""
SURE_FRAMES: Final = frozenset(
    {"rating", "price", "distance", "address", "phone", "hours", "closes", "opens", "break", "total"}
)
"""Frames that state a value under its field's name or unit."""
_BESIDE: Final = SURE_FRAMES | {"subject"}
_CLOUDING: Final = chars_of(
    "DAY", "PERIOD", "MEAL", "SESSION", "MORE", "THAN", "MARG", "BY", "ALL", "ONLY", "MOST", "NOT", "IF", "OTH", "OTHER", "ABSENT", "TIMES", "PCT", "EXCEED", "UNDER", "TAG", "LIKE", "FORMER", "LATTER",
    "LASTONE", "PREVONE", "NEXTONE", "THESE", "WHETHER",
)  # fmt: skip
"""Words beside a value that may make it another's, of other days, or no statement."""
_NAMES: Final = chars_of("N", "BRANCH", "ORD", "THIS")
_GOOD: Final = frozenset({"verified", "inferable"})


def is_clear(pieces: Sequence[Piece], kept: Sequence[Token], blamed: frozenset[str]) -> bool:
    """Whether a clause, whose frames ``blamed`` claim what is wrong, holds nothing but values and whom they are of."""
    if not blamed or not blamed <= SURE_FRAMES or any(piece.frame.name not in _BESIDE for piece in pieces):
        return False
    values = [piece.frame.name for piece in pieces if piece.frame.name in SURE_FRAMES]
    if len(values) > len(set(values)) or any(token.char in _CLOUDING for token in kept):
        return False
    taken = {place for piece in pieces for place in range(piece.start, piece.end)}
    return all(place in taken or token.char == INERT for place, token in enumerate(kept))


def is_plain_praise(tokens: Sequence[Token]) -> bool:
    """Whether a clause of service, place, crowd or history says just that: no number of shops, no other, no extreme, no condition beside it."""
    return not any(token.char in _CLOUDING or ROLES[token.char] & {"CNT", "D", "FEAT"} for token in tokens)


def is_sure(tokens: Sequence[Token], state: State) -> bool:
    """Whether what a clause claims may be called wrong whatever else is unread; a clause that claims nothing wrong is sure."""
    wrong = [one for one in state.verdicts if one.status not in _GOOD]
    if state.echoes and any(one.status not in _GOOD for one in state.echoes):
        return False
    if not wrong:
        return True
    spoken = {one.poi_id for one in wrong}
    return state.clear and len(spoken) == 1 and None not in spoken and _is_unmistakable(tokens, state, spoken)


def _is_unmistakable(tokens: Sequence[Token], state: State, spoken: set[str | None]) -> bool:
    """Whether nobody else can be meant: the item's own restaurant (of others named in it acting.py has tried it), or one that opens the clause."""
    named = [token for token in tokens if token.char in _NAMES]
    if state.item is not None and state.item.poi_id in spoken and not named:
        return True
    if len(named) != 1 or not state.fresh or "N" not in ROLES[named[0].char] or len(named[0].value.pois) != 1:
        return False
    return all(token.char == INERT for token in tokens[: tokens.index(named[0])])


_PLAIN: Final = frozenset(
    {"price", "rating", "distance", "walk", "phone", "hours", "opens", "closes", "open_at", "open_on", "shut_at", "day_off", "break", "no_break", "all_day", "sessions", "closed", "dish", "city", "website", "tag", "cuisine", "total", "average", "order"}
)  # fmt: skip
"""Kinds of a second reader's claims that give a value, or a plain fact, under its own name. What it makes of a comparison, a set, an extreme, a
bound of the wish, a label or a name hangs on its own words or on a set of its choice (牛油锅偏重, 前两家贴着预算, 最便宜的): of fourteen that stood in true
texts of rounds 6 and 7 eleven were of that kind."""


def is_sure_claim(told: Told, poi_id: str | None, status: ClaimStatus, *, asked: bool) -> bool:
    """Whether a reader's claim that does not hold is a finding: ``status``, of one restaurant or of a set.

    ``asked``: it stands on a question, which states nothing by itself. Where nothing speaks against it, dishes of a set and tags that
    the map has not got are in other words of the map's, perhaps; a shop whose dishes are not listed has fewer to tell of (菜更有数).
    """
    if told.kind not in _PLAIN or told.maybe or asked:
        return False
    vague = told.kind == "tag" or told.fact == "dish_count" or (told.kind == "dish" and poi_id is None)
    return status != "unsupported" or not vague


def withheld(account: Account, doubt: Doubt) -> Account:
    """The account with its less sure clauses unread, where they would be called wrong and that is in doubt."""
    guessed = account.guessed
    if not guessed or doubt == "never":
        return account
    if doubt == "beside_unread" and not any(clause.account == "unread" for clause in account.clauses):
        return account
    clauses = tuple(
        replace(clause, account="unread", detachable=False) if number in guessed else clause
        for number, clause in enumerate(account.clauses)
    )
    verdicts = tuple(row for row in account.verdicts if row[0] not in guessed)
    return replace(account, clauses=clauses, verdicts=verdicts)


def without_nothing(account: Account) -> Account:
    """The account with the clause unread that says that nothing fits."""
    if account.nothing_at is None:
        return replace(account, says_nothing=False)
    at = account.nothing_at
    clauses = tuple(
        replace(clause, account="unread", detachable=False) if number == at else clause
        for number, clause in enumerate(account.clauses)
    )
    verdicts = tuple(row for row in account.verdicts if row[0] != at or row[1].kind == "name")
    return replace(account, clauses=clauses, verdicts=verdicts, says_nothing=False)
