"""What a restaurant of open map data cooks, in the plan's words, and what says so: its tag, its brand or its name. Pure.

A tag that names a kitchen wins; brand and name make a general one (中餐, 亚洲菜, 咖啡) more telling; a name alone may say 中餐.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from factory.maps.cuisines import cuisines_of
from factory.maps.open.words import CHINESE_KITCHENS, GENERAL, cuisine_word
from factory.records import CuisineSource

_CHINESE_FORMS: Final[tuple[tuple[str, str], ...]] = (
    ("面食", r"拉面|牛肉面|面馆|刀削面|米线|米粉|炸酱面|热干面|担担面|油泼面|面庄|烩面|臊子面|小面"),
    ("粥", r"粥"),
    ("奶茶", r"奶茶|茶饮"),
    ("川菜", r"四川|成都|蜀"),
    ("湘菜", r"湖南"),
    ("西北菜", r"新疆|陕西|西安|兰州"),
    ("云贵菜", r"云南|贵州"),
    ("粤菜", r"广东|广州|港式|茶餐厅|点心"),
    ("披萨", r"披萨|比萨"),
    ("汉堡", r"汉堡"),
    ("土耳其菜", r"土耳其"),
    ("面包", r"面包|烘焙"),
)
_LATIN_FORMS: Final[tuple[tuple[str, str], ...]] = (
    ("火锅", r"hot ?pots?\b|huo ?guo"),
    ("川菜", r"si?zech?[uw]an|sichuan|chengdu"),
    ("湘菜", r"hunan"),
    ("东北菜", r"dongbei"),
    ("云贵菜", r"yunnan|guizhou"),
    ("西北菜", r"xinjiang|uy?ghur"),
    ("粤菜", r"dim ?sum|canton"),
    ("面食", r"lanzhou|la ?mian\b|noodle|nuudeli"),
    ("奶茶", r"bubble ?tea|boba\b"),
    ("日本料理", r"sushi|ramen\b|izakaya|japan|teppan"),
    ("韩国料理", r"korea|bibimbap"),
    ("泰国菜", r"thai"),
    ("越南菜", r"vi[eệ]t|pho\b"),
    ("尼泊尔菜", r"nepal|himalaya"),
    ("印度菜", r"india|tandoor|masala|curry"),
    ("披萨", r"pizz"),
    ("意大利菜", r"italia|trattoria|osteria|ristorante"),
    ("汉堡", r"burger|hampuril"),
    ("土耳其菜", r"kebab|kebap|d[oö]ner"),
    ("墨西哥菜", r"mexic|tacos?\b|burrito"),
    ("西班牙菜", r"tapas|espa[nñ]"),
    ("希腊菜", r"greek|kreikkal"),
    ("俄国菜", r"russia|ven[aä]l"),
    ("牛排", r"steak"),
    ("海鲜", r"seafood|fish ?(?:&|and) ?chips"),
    ("素菜", r"vegan|vegetar"),
    ("烧烤", r"bbq\b|barbe[cq]ue"),
    ("三明治", r"sandwich|bagel"),
    ("甜品", r"gelat|ice ?cream|j[aä][aä]tel|dessert"),
    ("面包", r"bakery|leipomo"),
)
_GENERAL_FORMS: Final[tuple[tuple[str, str], ...]] = (
    ("中餐", r"中国|中华|中餐|酒家|酒楼|饭庄|(?<![a-z])(?:china\b|chinese|kiina|peking\b|beijing\b)"),
    ("咖啡", r"咖啡|(?<![a-z])(?:caf[eé]|kahvila|coffee|espresso)"),
)
BRANDS: Final[dict[str, str]] = {
    **dict.fromkeys(("海底捞", "haidilao", "小肥羊", "呷哺呷哺", "小龙坎", "巴奴毛肚", "凑凑火锅", "德庄"), "火锅"),
    **dict.fromkeys(("全聚德", "便宜坊", "四季民福"), "北京菜"),
    **dict.fromkeys(("外婆家", "楼外楼", "知味观"), "江浙菜"),
    **dict.fromkeys(("眉州东坡", "太二酸菜鱼", "陈麻婆"), "川菜"),
    **dict.fromkeys(("西贝莜面村", "西贝"), "西北菜"),
    **dict.fromkeys(("吉野家", "食其家", "丸龟制面", "yoshinoya", "sukiya", "味千拉面"), "日本料理"),
    **dict.fromkeys(("麦当劳", "mcdonald's", "mcdonalds", "汉堡王", "burger king", "hesburger"), "汉堡"),
    **dict.fromkeys(("必胜客", "pizza hut", "domino's", "达美乐", "kotipizza"), "披萨"),
    **dict.fromkeys(("赛百味", "subway"), "三明治"),
    **dict.fromkeys(("肯德基", "kfc", "德克士", "华莱士", "沙县小吃", "真功夫", "永和大王", "老乡鸡"), "快餐"),
    **dict.fromkeys(("星巴克", "starbucks", "瑞幸咖啡", "luckin coffee", "costa coffee", "espresso house"), "咖啡"),
    **dict.fromkeys(("喜茶", "heytea", "奈雪的茶", "蜜雪冰城", "mixue", "霸王茶姬", "古茗", "茶百道", "贡茶"), "奶茶"),
    **dict.fromkeys(("哈根达斯", "häagen-dazs", "dairy queen"), "甜品"),
}
"""Chains and what they cook; compared with ``brand`` and with the beginning of a name."""


@dataclass(frozen=True, slots=True)
class Kitchen:
    """A cuisine word and what it was read from; both None where nothing says it."""

    word: str | None = None
    source: CuisineSource | None = None


def kitchen(categories: Sequence[str], names: Sequence[str], brand: str | None, fallback: str | None = None) -> Kitchen:
    """``categories``: the source's own, telling first; ``names``: every name; ``fallback``: what its kind alone says (a cafe)."""
    tag = cuisine_word(list(categories)) or next(
        (word for category in categories if not category.isascii() for word, _ in cuisines_of(category, None, None)),
        fallback,
    )
    if tag is not None and tag not in GENERAL:
        return Kitchen(tag, "tag")
    branded = _brand(brand, names)
    if branded is not None:
        return Kitchen(branded, "brand")
    named = next((word for name in names if (word := _named(name))), None)
    if named is not None and (tag != "中餐" or named in CHINESE_KITCHENS):
        return Kitchen(named, "name")
    if tag is not None:
        return Kitchen(tag, "tag")
    general = next((word for name in names if (word := _first(_GENERAL_FORMS, _plain(name)))), None)
    return Kitchen(general, "name") if general else Kitchen()


def _brand(brand: str | None, names: Sequence[str]) -> str | None:
    texts = [_plain(text) for text in (brand, *names) if text]
    return next((word for text in texts for chain, word in BRANDS.items() if text.startswith(chain)), None)


def _named(name: str) -> str | None:
    """The kitchen that a name says: Chinese forms as for any map, then those of open data, then Latin ones."""
    plain = _plain(name)
    for word, _ in cuisines_of(name, None, None):
        if word not in GENERAL:
            return word
    return _first(_CHINESE_FORMS, plain) or next(
        (word for word, form in _LATIN_FORMS if re.search(rf"(?<![a-zà-öø-ÿ])(?:{form})", plain)), None
    )


def _first(forms: tuple[tuple[str, str], ...], plain: str) -> str | None:
    return next((word for word, form in forms if re.search(form, plain)), None)


def _plain(name: str) -> str:
    """Without width, case and branch."""
    return (
        re.split(r"[(（\[]", unicodedata.normalize("NFKC", name).casefold(), maxsplit=1)[0].strip() or name.casefold()
    )
