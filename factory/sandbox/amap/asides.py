"""Smaller endpoints of the map server that clients call beside search: weather, IP, input tips, conversion of coordinates.

Invented, always the same for the same question. Called by server.py; gives bytes.
"""

from __future__ import annotations

import ipaddress
from typing import Final

from factory.geo import wgs84_to_gcj02
from factory.sandbox.amap.answers import InfocodeRefusal, Json, Params, encode, read_point
from factory.sandbox.amap.forms import EMPTY
from factory.sandbox.city.city import World
from factory.sandbox.city.tables import City, cities, find_city
from factory.sandbox.city.tiles import hash_number

SKIES: Final = ("晴", "多云", "阴", "小雨")
WINDS: Final = ("东", "南", "西", "北")
REPORTED: Final = "2026-01-01 08:00:00"
DAYS: Final = 4
TIPS_MOST: Final = 10
POINTS_MOST: Final = 40


def weather(params: Params) -> bytes:
    """``/v3/weather/weatherInfo``: extensions base gives ``lives``, all ``forecasts``. Raises Refused."""
    city = find_city(params.required("city"))
    everything = params.get("extensions", "base") == "all"
    rows = [] if city is None else [_forecast(city) if everything else _live(city)]
    return encode(_ok("OK") | {"count": str(len(rows)), "forecasts" if everything else "lives": rows}, 1)


def _live(city: City) -> Json:
    dice = hash_number("weather", city.name)
    return _where(city) | {
        "weather": SKIES[dice % 4],
        "temperature": str(5 + dice % 25),
        "winddirection": WINDS[dice // 7 % 4],
        "windpower": "≤3",
        "humidity": str(30 + dice % 60),
        "reporttime": REPORTED,
        "temperature_float": f"{5 + dice % 25}.0",
        "humidity_float": f"{30 + dice % 60}.0",
    }


def _forecast(city: City) -> Json:
    casts = []
    for day in range(DAYS):
        dice = hash_number("weather", city.name, day)
        casts.append(
            {
                "date": f"2026-01-0{1 + day}",
                "week": str(4 + day if day < 4 else day - 3),
                "dayweather": SKIES[dice % 4],
                "nightweather": SKIES[dice // 4 % 4],
                "daytemp": str(10 + dice % 20),
                "nighttemp": str(dice % 10),
                "daywind": WINDS[dice % 4],
                "nightwind": WINDS[dice // 4 % 4],
                "daypower": "1-3",
                "nightpower": "1-3",
            }
        )
    return _where(city) | {"reporttime": REPORTED, "casts": casts}


def _where(city: City) -> Json:
    return {"province": city.province, "city": city.name, "adcode": city.adcode}


def ip(params: Params) -> bytes:
    """``/v3/ip``: a private address (or none) is 局域网, any other one some city, nonsense nothing. Raises Refused."""
    body = _ok("OK") | dict.fromkeys(("province", "city", "adcode", "rectangle"), EMPTY)
    try:
        address = ipaddress.ip_address(params.get("ip", "127.0.0.1"))
    except ValueError:
        return encode(body, 1)
    if address.version != 4:
        raise InfocodeRefusal("20000")
    if address.is_private:
        return encode(body | {"province": "局域网"}, 1)
    city = cities()[hash_number("ip", str(address)) % len(cities())]
    corners = f"{city.lng - 0.3:.6f},{city.lat - 0.3:.6f};{city.lng + 0.3:.6f},{city.lat + 0.3:.6f}"
    return encode(body | {"province": city.province, "city": city.name, "adcode": city.adcode, "rectangle": corners}, 1)


class Tips:
    """Input tips: landmarks whose name holds the words, those that begin with them first."""

    def __init__(self, world: World) -> None:
        self._world = world

    def give(self, params: Params) -> bytes:
        """``/v3/assistant/inputtips``. Raises Refused."""
        words = params.required("keywords")
        city = find_city(params["city"]) if "city" in params else None
        only = params.get("citylimit", "false").lower() == "true"
        marks = [
            mark for mark in self._world.landmarks() if words in mark.name and (not only or city in (None, mark.city))
        ]
        marks.sort(key=lambda mark: (mark.city is not city, not mark.name.startswith(words), mark.name))
        tips = [
            {
                "id": mark.poi_id,
                "name": mark.name,
                "district": f"{mark.city.province}{mark.city.name}{mark.district}",
                "adcode": mark.adcode,
                "location": f"{mark.lng:.6f},{mark.lat:.6f}",
                "address": mark.address or EMPTY,
                "typecode": mark.typecode,
                "city": EMPTY,
            }
            for mark in marks[:TIPS_MOST]
        ]
        return encode(_ok("OK") | {"count": str(len(tips)), "tips": tips}, 2)


def convert(params: Params) -> bytes:
    """``/v3/assistant/coordinate/convert`` from gps (or autonavi: as it is); other systems are refused. Raises Refused."""
    points = [read_point(text) for text in params.required("locations").replace("|", ";").split(";")]
    system = params.get("coordsys", "autonavi")
    if len(points) > POINTS_MOST or system not in {"gps", "autonavi"}:
        raise InfocodeRefusal("20000")
    moved = [wgs84_to_gcj02(*point) if system == "gps" else point for point in points]
    return encode(_ok("ok") | {"locations": ";".join(f"{lng:.12f},{lat:.12f}" for lng, lat in moved)}, 1)


def _ok(info: str) -> Json:
    return {"status": "1", "info": info, "infocode": "10000"}
