"""Units of orders through the agents, in parallel, and their results to the coordinator, in sequence.

``Executor`` runs a unit wherever it likes; ``LocalExecutor`` does it in threads of this process, one reused agent a
thread. The executor knows nothing of admission or shards; that is coordinator.py.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from factory.agent import AgentWorker
from factory.orders import Plan
from factory.records import Order, OrderOutcome

ORDERS_PER_UNIT = 4
"""With K=5 a unit holds 20 slots: small enough to lose little, large enough for one fsync a unit to cost little."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Consecutive orders that are committed together."""

    number: int
    orders: tuple[Order, ...]

    @property
    def unit_id(self) -> str:
        """The name of its shards and its commit."""
        return f"U{self.number:06d}"

    @property
    def slots(self) -> int:
        """Candidate slots that this unit opens."""
        return sum(len(order.wishes) for order in self.orders)


def unit_of(plan: Plan, number: int) -> Unit | None:
    """The unit with this number, or None when the plan is exhausted (the last unit may be short)."""
    orders: list[Order] = []
    for index in range(number * ORDERS_PER_UNIT, (number + 1) * ORDERS_PER_UNIT):
        try:
            orders.append(plan.order(index))
        except IndexError:
            break
    return Unit(number, tuple(orders)) if orders else None


class Executor(Protocol):
    """Runs units. Raises RunStopped and its kin; what concerns one order only is in that order's outcome."""

    async def run(self, unit: Unit) -> tuple[OrderOutcome, ...]:
        """All orders of a unit, in order."""
        ...

    async def aclose(self) -> None:
        """Stop the workers."""
        ...


class LocalExecutor:
    """Worker threads in this process."""

    def __init__(self, make_worker: Callable[[], AgentWorker], agents: int) -> None:
        self._make_worker = make_worker
        self._local = threading.local()
        self._threads = ThreadPoolExecutor(agents, thread_name_prefix="agent")

    async def run(self, unit: Unit) -> tuple[OrderOutcome, ...]:
        """Orders of one unit run side by side; queued ones of older units come first."""
        loop = asyncio.get_running_loop()
        work = [loop.run_in_executor(self._threads, self._work, order) for order in unit.orders]
        done = await asyncio.gather(*work, return_exceptions=True)
        for result in done:
            if isinstance(result, BaseException):
                raise result
        return tuple(result for result in done if isinstance(result, OrderOutcome))

    def _work(self, order: Order) -> OrderOutcome:
        worker: AgentWorker | None = getattr(self._local, "worker", None)
        if worker is None:
            worker = self._local.worker = self._make_worker()
        return worker.work(order)

    async def aclose(self) -> None:
        """Let no new order start; threads end as their orders do."""
        self._threads.shutdown(wait=False, cancel_futures=True)
