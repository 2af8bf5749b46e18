"""The sandbox in a process of its own that bills each prompt it served, and can kill a client at an exact point of a call.

``python bench/billed_sandbox.py --options JSON`` prints its port and ends with its standard input. ``GET /_bill`` is the bill;
``POST /_kill`` arms one SIGKILL: at the n-th chat call from now, when it arrives, when it is billed, or when its answer is out;
``POST /_die`` makes the teacher answer nothing of use from now on, in one of ``DEATHS``; null brings it back. With ``rpm`` it
keeps a limit as a provider does: over any second no more than a sixtieth; what is over it is refused and counted apart.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import orjson
from aiohttp import web

from bench.mock_provider import Window
from factory.sandbox.faults import CUT_STREAM
from factory.sandbox.serve import Sandbox, make_app

PRICE_IN, PRICE_OUT = 2.0, 8.0
"""CNY per million tokens."""
CHAT: Final = "/v1/chat/completions"
MOMENTS: Final = ("arrived", "billed", "answered")
DEATHS: Final = ("429", "500", "hang", "trickle", "open_json", "slow_open_json")
"""Refuses; fails; is silent; sends an answer that never ends; answers with JSON for the tool that never closes, at once or late."""
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(slots=True)
class Call:
    """One chat call: which prompt, when (the machine's monotonic clock, s), what it cost, whether the answer was spoilt."""

    prompt: str
    arrived: float
    answered: float | None = None
    cny: float = 0.0
    billed: bool = False
    spoilt: bool = False


@dataclass(slots=True)
class Bill:
    """Everything that was asked of the sandbox since it started."""

    calls: list[Call] = field(default_factory=list)
    kills: list[dict[str, Any]] = field(default_factory=list)
    maps: Counter[str] = field(default_factory=Counter)
    armed: dict[str, Any] | None = None
    death: str | None = None
    late_s: float = 0.0
    """of ``slow_open_json``"""
    rpm: float = 0.0
    """0: no limit"""
    window: Window = field(default_factory=Window)
    charged: list[float] = field(default_factory=list)
    """When each call came that the limit let through, by the machine's monotonic clock, s."""
    refused: int = 0

    def is_over_limit(self, now: float) -> bool:
        """Whether a call that comes now is refused; one that is not is charged."""
        if self.rpm and self.window.used(now, 1.0) + 1 > self.rpm / 60 + 1e-9:
            self.refused += 1
            return True
        self.window.charge(now, 1.0)
        self.charged.append(now)
        return False

    def open_calls(self) -> int:
        """Calls that arrived and whose answer is not out."""
        return sum(call.answered is None for call in self.calls[-256:])

    def reached(self, moment: str) -> None:
        """Count one moment towards the armed kill, and kill when it is the one."""
        if self.armed is None or self.armed["moment"] != moment:
            return
        self.armed["calls"] -= 1
        if self.armed["calls"] > 0:
            return
        pid, self.armed = self.armed["pid"], None
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            self.kills.append({"at": time.monotonic(), "moment": moment, "open": self.open_calls(), "pid": pid})

    def summary(self, *, calls: bool) -> dict[str, Any]:
        """The bill as JSON."""
        billed = [call for call in self.calls if call.billed]
        rows = [[call.prompt, call.arrived, call.answered, call.cny, call.spoilt] for call in billed] if calls else []
        return {
            "arrived": len(self.calls),
            "billed": len(billed),
            "cny": sum(call.cny for call in billed),
            "open": self.open_calls(),
            "kills": self.kills,
            "refused": self.refused,
            "charged": self.charged if calls else len(self.charged),
            "map_requests": self.maps.total(),
            "map_distinct": len(self.maps),
            "calls": rows,
        }


def add_bill(app: web.Application, bill: Bill) -> None:
    """Two middlewares around the faults: the outer sees every call, the inner only those that the teacher served."""

    @web.middleware
    async def outer(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path != CHAT:
            if not request.path.startswith("/_"):
                bill.maps[str(request.rel_url)] += 1
            return await handler(request)
        raw = await request.read()
        if bill.is_over_limit(time.monotonic()):
            return web.json_response({"error": {"code": "limit_requests", "message": "over the limit"}}, status=429)
        call = Call(blake2b(raw, digest_size=12).hexdigest(), time.monotonic())
        bill.calls.append(call)
        request["call"] = call
        bill.reached("arrived")
        try:
            response = await (handler(request) if bill.death is None else _dead(request, bill.death, bill.late_s))
            await response.prepare(request)
            await response.write_eof()
        except OSError:  # the client is gone: what was served stays billed
            response = web.Response()
        finally:
            call.spoilt = bool(request.get(CUT_STREAM))
            call.answered = time.monotonic()
        bill.reached("answered")
        return response

    @web.middleware
    async def inner(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        call: Call | None = request.get("call")
        if call is not None and isinstance(response, web.Response) and isinstance(response.body, bytes):
            usage = orjson.loads(response.body).get("usage") if response.status == 200 else None
            if usage:
                call.billed = True
                call.cny = (usage["prompt_tokens"] * PRICE_IN + usage["completion_tokens"] * PRICE_OUT) / 1e6
                bill.reached("billed")
        return response

    app.middlewares.insert(0, outer)
    app.middlewares.append(inner)

    async def show(request: web.Request) -> web.Response:
        return web.Response(body=orjson.dumps(bill.summary(calls="calls" in request.query)))

    async def arm(request: web.Request) -> web.Response:
        bill.armed = orjson.loads(await request.read() or b"null")
        return web.Response()

    async def die(request: web.Request) -> web.Response:
        bill.death, bill.late_s = orjson.loads(await request.read())
        return web.Response()

    app.router.add_get("/_bill", show)
    app.router.add_post("/_kill", arm)
    app.router.add_post("/_die", die)


async def _dead(request: web.Request, death: str, late_s: float) -> web.StreamResponse:
    """One answer of a dead teacher."""
    if death in {"429", "500"}:
        return web.json_response({"error": {"code": "dead", "message": "no"}}, status=int(death))
    if death == "slow_open_json":
        await asyncio.sleep(late_s)
    if death in {"open_json", "slow_open_json"}:
        function = {"name": "final_answer", "arguments": '{"samples": [{"question": "附近有什么好吃的？'}
        call = {"id": "call-0", "type": "function", "function": function}
        message = {"role": "assistant", "content": None, "tool_calls": [call]}
        choice = {"index": 0, "message": message, "finish_reason": "length"}
        usage = {"prompt_tokens": 100, "completion_tokens": 100, "total_tokens": 200}
        return web.json_response({"id": "x", "object": "chat.completion", "choices": [choice], "usage": usage})
    if death == "trickle":
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        while True:
            await response.write(b'{"id":')
            await asyncio.sleep(0.2)
    await asyncio.sleep(3600)
    return web.Response()


async def serve(options: dict[str, Any]) -> None:
    """Until standard input closes."""
    app = make_app(Sandbox(options.get("seed", 0), faults=orjson.dumps(options.get("faults", {})).decode()))
    add_bill(app, Bill(rpm=options.get("rpm", 0.0)))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    print(runner.addresses[0][1], flush=True)
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def wait_for_end() -> None:
        sys.stdin.buffer.read()
        loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=wait_for_end, daemon=True).start()
    await stop.wait()
    await runner.cleanup()


@dataclass(frozen=True, slots=True)
class Billed:
    """A running one, for benches and tests."""

    root: str

    @property
    def settings(self) -> dict[str, str]:
        """What a run needs to ask this server alone, at the prices that it bills."""
        return {
            "MAP": "sandbox",
            "TEACHER": "openai/sandbox/teacher-v1",
            "AMAP_BASE_URL": self.root,
            "TEACHER_BASE_URL": f"{self.root}/v1",
            "PRICE_IN": str(PRICE_IN),
            "PRICE_OUT": str(PRICE_OUT),
        }

    def bill(self, *, calls: bool = False) -> dict[str, Any]:
        """The bill so far; with ``calls`` a row per billed call."""
        with urllib.request.urlopen(f"{self.root}/_bill{'?calls' if calls else ''}", timeout=30) as answer:  # noqa: S310 - loopback
            bill: dict[str, Any] = orjson.loads(answer.read())
            return bill

    def arm(self, kill: dict[str, Any] | None) -> None:
        """Arm or disarm the one kill."""
        self._post("_kill", kill)

    def die(self, death: str | None, late_s: float = 0.0) -> None:
        """Let the teacher die, or bring it back; ``late_s``: how long each answer of ``slow_open_json`` takes."""
        self._post("_die", [death, late_s])

    def _post(self, path: str, body: object) -> None:
        request = urllib.request.Request(f"{self.root}/{path}", orjson.dumps(body))  # noqa: S310 - our own server
        urllib.request.urlopen(request, timeout=5).close()  # noqa: S310 - our own server


@contextmanager
def billed_sandbox(**options: Any) -> Iterator[Billed]:
    """The server as a child process; it lives as long as the block."""
    clean = {name: value for name, value in os.environ.items() if not name.endswith(("_KEY", "_SECRET", "_TOKEN"))}
    child = subprocess.Popen(
        [sys.executable, __file__, "--options", orjson.dumps(options).decode()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=clean | {"PYTHONPATH": str(Path(__file__).parent.parent)},
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        yield Billed(f"http://127.0.0.1:{int(child.stdout.readline())}")
    finally:
        child.stdin.close()
        child.stdout.close()
        child.wait(120)


def main() -> int:
    """Serve until standard input closes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--options", default="{}")
    asyncio.run(serve(orjson.loads(parser.parse_args().options)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
