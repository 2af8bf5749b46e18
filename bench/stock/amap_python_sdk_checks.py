"""The PyPI package amap-python-sdk (v5 places and directions) against the sandbox's map server."""

from __future__ import annotations

from amap import Amap
from amap.exceptions import AmapAPIError

START, END = (116.3265, 39.9997), (116.3103, 39.9929)


def check_places(base: str) -> None:
    place = Amap("any").place
    rows = place.around("火锅", location=START, radius=1500, page_size=25, show_fields=["business"])["pois"]
    assert rows
    assert place.text("火锅", region="北京市", city_limit=True)["pois"]
    assert place.detail(rows[0]["id"])["pois"][0]["name"] == rows[0]["name"]


def check_names(base: str) -> None:
    client = Amap("any")
    assert client.georegeo.geo("清华大学", "北京")["geocodes"][0]["adcode"] == "110108"
    assert client.georegeo.regeo(START)["regeocode"]["formatted_address"]
    assert client.weather.info("110000")["status"] == "1"
    assert client.ip.locate("114.247.50.2")["city"]
    assert client.inputtips.query("清华")["tips"]


def check_ways(base: str) -> None:
    direction = Amap("any").direction
    assert direction.walking(START, END)["route"]["paths"]
    assert direction.driving(START, END)["route"]["paths"]
    assert direction.bicycling(START, END)["route"]["paths"]
    assert direction.electrobike(START, END)["route"]["paths"]


def check_what_is_not_served_is_refused_by_code(base: str) -> None:
    try:
        Amap("any").traffic.circle(level=5, location=START, radius=500)
    except AmapAPIError as error:
        assert error.infocode == "10002"
    else:
        raise AssertionError
