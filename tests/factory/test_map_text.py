"""Foreign text from a map as a record holds it: one visible line, nothing damaged, nothing endless; from every kind of map."""

from __future__ import annotations

import asyncio
import sqlite3
import unicodedata
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web

from factory.agents.order_run import poi_json
from factory.maps.amap.parsing import poi, text
from factory.maps.open.map import open_map
from factory.maps.plain import plain
from factory.records import PlaceName
from tests.factory.open_files import restaurants, write_osm, write_overture
from tests.factory.test_map_rows import HOTPOT, WEEK, row
from tests.factory.test_map_wire import OK, PLACE, over

DROPPED = "\u200b\u200c\u200e\u200f\u202e\u2060\ufeff\u00ad\x00\x07\x1b\x7f\x9f"


@pytest.mark.parametrize("hidden", DROPPED)
def test_what_is_not_seen_is_no_part_of_a_name(hidden: str) -> None:
    assert text(f"{hidden}青石{hidden}火锅{hidden}") == "青石火锅"
    assert text(hidden) is None


@pytest.mark.parametrize("broken", ["\n", "\r\n", "\t", "\v", "\f", "\u2028", "\u2029", "\x85", " \n\t ", "\n\u200b\n"])
def test_a_break_is_one_space(broken: str) -> None:
    assert text(f"{broken}青石巷1号{broken}二楼{broken}") == "青石巷1号 二楼"


def test_every_character_that_can_be_seen_stays_and_so_does_every_space() -> None:
    seen = "".join(map(chr, [*range(0x20, 0x3000), *range(0x4E00, 0x4F00), *range(0xFF00, 0xFFF0), 0x1F35C, 0xE011]))
    seen = "".join(char for char in seen if unicodedata.category(char) not in {"Cc", "Cf", "Zl", "Zp"}).strip()
    assert plain(seen) == seen
    for name in ("小馆  二店", "A\u00a0B", "全\u3000角", "Café\u0301", "👍🏽🍜", "～＊＃|**"):
        assert plain(name) == name


def test_no_field_of_either_api_holds_what_is_not_seen() -> None:
    bad = "\u200b\x07"
    hours = {"open_time": f"11:00-14:00\n17:00-21:00{bad}", "opentime2": WEEK.replace("；", f"；{bad}")}
    old = row(
        1,
        f"青石{bad}火锅",
        "05\u200b0117",
        f"{HOTPOT}{bad}",
        biz_ext=hours,
        tel=f"0512{bad}-1",
        tag=f"鲜{bad}毛肚,虾\t滑",
    )
    new = old | {"business": {"opentime_today": hours["open_time"], "opentime_week": hours["opentime2"]}, "biz_ext": []}
    new["business"] |= {"keytag": f"重庆{bad}火锅", "rectag": f"火{bad}锅", "tel": old["tel"], "tag": old["tag"]}
    for given in (old, new):
        record = poi(given | {"id": f"B1{bad}", "address": f"青石巷{bad}1号\r\n二楼"})
        assert record is not None
        shown = orjson.dumps(poi_json(record) | {"type": record.type, "code": record.typecode}).decode()
        assert shown.isprintable()
        assert (record.poi_id, record.name, record.address) == ("B1", "青石火锅", "青石巷1号 二楼")
        assert (record.open_hours, record.open_week) == ("11:00-14:00 17:00-21:00", WEEK)
        assert (record.specialities, record.typecode, record.type) == (("鲜毛肚", "虾 滑"), "050117", HOTPOT)


@pytest.mark.parametrize("field", ["id", "name", "address", "type"])
def test_a_row_with_a_damaged_name_address_or_type_is_unreadable(field: str) -> None:
    good = row(1)
    assert poi(good) is not None
    assert poi(good | {field: good[field][:2] + "\ufffd"}) is None


def test_any_other_damaged_text_is_left_out() -> None:
    record = poi(
        row(1, tel="05\ufffd", tag="鲜毛\ufffd,虾滑", biz_ext={"open_time": "11:00-21\ufffd", "opentime2": WEEK})
    )
    assert record is not None
    assert (record.tel, record.specialities, record.open_hours, record.open_week) == (None, (), WEEK, WEEK)


@pytest.mark.parametrize(("field", "most"), [("id", 128), ("name", 200), ("address", 500), ("type", 500)])
def test_a_row_with_an_endless_field_is_unreadable(field: str, most: int) -> None:
    assert poi(row(1) | {field: "长" * most}) is not None
    assert poi(row(1) | {field: f"\u200b{'长' * most}\n"}) is not None
    assert poi(row(1) | {field: "长" * (most + 1)}) is None


def test_endless_hours_are_left_out_and_long_ones_are_not() -> None:
    for number, stays in ((2_000, True), (2_001, False)):
        record = poi(row(1, business={"opentime_week": "周" * number}))
        assert record is not None
        assert (record.open_week is not None) is stays


def test_bytes_that_were_lost_make_the_row_unreadable_and_prove_nothing_and_the_service_s_bytes_are_kept(
    tmp_path: Path,
) -> None:
    near = {"location": f"{PLACE.lng},{PLACE.lat}"}
    pois = [row(1, "青石\u200b小馆") | near, row(2, "青石餐馆") | near, row(3, kind="餐饮服务") | near, row(4) | near]
    pois[3]["type"] = pois[0]["type"] = "火锅"
    whole = orjson.dumps({**OK, "count": "4", "pois": pois})
    damaged = whole.replace("餐".encode(), "餐".encode()[:2])

    async def page(maps: Any) -> tuple[list[str], int, int]:
        listed = await maps.around(PLACE, radius_m=2000, cuisine=None, page=1)
        return [one.name for one in listed.pois], listed.unreadable, listed.covered_m

    assert over(lambda _: damaged, page, tmp_path / "damaged") == (["青石小馆", "青石火锅"], 2, 0)
    assert over(lambda _: whole, page, tmp_path / "whole") == (
        ["青石小馆", "青石餐馆", "青石火锅", "青石火锅"],
        0,
        2000,
    )
    with sqlite3.connect(tmp_path / "damaged" / "map.sqlite") as held:
        assert held.execute("select raw from answers").fetchall() == [(damaged,)]


def _names(file: Path, data: Path) -> dict[str, str | None]:
    async def work() -> dict[str, str | None]:
        maps, _ = open_map(file, data)
        place = await maps.locate(PlaceName("x", "", "", 24.94, 60.17))
        listed = await maps.around(place, radius_m=2000, cuisine=None, page=1)
        return {one.name: one.address for one in listed.pois}

    return asyncio.run(work())


def _osm(folder: Path, name: str, street: str) -> Path:
    lng, lat, tags = restaurants(1)[0]
    marked = {**tags, "name": name, "addr:street": street}
    return write_osm(folder / "a.osm.pbf", [(lng, lat, marked), *restaurants(2)[1:]])


def _overture(folder: Path, name: str, street: str) -> Path:
    shop = {"id": "a", "name": name, "category": "thai_restaurant", "street": f"{street} 1", "lng": 24.94, "lat": 60.17}
    plain_one = {**shop, "id": "b", "name": "Keksitty 1", "street": "Kuvitteellinenkatu 2", "lng": 24.941}
    return write_overture(folder / "a.parquet", [shop, plain_one])


def _table(folder: Path, name: str, street: str) -> Path:
    file = folder / "a.csv"
    lines = ["name,lng,lat,type,address", f'"{name}",24.94,60.17,restaurant,"{street} 1"']
    lines.append("Keksitty 1,24.941,60.17,restaurant,Kuvitteellinenkatu 2")
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


@pytest.mark.parametrize("write", [_osm, _overture, _table])
def test_open_data_is_read_so_too(write: Any, tmp_path: Path) -> None:
    other = {"Keksitty 1": "Kuvitteellinenkatu 2"}
    cases = {
        ("Oma\u200b Ravintola\ufeff", "Toka\tkatu"): {"Oma Ravintola": "Toka katu 1"} | other,
        ("Oma Ravin\ufffd", "Tokakatu"): other,
        ("Oma Ravintola", "Toka\ufffd"): other,
        ("R" * 200, "Tokakatu"): {"R" * 200: "Tokakatu 1"} | other,
        ("R" * 201, "Tokakatu"): other,
        ("\u200b", "Tokakatu"): other,
    }
    for number, ((name, street), expected) in enumerate(cases.items()):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert _names(write(folder, name, street), folder) == expected


def test_an_index_of_an_older_reader_is_made_again_under_its_name(tmp_path: Path) -> None:
    file = _table(tmp_path, "Oma\u200b Ravintola", "Tokakatu")
    _, print_ = open_map(file, tmp_path)
    about = tmp_path / "open-index" / print_ / "index.json"
    for older, read_again in ((False, False), (True, True)):
        values = orjson.loads(about.read_bytes()) | {"read_at": "2020-01-01T00:00:00+00:00"}
        about.write_bytes(orjson.dumps({key: value for key, value in values.items() if key != "reader" or not older}))
        assert open_map(file, tmp_path)[1] == print_
        assert (b"2020-01-01" not in about.read_bytes()) is read_again


def test_a_place_is_told_in_visible_words(tmp_path: Path) -> None:
    def answer(_: web.Request) -> dict[str, Any]:
        location = {"location": "116.3265,39.9997", "level": "兴趣\u200b点", "adcode": "110108\n"}
        return {**OK, "geocodes": [{"province": "北京\u200b市", "city": [], "district": "海淀区", **location}]}

    async def locate(maps: Any) -> str:
        place = await maps.locate(PlaceName("清华大学", "北京市"))
        return str(place.adcode)

    assert over(answer, locate, tmp_path) == "110108"
