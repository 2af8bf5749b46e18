"""The worker's side: the parent's limiter, ledger and map behind the interfaces that local ones have."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from factory.maps.service import PoiPage
from factory.records import Place
from factory.run.workers.link import Talk
from factory.run.workers.setup import MapFacts
from factory.sending.call_book import CallBook, KeptCall, Reservation
from factory.sending.limits import Leases

STALE_S = 0.5
"""Longer than a grant is on its way to a process that runs, shorter than the second in which services count."""


class RemoteLease:
    """A slot of the parent's limiter."""

    __slots__ = ("_link", "_number", "patience_s")

    def __init__(self, link: Talk, number: int, patience_s: float) -> None:
        self._link = link
        self._number = number
        self.patience_s = patience_s

    def settle(self, tokens: int) -> None:
        """See ``Lease``."""
        self._link.tell("settle", self._number, tokens)

    def received(self, tokens: int) -> None:
        """See ``Lease``."""
        self._link.tell("received", self._number, tokens)

    async def refused(self, kind: str, retry_after_s: float | None, answer: str = "") -> None:
        """See ``Lease``. Raises ProviderDown."""
        await self._link.ask("refused", self._number, kind, retry_after_s, answer)

    def release(self, *, answered: bool = True) -> None:
        """See ``Lease``."""
        self._link.tell("release", self._number, answered)


class RemoteLimiter(Leases):
    """``Leases`` over a link.

    A slot that was long on its way (this process stood still, or its link) is given back: what all who wait here were granted
    meanwhile would be sent at once.
    """

    def __init__(self, link: Talk, clock: Callable[[], float] = time.monotonic) -> None:
        self._link = link
        self._clock = clock

    async def lease(self, pool: str, *, tokens: int = 0, priority: int = 0) -> RemoteLease:
        """Wait for a slot. Raises ProviderDown."""
        while True:
            asked = self._clock()
            number, patience_s, waited_s = await self._link.ask("lease", pool, tokens, priority)
            lease = RemoteLease(self._link, number, patience_s)
            if self._is_fresh(lease, asked + waited_s):
                return lease

    async def lease_paid(
        self, pool: str, call: Reservation, book: CallBook, *, tokens: int, priority: int
    ) -> tuple[RemoteLease, int]:
        """See ``Leases``; ``book`` must be behind the same link, where the parent's is meant."""
        while True:
            asked = self._clock()
            number, patience_s, waited_s, attempt = await self._link.ask("lease_paid", pool, call, tokens, priority)
            lease = RemoteLease(self._link, number, patience_s)
            if self._is_fresh(lease, asked + waited_s):
                return lease, attempt
            await book.void(call.key, attempt, worst_cny=call.worst_cny)

    def _is_fresh(self, lease: RemoteLease, granted: float) -> bool:
        """Whether it may be used; else it is given back."""
        if self._clock() - granted <= STALE_S:
            return True
        lease.settle(0)
        lease.release(answered=False)
        return False


class RemoteLedger:
    """``CallBook`` over a link: each returns when the parent's disk has it."""

    def __init__(self, link: Talk) -> None:
        self._link = link

    async def replay(self, key: str) -> KeptCall | None:
        """See ``Ledger``, as with all that follow."""
        kept: KeptCall | None = await self._link.ask("replay", key)
        return kept

    async def reserve(self, call: Reservation) -> int:
        """Raises BudgetExhausted and MoneyInFlight."""
        return int(await self._link.ask("reserve", call))

    async def afford(self, worst_cny: float | None) -> None:
        """Raises BudgetExhausted."""
        await self._link.ask("afford", worst_cny)

    async def keep(self, key: str, attempt: int, **answer: Any) -> float | None:
        """Raises DiskTrouble."""
        booked: float | None = await self._link.ask("keep", key, attempt, **answer)
        return booked

    async def price(self, key: str, attempt: int, **price: Any) -> None:
        """Known once it was read."""
        await self._link.ask("price", key, attempt, **price)

    async def mark_unreadable(self, key: str, attempt: int, reason: str = "") -> None:
        """Paid for, never replayed."""
        await self._link.ask("mark_unreadable", key, attempt, reason)

    async def void(self, key: str, attempt: int, *, worst_cny: float | None) -> None:
        """Certainly not served."""
        await self._link.ask("void", key, attempt, worst_cny=worst_cny)

    async def lost(self, key: str, attempt: int, *, worst_cny: float | None) -> None:
        """Perhaps served."""
        await self._link.ask("lost", key, attempt, worst_cny=worst_cny)


class RemoteMap:
    """``Surroundings`` over a link."""

    def __init__(self, link: Talk, about: MapFacts) -> None:
        self._link = link
        self.provider = about.provider
        self.datum = about.datum
        self.licence = about.licence
        self.attribution = about.attribution
        self.facts = about.facts

    async def around(
        self, place: Place, *, radius_m: int, cuisine: str | None, page: int, priority: int = 0
    ) -> PoiPage:
        """One page of the parent's map."""
        listed: PoiPage = await self._link.ask("around", place, radius_m, cuisine, page, priority)
        return listed
