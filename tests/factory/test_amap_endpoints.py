"""Every endpoint and quirk of the map service on the client: over the sandbox, and over a server that answers as scripted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web
from asyncio_throttle import Throttler

from factory.errors import AccountRefused, NoSuchPlace, OrderFailed, ProviderDown, QuotaExhausted
from factory.maps.amap.client import AmapMap
from factory.maps.amap.infocodes import TABLE, Action
from factory.maps.amap.wire import AmapAccount, AmapWire
from factory.maps.kept import KeptAnswers
from factory.records import Place, PlaceName
from factory.sending.limits import LocalLimiter
from tests.factory.sandbox_wire import get, served

KEY = "k-very-secret"
Handler = Callable[[web.Request], Any]
STOPS = {Action.QUOTA: QuotaExhausted, Action.ACCOUNT: AccountRefused, Action.GIVE_UP: OrderFailed}


def _client(base: str, folder: Path, *, api: str = "v3", give_up_s: float = 5.0) -> AmapMap:
    account = AmapAccount(base, KEY, None, 500.0, None, give_up_s=give_up_s)
    return AmapMap(
        account,
        KeptAnswers(folder),
        provider="amap",
        licence="",
        attribution="",
        api=api,
        limiter=LocalLimiter({"map": account.limits}),
    )


def _over_sandbox(tmp_path: Path, work: Callable[[AmapMap, str], Awaitable[None]], api: str = "v3") -> None:
    async def run(base: str) -> None:
        maps = _client(base, tmp_path, api=api)
        try:
            await work(maps, base)
        finally:
            await maps.aclose()

    with served() as base:
        asyncio.run(run(base))


def _over_script(
    tmp_path: Path,
    answer: Handler,
    work: Callable[[AmapMap], Awaitable[None]],
    *,
    give_up_s: float = 0.3,
    api: str = "v3",
) -> list[dict[str, str]]:
    """Run ``work`` against a server that answers what ``answer`` returns (JSON or bytes); gives the queries it got."""
    asked: list[dict[str, str]] = []

    async def serve(request: web.Request) -> web.Response:
        asked.append(dict(request.query) | {"path": request.path})
        body = answer(request)
        return web.Response(
            body=body if isinstance(body, bytes) else orjson.dumps(body), content_type="application/json"
        )

    async def run() -> None:
        app = web.Application()
        app.router.add_get("/{path:.*}", serve)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        maps = _client(f"http://127.0.0.1:{runner.addresses[0][1]}", tmp_path, api=api, give_up_s=give_up_s)
        try:
            await work(maps)
        finally:
            await maps.aclose()
            await runner.cleanup()

    asyncio.run(run())
    return asked


PLACE = Place("北京市/某处", "某处", "北京市", "110108", 116.32, 39.99, "GCJ-02")
POI = {
    "id": "B1",
    "name": "小店",
    "location": "116.3201,39.9901",
    "type": "餐饮服务;中餐厅;四川菜(川菜)",
    "typecode": "050102",
}


@pytest.mark.parametrize("api", ["v3", "v5"])
def test_detail_gives_what_around_gave_and_nothing_for_an_unknown_id(tmp_path: Path, api: str) -> None:
    async def work(maps: AmapMap, _: str) -> None:
        place = await maps.locate(PlaceName("清华大学", "北京市"))
        listed = (await maps.around(place, radius_m=2000, cuisine="川菜", page=1)).pois[0]
        detail = await maps.detail(listed.poi_id)
        assert detail is not None
        assert (detail.name, detail.rating, detail.cost_cny, detail.address) == (
            listed.name,
            listed.rating,
            listed.cost_cny,
            listed.address,
        )
        assert await maps.detail("B000000000") is None

    _over_sandbox(tmp_path, work, api)


@pytest.mark.parametrize("api", ["v3", "v5"])
def test_text_search_stays_within_the_city(tmp_path: Path, api: str) -> None:
    async def work(maps: AmapMap, _: str) -> None:
        hits = await maps.text_search("火锅", "北京市")
        assert hits
        assert all(115.4 < restaurant.lng < 117.6 and 39.4 < restaurant.lat < 41.1 for restaurant in hits)

    _over_sandbox(tmp_path, work, api)


def test_an_address_of_a_point_and_none_at_sea(tmp_path: Path) -> None:
    async def work(maps: AmapMap, _: str) -> None:
        on_land = await maps.address_of(116.3265, 39.9997)
        assert on_land is not None
        assert on_land.startswith("北京市")
        assert await maps.address_of(150.0, 20.0) is None

    _over_sandbox(tmp_path, work)


def test_where_the_cap_hides_restaurants_the_circle_is_split_until_all_are_seen(tmp_path: Path) -> None:
    async def work(maps: AmapMap, base: str) -> None:
        for name, city in (("三里屯太古里", "北京市"), ("外滩", "上海市"), ("天河城", "广州市"), ("大雁塔", "西安市")):
            place = await maps.locate(PlaceName(name, city))
            where = f"{place.lng:.6f},{place.lat:.6f}"
            params = {"location": where, "radius": "2000", "types": "050000"}
            total = int(get(base, "/v3/place/around", **params)["count"])
            if total > 210:
                break
        page, seen = 1, 0
        while not (listed := await maps.around(place, radius_m=2000, cuisine=None, page=page)).is_last:
            seen += len(listed.pois)
            page += 1
        assert listed.capped
        assert seen + len(listed.pois) == 200
        assert listed.covered_m < 2000
        everything = await maps.whole_circle(place, radius_m=2000, cuisine=None)
        assert len({restaurant.poi_id for restaurant in everything}) == len(everything) == total

    _over_sandbox(tmp_path, work)


def test_a_single_capped_type_is_split_into_smaller_circles(tmp_path: Path) -> None:
    """300 restaurants of one kind on a spiral: seven smaller circles and their like find each of them."""
    from factory.geo import destination, distance_m  # noqa: PLC0415 - used here alone

    spots = [destination(PLACE.lng, PLACE.lat, 137.5 * i, 12.0 + 6.0 * i) for i in range(300)]

    def answer(request: web.Request) -> dict[str, object]:
        lng, lat = map(float, request.query["location"].split(","))
        near = sorted(
            (d, i)
            for i, spot in enumerate(spots)
            if (d := distance_m(lng, lat, *spot)) <= float(request.query["radius"])
        )[:200]
        start = (int(request.query["page"]) - 1) * 25
        pois = [
            POI | {"id": f"B{i}", "location": f"{spots[i][0]:.6f},{spots[i][1]:.6f}"}
            for _, i in near[start : start + 25]
        ]
        return {"status": "1", "infocode": "10000", "info": "OK", "count": str(len(near)), "pois": pois}

    async def work(maps: AmapMap) -> None:
        circle = await maps.whole_circle(PLACE, radius_m=2000, cuisine="川菜")
        assert len(circle) == 300

    asked = _over_script(tmp_path, answer, work)
    assert all(int(params["offset"]) <= 25 and "radius" in params for params in asked)


@pytest.mark.parametrize("api", ["v3", "v5"])
def test_a_search_always_says_its_radius_its_order_and_a_page_of_25(tmp_path: Path, api: str) -> None:
    async def work(maps: AmapMap) -> None:
        await maps.around(PLACE, radius_m=500, cuisine="川菜", page=1)
        await maps.text_search("火锅", "北京市")

    answer = {"status": "1", "infocode": "10000", "info": "OK", "count": "1", "pois": [POI]}
    around, text = _over_script(tmp_path, lambda _: answer, work, api=api)
    assert (around["radius"], around["sortrule"]) == ("2000", "distance")
    assert {around.get("offset"), around.get("page_size")} == {"25", None}
    assert {text.get("offset"), text.get("page_size")} == {"25", None}
    assert ("show_fields" in around) == ("show_fields" in text) == (api == "v5")
    assert ("extensions" in around) == (api == "v3")


def test_success_is_told_by_status_whatever_info_says(tmp_path: Path) -> None:
    async def work(maps: AmapMap) -> None:
        assert (await maps.around(PLACE, radius_m=2000, cuisine=None, page=1)).pois[0].name == "小店"

    for info in ("OK", "ok", "anything", ""):
        body = {"pois": [POI], "count": "1", "info": info, "infocode": "10000", "status": "1"}
        _over_script(tmp_path / (info or "none"), lambda _, body=body: body, work)

    async def refused(maps: AmapMap) -> None:
        with pytest.raises(AccountRefused):
            await maps.around(PLACE, radius_m=2000, cuisine=None, page=1)

    liar = {"status": "0", "info": "OK", "infocode": "10001", "pois": [POI]}
    _over_script(tmp_path / "liar", lambda _: liar, refused)


@pytest.mark.parametrize(
    "body",
    [
        {"status": "0", "info": "ENGINE_RESPONSE_DATA_ERROR", "infocode": "30001"},
        {"status": "1", "info": "OK", "infocode": "10000", "count": "0", "geocodes": []},
    ],
)
def test_both_forms_of_an_address_not_found_are_an_unknown_place(tmp_path: Path, body: dict[str, object]) -> None:
    async def work(maps: AmapMap) -> None:
        with pytest.raises(NoSuchPlace, match="does not know"):
            await maps.locate(PlaceName("没有这里", "北京市"))

    asked = _over_script(tmp_path, lambda _: body, work)
    assert len(asked) == 1


def test_a_municipality_without_a_city_field_is_still_its_city(tmp_path: Path) -> None:
    row = {
        "province": "北京市",
        "city": [],
        "district": "海淀区",
        "township": [],
        "adcode": "110108",
        "level": "兴趣点",
    }
    body = {"status": "1", "infocode": "10000", "count": "1", "geocodes": [row | {"location": "116.3265,39.9997"}]}

    async def work(maps: AmapMap) -> None:
        place = await maps.locate(PlaceName("清华大学", "北京市"))
        assert (place.lng, place.lat, place.adcode) == (116.3265, 39.9997, "110108")

    _over_script(tmp_path, lambda _: body, work)


@pytest.mark.parametrize("code", sorted(TABLE))
def test_each_infocode_leads_to_its_action_and_no_message_holds_the_key(tmp_path: Path, code: str) -> None:
    """Over the wire, the key echoed in the error's body as the service sometimes does."""
    row = TABLE[code]
    if row.action is Action.OK:
        return
    body = {"status": "0", "info": row.name, "infocode": code, "key": KEY, "sec_code": KEY}

    async def work(maps: AmapMap) -> None:
        if row.action is Action.EMPTY:
            assert await maps.text_search("火锅", "北京市") == ()
            return
        with pytest.raises(STOPS.get(row.action, ProviderDown)) as caught:
            await maps.around(PLACE, radius_m=2000, cuisine=None, page=1)
        assert KEY not in f"{caught.value!s} {caught.value!r} {caught.value.__cause__!r}"

    asked = _over_script(tmp_path, lambda _: body, work, give_up_s=0.05)
    assert len(asked) == 1 or row.action in {Action.RETRY, Action.WAIT}
    assert not [path for path in tmp_path.iterdir() if KEY.encode() in path.read_bytes()]


@pytest.mark.parametrize("body", [b"<html>busy</html>", b"", b"[]", b'{"pois": []}', b'{"status": "1", "pois": ['])
def test_an_answer_that_is_none_is_retried_and_then_named(tmp_path: Path, body: bytes) -> None:
    async def work(maps: AmapMap) -> None:
        with pytest.raises(ProviderDown, match="the same command goes on"):
            await maps.around(PLACE, radius_m=2000, cuisine=None, page=1)

    _over_script(tmp_path, lambda _: body, work, give_up_s=0.05)


def test_a_dead_service_is_named_and_the_key_stays_out(tmp_path: Path) -> None:
    async def run() -> None:
        maps = _client("http://127.0.0.1:9", tmp_path, give_up_s=0.05)
        with pytest.raises(ProviderDown) as caught:
            await maps.around(PLACE, radius_m=2000, cuisine=None, page=1)
        assert KEY not in f"{caught.value!s}{caught.value.__cause__!r}"
        await maps.aclose()

    asyncio.run(run())


def test_pois_without_what_one_needs_are_left_out_and_every_empty_form_is_unknown(tmp_path: Path) -> None:
    rows = [
        POI,
        {**POI, "id": "B2", "location": []},
        {**POI, "id": "B3", "name": ""},
        {
            **POI,
            "id": "B4",
            "address": [],
            "tel": [],
            "biz_ext": {"rating": [], "cost": [], "open_time": ""},
            "tag": [],
        },
        {**POI, "id": "B5", "address": "", "biz_ext": [], "distance": []},
    ]
    body = {
        "status": "1",
        "infocode": "10000",
        "count": "5",
        "pois": rows,
        "suggestion": {"keywords": [], "cities": []},
    }

    async def work(maps: AmapMap) -> None:
        pois = (await maps.around(PLACE, radius_m=2000, cuisine=None, page=1)).pois
        assert [restaurant.poi_id for restaurant in pois] == ["B1", "B4", "B5"]
        assert all(
            (restaurant.rating, restaurant.cost_cny, restaurant.address, restaurant.tel) == (None, None, None, None)
            for restaurant in pois
        )

    _over_script(tmp_path, lambda _: body, work)


def _wire_over(
    tmp_path: Path, work: Callable[[AmapWire, LocalLimiter], Awaitable[None]], *, month: int | None = None
) -> list[dict[str, str]]:
    """The door alone, at a service that knows nothing and answers at once; gives the queries it got."""
    asked: list[dict[str, str]] = []

    async def serve(request: web.Request) -> web.Response:
        asked.append(dict(request.query))
        return web.json_response({"status": "1", "infocode": "10000", "pois": []})

    async def run() -> None:
        app = web.Application()
        app.router.add_get("/{path:.*}", serve)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        account = AmapAccount(f"http://127.0.0.1:{runner.addresses[0][1]}", KEY, None, 50.0, month, give_up_s=5.0)
        limiter = LocalLimiter({"map": account.limits})
        wire = AmapWire(account, KeptAnswers(tmp_path), "amap", limiter)
        try:
            await work(wire, limiter)
        finally:
            await wire.aclose()
            await runner.cleanup()

    asyncio.run(run())
    return asked


def test_the_oldest_order_asks_the_map_first(tmp_path: Path) -> None:
    async def work(wire: AmapWire, _: LocalLimiter) -> None:
        await asyncio.gather(*(wire.get("v3/around", {"order": str(n)}, priority=n) for n in (9, 3, 7, 1)))

    assert [params["order"] for params in _wire_over(tmp_path, work)] == ["1", "3", "7", "9"]


def test_a_month_that_is_used_up_takes_no_slot(tmp_path: Path) -> None:
    async def work(wire: AmapWire, limiter: LocalLimiter) -> None:
        asks = (wire.get("v3/around", {"order": str(n)}) for n in range(5))
        endings = await asyncio.gather(*asks, return_exceptions=True)
        assert [type(ending) for ending in endings if isinstance(ending, Exception)] == [QuotaExhausted] * 3
        assert (limiter.state()[0].granted, wire.used_this_month()) == (2, 2)
        await wire.get("geocode", {"address": "清华大学"})  # another quota

    assert len(_wire_over(tmp_path, work, month=2)) == 3


def test_nothing_waits_for_its_moment_in_a_slot(tmp_path: Path) -> None:
    async def work(wire: AmapWire, limiter: LocalLimiter) -> None:
        wire._throttle = Throttler(1, 3_600.0)
        await wire.get("v3/around", {"order": "1"})
        waiting = asyncio.create_task(wire.get("v3/around", {"order": "2"}))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        assert (limiter.state()[0].granted, limiter.state()[0].in_flight) == (1, 0)
        waiting.cancel()

    _wire_over(tmp_path, work)
