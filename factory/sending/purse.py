"""What a run may still spend: the cap, what is spent, what is put aside for calls in flight; in memory, on the event loop.

A provider may bill more than a request allows (thoughts beyond ``max_tokens``, a prompt of its own before ours). So until
one bill is known, calls in flight may cost ten times what was put aside for them; then the worst bill beside its reservation scales
every reservation, those in flight too.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from factory.errors import BudgetExhausted, MoneyInFlight

UNKNOWN_BILL = 10.0
"""Times its reservation that a call may cost before the first bill is known."""
MARGIN = 1.1
"""On an overrun that was seen, for the next ones that are a little larger."""


@dataclass(frozen=True, slots=True)
class Past:
    """What earlier processes of the run left: paid, unresolved at its worst, and the largest bill beside its reservation."""

    paid_cny: float = 0.0
    unresolved_cny: float = 0.0
    worst_overrun: float = 0.0
    answered: bool = False


def _scale(overrun: float) -> float:
    return overrun * MARGIN if overrun > 1.0 else 1.0


class Purse:
    """CNY; ``budget`` None: no cap. A call's worst case is as the request allows it, and counts times ``scale``."""

    def __init__(self, budget: float | None, past: Past) -> None:
        self._budget = budget
        self._aside = 0.0
        self._in_flight = 0
        self._is_measured = past.answered
        self._waiting: list[asyncio.Future[None]] = []
        self._paid = past.paid_cny
        self._unresolved = past.unresolved_cny
        self.scale = _scale(past.worst_overrun)

    @property
    def spent(self) -> float:
        """Paid, and what may have been served though nobody knows, at its worst."""
        return self._paid + self._unresolved * self.scale

    @property
    def reserved(self) -> float:
        """Put aside for calls in flight."""
        return max(0.0, self._aside * self.scale)

    def reserve(self, worst: float) -> None:
        """Raises MoneyInFlight while calls in flight may give enough back, BudgetExhausted when the cap could be passed."""
        if self._must_wait(worst):
            raise MoneyInFlight("Calls in flight hold the money for this one.")
        self._aside += worst
        self._in_flight += 1

    def _must_wait(self, worst: float) -> bool:
        if self._budget is None:
            return False
        needed = worst * self.scale
        if self.spent + self.reserved + needed <= self._budget:
            most = self.spent + UNKNOWN_BILL * (self._aside + worst)
            return not self._is_measured and self._in_flight > 0 and most > self._budget
        if not self._in_flight or self.spent + needed > self._budget:
            lost = self._unresolved * self.scale
            of_it = f" (of it {lost:.4f} for calls that no answer came to, which may be billed)" if lost > 0.0 else ""
            raise BudgetExhausted(
                f"BUDGET={self._budget:g} CNY is used up: {self.spent:.4f} spent{of_it}, "
                f"{self.reserved:.4f} reserved, and the next call may cost {needed:.4f}. "
                "Raise BUDGET and run the same command again; nothing is lost."
            )
        return True

    async def afford(self, worst: float) -> None:
        """Wait, outside any slot, until calls in flight have given back enough. Raises BudgetExhausted."""
        while self._must_wait(worst):
            settled: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(settled)
            await settled

    def settle(self, worst: float, cost: float) -> None:
        """A reservation ended."""
        self._aside -= worst
        self._in_flight -= 1
        self._paid += cost
        self.look_again()

    def lose(self, worst: float) -> None:
        """A reservation ended, and nobody knows whether it was served."""
        self._unresolved += worst
        self.settle(worst, 0.0)

    def measured(self, worst: float, cost: float) -> None:
        """What an answer's usage came to beside its worst case."""
        self._is_measured = True
        if worst > 0.0:
            self.scale = max(self.scale, _scale(cost / worst))

    def correct(self, difference: float) -> None:
        """What was spent turns out to be so much more, or less."""
        self._paid += difference
        self.look_again()

    def look_again(self) -> None:
        """Those who wait for money do."""
        waiting, self._waiting = self._waiting, []
        for settled in waiting:
            if not settled.done():
                settled.set_result(None)
