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
MOST_CUT, LEAST_CUT = 0.5, 0.02
"""A pace is cut to what the service took, at most by half, at least by so much: each try past a limit that it met is refused."""
JITTER_OVER_S, MOMENT_S = 10.0, 0.3
"""What comes late on its way is refused by a service whose limit is kept, at one moment and then for seconds no more: a lower pace
would not mend that, a pause lets the service's window drain. A limit that is passed is met again in the next second."""
MANY = 0.1
"""Share of a second's calls; so many refusals measure what the service takes, fewer say only that the pace is a little high."""
PAUSE_SLOTS = 2
HOLD_S = 0.25
"""Between two tries of a service that refuses everything until its window has drained."""
COUNTABLE = 20.0
"""From this limit a second on, one second's count is a measure of what the service takes."""
GROWTH, GROWTH_DOUBLES_S, MOST_GROWTH = 0.003, 10.0, 0.03
"""A cut pace grows by this share a second, doubling while nothing is refused: slow near the limit it met, fast when it is gone."""


@dataclass(slots=True)
class Pace:
    """Units a second. ``limit`` is what the service grants, ``in_a_window`` the most grants in its second (None: not counted)."""

    limit: float
    in_a_window: int | None = None
    way_s: float = 0.0
    """what the way from a grant to the sending may take longer for one than for another, s"""
    rate: float = 0.0
    next_free: float = 0.0
    sent: deque[float] = field(default_factory=deque)
    refusals: deque[float] = field(default_factory=deque)
    """when, in the last ``JITTER_OVER_S``"""

    def __post_init__(self) -> None:
        self.rate = self.granted
        if self.in_a_window is not None:
            self.sent = deque(maxlen=self.in_a_window)

    @classmethod
    def of_requests(cls, per_s: float, way_s: float = 0.0) -> Pace:
        """One unit a request, counted in the service's second."""
        return cls(per_s, math.ceil(per_s), way_s)

    @property
    def granted(self) -> float:
        """The limit with the margin taken off, and with room for the way: evenly, so that the window is seldom what holds back."""
        return self.limit / (1 / MARGIN + self.way_s)

    def due(self, now: float) -> float:
        """When the next grant may be made."""
        moment = max(now, self.next_free - BURST_S)
        if len(self.sent) == self.in_a_window:
            moment = max(moment, self.sent[0] + WINDOW_S + self.way_s)
        return moment

    def take(self, now: float, cost: float) -> None:
        """Advance by a grant."""
        self.next_free = max(self.next_free, now) + cost / self.rate
        if self.in_a_window is not None:
            self.sent.append(now)

    def correct(self, now: float, difference: float) -> None:
        """A grant cost more than was thought: that is due from now on; or less, when negative."""
        self.next_free = (max(self.next_free, now) if difference > 0 else self.next_free) + difference / self.rate

    def refused(self, now: float) -> None:
        """Remember a refusal."""
        self.refusals.append(now)
        while self.refusals[0] < now - JITTER_OVER_S:
            self.refusals.popleft()

    def is_jitter(self) -> bool:
        """Whether the refusals of late are no more than the way's jitter explains."""
        if self.in_a_window is None:
            return len(self.refusals) == 1
        return self.refusals[-1] - self.refusals[0] < MOMENT_S

    def pause(self) -> None:
        """Leave out a few slots."""
        self.next_free += PAUSE_SLOTS / self.rate

    def hold(self, now: float) -> None:
        """Leave out all slots for a moment."""
        self.next_free = max(self.next_free, now + HOLD_S + BURST_S)

    def cut(self, now: float, refused_share: float) -> None:
        """Down to what the service took in the last second, if it refused many; where a second is too few, by the share refused."""
        left = 1 - refused_share
        if self.in_a_window is not None and self.limit >= COUNTABLE:
            sent, refused = (sum(at > now - 1 for at in moments) for moments in (self.sent, self.refusals))
            left = (sent - refused) * MARGIN / self.rate if refused > MANY * sent else 1.0
        self.rate *= max(1 - MOST_CUT, min(1 - LEAST_CUT, left))

    def grow(self, elapsed_s: float, quiet_s: float) -> None:
        """Back towards what was granted, the faster the longer nothing was refused."""
        if self.rate < self.granted:
            share = min(MOST_GROWTH, GROWTH * 2 ** (quiet_s / GROWTH_DOUBLES_S))
            self.rate = min(self.granted, self.rate * (1 + share * elapsed_s))
