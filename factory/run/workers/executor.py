"""``Executor`` over n workers, processes or Ray's actors: each order goes to the one with the fewest, and survives its worker.

A worker that dies is replaced; its orders are run again from the answers that were kept, so that only calls in flight are paid
again. An order that several workers died with stops the run with a sentence.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from typing import Self

from factory.errors import RunStopped
from factory.records import Order, OrderOutcome
from factory.run.workers.desk import WorkerDesk
from factory.run.workers.link import Link, LinkLostError, Talk
from factory.run.workers.setup import WorkerSetup

START_S = 60.0
STOP_S = 5.0
TRIES = 3
"""Workers that may die with one order before it is held to be the cause."""


class WorkerDiedError(RunStopped):
    """It ended before it was ready."""


class Worker(ABC):
    """One of them, from the parent's side. ``running``: orders that are with it."""

    def __init__(self, desk: WorkerDesk) -> None:
        self._desk = desk
        self._settled: asyncio.Task[None] | None = None
        self.running = 0

    @property
    @abstractmethod
    def link(self) -> Talk:
        """Where it is talked to."""

    @abstractmethod
    async def start(self, setup: WorkerSetup) -> Self:
        """Raises WorkerDiedError when it does not come up, RunStopped when no other would."""

    @abstractmethod
    async def stop(self) -> str:
        """End it, and wait; returns how it ended."""

    async def run(self, order: Order) -> OrderOutcome:
        """Raises LinkLostError when the worker died, after all that it held is given back."""
        self.running += 1
        try:
            outcome: OrderOutcome = await self.link.ask("run", order)
        except LinkLostError:
            await self._given_back()
            raise
        finally:
            self.running -= 1
        return outcome

    def _lost(self) -> None:
        self._settled = asyncio.create_task(self._desk.close())

    async def _given_back(self) -> None:
        if self._settled is not None:
            await asyncio.shield(self._settled)


class ProcessWorker(Worker):
    """A process of this machine."""

    def __init__(self, desk: WorkerDesk) -> None:
        super().__init__(desk)
        self._process: asyncio.subprocess.Process | None = None
        self._link = Link(desk.handlers(), self._lost)

    @property
    def link(self) -> Link:
        """See ``Worker``."""
        return self._link

    async def start(self, setup: WorkerSetup) -> Self:
        """Raises RunStopped when it does not come up."""
        ours, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-m", "factory.run.workers.process", str(theirs.fileno())]
            self._process = await asyncio.create_subprocess_exec(
                *command,
                pass_fds=[theirs.fileno()],
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is the parent's to handle: it drains
            )
        await asyncio.get_running_loop().create_unix_connection(lambda: self.link, sock=ours)
        try:
            await asyncio.wait_for(self.link.ask("setup", setup), START_S)
        except (LinkLostError, TimeoutError) as error:
            await self.stop()
            raise WorkerDiedError(
                f"A worker process did not start (status {self._process.returncode}): look at its message above, "
                "or run with WORKERS=1."
            ) from error
        return self

    async def stop(self) -> str:
        """Hang up, which ends it, and wait; returns how it ended."""
        await self.link.close()
        if self._process is None:
            return "was never started"
        try:
            await asyncio.wait_for(self._process.wait(), STOP_S)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await self._given_back()
        status = self._process.returncode or 0
        return f"signal {-status}" if status < 0 else f"status {status}"


class WorkerExecutor:
    """n workers; ``agents`` orders at once over all of them. ``make``: a worker that is not started."""

    def __init__(self, setup: WorkerSetup, workers: int, make: Callable[[], Worker]) -> None:
        self._setup = setup
        self._make = make
        self._seats = asyncio.Semaphore(setup.agents)
        self._workers: list[Worker | None] = [None] * workers
        self._starting = asyncio.Lock()
        self._ends: list[str] = []
        """how workers died"""

    async def start(self) -> None:
        """Start all of them, and those that died again. Raises RunStopped."""
        async with self._starting:
            for place, worker in enumerate(self._workers):
                if worker is not None and worker.link.lost:
                    self._workers[place] = None
                    self._ends.append(await worker.stop())
            empty = [place for place, worker in enumerate(self._workers) if worker is None]
            started = await asyncio.gather(*(self._start_one() for _ in empty), return_exceptions=True)
            failures = []
            for place, outcome in zip(empty, started, strict=True):
                if isinstance(outcome, BaseException):
                    failures.append(outcome)
                else:
                    self._workers[place] = outcome
            if failures:
                raise failures[0]

    async def _start_one(self) -> Worker:
        """A worker that is up; one that dies in its first second is replaced. Raises RunStopped when several do."""
        for _ in range(TRIES - 1):
            with suppress(WorkerDiedError):
                return await self._make().start(self._setup)
        return await self._make().start(self._setup)

    async def run(self, order: Order) -> OrderOutcome:
        """By the least busy worker, in the order of asking."""
        async with self._seats:
            for _ in range(TRIES):
                if any(worker is None or worker.link.lost for worker in self._workers):
                    await self.start()
                living = [worker for worker in self._workers if worker is not None]
                try:
                    return await min(living, key=lambda worker: worker.running).run(order)
                except LinkLostError:
                    continue
        raise RunStopped(
            f"{TRIES} worker processes died, one after the other, while they ran {order.order_id} (the last: "
            f"{self._ends[-1]}; signal 9 is often a lack of memory): run with fewer WORKERS or AGENTS; the same command "
            "goes on."
        )

    async def aclose(self) -> None:
        """End all workers."""
        await asyncio.gather(*(worker.stop() for worker in self._workers if worker is not None))
