"""How fast one dimension (requests, tokens) may be sent: a clock of the next free moment, and the service's own window.

The clock is GCRA (Turner 1986; the "virtual scheduling" form of ITU-T I.371): each grant advances it by cost / rate, and it
may lag behind now by at most the burst, so that late wake-ups are caught up with. What bounds the catching up is a log of the
last grants: never more in a second than the service allows in a second. A hole that a late wake-up left may be filled, the
start of a run may not burst. The clock alone had to choose: a burst of 20 ms lost every longer stall, one of 50 ms was
refused at each cold start (docs/decisions/0005-pacing-by-the-services-window.md).
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

MARGIN = 0.975
"""Share of a granted limit that is used: leaves room for a stall on the way to push requests into one window."""
BURST_S = 0.1
"""How far the clock may lag behind and catch up."""
WINDOW_S = 1.01
"""The service's second, and a little for what the way adds."""
MOST_CUT = 0.5
LEAST_CUT, STRAY_CUT = 0.02, 0.005
"""A pace is cut by the share of calls that was refused, at most by half. At the granted rate a stray refusal is jitter and costs
little; below it the service has shown a lower limit, and growing past that again is to be rare: each try is refused."""
NEAR_GRANTED = 0.97
GROWTH, GROWTH_DOUBLES_S, MOST_GROWTH = 0.003, 10.0, 0.03
"""A cut pace grows by this share a second, doubling while nothing is refused: slow near the limit it met, fast when it is gone."""


@dataclass(slots=True)
class Pace:
    """Units a second. ``limit`` is what the service grants, ``in_a_window`` the most grants in its second (None: not counted)."""

    limit: float
    in_a_window: int | None = None
    rate: float = 0.0
    next_free: float = 0.0
    sent: deque[float] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.rate = self.granted
        if self.in_a_window is not None:
            self.sent = deque(maxlen=self.in_a_window)

    @classmethod
    def of_requests(cls, per_s: float) -> Pace:
        """One unit a request, counted in the service's second."""
        return cls(per_s, math.ceil(per_s))

    @property
    def granted(self) -> float:
        """The limit with the margin taken off."""
        return self.limit * MARGIN

    def due(self, now: float) -> float:
        """When the next grant may be made."""
        moment = max(now, self.next_free - BURST_S)
        if len(self.sent) == self.in_a_window:
            moment = max(moment, self.sent[0] + WINDOW_S)
        return moment

    def take(self, now: float, cost: float) -> None:
        """Advance by a grant."""
        self.next_free = max(self.next_free, now) + cost / self.rate
        if self.in_a_window is not None:
            self.sent.append(now)

    def correct(self, now: float, difference: float) -> None:
        """A grant cost more than was thought: that is due from now on; or less, when negative."""
        self.next_free = (max(self.next_free, now) if difference > 0 else self.next_free) + difference / self.rate

    def cut(self, refused_share: float) -> None:
        """Down to what was served, in proportion."""
        least = STRAY_CUT if self.rate >= NEAR_GRANTED * self.granted else LEAST_CUT
        self.rate *= 1 - min(MOST_CUT, max(least, refused_share))

    def grow(self, elapsed_s: float, quiet_s: float) -> None:
        """Back towards what was granted, the faster the longer nothing was refused."""
        if self.rate < self.granted:
            share = min(MOST_GROWTH, GROWTH * 2 ** (quiet_s / GROWTH_DOUBLES_S))
            self.rate = min(self.granted, self.rate * (1 + share * elapsed_s))
