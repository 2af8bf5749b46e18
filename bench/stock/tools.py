"""The four tools of the factory's task, answered from invented records, for whatever client is tried (bench/stock_clients.py)."""

from __future__ import annotations

import json
from typing import Any

TASK = "任务：地点=清华大学；城市=北京市；需求数=2"
WISHES = [
    {"index": 0, "cuisine": "川菜", "taste": "喜欢辣", "radius_m": 2000, "style": "plain"},
    {"index": 1, "cuisine": "粤菜", "taste": None, "radius_m": 2000, "style": "terse"},
]
PLACE = {"location": "116.3265,39.9997", "name": "清华大学", "city": "北京市", "datum": "GCJ-02"}


def _poi(number: int, cuisine: str) -> dict[str, Any]:
    return {
        "poi_id": f"SBXTRY{cuisine}{number}",
        "name": f"虚构{cuisine}馆{'甲乙丙丁'[number]}",
        "cuisine": cuisine,
        "address": f"虚构路{number + 1}号",
        "rating": 4.2,
        "cost_cny": 60.0,
        "distance_m": 300 + 100 * number,
    }


def answer(name: str, arguments: dict[str, Any]) -> str:
    """One tool's result as JSON text."""
    if name == "preference_gen":
        return json.dumps({"wishes": WISHES}, ensure_ascii=False)
    if name == "geo_location":
        return json.dumps(PLACE, ensure_ascii=False)
    if name == "restaurant_search":
        pois = [_poi(number, arguments.get("cuisine") or "川菜") for number in range(4)]
        body = {"page": 1, "is_last": True, "covered_m": 2000, "count": len(pois), "pois": pois}
        return json.dumps(body, ensure_ascii=False)
    return json.dumps({"accepted": [0, 1], "rejected": []})


def _schema(name: str, **properties: str) -> dict[str, Any]:
    parameters = {"type": "object", "properties": {key: {"type": kind} for key, kind in properties.items()}}
    return {"type": "function", "function": {"name": name, "description": name, "parameters": parameters}}


SCHEMAS = [
    _schema("preference_gen", count="integer"),
    _schema("geo_location", place="string", city="string"),
    _schema("restaurant_search", location="string", radius_m="integer", cuisine="string", page="integer"),
    _schema("final_answer", samples="array"),
]
MOST_TURNS = 12
