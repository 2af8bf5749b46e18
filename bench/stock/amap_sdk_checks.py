"""The PyPI package amap-sdk (synchronous, v3 and v5) against the sandbox's map server."""

from __future__ import annotations

from amap.client import AmapClient
from amap.exceptions import AmapAPIError

START, END = "116.3265,39.9997", "116.3103,39.9929"


def check_places(base: str) -> None:
    poi = AmapClient("any").poi
    rows = poi.around_search(location=START, types="050000", radius=1500)["pois"]
    assert rows
    assert poi.text_search(keywords="火锅", region="北京市")["pois"]
    assert poi.detail(rows[0]["id"])["pois"][0]["id"] == rows[0]["id"]
    assert poi.polygon_search(polygon="116.30,40.00|116.33,39.98", types="050000")["pois"]


def check_names_and_districts(base: str) -> None:
    client = AmapClient("any")
    assert client.geocoding.geocode("清华大学")["geocodes"][0]["adcode"] == "110108"
    assert client.geocoding.reverse_geocode(START)["regeocode"]["formatted_address"]
    assert client.district.query("海淀区")["districts"]
    assert client.inputtips.suggest("清华")["tips"]
    assert client.coordinate.convert(START)["locations"]
    assert client.weather.weather("110000")["lives"]


def check_ways(base: str) -> None:
    client = AmapClient("any")
    assert client.direction.walking(START, END)["route"]["paths"]
    assert client.direction.driving(START, END)["route"]["paths"]
    assert client.direction.bicycling(START, END)["data"]["paths"]
    assert client.direction.transit(START, END, "北京市")["route"]["transits"]
    assert client.distance.measure(START, END)["results"]


def check_what_is_not_served_is_refused_by_code(base: str) -> None:
    try:
        AmapClient("any").traffic.circle(location=START, radius=500)
    except AmapAPIError as error:
        assert error.infocode == "10002"
    else:
        raise AssertionError
