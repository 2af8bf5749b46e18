"""A sandbox on a real socket in a thread of the test, and a plain blocking client for it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode
from urllib.request import ProxyHandler, build_opener

import orjson
from aiohttp import web

from factory.sandbox.amap.server import MapOptions
from factory.sandbox.front import SandboxRunner
from factory.sandbox.serve import Sandbox, make_app

_OPENER = build_opener(ProxyHandler({}))


@contextmanager
def served(**options: Any) -> Iterator[str]:
    """The base URL of a sandbox with these map options (or a whole ``sandbox=``); ``watch``: a middleware around all of it."""
    watch = options.pop("watch", None)
    sandbox = options.pop("sandbox", None) or Sandbox(map_options=MapOptions(**options))
    loop = asyncio.new_event_loop()
    app = make_app(sandbox)
    if watch is not None:
        app.middlewares.insert(0, watch)
    runner = SandboxRunner(app, shutdown_timeout=0.1)

    async def start() -> int:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return int(runner.addresses[0][1])

    port = loop.run_until_complete(start())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        asyncio.run_coroutine_threadsafe(_end(runner), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


async def _end(runner: web.AppRunner) -> None:
    """Also ends what hangs on purpose."""
    await runner.cleanup()
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


def get_raw(base: str, path: str, **params: str) -> tuple[int, str, bytes]:
    """Status, content type and body of one GET."""
    with _OPENER.open(f"{base}{path}?{urlencode(params)}", timeout=5) as response:
        return response.status, response.headers["Content-Type"], response.read()


def get(base: str, path: str, **params: str) -> dict[str, Any]:
    """The JSON of one GET with a key."""
    answer: dict[str, Any] = orjson.loads(get_raw(base, path, **({"key": "K"} | params))[2])
    return answer
