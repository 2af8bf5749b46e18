"""What the sandbox's map server answers about points: their names (regeo), distances between them, a walk.

Called by server.py with a request's parameters; gives the answer's bytes.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from factory.sandbox.amap.answers import InfocodeRefusal, Json, Params, encode, read_point
from factory.sandbox.amap.forms import EMPTY
from factory.sandbox.city.city import Query, World
from factory.sandbox.city.tables import distances_m, in_china, nearest_district

ROAD_FACTOR: Final = 1.3
DRIVE_M_S, WALK_M_S = 8.0, 1.25
WALK_MOST_M: Final = 100_000
ORIGINS_MOST: Final = 100
REGEO_RADIUS_M: Final = 1_000
REGEO_POIS: Final = 30
BATCH_MOST: Final = 20


class PointServices:
    """What starts from coordinates: their names, distances, a walk."""

    def __init__(self, world: World) -> None:
        self._world = world

    def regeo(self, params: Params) -> bytes:
        """``/v3/geocode/regeo``: a point outside the country gives a success with nothing in it. Raises Refused."""
        batch = params.get("batch", "false").lower() == "true"
        texts = params.required("location").split("|") if batch else [params.required("location")]
        points = [read_point(text) for text in texts]
        radius_m = params.whole("radius", REGEO_RADIUS_M)
        if not 0 <= radius_m <= 3_000 or len(points) > BATCH_MOST:
            raise InfocodeRefusal("20000")
        everything = params.get("extensions", "base") == "all"
        regeocodes = [
            self._regeocode(lng, lat, radius_m, everything=everything) if in_china(lng, lat) else _nowhere()
            for lng, lat in points
        ]
        named: Json = {"regeocodes": regeocodes} if batch else {"regeocode": regeocodes[0]}
        return encode({"status": "1", "info": "OK", "infocode": "10000"} | named, 2)

    def _regeocode(self, lng: float, lat: float, radius_m: int, *, everything: bool) -> Json:
        city = self._world.city_at(lng, lat)
        district = nearest_district(city, lng, lat)
        street, area = self._world.street_at(lng, lat)
        number = f"{1 + int(lng * 1e5) % 200}号"
        component = {
            "country": "中国",
            "province": city.province,
            "city": EMPTY if city.is_municipality else city.name,
            "citycode": city.citycode,
            "district": district.name,
            "adcode": district.adcode,
            "township": f"{area}街道",
            "towncode": district.adcode + "001000",
            "neighborhood": {"name": EMPTY, "type": EMPTY},
            "building": {"name": EMPTY, "type": EMPTY},
            "streetNumber": {
                "street": street,
                "number": number,
                "location": f"{lng:.6f},{lat:.6f}",
                "direction": "东",
                "distance": f"{lng * 1e6 % 200:.3f}",
            },
            "businessAreas": [EMPTY],
        }
        prefix = city.name if city.is_municipality else city.province + city.name
        regeocode: Json = {
            "formatted_address": f"{prefix}{district.name}{area}街道{street}{number}",
            "addressComponent": component,
        }
        if everything:
            regeocode |= {"roads": EMPTY, "roadinters": EMPTY, "aois": EMPTY, "pois": self._near(lng, lat, radius_m)}
        return regeocode

    def _near(self, lng: float, lat: float, radius_m: int) -> list[Json]:
        near = self._world.around(lng, lat, float(radius_m), Query())
        pois = [poi for poi in map(self._world.poi, near.ids[:REGEO_POIS]) if poi is not None]
        return [
            {
                "id": poi.poi_id,
                "name": poi.name,
                "type": poi.type,
                "tel": poi.tel or EMPTY,
                "distance": f"{metres}.{metres % 10}",
                "direction": "东",
                "address": poi.address or EMPTY,
                "location": f"{poi.lng:.6f},{poi.lat:.6f}",
                "poiweight": "0.1",
                "businessarea": EMPTY,
            }
            for poi, metres in zip(pois, near.distances_m, strict=False)
        ]

    def distance(self, params: Params) -> bytes:
        """``/v3/distance``: type 0 straight, 1 by car, 3 on foot (a set factor longer). Raises Refused."""
        origins = params.required("origins").split("|")
        lng, lat = params.point("destination")
        kind = params.get("type", "1")
        if len(origins) > ORIGINS_MOST or kind not in {"0", "1", "3"}:
            raise InfocodeRefusal("20000")
        rows = [_distance_row(number, read_point(origin), (lng, lat), kind) for number, origin in enumerate(origins, 1)]
        body = {"status": "1", "info": "OK", "infocode": "10000", "count": str(len(rows)), "results": rows}
        return encode(body, 3)

    def walking(self, params: Params) -> bytes:
        """``/v3/direction/walking``: one step in a straight line; its info is in lower case. Raises Refused."""
        start, end = params.point("origin"), params.point("destination")
        if not (in_china(*start) and in_china(*end)):
            raise InfocodeRefusal("20800")
        metres = round(_straight_m(start, end) * ROAD_FACTOR)
        if metres > WALK_MOST_M:
            raise InfocodeRefusal("20803")
        line = f"{start[0]:.6f},{start[1]:.6f};{end[0]:.6f},{end[1]:.6f}"
        seconds = str(math.ceil(metres / WALK_M_S))
        step = {
            "instruction": f"步行{metres}米到达目的地",
            "orientation": EMPTY,
            "road": EMPTY,
            "distance": str(metres),
            "duration": seconds,
            "polyline": line,
            "action": EMPTY,
            "assistant_action": "到达目的地",
            "walk_type": "0",
        }
        route = {
            "origin": params["origin"],
            "destination": params["destination"],
            "paths": [{"distance": str(metres), "duration": seconds, "steps": [step]}],
        }
        return encode({"status": "1", "info": "ok", "infocode": "10000", "count": "1", "route": route}, 1)


def _nowhere() -> Json:
    blank: Json = dict.fromkeys(("country", "province", "city", "citycode", "district", "adcode", "township"), EMPTY)
    blank |= {"towncode": EMPTY, "streetNumber": {"street": EMPTY, "number": EMPTY}, "businessAreas": EMPTY}
    return {"formatted_address": EMPTY, "addressComponent": blank}


def _straight_m(start: tuple[float, float], end: tuple[float, float]) -> float:
    return float(distances_m(*start, np.array([end[0]]), np.array([end[1]]))[0])


def _distance_row(number: int, origin: tuple[float, float], end: tuple[float, float], kind: str) -> Json:
    row: Json = {"origin_id": str(number), "dest_id": "1"}
    if not (in_china(*origin) and in_china(*end)):
        return row | {"distance": "0", "duration": "0", "info": "OUT_OF_CHINA", "code": "3"}
    metres = _straight_m(origin, end) * (1.0 if kind == "0" else ROAD_FACTOR)
    speed = WALK_M_S if kind == "3" else DRIVE_M_S
    return row | {"distance": str(round(metres)), "duration": "0" if kind == "0" else str(round(metres / speed))}
