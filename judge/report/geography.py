"""The map as plain vectors: places on a plane for the overview, and each place's restaurants in metres around it.

No tiles and no outlines: nothing is fetched, and nothing that needs another licence stands in the page.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from judge.report.items import MapPlace

WIDTH, HEIGHT, MARGIN, LABEL = 860.0, 520.0, 30.0, 64.0
"""``LABEL``: room for a name on the right of the last dot."""
METRES_A_DEGREE = 111_320.0


@dataclass(frozen=True, slots=True)
class Dot:
    """One place on the overview; ``radius`` grows with the root of its samples, ``label`` is empty where it would collide."""

    index: int
    x: float
    y: float
    radius: float
    side: str
    name: str
    samples: int
    label: str
    left: bool
    """Whether the label stands on the left of its dot."""


@dataclass(frozen=True, slots=True)
class Overview:
    """The drawn map: dots, its width (of a height of 520), and the length of a scale bar."""

    dots: tuple[Dot, ...]
    width: float
    bar_px: float
    bar_km: float


def overview(places: tuple[MapPlace, ...]) -> Overview | None:
    """Equirectangular around the middle latitude; None without places."""
    if not places:
        return None
    squeeze = math.cos(math.radians(sum(place.lat for place in places) / len(places)))
    left, right = min(place.lng for place in places), max(place.lng for place in places)
    low, high = min(place.lat for place in places), max(place.lat for place in places)
    span_x, span_y = max((right - left) * squeeze, 0.02), max(high - low, 0.02)
    scale = min((WIDTH - 2 * MARGIN - LABEL) / span_x, (HEIGHT - 2 * MARGIN) / span_y)
    width = max(span_x * scale + 2 * MARGIN + LABEL, 0.8 * HEIGHT)
    shift_x = (width - LABEL - span_x * scale) / 2
    shift_y = (HEIGHT - span_y * scale) / 2
    most = max(place.samples for place in places)
    spots = [(shift_x + (place.lng - left) * squeeze * scale, shift_y + (high - place.lat) * scale) for place in places]
    boxes: list[tuple[float, float]] = []
    told: set[str] = set()
    dots = []
    local = max(span_x, span_y) < 2.0
    for index, place in sorted(enumerate(places), key=lambda pair: (-pair[1].samples, pair[0])):
        x, y = spots[index]
        name = place.name if local else place.city
        side = 0 if name in told else next((way for way in (1, -1) if _free(x, y, way, spots, boxes)), 0)
        if side:
            boxes.append((x + side * LABEL / 2, y))
            told.add(name)
        label = name if side else ""
        radius = 2.5 + 5 * math.sqrt(place.samples / most)
        dots.append(Dot(index, x, y, radius, place.side, place.name, place.samples, label, side < 0))
    km = scale / METRES_A_DEGREE * 1000
    bar = _round(120 / km)
    return Overview(tuple(dots), width, bar * km, bar)


def _free(x: float, y: float, way: int, spots: list[tuple[float, float]], boxes: list[tuple[float, float]]) -> bool:
    """Whether a label on the right (1) or left (-1) of a dot covers no other label and no dot of another city."""
    middle = x + way * LABEL / 2
    other = [(x2, y2) for x2, y2 in spots if math.hypot(x2 - x, y2 - y) > 12]
    clear = all(abs(x2 - middle) > LABEL / 2 or abs(y2 - y) > 9 for x2, y2 in other)
    return clear and middle > LABEL / 2 and all(abs(x2 - middle) > LABEL or abs(y2 - y) > 15 for x2, y2 in boxes)


def _round(length: float) -> float:
    """The largest of 1, 2, 5 times a power of ten below a length."""
    power = 10.0 ** math.floor(math.log10(length))
    return float(max(step * power for step in (1, 2, 5) if step * power <= length * (1 + 1e-9)))


def around(place: MapPlace) -> dict[str, Any]:
    """A place's restaurants as whole metres east and north, for the detail map."""
    squeeze = math.cos(math.radians(place.lat)) * METRES_A_DEGREE
    return {
        "name": place.name,
        "city": place.city,
        "side": place.side,
        "samples": place.samples,
        "pois": [
            [name, round((lng - place.lng) * squeeze), round((lat - place.lat) * METRES_A_DEGREE), times]
            for name, lng, lat, times in place.pois
        ],
    }
