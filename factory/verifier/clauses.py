"""What a clause is like, as far as its tokens tell: typed, asking, doubtful, about shops. Pure; account.py asks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise, takewhile
from typing import Final

from factory.verifier.known import Known
from factory.verifier.layout import Line
from factory.verifier.lexer import INERT, ROLES, Token, lex
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
    ]
)
"""Classes that keep an unread clause from being cut: what it says may matter to the rest."""


_EATING: Final = frozenset({"EAT", "LITTLE", "SLOT", "LIKE"})


def typed(token: Token) -> bool:
    """Whether a word keeps an unread clause from being cut. 吃 and 点 are of dishes only beside one."""
    hits = ROLES[token.char] & TYPED
    return bool(hits) and not (hits == {"DISHF"} and ROLES[token.char] & _EATING)


SHOPS: Final = frozenset({"N", "ORD", "THIS", "THESE", "SELF", "CNT", "ALLSET", "OTHER", "BRANCH", "LASTONE"})
"""Words that refer to restaurants: without one, a closing sentence with a word for service may be about life."""


FIELDS: Final = frozenset({"RATING", "PRICE", "DIST", "HOURS", "ADDR"})


_SHOP_NAME: Final = re.compile(
    r"[\u4e00-\u9fff]{1,5}?(?:酒家|酒楼|饭庄|食府|小馆|菜馆|餐厅|饭店|火锅店?|烧烤店?|私房菜|大排档|小厨|茶楼|居酒屋|阁|轩|斋)"
)
"""What looks like a restaurant's name in words that nothing knows."""


VACUOUS: Final = frozenset(
    {"intro", "chat", "talk", "advice", "criterion", "choose", "echo", "contact", "tell", "asks"}
)
"""Acts that claim nothing: they may not take over words that a claim had taken and could not decide."""
DECIDED: Final = frozenset({"rating", "price", "distance", "cuisine", "hours", "closes", "opens", "open_at", "absent", "total", "margin", "compare", "superlative", "dish", "address", "phone", "walk", "bare", "value_of", "within", "beyond", "vague", "present", "feature", "website", "same", "ratio", "not_in", "break", "shut_at", "count", "count_of", "none_of", "sole_of", "members_of"})  # fmt: skip


def open_number(tokens: Sequence[Token]) -> bool:
    """Whether a number of restaurants counts nothing: 再找几家, 这五家."""
    counts = [token for token in tokens if "CNT" in ROLES[token.char]]
    these = any("THESE" in ROLES[token.char] for token in tokens)
    return bool(counts) and (
        these or len(counts) == len(tokens) or all(token.value.low != token.value.high for token in counts)
    )


_ANY_TIME: Final = re.compile("随时(?:都)?(?:能|可以?)(?:去|来|吃|进)")


def _hides_hours(tokens: Sequence[Token]) -> bool:
    """Whether what was read as talk says when a shop serves: 某某是周五到周日, behind its hours; 随时能去."""
    text = "".join([token.text for token in tokens])
    if "随时" in text and _ANY_TIME.search(text):
        return True
    if "周" not in text or "是" not in text:
        return False
    named = any("N" in ROLES[token.char] for token in tokens)
    return named and any("DAY" in ROLES[token.char] and "周" in token.text for token in tokens)


def doubtful(tokens: Sequence[Token], state: State) -> bool:
    """Whether what was read and is wrong may be said of somebody or something else: 若改吃午餐, a row of prices without names."""
    if _only_unsaid(tokens, state) or (not state.verdicts and not state.echoes and _hides_hours(tokens)):
        return True
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


_ALONE: Final = frozenset({"只有", "仅有", "也只有", "就只有", "只剩", "唯有", "唯独", "唯一"})


def _only_unsaid(tokens: Sequence[Token], state: State) -> bool:
    """Whether 只有 stands before a name, and nothing was decided of the others."""
    if _ALONE.isdisjoint([token.text for token in tokens]):
        return False
    if any(one.kind in {"superlative", "count"} for one in state.verdicts):
        return False
    spoken = [token for token in tokens if token.char != INERT]
    return any(token.text in _ALONE and "N" in ROLES[after.char] for token, after in pairwise(spoken))


def holds(reading: tuple[list[Token], State]) -> bool:
    """Whether a reading took every token and nothing of it is wrong."""
    left, state = reading
    return not left and all(one.status in {"verified", "inferable"} for one in (*state.verdicts, *state.echoes))


def heading(label: str, known: Known, *, left_out: frozenset[str] = frozenset()) -> list[Token]:
    """A folded column heading as tokens that stand nowhere in the text, without those of some classes."""
    return [
        Token(token.char, -1, -1, token.value, token.text)
        for token in lex(label, known)
        if not ROLES[token.char] & left_out
    ]


def wrong(state: State) -> bool:
    """Whether something that a reading claims is wrong."""
    return bool(state.verdicts) and any(one.status not in {"verified", "inferable"} for one in state.verdicts)


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


_PERSONAL: Final = frozenset({
    "ME", "YOU", "INERT", "ADVISE", "CAN", "IF", "LIKE", "FOR", "FIND", "ASK", "TELL", "WITH", "DEG", "LITTLE", "MORE", "GO", "NEED", "COP", "ALL",
    "MEAL", "PERIOD", "DAY", "SLOT", "OCCASION", "PPL", "MEALNOUN", "HAPPY", "GLAD", "HOPE", "WISHYOU", "HELLO", "SOON", "RELAX", "ANYTIME", "MAY",
    "QWORD", "NOT", "BASIS", "AT", "TOUP", "TOWARD", "PLACE", "ROUND", "BUDGET", "COND", "THESE", "OTH", "CHAT", "EAT", "CHOOSE", "FROM", "ONLY",
    "SIMUL", "ORDER", "FOLLOW", "CRITX", "REASON", "TIP", "BRING", "WALK", "ACCEPT", "FIRST", "LAST", "IN", "U", "FEW", "ANY", "EACHW", "USUALLY",
    "FINE", "SORT", "INFO", "OUT", "CONTACT",
})  # fmt: skip
"""What a remark about the writer or the guests is made of, besides words that nothing knows."""
_SHOPLIKE: Final = re.compile(
    r"[店馆铺餐厨菜饭汤味香鲜嫩脆糯辣甜酸咸苦油腻锅烤炒炸蒸煮炖肉鱼虾蟹面粉粥茶酒桌椅座窗厅楼层院灯景猫狗娃椒酱料盘碗份券]|服务|态度|环境|氛围|装修|干净|卫生|老板|师傅|员工|"
    r"客人|顾客|排队|等位|位子|包间|停车|免费|优惠|折扣|团购|评价|口碑|名气|有名|网红|正宗|地道|新鲜|分量|便宜|实惠|划算|性价比|营业|开门|关门|打烊|推荐|听|据|传|"
    r"觉得|认为|保证|发誓|打赌|发现|看到|看见|见过|吃过|去过|来过|尝过|试过|常去|常来|每次|上次|上回|上周|昨天|说过|知道|晓得|证明|里面|门口|[夸赞捧抢迷陪躺坐玩唱领抽]|有人|招呼|招待|接待|旁边|对面|附近有|那里|这里|那儿|这儿"
)
"""Signs that something is said of a shop, or of what somebody knows of it."""
_MOST_STRANGE: Final = 9


def personal(tokens: Sequence[Token], state: State) -> bool:
    """Whether a clause that no frame takes is a remark about the writer or the guests, which says nothing of any shop.

    It must have one of them in it, no word that can be said of a restaurant, and no sign of one in the words that nothing knows.
    """
    if state.item is not None or not tokens or not all(ROLES[token.char] & _PERSONAL for token in tokens):
        return False
    text = "".join(token.text for token in tokens)
    strange = sum("U" in ROLES[token.char] for token in tokens)
    if strange > _MOST_STRANGE or 5 * strange > 4 * len(text) or _SHOPLIKE.search(text):
        return False
    spoken = [token for token in tokens if token.char != INERT]
    if not spoken:
        return False
    if any("ME" in ROLES[token.char] for token in spoken[:4]) or "IF" in ROLES[spoken[0].char]:
        return True
    if not strange and any(ROLES[token.char] & {"CHAT", "ASK", "TELL", "BRING"} for token in spoken):
        return not any(ROLES[token.char] & {"CAN", "HAVE"} for token in spoken)
    party = state.scene.wish.party_size
    if "PPL" in ROLES[spoken[0].char] and party in {None, spoken[0].value.low} and len(spoken) > 1:
        return not any(ROLES[token.char] & {"CAN", "HAVE"} for token in spoken)
    able = any(ROLES[token.char] & {"CAN", "HAVE"} for token in spoken)
    return not able and any(token.text[0] in "你您" for token in spoken[:2])


def surely_unprovable(tokens: Sequence[Token], left: Sequence[Token], state: State) -> bool:
    """Whether a clause that no frame takes surely says of a shop what no map row tells. Who asks, denies, plans or quotes a tag does not."""
    unprovable = [
        token for token in left if ROLES[token.char] & {"UNPROVABLE", "FEAT"} and "BRANCHW" not in ROLES[token.char]
    ]
    named = any(ROLES[t.char] & SHOPS and t.text not in {"这", "几"} for t in tokens)
    about_shops = state.item is not None or bool(state.subject) or named
    if not unprovable or not about_shops or asks(tokens):
        return False
    if any("D" in ROLES[token.char] for token in tokens) and all(one.text in {"食材", "用料"} for one in unprovable):
        return False  # 食材上黄喉、贡菜两家都有
    tags = [text for poi in state.scene.evidence.pois for key, text in poi.tags if key == "keywords"]
    if any(token.text in text for token in unprovable for text in tags):
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
    if unknown.text[0] == "名" and place and tokens[place - 1].text[-1] in "店馆家":
        return None  # 店名就是牛油火锅
    if shop is None or "的" in shop[0]:
        return None  # 烤制菜的西餐厅 is a kind of restaurant
    return shop[0] if opens and len(shop[0]) > _SHORT_NAME else None


_BEFORE_NAMES: Final = frozenset(
    {"HAVE", "CHOOSE", "ADVISE", "WITH", "CNT", "GO", "AT", "COP", "ORD", "COLON", "INERT", "OTHER", "THAN", "EAT"}
)
_SHORT_NAME: Final = 3
"""Characters: 庆火锅 behind a word that swallowed 重 is no name."""
