"""Cuisine words and AMap's type codes, both ways.

Codes are those of the official POI classification (first segment 05, 餐饮服务). A cuisine without a code of its own
(烧烤) is searched by keyword within the general type.
"""

from __future__ import annotations

from factory.maps.open.words import CUISINE_TOKENS

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
_BY_NAME = ("烧烤", "烤串", "烤肉")
"""Name parts that make a general restaurant a 烧烤 place: the classification has no code for it."""


def search_terms(cuisine: str | None) -> tuple[str | None, str]:
    """(keywords, types) that ask for a cuisine; None asks for all restaurants."""
    if cuisine is None:
        return None, GENERAL
    codes = CODES.get(cuisine)
    return (None, "|".join(codes)) if codes else (cuisine, GENERAL)


def cuisine_of(name: str, typecode: str | None, type_text: str | None) -> str | None:
    """The cuisine word of a poi: by its code, else by its name or type text, else None (unknown)."""
    for code in (typecode or "").split("|"):
        if code in _BY_CODE:
            return _BY_CODE[code]
    text = name + (type_text or "")
    if any(part in text for part in _BY_NAME):
        return "烧烤"
    return None
