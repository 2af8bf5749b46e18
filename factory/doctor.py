"""``make doctor``: what the map and the teacher really do with the settings in force, what it costs, and what to set.

A tool call, an answer in JSON and the usage are tried, since servers differ in each. ``--record FILE`` writes the exchanges down
without keys, so that a test can play them back. The judge's calls are made by ``python -m judge probe``: a room does not import
one downstream of it.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

from factory.agents.tools import make_tools, tool_schemas
from factory.config import SANDBOX, Settings, settings_of
from factory.errors import ChidianError, OrderFailed
from factory.llm.chat import CallKey, ChatAnswer, ChatRequest
from factory.llm.transport import DirectChat
from factory.maps.amap.client import AmapMap
from factory.maps.kind import Survey
from factory.maps.registry import survey
from factory.records import Message, PlaceName
from factory.run.services import Services, open_services
from factory.sending.recording import Recorder
from factory.settings import Values, of_factory
from factory.shown_text import print_line
from factory.wire_text import loose_json, quoted

PLACE = PlaceName("清华大学", "北京市")
TASK = (
    Message("system", "你会调用工具。"),
    Message("user", "任务：地点=清华大学；城市=北京市；需求数=1。先调用 preference_gen。"),
)
MOST_TOKENS = 500


def main(values: Values) -> int:
    """0 when everything works; 1 with a sentence each otherwise."""
    settings = settings_of(values)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        return asyncio.run(
            _examine(replace(settings, data=data), survey(settings.map, data), values[of_factory.RECORD])
        )


async def _examine(settings: Settings, world: Survey, record: Path | None) -> int:
    kind = "sandbox" if SANDBOX in {settings.map, settings.teacher} else "real services"
    _say(f"map {settings.map}, teacher {settings.teacher} ({kind}); keys come from the environment and are never shown")
    async with open_services(settings, "doctor", world) as services:
        if record is not None:
            _record(services, settings, record)
        here = world.places()[0] if world.places else PLACE
        fine = [
            await _try("map", _map(services, here)),
            await _try("teacher, a tool call", _tool_call(services)),
            await _try("teacher, an answer in JSON", _json_answer(services)),
        ]
        for line in _limits(services, settings):
            _say(line)
    if record is not None:
        _say(f"exchanges, without keys: {record}")
    return 0 if all(fine) else 1


def _record(services: Services, settings: Settings, path: Path) -> None:
    keys = settings.keys
    recorder = Recorder(path, (keys.amap_key, keys.amap_secret, keys.teacher))
    if isinstance(services.chat, DirectChat):
        services.chat.recorder = recorder
    else:
        _say("the teacher is asked by litellm: its exchanges are not recorded")
    if isinstance(services.maps, AmapMap):
        services.maps.record_to(recorder)


async def _try(what: str, work: Coroutine[Any, Any, str]) -> bool:
    try:
        _say(f"ok    {what}: {await work}")
    except ChidianError as error:
        _say(f"FAILS {what}: {error}")
        return False
    return True


async def _map(services: Services, here: PlaceName) -> str:
    place = await services.maps.locate(here)
    page = await services.maps.around(place, radius_m=2000, cuisine=None, page=1)
    return f"{place.name} lies at {place.lng:.4f},{place.lat:.4f} ({place.datum}); {len(page.pois)} restaurants on the first page"


async def _tool_call(services: Services) -> str:
    request = ChatRequest(
        model=services.model,
        messages=TASK,
        max_tokens=MOST_TOKENS,
        tools=tool_schemas(make_tools()),
        extra=dict(services.extra),
    )
    answer = await services.chat.ask(request, CallKey("doctor", "doctor", 0, purpose="doctor"))
    calls = answer.message.tool_calls
    if not calls:
        raise OrderFailed(
            f"{quoted(answer.model, 60)} called no tool ({_cost(answer)}); it wrote: "
            f"{quoted(answer.message.content, 80) or 'nothing'}. Choose a model that calls tools, or start its server with a "
            "tool parser (vLLM: --enable-auto-tool-choice --tool-call-parser; llama.cpp: --jinja).",
            reason="no_tool_call",
        )
    if not all(call.readable for call in calls):
        raise OrderFailed(
            f"{quoted(answer.model, 60)} called {calls[0].name} with arguments that are no JSON object: "
            f"{quoted(calls[0].arguments, 80)}. Choose another model, or its server's own tool parser.",
            reason="unreadable_call",
        )
    return f"{quoted(answer.model, 60)} called {', '.join(call.name for call in calls)}; {_cost(answer)}"


async def _json_answer(services: Services) -> str:
    request = ChatRequest(
        model=services.model,
        messages=(Message("user", '只输出一个 json 对象：{"ok": 1}'),),
        max_tokens=MOST_TOKENS,
        temperature=0.1,
        response_format={"type": "json_object"},
        extra=dict(services.extra),
    )
    try:
        answer = await services.chat.ask(request, CallKey("doctor", "doctor", 1, purpose="doctor"))
    except ChidianError as error:
        text = f'{error} If it is the response_format that is refused, a judge here needs JUDGE_EXTRA={{"response_format": null}}.'
        raise OrderFailed(text, reason="no_json") from error
    text = answer.message.content
    if not isinstance(loose_json(text.strip().removeprefix("```json").removesuffix("```")), dict):
        if services.model.startswith("sandbox/"):
            return f"the simulated teacher writes none, and none is asked of it; {_cost(answer)}"
        return (
            f"it wrote none ({quoted(text, 60) or 'nothing'}; {answer.finish_reason or 'no reason given'}): it serves as a "
            f"teacher, and as a judge its answers may stay unscored; {_cost(answer)}"
        )
    return f"read; {_cost(answer)}"


def _cost(answer: ChatAnswer) -> str:
    if answer.input_tokens is None or answer.output_tokens is None:
        return "no usage that can be true is reported, so that each call counts at its worst case" + (
            "" if answer.record.cost_cny is None else f" ({answer.record.cost_cny:.6f} CNY)"
        )
    cost = "price unknown" if answer.record.cost_cny is None else f"{answer.record.cost_cny:.6f} CNY"
    return f"{answer.input_tokens} tokens in, {answer.output_tokens} out, {cost}"


def _limits(services: Services, settings: Settings) -> list[str]:
    """The limits in force, and what is worth setting."""
    limits = [f"{services.rpm or '?'} requests and {services.tpm or '?'} tokens a minute for the teacher"]
    if settings.map == "amap":
        limits.append(f"{settings.amap_qps:g} map requests a second, {settings.amap_month} searches a month")
    lines = ["limits in force: " + "; ".join(limits)]
    unset = []
    if services.price is None:
        unset.append(
            "PRICE_IN and PRICE_OUT (CNY per million tokens; 0 for a server of your own), or BUDGET cannot be kept"
        )
    if services.rpm is None and settings.teacher != SANDBOX and not (services.price and services.price.is_free):
        unset.append(
            "TEACHER_RPM and TEACHER_TPM, if the account has limits: refusals are met and obeyed, but known ones cost none"
        )
    return lines + [f"set {what}" for what in unset]


def _say(line: str) -> None:
    print_line(line, sys.stdout)
