"""``make doctor``: one map call and one tool-calling LLM call with the settings in force; what works, what it costs.

The judge's call is made by ``python -m judge probe``: a room does not import one downstream of it.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from factory.agents.tools import make_tools, tool_schemas
from factory.config import SANDBOX, Settings, read_settings
from factory.errors import ChidianError
from factory.llm.chat import CallKey, ChatRequest
from factory.maps.kind import Survey
from factory.maps.registry import survey
from factory.records import Message, PlaceName
from factory.run.services import Services, open_services
from factory.shown_text import print_line

PLACE = PlaceName("清华大学", "北京市")


def main(argv: Sequence[str]) -> int:
    """0 when everything works; 1 with a sentence each otherwise."""
    settings = read_settings(argv)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        return asyncio.run(_examine(replace(settings, data=data), survey(settings.map, data)))


async def _examine(settings: Settings, world: Survey) -> int:
    kind = "sandbox" if SANDBOX in {settings.map, settings.teacher} else "real services"
    _say(f"map {settings.map}, teacher {settings.teacher} ({kind}); keys come from the environment and are never shown")
    async with open_services(settings, "doctor", world) as services:
        here = world.places()[0] if world.places else PLACE
        fine = [await _try("map", _map(services, here)), await _try("teacher", _teacher(services))]
        limits = [f"{services.rpm or '?'} requests and {services.tpm or '?'} tokens a minute for the teacher"]
        if settings.map == "amap":
            limits.append(f"{settings.amap_qps:g} map requests a second, {settings.amap_month} searches a month")
        _say("limits in force: " + "; ".join(limits))
    return 0 if all(fine) else 1


async def _try(what: str, work: object) -> bool:
    try:
        _say(f"ok    {what}: {await work}")  # type: ignore[misc]  # a coroutine
    except ChidianError as error:
        _say(f"FAILS {what}: {error}")
        return False
    return True


async def _map(services: Services, here: PlaceName) -> str:
    place = await services.maps.locate(here)
    page = await services.maps.around(place, radius_m=2000, cuisine=None, page=1)
    return f"{place.name} lies at {place.lng:.4f},{place.lat:.4f} ({place.datum}); {len(page.pois)} restaurants on the first page"


async def _teacher(services: Services) -> str:
    request = ChatRequest(
        model=services.model,
        messages=(
            Message("system", "你会调用工具。"),
            Message("user", "任务：地点=清华大学；城市=北京市；需求数=1"),
        ),
        max_tokens=200,
        tools=tool_schemas(make_tools()),
        extra=dict(services.extra),
    )
    answer = await services.chat.ask(request, CallKey("doctor", "doctor", 0, purpose="doctor"))
    calls = ", ".join(call.name for call in answer.message.tool_calls) or "no tool: choose a model that calls tools"
    cost = "price unknown" if answer.record.cost_cny is None else f"{answer.record.cost_cny:.6f} CNY"
    return f"{answer.model} called {calls}; {answer.input_tokens} tokens in, {answer.output_tokens} out, {cost}"


def _say(line: str) -> None:
    print_line(line, sys.stdout)
