"""Turns of speech that a second reader's claims are held against: item marks, questions, denials that deny nothing, qualities. Pure."""

from __future__ import annotations

import re
from typing import Final

from factory.verifier.clauses import TYPED
from factory.verifier.lexer import INERT, MAYBE_INERT, ROLES, Token
from factory.verifier.script import fold

_ITEM_MARK: Final = re.compile(
    r"^\s*(?:[①-⑳]|其[一二三四五六]|第[一二三四五六1-9][步点条]?[,:、]|[一二三四五六七八九十]+[、.:]|\d{1,2}[.、)）:](?!\d)|[(（](?:\d{1,2}|[一二三四五六])[)）])"
)
"""How a step or an item begins: ①, 其一, 二、."""


def past_mark(clause: str) -> int:
    """Where a folded clause begins behind its item's mark; the clause as it was written, since folding makes 1 of ①."""
    mark = _ITEM_MARK.match(clause)
    return len(fold(clause[: mark.end()])) if mark else 0


def circled_in(clause: str) -> frozenset[int]:
    """Where circled numbers stand in the folded clause: ①甲 ②乙."""
    return frozenset(len(fold(clause[:at])) for at, char in enumerate(clause) if "①" <= char <= "⑳")


IDIOMS: Final = re.compile(
    "便利店|超市|商店|糕点铺|面包店|蛋糕店|奶茶店|水果店|药店|书店|回程|[一二三四五六七八九十]分[饱醉熟像]|一分钱一分货|打折扣|一分(?:钱)?(?:都|也)(?!没)|[加减][一两三]分|(?<=[夹切吃尝拿啃掰分])[一两三几]块(?!钱)|回复[“\"']?\\d(?:[或/、]\\d)*|(?<=[告明醒充调报代])[一两二三四五几]点"
)
"""Turns whose numbers and places are typed by accident: 七分饱, 加一分, 便利店."""
COUNTED: Final = frozenset({"M", "L", "MIN", "S", "NUM", "PCT", "TIMES"})
DENYING: Final = frozenset({"NOT", "ABSENT", "NOFIT", "NONE", "NOTFINE", "NOTEXCEED", "NOTUNDER"})
_IDLE: Final = re.compile(
    "(?:不会|不至于|免得|省得|以免|别|不必|不用|不)(?:吃闭门羹|扑空|扑了空|白跑|落空|跑空|断档|断顿|怕|愁|担心|惦记|错过|误|耽误|操心|赶|急|将就|费)"
    "|没有?(?:空档|空当|断档|问题|毛病|压力|悬念|得说|的说|话说|二话|商量)|不成问题|不在话下|不打折扣|不行就|不行的?话|实在不行|要不就?|要不然|不然|不妨|不如|不过|不错|不止|不仅|不光|不但|不只|少不了|免不了|错不了|跑不了|离不开|舍不得|说不定|"
    "我(?:就|也|便|都)?没[列放推选排算写]|没有?(?:列|放|写|算|排|收)(?:进|入|在)(?:表|清单|名单|单子|列表|里)|只好|只得|不会没(?:得|有|东西)|只能(?!坐|开|营业|到|吃到|[^,，]{0,3}\\d)|只管|只当|只求|只想|只怕|只顾|只见|"
    "巴不得|恨不得|差不多|差不了|不约而同|无非|无论|不管|不论|没准|可不|好不|莫不|扑空|白跑|没得挑|没得选|不(?:算|太|怎么|大)?(?:宽裕|充裕|宽松|从容)|要是没开|万一没开|如果没开|没开的?话"
)
"""Turns in which a word of denial denies nothing: 不会扑空 of an open shop, 不行就去, 实在不行."""


_TOGETHER: Final = re.compile("^一块(?:儿|[吃去走来想聊放])")
_ASKED_FOR: Final = frozenset({"D", "FEAT", "CU", "FOODX"})
_WHETHER_THERE_IS: Final = re.compile("还?有没有|有无|是否有|能不能|可不可以")
_ASKED_BEFORE: Final = re.compile("(?:有没有|有无|是否有|能不能[做点加换])[^,，]{0,10}$")
"""锅包肉有没有先打电话问: what is asked for is not stated."""


def is_idle(token: Token, flat: str) -> bool:
    """Whether a token states nothing: a denial in a turn that denies nothing, a dish of which is asked whether there is one."""
    roles = ROLES[token.char]
    if "ORD" in roles and re.match("[档类种步点条批梯]|方面|选择", flat[token.end :]):
        return True  # 第二档
    if roles & _ASKED_FOR and (_WHETHER_THERE_IS.match(flat[token.end :]) or _ASKED_BEFORE.search(flat[: token.start])):
        return True
    if roles & (COUNTED | {"T"}) and any(turn.start() <= token.start < turn.end() for turn in IDIOMS.finditer(flat)):
        return True
    if "M" in roles and _TOGETHER.search(flat[token.start :]) and token.text == "一块":
        return True
    if not roles & (DENYING | {"REST", "ONLY"}) or roles & COUNTED:
        return False
    return any(turn.start() < token.end and token.start < turn.end() for turn in _IDLE.finditer(flat))


_QUESTION: Final = re.compile(
    "(?:吗|呢|么|对不对|好不好|行不行|如何|怎么样|怎么[选办挑])$|哪[家几些个里种一]|几[家点个道]|多少|什么|有没有|是不是|能不能|有无|是否|多[远久]"
)


_ASK_THEM: Final = re.compile("问|打听|确认|咨询|看你|看您|由你|由您")
"""Advice to ask, or a choice that is left to the guest, is no question of the text's."""


def is_question(flat: str, after: str) -> bool:
    """Whether a folded clause asks: by its sign, or by its words."""
    return after in {"?", "？"} or (_QUESTION.search(flat) is not None and _ASK_THEM.search(flat) is None)


_ASKED: Final = frozenset(
    {"M", "L", "S", "PCT", "TIMES", "PHONE", "T", "TR", "A", "STREET", "UNPROVABLE", "REPUT", "SOLE", "THAN"}
)


def is_asked(token: Token, question: str, flat: str = "") -> bool:
    """Whether a token of a question takes nothing of a shop as given: what the guest has said himself does not, nor what 能不能 asks."""
    if token.text in question:
        return True
    roles = ROLES[token.char]
    presupposed = {"UNPROVABLE", "REPUT"} if "FEAT" not in roles and not _WHETHER_THERE_IS.search(flat) else set()
    if roles & presupposed or (presupposed and QUALITY.search(token.text)):
        return False
    return _WHETHER.match(flat) is not None or not roles & _ASKED - {"UNPROVABLE", "REPUT"}


_WHETHER: Final = re.compile(
    "(?:那|不过|至于|就看|看看?)?(?:能不能|是不是|有没有|是否|会不会|开不开|合不合|够不够|到不到)"
)


QUALITY: Final = re.compile(
    "服务(?!员)|环境|氛围|装修|热情|贴心|周到|干净|卫生|宽敞|安静|清静|舒适|雅致|气派|人气|生意|火爆|爆满|排队|等位|翻台|老字号|百年|传承|名气|有名|出名|知名|口碑|好评|"
    "回头客|网红|打卡|必吃|地道|正宗|新鲜|入味|好吃|美味|可口|鲜美|惊艳|一绝|拿手|招牌硬|火候|分量足|量大|实惠|性价比|划算|超值|停车|车位|包间|包厢|靠窗|景观|江景|湖景|带娃方便|靠谱"
)
"""What no map tells of a shop, said in plain words: it stands with a kind that says so, or its clause stays unread."""


_LOOSE: Final = re.compile(
    "(?:因为|所以|不过|但是|可是|而且|并且|另外|此外|至于|其中|其实|如果|要是|的话|就是|只是|可惜|好在|倒是|反正|总之|然后|同样|顺便|再说|虽然|尽管|当然|毕竟|大概|估计|"
    "也|还|又|就|很|挺|蛮|真|可|是|有|在|和|跟|与|及|而|但|则|才|再|倒|却|那|这|它|他|她|您|你|我|们|家|店|里|着|了|过|的|地|得|吧|啊|哦|呀|嘛|哈|呢|啦|咯|哟|来|去|到|想|要|会|能|给|把|被|让|个|若|且|"
    r"[\s,.。;:、!?()“”\"'·~…\-—|/])+"
)
"""Words without content of their own: all that may be left over beside the quotes."""


TELLS: Final = re.compile(
    r"标有|登了|可[进入](?![口手])|营业$|出.{0,4}门.{0,6}就是|[标写列登]着|[标写]了(?!.{0,2}数据)|列出的|标出的.{1,6}[是有]|供应|供餐|[也还只]卖|开放|照常|照旧|照开|营业[到至中的]|正常|开门|关门|打烊|收市|停业|歇业|装修|"
    r"同样|合适$|符合|对得上|(?:刚好|正好|恰好)(?:卡|落|在|是|够)|卡在|做的|[味辣甜酸咸]口$|开了.{0,4}年|\d+[层楼]|[都全]在(?!于)|就在|有(?!人|点|些|没有|您|你|谁|空|意|异|兴|心|发言|什么).{0,4}[饭面汤肉鱼锅串]|"
    r"[午晚早]市|(?:周[一二三四五六日末天][到至和、]?)+(?:别去|不行|不开|休|都|还|也)|还?休息$|不放|地铁|公交|路口|走几步"
)
"""Words that say when a shop serves, what it has, where it lies, or that it fits: no clause with one states nothing."""


def is_loose(token: Token) -> bool:
    """Whether a token may be left over beside the quotes."""
    roles = ROLES[token.char]
    if _LOOSE.fullmatch(token.text) or token.char == INERT or roles & {"SEP", "COLON", "THIS"}:
        return True
    return token.char in MAYBE_INERT and not roles & TYPED
