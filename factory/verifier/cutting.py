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
_BY_ACCIDENT: Final = frozenset(
    {"别", "这", "那", "这个", "那个", "这样", "这些", "那些", "另外", "路", "路上", "家", "馆", "店家", "店员", "上网", "热闹", "舒服", "讲究", "饮料", "酒水"}
)  # fmt: skip
"""Words of these roles that are as often parts of others: 区别, 这题, 走一段路, 大家; 跟店家说 asks something of a shop, and states nothing of it."""
_FIELDS: Final = frozenset({"RATING", "PRICE", "HOURS", "ADDR", "DIST"})
_RELATING: Final = frozenset({"NOT", "MOST", "MORE", "THAN", "ABSENT", "ALL", "ONLY", "SOLE"})
_ASKING: Final = frozenset({"ASK", "WHETHER", "CONTACT", "QWORD"})
_REFERRING: Final = frozenset({"SELF", "THIS", "THESE", "OTHER", "ALLSET"})
"""先问问店里, 其余的要先查清楚: who asks states nothing of whom is asked."""
_TELLING: Final = frozenset(
    {"SAME", "OPENV", "OPENS", "CLOSE", "REST", "UNTIL", "GOOD", "HIGH", "LOW", "NEAR", "FAR", "CHEAP", "DEAR", "LATE", "EARLY", "MARG", "EXCEED", "UNDER", "MEAL", "PERIOD", "DAY"}
)  # fmt: skip
"""Words that make more of a name than a name."""
_ELSEWHERE: Final = re.compile("便利店|超市|商店|糕点铺|面包店|蛋糕店|奶茶店|水果店|药店|书店|回程")


def nothing_of(text: str) -> str:
    """A clause without the words for where else one goes: 路过便利店带包薯片."""
    return _ELSEWHERE.sub("", text)


def states_nothing(tokens: Sequence[Token], wish: Wish, listed: int) -> bool:
    """Whether a reader may be believed who says that a clause states nothing of any restaurant. ``listed``: how many are."""
    return not _typed(tokens, wish, listed)


def names_alone(tokens: Sequence[Token], wish: Wish, listed: int) -> bool:
    """Whether a clause holds names and words that the language knows, none of which says anything: 一号某某."""
    typed = _typed(tokens, wish, listed)
    strange = any("U" in ROLES[token.char] for token in tokens)
    telling = any(ROLES[token.char] & _TELLING for token in tokens)
    named = bool(typed) and all("N" in ROLES[token.char] for token in typed)
    return named and not strange and not telling and not _relates(tokens)


def _relates(tokens: Sequence[Token]) -> bool:
    return any(ROLES[token.char] & _RELATING for token in tokens)


def _typed(tokens: Sequence[Token], wish: Wish, listed: int) -> list[Token]:
    relates, asks = _relates(tokens), any(ROLES[token.char] & _ASKING for token in tokens)
    return [
        token
        for token in tokens
        if ROLES[token.char] & _OF_SHOPS
        and token.text not in _BY_ACCIDENT
        and not _repeats(token, wish, listed)
        and not _says_no_more(token, relates=relates)
        and not (asks and ROLES[token.char] & _REFERRING and not ROLES[token.char] & {"N", "BRANCH"})
    ]


def _says_no_more(token: Token, *, relates: bool) -> bool:
    """A field's name without value or relation (地址我帮你记下), a dish of nobody's, a street that is none of the map's."""
    roles = ROLES[token.char]
    if roles & _FIELDS and not relates and not roles & (_OF_SHOPS - _FIELDS):
        return True
    if "D" in roles:
        return not token.value.pois
    return "STREETLIKE" in roles and not re.search(r"\d", token.text)


def _repeats(token: Token, wish: Wish, listed: int) -> bool:
    """Whether a token repeats the wish (its cuisine, its radius, a bound of its budget) or how many are listed."""
    roles = ROLES[token.char]
    if "CU" in roles:
        return bool(wish.cuisine) and token.value == wish.cuisine
    if "CNT" in roles:
        return token.value.low == token.value.high and token.value.low in {1, listed}
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
