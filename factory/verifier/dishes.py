"""Dishes that a list item credits its restaurant with: after a cue, before one, in quotes, or known from the evidence. Pure.

A weak cue (推荐…, …很出名) also goes with what is no dish, so there a name must look like one: it ends like a dish, or is known.
"""

from __future__ import annotations

import re

from factory.records import Claim, Poi
from factory.verifier.items import tight

_CUE = re.compile(
    r"(?:招牌菜?|特色菜?|推荐菜|代表菜|必点菜?|必吃|拿手菜|主打菜|看家菜|镇店菜?|可以点|推荐点|点一份|点个|来一份|来份|可以尝尝|不妨试试|不妨尝尝|尝尝|试试|"
    r"别错过|不要错过|少不了|最受欢迎的(?:是|有)?|出名的(?:是|有)?|爆款(?:是|有)?)"
    r"(?:菜)?(?:品)?(?:还)?(?:的)?(?:包括|有|是|为|当属|推荐|:)?(?:他家|店里|这里|他们|它)?(?:的)?(?P<d>[^,。;!\n]{2,40})"
)
_WEAK_CUE = re.compile(
    r"(?:推荐|主打|尤其是|特别是|以|擅长|主推)(?:您)?(?:他家|店里|这里|他们|它)?(?:的)?(?P<d>[^,。;!\n]{2,20})"
)
_STRONG_AFTER = re.compile(
    r"(?P<d>[\u4e00-\u9fff]{2,10}?)(?:都)?(?:是|算是|属于)(?:他家|店里|这里|它)?的?(?:招牌|必点|拿手|看家|镇店|特色菜)"
)
_WEAK_AFTER = re.compile(
    r"(?P<d>[\u4e00-\u9fff]{2,10}?)(?:也|都|很|非常|特别|最|尤其|相当|口碑|做得|味道|值得|不错|闻名|出名|有名|这样的|下饭|很香|好吃)"
)
_QUOTED = re.compile(r"[“\"]([^”\"]{2,12})[”\"]")
_SPLIT = re.compile(r"、|和|与|及|以及|跟|/|\+|或者|或")
_TAIL = re.compile(
    r"(?:等(?:菜|菜品|特色菜)?|也|都|值得|可以|很|不错|是|这|一类|之类|口碑|评价|味道|比较|非常|适合|符合|尤其|这几|这两|这道|的|闻名|出名|有名)(?:.*)$"
)
_LEAD = re.compile(
    r"^(?:.*(?:他家|店里|这里|他们|它家|家里|那里)的?|.*(?:尤其是|特别是|其中|还有|听说|据说)|[以有就点吃的])"
)
_NOT_DISH = re.compile(
    r"辣度|看看|口味|菜品|荤菜|蔬菜|味道|做法|这家|这里|它|几家|餐厅|环境|服务|这个|甜品$|清蒸$|白灼|距离|位置|价格|评分|地道|正宗|店里|运气|换"
)
_DISH_SHAPE = re.compile(
    r"^(?!.{0,2}(?:家常|特色|招牌|拿手|推荐|下饭|地方|本地|正宗)菜$)(?!.*(?:川|粤|湘|鲁|徽|闽|浙|东北|江浙|云贵|西北|清真|北京|潮州|本帮)菜$)"
    r"[\u4e00-\u9fff]{2,7}(?:豆腐|排骨|血旺|肘子|丸子|狮子头|佛跳墙|三鲜|上树|肉|鱼|鸡|鸭|鹅|虾|蟹|贝|面|粉|饭|饼|饺|汤|羹|丝|片|丁|块|蛋|肠|肚|头|爪|翅|糕|酥|卷|粥|锅|"
    r"串|煲|笋|藕|茄子|土豆|芋头|豆花|抄手|米线|寿司|刺身|天妇罗|拉面|披萨|牛排|沙拉|汉堡|锅包肉|粿|肠粉|虾饺|烧卖|烧麦|凤爪|春卷)$"
    r"|^佛跳墙$"
)
_GENERIC = re.compile(
    r"(?:牛羊|海鲜|荤|素|大鱼大|吃|偏爱|喜欢|少|多|无)[\u4e00-\u9fff]{0,2}$|(?:米饭|主食|里面|方面|上面|下面|全面|一面|店面|门面|前头|街头|里头|后头|一块|这块|那块|整块)$"
)


def dishes(text: str, poi: Poi, lexicon: frozenset[str]) -> list[Claim]:
    """The dishes an item names: the restaurant's own, or unsupported. ``lexicon``: tight names of the order's dishes."""
    own = {tight(dish) for dish in poi.specialities}
    body = tight(text).replace(tight(poi.name), "")
    stated: list[str] = []
    for one in _CUE.finditer(body):
        stated += _names(one["d"], own)
    stated += [name for one in _STRONG_AFTER.finditer(body) for name in _names(_LEAD.sub("", one["d"]), own)]
    for pattern in (_WEAK_CUE, _WEAK_AFTER):
        for one in pattern.finditer(body):
            stated += [name for name in _names(_LEAD.sub("", one["d"]), own) if _looks_like_dish(name)]
    stated += [one for one in _QUOTED.findall(body) if not _NOT_DISH.search(one)]
    covered = "".join(stated)
    stated += [dish for dish in lexicon if len(dish) >= 3 and dish in body and dish not in covered]
    found = []
    for dish in dict.fromkeys(stated):
        held = any(dish == one or dish in one or one in dish for one in own)
        truth = "、".join(poi.specialities) or None
        found.append(Claim(poi.poi_id, "dish", dish, truth, "verified" if held else "unsupported"))
    return found


def _looks_like_dish(name: str) -> bool:
    return bool(_DISH_SHAPE.match(name)) and not _GENERIC.search(name)


def _names(text: str, own: set[str]) -> list[str]:
    """The dishes of a list like 麻婆豆腐、回锅肉和水煮鱼等; true names are taken out first, since they may hold 和."""
    names = []
    for dish in sorted(own, key=len, reverse=True):
        if dish in text:
            names.append(dish)
            text = text.replace(dish, "、")
    for part in _SPLIT.split(text):
        name = _TAIL.sub("", part).strip('的 :“”"')
        if 2 <= len(name) <= 12 and not _NOT_DISH.search(name):
            names.append(name)
    return names
