"""Detachable clauses cut out of an answer: what nobody read and nothing depends on. Pure; used by order_run.py.

Without a reader a clause is detachable when no token of it is typed (clauses.py). Many a word is typed by accident (别 in 区别, 吃, 这
in 这题): where a second reader says that a clause states nothing of any restaurant, those count no more, and only what a row of the
map could decide, or what presupposes a restaurant, keeps the clause. It is cut then, and marked on the row; it never becomes talk.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from factory.records import Verification, Wish
from factory.verifier.lexer import ROLES, Token

_JOINS: Final = tuple("，,、；;")
_STOPS: Final = tuple("。！？!?")
_EMPTY_ITEM: Final = re.compile(r"^\s*\d+[.、].*[：:]\s*[。，]?\s*$", re.MULTILINE)


_OF_SHOPS: Final = frozenset(
    {
        "N", "A", "STREET", "D", "BRANCH", "M", "L", "S", "NUM", "T", "TR", "CNT", "ORD", "PCT", "TIMES", "PHONE", "CU", "FEAT", "STREETLIKE", "NAMELIKE", "RATING", "REPUT", "PRICE",
        "HOURS", "ADDR", "ABSENT", "OTHER", "SOLE", "THAN", "UNPROVABLE", "SELF", "FORMER", "LATTER", "LASTONE", "PREVONE", "NEXTONE", "THIS", "THESE", "ALLSET", "DIST", "DISHN", "SHOP",
    }
)  # fmt: skip
"""What a row of the map could decide, or what speaks of restaurants."""
_BY_ACCIDENT: Final = frozenset({"别", "这", "那", "这个", "那个", "这样", "路", "路上", "家", "馆", "店家", "店员"})
"""Words of these roles that are as often parts of others: 区别, 这题, 走一段路, 大家; 跟店家说 asks something of a shop, and states nothing of it."""


def states_nothing(tokens: Sequence[Token], wish: Wish) -> bool:
    """Whether a reader may be believed who says that a clause states nothing of any restaurant."""
    return not any(
        ROLES[token.char] & _OF_SHOPS and token.text not in _BY_ACCIDENT and not _repeats(token, wish)
        for token in tokens
    )


def _repeats(token: Token, wish: Wish) -> bool:
    """Whether a token repeats the wish: its cuisine, its radius, a bound of its budget."""
    roles = ROLES[token.char]
    if "CU" in roles:
        return bool(wish.cuisine) and token.value == wish.cuisine
    if roles & {"L", "M"}:
        own = {wish.radius_m} if "L" in roles else {wish.budget_min_cny, wish.budget_max_cny}
        return {token.value.low, token.value.high} - {0.0, float("inf")} <= own
    return False


def cut(answer: str, result: Verification) -> tuple[str, tuple[str, ...]]:
    """(the answer without its detachable unread clauses, those clauses); the answer itself where an item would be left empty."""
    spans = [
        (clause.start, clause.end)
        for clause in result.clauses
        if clause.account == "unread" and clause.detachable and answer[clause.start : clause.end] == clause.text
    ]
    text = answer
    for start, end in sorted(spans, reverse=True):
        text = _without(text, start, end)
    texts = tuple(answer[start:end] for start, end in sorted(spans))
    return (answer, ()) if not texts or _EMPTY_ITEM.search(text) else (text, texts)


def _without(text: str, start: int, end: int) -> str:
    """A clause goes with the comma after it, the last of a sentence with the one before it, a whole sentence with its stop."""
    before, after = text[:start], text[end:]
    if after.startswith(_JOINS):
        return before + after[1:]
    if before.endswith(_JOINS):
        return before[:-1] + after
    return before + (after[1:] if after.startswith(_STOPS) else after)
