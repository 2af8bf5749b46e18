"""AMap's JSON to typed records, tolerant of every empty form (``[]``, ``""``, missing, ``[[]]``) and of each age's fields.

Pure. v3 has rating, price and hours in ``biz_ext``; v5 in ``business``; both give numbers as strings. What lies outside the
plausible (a rating of 99.9, a point off the earth, a text that was damaged on its way) is no fact: it is left out, or the row
with it. Text loses what is not seen.
"""

from __future__ import annotations

import math
import re
from typing import Any

from factory.geo import LngLat
from factory.maps.amap.menus import dishes_and_keywords
from factory.maps.cuisines import cuisines_of
from factory.maps.plain import MOST_ADDRESS, MOST_FACT, MOST_ID, MOST_NAME, is_sound, plain
from factory.records import Poi
from factory.verifier.hours import status_of

MOST_STARS = 5.0
MOST_CNY = 20_000.0
"""Per person; the dearest tables of the country take about half."""
_LIST_NUMBER = re.compile(r"^\d{1,3}[.、．)）]\s+(?=\S)")
_STATUS_FIELDS = ("status", "business_status", "opening_status", "operating_status")


def text(value: Any) -> str | None:
    """A string with content that can be seen, or None for every form of empty."""
    if isinstance(value, str):
        return plain(value) or None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return None


def number(value: Any, most: float = math.inf) -> float | None:
    """A finite number given as string or number, up to ``most``; 0 stands for "unknown" in ratings and prices."""
    try:
        amount = float(text(value) or "")
    except ValueError:
        return None
    return amount if 0 < amount <= most and math.isfinite(amount) else None


def part(value: Any) -> dict[str, Any]:
    """A nested object, or nothing."""
    return value if isinstance(value, dict) else {}


def rows(value: Any) -> list[dict[str, Any]]:
    """A list of objects; ``[]``, ``[[]]``, ``""`` and a missing list are all empty."""
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def odd_rows(value: Any) -> int:
    """Entries of a list that are neither an object nor a form of empty: something stood there that nobody can read."""
    return sum(not isinstance(row, dict) and bool(row) for row in value) if isinstance(value, list) else 0


def point(value: Any) -> LngLat | None:
    """``"lng,lat"`` on the earth; 0,0 is how services write that they do not know."""
    axes = value if isinstance(value, list) else (text(value) or "").replace("，", ",").split(",")
    try:
        lng, lat = (float(text(axis) or "") for axis in axes)
    except ValueError:
        return None
    return LngLat(lng, lat) if abs(lng) <= 180 and abs(lat) <= 90 and (lng or lat) else None


def _name(value: Any) -> str | None:
    """Without the number of a list that it was copied from (``12. 小馆``): an answer's own list would be read by it."""
    return _LIST_NUMBER.sub("", text(value) or "") or None


def _fact(value: Any) -> str | None:
    """A text that may be missing: one that was damaged, or is endless, is left out."""
    words = text(value)
    return words if is_sound(words, MOST_FACT) else None


def poi(row: dict[str, Any]) -> Poi | None:
    """One poi of either API, or None.

    A row without id, name or location is unreadable, and so is one whose id, name, address or type was damaged or is endless.
    """
    where, poi_id, name = point(row.get("location")), text(row.get("id")), _name(row.get("name"))
    if where is None or poi_id is None or name is None:
        return None
    address, type_text = text(row.get("address")), text(row.get("type"))
    limits = ((poi_id, MOST_ID), (name, MOST_NAME), (address, MOST_ADDRESS), (type_text, MOST_ADDRESS))
    if not all(is_sound(words, most) for words, most in limits):
        return None
    v3, v5 = part(row.get("biz_ext")), part(row.get("business"))
    typecode = _fact(row.get("typecode"))
    keytag, rectag = (
        _fact(v5.get("keytag")) or _fact(row.get("keytag")),
        _fact(v5.get("rectag")) or _fact(row.get("rectag")),
    )
    cuisines = cuisines_of(name, typecode, type_text, keytag, rectag)
    dishes, keywords = dishes_and_keywords(_fact(v5.get("tag")) or _fact(row.get("tag")), typecode)
    distance = number(row.get("distance"))
    today = _fact(v5.get("opentime_today")) or _fact(v3.get("open_time"))
    week = _fact(v5.get("opentime_week")) or _fact(v3.get("opentime2"))
    states = [_fact(holder[name_]) for holder in (row, v3, v5) for name_ in _STATUS_FIELDS if name_ in holder]
    tags = {"keytag": keytag, "rectag": rectag, "keywords": "、".join(keywords)}
    return Poi(
        poi_id=poi_id,
        name=name,
        address=address,
        lng=where.lng,
        lat=where.lat,
        type=type_text,
        typecode=typecode,
        cuisine=cuisines[0][0] if cuisines else None,
        rating=number(v5.get("rating"), MOST_STARS) or number(v3.get("rating"), MOST_STARS),
        cost_cny=number(v5.get("cost"), MOST_CNY) or number(v3.get("cost"), MOST_CNY),
        distance_m=round(distance) if distance is not None else None,
        open_hours=today or week,
        tel=_fact(v5.get("tel")) or _fact(row.get("tel")),
        specialities=dishes,
        tags=tuple((key, value) for key, value in tags.items() if value),
        open_week=week,
        status=status_of(name, today, week, *states),
        cuisine_source=cuisines[0][1] if cuisines else None,
    )
