"""A provider to measure against: OpenAI's chat format and AMap's nearby search, exact sliding-window limits, a bill.

Runs in a process of its own (``python bench/mock_provider.py --port 0 --options JSON``; prints its port). A request is charged
on arrival, tokens by actual usage when the answer is complete; what was refused is counted and what was served is billed.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import signal
import sys
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass, field
from typing import Any

import aiohttp
import orjson
from aiohttp import web

PRICE_IN, PRICE_OUT = 2.0, 8.0
"""CNY per million tokens on the bill."""


@dataclass(slots=True)
class Options:
    """Limits a minute (``qps`` a second) and behaviour; 0 means none. Requests hold over any ``window_s``, as RPM / 60 a second."""

    rpm: float = 0.0
    tpm: float = 0.0
    qps: float = 0.0
    window_s: float = 1.0
    token_window_s: float = 10.0
    """Longer, since tokens are charged when an answer is complete: in a second their sum swings by several per cent."""
    latency_s: float = 0.1
    jitter: float = 0.0
    completion_tokens: int = 200
    spread: float = 0.0
    """Completion tokens vary by this share in both directions."""
    fault_share: float = 0.0
    """Share of requests that get a 500."""
    retry_after: str = ""
    script: bool = False
    """Answer conversations with tools: two tool calls, one a step, then the final answer."""


@dataclass(slots=True)
class Window:
    """What was charged in the last ``window_s`` seconds, exactly."""

    entries: deque[tuple[float, float]] = field(default_factory=deque)
    total: float = 0.0

    def used(self, now: float, window_s: float) -> float:
        """The sum of charges younger than the window."""
        while self.entries and self.entries[0][0] <= now - window_s:
            self.total -= self.entries.popleft()[1]
        return self.total

    def charge(self, now: float, amount: float) -> None:
        """Add a charge."""
        self.entries.append((now, amount))
        self.total += amount


@dataclass(slots=True)
class Bill:
    """Counted since the start."""

    served: int = 0
    refused: int = 0
    faults: int = 0
    tokens: int = 0
    cny: float = 0.0
    in_flight: int = 0
    most_in_flight: int = 0


class Provider:
    """State and handlers."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.bill = Bill()
        self.requests, self.tokens = Window(), Window()
        self.dice = random.Random(0)

    def refuses(self, now: float) -> str | None:
        """The error code of the limit that this arrival would pass; charges the request otherwise."""
        options, window_s = self.options, self.options.window_s
        per_s = options.qps or options.rpm / 60
        if per_s and self.requests.used(now, window_s) + 1 > per_s * window_s + 1e-9:
            return "limit_requests"
        if options.tpm and self.tokens.used(now, options.token_window_s) >= options.tpm / 60 * options.token_window_s:
            return "Throttling.AllocationQuota"  # of anybody but DashScope, insufficient_quota is an empty account
        self.requests.charge(now, 1.0)
        return None

    async def chat(self, request: web.Request) -> web.Response:
        """POST /v1/chat/completions."""
        raw = await request.read()
        if code := self.refuses(asyncio.get_running_loop().time()):
            self.bill.refused += 1
            headers = {"Retry-After": self.options.retry_after} if self.options.retry_after else {}
            return _json({"error": {"code": code, "message": "over the limit", "type": code}}, 429, headers)
        if self.dice.random() < self.options.fault_share:
            self.bill.faults += 1
            return _json({"error": {"code": "internal_error", "message": "planned fault", "type": "server"}}, 500, {})
        await self._work()
        body = orjson.loads(raw)
        spread = 1 + self.options.spread * (2 * self.dice.random() - 1)
        tokens_in, tokens_out = len(raw) // 4, round(self.options.completion_tokens * spread)
        self.bill.tokens += tokens_in + tokens_out
        self.bill.cny += (tokens_in * PRICE_IN + tokens_out * PRICE_OUT) / 1e6
        self.tokens.charge(asyncio.get_running_loop().time(), tokens_in + tokens_out)
        usage = {"prompt_tokens": tokens_in, "completion_tokens": tokens_out, "total_tokens": tokens_in + tokens_out}
        message = _scripted(body) if self.options.script and body.get("tools") else _plain()
        finish = "tool_calls" if message.get("tool_calls") else "stop"
        choice = {"index": 0, "message": message, "finish_reason": finish}
        answer = {"id": f"mock-{self.bill.served}", "object": "chat.completion", "created": 1_700_000_000}
        return _json(answer | {"model": body.get("model", "mock"), "choices": [choice], "usage": usage}, 200, {})

    async def around(self, _: web.Request) -> web.Response:
        """GET, any AMap nearby search: an empty last page; over the limit its infocode 10021 with status 200."""
        if self.refuses(asyncio.get_running_loop().time()):
            self.bill.refused += 1
            return _json({"status": "0", "info": "CUQPS_HAS_EXCEEDED_THE_LIMIT", "infocode": "10021"}, 200, {})
        await self._work()
        return _json({"status": "1", "info": "OK", "infocode": "10000", "count": "0", "pois": []}, 200, {})

    async def _work(self) -> None:
        bill, options = self.bill, self.options
        bill.in_flight += 1
        bill.most_in_flight = max(bill.most_in_flight, bill.in_flight)
        try:
            await asyncio.sleep(options.latency_s * (1 + options.jitter * (2 * self.dice.random() - 1)))
        finally:
            bill.in_flight -= 1
        bill.served += 1

    async def stats(self, _: web.Request) -> web.Response:
        """GET /_stats: the bill."""
        return _json(asdict(self.bill) | {"at": asyncio.get_running_loop().time()}, 200, {})

    async def change(self, request: web.Request) -> web.Response:
        """POST /_options: change some options while running."""
        for name, value in orjson.loads(await request.read()).items():
            setattr(self.options, name, value)
        return _json(asdict(self.options), 200, {})


def _json(body: dict[str, Any], status: int, headers: dict[str, str]) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json", headers=headers)


def _plain() -> dict[str, Any]:
    return {"role": "assistant", "content": "附近有一家合适的川菜馆，评分4.6，人均78元。" * 8}


def _scripted(body: dict[str, Any]) -> dict[str, Any]:
    """By the number of assistant turns so far; a client that replays them as plain text is understood, too."""
    turns = sum(message["role"] == "assistant" for message in body["messages"])
    names = [tool["function"]["name"] for tool in body["tools"]]
    wanted = [
        ("geo_location", {"place": "清华大学"}),
        ("restaurant_search", {"location": "116.326500,39.999700"}),
        ("final_answer", {"answer": "附近有一家合适的川菜馆，评分4.6，人均78元。" * 8}),
    ][min(turns, 2)]
    if wanted[0] not in names:
        return _plain()
    function = {"name": wanted[0], "arguments": orjson.dumps(wanted[1]).decode()}
    call = {"id": f"call-{turns}", "type": "function", "function": function}
    return {"role": "assistant", "content": None, "tool_calls": [call]}


async def serve(port: int, options: Options) -> None:
    """Listen until told to stop."""
    provider = Provider(options)
    app = web.Application(client_max_size=1 << 26)
    app.router.add_post("/v1/chat/completions", provider.chat)
    app.router.add_get("/_stats", provider.stats)
    app.router.add_post("/_options", provider.change)
    app.router.add_get("/{path:.*}", provider.around)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port, backlog=4096)
    await site.start()
    sys.stdout.write(f"{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()
    await runner.cleanup()


@dataclass(frozen=True, slots=True)
class Mock:
    """A running mock, for the bench scripts."""

    root: str

    @property
    def chat_url(self) -> str:
        """The base URL of the chat API."""
        return f"{self.root}/v1"

    async def stats(self) -> dict[str, float]:
        """The bill so far."""
        async with aiohttp.ClientSession() as web_, web_.get(f"{self.root}/_stats") as answer:
            counted: dict[str, float] = orjson.loads(await answer.read())
            return counted

    async def change(self, **options: Any) -> None:
        """Change options while it runs."""
        async with aiohttp.ClientSession() as web_, web_.post(f"{self.root}/_options", json=options) as answer:
            answer.raise_for_status()


@contextlib.asynccontextmanager
async def mock_provider(**options: Any) -> AsyncIterator[Mock]:
    """The mock as a child process, stopped at the end."""
    arguments = [__file__, "--port", "0", "--options", orjson.dumps(options).decode()]
    child = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
    assert child.stdout is not None
    try:
        port = int(await child.stdout.readline())
        yield Mock(f"http://127.0.0.1:{port}")
    finally:
        child.terminate()
        await child.wait()


def main() -> int:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--options", default="{}")
    flags = parser.parse_args()
    asyncio.run(serve(flags.port, Options(**orjson.loads(flags.options))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
