"""DashScope's SDK asks, and what comes back is read by our own door: no redirect, no bomb, no odd form, no second sending."""

from __future__ import annotations

import asyncio
import gzip
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web

from factory.errors import AddressRefused, ChidianError, KeyRefused, ParameterRefused
from factory.llm.transport import Endpoint
from factory.sending.ledger import Ledger
from factory.sending.limits import LocalLimiter, PoolLimits
from judge.breaker import Breaker
from judge.dashscope_sdk import DashscopeSdkChat
from judge.providers import Judge
from judge.sandbox import MODEL, Desk, make_app
from judge.sandbox_faults import JudgeFaults
from judge.verdicts import judge_one
from tests.factory.bent_teacher import PRICE, Bend, Check, Teacher, bent
from tests.factory.test_keys_and_ways_out import server
from tests.judge.judge_wire import EXACT, KEY, question


@asynccontextmanager
async def asking(data: Path, base: str, *, give_up_s: float = 3.0) -> AsyncIterator[tuple[Judge, Ledger]]:
    """A judge behind the SDK."""
    ledger = Ledger(data, "run", None)
    breaker = Breaker(LocalLimiter({"judge": PoolLimits(give_up_s=give_up_s)}))
    endpoint = Endpoint(
        "dashscope-sdk", base, "judge", PRICE, 0.8 * give_up_s, keep_trying_s=give_up_s, setting="JUDGE"
    )
    chat = DashscopeSdkChat(endpoint, breaker, ledger, KEY)
    try:
        yield Judge("dashscope-sdk/m", MODEL, chat, "judge", PRICE), ledger
    finally:
        await chat.aclose()
        ledger.close()


@asynccontextmanager
async def judged(
    data: Path, bend: Bend = lambda answer, _: answer, check: Check = lambda _: None
) -> AsyncIterator[tuple[Judge, Ledger, Teacher]]:
    """The sandbox judge with its native answers bent."""
    app = make_app(Desk({MODEL: EXACT}, JudgeFaults(), frozenset()))
    async with bent(bend, check, app, "/api/v1") as there, asking(data, there.base) as (judge, ledger):
        yield judge, ledger, there


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_neither_key_nor_question_leave(tmp_path: Path, status: int) -> None:
    async def scene() -> None:
        near: list[str] = []
        far: list[str] = []

        def other(request: web.Request) -> web.Response:
            far.append(str(request.headers))
            return web.json_response({"output": {"text": "from elsewhere"}})

        async with server(other) as elsewhere:

            def first(request: web.Request) -> web.Response:
                near.append(request.headers.get("Authorization", ""))
                return web.Response(status=status, headers={"Location": elsewhere + request.path_qs})

            async with server(first) as base, asking(tmp_path, f"{base}/api/v1") as (judge, ledger):
                with pytest.raises(AddressRefused, match=r"redirects to http://127\.0\.0\.1.*JUDGE_BASE_URL"):
                    await judge_one(judge, "run", question(), 0, 0)
                assert ledger.spent() == (0.0, 0.0)
        assert near == [f"Bearer {KEY}"]
        assert far == []

    asyncio.run(scene())


def _set(path: tuple[Any, ...], value: Any) -> Bend:
    def bend(answer: dict[str, Any], _: int) -> dict[str, Any]:
        inner: Any = answer
        for name in path[:-1]:
            inner = inner[name]
        inner[path[-1]] = value
        return answer

    return bend


def _as_text(answer: dict[str, Any], _: int) -> dict[str, Any]:
    words = answer["output"]["choices"][0]["message"]["content"]
    return {**answer, "output": {"text": words, "finish_reason": "stop", "choices": None}}


READ: dict[str, Bend] = {
    "text in place of choices": _as_text,
    "usage null": _set(("usage",), None),
    "usage a list": _set(("usage",), [1, 2]),
    "usage words": _set(("usage",), "many"),
    "usage strings": _set(("usage", "input_tokens"), "900"),
    "id a number": _set(("request_id",), 7),
    "id null": _set(("request_id",), None),
    "fields beside": _set(("extra",), {"a": [1, {"b": None}]}),
    "mark before": lambda answer, _: b"\xef\xbb\xbf" + orjson.dumps(answer),
    "nan": lambda answer, _: orjson.dumps(answer)[:-1] + b',"z":NaN}',
    "another content type": lambda answer, _: web.Response(body=orjson.dumps(answer), content_type="text/plain"),
    "gzip": lambda answer, _: web.Response(
        body=gzip.compress(orjson.dumps(answer)), headers={"Content-Encoding": "gzip"}, content_type="application/json"
    ),
}


@pytest.mark.parametrize("kind", READ)
def test_every_native_shape_is_scored_at_the_first_call(tmp_path: Path, kind: str) -> None:
    async def scene() -> None:
        async with judged(tmp_path, READ[kind]) as (judge, ledger, there):
            assert (await judge_one(judge, "run", question(), 0, 0)).scored
            assert there.calls == 1
            assert ledger.spent()[0] > 0

    asyncio.run(scene())


def test_a_native_answers_tokens_are_counted_as_they_were_told(tmp_path: Path) -> None:
    async def scene() -> None:
        async with judged(tmp_path) as (judge, ledger, _):
            outcome = await judge_one(judge, "run", question(), 0, 0)
            assert outcome.input_tokens is not None
            assert outcome.output_tokens is not None
            assert ledger.spent()[0] == pytest.approx(PRICE.cost(outcome.input_tokens, outcome.output_tokens))

    asyncio.run(scene())


BOMB = gzip.compress(bytes(2**26))
UNREAD: dict[str, Callable[[dict[str, Any], int], Any]] = {
    "output words": _set(("output",), "x"),
    "output a list": _set(("output",), [1]),
    "output null": _set(("output",), None),
    "choices words": _set(("output", "choices"), "x"),
    "message null": _set(("output", "choices", 0, "message"), None),
    "a list": lambda answer, _: [answer, answer],
    "words": lambda _, __: b'"x"',
    "nothing": lambda _, __: b"",
    "half": lambda answer, _: orjson.dumps(answer)[:60],
    "a page": lambda _, __: web.Response(text="<html><title>502</title></html>", content_type="text/html"),
    "parts": lambda _, __: web.Response(body=b"--x\r\n", content_type="multipart/form-data"),
    "a bomb": lambda _, __: web.Response(body=BOMB, headers={"Content-Encoding": "gzip"}),
    "deep": lambda _, __: b'{"output":' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    "500 without code": lambda _, __: web.json_response({"text": "x"}, status=500),
    "500 of words": lambda _, __: web.Response(status=500, body=b"\xff\xfe", content_type="text/plain"),
}


@pytest.mark.parametrize("kind", UNREAD)
def test_what_is_no_native_answer_is_asked_again_and_scored(tmp_path: Path, kind: str) -> None:
    async def scene() -> None:
        first = UNREAD[kind]
        async with judged(tmp_path, lambda answer, number: first(answer, number) if number == 1 else answer) as wire:
            judge, _, there = wire
            assert (await judge_one(judge, "run", question(), 0, 0)).scored
            assert there.calls == 2

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("status", "body", "error", "words"),
    [
        (400, {"code": "InvalidParameter", "message": "top_q is unknown"}, ParameterRefused, "JUDGE_EXTRA changes"),
        (401, {"code": "InvalidApiKey", "message": "no such key"}, KeyRefused, "no such key"),
        (401, {}, KeyRefused, "key is refused"),
        (405, {"message": "no"}, AddressRefused, "JUDGE_BASE_URL"),
        (200, {"code": "InvalidApiKey", "message": "no such key"}, KeyRefused, "no such key"),
    ],
)
def test_a_refusal_stops_with_the_providers_words_and_the_judges_setting(
    tmp_path: Path, status: int, body: dict[str, Any], error: type[ChidianError], words: str
) -> None:
    async def scene() -> None:
        refusal: Check = lambda _: web.json_response(body, status=status)  # noqa: E731
        async with judged(tmp_path, check=refusal) as (judge, ledger, there):
            with pytest.raises(error) as refused:
                await judge_one(judge, "run", question(), 0, 0)
            assert words in str(refused.value)
            assert "TEACHER" not in str(refused.value)
            assert (there.calls, ledger.spent()) == (1, (0.0, 0.0))

    asyncio.run(scene())


def test_each_sending_is_one_row_of_the_book_a_broken_one_too(tmp_path: Path) -> None:
    async def scene() -> None:
        sent: list[str] = []

        def breaks_once(request: web.Request) -> web.Response:
            sent.append(request.path)
            if len(sent) == 1 and request.transport is not None:
                request.transport.close()
            return web.json_response({"output": {"text": "no verdict", "finish_reason": "stop"}})

        async with server(breaks_once) as base, asking(tmp_path, f"{base}/api/v1") as (judge, _):
            await judge_one(judge, "run", question(), 0, 0)
        with sqlite3.connect(tmp_path / "calls.sqlite") as book:
            states = [state for (state,) in book.execute("select status from calls order by reserved_at")]
        assert states[0] == "unresolved"  # it may have been served, and counts at its worst
        assert len(states) == len(sent) == 3  # broken, read but no verdict, asked again

    asyncio.run(scene())
