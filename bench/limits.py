"""Share of the binding limit that is used, and what is refused: RPM-, TPM-, QPS- and latency-bound; a limit halved mid-run.

``python bench/limits.py [--seconds 60] [--only rpm,tpm,qps,latency,halved]``; prints JSON. The mock provider counts; the
product's own way (limiter, ledger, transport; for QPS the AMap client) sends.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import orjson
from mock_provider import Mock, mock_provider

from factory.llm.chat import CallKey, ChatRequest
from factory.llm.transport import DirectChat, Endpoint, Price
from factory.maps.amap.wire import POOL, AmapAccount, AmapWire
from factory.maps.kept import KeptAnswers
from factory.records import Message
from factory.sending.ledger import Ledger
from factory.sending.limits import LocalLimiter, PoolLimits

WARM_S = 8.0
"""Not counted: connections open, the ceiling grows."""
HALVED_WATCH_S = 40.0
RPM, TPM, QPS = 6_000.0, 6_000_000.0, 50.0


async def chatting(mock: Mock, limits: PoolLimits, folder: str, watch: Callable[[], Awaitable[None]]) -> dict[str, Any]:
    """Endless calls, as many waiting as could be in flight, while ``watch`` looks at the mock."""
    ledger = Ledger(Path(folder), "bench", None)
    limiter = LocalLimiter({"teacher": limits})
    endpoint = Endpoint("mock", mock.chat_url, "teacher", Price(2.0, 8.0))
    chat = DirectChat(endpoint, limiter, ledger, None)
    numbers = itertools.count()
    text = "附近有什么好吃的川菜？" * 60

    async def caller() -> None:
        while True:
            number = next(numbers)
            request = ChatRequest(
                "mock", (Message("user", text),), max_tokens=600, temperature=0.0, top_p=1.0, seed=number
            )
            await chat.ask(request, CallKey("bench", f"bench-{number:06d}", 0, purpose="agent"), priority=number)

    callers = [asyncio.create_task(caller()) for _ in range(limits.max_in_flight + 32)]
    cpu, started = time.process_time(), time.monotonic()
    try:
        await watch()
    finally:
        for task in callers:
            task.cancel()
        await asyncio.gather(*callers, return_exceptions=True)
        await chat.aclose()
        ledger.close()
    return {"client_cpu_share": round((time.process_time() - cpu) / (time.monotonic() - started), 3)}


def share(before: dict[str, float], after: dict[str, float], what: str, per_s: float) -> dict[str, float]:
    """Used share of a limit and refused share of calls between two looks."""
    lasted = after["at"] - before["at"]
    served, refused = after["served"] - before["served"], after["refused"] - before["refused"]
    return {
        "share": round((after[what] - before[what]) / (per_s * lasted), 4),
        "refused": round(refused / max(1.0, served + refused), 5),
        "calls": served,
        "seconds": round(lasted, 1),
    }


async def bound(name: str, seconds: float) -> dict[str, Any]:
    """One chat limit, or latency alone."""
    given: dict[str, Any] = {"rpm": {"rpm": RPM}, "tpm": {"tpm": TPM}, "latency": {}}[name]
    latency_s, most = (1.0, 64) if name == "latency" else (0.5, 256)
    per_s = {"rpm": RPM / 60, "tpm": TPM / 60, "latency": 64.0}[name]
    looks: list[dict[str, float]] = []
    async with mock_provider(
        latency_s=latency_s, jitter=0.0 if name == "latency" else 0.3, spread=0.5, **given
    ) as mock:

        async def watch() -> None:
            for wait in (WARM_S, seconds):
                await asyncio.sleep(wait)
                looks.append(await mock.stats())

        limits = PoolLimits(max_in_flight=most, start_in_flight=min(most, 64), ramp_per_s=500.0, **given)
        with tempfile.TemporaryDirectory() as folder:
            used = await chatting(mock, limits, folder, watch)
    return {"bound": name} | share(looks[0], looks[1], "tokens" if name == "tpm" else "served", per_s) | used


async def queries(seconds: float) -> dict[str, Any]:
    """The AMap client under a QPS limit."""
    looks = []
    with tempfile.TemporaryDirectory() as folder:
        async with mock_provider(qps=QPS, latency_s=0.05, jitter=0.3) as mock:
            account = AmapAccount(mock.root, "bench", None, QPS, None)
            wire = AmapWire(account, KeptAnswers(Path(folder)), "bench", LocalLimiter({POOL: account.limits}))
            numbers = itertools.count()

            async def caller() -> None:
                while True:
                    await wire.get("v3/around", {"location": f"116.3,{next(numbers) / 1e6:.6f}"})

            callers = [asyncio.create_task(caller()) for _ in range(64)]
            for wait in (WARM_S, seconds):
                await asyncio.sleep(wait)
                looks.append(await mock.stats())
            for task in callers:
                task.cancel()
            await asyncio.gather(*callers, return_exceptions=True)
            await wire.aclose()
    return {"bound": "qps"} | share(looks[0], looks[1], "served", QPS)


async def halved_tokens() -> dict[str, Any]:
    """TPM halved mid-run. The mock's window of tokens is 10 s and refuses everything until it has drained; the share of each."""
    window_s = 10.0
    looks: list[dict[str, float]] = []
    async with mock_provider(tpm=TPM, latency_s=0.5, jitter=0.3, spread=0.5) as mock:

        async def watch() -> None:
            await asyncio.sleep(WARM_S + window_s)
            await mock.change(tpm=TPM / 2)
            for _ in range(int(HALVED_WATCH_S / window_s) + 1):
                looks.append(await mock.stats())
                await asyncio.sleep(window_s)

        limits = PoolLimits(max_in_flight=256, start_in_flight=64, ramp_per_s=500.0, tpm=TPM)
        with tempfile.TemporaryDirectory() as folder:
            await chatting(mock, limits, folder, watch)
    each = [share(before, after, "tokens", TPM / 120) for before, after in itertools.pairwise(looks)]
    back = next((i for i, second in enumerate(each) if second["refused"] <= 0.1 and second["share"] >= 0.85), None)
    return {"bound": "halved tokens", "back_after_windows": back, "window_s": window_s, "in_each_window": each}


async def halved() -> dict[str, Any]:
    """RPM halved mid-run: the first second with <= 10 % refused and >= 85 % used, and the steady state after the tenth."""
    looks: list[dict[str, float]] = []
    async with mock_provider(rpm=RPM, latency_s=0.5, jitter=0.3) as mock:

        async def watch() -> None:
            await asyncio.sleep(WARM_S)
            await mock.change(rpm=RPM / 2)
            for _ in range(int(HALVED_WATCH_S) + 1):
                looks.append(await mock.stats())
                await asyncio.sleep(1.0)

        limits = PoolLimits(max_in_flight=256, start_in_flight=64, ramp_per_s=500.0, rpm=RPM)
        with tempfile.TemporaryDirectory() as folder:
            await chatting(mock, limits, folder, watch)
    per_s = RPM / 120
    each = [share(before, after, "served", per_s) for before, after in itertools.pairwise(looks)]
    back = next(
        (i for i, second in enumerate(each) if i > 0 and second["refused"] <= 0.1 and second["share"] >= 0.85), None
    )
    steady = share(looks[10], looks[-1], "served", per_s)
    return {
        "bound": "halved",
        "back_after_s": back,
        "enforced_over_s": 1.0,
        "refused_in_each_of_the_first_10_s": [second["refused"] for second in each[:10]],
        "share_in_each_of_the_first_10_s": [second["share"] for second in each[:10]],
        "after_10_s": steady,
    }


async def main() -> int:
    """Run what is asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--only", default="rpm,tpm,qps,latency,halved,halved_tokens")
    flags = parser.parse_args()
    results: list[dict[str, Any]] = []
    for name in flags.only.split(","):
        if name == "qps":
            results.append(await queries(flags.seconds))
        elif name == "halved":
            results.append(await halved())
        elif name == "halved_tokens":
            results.append(await halved_tokens())
        else:
            results.append(await bound(name, flags.seconds))
    figures = {"cores": os.cpu_count(), "load": os.getloadavg(), "results": results}
    sys.stdout.write(orjson.dumps(figures, option=orjson.OPT_INDENT_2).decode() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
