"""AMap's JSON to typed records, tolerant of every empty form (``[]``, ``""``, missing, ``[[]]``) and of each age's fields.

Pure. v3 has rating, price and hours in ``biz_ext``; v5 in ``business``; both give numbers as strings.
"""

from __future__ import annotations

import re
from typing import Any

from factory.geo import LngLat
from factory.maps.cuisines import cuisine_of
from factory.records import Poi

_SPLIT = re.compile(r"[,，、;；|]+")


def text(value: Any) -> str | None:
    """A string with content, or None for every form of empty."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return None


def number(value: Any) -> float | None:
    """A number given as string or number; 0 stands for "unknown" in ratings and prices."""
    try:
        found = float(text(value) or "")
    except ValueError:
        return None
    return found if found > 0 else None


def part(value: Any) -> dict[str, Any]:
    """A nested object, or nothing."""
    return value if isinstance(value, dict) else {}


def rows(value: Any) -> list[dict[str, Any]]:
    """A list of objects; ``[]``, ``[[]]``, ``""`` and a missing list are all empty."""
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def point(value: Any) -> LngLat | None:
    """``"lng,lat"``."""
    try:
        lng, lat = (float(axis) for axis in (text(value) or "").split(","))
    except ValueError:
        return None
    return LngLat(lng, lat)


def poi(row: dict[str, Any]) -> Poi | None:
    """One poi of either API; None when it has no id, name or location."""
    where, poi_id, name = point(row.get("location")), text(row.get("id")), text(row.get("name"))
    if where is None or poi_id is None or name is None:
        return None
    v3, v5 = part(row.get("biz_ext")), part(row.get("business"))
    typecode, type_text = text(row.get("typecode")), text(row.get("type"))
    distance = number(row.get("distance"))
    return Poi(
        poi_id=poi_id,
        name=name,
        address=text(row.get("address")),
        lng=where.lng,
        lat=where.lat,
        type=type_text,
        typecode=typecode,
        cuisine=cuisine_of(name, typecode, type_text),
        rating=number(v5.get("rating")) or number(v3.get("rating")),
        cost_cny=number(v5.get("cost")) or number(v3.get("cost")),
        distance_m=round(distance) if distance is not None else None,
        open_hours=_hours(v3, v5),
        tel=text(v5.get("tel")) or text(row.get("tel")),
        specialities=_dishes(v5.get("tag")) or _dishes(row.get("tag")),
    )


def _hours(v3: dict[str, Any], v5: dict[str, Any]) -> str | None:
    candidates = (v5.get("opentime_today"), v5.get("opentime_week"), v3.get("open_time"), v3.get("opentime2"))
    return next((found for value in candidates if (found := text(value))), None)


def _dishes(value: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(dish.strip() for dish in _SPLIT.split(text(value) or "") if dish.strip()))
