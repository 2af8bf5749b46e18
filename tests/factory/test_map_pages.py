"""Where a listing ends: short pages, totals that are told, believed, never reached, or nonsense."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from factory.agents.order_run import OrderRun
from factory.maps.amap.client import AmapMap
from factory.maps.service import PoiPage
from factory.records import Evidence, Order, Wish
from factory.verifier.wishes import proved_empty
from tests.factory.test_map_rows import row
from tests.factory.test_map_wire import OK, PLACE, client, server

RADIUS_M = 2000
WISH = Wish("川菜", None, None, None, RADIUS_M)
Pages = Callable[[int], tuple[list[Any], Any]]


def shop(number: int, metres: float | None = None) -> dict[str, Any]:
    """A hotpot place, the farther away the higher its number."""
    away = (5.0 * number if metres is None else metres) / 85_000
    return row(number) | {"location": f"{PLACE.lng + away:.6f},{PLACE.lat:.6f}"}


def shops(first: int, last: int) -> list[dict[str, Any]]:
    return [shop(number) for number in range(first, last + 1)]


def listed(
    pages: Pages, folder: Path, *, radius_m: int = RADIUS_M, api: str = "v3", order: tuple[int, ...] = ()
) -> tuple[list[PoiPage], Evidence, list[int]]:
    """The pages that an order reads until the last one, or in this ``order``; its evidence; the pages that were asked for."""
    asked: list[int] = []

    def serve(request: web.Request) -> web.Response:
        number = int(request.query.get("page") or request.query["page_num"])
        asked.append(number)
        pois, count = pages(number)
        told = {} if count is None else {"count": count}
        return web.Response(text=json.dumps({**OK, **told, "pois": pois}))

    async def work(maps: AmapMap) -> tuple[list[PoiPage], Evidence]:
        maps._api = api
        maps._has_restaurants = True  # no wide circle is looked at
        run = OrderRun(Order("o", "r", 0, PLACE, (WISH,), ("train",), 0), maps, 2)
        read: list[PoiPage] = []
        for number in order or range(1, 30):
            read.append(await run.search(radius_m, None, number))
            if read[-1].is_last and not order:
                break
        return read, run.evidence()

    async def scene() -> tuple[list[PoiPage], Evidence]:
        async with server(serve) as base:
            maps = client(base, folder)
            try:
                return await work(maps)
            finally:
                await maps.aclose()

    read, evidence = asyncio.run(scene())
    return read, evidence, asked


def paged(*pages: list[Any], told: Any) -> Pages:
    """These pages, and empty ones after them, each with the same total."""
    return lambda number: (pages[number - 1] if number <= len(pages) else [], told)


def is_whole(evidence: Evidence) -> bool:
    [search] = evidence.searches
    whole = search.exhausted and search.covered_m == RADIUS_M
    assert proved_empty(evidence, WISH) is whole
    return whole


def test_a_short_page_is_not_the_last_where_more_is_told(tmp_path: Path) -> None:
    read, evidence, asked = listed(paged(shops(1, 24), shops(25, 27), told="27"), tmp_path)
    assert [(len(page.pois), page.is_last) for page in read] == [(24, False), (3, True)]
    assert (len(evidence.pois), asked) == (27, [1, 2])
    assert is_whole(evidence)


def test_a_short_page_alone_proves_nothing_yet(tmp_path: Path) -> None:
    pages = paged(shops(1, 24), shops(25, 27), told="27")
    _, evidence, _ = listed(pages, tmp_path, order=(1,))
    assert evidence.searches[0].covered_m == 0
    assert not is_whole(evidence)


@pytest.mark.parametrize("last", [shops(26, 27), []])
@pytest.mark.parametrize("told", ["27", 27, 27.0])
def test_a_total_that_is_never_reached_leaves_the_listing_open(last: list[Any], told: Any, tmp_path: Path) -> None:
    read, evidence, asked = listed(paged(shops(1, 24), last, told=told), tmp_path)
    assert len(evidence.pois) == 24 + len(last)
    assert (evidence.searches[0].covered_m, evidence.searches[0].exhausted) == (0, False)
    assert not is_whole(evidence)
    assert read[-1].is_last
    # Two of three come on page 2, which is short itself: page 3 is asked, and empty.
    assert asked == [1, 2, 3] if last else [1, 2]


def test_what_full_pages_covered_stays_covered(tmp_path: Path) -> None:
    _, evidence, _ = listed(paged(shops(1, 25), shops(26, 40), told="41"), tmp_path)
    assert evidence.searches[0].covered_m == pytest.approx(125, abs=2)
    assert not is_whole(evidence)
    _, evidence, asked = listed(paged(shops(1, 25), shops(26, 40), told="40"), tmp_path / "other")
    assert asked == [1, 2]
    assert is_whole(evidence)


def test_a_full_page_after_a_short_one_covers_no_more_than_was_sure(tmp_path: Path) -> None:
    pages = paged(shops(1, 24), shops(26, 50), shops(51, 60), told="60")
    assert listed(pages, tmp_path / "two", order=(1, 2))[1].searches[0].covered_m == 0
    assert not is_whole(listed(pages, tmp_path / "all")[1])


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_the_order_in_which_pages_are_asked_for_changes_nothing(order: tuple[int, ...], tmp_path: Path) -> None:
    for number, (pages, whole) in enumerate(
        (
            (paged(shops(1, 24), shops(25, 27), told="27"), True),
            (paged(shops(1, 24), shops(25, 26), told="26"), True),
            (lambda page: (shops(1, 24) if page == 1 else [], "27"), False),
            (lambda page: (shops(1, 24), "27") if page == 1 else ([], "0"), False),
        )
    ):
        _, evidence, asked = listed(pages, tmp_path / str(number), order=order)
        assert is_whole(evidence) is whole
        assert sorted(asked) == [1, 2]


def test_a_kept_listing_is_read_again_as_it_was(tmp_path: Path) -> None:
    pages = paged(shops(1, 25), shops(26, 49), shops(50, 52), told="53")
    first = listed(pages, tmp_path)
    again = listed(pages, tmp_path)
    assert (first[0], first[1].searches) == (again[0], again[1].searches)
    assert (first[2], again[2]) == ([1, 2, 3, 4], [])


NONSENSE = [None, "-7", "x", "", [], {}, "12", "0", 10**20, 12.5, True, "1e9", "２７", "9" * 30]


@pytest.mark.parametrize("told", NONSENSE)
def test_a_total_that_is_none_changes_nothing(told: Any, tmp_path: Path) -> None:
    read, evidence, asked = listed(paged(shops(1, 24), told=told), tmp_path)
    assert (len(read), read[0].is_last, asked) == (1, True, [1])
    assert is_whole(evidence)


@pytest.mark.parametrize("api", ["v3", "v5"])
def test_a_count_of_the_page_alone_asks_for_no_page_more(api: str, tmp_path: Path) -> None:
    def of_page(number: int) -> tuple[list[Any], Any]:
        rows = {1: shops(1, 25), 2: shops(26, 50), 3: shops(51, 57)}.get(number, [])
        return rows, str(len(rows))

    _, evidence, asked = listed(of_page, tmp_path, api=api)
    assert asked == [1, 2, 3]
    assert is_whole(evidence)


def test_a_total_asks_for_no_page_more_where_it_is_reached(tmp_path: Path) -> None:
    pages = (shops(1, 25), shops(26, 50), shops(51, 57))
    assert listed(paged(*pages, told="57"), tmp_path / "a")[2] == [1, 2, 3]
    # An entry that is no row and one that is empty were told of, too.
    assert listed(paged([*shops(1, 20), "x", None], told="22"), tmp_path / "b")[2] == [1]
    assert listed(paged([*shops(1, 20), "x", None], told="23"), tmp_path / "c")[2] == [1, 2]
    # A page past the end needs those with rows, and none between.
    assert listed(paged(*pages, told="57"), tmp_path / "d", order=(7,))[2] == [7, 1, 2, 3]


def test_pages_are_no_more_than_ever_where_all_are_short(tmp_path: Path) -> None:
    read, evidence, asked = listed(lambda page: (shops(25 * page - 24, 25 * page - 1), "900"), tmp_path)
    assert asked == [1, 2, 3, 4, 5, 6, 7, 8]
    assert (read[-1].is_last, read[-1].capped) == (True, True)
    assert not is_whole(evidence)


def test_the_last_page_before_the_cap_is_whole_where_its_total_is_reached(tmp_path: Path) -> None:
    for total, whole in ((199, True), (200, False)):
        pages = [shops(n, min(n + 24, 199)) for n in range(1, 200, 25)]
        _, evidence, asked = listed(paged(*pages, told=str(total)), tmp_path / str(total))
        assert len(asked) == 8
        assert is_whole(evidence) is whole


def test_nothing_listed_though_some_are_told_of_is_not_nothing_here(tmp_path: Path) -> None:
    for told, whole in (("0", True), ("3", False)):
        _, evidence, asked = listed(paged(told=told), tmp_path / told)
        assert asked == [1]
        assert is_whole(evidence) is whole


@pytest.mark.parametrize(("first", "asked"), [(25, [1]), (24, [1, 2])])
def test_a_row_beyond_the_circle_ends_it_unless_rows_are_missing_before(
    first: int, asked: list[int], tmp_path: Path
) -> None:
    near, far = shops(1, 12), [shop(number, 1_000 + number) for number in range(13, 28)]
    pages = paged([*near, *far[: first - 12]], far[first - 12 :], told="27")
    read, evidence, pages_asked = listed(pages, tmp_path, radius_m=800)
    assert pages_asked == asked
    assert len(evidence.pois) == 12
    assert read[-1].is_last
    assert (evidence.searches[0].exhausted, evidence.searches[0].covered_m) == (True, 800)


def test_a_row_beyond_the_circle_proves_nothing_where_the_total_is_never_reached(tmp_path: Path) -> None:
    far = [shop(number, 1_000 + number) for number in range(13, 28)]
    pages = paged([*shops(1, 12), *far[:12]], far[12:14], told="27")
    read, evidence, asked = listed(pages, tmp_path, radius_m=800)
    assert (asked, read[-1].is_last) == ([1, 2, 3], True)
    assert (evidence.searches[0].exhausted, evidence.searches[0].covered_m) == (False, 0)
