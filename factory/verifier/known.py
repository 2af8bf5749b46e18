"""What an order's evidence makes known by name: restaurants, brands, branches, addresses, dishes, as the lexer looks them up.

Built once per evidence and kept; everything is in folded form, so script and brackets never decide.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from factory.records import Place, Poi
from factory.verifier.script import fold

_BRANCH: Final = re.compile(r"^(.+?)\(([^()]+)\)$")
_TO_NUMBER: Final = re.compile(r"^.{2,}?\d+号")
_STREET: Final = re.compile(r"^(.{2,12}?(?:路|街|巷|道|胡同|弄))")
_KITCHEN: Final = re.compile(
    r"(?:(?:川|湘|粤|鲁|徽|闽|浙|京|鄂|东北|江浙|淮扬|江南|苏帮|本帮|日本|日式|韩国|韩式|泰国|泰式|云南|贵州|法式|意式|印度|炭火|铜锅|牛油|老|羊排|家常|海鲜|串串香|潮汕牛肉|清真|素)*"
    r"(?:菜馆|菜坊|菜|料理|火锅|烧烤|烤肉|烤串|西餐厅|西餐|小馆|餐厅|饭店|酒楼|茶楼|食府|小厨|涮肉|拉面屋|居酒屋|寿司|割烹|铁锅炖|饺子馆|大排档|烧腊坊|茶餐厅|湘厨|厨房|私房菜|饭庄|面馆))+$"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing known by name. ``kind``: N restaurant, A address, STREET, D dish, PLACE; ``pois`` that it may mean."""

    kind: str
    pois: tuple[Poi, ...]
    text: str
    alias: bool = False
    """a beginning of a brand, as people shorten it: gives way to a longer word of the language"""


@dataclass(frozen=True, slots=True)
class Known:
    """Entries by folded text, and the lengths to try at each first character."""

    entries: dict[str, Entry]
    lengths: dict[str, tuple[int, ...]]
    brands: dict[str, tuple[Poi, ...]]

    def at(self, text: str, position: int) -> Entry | None:
        """The longest entry that begins here."""
        for length in self.lengths.get(text[position], ()):
            entry = self.entries.get(text[position : position + length])
            if entry is not None:
                return entry
        return None


_DISH_LEAD: Final = re.compile(
    r"^(?:鲜|手切|嫩|现切|招牌|秘制|特色|香煎|日式|法式|意式|传统|老|农家|家常|铁板|石锅|烤|炸|煎|炖|炭烤|红烧|清炒)(?=..)"
)


def _dish_forms(dish: str) -> tuple[str, ...]:
    """A dish's name, and without a word before it that tells nothing of what it is: 毛肚 for 鲜毛肚."""
    bare = _DISH_LEAD.sub("", dish)
    return (dish,) if bare == dish else (dish, bare)


_STATUS: Final = re.compile(r"\((?:暂停营业|暂不营业|停业[^()]{0,4}|装修[^()]{0,3}|歇业[^()]{0,2}|已关闭|已停业)\)$")


def split_branch(name: str) -> tuple[str, str | None]:
    """(brand, branch) of a folded name. That a shop does not serve stands where branches do and is none."""
    found = _BRANCH.match(_STATUS.sub("", name))
    if found is None and _STATUS.search(name):
        return _STATUS.sub("", name), None
    return (found[1], found[2]) if found else (name, None)


def short_brand(brand: str) -> str:
    """A brand without the words for its kitchen: 悦朋 of 悦朋湘菜馆; empty when nothing of two characters is left."""
    bare = _KITCHEN.sub("", brand)
    return bare if len(bare) >= 2 and bare != brand else ""


_SHORTEST: Final = 2
_HAN: Final = re.compile(r"[\u4e00-\u9fff]+")


def _shortened(brand: str) -> list[str]:
    """How people shorten a brand: its beginnings of at least two characters that leave at least two away."""
    forms = [brand[:length] for length in range(_SHORTEST, len(brand) - 1)]
    bare = short_brand(brand)
    return [form for form in dict.fromkeys([*forms, *([bare] if bare else [])]) if _HAN.fullmatch(form)]


@lru_cache(maxsize=256)
def known_of(pois: tuple[Poi, ...], place: Place, dishes: frozenset[str]) -> Known:
    """The index of one evidence. ``dishes``: folded names of dishes that people know, whether served here or not."""
    groups: defaultdict[tuple[str, str], list[Poi]] = defaultdict(list)
    brands: defaultdict[str, list[Poi]] = defaultdict(list)
    for poi in pois:
        name = fold(poi.name)
        brand, branch = split_branch(name)
        groups["N", name].append(poi)
        if _STATUS.search(name):
            groups["N", _STATUS.sub("", name)].append(poi)
        brands[brand].append(poi)
        if branch:
            groups["N", brand + branch].append(poi)
        if branch and len(branch) >= 3:
            groups["BRANCH", branch].append(poi)
        for text, kind in _addresses(poi):
            groups[kind, text].append(poi)
        for dish in poi.specialities:
            for form in _dish_forms(fold(dish)):
                groups["D", form].append(poi)
    for brand, owners in brands.items():
        if ("N", brand) not in groups:
            groups["N", brand] = owners
    entries: dict[str, Entry] = {}
    for text in sorted(dishes):
        entries[text] = Entry("D", (), text)
    for text in place_words(place):
        entries[text] = Entry("PLACE", (), text)
    for kind in ("STREET", "D", "BRANCH", "A", "N"):
        for (one, text), owners in groups.items():
            if one == kind and len(text) >= 2:
                entries[text] = Entry(kind, tuple(owners), text)
    _add_aliases(entries, brands, fold(place.name))
    return Known(entries, _lengths(entries), {brand: tuple(owners) for brand, owners in brands.items()})


def _whole_words(form: str, brand: str) -> bool:
    """Whether a shortened brand ends between words: 礼鲜羊排 of 礼鲜羊排烧烤. 赵园粤 of 赵园粤味轩 is a slip of the pen."""
    bare = short_brand(brand)
    return form == bare or (len(form) - len(bare) >= 2 and bool(bare) and bool(_KITCHEN.match(brand[len(form) :])))


def _add_aliases(entries: dict[str, Entry], brands: dict[str, list[Poi]], place: str) -> None:
    """Shortened brands, with and without a branch behind them; what is already known by its own keeps its meaning."""
    owners: defaultdict[str, list[Poi]] = defaultdict(list)
    for brand, pois in brands.items():
        for form in _shortened(brand):
            owners[form] += pois
            for poi in pois:
                branch = split_branch(fold(poi.name))[1]
                if branch:
                    owners[form + branch].append(poi)
                    if _whole_words(form, brand):
                        owners[f"{form}({branch})"].append(poi)
    for form, pois in owners.items():
        if form not in entries and form not in place:
            entries[form] = Entry("N", tuple(dict.fromkeys(pois)), form, alias=True)


def _addresses(poi: Poi) -> list[tuple[str, str]]:
    """The forms in which an address may be given: whole, up to the house number, with the district before it, its street alone."""
    if not poi.address:
        return []
    whole = fold(poi.address)
    rows = [(whole, "A")]
    number = _TO_NUMBER.match(whole)
    if number and number[0] != whole:
        rows.append((number[0], "A"))
    street = _STREET.match(whole)
    if street and street[0] != whole:
        rows.append((street[0], "STREET"))
    return rows


_TAILS: Final = (
    "广场",
    "公园",
    "大学",
    "车站",
    "古镇",
    "机场",
    "校区",
    "购物中心",
    "景区",
    "大厦",
    "中心",
    "万达",
    "大悦城",
    "万象城",
    "新天地",
)
_HEADS: Final = re.compile(r"^(?:北京|上海|天津|重庆|[\u4e00-\u9fff]{2,3}(?=站$|国际|大学|火车))")


def place_words(place: Place) -> tuple[str, ...]:
    """The words that a text calls its place by: its name, the name without a city before it, and what kind of place it is."""
    name = fold(place.name)
    words = {name}
    city = fold(place.city).removesuffix("市")
    if city and name.startswith(city) and len(name) - len(city) >= 2:
        words.add(name.removeprefix(city))
    if len(city) >= 2:
        words |= {city, f"{city}市"}
    for tail in _TAILS:
        if name.endswith(tail) and name != tail:
            words.add(tail)
    for form in (
        name.replace("国家", ""),
        re.sub(r"(?:国家)?(?:湿地)?(?:公园|风景区|景区|旅游区|商圈|步行街)$", "", name),
    ):
        if form != name and len(form) >= 2:
            words.add(form)
    bare = _HEADS.sub("", name)
    if len(bare) >= 2:
        words.add(bare)
    kinds = (
        ("大学", ("学校", "校园", "校区")),
        ("广场", ("商场",)),
        ("购物中心", ("商场",)),
        ("大悦城", ("商场",)),
        ("万象城", ("商场",)),
        ("公园", ("景区", "景点")),
        ("古镇", ("景区", "景点")),
    )
    for tail, others in kinds:
        if name.endswith(tail) or (tail == "大学" and "大学" in name):
            words |= set(others)
    words |= {name[:length] for length in range(3, len(name))} | {name[-length:] for length in range(3, len(name))}
    if "机场" in name:
        words.add("机场")
    if name.endswith("站"):
        words |= {"车站", "火车站"}
    if name.endswith("大学") and len(name) >= 4:
        words |= {f"{name[0]}大", f"{name[:2]}大"}
    if name.endswith("大学") and len(name) >= 6:
        words |= {f"{name[0]}{name[2]}大", f"{name[0]}{name[2]}"}
    words |= {
        f"{word}{tail}"
        for word in tuple(words)
        for tail in (
            "附近",
            "周边",
            "一带",
            "周围",
            "旁",
            "旁边",
            "这边",
            "那边",
            "门口",
            "出发",
            "这里",
            "边上",
            "那儿",
            "这儿",
            "左近",
        )
    }
    return tuple(word for word in words if len(word) >= 2)


def _lengths(entries: dict[str, Entry]) -> dict[str, tuple[int, ...]]:
    found: defaultdict[str, set[int]] = defaultdict(set)
    for text in entries:
        found[text[0]].add(len(text))
    return {char: tuple(sorted(sizes, reverse=True)) for char, sizes in found.items()}
