"""A provider with a bill of its own: whatever it says of it, the cap holds, and the book is never below the bill."""

from __future__ import annotations

import asyncio
import random
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web

from factory.errors import BudgetExhausted, ChidianError
from factory.llm.chat import CallKey, ChatRequest
from factory.llm.prices import Price
from factory.llm.transport import DirectChat, Endpoint
from factory.llm.usage import Usage, cost_of, is_proven, usage_of
from factory.records import Message
from factory.sending.ledger import Ledger
from factory.sending.limits import LocalLimiter, PoolLimits

PRICE = Price(2.0, 8.0)
BUDGET = 0.5
OUTPUT = 1_000


@dataclass
class Bill:
    """What the provider charges, in CNY."""

    cny: float = 0.0
    calls: int = 0

    def charge(self, tokens_in: float, tokens_out: float) -> None:
        """One call."""
        self.cny += PRICE.cost(tokens_in, tokens_out)  # type: ignore[arg-type]  # shares of tokens
        self.calls += 1


def _reply(usage: Any, status: int = 200, text: str = "a") -> web.Response:
    body: dict[str, Any] = {"choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": text}}]}
    if usage is not ...:
        body["usage"] = usage
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")


Behaviour = Callable[[Bill, int, random.Random], web.StreamResponse]


def _told(usage: Callable[[int], Any], tokens_in: float = 1.0, more_in: int = 0, more_out: int = 0) -> Behaviour:
    """Charges honestly, with so many tokens more, and tells ``usage`` of the input's tokens."""

    def behave(bill: Bill, asked: int, _: random.Random) -> web.StreamResponse:
        bill.charge(asked * tokens_in + more_in, OUTPUT + more_out)
        return _reply(usage(asked))

    return behave


def _usage(tokens_in: Any, tokens_out: Any, **more: Any) -> dict[str, Any]:
    return {"prompt_tokens": tokens_in, "completion_tokens": tokens_out, **more}


def _sometimes(bill: Bill, asked: int, dice: random.Random) -> web.StreamResponse:
    bill.charge(asked, OUTPUT)
    return _reply(_usage(-200_000, 0) if dice.random() < 0.1 else _usage(asked, OUTPUT))


def _status(status: int) -> Behaviour:
    def behave(bill: Bill, asked: int, _: random.Random) -> web.StreamResponse:
        bill.charge(asked, OUTPUT)
        return web.Response(status=status) if status == 204 else _reply(..., status)

    return behave


def _unreadable(bill: Bill, asked: int, _: random.Random) -> web.StreamResponse:
    bill.charge(asked, OUTPUT)
    return web.Response(body=b'{"choices": [')


def _broken(bill: Bill, asked: int, _: random.Random) -> web.StreamResponse:
    bill.charge(asked, OUTPUT)
    return web.Response(body=b"not gzip", headers={"Content-Encoding": "gzip"})


BEHAVIOURS: dict[str, Behaviour] = {
    "honest": _told(lambda asked: _usage(asked, OUTPUT)),
    "no usage": _told(lambda _: ...),
    "usage null": _told(lambda _: None),
    "usage a list": _told(lambda _: [1, 2]),
    "usage zero": _told(lambda _: _usage(0, 0)),
    "usage negative": _told(lambda asked: _usage(-asked, -OUTPUT)),
    "usage negative now and then": _sometimes,
    "usage true": _told(lambda _: _usage(True, True)),
    "usage in thousands": _told(lambda asked: _usage(asked / 1000, OUTPUT / 1000)),
    "usage in whole thousands": _told(lambda asked: _usage(asked // 1000, OUTPUT // 1000)),
    "usage as words": _told(lambda _: _usage("few", "many")),
    "usage beyond 2**63": _told(lambda _: _usage(2**63, 1)),
    "usage of one side": _told(lambda asked: {"prompt_tokens": asked}),
    "a total alone": _told(lambda asked: {"total_tokens": asked + OUTPUT}),
    "Anthropic's names": _told(lambda asked: {"input_tokens": asked, "output_tokens": OUTPUT}),
    "Anthropic's cache beside its input": _told(
        lambda asked: {"input_tokens": 1, "cache_read_input_tokens": asked - 1, "output_tokens": OUTPUT}
    ),
    "thoughts beyond max_tokens, told": _told(lambda asked: _usage(asked, OUTPUT + 3_000), more_out=3_000),
    "thoughts in the total alone": _told(
        lambda asked: _usage(asked, OUTPUT, total_tokens=asked + OUTPUT + 3_000), more_out=3_000
    ),
    "thoughts in details alone": _told(
        lambda asked: _usage(asked, OUTPUT, completion_tokens_details={"reasoning_tokens": 3_000}), more_out=3_000
    ),
    "few thoughts in details alone, and no total": _told(
        lambda asked: _usage(asked, OUTPUT, completion_tokens_details={"reasoning_tokens": 700}), more_out=700
    ),
    "a prompt of its own before ours": _told(lambda asked: _usage(asked + 20_000, OUTPUT), more_in=20_000),
    "cached input at a discount that we do not know of": _told(
        lambda asked: _usage(asked, OUTPUT, prompt_tokens_details={"cached_tokens": asked}), tokens_in=0.4
    ),
    "201": _status(201),
    "204": _status(204),
    "206": _status(206),
    "half a body": _unreadable,
    "a body that cannot be unpacked": _broken,
}


async def _bill_of(data: Path, behave: Behaviour, calls: int = 60) -> tuple[Bill, float]:
    bill, dice = Bill(), random.Random(3)

    async def serve(request: web.Request) -> web.StreamResponse:
        return behave(bill, len(await request.read()) // 4, dice)

    app = web.Application()
    app.router.add_post("/v1/chat/completions", serve)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    ledger = Ledger(data, "run", BUDGET)
    limiter = LocalLimiter({"t": PoolLimits(max_in_flight=32, start_in_flight=32, give_up_s=3.0)})
    base = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    chat = DirectChat(Endpoint("t", base, "t", PRICE, keep_trying_s=3.0), limiter, ledger, None)

    async def ask(number: int) -> None:
        request = ChatRequest("m", (Message("user", "问" * 2_000 + str(number)),), max_tokens=OUTPUT)
        await chat.ask(request, CallKey("run", f"o{number}", 0), priority=number)

    ends = await asyncio.wait_for(asyncio.gather(*map(ask, range(calls)), return_exceptions=True), 60.0)
    assert all(end is None or isinstance(end, ChidianError) for end in ends), ends
    spent = ledger.spent()[0]
    await chat.aclose()
    ledger.close()
    await runner.cleanup()
    return bill, spent


@pytest.mark.parametrize("kind", BEHAVIOURS)
def test_the_cap_holds_and_the_book_is_never_below_the_bill(tmp_path: Path, kind: str) -> None:
    bill, spent = asyncio.run(_bill_of(tmp_path, BEHAVIOURS[kind]))
    assert bill.calls > 0
    assert bill.cny <= BUDGET + 1e-9
    assert spent >= bill.cny - 1e-9
    assert spent <= BUDGET + 1e-9


def test_usage_that_can_be_true_is_told_from_usage_that_cannot() -> None:
    """1,600 characters are at least 200 tokens, whatever the vocabulary."""
    assert is_proven(Usage(200, 0), 1_600, 0)
    assert not is_proven(Usage(199, 0), 1_600, 0)
    assert is_proven(Usage(0, 10, split=False), 40, 40)
    assert not is_proven(Usage(0, 9, split=False), 40, 40)
    assert not is_proven(Usage(100, 0), 80, 8)
    details = {"prompt_tokens_details": {"cached_tokens": 90}}
    cached = usage_of({"usage": _usage(100, 10, **details)})
    assert cached == Usage(100, 10, cached=90)
    assert cached is not None
    assert cost_of(cached, Price(10.0, 100.0, 1.0), 0) == pytest.approx((10 * 10 + 90 * 1 + 10 * 100) / 1e6)
    assert cost_of(cached, Price(10.0, 100.0), 0) == pytest.approx((100 * 10 + 10 * 100) / 1e6)
    included = _usage(100, 50, total_tokens=150, completion_tokens_details={"reasoning_tokens": 40})
    assert usage_of({"usage": included}) == Usage(100, 50)


SCRIPT = f"""
import asyncio, sys
from pathlib import Path
from factory.errors import ChidianError
from factory.llm.chat import CallKey, ChatRequest
from factory.llm.prices import Price
from factory.llm.transport import DirectChat, Endpoint
from factory.records import Message
from factory.sending.ledger import Ledger
from factory.sending.limits import LocalLimiter, PoolLimits

async def main(base, data):
    ledger = Ledger(Path(data), "run", {BUDGET})
    limiter = LocalLimiter({{"t": PoolLimits(max_in_flight=16, start_in_flight=16, give_up_s=20.0)}})
    chat = DirectChat(Endpoint("t", base, "t", Price(2.0, 8.0), keep_trying_s=20.0), limiter, ledger, None)
    async def ask(number):
        try:
            request = ChatRequest("m", (Message("user", "问" * 2000 + str(number)),), max_tokens=1000)
            await chat.ask(request, CallKey("run", f"o{{number}}", 0))
        except ChidianError as error:
            return type(error).__name__
    print(set(await asyncio.gather(*map(ask, range(200)))))
    await chat.aclose()
    ledger.close()

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.parametrize("more_out", [0, 3_000])
def test_kills_in_mid_flight_do_not_lead_past_the_cap(tmp_path: Path, more_out: int) -> None:
    """Each process is killed once some calls more are charged, with others in flight; the last one runs to the end of the money."""

    async def scene() -> Bill:
        bill, more, kill_at = Bill(), asyncio.Event(), 0

        async def serve(request: web.Request) -> web.StreamResponse:
            asked = len(await request.read()) // 4
            bill.charge(asked, OUTPUT + more_out)
            if bill.calls >= kill_at:
                more.set()
            await asyncio.sleep(0.02)
            return _reply(_usage(asked, OUTPUT + more_out))

        app = web.Application()
        app.router.add_post("/v1/chat/completions", serve)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        base = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        for step in (2, 4, 3):
            kill_at = bill.calls + step
            more.clear()
            child = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", SCRIPT, base, str(tmp_path)), stdout=asyncio.subprocess.DEVNULL
            )
            ended, charged = asyncio.create_task(child.wait()), asyncio.create_task(more.wait())
            await asyncio.wait({ended, charged}, return_when=asyncio.FIRST_COMPLETED)
            if child.returncode is None:
                child.send_signal(signal.SIGKILL)
            await ended
            charged.cancel()
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", SCRIPT, base, str(tmp_path)), stdout=asyncio.subprocess.PIPE
        )
        out, _ = await child.communicate()
        assert BudgetExhausted.__name__ in out.decode()
        await runner.cleanup()
        return bill

    assert asyncio.run(scene()).cny <= BUDGET + 1e-9
