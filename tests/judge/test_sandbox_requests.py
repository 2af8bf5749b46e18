"""What reaches the sandbox judge: read in either format, or refused with DashScope's 400 and a sentence; never a 500."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest
from aiohttp import ClientSession, web

from judge.sandbox import COMPATIBLE, MODEL, NATIVE, Desk, make_app
from judge.sandbox_faults import JudgeFaults
from judge.sandbox_judge import Temper

ONE = [{"role": "user", "content": "请按量表打分。\n1. 准确性"}]


def _post(path: str, body: bytes, **headers: str) -> tuple[int, str, bytes]:
    async def scene() -> tuple[int, str, bytes]:
        runner = web.AppRunner(make_app(Desk({MODEL: Temper(0.0, 0.0, 0.0)}, JudgeFaults())))
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            url = f"http://127.0.0.1:{runner.addresses[0][1]}{path}"
            async with ClientSession() as session, session.post(url, data=body, headers=headers) as response:
                return response.status, response.content_type, await response.read()
        finally:
            await runner.cleanup()

    return asyncio.run(scene())


@pytest.mark.parametrize("native", [False, True])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"messages": 5}, "non-empty array"),
        ({"messages": []}, "non-empty array"),
        ({"messages": [5]}, "messages[0]"),
        ({"messages": [{"role": "user", "content": None}]}, "messages[0]"),
        ({"max_tokens": -5}, "max_tokens"),
        ({"n": 2}, "one choice"),
        ({"tools": [{"type": "function"}]}, "answers in words"),
        ({"model": 5}, "'model'"),
    ],
)
def test_a_malformed_request_is_a_400_with_a_sentence(native: bool, change: dict[str, Any], words: str) -> None:  # noqa: FBT001
    flat = {"model": MODEL, "messages": ONE} | change
    parameters = {key: value for key, value in flat.items() if key not in {"model", "messages"}}
    body = (
        {"model": flat["model"], "input": {"messages": flat["messages"]}, "parameters": parameters} if native else flat
    )
    status, _, raw = _post(NATIVE if native else COMPATIBLE, orjson.dumps(body))
    shown = orjson.loads(raw)
    assert status == 400
    assert words in (shown["message"] if native else shown["error"]["message"])


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"model":"x","input":5}'])
@pytest.mark.parametrize("path", [NATIVE, COMPATIBLE])
def test_a_body_that_cannot_be_read_is_a_400_object(path: str, body: bytes) -> None:
    status, kind, raw = _post(path, body)
    assert (status, kind) == (400, "application/json")
    assert isinstance(orjson.loads(raw), dict)


def test_a_native_stream_is_an_event_stream() -> None:
    body = orjson.dumps({"model": MODEL, "input": {"messages": ONE}, "parameters": {"result_format": "message"}})
    status, kind, raw = _post(NATIVE, body, **{"X-DashScope-SSE": "enable"})
    assert (status, kind) == (200, "text/event-stream")
    assert orjson.loads(raw.partition(b"data:")[2])["output"]["choices"][0]["message"]["content"]
