"""What a sender of paid calls needs of the account book, wherever that is: in ledger.py, or behind a worker's link."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class KeptCall:
    """An answer that was paid for before; ``attempt`` is its number among those of its key."""

    attempt: int
    raw: bytes
    input_tokens: int | None
    output_tokens: int | None
    cost_cny: float | None
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Reservation:
    """An attempt that is about to be sent, and what it may cost at its worst (None: nobody knows a price)."""

    key: str
    order_id: str
    step: int
    purpose: str
    model: str
    worst_cny: float | None


class CallBook(Protocol):
    """What a sender of paid calls needs of the ledger, wherever that is; ``Ledger`` says what each does."""

    async def replay(self, key: str) -> KeptCall | None:
        """The kept answer of this very call, if there is one."""
        ...

    async def reserve(self, call: Reservation) -> int:
        """Put the worst case aside, durably; returns the attempt's number."""
        ...

    async def afford(self, worst_cny: float | None) -> None:
        """Wait until calls in flight have given back enough for a reservation."""
        ...

    async def keep(
        self,
        key: str,
        attempt: int,
        *,
        raw: bytes,
        input_tokens: int | None,
        output_tokens: int | None,
        cost_cny: float | None,
        worst_cny: float | None,
        refusals: int,
        latency_s: float,
    ) -> float | None:
        """Write the raw answer and settle; returns what is booked for it."""
        ...

    async def price(
        self,
        key: str,
        attempt: int,
        *,
        input_tokens: int,
        output_tokens: int,
        cost_cny: float | None,
        counted_cny: float | None,
    ) -> None:
        """What a kept answer cost, once it was read."""
        ...

    async def mark_unreadable(self, key: str, attempt: int, reason: str = "") -> None:
        """A kept answer that is no completion; ``reason``: how it begins."""
        ...

    async def void(self, key: str, attempt: int, *, worst_cny: float | None) -> None:
        """Give a reservation back."""
        ...

    async def lost(self, key: str, attempt: int, *, worst_cny: float | None) -> None:
        """An attempt that may have been served."""
        ...
