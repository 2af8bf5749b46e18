"""Orders through the agents, in parallel; what the coordinator commits together is a unit.

``Executor`` runs an order wherever it likes; ``LocalExecutor`` does it on this process's event loop with a set of reused
agents. The executor knows nothing of admission or shards; that is coordinator.py.
"""

from __future__ import annotations

import asyncio
import atexit
import gc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from factory.agents.agent import AgentWorker
from factory.records import Order, OrderOutcome

UNIT_SLOTS = 60
"""Candidate slots that fill a unit: five Parquet files and their syncs cost some 25 ms whatever is in them, so that small
units cost more than the agents do; what a kill loses is no money, since paid answers are kept before they are parsed."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Consecutive orders that are committed together: those that were ready, at most ``UNIT_SLOTS`` and one order's."""

    orders: tuple[Order, ...]

    @property
    def unit_id(self) -> str:
        """The name of its shards and its commit: its first order's index, so that names sort in plan order."""
        return f"U{self.orders[0].index:08d}"

    @property
    def slots(self) -> int:
        """Candidate slots in it."""
        return sum(len(order.wishes) for order in self.orders)


class Executor(Protocol):
    """Runs orders. Raises RunStopped and its kin; what concerns one order only is in its outcome."""

    async def run(self, order: Order) -> OrderOutcome:
        """Serve one order; older orders come first."""
        ...

    async def aclose(self) -> None:
        """Stop the workers."""
        ...


def spare_collector() -> None:
    """For a process that runs agents, once its modules are imported: collect cycles seldom, and never among the modules' objects.

    Records form no cycles, so that they go without it; walking them and the modules took a tenth of a run's CPU, and with 64 runs
    in flight a threshold of 20,000 still walked most records before they went (a twentieth).
    """
    gc.freeze()
    atexit.register(gc.unfreeze)  # at the end the modules' objects must go: DuckDB's report each that stays
    gc.set_threshold(100_000, 50, 100)


class LocalExecutor:
    """Agents on this event loop; each is reused, since making one costs more than a run."""

    def __init__(self, make_worker: Callable[[], AgentWorker], agents: int) -> None:
        self._make_worker = make_worker
        self._idle: list[AgentWorker] = []
        self._seats = asyncio.Semaphore(agents)

    async def run(self, order: Order) -> OrderOutcome:
        """By the next free agent, in the order of asking."""
        async with self._seats:
            worker = self._idle.pop() if self._idle else self._make_worker()
            try:
                return await worker.work(order)
            finally:
                self._idle.append(worker)

    async def aclose(self) -> None:
        """Nothing of its own is open."""
