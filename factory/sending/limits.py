"""Leases of send slots: requests and tokens a second, an adaptive ceiling on top, oldest order first.

Everything that calls a paid or rationed service (teacher, judge, map) leases a slot here, inside its retry loop, so that every
attempt counts. No polling: one heap of waiters a pool, one timer for the next slot that falls due. Waiting costs no slot.
What a pool decides is slots.py; how fast it may send is pace.py.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from factory.errors import MoneyInFlight, ProviderDown
from factory.sending.call_book import CallBook, Reservation
from factory.sending.slots import Pool, PoolLease, PoolLimits

__all__ = ["Lease", "Leases", "Limiter", "LocalLimiter", "PoolLimits", "PoolState", "paid_slot"]


@dataclass(frozen=True, slots=True)
class PoolState:
    """A pool at one moment, for people."""

    name: str
    in_flight: int
    waiting: int
    ceiling: int
    granted: int
    refused: int
    tokens: int


class Lease(Protocol):
    """One granted slot. Every attempt ends with ``release``; without ``refused`` before it, it counts as an answer.

    ``release(answered=False)`` gives back a slot in which nothing was sent.
    """

    @property
    def patience_s(self) -> float:
        """How long this attempt may wait for its answer: until then the pool gives up, if nothing is answered."""
        ...

    def settle(self, tokens: int) -> None:
        """Tell the real number of tokens, 0 for a refusal; the difference to the estimate is given back or taken."""

    def received(self, tokens: int) -> None:
        """An answer is here: ``settle``, and the slot is the next one's; what it was worth ``refused`` or ``release`` tells."""

    async def refused(self, kind: str, retry_after_s: float | None, answer: str = "") -> None:
        """The service refused for rate (``rate``, ``burst``, ``tokens``) or failed (anything else); ``answer`` is its last word.

        Raises ProviderDown when the pool gives up.
        """

    def release(self, *, answered: bool = True) -> None:
        """The attempt ended, however it did."""


class Leases(Protocol):
    """Hands out leases: all that a sender needs of a limiter, wherever that is (factory/workers: in another process)."""

    async def lease(self, pool: str, *, tokens: int = 0, priority: int = 0) -> Lease:
        """Wait for a slot; a lower ``priority`` is served first. Raises ProviderDown when the pool gave up."""
        ...

    async def lease_paid(
        self, pool: str, call: Reservation, book: CallBook, *, tokens: int, priority: int
    ) -> tuple[Lease, int]:
        """A slot, and the number of the attempt for which its worst case was put aside in ``book``.

        Raises ProviderDown, and BudgetExhausted.
        """
        return await paid_slot(lambda: self.lease(pool, tokens=tokens, priority=priority), call, book)


class Reserves(Protocol):
    """The part of a ``CallBook`` that puts money aside."""

    async def reserve(self, call: Reservation) -> int:
        """See ``CallBook``."""
        ...

    async def afford(self, worst_cny: float | None) -> None:
        """See ``CallBook``."""
        ...


async def paid_slot(lease: Callable[[], Awaitable[Lease]], call: Reservation, book: Reserves) -> tuple[Lease, int]:
    """See ``Leases.lease_paid``: money that calls in flight hold is waited for outside a slot."""
    while True:
        slot = await lease()
        try:
            number = await book.reserve(call)
        except BaseException as error:
            slot.settle(0)
            slot.release(answered=False)
            if not isinstance(error, MoneyInFlight):
                raise
        else:
            return slot, number
        await book.afford(call.worst_cny)


class Limiter(Leases, Protocol):
    """Hands out leases and tells how it stands. A distributed limiter can take this one's place."""

    def state(self) -> list[PoolState]:
        """All pools."""
        ...


class LocalLimiter(Limiter):
    """All pools of one process, on its event loop."""

    def __init__(self, pools: dict[str, PoolLimits], clock: Callable[[], float] | None = None) -> None:
        now = clock or (lambda: asyncio.get_running_loop().time())
        self._pools = {name: Pool(name, limits, now) for name, limits in pools.items()}
        self._turns = itertools.count()

    async def lease(self, pool: str, *, tokens: int = 0, priority: int = 0) -> PoolLease:
        """Wait for a slot. Raises ProviderDown once the pool gave up."""
        home = self._pools[pool]
        if home.down:
            raise ProviderDown(home.down)
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        home.wake_up()
        heapq.heappush(home.waiters, (priority, next(self._turns), float(tokens), future))
        home.pump()
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled() and future.exception() is None:
                home.in_flight -= 1  # granted in the same breath as cancelled: the slot goes to the next
                home.pump()
            raise
        return PoolLease(home, tokens)

    def state(self) -> list[PoolState]:
        """All pools, for the progress panel."""
        return [
            PoolState(
                pool.name,
                pool.in_flight,
                len(pool.waiters),
                int(pool.ceiling),
                pool.granted,
                pool.refusals,
                pool.used_tokens,
            )
            for pool in self._pools.values()
        ]
