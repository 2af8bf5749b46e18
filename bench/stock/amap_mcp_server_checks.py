"""The PyPI package amap-mcp-server: its tools called as its server calls them, against the sandbox's map server."""

from __future__ import annotations

from amap_mcp_server import server

START, END = "116.3265,39.9997", "116.3103,39.9929"


def _good(reply: dict) -> dict:
    assert "error" not in reply, reply
    return reply


def _call(name: str, *arguments: object) -> dict:
    tool = getattr(server, name)
    return _good(getattr(tool, "fn", tool)(*arguments))


def check_every_tool(base: str) -> None:
    assert _call("maps_geo", "清华大学", "北京市")["return"]
    assert _call("maps_regeocode", START)["district"] == "海淀区"
    assert _call("maps_ip_location", "114.247.50.2")["city"]
    assert _call("maps_weather", "北京市")["forecasts"]
    assert _call("maps_bicycling_by_coordinates", START, END)["data"]["paths"]
    assert _call("maps_direction_walking_by_address", "清华大学", "北京大学", "北京市", "北京市")["addresses"]
    assert _call("maps_direction_driving_by_coordinates", START, END)["route"]["paths"]
    assert _call("maps_direction_transit_integrated_by_coordinates", START, END, "北京市", "北京市")["route"][
        "transits"
    ]
    assert _call("maps_distance", START, END, "1")["results"]
    pois = _call("maps_text_search", "火锅", "北京市", "true")["pois"]
    assert _call("maps_around_search", START, "1500", "火锅")["pois"]
    assert _call("maps_search_detail", pois[0]["id"])["id"] == pois[0]["id"]
