"""The sandbox teacher with its answers bent on the way out, on this test's loop; and one order that asks it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web

from factory.agents.agent import AgentSettings, AgentWorker
from factory.llm.transport import DirectChat, Endpoint, Price
from factory.maps.amap.client import AmapMap
from factory.maps.amap.wire import AmapAccount
from factory.maps.kept import KeptAnswers
from factory.plan.identity import RequestSettings, read_prompt
from factory.records import Order, OrderOutcome, PlaceName, Wish
from factory.sandbox.teacher.server import add_chat_routes
from factory.sandbox.teacher.teacher import MODEL
from factory.sending.ledger import Ledger
from factory.sending.limits import LocalLimiter, PoolLimits

Bend = Callable[[dict[str, Any], int], Any]
"""From a good answer and the number of the call to what is sent: a dict, bytes, or a whole response."""
Check = Callable[[dict[str, Any]], web.Response | None]
"""A server that looks at the request first; a response refuses it."""
PRICE = Price(2.0, 8.0)
WISHES = tuple(Wish(cuisine, None, None, None, 2000) for cuisine in ("川菜", "火锅"))


@dataclass
class Teacher:
    """What it was asked, and where it is."""

    base: str = ""
    calls: int = 0
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)


@asynccontextmanager
async def bent(
    bend: Bend = lambda answer, _: answer,
    check: Check = lambda _: None,
    other: web.Application | None = None,
    path: str = "/v1",
) -> AsyncIterator[Teacher]:
    """Serve it on loopback; or an ``other`` application under ``path``."""
    there = Teacher()

    @web.middleware
    async def on_the_way(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        body = orjson.loads(await request.read())
        there.calls += 1
        there.asked.append(body)
        there.headers.append(dict(request.headers))
        if (refusal := check(body)) is not None:
            return refusal
        response = await handler(request)
        if not isinstance(response, web.Response) or response.status != 200:
            return response
        out = bend(orjson.loads(bytes(response.body)), there.calls)  # type: ignore[arg-type]
        if isinstance(out, web.StreamResponse):
            return out
        return web.Response(body=out if isinstance(out, bytes) else orjson.dumps(out), content_type="application/json")

    app = other if other is not None else web.Application(client_max_size=2**26)
    app.middlewares.insert(0, on_the_way)
    if other is None:
        add_chat_routes(app, defect_share=0.0, seed=0)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    there.base = f"http://127.0.0.1:{runner.addresses[0][1]}{path}"
    try:
        yield there
    finally:
        await runner.cleanup()


@asynccontextmanager
async def chat_with(
    data: Path,
    base: str,
    *,
    key: str | None = None,
    give_up_s: float = 2.0,
    budget: float | None = None,
    price: Price = PRICE,
) -> AsyncIterator[tuple[DirectChat, Ledger]]:
    """A chat of a run's settings."""
    ledger = Ledger(data, "run", budget)
    limiter = LocalLimiter({"teacher": PoolLimits(give_up_s=give_up_s)})
    endpoint = Endpoint("teacher", base, "teacher", price, request_timeout_s=0.8 * give_up_s, keep_trying_s=give_up_s)
    chat = DirectChat(endpoint, limiter, ledger, key)
    try:
        yield chat, ledger
    finally:
        await chat.aclose()
        ledger.close()


def map_at(base: str, kept: Path) -> AmapMap:
    """The sandbox city's map; pages that were asked for once come from ``kept``."""
    account = AmapAccount(base, "k", None, 10_000.0, None, give_up_s=5.0, is_ours=True)
    limiter = LocalLimiter({"map": account.limits})
    return AmapMap(account, KeptAnswers(kept), provider="sandbox", licence="", attribution="", limiter=limiter)


async def one_order(
    chat: DirectChat, maps: AmapMap, extra: dict[str, Any] | None = None, *, number: int = 0
) -> OrderOutcome:
    """Work one order of two wishes to its end."""
    place = await maps.locate(PlaceName("清华大学", "北京市"))
    order = Order(f"order-{number}", "run", number, place, WISHES, ("train", "train"), seed=number)
    settings = AgentSettings(
        MODEL, read_prompt(None).text, 2, 20.0, RequestSettings(extra=tuple((extra or {}).items()))
    )
    return await AgentWorker(chat, maps, settings).work(order)
