"""The AMap client: signature vectors, the infocode table, every empty form, and the sandbox's server over the wire."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from factory.errors import AccountRefused, NoSuchPlace, QuotaExhausted
from factory.maps.amap.client import AmapMap
from factory.maps.amap.infocodes import TABLE, Action, look_up
from factory.maps.amap.parsing import number, part, poi, point, rows, text
from factory.maps.amap.signature import sign
from factory.maps.amap.wire import AmapAccount
from factory.maps.kept import KeptAnswers
from factory.records import Place, PlaceName
from factory.sandbox.amap.server import MapOptions
from factory.sandbox.process import SandboxProcess
from factory.sandbox.serve import Sandbox
from factory.sending.limits import LocalLimiter

KEY = "k-secret-1"


def test_both_published_signature_vectors() -> None:
    assert sign({"a": "23", "b": "12", "c": "67", "d": "48", "f": "8"}, "bbbbb") == "a89e8c2266d888860c46672d77d069f3"
    assert sign({"key": "K", "center": "114.05,22.54"}, "S") == "b278ba382dbbf3cbe12e48a475e4ad1b"


def test_the_infocode_table_is_whole_and_splits_by_what_the_caller_does() -> None:
    published = [
        *range(10000, 10014),
        10014,
        10015,
        10016,
        10017,
        10019,
        10020,
        10021,
        10026,
        10029,
        10041,
        10044,
        10045,
    ]
    published += [20000, 20001, 20002, 20003, 20011, 20012, 20800, 20801, 20802, 20803, 30001, 30002, 30003]
    published += [*range(32000, 32004), *range(32200, 32204), 40000, 40001, 40002, 40003]
    assert set(TABLE) == set(map(str, published))
    assert TABLE["10004"].wait_s >= 60
    assert {code for code, row in TABLE.items() if row.action is Action.QUOTA} >= {"10003", "10044", "40000"}
    assert look_up("30001", "geocode").action is Action.EMPTY
    assert look_up("99999", "geocode").action is Action.ACCOUNT


@pytest.mark.parametrize("empty", [[], "", None, [[]], {}])
def test_every_empty_form_is_nothing(empty: object) -> None:
    assert text(empty) is None
    assert number(empty) is None
    assert rows(empty) == []
    assert point(empty) is None
    assert part([]) == {}


def test_pois_of_both_apis_become_one_record() -> None:
    old = {
        "id": "B1",
        "name": "小店",
        "location": "116.1,39.9",
        "typecode": "050102",
        "type": "餐饮服务;中餐厅;四川菜(川菜)",
        "address": [],
        "tel": [],
        "distance": "304",
        "biz_ext": {"rating": "4.7", "cost": "122.00", "open_time": "09:00-02:00"},
        "tag": "回锅肉,水煮鱼",
    }
    new = {
        **old,
        "address": "",
        "business": {"rating": "4.7", "cost": "122.00", "opentime_today": "09:00-02:00", "tag": "回锅肉,水煮鱼"},
    }
    for name in ("biz_ext", "tag", "tel"):
        del new[name]
    assert poi(old) == poi(new)
    record = poi(old)
    assert record is not None
    assert (record.cuisine, record.rating, record.cost_cny, record.address, record.tel) == (
        "川菜",
        4.7,
        122.0,
        None,
        None,
    )
    assert poi({**old, "biz_ext": []}) is not None
    assert poi({**old, "location": []}) is None


def _with_map(
    tmp_path: Path,
    work: Callable[[AmapMap, SandboxProcess], Awaitable[None]],
    *,
    options: MapOptions | None = None,
    api: str = "v3",
    key: str = KEY,
    secret: str | None = None,
    faults: str = "",
    month: int | None = None,
) -> None:
    async def run() -> None:
        async with SandboxProcess(Sandbox(map_options=options or MapOptions(), faults=faults)) as sandbox:
            account = AmapAccount(sandbox.amap_base_url, key, secret, 500.0, month, give_up_s=5.0)
            maps = AmapMap(
                account,
                KeptAnswers(tmp_path),
                provider="sandbox",
                licence="",
                attribution="",
                api=api,
                limiter=LocalLimiter({"map": account.limits}),
            )
            try:
                await work(maps, sandbox)
            finally:
                await maps.aclose()

    asyncio.run(run())


async def _place(maps: AmapMap) -> Place:
    return await maps.locate(PlaceName("清华大学", "北京市"))


@pytest.mark.parametrize("api", ["v3", "v5"])
def test_pages_walk_a_circle_outwards_and_end(tmp_path: Path, api: str) -> None:
    async def work(maps: AmapMap, _: SandboxProcess) -> None:
        place = await _place(maps)
        seen: list[str] = []
        farthest = 0
        page = 1
        while True:
            listed = await maps.around(place, radius_m=2000, cuisine="川菜", page=page)
            assert all(restaurant.cuisine == "川菜" for restaurant in listed.pois)
            seen += [restaurant.poi_id for restaurant in listed.pois]
            assert listed.covered_m >= farthest
            farthest = listed.covered_m
            if listed.is_last:
                break
            page += 1
        assert len(seen) == len(set(seen)) > 0
        assert farthest == 2000
        near = await maps.around(place, radius_m=400, cuisine="川菜", page=1)
        assert near.is_last
        assert near.covered_m == 400

    _with_map(tmp_path, work, api=api)


def test_each_distinct_request_is_made_once_also_at_the_same_time(tmp_path: Path) -> None:
    async def work(maps: AmapMap, sandbox: SandboxProcess) -> None:
        place = await _place(maps)
        await asyncio.gather(
            *(maps.around(place, radius_m=radius, cuisine="川菜", page=1) for radius in (500, 1000, 2000) * 5)
        )
        assert maps.requests() == {"geocode": 1, "v3/around": 1}
        stats = await sandbox.stats()
        assert sum(stats["requests"].values()) == 2

    _with_map(tmp_path, work)


def test_a_signed_account_works_and_the_key_stays_out_of_the_store(tmp_path: Path) -> None:
    async def work(maps: AmapMap, _: SandboxProcess) -> None:
        await maps.around(await _place(maps), radius_m=2000, cuisine=None, page=1)

    _with_map(tmp_path, work, options=MapOptions(keys=(KEY,), secret="s-secret"), secret="s-secret")
    assert not [path for path in tmp_path.iterdir() if KEY.encode() in path.read_bytes()]


def test_a_bad_key_stops_the_run_with_what_to_do(tmp_path: Path) -> None:
    async def work(maps: AmapMap, _: SandboxProcess) -> None:
        with pytest.raises(AccountRefused, match="AMAP_KEY") as caught:
            await _place(maps)
        assert "k-wrong" not in str(caught.value)

    _with_map(tmp_path, work, options=MapOptions(keys=(KEY,)), key="k-wrong")


def test_a_used_up_month_stops_the_run(tmp_path: Path) -> None:
    async def work(maps: AmapMap, _: SandboxProcess) -> None:
        place = await _place(maps)
        await maps.around(place, radius_m=2000, cuisine="川菜", page=1)
        with pytest.raises(QuotaExhausted, match="month"):
            await maps.around(place, radius_m=2000, cuisine="湘菜", page=1)

    _with_map(tmp_path, work, month=1)


@pytest.mark.parametrize(("name", "city"), [("没有这个地方", "北京市"), ("东京塔", "东京"), ("朝阳", "")])
def test_unknown_foreign_and_ambiguous_places_have_their_outcome(tmp_path: Path, name: str, city: str) -> None:
    async def work(maps: AmapMap, _: SandboxProcess) -> None:
        with pytest.raises(NoSuchPlace):
            await maps.locate(PlaceName(name, city))

    _with_map(tmp_path, work)


def test_faults_of_every_kind_are_survived(tmp_path: Path) -> None:
    shares = (
        '{"map": {"shares": {"5xx": 0.1, "html": 0.1, "half_body": 0.1, "drop": 0.1, "10021": 0.05, "10016": 0.1}}}'
    )

    async def work(maps: AmapMap, _: SandboxProcess) -> None:
        place = await _place(maps)
        for cuisine in ("川菜", "湘菜", "粤菜", "火锅"):
            assert (await maps.around(place, radius_m=2000, cuisine=cuisine, page=1)).pois

    _with_map(tmp_path, work, faults=shares)
