"""The sandbox as a child process: started, waited for, asked, and stopped by its pid.

``synth`` and ``judge`` use it when no real service is named; tests use it wherever they need a real server.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Coroutine, Mapping
from dataclasses import asdict, dataclass, field
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import aiohttp
import orjson

from factory.errors import ProviderDown
from factory.sandbox.serve import HOST, Sandbox

T = TypeVar("T")
START_S: Final = 60
"""Waited second by second, so that a stop at the terminal (Ctrl-Z) counts as one: a crowded machine is slow, not broken."""
STOP_S: Final = 5.0


@dataclass(slots=True)
class SandboxProcess:
    """``async with SandboxProcess(Sandbox(seed=7)) as sandbox: ...``; raises ProviderDown when the child cannot run."""

    sandbox: Sandbox = field(default_factory=Sandbox)
    _child: asyncio.subprocess.Process | None = None
    _port: int = 0

    async def __aenter__(self) -> Self:
        """Start the child and wait until it listens."""
        options = orjson.dumps(asdict(self.sandbox.map_options)).decode()
        arguments = ["--port", "0", "--seed", str(self.sandbox.seed), "--defects", str(self.sandbox.defects)]
        arguments += ["--faults", self.sandbox.faults or "{}", "--map", options]
        if self.sandbox.chat_keys:
            arguments += ["--chat-keys", ",".join(self.sandbox.chat_keys)]
        self._child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "factory",
            "sandbox",
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=_without_keys(),
            # Ctrl-C at the terminal is the parent's to handle: it still needs the sandbox while it drains.
            start_new_session=True,
        )
        try:
            self._port = await self._listening(self._child)
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the child."""
        await self._stop()

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._running().pid

    @property
    def amap_base_url(self) -> str:
        """Where the map server listens, without a slash at the end."""
        return f"http://{HOST}:{self._port}"

    @property
    def chat_base_url(self) -> str:
        """Where the chat server listens, with ``/v1``."""
        return f"{self.amap_base_url}/v1"

    def check(self) -> None:
        """Raises ProviderDown when the child has died."""
        code = self._running().returncode
        if code is not None:
            how = f"signal {-code}; signal 9 is often a lack of memory" if code < 0 else f"status {code}"
            raise ProviderDown(f"The sandbox process ended ({how}); the same command goes on from here.")

    async def while_alive(self, work: Coroutine[Any, Any, T]) -> T:
        """The work's result; when the child ends before it, it is cancelled. Raises ProviderDown then, and what the work raises."""
        task = asyncio.ensure_future(work)
        end = asyncio.ensure_future(self._running().wait())
        try:
            await asyncio.wait({task, end}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            end.cancel()
            if not task.done():
                task.cancel()
                await asyncio.wait({task})
        if task.cancelled():
            self.check()
        return task.result()

    async def stats(self) -> dict[str, Any]:
        """Requests, answers, faults and counters since the start. Raises ProviderDown."""
        answer: dict[str, Any] = orjson.loads(await self._ask("GET", "/_stats", None))
        return answer

    async def set_faults(self, settings: Mapping[str, Any]) -> None:
        """Replace the fault knobs. Raises ProviderDown, ValueError when the sandbox refuses them."""
        await self._ask("POST", "/_faults", orjson.dumps(settings))

    async def _ask(self, method: str, path: str, body: bytes | None) -> bytes:
        self.check()
        timeout = aiohttp.ClientTimeout(total=STOP_S)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.request(method, self.amap_base_url + path, data=body) as response,
            ):
                answer = await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            self.check()
            raise ProviderDown(f"The sandbox does not answer ({type(error).__name__}).") from error
        if response.status != 200:
            raise ValueError(answer.decode())
        return answer

    async def _listening(self, child: asyncio.subprocess.Process) -> int:
        """The port, once the child says it. Raises ProviderDown."""
        ready = asyncio.ensure_future(self._ready(child))
        try:
            for _ in range(START_S):
                await asyncio.wait({ready}, timeout=1.0)
                if ready.done():
                    return ready.result()
        finally:
            ready.cancel()
        raise ProviderDown(f"The sandbox did not start within {START_S} s; run `make sandbox` to see why.")

    async def _ready(self, child: asyncio.subprocess.Process) -> int:
        line = await child.stdout.readline() if child.stdout else b""
        if not line:
            code = await child.wait()
            raise ProviderDown(
                f"The sandbox ended with status {code} before it listened; run `make sandbox` to see why."
            )
        return int(orjson.loads(line)["port"])

    def _running(self) -> asyncio.subprocess.Process:
        if self._child is None:
            raise ProviderDown("The sandbox has not been started.")
        return self._child

    async def _stop(self) -> None:
        child = self._running()
        if child.stdin is not None:
            child.stdin.close()
        with contextlib.suppress(ProcessLookupError):
            child.terminate()
        try:
            await asyncio.wait_for(child.wait(), STOP_S)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()


def _without_keys() -> dict[str, str]:
    """The environment without any secret: the sandbox needs none, so it gets none."""
    return {name: value for name, value in os.environ.items() if not name.endswith(("_KEY", "_SECRET", "_TOKEN"))}
