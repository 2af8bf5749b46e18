"""What a clause is like, as far as its tokens tell: typed, asking, doubtful, about shops. Pure; account.py asks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile
from typing import Final

from factory.verifier.layout import Line
from factory.verifier.lexer import INERT, ROLES, Token
from factory.verifier.scene import State

TYPED: Final = frozenset(
    [
        "N",
        "A",
        "STREET",
        "D",
        "BRANCH",
        "M",
        "L",
        "MIN",
        "S",
        "NUM",
        "T",
        "TR",
        "CNT",
        "PPL",
        "ORD",
        "PCT",
        "TIMES",
        "OTH",
        "PHONE",
        "URL",
        "TAG",
        "ENTERW",
        "NOENTER",
        "LIMITW",
        "WEB",
        "CU",
        "FEAT",
        "STREETLIKE",
        "NAMELIKE",
        "RATING",
        "REPUT",
        "PRICE",
        "DIST",
        "HOURS",
        "ADDR",
        "DISHF",
        "NOT",
        "ABSENT",
        "THIS",
        "THESE",
        "OTHER",
        "MOST",
        "MORE",
        "THAN",
        "ONLY",
        "SOLE",
        "MEAL",
        "PERIOD",
        "DAY",
        "UNPROVABLE",
        "STAFF",
    ]
)
"""Classes that keep an unread clause from being cut: what it says may matter to the rest."""


SHOPS: Final = frozenset({"N", "ORD", "THIS", "THESE", "SELF", "CNT", "ALLSET", "OTHER", "BRANCH", "LASTONE"})
"""Words that refer to restaurants: without one, a closing sentence with a word for service may be about life."""


FIELDS: Final = frozenset({"RATING", "PRICE", "DIST", "HOURS", "ADDR"})


_SHOP_NAME: Final = re.compile(
    r"[\u4e00-\u9fff]{1,5}?(?:酒家|酒楼|饭庄|食府|小馆|菜馆|餐厅|饭店|火锅店?|烧烤店?|私房菜|大排档|小厨|茶楼|居酒屋|阁|轩|斋)"
)
"""What looks like a restaurant's name in words that nothing knows."""


VACUOUS: Final = frozenset({"intro", "chat", "talk", "advice", "criterion", "choose", "echo", "contact", "tell"})
"""Acts that claim nothing: they may not take over words that a claim had taken and could not decide."""
DECIDED: Final = frozenset({"rating", "price", "distance", "cuisine", "hours", "closes", "opens", "open_at", "absent", "total", "margin", "compare", "superlative", "dish", "address", "phone", "walk", "bare", "value_of", "within", "beyond", "vague", "present", "feature", "diet_tag", "website", "same", "ratio", "not_in", "break", "shut_at", "count", "count_of", "none_of", "sole_of", "members_of"})  # fmt: skip


def open_number(tokens: Sequence[Token]) -> bool:
    """Whether a number of restaurants counts nothing: 再找几家, 这五家."""
    counts = [token for token in tokens if "CNT" in ROLES[token.char]]
    these = any("THESE" in ROLES[token.char] for token in tokens)
    return bool(counts) and (
        these or len(counts) == len(tokens) or all(token.value.low != token.value.high for token in counts)
    )


def doubtful(tokens: Sequence[Token], state: State) -> bool:
    """Whether what was read and is wrong may be said of somebody or something else: 若改吃午餐, a row of prices without names."""
    if all(one.status in {"verified", "inferable"} for one in (*state.verdicts, *state.echoes)):
        return False
    named = any("N" in ROLES[token.char] for token in tokens)
    kinds = [one.kind for one in state.verdicts]
    if state.item is None and not named and "CU" in ROLES[tokens[-1].char] and len(tokens) > 1:
        return True  # 1000米以内、人均100元的湘菜 is what is looked for
    if not named and (tokens[-1].text == "的" or tokens[0].text in {"要", "若要", "想要", "若想", "若", "要想"}):
        return True  # 正好落在100到200的: of whom, comes after it
    roles = frozenset().union(*(ROLES[token.char] for token in tokens))
    if tokens[0].text[:1] in {"若", "如"} or tokens[0].text[:2] in {"要是", "假如", "万一"} or roles & {"WHETHER"}:
        return True  # a condition and a question state nothing
    if "feature" in kinds and asks(tokens):
        return True
    bare_amounts = set(kinds) <= {"price", "distance", "rating", "fit", "comparison", "quantifier"}
    twisted = any(
        ROLES[token.char] & {"MARG", "BY", "MORE"} and not ROLES[token.char] & {"ARRIVE", "HIGH", "LOW"}
        for token in tokens
    )
    if bare_amounts and twisted and not roles & {"THAN", "PRICE", "RATING", "DIST"}:
        return True  # 多花那3块钱去某某
    if not named and any("IF" in ROLES[token.char] and "LIKE" not in ROLES[token.char] for token in tokens):
        return True
    return not named and any(kinds.count(kind) > 1 for kind in ("price", "distance", "rating"))


def holds(reading: tuple[list[Token], State]) -> bool:
    """Whether a reading took every token and nothing of it is wrong."""
    left, state = reading
    return not left and all(one.status in {"verified", "inferable"} for one in (*state.verdicts, *state.echoes))


_FIELDLIKE: Final = FIELDS | {
    "DISHF", "DISHN", "CONTACT", "CUIS", "SESSION", "MEAL", "PERIOD", "DAY", "TASTEF", "BUDGET", "RADIUS", "PERHEAD", "DATA", "AVG",
    "TOTAL", "PPL", "ABOUT", "COND", "WALK", "FOOD", "INFO", "MISSW", "COP", "REPUT", "WITHIN", "OPENV", "OPENS", "CLOSE", "REST",
    "AT", "YOU", "FAR", "NEAR",
}  # fmt: skip
"""What a field's name is made of: a colon behind it belongs to it, any other ends its clause."""


def leads(clause: Sequence[Token]) -> bool:
    """Whether a colon after these tokens ends a clause (只有某某符合：评分4.4) rather than a field's name (评分：4.4)."""
    spoken = [one for one in clause if one.char != INERT and one.text != ":"]
    if spoken and spoken[0].text in {"看", "先看", "再看", "最后看", "论", "单论"}:
        return True  # 看价格：某某61元
    if spoken and not all(ROLES[one.char] & _FIELDLIKE for one in spoken):
        return True  # 各位：, 先说实话：
    return len(spoken) > 2 or any("N" in ROLES[one.char] for one in clause)


def raw_words(answer: str, line: Line, start: int, end: int) -> str:
    """The answer's own characters under a stretch of a folded line."""
    return answer[line.offset + line.at[start] : line.offset + line.at[end - 1] + 1]


def bare(clause: list[Token]) -> list[Token]:
    """Without colons at its edges, which join nothing there."""
    start, end = 0, len(clause)
    while start < end and clause[start].text == ":":
        start += 1
    while end > start and clause[end - 1].text == ":":
        end -= 1
    return clause[start:end]


ASKING: Final = frozenset({"ASK", "WHETHER", "CONTACT"})


def asks(tokens: Sequence[Token]) -> bool:
    """Whether a clause asks or tells somebody to ask: then it states nothing, though it may stay unread."""
    return any(ROLES[token.char] & ASKING for token in tokens)


_HARMLESS: Final = SHOPS | {
    "UNPROVABLE", "HAVE", "COP", "DEG", "ALL", "GOOD", "HIGH", "MANY", "FEW", "LITTLE", "MORE", "IN", "AT", "CAN", "SELF", "FINE",
    "MOST", "SOLE", "ONLY", "CU", "D", "FOOD", "DISHF", "DISHN", "TASTEF", "HOURS", "OPENV", "CNT", "WITH", "ROUND", "PLACE", "DAY", "PERIOD",
    "MEAL", "REPUT", "USUALLY", "ADDR", "SEAT", "BOOK", "STAFF", "OTH", "SPICY", "MILD", "HEAVY", "SWEET", "PEAK", "QUEUE", "U",
    "NEED", "CHOOSE", "L", "MIN", "STREETLIKE", "ABOUT", "NUM", "NEAR", "DIST", "S", "NAMED",
}  # fmt: skip
"""Words that leave a statement of service, environment or history what it is."""


def surely_unprovable(tokens: Sequence[Token], left: Sequence[Token], state: State) -> bool:
    """Whether a clause that no frame takes surely says of a shop what no map row tells. Who asks, denies, plans or quotes a tag does not."""
    unprovable = [token for token in left if ROLES[token.char] & {"UNPROVABLE", "FEAT"}]
    named = any(ROLES[t.char] & SHOPS and t.text not in {"这", "几"} for t in tokens)
    about_shops = state.item is not None or bool(state.subject) or named
    if not unprovable or not about_shops or asks(tokens):
        return False
    tagged = {key for poi in state.scene.evidence.pois for key, _ in poi.tags}
    if any("FEAT" in ROLES[token.char] and token.value in tagged for token in unprovable):
        return False  # the map has tags of that kind: only a frame tells what is said of them
    if tokens[0].text == "这" and not any(ROLES[token.char] & {"CNT", "SHOP", "THIS"} for token in tokens):
        return False  # 这阵仗真温馨
    return all(ROLES[token.char] & _HARMLESS or token.char == INERT for token in tokens)


def stranger_in(left: Sequence[Token], tokens: Sequence[Token]) -> str | None:
    """The name of a restaurant that nobody knows, in what stayed unread of a clause."""
    unknown = next((token for token in left if ROLES[token.char] & {"U", "NAMELIKE"}), None)
    if unknown is None:
        return None
    if "NAMELIKE" in ROLES[unknown.char]:
        return unknown.text
    rest = takewhile(lambda token: "N" not in ROLES[token.char], (one for one in tokens if one.start >= unknown.start))
    shop = _SHOP_NAME.match("".join(token.text for token in rest))
    place = tokens.index(unknown)
    opens = place == 0 or bool(ROLES[tokens[place - 1].char] & _BEFORE_NAMES)
    return shop[0] if shop and opens and len(shop[0]) > _SHORT_NAME else None


_BEFORE_NAMES: Final = frozenset(
    {"HAVE", "CHOOSE", "ADVISE", "WITH", "CNT", "GO", "AT", "COP", "ORD", "COLON", "INERT", "OTHER", "THAN", "EAT"}
)
_SHORT_NAME: Final = 3
"""Characters: 庆火锅 behind a word that swallowed 重 is no name."""
