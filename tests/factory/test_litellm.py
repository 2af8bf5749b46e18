"""litellm over the wire, with a provider of a form that is not OpenAI's: what is kept, what is read again, what counts as paid."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web

from factory.errors import AccountRefused, BudgetExhausted, ProviderDown
from factory.llm.answers import Parsed
from factory.llm.chat import CallKey, ChatRequest
from factory.llm.litellm_chat import LitellmChat
from factory.llm.transport import Endpoint, Price
from factory.records import Message
from factory.sending.ledger import Ledger
from factory.sending.limits import LocalLimiter, PoolLimits

pytestmark = pytest.mark.filterwarnings("ignore")  # litellm's own
KEY = CallKey("run", "order-1", 0)
PRICE = Price(1_000.0, 10_000.0)
ANSWER = orjson.dumps(
    {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-x",
        "content": [{"type": "text", "text": "附近有川菜馆。"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 12, "output_tokens": 34},
    },
    option=orjson.OPT_INDENT_2,  # as no JSON library of ours would write it
)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def good(_: web.Request) -> web.StreamResponse:
    return web.Response(body=ANSWER, content_type="application/json")


async def breaks_off(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.close()
    return web.Response()


class Provider:
    """Anthropic's endpoint; handlers are used up one a call, the last one stays."""

    def __init__(self, *handlers: Handler) -> None:
        self.handlers = list(handlers)
        self.calls = 0
        self.base = ""

    async def serve(self, request: web.Request) -> web.StreamResponse:
        await request.read()
        self.calls += 1
        handler = self.handlers.pop(0) if len(self.handlers) > 1 else self.handlers[0]
        return await handler(request)


@asynccontextmanager
async def provider(*handlers: Handler) -> AsyncIterator[Provider]:
    there = Provider(*handlers)
    app = web.Application()
    app.router.add_post("/{path:.*}", there.serve)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    there.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield there
    finally:
        await runner.cleanup()


@asynccontextmanager
async def chat(
    data: Path, *, budget: float | None = None, give_up_s: float = 5.0, kind: type[LitellmChat] = LitellmChat
) -> AsyncIterator[tuple[LitellmChat, Ledger]]:
    ledger = Ledger(data, "run", budget)
    limiter = LocalLimiter({"teacher": PoolLimits(give_up_s=give_up_s, tpm=1e9)})
    model = kind(Endpoint("claude", "", "teacher", PRICE, 3.0), limiter, ledger)
    try:
        yield model, ledger
    finally:
        await model.aclose()
        ledger.close()


def request(base: str, text: str = "附近有什么川菜？") -> ChatRequest:
    extra: dict[str, Any] = {"api_base": base, "api_key": "k-test"}
    return ChatRequest("anthropic/claude-x", (Message("user", text),), max_tokens=100, extra=extra)


def book(data: Path) -> list[tuple[Any, ...]]:
    with sqlite3.connect(data / "calls.sqlite") as held:
        return held.execute("select status, raw, input_tokens, output_tokens, cost_cny from calls").fetchall()


@pytest.fixture(autouse=True)
def _direct(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def test_the_providers_own_bytes_are_kept_and_read_again_without_asking(tmp_path: Path) -> None:
    async def scene() -> None:
        async with provider(good) as there:
            async with chat(tmp_path) as (model, ledger):
                answer = await model.ask(request(there.base), KEY)
                assert ledger.spent() == (pytest.approx((12 * 1_000 + 34 * 10_000) / 1e6), 0.0)
            assert answer.message.content == "附近有川菜馆。"
            assert (answer.input_tokens, answer.output_tokens, answer.finish_reason) == (12, 34, "stop")
            async with chat(tmp_path) as (model, _):
                again = await model.ask(request(there.base), KEY)
            assert again.record.replayed
            assert (again.message, again.record.cost_cny) == (answer.message, answer.record.cost_cny)
            assert there.calls == 1
        assert book(tmp_path) == [("kept", ANSWER, 12, 34, pytest.approx(0.352))]

    asyncio.run(scene())


def test_it_is_on_the_disk_before_litellm_reads_it(tmp_path: Path) -> None:
    class Dies(LitellmChat):
        async def _read(self, *_: Any) -> Parsed:
            raise KeyError

    async def scene() -> None:
        async with provider(good) as there:
            with pytest.raises(KeyError):
                async with chat(tmp_path, kind=Dies) as (model, _):
                    await model.ask(request(there.base), KEY)
            assert book(tmp_path)[0][:2] == ("kept", ANSWER)
            async with chat(tmp_path) as (model, _):  # and a later run reads it
                assert (await model.ask(request(there.base), KEY)).message.content == "附近有川菜馆。"
            assert there.calls == 1

    asyncio.run(scene())


def test_what_was_sent_and_broke_off_counts_as_spent_and_is_sent_once_an_attempt(tmp_path: Path) -> None:
    async def scene() -> None:
        async with provider(breaks_off, good) as there, chat(tmp_path) as (model, _):
            assert (await model.ask(request(there.base), KEY)).record.refusals == 1
            assert there.calls == 2
        assert [row[0] for row in book(tmp_path)] == ["unresolved", "kept"]

    asyncio.run(scene())


def test_a_cap_is_not_passed_by_calls_that_break_off(tmp_path: Path) -> None:
    async def scene() -> None:
        async with provider(breaks_off) as there, chat(tmp_path, budget=4.0) as (model, ledger):
            with pytest.raises(BudgetExhausted):
                await model.ask(request(there.base), KEY)
            worst = ledger.spent()[0] / there.calls
            assert worst > 1.0  # each may have been served at its worst
            assert ledger.spent()[0] <= 4.0

    asyncio.run(scene())


def test_what_never_left_costs_nothing(tmp_path: Path) -> None:
    async def scene() -> None:
        async with chat(tmp_path, give_up_s=0.3) as (model, ledger):
            with pytest.raises(ProviderDown, match="cannot be reached"):
                await model.ask(request("http://127.0.0.1:9"), KEY)
            assert ledger.spent() == (0.0, 0.0)
        assert {row[0] for row in book(tmp_path)} == {"void"}

    asyncio.run(scene())


def test_its_refusals_are_read_from_the_wire_with_their_wish_to_wait(tmp_path: Path) -> None:
    error = {"type": "error", "error": {"type": "rate_limit_error", "message": "slow down"}}

    async def busy(_: web.Request) -> web.StreamResponse:
        return web.json_response(error, status=429, headers={"Retry-After": "3600"})

    async def closed(_: web.Request) -> web.StreamResponse:
        return web.json_response({"type": "error", "error": {"type": "authentication_error"}}, status=401)

    async def scene() -> None:
        async with provider(closed, busy) as there, chat(tmp_path) as (model, ledger):
            with pytest.raises(AccountRefused, match="the key is refused"):
                await model.ask(request(there.base), KEY)
            with pytest.raises(ProviderDown, match="asks to wait 3600 s"):
                await model.ask(request(there.base), KEY)
            assert ledger.spent() == (0.0, 0.0)

    asyncio.run(scene())
