"""Answers in the shapes that servers really send: each is read to the samples that it holds, or is asked for again."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web

from factory.llm.chat import CallKey, ChatRequest
from factory.records import Message
from tests.factory.bent_teacher import Bend, bent, chat_with, map_at, one_order
from tests.factory.sandbox_wire import served


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The sandbox's map, and where its pages are kept."""
    with served() as base:
        yield base, tmp_path_factory.mktemp("map")


def _message(answer: dict[str, Any]) -> dict[str, Any]:
    message: dict[str, Any] = answer["choices"][0]["message"]
    return message


def _calls(change: Callable[[dict[str, Any], int], None]) -> Bend:
    """Each tool call of each answer."""

    def bend(answer: dict[str, Any], _: int) -> Any:
        for position, call in enumerate(_message(answer).get("tool_calls") or ()):
            change(call, position)
        return answer

    return bend


def _arguments(change: Callable[[str], Any]) -> Bend:
    def bend(call: dict[str, Any], _: int) -> None:
        call["function"]["arguments"] = change(call["function"]["arguments"])

    return _calls(bend)


def _name(change: Callable[[str, int], Any]) -> Bend:
    def bend(call: dict[str, Any], position: int) -> None:
        call["function"]["name"] = change(call["function"]["name"], position)

    return _calls(bend)


def _as_text(value: Any) -> Any:
    """Every number and truth value written as text."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, list):
        return [_as_text(element) for element in value]
    return {name: _as_text(member) for name, member in value.items()} if isinstance(value, dict) else value


def _samples(change: Callable[[list[Any]], Any]) -> Bend:
    def bend(text: str) -> str:
        arguments = orjson.loads(text)
        if "samples" in arguments:
            arguments["samples"] = change(arguments["samples"])
        return orjson.dumps(arguments).decode()

    return _arguments(bend)


def _whole(change: Callable[[dict[str, Any]], None]) -> Bend:
    def bend(answer: dict[str, Any], _: int) -> Any:
        change(answer)
        return answer

    return bend


def _body(change: Callable[[bytes], bytes | web.Response]) -> Bend:
    return lambda answer, _: change(orjson.dumps(answer))


def _in_text(write: Callable[[str, str], str]) -> Bend:
    """The calls moved into the text, as servers without a parser for the model hand them on."""

    def bend(answer: dict[str, Any], _: int) -> Any:
        message = _message(answer)
        calls = [call["function"] for call in message.pop("tool_calls", None) or ()]
        if calls:
            message["content"] = "\n".join(write(call["name"], call["arguments"]) for call in calls)
            answer["choices"][0]["finish_reason"] = "stop"
        return answer

    return bend


def _coder(name: str, arguments: str) -> str:
    values = orjson.loads(arguments)
    written = {
        key: argument if isinstance(argument, str) else orjson.dumps(argument).decode()
        for key, argument in values.items()
    }
    parameters = "".join(f"<parameter={key}>\n{argument}\n</parameter>\n" for key, argument in written.items())
    return f"<tool_call>\n<function={name}>\n{parameters}</function>\n</tool_call>"


def _events(answer: dict[str, Any], *, comment: bool = False) -> web.Response:
    """The answer as a stream of a few events."""
    message, head = _message(answer), {"id": "x", "object": "chat.completion.chunk", "model": answer["model"]}
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": message.get("content") or ""}]
    for index, call in enumerate(message.get("tool_calls") or ()):
        text = call["function"]["arguments"]
        first = {**call, "index": index, "function": {"name": call["function"]["name"], "arguments": text[:5]}}
        deltas += [
            {"tool_calls": [first]},
            {"tool_calls": [{"index": index, "function": {"arguments": text[5:]}}]},
        ]
    events = [{**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    finish = answer["choices"][0]["finish_reason"]
    events += [
        {**head, "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]},
        {**head, "choices": [], "usage": answer["usage"]},
    ]
    lines = [": waiting", ""] if comment else []
    for event in events:
        lines += ["data: " + json.dumps(event, ensure_ascii=False), ""]
    return web.Response(body="\n".join([*lines, "data: [DONE]", "", ""]).encode(), content_type="text/event-stream")


def _thinking_parts(answer: dict[str, Any]) -> None:
    message = _message(answer)
    thought = {"type": "thinking", "thinking": [{"type": "text", "text": "先看需求"}]}
    message["content"] = [thought, {"type": "text", "text": message["content"] or "好"}]


READ: dict[str, Bend] = {
    "as the sandbox writes them": lambda answer, _: answer,
    "arguments: an object": _arguments(orjson.loads),
    "arguments: encoded twice": _arguments(lambda text: json.dumps(text, ensure_ascii=False)),
    "arguments: in a fence": _arguments(lambda text: f"```json\n{text}\n```"),
    "arguments: a comma too many": _arguments(lambda text: text[:-1] + ",}"),
    "arguments: commas too many inside": _arguments(lambda text: text.replace("}]", "},]")),
    "arguments: raw newlines": _arguments(lambda text: text.replace("\\n", "\n")),
    "arguments: an empty object before them": _arguments(lambda text: "{}" + text),
    "arguments: a stray mark behind them": _arguments(lambda text: text + "</tool_call>"),
    "arguments: as Python prints them": _arguments(lambda text: repr(orjson.loads(text))),
    "arguments: numbers as text": _arguments(lambda text: orjson.dumps(_as_text(orjson.loads(text))).decode()),
    "arguments: whole numbers as floats": _arguments(
        lambda text: re.sub(r'("(?:wish|page|count)":\s*\d+)\b', r"\1.0", text)
    ),
    "samples: a text": _samples(lambda samples: orjson.dumps(samples).decode()),
    "samples: texts": _samples(lambda samples: [orjson.dumps(sample).decode() for sample in samples]),
    "samples: an object by number": _samples(
        lambda samples: {str(place): sample for place, sample in enumerate(samples)}
    ),
    "names: functions.X": _name(lambda name, _: f"functions.{name}"),
    "names: functions.X:0": _name(lambda name, place: f"functions.{name}:{place}"),
    "names: a channel's mark": _name(lambda name, _: f"{name}<|channel|>commentary"),
    "names: white space": _name(lambda name, _: f" {name}\n"),
    "names: hyphens": _name(lambda name, _: name.replace("_", "-")),
    "ids: none": _calls(lambda call, _: call.pop("id")),
    "ids: null": _calls(lambda call, _: call.update(id=None)),
    "ids: always the same": _calls(lambda call, _: call.update(id="call_0")),
    "calls: without a type, with an index": _calls(lambda call, place: (call.pop("type"), call.update(index=place))[1]),
    "calls: finished as stop": _whole(lambda answer: answer["choices"][0].update(finish_reason="stop")),
    "calls: finished as null": _whole(lambda answer: answer["choices"][0].update(finish_reason=None)),
    "calls in the text: Hermes": _in_text(
        lambda name, arguments: f'<tool_call>\n{{"name": "{name}", "arguments": {arguments}}}\n</tool_call>'
    ),
    "calls in the text: Qwen3-Coder": _in_text(_coder),
    "calls in the text: Kimi": _in_text(
        lambda name, arguments: (
            f"<|tool_call_begin|>functions.{name}:0<|tool_call_argument_begin|>{arguments}<|tool_call_end|>"
        )
    ),
    "calls in the text: DeepSeek": _in_text(
        lambda name, arguments: (
            f"<｜tool▁call▁begin｜>function<｜tool▁sep｜>{name}\n```json\n{arguments}\n```<｜tool▁call▁end｜>"
        )
    ),
    "content: a thought before it": _whole(
        lambda answer: _message(answer).update(
            content="<think>\n先看需求。\n</think>\n\n" + (_message(answer)["content"] or "")
        )
    ),
    "content: parts": _whole(_thinking_parts),
    "content: an object": _whole(lambda answer: _message(answer).update(content={"text": "好"})),
    "content: a number": _whole(lambda answer: _message(answer).update(content=42)),
    "usage: none": _whole(lambda answer: answer.pop("usage")),
    "usage: a list": _whole(lambda answer: answer.update(usage=[1])),
    "usage: text": _whole(
        lambda answer: answer.update(usage={name: str(count) for name, count in answer["usage"].items()})
    ),
    "usage: a word": _whole(lambda answer: answer.update(usage="many")),
    "usage: beyond 2**63": _whole(
        lambda answer: answer.update(usage={"prompt_tokens": 2**63 + 5, "completion_tokens": 1})
    ),
    "usage: by Anthropic's names": _whole(
        lambda answer: answer.update(usage={"input_tokens": answer["usage"]["prompt_tokens"], "output_tokens": 900})
    ),
    "id: a number; model: null": _whole(lambda answer: answer.update(id=12345, model=None)),
    "logprobs: a list": _whole(lambda answer: answer["choices"][0].update(logprobs=[1, 2])),
    "logprobs: minus infinity": _body(
        lambda raw: raw.replace(b'"logprobs":null', b'"logprobs":{"content":[{"token":"a","logprob":-Infinity}]}')
    ),
    "choices: a null before it": _whole(lambda answer: answer["choices"].insert(0, None)),
    "body: a byte-order mark": _body(lambda raw: b"\xef\xbb\xbf" + raw),
    "body: keep-alive comments": _body(lambda raw: b": keep-alive\n\n: keep-alive\n\n" + raw),
    "body: newlines around it": _body(lambda raw: b"\n\n  " + raw + b"\n\n"),
    "body: a broken character": _body(lambda raw: raw.replace("我".encode(), "我".encode()[:2], 1)),
    "body: half a surrogate": _body(lambda raw: raw[:-1] + b',"z":"\\ud800"}'),
    "body: NaN": _body(lambda raw: raw[:-1] + b',"z":NaN}'),
    "body: 5000 digits": _body(lambda raw: raw[:-1] + b',"z":' + b"9" * 5000 + b"}"),
    "body: UTF-16": _body(lambda raw: raw.decode().encode("utf-16")),
    "body: gzip": _body(lambda raw: web.Response(body=gzip.compress(raw), headers={"Content-Encoding": "gzip"})),
    "body: text/plain": _body(lambda raw: web.Response(body=raw, content_type="text/plain")),
    "body: ten megabytes": _body(lambda raw: raw[:-1] + b',"pad":"' + b"x" * 10_000_000 + b'"}'),
    "body: rubbish behind it": _body(lambda raw: raw + b"\n{}garbage"),
    "status: 201": _body(lambda raw: web.Response(body=raw, status=201)),
    "a stream that nobody asked for": lambda answer, _: _events(answer),
    "a stream after comments": lambda answer, _: _events(answer, comment=True),
}
OLD = "the old function_call"


def _function_call(answer: dict[str, Any], _: int) -> Any:
    """One call a message, as before there were several."""
    message = _message(answer)
    if calls := message.pop("tool_calls", None):
        message["function_call"] = calls[0]["function"]
    return answer


@pytest.mark.parametrize("kind", [*READ, OLD])
def test_an_order_gets_its_samples_from_every_shape(tmp_path: Path, city: tuple[str, Path], kind: str) -> None:
    async def scene() -> None:
        async with bent(READ.get(kind, _function_call)) as teacher, chat_with(tmp_path, teacher.base) as (chat, _):
            maps = map_at(*city)
            outcome = await one_order(chat, maps)
            await maps.aclose()
            assert sum(slot.accepted for slot in outcome.slots) == 2, outcome.failure
            assert teacher.calls <= 5
            _is_valid_history(teacher.asked[-1]["messages"])

    asyncio.run(scene())


def _is_valid_history(messages: list[dict[str, Any]]) -> None:
    """As the strictest servers check it: arguments are objects, ids are used once and answered, nobody says nothing."""
    ids = [call["id"] for message in messages for call in message.get("tool_calls") or ()]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[\w.:-]{1,64}", call_id) for call_id in ids)
    assert [message["tool_call_id"] for message in messages if message["role"] == "tool"] == ids
    for message in messages:
        assert message["role"] != "assistant" or message["content"] or message.get("tool_calls")
        for call in message.get("tool_calls") or ():
            assert isinstance(orjson.loads(call["function"]["arguments"]), dict)
            assert re.fullmatch(r"[\w-]{1,64}", call["function"]["name"])


UNREAD: dict[str, Bend] = {
    "no message": _whole(lambda answer: answer["choices"][0].update(message=None)),
    "no choices": _whole(lambda answer: answer.update(choices=None)),
    "choices as an object": _whole(lambda answer: answer.update(choices={"0": 1})),
    "half a body": _body(lambda raw: raw[: len(raw) // 2]),
    "nothing": _body(lambda _: b""),
    "a page": _body(lambda _: b"<html><body><h1>It works</h1></body></html>"),
    "a list": _body(lambda _: b'[{"id": "x"}, {"id": "y"}]'),
    "a hundred thousand brackets": _body(lambda _: b"[" * 100_000),
    "a stream that breaks off": lambda answer, _: web.Response(
        body=_events(answer).body.rpartition(b"data: {")[0][:300]
    ),  # type: ignore[union-attr]
    "a gzip that is none": _body(lambda raw: web.Response(body=raw, headers={"Content-Encoding": "gzip"})),
}


@pytest.mark.parametrize("kind", UNREAD)
def test_what_cannot_be_read_is_kept_told_once_and_asked_again_even_by_a_later_command(
    tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    request = ChatRequest("sandbox/teacher-v1", (Message("user", "你好"),), max_tokens=50)

    async def scene() -> None:
        def first_two(answer: dict[str, Any], number: int) -> Any:
            return UNREAD[kind](answer, number) if number <= 2 else answer

        async with bent(first_two) as teacher, chat_with(tmp_path, teacher.base, give_up_s=20.0) as (chat, ledger):
            answer = await chat.ask(request, CallKey("run", "o", 0))
            assert teacher.calls == 3
            assert not answer.record.replayed
            # Both were paid for, at what they report or at the worst case; the third one, too.
            assert ledger.spent()[0] > (answer.record.cost_cny or 0.0)
            assert (await chat.ask(request, CallKey("run", "o", 0))).record.replayed

    asyncio.run(scene())
    told = capsys.readouterr().err
    assert told.count("cannot be read") == (kind != "a gzip that is none")  # that never came as a body


def test_calls_that_cannot_be_read_go_back_as_objects_and_the_agent_tries_again(
    tmp_path: Path, city: tuple[str, Path]
) -> None:
    def cut(answer: dict[str, Any], number: int) -> Any:
        calls = _message(answer).get("tool_calls") or ()
        if number % 2 == 0 and calls:
            calls[-1]["function"]["arguments"] = calls[-1]["function"]["arguments"][:-6]
            answer["choices"][0]["finish_reason"] = "length"
        return answer

    async def scene() -> None:
        async with bent(cut) as teacher, chat_with(tmp_path, teacher.base) as (chat, _):
            maps = map_at(*city)
            outcome = await one_order(chat, maps)
            await maps.aclose()
            assert outcome.any_accepted
            for asked in teacher.asked:
                _is_valid_history(asked["messages"])
            assert any(
                call["function"]["arguments"] == "{}"
                for message in teacher.asked[-1]["messages"]
                for call in message.get("tool_calls") or ()
                if call["function"]["name"] != "preference_gen"
            )

    asyncio.run(scene())


def test_an_empty_answer_is_not_sent_back(tmp_path: Path, city: tuple[str, Path]) -> None:
    def empty(answer: dict[str, Any], number: int) -> Any:
        if number == 2:
            answer["choices"][0].update(message={"role": "assistant", "content": ""}, finish_reason="stop")
        return answer

    async def scene() -> None:
        async with bent(empty) as teacher, chat_with(tmp_path, teacher.base) as (chat, _):
            maps = map_at(*city)
            assert (await one_order(chat, maps)).any_accepted
            await maps.aclose()
            for asked in teacher.asked:
                _is_valid_history(asked["messages"])

    asyncio.run(scene())


def test_what_a_provider_wants_back_with_its_message_goes_back(tmp_path: Path, city: tuple[str, Path]) -> None:
    signature = {"google": {"thought_signature": "c2lnbmF0dXJl"}}

    def bend(answer: dict[str, Any], _: int) -> Any:
        _message(answer)["reasoning_content"] = "先看需求。"
        for call in _message(answer).get("tool_calls") or ():
            call["extra_content"] = signature
        return answer

    def check(body: dict[str, Any]) -> web.Response | None:
        for message in body["messages"]:
            calls = message.get("tool_calls") or ()
            if calls and (
                "reasoning_content" not in message or any(call.get("extra_content") != signature for call in calls)
            ):
                return web.json_response({"error": {"message": "Missing reasoning_content."}}, status=400)
        return None

    async def scene() -> None:
        async with bent(bend, check) as teacher, chat_with(tmp_path, teacher.base) as (chat, _):
            maps = map_at(*city)
            assert (await one_order(chat, maps)).any_accepted
            await maps.aclose()

    asyncio.run(scene())


def test_a_model_that_only_streams_is_asked_to_and_told_its_usage(tmp_path: Path, city: tuple[str, Path]) -> None:
    def check(body: dict[str, Any]) -> web.Response | None:
        if body.get("stream") is True and body["stream_options"] == {"include_usage": True}:
            return None
        return web.json_response({"error": {"message": "This model only supports stream."}}, status=400)

    async def scene() -> None:
        async with bent(check=check) as teacher, chat_with(tmp_path, teacher.base) as (chat, _):
            maps = map_at(*city)
            outcome = await one_order(chat, maps, {"stream": True})
            await maps.aclose()
            assert outcome.any_accepted
            assert all(call.input_tokens for call in outcome.calls)

    asyncio.run(scene())
