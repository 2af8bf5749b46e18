"""How fast a judging goes: N calls at a latency with many in flight, the original's way beside it; and the share of limits used.

Prints JSON. The mock is the sandbox judge, a process of its own on the same cores. ``--what calls``: ``--calls`` (6540) at 1 s
latency, ramp included, and 5 calls one after the other with 2 s pauses, extrapolated. ``--what limits``: a pace that is
enforced per second, for requests, then for tokens; refusals are counted at the server.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from factory.commit.store import open_store
from factory.llm.answers import body_of
from factory.llm.transport import DirectChat, Endpoint, Price
from factory.sending.ledger import Ledger
from factory.sending.limits import LocalLimiter, PoolLimits
from judge.asking import RUBRICS, Ask, Item, request
from judge.breaker import Breaker
from judge.engine import Engine
from judge.providers import Judge, sandbox_process
from judge.sandbox import MODEL

PAUSE_S = 2.0
"""The original's pause after each call."""
WARM_S = 9.0
"""Of a limits run: not counted. A cold server bunches the first requests; one refusal then cuts the pace for about 7 s."""


def items(count: int) -> Iterator[Item]:
    """Items of the usual size, invented."""
    dice = random.Random(0)
    for number in range(count):
        names = [f"示例{dice.choice('蜀湘粤鲁徽')}味馆{number}{place}" for place in range(18)]
        facts = [(name, f"{dice.uniform(3, 5):.1f}", dice.randint(30, 200), dice.randint(50, 2000)) for name in names]
        evidence = tuple(
            f"店名：{name}｜菜系：川菜｜地址：示例路{place}号｜评分：{rating}｜人均：{cost}元｜距离：{away}米｜营业时间：10:00-22:00"
            for place, (name, rating, cost, away) in enumerate(facts)
        )
        told = [f"{i + 1}. {n}：评分{r}，人均{c}元，距离{a}米。" for i, (n, r, c, a) in enumerate(facts[:4])]
        answer = "\n".join(["附近有几家合适：", *told, "祝用餐愉快。"])
        yield Item(
            f"b-{number}",
            "sample",
            "b",
            "附近想吃川菜，人均不限",
            answer,
            evidence,
            "h",
            f"p{number % 50}",
            "train",
            f"b-{number}",
        )


def asks(calls: int) -> Iterator[Ask]:
    """Two rubrics three times an item."""
    made = 0
    for item in items(calls // 6 + 1):
        for replicate in range(3):
            for rubric in RUBRICS:
                if made < calls:
                    made += 1
                    yield Ask(item, "standard", rubric, (rubric,), replicate)


@asynccontextmanager
async def open_judge(faults: dict[str, Any], limits: PoolLimits, data: Path):  # type: ignore[no-untyped-def]  # noqa: ANN201 - a script
    """A judge over the wire, and what counts it."""
    async with sandbox_process(["--faults", orjson.dumps(faults).decode()]) as url:
        ledger = Ledger(data, "bench", None)
        limiter = LocalLimiter({"judge": limits})
        breaker = Breaker(limiter)
        chat = DirectChat(Endpoint("sandbox", url, "judge", Price(0.8, 2.0)), breaker, ledger, None)
        try:
            yield Judge("sandbox", MODEL, chat, "judge", None), breaker, url
        finally:
            await chat.aclose()
            ledger.close()


async def ours(calls: int, latency_s: float, in_flight: int, ramp: float) -> dict[str, Any]:
    """The whole way: limiter, ledger, parsing, commits."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        limits = PoolLimits(max_in_flight=in_flight, start_in_flight=32, ramp_per_s=ramp)
        async with open_judge({"latency_s": latency_s}, limits, data) as (judge, breaker, _):
            engine = Engine(open_store(data), "bench", 0, in_flight, 192, breaker)
            started, cpu = time.monotonic(), time.process_time()
            await engine.run((judge, ask) for ask in asks(calls))
            wall = time.monotonic() - started
            return {
                "calls": calls,
                "latency_s": latency_s,
                "in_flight": in_flight,
                "ramp_per_s": ramp,
                "wall_s": round(wall, 2),
                "ideal_s": calls * latency_s / in_flight,
                "cpu_ms_a_call": round((time.process_time() - cpu) / calls * 1000, 2),
                "scored": engine.tally.scored,
            }


async def sequential(calls: int, latency_s: float, tried: int = 5) -> dict[str, Any]:
    """The original's idiom: one call, a pause, the next; its own calls gave both scores, so it made a third as many."""
    async with (
        sandbox_process(["--faults", orjson.dumps({"latency_s": latency_s}).decode()]) as url,
        aiohttp.ClientSession() as web,
    ):
        started = time.monotonic()
        for ask in asks(tried):
            body = body_of(request(ask, MODEL, 0, {}))
            async with web.post(f"{url}/chat/completions", data=orjson.dumps(body)) as answer:
                await answer.read()
            await asyncio.sleep(PAUSE_S)
        each = (time.monotonic() - started) / tried
    return {"each_s": round(each, 3), "extrapolated_s": round(each * calls), "pause_s": PAUSE_S}


async def limited(kind: str, rate_a_minute: float, seconds: float) -> dict[str, Any]:
    """Share of a limit used after the ramp, and refusals, as the server counts them."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        faults = {"latency_s": 0.2, kind: rate_a_minute}
        limits = PoolLimits(max_in_flight=200, start_in_flight=64, ramp_per_s=500.0, **{kind: rate_a_minute})
        async with open_judge(faults, limits, data) as (judge, breaker, url):
            engine = Engine(open_store(data), "bench", 0, 200, 192, breaker)
            running = asyncio.create_task(engine.run((judge, ask) for ask in asks(1_000_000)))
            before = await _after(url, WARM_S)
            after = await _after(url, seconds)
            engine.stop()
            await running
    served = after["served"] - before["served"]
    refused = sum(after[name] - before.get(name, 0) for name in after if name.startswith("refused"))
    amount = after.get("tokens", 0) - before.get("tokens", 0) if kind == "tpm" else served
    lasted = after["at"] - before["at"]
    return {
        "limit": f"{kind} {rate_a_minute:g}",
        "share_used": round(amount / (rate_a_minute / 60 * lasted), 4),
        "refused": round(refused / max(1, served + refused), 5),
        "seconds": round(lasted, 1),
    }


async def _after(url: str, seconds: float) -> dict[str, Any]:
    await asyncio.sleep(seconds)
    async with aiohttp.ClientSession() as web, web.get(url.replace("/compatible-mode/v1", "/_stats")) as answer:
        counted: dict[str, Any] = orjson.loads(await answer.read())
    return counted | {"at": time.monotonic()}


async def main() -> int:
    """Run what is asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--what", choices=["calls", "limits", "all"], default="all")
    parser.add_argument("--calls", type=int, default=6_540)
    parser.add_argument("--latency", type=float, default=1.0)
    parser.add_argument("--in-flight", type=int, default=200)
    parser.add_argument("--ramp", type=float, default=50.0)
    parser.add_argument("--seconds", type=float, default=20.0)
    flags = parser.parse_args()
    figures: dict[str, Any] = {"cores": os.cpu_count(), "load": os.getloadavg()}
    if flags.what != "limits":
        figures["ours"] = await ours(flags.calls, flags.latency, flags.in_flight, flags.ramp)
        figures["one_after_the_other"] = await sequential(flags.calls, flags.latency)
    if flags.what != "calls":
        figures["limits"] = [await limited("rpm", 6_000, flags.seconds), await limited("tpm", 6_000_000, flags.seconds)]
    sys.stdout.write(orjson.dumps(figures, option=orjson.OPT_INDENT_2).decode() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
