"""A small invented world for tests of the reading: five restaurants near one place, one wish, one plain answer about them."""

from __future__ import annotations

from datetime import UTC, datetime

from factory.geo import destination
from factory.records import Candidate, Evidence, Place, Poi, SearchRecord, Verification, Wish
from factory.verifier import verify

PLACE = Place("北京市/清华大学", "清华大学", "北京市", None, 116.3265, 39.9997, "GCJ-02")
WISH = Wish("川菜", "喜欢辣", 50, 100, 2000, party_size=4, meal_time="午餐")
NOBODY_FITS = Wish("川菜", "喜欢辣", 200, None, 2000, party_size=4, meal_time="午餐")
QUESTION = "我们四个人在清华大学，午餐想吃川菜，喜欢辣，人均50到100元，有推荐吗？"
QUESTION_DEAR = "我们四个人在清华大学，午餐想吃川菜，喜欢辣，人均200元以上，有推荐吗？"


def _poi(
    number: int,
    name: str,
    distance_m: int,
    rating: float | None,
    cost: float,
    hours: str | None,
    dishes: tuple[str, ...] = (),
    **more: str,
) -> Poi:
    where = destination(PLACE.lng, PLACE.lat, 70.0 * number, distance_m)
    return Poi(
        poi_id=f"SBX{number:08d}",
        name=name,
        address=more.get("address", f"学院路{number * 10}号"),
        lng=where.lng,
        lat=where.lat,
        cuisine="川菜",
        rating=rating,
        cost_cny=cost,
        distance_m=distance_m,
        open_hours=hours,
        open_week=f"周一至周日 {hours}" if hours and "week" in more else None,
        tel=more.get("tel"),
        specialities=dishes,
        tags=(("wheelchair", "no"),) if number == 1 else (),
    )


POIS = (
    _poi(
        1,
        "川香园(清河店)",
        290,
        4.5,
        80.0,
        "10:30-22:00",
        ("回锅肉", "麻婆豆腐"),
        address="双榆树北里3号",
        tel="010-62551234",
        week="yes",
    ),
    _poi(2, "蜀味轩", 800, 4.2, 95.0, "11:00-14:00 17:00-21:00", ("水煮鱼",)),
    _poi(3, "渝阁小馆", 1200, None, 60.0, None),
    _poi(4, "福满川菜馆(东门店)", 1500, 4.5, 140.0, "10:00-24:00", ("毛血旺",)),
    _poi(5, "老灶台", 1800, 3.6, 100.0, "16:00-02:00"),
    _poi(6, "云汇食府", 1900, 3.9, 70.0, "11:00-21:30", ("口水鸡",)),
)
EVIDENCE = Evidence(
    pois=POIS,
    searches=(SearchRecord("川菜", 2000, 1, exhausted=True, covered_m=2000),),
    provider="sandbox",
    datum="GCJ-02",
    licence="invented",
    attribution="invented",
    facts=frozenset({"rating", "cost_cny", "open_hours", "specialities", "address", "cuisine"}),
    fetched_at=datetime(2026, 11, 23, tzinfo=UTC),
)
OPENING = "推荐下面五家："
CLOSING = "祝您用餐愉快！"
ITEMS = (
    "评分4.5，人均80元，距离290米。",
    "评分4.2，人均95元，距离800米。",
    "人均60元，距离1200米。",
    "人均140元，超出了您的预算，距离1500米。",
    "人均100元，距离1800米，午餐时段不营业。",
)


def answer(opening: str = OPENING, closing: str = CLOSING, **additions: str) -> str:
    """The plain answer with other words at one place; ``additions``: item1 to item5, added to that item."""
    rows = [
        f"{number}. {poi.name}：{ITEMS[number - 1]}{additions.get(f'item{number}', '')}"
        for number, poi in enumerate(POIS[:5], 1)
    ]
    return "\n".join([opening, *rows, "", closing])


def check(text: str, *, feasible: bool = True) -> Verification:
    """Verify an answer of this world, text alone; ``feasible`` False: for the wish that nobody fits."""
    candidate = Candidate("x", "x", 0, QUESTION if feasible else QUESTION_DEAR, text, (), feasible)
    wish = WISH if feasible else NOBODY_FITS
    return verify(candidate, wish=wish, place=PLACE, evidence=EVIDENCE, structured=False)


def said_at(where: str, text: str) -> Verification:
    """Verify the plain answer with a text at one place: opening, closing, item1 to item5, none (nothing fits)."""
    if where == "none":
        head = "清华大学2公里内没有完全符合要求的川菜，最接近的选择是：" if "没有" not in text else text
        rows = f"{head}\n1. 福满川菜馆(东门店)：人均140元，低于您的预算。\n\n{CLOSING}"
        return check(rows, feasible=False)
    ended = text if text[-1] in "。！？：" else f"{text}。"
    if where in {"opening", "closing"}:
        return check(answer(**{where: ended}))
    return check(answer(**{where: ended}))
