"""Restaurants by name: exact names, brands with their branches, and names that the evidence does not hold. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from factory.records import Evidence, Poi
from factory.verifier.items import tight

_BRANCH = re.compile(r"^(.+?)\(([^()]+)\)$")
# Words that a name in running text cannot hold: they cut prose into runs that may be names.
_FUNCTION = re.compile(
    r"[的了呢吗吧啊呀哦嘛与或及把被让给对在从到去往向就也都还又再很太更最不没有是这那哪些几您你我他她它们个位"
    r"可以能会要想看吃点选找来如果因为所以而且但虽然,，。、;；:：!！?？~～\"“”‘’\s0-9]+|附近|周边|此外|另外|同样|顺便|一并|考虑|推荐|"
    r"点菜|点单|下单|提醒|直接|店家|店里|店员|让厨房|请厨房|提醒厨房|一家|备选|符合|要求|条件|预算|距离|评分|人均|合适|不错|希望|帮助|建议|以上|信息|地图|查询|出发|营业|情况"
)
_SUFFIX = re.compile(
    r"(?:食府|小馆|酒家|私房菜|大排档|家常菜|饭庄|厨房|小厨|餐厅|饭店|酒楼|菜馆|面馆|饭馆|餐馆|火锅|火锅店|烧烤|烧烤店|烤肉店|阁|轩|楼|居|坊|记|斋|苑|庄|"
    r"汇|堂|府|屋)$"
)
_GENERIC = re.compile(
    r"^(?:[中快西小大川粤湘鲁]?(?:餐厅|饭店|菜馆|餐馆|饭馆|酒楼|火锅|烧烤|火锅店|烧烤店|烤肉店|料理店|小店|店|厨房|商店|门店|酒店|饭馆))$"
)
_WITH_BRANCH = re.compile(r"([\u4e00-\u9fffA-Za-z·]{2,12})\(([^()]{1,12}(?:店|馆|号|层|部))\)")


@dataclass(frozen=True, slots=True)
class NameIndex:
    """The evidence's names in their tight form."""

    by_name: dict[str, tuple[Poi, ...]]
    names: tuple[str, ...]
    brands: dict[str, tuple[str, ...]]


def index_names(evidence: Evidence) -> NameIndex:
    """Names longest first, so that a longer name wins over its own beginning."""
    by_name: dict[str, list[Poi]] = {}
    brands: dict[str, list[str]] = {}
    for poi in evidence.pois:
        name = tight(poi.name)
        by_name.setdefault(name, []).append(poi)
        found = _BRANCH.match(name)
        brands.setdefault(found[1] if found else name, []).append(poi.name)
    return NameIndex(
        {name: tuple(pois) for name, pois in by_name.items()},
        tuple(sorted(by_name, key=len, reverse=True)),
        {brand: tuple(dict.fromkeys(names)) for brand, names in brands.items()},
    )


def bind(head: str, index: NameIndex, wanted: frozenset[str]) -> Poi | None:
    """The poi that an item's head names; among namesakes the one that the structure recommends."""
    pois = index.by_name.get(tight(head), ())
    return next((poi for poi in pois if poi.poi_id in wanted), pois[0] if pois else None)


def unknown_reason(head: str, index: NameIndex) -> tuple[str, str]:
    """(reason, sentence) for a head that names no poi of the evidence."""
    found = _BRANCH.match(tight(head))
    brand = found[1] if found else tight(head)
    branches = index.brands.get(brand)
    if branches:
        return "wrong_branch", f"“{head}”不在查询结果中；查到的是：{'、'.join(branches[:4])}，请写全名。"
    return "unknown_restaurant", f"“{head}”不在查询结果中，只能推荐查到的餐厅。"


def mentions(text: str, index: NameIndex) -> tuple[list[Poi], str]:
    """Evidence names in running text, and the text with them masked."""
    masked = tight(text)
    found: list[Poi] = []
    for name in index.names:
        if len(name) >= 2 and name in masked:
            found.append(index.by_name[name][0])
            masked = masked.replace(name, "。")
    return found, masked


_KITCHEN = re.compile(
    r"^(?P<before>[\u4e00-\u9fff]{2,6})(?:火锅店?|串串香?|烧烤店?|烤肉店?|菜馆|餐厅|饭店|食府|酒楼|料理店?)$"
)
_LEADING = re.compile(r"^(?:[一二三四五六七八九十两几多好]*家|正宗|地道|好吃|特色|本地|平价)+")
_MODIFIER = re.compile(
    r"^(?:[一二三四五六七八九十两几多好]?家|口碑|老字号|特色|本地|地道|正宗|平价|高分|热门|人气|周末|家常|好吃|性价比|高档|中档|实惠|清淡|麻辣|重庆|四川|成都|老北京|潮汕|"
    r"日式|韩式|泰式|中式|西式|法式|意式|自助|连锁|同类|其他|别家|普通|小众|精品|传统|当地|这类|此类|各家|所有|全部)*$"
)


def strangers(masked: str, ignore: tuple[str, ...], cuisines: tuple[str, ...]) -> list[str]:
    """Restaurant-like names that remain in masked prose; ``ignore`` (place, dishes) and cuisine words are masked first."""
    found = _kitchens(masked, ignore, cuisines)
    for word in sorted((*ignore, *cuisines), key=len, reverse=True):
        if word:
            masked = masked.replace(tight(word), "。")
    found += [f"{one[1]}({one[2]})" for one in _WITH_BRANCH.finditer(masked)]
    runs = _FUNCTION.split(_WITH_BRANCH.sub("。", masked))
    found += [run for run in runs if 3 <= len(run or "") <= 10 and _SUFFIX.search(run) and not _GENERIC.match(run)]
    return found


def _kitchens(masked: str, ignore: tuple[str, ...], cuisines: tuple[str, ...]) -> list[str]:
    """Names that end with a kitchen (蜀九香火锅, 老成都川菜馆), which masking cuisine words would hide."""
    for word in sorted(ignore, key=len, reverse=True):
        if word:
            masked = masked.replace(tight(word), "。")
    found = []
    # The 都 of 成都 is no function word.
    for run in _FUNCTION.split(masked.replace("成都", "蓉城")):
        kitchen = _KITCHEN.match(run or "")
        bare = _LEADING.sub("", run or "")
        if kitchen is None or bare in cuisines or re.sub(r"(?:馆|餐厅|饭店|店)$", "", bare) in cuisines:
            continue
        before = kitchen["before"]
        for word in cuisines:
            before = before.replace(word, "").replace(word.removesuffix("菜"), "")
        if len(before) >= 2 and not _MODIFIER.match(before):
            found.append(run.replace("蓉城", "成都"))
    return found
