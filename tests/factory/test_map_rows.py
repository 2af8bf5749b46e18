"""What a map's row becomes: the whole evidence of odd, thin and rich rows, over the wire where coverage is at stake."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web

from factory.agents.order_run import OrderRun, poi_json
from factory.maps.amap.bodies import read_body
from factory.maps.amap.client import AmapMap
from factory.maps.amap.parsing import number, poi, point
from factory.maps.amap.wire import POOL, AmapAccount
from factory.maps.kept import KeptAnswers
from factory.records import Failure, Order, Place, Poi, Wish
from factory.sending.limits import LocalLimiter
from factory.verifier.fit import fits, misses
from factory.verifier.wishes import proved_empty

PLACE = Place("苏州市/平江桥", "平江桥", "苏州市", "320508", 120.63, 31.31, "GCJ-02")
WISH = Wish("火锅", None, None, None, 2000)
HOTPOT = "餐饮服务;中餐厅;火锅店"


def row(
    number_: int = 1, name: str = "青石火锅", code: str = "050117", kind: str = HOTPOT, **more: Any
) -> dict[str, Any]:
    where = f"{120.63 + 0.001 * number_:.6f},31.310000"
    base = {"id": f"B0TEST{number_:03d}", "name": name, "typecode": code, "type": kind, "location": where}
    return {**base, "address": f"青石巷{number_}号", "distance": "95", "tel": [], "parent": [], **more}


def read(**more: Any) -> Poi:
    record = poi(row(**more))
    assert record is not None
    return record


WEEK = "周一至周五 11:00-21:00；周六至周日 11:00-23:00"


@pytest.mark.parametrize(
    "fields",
    [
        {"biz_ext": {"open_time": "11:00-21:00", "opentime2": WEEK}},
        {"business": {"opentime_today": "11:00-21:00", "opentime_week": WEEK}},
    ],
)
def test_todays_hours_and_the_weeks_text_are_both_kept(fields: dict[str, Any]) -> None:
    record = read(**fields)
    assert (record.open_hours, record.open_week) == ("11:00-21:00", WEEK)
    assert {"open_today": "11:00-21:00", "open_week": WEEK}.items() <= poi_json(record).items()


def test_hours_of_today_alone_are_shown_as_todays() -> None:
    shown = poi_json(read(biz_ext={"open_time": "11:00-21:00", "opentime2": []}))
    assert shown["open_today"] == "11:00-21:00"
    assert "open_week" not in shown


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "青石火锅(暂停营业)"},
        {"name": "青石火锅（装修中）"},
        {"business": {"opentime_today": "今日休息"}},
        {"business": {"status": "停业整顿"}},
    ],
)
def test_a_shop_that_does_not_serve_says_so_and_never_fits(fields: dict[str, Any]) -> None:
    record = read(**fields)
    assert record.status == "resting"
    assert [miss.kind for miss in misses(record, WISH)] == ["closed"]
    assert poi_json(record)["status"] == "resting"


@pytest.mark.parametrize(
    ("fields", "source"),
    [
        ({"business": {"keytag": "鲜切牛肉火锅"}}, "keytag"),
        ({"business": {"rectag": "火锅"}}, "rectag"),
        ({"keytag": "重庆火锅"}, "keytag"),
        ({"name": "青石涮羊肉(火车站店)"}, "name"),
    ],
)
def test_a_general_code_takes_its_cuisine_from_what_tells_it(fields: dict[str, Any], source: str) -> None:
    record = read(**({"name": "青石小馆", "code": "050100", "kind": "餐饮服务;中餐厅;中餐厅"} | fields))
    assert (record.cuisine, record.cuisine_source) == ("火锅", source)
    assert fits(record, WISH)


def test_a_branchs_name_says_where_a_shop_stands_and_not_what_it_cooks() -> None:
    record = read(name="青石小馆(海鲜城火锅街店)", code="050100", kind="餐饮服务;中餐厅;中餐厅")
    assert record.cuisine is None


def test_a_menu_is_a_menu_and_key_words_are_key_words() -> None:
    menu = read(business={"tag": "鲜毛肚,虾滑,可带宠物"})
    assert menu.specialities == ("鲜毛肚", "虾滑")
    words = read(business={"tag": "露台座位,生日聚会,毛肚"})
    assert words.specialities == ()
    assert dict(words.tags)["keywords"] == "露台座位、生日聚会、毛肚"
    assert read(code="060200", business={"tag": "鲜毛肚"}).specialities == ()


def test_telephone_numbers_are_evidence() -> None:
    assert poi_json(read(tel="0512-00000000"))["tel"] == "0512-00000000"
    assert poi_json(read(business={"tel": "0512-00000001"}))["tel"] == "0512-00000001"


def test_what_is_not_plausible_is_no_fact() -> None:
    assert read(biz_ext={"rating": "5.0", "cost": "19999"}).rating == 5.0
    for odd in ("5.1", "99.9", "-1", "NaN", "Infinity", "1e300"):
        assert read(biz_ext={"rating": odd}).rating is None, odd
    for odd in ("20001", "-3", "nan", "inf"):
        assert read(biz_ext={"cost": odd}).cost_cny is None, odd
    assert number("4.4", 5.0) == 4.4
    for where in ("NaN,31.3", "181,31.3", "120.6,90.1", "inf,0", "0,0", "120.6", [], None):
        assert point(where) is None, where
    assert read(distance="Infinity").distance_m is None


async def _searched(rows: list[Any], folder: Path) -> OrderRun:
    """One order's search against a server that answers with these rows, and with one far away where a wide circle is asked for."""

    async def answer(request: web.Request) -> web.Response:
        pois = rows if int(request.query["radius"]) <= 5_000 else [row(80)]
        head = {"status": "1", "info": "OK", "infocode": "10000", "count": str(len(pois))}
        return web.json_response({**head, "pois": pois})

    app = web.Application()
    app.router.add_get("/{tail:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    account = AmapAccount(f"http://127.0.0.1:{runner.addresses[0][1]}", "k", None, 1000, None)
    limiter = LocalLimiter({POOL: account.limits})
    maps = AmapMap(account, KeptAnswers(folder), provider="amap", licence="", attribution="", limiter=limiter)
    run = OrderRun(Order("o", "r", 0, PLACE, (WISH,), ("train",), 0), maps, 2)
    try:
        await run.search(2000, "火锅", 1)
    finally:
        await maps.aclose()
        await runner.cleanup()
    return run


@pytest.mark.parametrize("odd", [{"id": "B0TEST099"}, row(9) | {"location": "NaN,31.3"}, "x", None])
def test_a_page_with_a_row_that_cannot_be_read_proves_no_coverage(odd: Any, tmp_path: Path) -> None:
    rows = [row(1), row(2), odd, row(5)]
    evidence = asyncio.run(_searched(rows, tmp_path)).evidence()
    assert [restaurant.poi_id for restaurant in evidence.pois] == ["B0TEST001", "B0TEST002", "B0TEST005"]
    # None is how services write an empty entry: nothing stood there.
    assert proved_empty(evidence, WISH) is (odd is None)
    assert evidence.searches[0].covered_m < 300 or odd is None


def test_twenty_rows_that_cannot_be_read_are_not_nothing_here(tmp_path: Path) -> None:
    evidence = asyncio.run(_searched([{"id": f"B{n}", "name": "x"} for n in range(20)], tmp_path)).evidence()
    assert evidence.pois == ()
    assert evidence.searches[0].covered_m == 0
    assert not proved_empty(evidence, WISH)


def test_the_listing_of_a_circle_without_restaurants_proves_that_there_are_none(tmp_path: Path) -> None:
    assert proved_empty(asyncio.run(_searched([], tmp_path)).evidence(), WISH)


def test_a_short_key_that_answers_echo_is_cut_out_of_no_other_word(tmp_path: Path) -> None:
    """The server of these tests is asked with the key ``k``."""
    told = row(1, business={"opentime_today": "11:00-21:00", "opentime_week": WEEK, "echo": "key=k"})
    (record,) = asyncio.run(_searched([told], tmp_path)).evidence().pois
    assert record.open_week == WEEK
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"key=k" not in kept


def test_an_accepted_nothing_fits_that_a_later_search_refutes_is_not_kept_and_one_that_it_does_not_is(
    tmp_path: Path,
) -> None:
    answer = f"很抱歉，{PLACE.name}附近没有完全符合您要求的餐厅。"
    sample = {"wish": 0, "question": f"我在{PLACE.name}附近，想吃火锅，有推荐吗？", "answer": answer, "feasible": False}
    for kind, stays in (("西餐", True), ("火锅", False)):
        run = asyncio.run(_searched([], tmp_path / kind))
        assert asyncio.run(run.submit([{**sample, "recommendations": []}]))[0] == [0]
        later = read(name=f"青石{kind}", code="050100", kind="餐饮服务;中餐厅;中餐厅")
        run.pois[later.poi_id], run._evidence = later, None  # what another wish's search shows before the order ends
        [slot] = run.outcomes(Failure("missing_sample", ""))
        assert slot.accepted is stays
        assert slot.verification is not None
        reasons = [finding.reason for finding in slot.verification.findings]
        assert ("false_nothing_fits" in reasons) is not stays


def test_a_name_loses_the_number_of_a_list_and_keeps_a_number_of_its_own() -> None:
    names = {"12. 小馆": "小馆", "3、 面馆": "面馆", "1.5寸牛排": "1.5寸牛排", "12号院": "12号院", "7. ": "7."}
    assert {given: read(name=given).name for given in names} == names


def test_a_point_is_read_with_another_comma_or_as_two_numbers_and_not_from_three() -> None:
    assert point("120.6，31.3") == point([120.6, 31.3]) == point(["120.6", "31.3"]) == point("120.6, 31.3")
    assert point("120.6,31.3,7") is point([120.6]) is point([True, 31.3]) is None


def test_rows_by_number_and_a_row_alone_are_lists_and_another_object_is_no_answer() -> None:
    def pois(value: Any) -> Any:
        body = read_body(orjson.dumps({"status": "1", "infocode": "10000", "pois": value}))
        return body.values["pois"] if body is not None else None

    assert pois({"0": row(1), "1": row(2)}) == [row(1), row(2)]
    assert pois(row(1)) == [row(1)]
    assert pois({"a": 1}) is None
    assert pois("x") is None


def test_what_is_forgotten_is_in_no_byte_of_the_file_or_its_log(tmp_path: Path) -> None:
    kept = KeptAnswers(tmp_path)
    for copy in range(50):
        kept.put(f"amap-{copy}", "amap", b"a shop of theirs " * 300)
        kept.put(f"own-{copy}", "sandbox", b"an invented shop " * 300)
    assert kept.forget("amap") == 50
    files = {path.name: path.read_bytes() for path in tmp_path.glob("map.sqlite*")}
    assert not any(b"a shop of theirs" in body for body in files.values())
    assert any(b"an invented shop" in body for body in files.values())
    kept.close()
