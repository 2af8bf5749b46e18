"""The sandbox as one process: map server and chat server on one loopback port, with fault knobs and a tally.

``python -m factory sandbox`` runs ``main``; ``process.py`` starts it as a child. It says on one line that it is ready
and ends when its standard input closes, so that it never outlives the program that started it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import stat
import sys
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from aiohttp import web

from factory.errors import UsageError
from factory.sandbox.amap.server import MapOptions, add_map_routes, read_options
from factory.sandbox.city.city import World
from factory.sandbox.faults import TALLY, Faults, FaultTally, fault_middleware
from factory.sandbox.front import SandboxRunner, own_errors
from factory.settings import Values, of_factory
from factory.shown_text import print_line

HOST: Final = "127.0.0.1"
DEFAULT_PORT: Final = 8765
BODY_MOST: Final = 64 * 2**20
"""Bytes of a request: long conversations are sent whole."""
BACKLOG: Final = 1024


@dataclass(frozen=True, slots=True)
class Sandbox:
    """What a sandbox is made of; ``defects`` is the share of the teacher's candidates that it spoils.

    ``chat_keys``: bearer tokens that the chat server takes (none named: any).
    """

    seed: int = 0
    defects: float = 0.12
    faults: str = ""
    map_options: MapOptions = field(default_factory=MapOptions)
    chat_keys: tuple[str, ...] = ()


def make_app(sandbox: Sandbox) -> web.Application:
    """Both servers as one application. Raises UsageError on fault knobs that cannot be read."""
    # The chat server is imported here, because maps alone (tests, tools) need none of it.
    from factory.sandbox.teacher.server import add_chat_routes  # noqa: PLC0415 - see above

    faults, tally = Faults(sandbox.seed, _json(sandbox.faults, "SANDBOX_FAULTS")), FaultTally()
    app = web.Application(middlewares=[own_errors, fault_middleware(faults, tally)], client_max_size=BODY_MOST)
    app[TALLY] = tally
    add_map_routes(app, World(sandbox.seed), sandbox.map_options)
    add_chat_routes(app, defect_share=sandbox.defects, seed=sandbox.seed, keys=sandbox.chat_keys)
    add_control_routes(app, faults, tally)
    return app


def add_control_routes(app: web.Application, faults: Faults, tally: FaultTally) -> None:
    """``POST /_faults`` changes the knobs, ``GET /_stats`` shows the tally."""

    async def set_faults(request: web.Request) -> web.Response:
        try:
            faults.set(_json((await request.text()) or "{}", "POST /_faults"))
        except UsageError as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response({"ok": True})

    async def stats(_request: web.Request) -> web.Response:
        return web.Response(body=tally.as_json(), content_type="application/json")

    app.router.add_post("/_faults", set_faults)
    app.router.add_get("/_stats", stats)


def _json(text: str, where: str) -> dict[str, Any]:
    try:
        value = orjson.loads(text) if text else {}
    except orjson.JSONDecodeError as error:
        raise UsageError(f"{where} is not valid JSON: {error}.") from error
    if not isinstance(value, dict):
        raise UsageError(f"{where} must be a JSON object of fault knobs.")
    return value


async def serve(sandbox: Sandbox, port: int, stop: asyncio.Event) -> None:
    """Listen on loopback until ``stop`` is set; port 0 takes a free one. Raises UsageError when the port is taken."""
    runner = SandboxRunner(make_app(sandbox), access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        site = web.TCPSite(runner, HOST, port, backlog=BACKLOG)
        try:
            await site.start()
        except OSError as error:
            raise UsageError(f"Port {port} cannot be used ({error.strerror}): choose another with PORT=.") from error
        bound = runner.addresses[0][1]
        print(orjson.dumps({"ready": True, "port": bound}).decode(), flush=True)
        await stop.wait()
    finally:
        await runner.cleanup()


def main(values: Values) -> int:
    """``chidian sandbox``: serve until SIGTERM, Ctrl-C, or the end of standard input."""
    keys = values[of_factory.CHAT_KEYS]
    port = values[of_factory.PORT]
    try:
        sandbox = Sandbox(
            values[of_factory.SEED],
            values[of_factory.SANDBOX_DEFECTS],
            values[of_factory.SANDBOX_FAULTS],
            read_options(_json(values[of_factory.MAP_OPTIONS], "--map")),
            tuple(filter(None, keys.split(","))) if keys else (),
        )
        asyncio.run(_serve_until_told(sandbox, DEFAULT_PORT if port is None else port))
    except (UsageError, TypeError, ValueError) as error:
        print_line(f"sandbox: {error}")
        return 2
    return 0


async def _serve_until_told(sandbox: Sandbox, port: int) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    watch = asyncio.create_task(_end_of_input(stop)) if _held_by_a_parent() else None
    await serve(sandbox, port, stop)
    if watch is not None:
        watch.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watch


def _held_by_a_parent() -> bool:
    """True when standard input is a pipe; a terminal, a file or /dev/null tells nothing about who started us."""
    if sys.stdin is None:
        return False
    mode = os.fstat(sys.stdin.fileno()).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


async def _end_of_input(stop: asyncio.Event) -> None:
    """Sets ``stop`` when the parent closes our input, which its death does too."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.read(4096):
        pass
    stop.set()
