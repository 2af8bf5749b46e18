"""The ask-loop over the wire: what a refused attempt gives back, where it waits for money, and both forms of Retry-After."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from aiohttp import web

from factory.errors import ProviderDown
from factory.llm.chat import CallKey, ChatRequest
from factory.llm.transport import DirectChat, Endpoint, Price
from factory.records import Message
from factory.sending.ledger import Ledger
from factory.sending.limits import LocalLimiter, PoolLimits
from factory.sending.waits import seconds_to_wait

Handler = Callable[[], Awaitable[web.StreamResponse]]
USAGE = {"prompt_tokens": 5, "completion_tokens": 5}
REQUEST = ChatRequest("m", (Message("user", "附近有什么川菜？"),), max_tokens=3_000)
NOW = datetime(2026, 11, 25, 12, 0, 0, tzinfo=UTC)


async def good() -> web.StreamResponse:
    choice = {"message": {"role": "assistant", "content": "有。"}, "finish_reason": "stop"}
    return web.json_response({"choices": [choice], "usage": USAGE})


def refusal(status: int, **headers: str) -> Handler:
    async def answer() -> web.StreamResponse:
        return web.json_response({"error": {"code": "no"}}, status=status, headers=headers)

    return answer


@asynccontextmanager
async def asked(
    data: Path, limits: PoolLimits, *handlers: Handler, budget: float | None = None
) -> AsyncIterator[tuple[DirectChat, Ledger, LocalLimiter]]:
    """A chat with a provider that gives each handler once, and the last one from then on."""
    left = list(handlers)

    async def serve(request: web.Request) -> web.StreamResponse:
        await request.read()
        return await (left.pop(0) if len(left) > 1 else left[0])()

    app = web.Application()
    app.router.add_post("/chat/completions", serve)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    ledger, limiter = Ledger(data, "run", budget), LocalLimiter({"t": limits})
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    chat = DirectChat(Endpoint("mock", base, "t", Price(100.0, 100.0), keep_trying_s=0.1), limiter, ledger, None)
    try:
        yield chat, ledger, limiter
    finally:
        await chat.aclose()
        ledger.close()
        await runner.cleanup()


def test_a_refused_attempt_gives_its_tokens_back_to_the_pace(tmp_path: Path) -> None:
    async def scene() -> None:
        limits = PoolLimits(tpm=6_000)  # an estimate is ten seconds of it
        async with asked(tmp_path, limits, refusal(500), refusal(503), refusal(429), good) as (chat, _, limiter):
            await asyncio.wait_for(chat.ask(REQUEST, CallKey("run", "o", 0)), 30.0)
            pace = limiter._pools["t"].tokens
            assert pace is not None
            assert pace.next_free < asyncio.get_running_loop().time() + 1.0
            assert limiter.state()[0].tokens == sum(USAGE.values())

    asyncio.run(scene())


def test_who_waits_for_money_holds_no_slot(tmp_path: Path) -> None:
    async def scene() -> None:
        arrived, go_on = asyncio.Event(), asyncio.Event()

        async def slow() -> web.StreamResponse:
            arrived.set()
            await go_on.wait()
            return await good()

        limits = PoolLimits(max_in_flight=2, start_in_flight=2)
        async with asked(tmp_path, limits, slow, good, budget=0.5) as (
            chat,
            ledger,
            limiter,
        ):  # one at a time: 0.3 each
            first = asyncio.create_task(chat.ask(REQUEST, CallKey("run", "o", 0)))
            await arrived.wait()
            second = asyncio.create_task(chat.ask(REQUEST, CallKey("run", "o", 1)))
            for _ in range(20):
                await asyncio.sleep(0)
            assert ledger._purse._waiting
            assert limiter.state()[0].in_flight == 1
            go_on.set()
            await asyncio.wait_for(asyncio.gather(first, second), 10.0)
            assert limiter.state()[0].in_flight == 0
            assert ledger.spent() == (pytest.approx(2 * 10 * 100 / 1e6), 0.0)

    asyncio.run(scene())


def test_a_kept_answer_that_turns_out_to_be_none_is_asked_for_again(tmp_path: Path) -> None:
    async def scene() -> None:
        for kept in (b'{"choices": [', None):  # a kill came between keeping and reading
            async with asked(tmp_path, PoolLimits(), good) as (chat, _, _):
                answer = await chat.ask(REQUEST, CallKey("run", "o", 0))
                assert not answer.record.replayed
            if kept:
                with sqlite3.connect(tmp_path / "calls.sqlite") as book:
                    book.execute("update calls set raw = ?", (kept,))
        with sqlite3.connect(tmp_path / "calls.sqlite") as book:
            assert book.execute("select status from calls order by attempt").fetchall() == [("unreadable",), ("kept",)]

    asyncio.run(scene())


def test_retry_after_is_honoured_as_seconds_and_as_a_date() -> None:
    assert seconds_to_wait("7.5", NOW) == 7.5
    assert seconds_to_wait(format_datetime(NOW + timedelta(seconds=90), usegmt=True), NOW) == 90.0
    assert seconds_to_wait(format_datetime(NOW - timedelta(seconds=90), usegmt=True), NOW) == 0.0
    assert seconds_to_wait("soon", NOW) is None
    assert seconds_to_wait(None, NOW) is None


def test_a_date_to_wait_for_reaches_the_limiter(tmp_path: Path) -> None:
    async def scene() -> None:
        later = format_datetime(datetime.now(UTC) + timedelta(hours=2), usegmt=True)
        async with asked(tmp_path, PoolLimits(), refusal(429, **{"Retry-After": later})) as (chat, _, _):
            with pytest.raises(ProviderDown, match=r"asks to wait 7[12]"):
                await chat.ask(REQUEST, CallKey("run", "o", 0))

    asyncio.run(scene())
