"""The map's wire: bodies in every shape, namesakes, one name that fails, a map without restaurants, damaged answers."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web

from factory.errors import AddressRefused, NoSuchPlace, OrderFailed, ProviderDown, RunStopped
from factory.maps.amap.bodies import read_body
from factory.maps.amap.client import AmapMap
from factory.maps.amap.namesakes import lies_in
from factory.maps.amap.wire import AmapAccount
from factory.maps.kept import KeptAnswers
from factory.records import Place, PlaceName
from factory.sending.limits import LocalLimiter
from tests.factory.test_keys_and_ways_out import server

PLACE = Place("北京市/清华大学", "清华大学", "北京市", "110108", 116.3265, 39.9997, "GCJ-02")
POI = {"id": "B1", "name": "小店", "location": "116.327,40.0", "typecode": "050102", "type": "餐饮服务;中餐厅;川菜"}
OK = {"status": "1", "info": "OK", "infocode": "10000"}
ROW = {
    "province": "北京市",
    "city": [],
    "district": "海淀区",
    "adcode": "110108",
    "level": "兴趣点",
    "location": "116.3265,39.9997",
}


def client(base: str, folder: Path, give_up_s: float = 5.0) -> AmapMap:
    account = AmapAccount(base, "k-secret", None, 500.0, None, give_up_s=give_up_s)
    limiter = LocalLimiter({"map": account.limits})
    return AmapMap(account, KeptAnswers(folder), provider="amap", licence="", attribution="", limiter=limiter)


def over(
    handler: Callable[[web.Request], Any], work: Callable[[AmapMap], Any], folder: Path, give_up_s: float = 5.0
) -> Any:
    """The work's result, over a server that answers with what ``handler`` gives."""

    def serve(request: web.Request) -> web.StreamResponse:
        response = handler(request)
        if isinstance(response, web.StreamResponse):
            return response
        return web.Response(body=response if isinstance(response, bytes) else orjson.dumps(response))

    async def scene() -> Any:
        async with server(serve) as base:
            maps = client(base, folder, give_up_s)
            try:
                return await work(maps)
            finally:
                await maps.aclose()

    return asyncio.run(scene())


async def _page(maps: AmapMap) -> tuple[str, ...]:
    page = await maps.around(PLACE, radius_m=2000, cuisine=None, page=1)
    return tuple(restaurant.name for restaurant in page.pois)


GOOD = {**OK, "count": "1", "pois": [POI]}
SHAPES: dict[str, Any] = {
    "status as a number": {**GOOD, "status": 1},
    "status in a list": {**GOOD, "status": ["1"]},
    "a byte-order mark": b"\xef\xbb\xbf" + orjson.dumps(GOOD),
    "NaN": json.dumps({**GOOD, "x": float("nan")}).encode(),
    "JSONP": b"cb(" + orjson.dumps(GOOD) + b");",
    "GBK": json.dumps(GOOD, ensure_ascii=False).encode("gbk"),
    "UTF-16": json.dumps(GOOD, ensure_ascii=False).encode("utf-16"),
    "half a surrogate": orjson.dumps(GOOD)[:-1] + b',"z":"\\ud800"}',
    "a row that is none": {**GOOD, "pois": [None, POI, 7]},
}


@pytest.mark.parametrize("kind", SHAPES)
def test_every_shape_of_a_body_gives_its_restaurants(tmp_path: Path, kind: str) -> None:
    assert over(lambda _: SHAPES[kind], _page, tmp_path) == ("小店",)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b'{"pois":[]}', b'{"status":"2"}', b"[" * 100_000, {**OK, "pois": {"0": 1}}]
)
def test_a_body_that_is_none_of_the_maps_is_asked_again(tmp_path: Path, body: Any) -> None:
    bodies = iter([body])
    assert over(lambda _: next(bodies, GOOD), _page, tmp_path) == ("小店",)


def test_what_a_status_means_is_said_at_once_where_waiting_mends_nothing(tmp_path: Path) -> None:
    for status, expected in ((404, AddressRefused), (403, AddressRefused), (405, AddressRefused), (414, OrderFailed)):
        with pytest.raises(expected, match=str(status)):
            over(lambda _, status=status: web.Response(status=status), _page, tmp_path / str(status))
    wish = {"Retry-After": "86400"}
    with pytest.raises((ProviderDown, OrderFailed), match="503"):
        over(lambda _: web.Response(status=503, headers=wish), _page, tmp_path / "503", give_up_s=0.3)


def test_an_infocode_that_is_anything_but_a_code_is_one_printable_sentence() -> None:
    body = read_body(orjson.dumps({"status": "0", "infocode": {"a": 1}, "info": "\x1b[31mx\n y"}))
    assert body is not None
    assert (body.succeeded, body.infocode, body.info) == (False, "", "[31mx y")


@pytest.mark.parametrize(
    ("city", "province", "prefecture", "district", "inside"),
    [
        ("吉林市", "吉林省", "长春市", "南关区", False),
        ("吉林市", "吉林省", "吉林市", "船营区", True),
        ("朝阳市", "北京市", "", "朝阳区", False),
        ("朝阳市", "辽宁省", "朝阳市", "双塔区", True),
        ("朝阳", "北京市", "北京市", "朝阳区", False),
        ("通州市", "北京市", "", "通州区", False),
        ("海南藏族自治州", "海南省", "三亚市", "吉阳区", False),
        ("海南州", "青海省", "海南藏族自治州", "共和县", True),
        ("北京市", "北京市", "", "海淀区", True),
        ("北京", "北京市", "北京市", "海淀区", True),
        ("北京市", "河北省", "廊坊市", "广阳区", False),
        ("香港", "香港特别行政区", "", "油尖旺区", True),
        ("昆山市", "江苏省", "苏州市", "昆山市", True),
        ("义乌", "浙江省", "金华市", "义乌市", True),
        ("延边", "吉林省", "延边朝鲜族自治州", "延吉市", True),
        ("杭州", "浙江省", "金华市", "婺城区", False),
        ("", "", "", "", True),
    ],
)
def test_a_place_lies_in_the_city_of_that_name_and_kind_alone(
    city: str, province: str, prefecture: str, district: str, *, inside: bool
) -> None:
    assert lies_in(city, province=province, prefecture=prefecture, district=district) is inside


def test_one_name_that_the_map_refuses_is_named_and_asked_again_by_a_later_command(tmp_path: Path) -> None:
    answers = iter([{"status": "0", "info": "INVALID_PARAMS", "infocode": "20000"}])

    async def locate(maps: AmapMap) -> list[Any]:
        outcomes: list[Any] = []
        for _ in range(2):
            try:
                outcomes.append((await maps.locate(PlaceName("清华大学", "北京市"))).name)
            except NoSuchPlace as error:
                outcomes.append((error.reason, "清华大学" in str(error), "20000" in str(error)))
        return outcomes

    outcomes = over(lambda _: next(answers, {**OK, "geocodes": [ROW]}), locate, tmp_path)
    assert outcomes == [("map_refused", True, True), "清华大学"]


@pytest.mark.parametrize("location", ["39.9997,116.3265", "nan,nan", "inf,1", "999,999", [], "116.3265"])
def test_a_place_without_coordinates_that_can_be_true_is_none_and_is_asked_again(tmp_path: Path, location: Any) -> None:
    answers = iter([{**OK, "geocodes": [{**ROW, "location": location}]}])

    async def locate(maps: AmapMap) -> str:
        with pytest.raises(NoSuchPlace, match="no coordinates"):
            await maps.locate(PlaceName("清华大学", "北京市"))
        return (await maps.locate(PlaceName("清华大学", "北京市"))).name

    assert over(lambda _: next(answers, {**OK, "geocodes": [ROW]}), locate, tmp_path) == "清华大学"


def test_a_map_without_any_restaurant_stops_the_run_before_nothing_fits_is_sold_and_is_asked_again(
    tmp_path: Path,
) -> None:
    empty = [True]

    async def work(maps: AmapMap) -> tuple[str, ...]:
        with pytest.raises(RunStopped, match="no restaurant within 50 km"):
            await _page(maps)
        empty.clear()
        return await _page(maps)

    assert over(lambda _: {**OK, "pois": []} if empty else GOOD, work, tmp_path) == ("小店",)


@pytest.mark.parametrize(
    "spoilt", [{**GOOD, "pois": [{**POI, "name": "小\ufffd"}]}, {**GOOD, "pois": [{"id": "B1"}]}, {**GOOD, "pois": []}]
)
def test_a_map_whose_restaurants_cannot_be_read_stops_the_run_and_says_so(
    tmp_path: Path, spoilt: dict[str, Any]
) -> None:
    bad = [True]

    async def work(maps: AmapMap) -> tuple[str, ...]:
        with pytest.raises(RunStopped, match="None of the 1 restaurants that the map tells of"):
            await _page(maps)
        bad.clear()
        return await _page(maps)

    assert over(lambda _: spoilt if bad else GOOD, work, tmp_path) == ("小店",)


def test_an_empty_circle_on_a_map_that_has_restaurants_is_an_answer(tmp_path: Path) -> None:
    far = {**POI, "location": "116.7,40.2"}

    def answer(request: web.Request) -> dict[str, Any]:
        return {**OK, "pois": [far] if request.query.get("radius") == "50000" else []}

    assert over(answer, _page, tmp_path) == ()


@pytest.mark.parametrize("damage", ["raw = x'00ff'", "raw = 'text'", "fetched_at = 'never'", "raw = x''"])
def test_a_kept_answer_that_was_damaged_is_asked_for_again(tmp_path: Path, damage: str) -> None:
    assert over(lambda _: GOOD, _page, tmp_path) == ("小店",)
    with sqlite3.connect(tmp_path / "map.sqlite") as held:
        held.execute(f"update answers set {damage}")
    other = {**GOOD, "pois": [{**POI, "name": "新店"}]}
    assert over(lambda _: other, _page, tmp_path) == ("新店",)
