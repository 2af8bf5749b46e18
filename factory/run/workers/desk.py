"""The parent's side of one worker: leases, money, kept answers and map pages, asked for over its link.

It remembers what its worker holds, so that a worker that dies gives back its slots, and what it may have sent counts as spent.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from factory.errors import ProviderDown
from factory.maps.service import PoiPage, Surroundings
from factory.records import Place
from factory.sending.call_book import CallBook, KeptCall, Reservation
from factory.sending.limits import Lease, Leases, paid_slot


@dataclass(slots=True)
class WorkerDesk:
    """What one worker may ask, and what it holds."""

    limiter: Leases
    ledger: CallBook
    maps: Surroundings
    closed: bool = False
    _numbers: itertools.count[int] = field(default_factory=itertools.count)
    _waiting: set[asyncio.Task[Any] | None] = field(default_factory=set)
    """Those that wait for a slot or for money."""
    _leases: dict[int, Lease] = field(default_factory=dict)
    _reserved: dict[tuple[str, int], float | None] = field(default_factory=dict)
    """Calls that are reserved and not settled: (key, attempt) and their worst case."""

    def handlers(self) -> dict[str, Callable[..., Any]]:
        """By the names that remote.py uses."""
        return {
            "lease": self.lease,
            "lease_paid": self.lease_paid,
            "settle": self.settle,
            "received": self.received,
            "refused": self.refused,
            "release": self.release,
            "replay": self.replay,
            "reserve": self.reserve,
            "afford": self.afford,
            "keep": self.keep,
            "price": self.ledger.price,
            "mark_unreadable": self.ledger.mark_unreadable,
            "void": self.void,
            "lost": self.lost,
            "around": self.around,
        }

    async def close(self) -> None:
        """The worker is gone: what it had sent may have been served, and its slots are free."""
        self.closed = True
        for task in filter(None, list(self._waiting)):
            task.cancel()
        reserved, self._reserved = self._reserved, {}
        for (key, attempt), worst in reserved.items():
            await self.ledger.lost(key, attempt, worst_cny=worst)
        leases, self._leases = self._leases, {}
        for lease in leases.values():
            await _drop(lease)

    async def lease(self, pool: str, tokens: int, priority: int) -> tuple[int, float, float]:
        """A slot's number, its patience and how long it was waited for here, in seconds."""
        asked = time.monotonic()
        slot = await self._slot(pool, tokens, priority)
        return await self._held(slot), slot.patience_s, time.monotonic() - asked

    async def lease_paid(
        self, pool: str, call: Reservation, tokens: int, priority: int
    ) -> tuple[int, float, float, int]:
        """As ``lease``, and the number of the attempt for which money was put aside: one way, where two would be late twice."""
        asked = time.monotonic()
        slot, attempt = await paid_slot(lambda: self._slot(pool, tokens, priority), call, self)
        return await self._held(slot), slot.patience_s, time.monotonic() - asked, attempt

    async def _slot(self, pool: str, tokens: int, priority: int) -> Lease:
        task = asyncio.current_task()
        self._waiting.add(task)
        try:
            return await self.limiter.lease(pool, tokens=tokens, priority=priority)
        finally:
            self._waiting.discard(task)

    async def _held(self, slot: Lease) -> int:
        """Its number here."""
        number = next(self._numbers)
        if self.closed:
            await _drop(slot)
        else:
            self._leases[number] = slot
        return number

    def settle(self, number: int, tokens: int) -> None:
        """See ``Lease``; a number that is not held was given back when the worker was given up."""
        if lease := self._leases.get(number):
            lease.settle(tokens)

    def received(self, number: int, tokens: int) -> None:
        """See ``Lease``."""
        if lease := self._leases.get(number):
            lease.received(tokens)

    async def refused(self, number: int, kind: str, retry_after_s: float | None, answer: str) -> None:
        """See ``Lease``."""
        if lease := self._leases.get(number):
            await lease.refused(kind, retry_after_s, answer)

    def release(self, number: int, answered: bool) -> None:  # noqa: FBT001 - a link tells by position
        """See ``Lease``."""
        if lease := self._leases.pop(number, None):
            lease.release(answered=answered)

    def replay(self, key: str) -> Awaitable[KeptCall | None]:
        """See ``Ledger``, as with all that follow."""
        return self.ledger.replay(key)

    async def reserve(self, call: Reservation) -> int:
        """A worker that died meanwhile never sent it."""
        number = await self.ledger.reserve(call)
        if self.closed:
            await self.ledger.void(call.key, number, worst_cny=call.worst_cny)
        else:
            self._reserved[call.key, number] = call.worst_cny
        return number

    async def afford(self, worst_cny: float | None) -> None:
        """A worker that died waits no more."""
        task = asyncio.current_task()
        self._waiting.add(task)
        try:
            await self.ledger.afford(worst_cny)
        finally:
            self._waiting.discard(task)

    def keep(self, key: str, attempt: int, **answer: Any) -> Awaitable[float | None]:
        """Settled from here on, even if the worker dies while the disk is waited for."""
        self._reserved.pop((key, attempt), None)
        return self.ledger.keep(key, attempt, **answer)

    def void(self, key: str, attempt: int, *, worst_cny: float | None) -> Awaitable[None]:
        """As ``keep``."""
        self._reserved.pop((key, attempt), None)
        return self.ledger.void(key, attempt, worst_cny=worst_cny)

    def lost(self, key: str, attempt: int, *, worst_cny: float | None) -> Awaitable[None]:
        """As ``keep``."""
        self._reserved.pop((key, attempt), None)
        return self.ledger.lost(key, attempt, worst_cny=worst_cny)

    def around(self, place: Place, radius_m: int, cuisine: str | None, page: int, priority: int) -> Awaitable[PoiPage]:
        """One page of the map."""
        return self.maps.around(place, radius_m=radius_m, cuisine=cuisine, page=page, priority=priority)


async def _drop(lease: Lease) -> None:
    """End an attempt that nobody knows the end of; it is no answer, and no sign of life."""
    with suppress(ProviderDown):
        await lease.refused("network", None, "A worker process died while it waited for an answer.")
    lease.release()
