"""Single pois of the invented cities: address, rating, price, hours, dishes and telephone, each with its gaps and dirt.

Made on demand from a tile's draws (tiles.py) and names (names.py); sandbox/amap/forms.py writes them to the
wire.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from factory.sandbox.city.names import INJECTED, INJECTED_SHARE, TileNames
from factory.sandbox.city.tables import PLACE_TYPES, City, Landmark, find_city, nearest_district
from factory.sandbox.city.tiles import MULTI, Tile
from factory.sandbox.city.words import PoiKind, kinds, names

ID_PREFIX: Final = "SBX"
LANDMARK_PREFIX: Final = "SBXP"
_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ROWS, _COLUMN = 1024, 4500
"""A tile holds fewer than 1024 pois; tile row numbers stay below 4500 (90 degrees)."""

# Columns of Tile.draws that decide here.
RATED, RATE_A, RATE_B, PRICED, PRICE_A, PRICE_B, HOURS, TEL, DISHES, STREET, HOUSE, FORM = range(9, 21)

DINNER_CNY: Final = 60.0

DAY_HOURS: Final = (
    "10:00-22:00",
    "11:00-14:00 17:00-21:30",
    "11:00-21:30",
    "10:30-22:30",
    "09:00-21:00",
    "11:00-14:30 16:30-22:00",
    "06:30-09:30 11:00-14:00 17:00-21:00",
)
LATE_HOURS: Final = ("16:00-02:00", "17:00-03:00", "11:00-02:00", "11:00-14:00 17:00-01:00", "10:00-24:00")
LIGHT_HOURS: Final = ("08:00-22:00", "07:00-21:00", "00:00-24:00", "09:30-22:30")
SUFFIXES: Final = ("(暂停营业)", "(装修中)")
SHUT_SHARE: Final = 0.016
TODAY_OFF_SHARE: Final = 0.006
GENERAL: Final = ("餐饮服务;中餐厅;中餐厅", "050100")
"""Where some Chinese kitchens are filed: only their key words and names tell what they cook."""
KEYTAGS: Final[dict[str, tuple[str, ...]]] = {
    "火锅": ("牛肉火锅", "重庆火锅", "铜锅涮肉", "火锅"),
    "烧烤": ("炭火烤肉", "烤串", "烧烤"),
    "粤菜": ("粤菜", "烧腊", "早茶"),
    "日本料理": ("日本料理", "寿司", "居酒屋"),
    "西餐": ("西餐", "牛排"),
    "素菜": ("素食", "素菜"),
}
KEYWORDS: Final = (
    "朋友聚餐",
    "有包间",
    "停车方便",
    "可带宠物",
    "靠窗座位",
    "商务宴请",
    "宝宝椅",
    "露台",
    "无线网络",
    "下午茶",
)
KEYWORD_SHARE: Final = 0.04
LATE_KINDS: Final = frozenset({"烧烤", "火锅", "休闲餐饮", "海鲜"})
LIGHT_KINDS: Final = frozenset({"快餐", "咖啡", "冷饮", "糕饼", "甜品", "茶馆", "便利店", "理发"})


@dataclass(frozen=True, slots=True)
class SandboxPoi:
    """One poi as the invented city knows it; None and () are facts that its map does not have."""

    poi_id: str
    name: str
    word: str
    type: str
    typecode: str
    address: str | None
    lng: float
    lat: float
    city: City
    district: str
    adcode: str
    area: str
    tel: str | None = None
    rating: str | None = None
    cost: str | None = None
    open_time: str | None = None
    open_week: str | None = None
    specialities: tuple[str, ...] = ()
    parent: str | None = None
    keytag: str | None = None
    rectag: str | None = None
    keywords: tuple[str, ...] = ()
    """what the shop wrote where its menu belongs"""


def poi_id(ix: int, iy: int, row: int) -> str:
    """The id of a tile's poi; ``read_poi_id`` reverses it."""
    number = (ix * _COLUMN + iy) * _ROWS + row
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return ID_PREFIX + digits.rjust(8, "0")


def read_poi_id(text: str) -> tuple[int, int, int] | None:
    """(ix, iy, row) of an id, or None when it has another form."""
    digits = text.removeprefix(ID_PREFIX)
    if len(digits) != 8 or digits == text or not set(digits) <= set(_DIGITS):
        return None
    tile, row = divmod(int(digits, 36), _ROWS)
    ix, iy = divmod(tile, _COLUMN)
    return ix, iy, row


def landmark_poi(mark: Landmark, number: int) -> SandboxPoi:
    """A real place of the list as a poi of the invented city."""
    city = find_city(mark.city)
    if city is None:
        raise ValueError(f"places.csv names {mark.city}, which cities.csv lacks")
    district = nearest_district(city, mark.lng, mark.lat)
    type_text, typecode = PLACE_TYPES[mark.kind]
    return SandboxPoi(
        poi_id=f"{LANDMARK_PREFIX}{number:04d}",
        name=mark.name,
        word=mark.kind,
        type=type_text,
        typecode=typecode,
        address=None,
        lng=mark.lng,
        lat=mark.lat,
        city=city,
        district=district.name,
        adcode=district.adcode,
        area=mark.name,
    )


def describe(tile: Tile, words: TileNames, row: int) -> SandboxPoi:
    """Everything about one poi of a tile."""
    draw: list[float] = tile.draws[row].tolist()
    kind = kinds()[int(tile.kind[row])]
    lng, lat = float(tile.lng[row]), float(tile.lat[row])
    district = nearest_district(words.city, lng, lat)
    area = words.areas[int(draw[STREET] * 97 % 1.0 * len(words.areas))]
    type_text, typecode = GENERAL if tile.general[row] else _types(kind, draw[MULTI])
    brand = words.brands[row]
    open_time = _hours(kind, draw[HOURS])
    shut = kind.is_restaurant and _other(draw[HOUSE]) < SHUT_SHARE
    keywords = _keywords(draw) if kind.is_restaurant else ()
    return SandboxPoi(
        poi_id=poi_id(tile.ix, tile.iy, row),
        name=words.names[row] + (SUFFIXES[int(draw[STREET] * len(SUFFIXES))] if shut else ""),
        word=kind.word,
        type=type_text,
        typecode=typecode,
        address=_address(draw, words, area),
        lng=lng,
        lat=lat,
        city=words.city,
        district=district.name,
        adcode=district.adcode,
        area=area,
        tel=_tel(words.city, draw[TEL]),
        rating=_rating(draw, brand.rating_shift if brand else 0.0) if kind.is_restaurant else None,
        cost=_cost(draw, kind.price, brand.price_factor if brand else 1.0) if kind.price else None,
        open_time=_today(open_time, draw),
        open_week=_week(open_time, draw),
        specialities=() if keywords else _dishes(brand.dishes if brand else kind.dishes, draw[DISHES]),
        keytag=_keytag(kind, draw) if kind.is_restaurant else None,
        rectag=kind.word if kind.is_restaurant else None,
        keywords=keywords,
    )


def _other(draw: float) -> float:
    """Another uniform number out of a draw that already decides something."""
    return draw * 613 % 1.0


def _keytag(kind: PoiKind, draw: list[float]) -> str:
    forms = KEYTAGS.get(kind.word, (kind.word,))
    return forms[int(_other(draw[TEL]) * len(forms))]


def _keywords(draw: list[float]) -> tuple[str, ...]:
    if _other(draw[DISHES]) >= KEYWORD_SHARE:
        return ()
    start = int(draw[HOUSE] * len(KEYWORDS))
    return (KEYWORDS + KEYWORDS)[start : start + 3]


def _types(kind: PoiKind, draw: float) -> tuple[str, str]:
    """A few belong to two kinds, and say so with a bar."""
    if draw < 0.03 and kind.is_restaurant and kind.typecode != "050100":
        return f"{kind.type}|餐饮服务;中餐厅;中餐厅", f"{kind.typecode}|050100"
    return kind.type, kind.typecode


def _rating(draw: list[float], shift: float) -> str | None:
    if draw[RATED] < 0.08:
        return None
    if draw[RATED] < 0.10:
        return f"{0.4 + 2.5 * draw[RATE_A]:.1f}"
    bell = (draw[RATE_A] + draw[RATE_B] + draw[RATED] * 7 % 1.0 - 1.5) * 0.8
    return f"{min(5.0, max(3.0, 4.15 + shift + bell)):.1f}"


def _cost(draw: list[float], median: float, factor: float) -> str | None:
    """Whole CNY per person with two decimals; lognormal around the kind's median and the brand's level."""
    if draw[PRICED] < 0.09:
        return None
    bell = math.sqrt(-2 * math.log(1 - draw[PRICE_A])) * math.cos(2 * math.pi * draw[PRICE_B])
    spread = 0.35 if factor != 1.0 else 0.8
    # A snack or a coffee varies half as much as a dinner.
    narrow = 1.0 if median >= DINNER_CNY else 0.5
    return f"{max(8, round(median * (factor * math.exp(spread * bell)) ** narrow))}.00"


def _hours(kind: PoiKind, draw: float) -> str | None:
    if draw < 0.1:
        return None
    table = LATE_HOURS if kind.word in LATE_KINDS else LIGHT_HOURS if kind.word in LIGHT_KINDS else DAY_HOURS
    return table[int(draw * 131 % 1.0 * len(table))]


def _today(open_time: str | None, draw: list[float]) -> str | None:
    """The hours of the day of the search: now and then a day off, or only the week is told."""
    dice = _other(draw[HOURS])
    if open_time is None or dice < TODAY_OFF_SHARE:
        return open_time and "今日休息"
    return None if dice < 0.03 else open_time


def _week(open_time: str | None, draw: list[float]) -> str | None:
    """Free text for people, each in its own way: some close later at weekends, some rest on Mondays, some write notices."""
    dice = _other(draw[HOURS])
    if open_time is None or (0.03 <= dice < 0.15):
        return None
    form = draw[STREET] * 389 % 1.0
    late = f"{open_time.split('-')[0]}-{'03:30' if open_time[-5:] < '06:00' else '23:30'}"
    if dice > 0.78 and " " not in open_time:
        return (
            f"周一至周五 {open_time};周六至周日 {late}",
            f"周一至周四{open_time} 周五至周日{late}",
            f"工作日 {open_time}；周末 {late}",
        )[int(form * 3)]
    if dice > 0.72:
        return (f"周二至周日 {open_time}；周一休息", f"每天 {open_time}；周一休息")[int(form * 2)]
    if dice > 0.69:
        return f"夏季 {open_time}，冬季以店内公告为准"
    return (f"周一至周日 {open_time}", f"每天{open_time}", f"周一至周日 {open_time.replace(' ', ',')}")[int(form * 3)]


def _tel(city: City, draw: float) -> str | None:
    """Numbers that no telephone has: after the area code comes a 0, a mobile number begins with 100."""
    number = int(draw * 1e7)
    fixed, mobile = f"{city.citycode}-0{number:07d}", f"100{number * 13 % 10**8:08d}"
    if draw < 0.15:
        return None
    if draw < 0.19:
        return f"{fixed},0"
    return fixed if draw < 0.6 else mobile if draw < 0.8 else f"{fixed};{mobile}"


def _dishes(menu: tuple[str, ...], draw: float) -> tuple[str, ...]:
    if draw < 0.14 or not menu:
        return ()
    count = 2 + int(draw * 53 % 1.0 * 3)
    start = int(draw * 101 % 1.0 * len(menu))
    turned = menu[start:] + menu[:start]
    return turned[:count]


def _address(draw: list[float], words: TileNames, area: str) -> str | None:
    if INJECTED_SHARE / 2 <= draw[INJECTED] < INJECTED_SHARE:
        hostile = names().injections_address
        return hostile[int(draw[HOUSE] * len(hostile))]
    form = draw[FORM]
    if form < 0.01:
        return None
    street = words.streets[int(draw[STREET] * len(words.streets))]
    house = f"{street}{1 + int(draw[HOUSE] ** 2 * 280)}号"
    floor = 1 + int(form * 89 % 1.0 * 5)
    if form < 0.55:
        return house
    if form < 0.7:
        return f"{house}{names().malls[int(draw[HOUSE] * 10)]}广场{floor}层"
    if form < 0.8:
        return f"{house}院{floor}号楼1层{100 + floor}"
    if form < 0.9:
        other = words.streets[(words.streets.index(street) + 1) % len(words.streets)]
        return f"{street}与{other}交叉口{'东西南北'[floor % 4]}{20 * floor}米"
    return f"{area}{house}底商"
