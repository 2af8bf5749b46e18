"""What an order's evidence makes known by name: restaurants, brands, branches, addresses, dishes, as the lexer looks them up.

Built once per evidence and kept; everything is in folded form, so script and brackets never decide.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from factory.records import Place, Poi
from factory.verifier.script import fold

_BRANCH: Final = re.compile(r"^(.+?)\(([^()]+)\)$")
_TO_NUMBER: Final = re.compile(r"^.{2,}?\d+号")
_STREET: Final = re.compile(r"^(.{2,12}?(?:路|街|巷|道|胡同|弄))")
_KITCHEN: Final = re.compile(
    r"(?:(?:川|湘|粤|鲁|徽|闽|浙|京|鄂|东北|江浙|淮扬|江南|苏帮|本帮|日本|日式|韩国|韩式|泰国|泰式|云南|贵州|法式|意式|印度|炭火|铜锅|牛油|老|羊排|家常|海鲜|串串香|潮汕牛肉|潮汕|潮州|杭帮|顺德|客家|广府|临安|金陵|巴蜀|关东|徽州|闽南|西北|新疆|清真|素)*"
    r"(?:菜馆|菜坊|菜|料理|火锅|烧烤|烤肉|烤串|西餐厅|西餐|小馆|餐厅|饭店|酒楼|茶楼|食府|小厨|涮肉|拉面屋|居酒屋|寿司|割烹|铁锅炖|饺子馆|大排档|烧腊坊|茶餐厅|湘厨|厨房|私房菜|饭庄|面馆|江南菜|粤味轩|粤园|川味坊|川味轩|川菜坊|湘味坊|湘里人家|土菜馆|东北大院|江浙小馆|割烹店|小吃))+$"
)


@dataclass(slots=True, init=False, unsafe_hash=True)
class Entry:
    """One thing known by name. ``kind``: N restaurant, A address, STREET, D dish, PLACE; ``pois`` that it may mean."""

    kind: str
    pois: tuple[Poi, ...]
    text: str
    alias: bool
    """a beginning of a brand, as people shorten it: gives way to a longer word of the language"""

    def __init__(self, kind: str, pois: tuple[Poi, ...], text: str, alias: bool = False) -> None:
        self.kind = kind
        self.pois = pois
        self.text = text
        self.alias = alias


_Meant = tuple[str, Sequence[Poi], bool]
"""An entry's kind, pois and whether it is an alias: of hundreds a few are asked for, and only those become entries."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known by folded text, and for each first two characters a mask of the lengths to try (bit n: n characters).

    ``words``, ``dishes``: what the place is called by, and dishes that need no evidence, shared with others of the place and of
    the whole language; a restaurant's meaning goes before both.
    """

    meanings: dict[str, _Meant]
    words: dict[str, _Meant]
    dishes: dict[str, _Meant]
    masks: dict[str, int]
    brands: dict[str, tuple[Poi, ...]]

    def at(self, text: str, position: int) -> Entry | None:
        """The longest entry that begins here."""
        mask = self.masks.get(text[position : position + 2])
        if mask is None:
            return None
        for length in _lengths(mask):
            entry = self.entry(text[position : position + length])
            if entry is not None:
                return entry
        return None

    def entry(self, text: str) -> Entry | None:
        """What a whole folded text names."""
        meaning = self.meanings.get(text) or self.words.get(text) or self.dishes.get(text)
        if meaning is None:
            return None
        kind, pois, alias = meaning
        return Entry(kind, tuple(dict.fromkeys(pois) if alias else pois), text, alias)


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
    if not name.endswith(")"):
        return name, None
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


def _shortened(brand: str, bare: str) -> list[str]:
    """How people shorten a brand: its beginnings of at least two characters that leave at least two away, and ``bare``."""
    forms = [brand[:length] for length in range(_SHORTEST, len(brand) - 1)]
    if bare and bare not in forms:
        forms.append(bare)
    return [form for form in forms if _HAN.fullmatch(form)]


def _first_words(name: str, brand: str) -> list[str]:
    """How people shorten a name in Latin letters: its first words, Leonardo of Leonardo Bar & Ristorante."""
    if not brand[:_LATIN_SHORTEST].isascii():
        return []
    words = re.split(r"[\s(（]+", name.strip())
    forms = (fold(" ".join(words[:size])) for size in range(1, len(words)))
    return [
        form
        for form in forms
        if len(form) >= _LATIN_SHORTEST and brand.startswith(form) and form != brand and form.isascii()
    ]


_LATIN_SHORTEST: Final = 4
_KINDS: Final = ("STREET", "D", "BRANCH", "A", "N")
"""Of two things with one name the later kind is meant."""


@dataclass(frozen=True, slots=True)
class _Forms:
    """How one restaurant is named: by kind, in the order of ``_KINDS``; and in short."""

    brand: str
    by_kind: tuple[tuple[str, ...], ...]
    short: tuple[str, ...]
    """without its branch: they are the brand's"""
    short_with_branch: tuple[str, ...]
    starts: tuple[str, ...]
    """the first two characters of all these, interned: many names share them,"""
    masks: tuple[int, ...]
    """and for each the mask of their lengths"""


@lru_cache(maxsize=1 << 13)
def _forms(name: str, address: str | None, specialities: tuple[str, ...]) -> _Forms:
    """Kept, since a restaurant comes back with every order around it: what some hundred and thirty places have, 12 MB.

    Orders go round their places, so that where there are many more no size would find them again.
    """
    raw, name = name, fold(name)
    brand, branch = split_branch(name)
    bare = short_brand(brand)
    names = [name]
    if name.endswith(")") and _STATUS.search(name):
        names.append(_STATUS.sub("", name))
    if branch:
        names.append(brand + branch)
    places = _addresses(address)
    dishes: dict[str, None] = {}
    for dish in specialities:
        dishes |= dict.fromkeys(_dish_forms(fold(dish)))
    by_kind = {
        "STREET": [text for text, kind in places if kind == "STREET"],
        "D": dishes,
        "BRANCH": (branch,) if branch and len(branch) >= 3 else (),
        "A": [text for text, kind in places if kind == "A"],
        "N": names,
    }
    short = (*_shortened(brand, bare), *_first_words(raw, brand))
    kinds = tuple([tuple([text for text in by_kind[kind] if len(text) >= 2]) for kind in _KINDS])
    with_branch: tuple[str, ...] = ()
    if branch:
        with_branch = tuple([form for text in short for form in _with_branch(text, brand, bare, branch)])
    masks: dict[str, int] = {}
    for texts in ((brand,), short, with_branch, *kinds):
        _mask(masks, texts)
    return _Forms(brand, kinds, short, with_branch, tuple(map(sys.intern, masks)), tuple(masks.values()))


def _with_branch(short: str, brand: str, bare: str, branch: str) -> tuple[str, ...]:
    """In brackets a branch stands behind whole words: 礼鲜羊排 of 礼鲜羊排烧烤. 赵园粤 of 赵园粤味轩 is a slip of the pen."""
    whole = short == bare or (len(short) - len(bare) >= 2 and bool(bare) and bool(_KITCHEN.match(brand[len(short) :])))
    return (short + branch, f"{short}({branch})") if whole else (short + branch,)


@lru_cache(maxsize=1 << 7)
def known_of(pois: tuple[Poi, ...], place: Place, dishes: frozenset[str]) -> Known:
    """The index of one evidence. ``dishes``: folded names of dishes that people know, whether served here or not."""
    forms = [_forms(poi.name, poi.address, poi.specialities) for poi in pois]
    brands: dict[str, list[Poi]] = {}
    for form, poi in zip(forms, pois, strict=True):
        brands.setdefault(form.brand, []).append(poi)
    dish_meanings, masks = _of_dishes(dishes)
    words, places = _of_place(place)
    for beginning, mask in places.items():
        masks[beginning] = masks.get(beginning, 0) | mask
    for form in forms:
        for beginning, mask in zip(form.starts, form.masks, strict=True):
            masks[beginning] = masks[beginning] | mask if beginning in masks else mask
    meanings: dict[str, _Meant] = {}
    owners: dict[str, list[Poi]] = {}
    pairs = list(zip(forms, pois, strict=True))
    for number, kind in enumerate(_KINDS):
        owners = {}
        for form, poi in pairs:
            for text in form.by_kind[number]:
                if text in owners:
                    owners[text].append(poi)
                else:
                    owners[text] = own = [poi]
                    meanings[text] = (kind, own, False)
    for brand, own in brands.items():
        if len(brand) >= 2 and brand not in owners:  # whom names as such mean, the last of the kinds
            meanings[brand] = ("N", own, False)
    near = fold(place.name)
    for text, own in _aliases(forms, pois, brands).items():
        if text not in meanings and text not in near and text not in words and text not in dish_meanings:
            meanings[text] = ("N", own, True)
    return Known(meanings, words, dish_meanings, masks, {brand: tuple(own) for brand, own in brands.items()})


def _mask(masks: dict[str, int], texts: Iterable[str]) -> None:
    for text in texts:
        start = text[:2]
        masks[start] = masks.get(start, 0) | 1 << len(text)


@lru_cache(maxsize=4)
def _dish_meanings(dishes: frozenset[str]) -> tuple[dict[str, _Meant], dict[str, int]]:
    masks: dict[str, int] = {}
    _mask(masks, sorted(dishes))
    return dict.fromkeys(sorted(dishes), ("D", (), False)), masks


def _of_dishes(dishes: frozenset[str]) -> tuple[dict[str, _Meant], dict[str, int]]:
    """Meanings and masks of dishes that need no evidence; the masks are the caller's own."""
    meanings, masks = _dish_meanings(dishes)
    return meanings, dict(masks)


@lru_cache(maxsize=160)
def _of_place(place: Place) -> tuple[dict[str, _Meant], dict[str, int]]:
    """Kept for some more than the 135 places of a plan's first stage, 16 KB each; later stages go round too many to find them again."""
    words = place_words(place)
    masks: dict[str, int] = {}
    _mask(masks, words)
    return dict.fromkeys(words, ("PLACE", (), False)), masks


def _aliases(forms: list[_Forms], pois: tuple[Poi, ...], brands: dict[str, list[Poi]]) -> dict[str, list[Poi]]:
    """Shortened brands, with and without a branch behind them: whom they may mean, some of them twice."""
    owners: dict[str, list[Poi]] = {}
    of_brand = {form.brand: form.short for form in forms}
    for brand, short in of_brand.items():
        for text in short:
            owners.setdefault(text, []).extend(brands[brand])
    for form, poi in zip(forms, pois, strict=True):
        for text in form.short_with_branch:
            owners.setdefault(text, []).append(poi)
    return owners


def _addresses(address: str | None) -> list[tuple[str, str]]:
    """The forms in which an address may be given: whole, up to the house number, with the district before it, its street alone."""
    if not address:
        return []
    whole = fold(address)
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


@lru_cache(maxsize=1 << 12)
def _lengths(mask: int) -> tuple[int, ...]:
    """The lengths of a mask, the longest first."""
    return tuple(length for length in range(mask.bit_length() - 1, 0, -1) if mask >> length & 1)
