"""Directions of the sandbox's map server beside walking: by car, by bicycle (v4's envelope), by bus, and v5's forms. Invented.

Straight lines with a road factor: good for a client's parsing, not for getting there. Called by server.py; gives bytes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Final

import numpy as np
import orjson

from factory.sandbox.amap.answers import InfocodeRefusal, Json, Params, encode, read_point
from factory.sandbox.amap.forms import EMPTY
from factory.sandbox.city.tables import distances_m, find_city, in_china

ROAD_FACTOR: Final = 1.3
SPEEDS_M_S: Final = {"driving": 8.0, "bicycling": 4.0, "electrobike": 5.5, "walking": 1.25, "bus": 5.0}
MOST_M: Final = {"bicycling": 500_000, "electrobike": 500_000, "walking": 100_000}
WAYPOINTS_MOST: Final = 16


def driving(params: Params) -> bytes:
    """``/v3/direction/driving``; waypoints are passed on the way. Raises Refused."""
    stops = params.get("waypoints", "")
    between = [read_point(text) for text in stops.split(";") if text]
    if len(between) > WAYPOINTS_MOST:
        raise InfocodeRefusal("20000")
    points = [params.point("origin"), *between, params.point("destination")]
    metres, seconds = _way(points, "driving")
    step = _step(metres, seconds, points) | {"tolls": "0", "toll_distance": "0", "toll_road": EMPTY}
    path = {
        "distance": str(metres),
        "duration": str(seconds),
        "strategy": "速度最快",
        "tolls": "0",
        "toll_distance": "0",
        "restriction": "0",
        "traffic_lights": str(metres // 800),
        "steps": [step],
    }
    route = _ends(params) | {"taxi_cost": str(13 + metres // 400), "paths": [path]}
    return encode(_ok("1") | {"route": route}, 1)


def bicycling(params: Params) -> bytes:
    """``/v4/direction/bicycling``: another envelope than v3's, with numbers. Raises Refused."""
    points = [params.point("origin"), params.point("destination")]
    metres, seconds = _way(points, "bicycling")
    step = _step(metres, seconds, points) | {"distance": metres, "duration": seconds, "walk_type": 0}
    data = _ends(params) | {"paths": [{"distance": metres, "duration": seconds, "steps": [step]}]}
    return orjson.dumps({"data": data, "errcode": 0, "errdetail": None, "errmsg": "OK"})


def transit(params: Params, *cities: str) -> bytes:
    """``/direction/transit/integrated``: one invented line. ``cities``: the parameters that name them. Raises Refused."""
    if any(find_city(params.required(name)) is None for name in cities or ("city",)):
        raise InfocodeRefusal("20000")
    start, end = params.point("origin"), params.point("destination")
    metres, seconds = _way([start, end], "bus")
    line = {
        "departure_stop": {"name": "虚构站甲", "id": "SBXSTOP1", "location": _text(start)},
        "arrival_stop": {"name": "虚构站乙", "id": "SBXSTOP2", "location": _text(end)},
        "name": "虚构1路(虚构站甲--虚构站乙)",
        "id": "SBXLINE1",
        "type": "普通公交线路",
        "distance": str(metres),
        "duration": str(seconds),
        "polyline": {"polyline": f"{_text(start)};{_text(end)}"},
        "start_time": "0600",
        "end_time": "2300",
        "via_num": "0",
        "via_stops": EMPTY,
    }
    segment = {"walking": EMPTY, "bus": {"buslines": [line]}, "entrance": EMPTY, "exit": EMPTY, "railway": EMPTY}
    ride = {
        "cost": "2.0",
        "duration": str(seconds),
        "nightflag": "0",
        "walking_distance": "0",
        "distance": str(metres),
        "missed": "0",
        "segments": [segment],
    }
    route = _ends(params) | {"distance": str(metres), "taxi_cost": str(13 + metres // 400), "transits": [ride]}
    return encode(_ok("1") | {"route": route}, 1)


def newer(kind: str) -> Callable[[Params], bytes]:
    """``/v5/direction/KIND``: durations stand in ``cost`` and only when show_fields asks for it."""

    def give(params: Params) -> bytes:
        points = [params.point("origin"), params.point("destination")]
        metres, seconds = _way(points, kind)
        shown = set(params.get("show_fields", "").split(","))
        cost: Json = {"cost": {"duration": str(seconds)}} if "cost" in shown else {}
        line: Json = {"polyline": ";".join(map(_text, points))} if "polyline" in shown else {}
        step = {"instruction": f"行进{metres}米到达目的地", "orientation": "", "step_distance": str(metres)} | line
        path = {"distance": str(metres), "steps": [step]} | cost
        return encode(_ok("1") | {"route": _ends(params) | {"paths": [path]}}, 1)

    return give


def _way(points: list[tuple[float, float]], kind: str) -> tuple[int, int]:
    """Metres and seconds along the points. Raises Refused where no such way leads."""
    if not all(in_china(*point) for point in points):
        raise InfocodeRefusal("20800")
    straight = sum(
        float(distances_m(*start, np.array([end[0]]), np.array([end[1]]))[0]) for start, end in pairwise(points)
    )
    metres = round(straight * ROAD_FACTOR)
    if metres > MOST_M.get(kind, math.inf):
        raise InfocodeRefusal("20803")
    return metres, math.ceil(metres / SPEEDS_M_S[kind])


def _step(metres: int, seconds: int, points: list[tuple[float, float]]) -> Json:
    return {
        "instruction": f"行进{metres}米到达目的地",
        "orientation": EMPTY,
        "road": EMPTY,
        "distance": str(metres),
        "duration": str(seconds),
        "polyline": ";".join(map(_text, points)),
        "action": EMPTY,
        "assistant_action": "到达目的地",
    }


def _ends(params: Params) -> Json:
    return {"origin": params["origin"], "destination": params["destination"]}


def _text(point: tuple[float, float]) -> str:
    return f"{point[0]:.6f},{point[1]:.6f}"


def _ok(count: str) -> Json:
    return {"status": "1", "info": "OK", "infocode": "10000", "count": count}
