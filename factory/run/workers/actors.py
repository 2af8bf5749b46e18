"""Workers as Ray's actors, on any node of a cluster (``EXECUTOR=ray``): what process.py says over a socket, over Ray's calls.

The parent posts frames to an actor and has one call waiting there that brings back what it says. An actor, its node or Ray may die:
then the call fails, what the actor held is given back, and its orders are run again by another one. One that is paused is given up
after ``DEAF_S`` and killed, so that it changes nothing when it comes back.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import factory
from factory.errors import UsageError
from factory.run.executor import spare_collector
from factory.run.workers.desk import WorkerDesk
from factory.run.workers.executor import Worker, WorkerDiedError
from factory.run.workers.link import Handlers, LinkLostError, Talk
from factory.run.workers.process import Serving
from factory.run.workers.setup import WorkerSetup

START_S = 180.0
"""Ray may have to bring our code to the node and to start a process there."""
LISTEN_S = 5.0
"""An actor that has nothing to say answers after so long, as a sign of life."""
DEAF_S = 60.0
_PASSED_ON = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE")


class _Pouch(Talk):
    """An actor's end: what it says waits here for the parent's call."""

    def __init__(self, handlers: Handlers) -> None:
        super().__init__(handlers, lambda: None)  # it ends with its actor
        self._frames: deque[bytes] = deque()
        self._said = asyncio.Event()

    def write(self, frame: bytes) -> None:
        """See ``Talk``."""
        self._frames.append(frame)
        self._said.set()

    async def collect(self) -> list[bytes]:
        """All that was said; empty after ``LISTEN_S`` of silence."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._said.wait(), LISTEN_S)
        self._said.clear()
        frames = list(self._frames)
        self._frames.clear()
        return frames


class Seat:
    """The actor: agents, verifier and the teacher's sockets, on whichever node Ray puts it."""

    def __init__(self) -> None:
        spare_collector()
        serving = Serving()
        self._pouch = serving.link = _Pouch(serving.handlers())
        self._next = 0
        self._early: dict[int, bytes] = {}

    async def post(self, number: int, frame: bytes) -> None:
        """A frame of the parent's; frames are taken in their order, whichever comes first."""
        self._early[number] = frame
        while self._next in self._early:
            self._pouch.receive(self._early.pop(self._next))
            self._next += 1

    async def collect(self) -> list[bytes]:
        """What it has to say."""
        return await self._pouch.collect()


class Cluster:
    """The Ray cluster at ``RAY_ADDRESS``, or one that lives as long as this process."""

    def __init__(self) -> None:
        """Raises UsageError without Ray."""
        try:
            import ray  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise UsageError(
                "EXECUTOR=ray needs Ray: pip install 'chidian[ray]', or leave EXECUTOR out; WORKERS=n uses this machine's cores."
            ) from error
        self._ray: Any = ray

    async def open(self) -> None:
        """Join or start it; the code that its nodes run is sent along. Raises UsageError when none answers."""
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        environment = {
            "py_modules": [str(Path(factory.__file__).parent)],
            "env_vars": {name: os.environ[name] for name in _PASSED_ON if name in os.environ},
        }
        try:
            # In a thread: Ray takes SIGTERM over in the main one, and a run drains on it.
            await asyncio.to_thread(
                self._ray.init,
                # Without an address Ray would join the cluster that was last started on this machine, whoever's it is.
                os.environ.get("RAY_ADDRESS", "local"),
                include_dashboard=None if "RAY_ADDRESS" in os.environ else False,
                log_to_driver=False,
                logging_level="ERROR",
                runtime_env=environment,
            )
        except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
            reason = str(error).partition("\n")[0].rstrip(".")
            raise UsageError(
                f"No Ray cluster answers at RAY_ADDRESS={os.environ.get('RAY_ADDRESS', '(one of our own)')} ({reason}): start it "
                "with `ray start --head`, or leave RAY_ADDRESS out."
            ) from error

    def seat(self) -> Any:
        """A new actor. It dies with us; who replaces it is executor.py."""
        kind = self._ray.remote(num_cpus=0, max_restarts=0, max_concurrency=1_000, scheduling_strategy="SPREAD")(Seat)
        return kind.remote()

    def kill(self, actor: Any) -> None:
        """End an actor, paused ones too."""
        with suppress(self._ray.exceptions.RayError, ValueError):
            self._ray.kill(actor, no_restart=True)

    @property
    def failures(self) -> tuple[type[BaseException], ...]:
        """What a call to an actor raises that is gone, or silent."""
        return (self._ray.exceptions.RayError, TimeoutError)

    async def close(self) -> None:
        """Leave it."""
        await asyncio.to_thread(self._ray.shutdown)


class _ActorLink(Talk):
    """The parent's end."""

    def __init__(self, handlers: Handlers, on_lost: Callable[[], None], cluster: Cluster) -> None:
        super().__init__(handlers, on_lost)
        self._cluster = cluster
        self._actor: Any = None
        self._number = 0
        self._listener: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Have an actor made, and listen."""
        self._actor = self._cluster.seat()
        self._listener = asyncio.create_task(self._listen())

    def write(self, frame: bytes) -> None:
        """See ``Talk``; the listener hears when the actor is gone."""
        if not self.lost:
            self._actor.post.remote(self._number, frame)
            self._number += 1

    async def _listen(self) -> None:
        patience = START_S
        try:
            while True:
                for frame in await asyncio.wait_for(self._collected(), patience):
                    self.receive(frame)
                patience = DEAF_S
        except self._cluster.failures:
            self._cluster.kill(self._actor)
        finally:
            self.break_off()

    async def _collected(self) -> list[bytes]:
        frames: list[bytes] = await self._actor.collect.remote()
        return frames

    async def close(self) -> None:
        """End the actor; when this returns, ``on_lost`` has been called."""
        if self._listener is not None:
            self._listener.cancel()
            with suppress(asyncio.CancelledError):
                await self._listener
            self._cluster.kill(self._actor)


class ActorWorker(Worker):
    """An actor of the cluster's."""

    def __init__(self, desk: WorkerDesk, cluster: Cluster) -> None:
        super().__init__(desk)
        self._link = _ActorLink(desk.handlers(), self._lost, cluster)

    @property
    def link(self) -> _ActorLink:
        """See ``Worker``."""
        return self._link

    async def start(self, setup: WorkerSetup) -> Self:
        """See ``Worker``."""
        self._link.open()
        try:
            await asyncio.wait_for(self._link.ask("setup", setup), START_S)
        except (LinkLostError, TimeoutError) as error:
            await self.stop()
            raise WorkerDiedError(
                "A Ray actor did not start: look at `ray status` and the node's logs (its Python must have this program's "
                "packages), or leave EXECUTOR=ray out."
            ) from error
        return self

    async def stop(self) -> str:
        """See ``Worker``."""
        await self._link.close()
        await self._given_back()
        return "killed, paused or gone with its node"
