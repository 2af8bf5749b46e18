"""Cuisine words and AMap's type codes, both ways.

Codes are those of the official POI classification (first segment 05, 餐饮服务). A cuisine without a code of its own
(烧烤) is searched by keyword within the general type.
"""

from __future__ import annotations

import re
from functools import lru_cache

from factory.maps.open.words import CUISINE_TOKENS
from factory.records import CuisineSource

CODES: dict[str, tuple[str, ...]] = {
    "川菜": ("050102",),
    "粤菜": ("050103",),
    "鲁菜": ("050104",),
    "江浙菜": ("050105", "050106"),
    "上海菜": ("050107",),
    "湘菜": ("050108",),
    "徽菜": ("050109",),
    "福建菜": ("050110",),
    "北京菜": ("050111",),
    "湖北菜": ("050112",),
    "东北菜": ("050113",),
    "云贵菜": ("050114",),
    "西北菜": ("050115",),
    "火锅": ("050117",),
    "海鲜": ("050119",),
    "素菜": ("050120",),
    "清真菜": ("050121",),
    "台湾菜": ("050122",),
    "潮州菜": ("050123",),
    "西餐": ("050201", "050208", "050211"),
    "日本料理": ("050202",),
    "韩国料理": ("050203",),
    "法国菜": ("050204",),
    "意大利菜": ("050205",),
    "泰国菜": ("050206",),
    "地中海菜": ("050207",),
    "印度菜": ("050209",),
    "英国菜": ("050210",),
    "俄国菜": ("050212",),
    "葡国菜": ("050213",),
    "德国菜": ("050214",),
    "巴西菜": ("050215",),
    "墨西哥菜": ("050216",),
    "咖啡": ("050500", "050501", "050502", "050503", "050504"),
    "茶馆": ("050600",),
    "甜品": ("050900",),
    "快餐": ("050300", "050301", "050302", "050303", "050304", "050306", "050309", "050311"),
}
CUISINES_KNOWN: tuple[str, ...] = tuple(dict.fromkeys((*CODES, "烧烤", *CUISINE_TOKENS)))
"""Every cuisine word that a restaurant of any provider may carry."""
GENERAL = "050000"
_BY_CODE = {code: word for word, codes in CODES.items() for code in codes}
_FORMS: dict[str, tuple[str, ...]] = {
    "火锅": ("火锅", "涮肉", "涮羊肉", "涮锅", "串串香", "冒菜火锅"),
    "烧烤": ("烧烤", "烤串", "烤肉", "串吧", "撸串", "烧鸟"),
    "川菜": ("川菜", "四川菜", "巴蜀", "川味", "重庆菜", "渝菜", "江湖菜"),
    "粤菜": ("粤菜", "广东菜", "广府菜", "粤味", "烧腊", "早茶", "顺德菜"),
    "湘菜": ("湘菜", "湖南菜", "湘味"),
    "东北菜": ("东北菜", "铁锅炖", "东北"),
    "江浙菜": ("江浙菜", "浙江菜", "浙菜", "江苏菜", "苏帮菜", "淮扬菜", "杭帮菜", "杭州菜", "江南菜"),
    "上海菜": ("上海菜", "本帮菜", "沪菜"),
    "鲁菜": ("鲁菜", "山东菜"),
    "徽菜": ("徽菜", "安徽菜", "徽州菜"),
    "福建菜": ("福建菜", "闽菜", "闽南菜"),
    "北京菜": ("北京菜", "京菜", "京味菜", "烤鸭"),
    "湖北菜": ("湖北菜", "鄂菜"),
    "云贵菜": ("云贵菜", "云南菜", "滇菜", "贵州菜", "黔菜"),
    "西北菜": ("西北菜", "新疆菜", "陕西菜", "西北"),
    "潮州菜": ("潮州菜", "潮汕菜", "潮菜"),
    "台湾菜": ("台湾菜", "台菜"),
    "海鲜": ("海鲜",),
    "素菜": ("素菜", "素食", "素斋", "净素"),
    "清真菜": ("清真",),
    "日本料理": ("日本料理", "日料", "日式料理", "寿司", "居酒屋", "割烹", "日本菜"),
    "韩国料理": ("韩国料理", "韩式料理", "韩餐", "韩料", "韩国菜"),
    "西餐": ("西餐", "牛排", "扒房", "牛扒"),
    "法国菜": ("法国菜", "法餐", "法式餐厅"),
    "意大利菜": ("意大利菜", "意餐", "意式餐厅"),
    "泰国菜": ("泰国菜", "泰式", "泰餐"),
    "越南菜": ("越南菜",),
    "印度菜": ("印度菜", "印度餐厅"),
    "俄国菜": ("俄国菜", "俄餐", "俄式餐厅", "俄罗斯菜"),
    "墨西哥菜": ("墨西哥菜",),
    "咖啡": ("咖啡",),
    "茶馆": ("茶馆", "茶艺", "茶社"),
    "甜品": ("甜品", "糖水"),
    "快餐": ("快餐",),
}
"""How key words, names and type texts say a cuisine, where the type code does not."""


def search_terms(cuisine: str | None) -> tuple[str | None, str]:
    """(keywords, types) that ask for a cuisine; None asks for all restaurants."""
    if cuisine is None:
        return None, GENERAL
    codes = CODES.get(cuisine)
    return (None, "|".join(codes)) if codes else (cuisine, GENERAL)


def cuisines_of(
    name: str, typecode: str | None, type_text: str | None, keytag: str | None = None, rectag: str | None = None
) -> tuple[tuple[str, CuisineSource], ...]:
    """Every cuisine that a poi's data shows, with what shows it, the most telling first.

    A code that names a kitchen settles the name's and the type's words (川味火锅 is what its code says); AMap's own key words
    stand beside it, and are all there is for a general code.
    """
    shown: dict[str, CuisineSource] = {}
    for code in (typecode or "").split("|"):
        if code in _BY_CODE:
            shown.setdefault(_BY_CODE[code], "code")
    coded = bool(shown)
    sources: tuple[tuple[str | None, CuisineSource], ...] = ((keytag, "keytag"), (rectag, "rectag"))
    if not coded:
        sources += ((_bare(name), "name"), (type_text, "type"))
    for text, source in sources:
        for word in _words(text):
            shown.setdefault(word, source)
    return tuple(shown.items())


def cuisine_source(
    cuisine: str,
    name: str,
    typecode: str | None,
    type_text: str | None,
    keytag: str | None = None,
    rectag: str | None = None,
) -> CuisineSource | None:
    """What shows that a poi is of this cuisine, or None."""
    return dict(cuisines_of(name, typecode, type_text, keytag, rectag)).get(cuisine)


def _bare(name: str) -> str:
    """A name without its branch: 万达海鲜城店 is where a shop stands, not what it cooks."""
    return _BRANCH.split(name, maxsplit=1)[0]


_BRANCH = re.compile(r"[(（\[【]")


@lru_cache(maxsize=1 << 14)
def _words(text: str | None) -> tuple[str, ...]:
    """The cuisines that a text names, the last named first: in 潮汕海鲜火锅 the shop is a 火锅. Kept: types and dishes recur."""
    spots = [
        (text.rfind(form) + len(form), len(form), word)
        for word, forms in _FORMS.items()
        for form in forms
        if text and form in text
    ]
    return tuple(dict.fromkeys(word for _, _, word in sorted(spots, reverse=True)))
