"""Whatever a model sends as arguments is data from outside: each tool answers with JSON, and never with an exception."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
import pytest

from factory.agents.order_run import OrderRun
from factory.agents.tools import OrderTool, location, make_tools
from factory.errors import OrderFailed
from factory.llm.tool_calls import read_arguments
from factory.records import Order, PlaceName
from tests.factory.bent_teacher import WISHES, bent, chat_with, map_at, one_order
from tests.factory.sandbox_wire import served

ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, 2**31, 2**63, -(2**63), 10**400, 1e308, float("inf"), float("nan")),
    *(
        "",
        " ",
        "0",
        "inf",
        "1e999",
        "null",
        "字" * 5_000,
        "\x00",
        "\u202e",
        "'; --",
        "a\r\nb",
        [],
        {},
        [[]],
        [None],
        {"": None},
    ),
)
SAMPLE = {"wish": 0, "question": "问", "answer": "答", "feasible": True, "recommendations": []}


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The sandbox's map, and where its pages are kept."""
    with served() as base:
        yield base, tmp_path_factory.mktemp("map")


def _all(odd: Any, here: str) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "preference_gen", {"count": odd}
    yield "geo_location", {"place": odd}
    yield "restaurant_search", {"location": odd}
    for name in ("radius_m", "cuisine", "page"):
        yield "restaurant_search", {"location": here, "radius_m": 2000, name: odd}
    yield "final_answer", {"samples": odd}
    yield "final_answer", {"samples": [odd]}
    for name in SAMPLE:
        yield "final_answer", {"samples": [{**SAMPLE, name: odd}]}
    for name in ("poi_id", "reason"):
        yield "final_answer", {"samples": [{**SAMPLE, "recommendations": [{"poi_id": "x", "reason": "y", name: odd}]}]}


@pytest.mark.parametrize("odd", ODD, ids=lambda value: repr(value)[:20])
def test_every_tool_answers_odd_values_in_every_place(city: tuple[str, Path], odd: Any) -> None:
    async def scene() -> None:
        maps = map_at(*city)
        place = await maps.locate(PlaceName("清华大学", "北京市"))
        run = OrderRun(Order("o", "run", 0, place, WISHES, ("train", "train"), seed=0), maps, 2)
        tools: dict[str, OrderTool] = {tool.name: tool for tool in make_tools()}
        for tool in tools.values():
            tool.run = run
        for name, arguments in _all(odd, location(run)):
            run.repairs_left = 2
            with suppress(OrderFailed):  # a cuisine that no map takes
                assert isinstance(orjson.loads(await tools[name].answer(arguments)), dict)
        await maps.aclose()

    asyncio.run(scene())


def test_a_number_beyond_whole_ones_is_left_as_it_is_and_the_largest_whole_one_is_not() -> None:
    schema = {"type": "object", "properties": {"page": {"type": "integer"}}}
    assert read_arguments({"page": 9007199254740991.0}, schema) == ('{"page":9007199254740991}', True)
    assert read_arguments({"page": 2.0**53}, schema) == ('{"page":9007199254740992.0}', True)
    assert read_arguments('{"page": "3"}', schema) == ('{"page":3}', True)


@pytest.mark.parametrize(
    "odd",
    [value for value in ODD if not isinstance(value, float) and value != 10**400],
    ids=lambda value: repr(value)[:20],
)
def test_a_repair_is_asked_for_whatever_a_sample_named_as_its_wish(
    city: tuple[str, Path], tmp_path: Path, odd: Any
) -> None:
    def bend(answer: dict[str, Any], number: int) -> Any:
        for call in answer["choices"][0]["message"].get("tool_calls") or ():
            if call["function"]["name"] == "final_answer" and number < 6:
                samples = orjson.loads(call["function"]["arguments"])["samples"]
                changed = [{**samples[0], "question": "坏"}, {**samples[-1], "wish": odd}]
                call["function"]["arguments"] = orjson.dumps({"samples": changed}).decode()
        return answer

    async def scene() -> None:
        async with bent(bend) as teacher, chat_with(tmp_path, teacher.base) as (chat, _):
            maps = map_at(*city)
            outcome = await one_order(chat, maps)
            await maps.aclose()
            assert len(outcome.slots) == len(WISHES)

    asyncio.run(scene())
