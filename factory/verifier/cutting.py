"""Which clauses may be cut out of an answer since they state nothing: what nobody read and nothing depends on. Pure; severing.py cuts.

Without a reader a clause is detachable when no token of it is typed (clauses.py). Many a word is typed by accident (别 in 区别, 吃, 这
in 这题): where a second reader says that a clause states nothing of any restaurant, those count no more, and only what a row of the
map could decide, or what presupposes a restaurant, keeps the clause. It is cut then, and marked on the row; it never becomes talk.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from factory.records import Wish
from factory.verifier.lexer import ROLES, Token
from factory.verifier.script import fold
from factory.verifier.told_turns import IDIOMS, QUALITY, TELLS, past_mark

_OF_SHOPS: Final = frozenset(
    {
        "N", "A", "STREET", "D", "BRANCH", "M", "L", "MIN", "S", "NUM", "T", "TR", "CNT", "ORD", "PCT", "TIMES", "PHONE", "CU", "FEAT", "STREETLIKE", "NAMELIKE", "RATING", "REPUT", "PRICE",
        "HOURS", "ADDR", "ABSENT", "OTHER", "SOLE", "THAN", "UNPROVABLE", "SELF", "FORMER", "LATTER", "LASTONE", "PREVONE", "NEXTONE", "THIS", "THESE", "ALLSET", "DIST", "DISHN", "SHOP",
    }
)  # fmt: skip
"""What a row of the map could decide, or what speaks of restaurants."""
_BY_ACCIDENT: Final = frozenset(
    {"这儿", "那儿", "这里", "那里", "江边", "湖边", "河边", "海边", "不踩雷", "支持", "选项", "备选", "候选", "食客", "退路", "方案", "踩雷", "扑空", "别", "这", "那", "这个", "那个", "这样", "这些", "那些", "另外", "路", "路上", "家", "馆", "店家", "店员", "上网", "热闹", "舒服", "讲究", "饮料", "酒水"}
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
_UNABLE: Final = re.compile(
    "(?:无法|没法|不好|说不准|说不好|不敢|难以|无从|不便|不能)(?:替[你您它他]们?)?(?:妄?[作下]?)(?:告诉[^,，]{0,3}谁|比较|判断|断言|断定|保证|打包票|打保票|评价|评判|代[你您]|置评|[比挑定选]?$)|恕我|说不准$|(?:去|到|吃|试|看)了才(?:知道|清楚|晓得)|^[你您]们?(?:也|又|并|可)?没[提说写问]"
)
"""The writer declines to judge: nothing is told of whom he does not judge."""
_ADVISED: Final = re.compile(
    "[喝吃点来配尝带买夹叫]|另算|请|让|跟|问|帮|记得|自己|自备|不妨|少放|多蘸|另放|务必|尽量|举手|报名|报[一个]|提前说|说[一清]|至于|惦记|想的|心里|脑子|第一反应"
)
_ENQUIRES: Final = re.compile("问|打听|确认|查|看看|说定|掂量|讲|掌握|您自己|你自己|提前|[我咱]")
_MEASURED: Final = frozenset({"RATING", "PRICE", "HOURS", "DIST", "OPENV", "CLOSE", "REST", "ALL"})
_FOODS: Final = frozenset({"CU", "SEAFOOD", "FOODX", "VEGGY"})
_OF_THE_MIND: Final = re.compile("至于|说到|想的|心里|脑子|第一反应|惦记|馋|有没有|能不能")
_TO_THE_KITCHEN: Final = re.compile(
    "(?:请|让|叫|可以|记得|要求).{0,3}(?:少|多|别|免|加|减)(?:放|加|油|盐|辣|糖|点)|^[^是都它家店]{0,6}(?:少|多)(?:放|油|盐|烤|涮|点)[些点]?[^是都它家店]{0,4}$"
)
_ASKS_FOR: Final = re.compile(
    "^(?:看看?)?有没有|(?:问|打听|确认|看看|查).{0,8}(?:有没有|有无|能不能|可不可以|开不开|让不让)"
)
"""去前问问店家有没有儿童椅: what is to be asked is not stated."""
_STATING: Final = re.compile("是|有[^人没]|做的?|卖|主打|招牌|标|列|[很挺真]|最")
_IMPERATIVE: Final = re.compile("(?:请|别|不必|不用|记得|最好|麻烦|劳驾|建议)")
_TOPIC: Final = re.compile("^[^0-9]{1,8}(?:方面|这块|这头|上头|来说|而言|相比|这一项|这一条)$")
"""轮椅方面, 两锅相比: what the next clause speaks of."""
_STEP: Final = re.compile(
    "^(?:先|再|然后|最后|其次|接着|接下来)?(?:比|看|卡|筛|数|算|查|量)(?:一?[比看卡筛数算查量])?(?:一下)?[^0-9]{1,4}$"
)
"""再比脚程: a heading of the writer's own steps."""


_OF_THE_WRITER: Final = re.compile(
    "^我?(?:就|也|便|都|只好)?没有?(?:再|去)?(?:列|放|写|算|排|收|摆)(?:进|入|到|在|上|它|她|他|这|那)|没有?拿.{1,4}(?:来)?比$|"  # 没有列进表里
    "^(?:那|就|还是)?(?:先|再|就)?(?:从|由|打).{1,8}(?:说起|讲起|看起|开始)$|^(?:那|就)?(?:跳出|抛开|撇开|绕开|回到|说回|转到|轮到|放下).{1,10}$|"
    "^(?:最后|再|先|接着|然后|其次)(?:按|照|看|比|论)[^\\d是最都]{1,8}(?:时间|距离|价格|价位|评分|远近|钟点)$|"
    "^[^\\d是]{0,6}(?:相较|相比|比较|对比|权衡|掂量)(?:之下|起来|一下)?$|(没准|也许|可能)(.{1,4})\\1不\\2"
)
"""Where the writer stands in his own text, what he has left out of it, that he cannot tell."""
_ANOTHER_DAY: Final = re.compile("^(?:改天|改日|下次|下回|回头|以后|日后)(?:再|我们|咱|有空|想)")
_MEETING: Final = re.compile("集合|回我|回复|吱一?声|群里|报名|接龙|投票|碰头|碰面|汇合|会合|一起出发")
"""What the guests do another day, or where and when they meet."""
_ORDERED: Final = re.compile(
    "(?:多|少|别|免|不)(?:放|来|撒|刷|蘸|要|加|点|配|涮|淋|拌|夹|动)(?!.{0,4}(?:好|差|贵|便宜))|"
    "(?:跟|和|请|让|叫|同|对|向)[^,，]{0,6}(?:后厨|厨房|师傅|店员|老板|店家|人家|服务员|店里|他们|掌柜)[^,，]{0,6}(?:说|讲|强调|交代|嘱咐|招呼|提|多|少|别)"
)
"""What the guest is told to ask of the kitchen, or to take more or less of: 青菜多来两盘, 跟后厨强调."""


def nothing_of(clause: str) -> str:
    """A clause, folded, without its item's mark and turns whose words are typed by accident: 路过便利店带包薯片, 七分饱."""
    return IDIOMS.sub("", fold(clause)[past_mark(clause) :])


def states_nothing(tokens: Sequence[Token], wish: Wish, listed: int, text: str = "", question: str = "") -> bool:
    """Whether a reader may be believed who says that a clause states nothing of any restaurant. ``listed``: how many are.

    ``text`` and ``question``: what nothing_of leaves of the clause, and what the guest asked.
    """
    if _ANOTHER_DAY.search(text) or _MEETING.search(text):
        return not any(ROLES[token.char] & {"N", "M", "L", "S", "PHONE", "STREETLIKE", "A"} for token in tokens)
    if _OF_THE_WRITER.search(text) and QUALITY.search(text) is None:
        return not any(ROLES[token.char] & (_VALUES - {"N", "SOLE", "CNT"}) for token in tokens)
    if tells_of_shops(text):
        return False
    if any(repeats(token, wish, listed) for token in tokens) and any(ROLES[token.char] & _MEASURED for token in tokens):
        return False  # 人均也在一百到二百元之间 repeats the wish, and speaks of a shop
    typed = _typed(tokens, wish, listed)
    plain = not any(ROLES[token.char] & _STATING_WORDS for token in tokens)
    return all(
        (plain and not ROLES[token.char] & (_VALUES | _REFERRING | _OTHERS))
        or _is_free(token, text, question, relates=_relates(tokens))
        for token in typed
    )


def tells_of_shops(text: str) -> bool:
    """Whether a word of a clause says when a shop serves, what it has, that it fits or how good it is, whoever calls it nothing."""
    if _UNABLE.search(text) or _ASKS_FOR.search(text):
        return False
    return QUALITY.search(text) is not None or (TELLS.search(text) is not None and not _ENQUIRES.search(text))


def _is_free(token: Token, text: str, question: str, *, relates: bool) -> bool:
    """Whether a typed word says nothing of a shop where a clause declines to judge, heads a step, or advises the guest."""
    roles = ROLES[token.char]
    if _UNABLE.search(text):
        return not roles & (_VALUES - {"MOST", "UNPROVABLE"})
    if "THAN" in roles and re.search("总比|好过|胜过", text):
        return True
    if "FEAT" in roles and re.match("(?:要|想|需要|如果|若|要是).{1,8}的话?", text):
        return True
    if "OTHER" in roles and re.search("(?:你|您|咱|大家|各位).{0,3}(?:投票|商量|拿主意|决定|定|选|挑)", text):
        return True
    if "UNPROVABLE" in roles and _ASKS_FOR.search(text):
        return True
    if token.text == "实在":
        return re.search("[更最才倒](?:是)?实在$|实在[要想不没]", text) is not None
    if roles & {"SELF", "THIS"} and re.search("跳过|绕开|避开|错开|再说|再议|再看|把它当", text):
        return not roles & {"N"}
    if _IMPERATIVE.match(text) and not roles & _VALUES:
        return True
    if _ORDERED.search(text) and not _STATING.search(re.sub("就是了?$|就行了?$|便是$", "", text)):
        return not roles & (_VALUES - {"D", "CNT", "NUM", "UNPROVABLE"}) and (
            "UNPROVABLE" not in roles or QUALITY.search(token.text) is None
        )
    if _TOPIC.match(text) and not roles & (_VALUES - {"UNPROVABLE"}):
        return True
    if _STEP.match(text):
        return bool(roles & _FIELDS | roles & {"THAN", "MEAL"}) and not roles & _VALUES
    if roles & _FOODS and not roles & {"D", "N"}:
        mine = token.text in question and not relates
        return mine or (_ADVISED.search(text) is not None and not _STATING.search(text.replace(token.text, "")))
    if "D" in roles:
        return _OF_THE_MIND.search(text) is not None or _TO_THE_KITCHEN.search(text) is not None
    return "OTHER" in roles and token.text in {"另", "别的"} and _ADVISED.search(text) is not None


_VALUES: Final = frozenset(
    {"M", "L", "MIN", "S", "NUM", "T", "TR", "CNT", "PCT", "STREETLIKE", "TIMES", "PHONE", "A", "STREET", "N", "D", "UNPROVABLE", "REPUT", "SOLE", "MOST"}
)  # fmt: skip
_OTHERS: Final = frozenset({"FORMER", "LATTER", "LASTONE", "PREVONE", "NEXTONE", "ORD", "BRANCH"})
_STATING_WORDS: Final = _TELLING | {"ABSENT", "NONE", "HAVE", "MEET", "ALL", "COP", "FEAT"}
"""Words with which a field, a set or another shop makes a statement: 两家都开, 另一家近."""


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
        and not repeats(token, wish, listed)
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


def repeats(token: Token, wish: Wish, listed: int) -> bool:
    """Whether a token repeats the wish (its cuisine, its radius, a bound of its budget) or how many are listed."""
    roles = ROLES[token.char]
    if "CU" in roles:
        return bool(wish.cuisine) and token.value == wish.cuisine
    if "CNT" in roles:
        return token.value.low == token.value.high and token.value.low in {1, listed}
    if "PPL" in roles:
        return bool(token.value.low == wish.party_size)
    if roles & {"L", "M"}:
        own = {wish.radius_m} if "L" in roles else {wish.budget_min_cny, wish.budget_max_cny}
        return {token.value.low, token.value.high} - {0.0, float("inf")} <= own
    return False
