"""Leases of send slots: requests and tokens a second, an adaptive ceiling on top, oldest order first.

Everything that calls a paid or rationed service leases a slot here, inside its retry loop, so that every attempt counts.
No polling: one heap of waiters a pool, one timer for the moment at which the next slot falls due. Waiting costs no slot.

Pacing is GCRA (Turner 1986; the "virtual scheduling" form of ITU-T I.371): a clock of the next free moment, advanced by
cost / rate for each grant, may lag behind now by at most the burst. A minute's limit is paced per second, since providers
enforce RPM / 60 in each second.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from factory.errors import ProviderDown

BURST_S = 0.02
"""How far a pace may lag behind and catch up: pays for late wake-ups; 0.97 * 1.02 stays within a one-second window's limit
(0.05 did not: measured, one refusal a cold start, and each refusal costs a tenth of the pace until it recovers)."""
TOKEN_BURST_S = 0.1
"""The same for tokens: one call's tokens are many, and services count them over longer than a second."""
MARGIN = 0.97
"""Share of a granted limit that is used: leaves room for network jitter to push two requests into one window."""
CUT = 0.8
"""What is left of the ceiling after a burst of refusals (Inspect AI's constant)."""
LEAST_PACE_CUT, MOST_PACE_CUT = 0.02, 0.5
"""A pace is cut by the share of calls that was refused, within these bounds: one stray refusal costs 2 %, a halved limit half."""
CUT_QUIET_S = 1.0
"""Refusals within this time of a cut belong to the same burst."""
RECOVER_AFTER_S = 3.0
GROWTH, GROWTH_DOUBLES_S, MOST_GROWTH = 0.003, 10.0, 0.03
"""A cut pace grows by this share a second, doubling while nothing is refused: slow near the limit it met, fast when it is gone."""
RATE_KINDS = frozenset({"rate", "burst", "tokens"})
GROW_EVERY = 8
"""Answers at a full ceiling before it grows by one (doubled during the slow start)."""


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """What one account and model may be sent; None means no limit is known. ``ramp_per_s`` caps growth of the ceiling."""

    rpm: float | None = None
    tpm: float | None = None
    qps: float | None = None
    max_in_flight: int = 64
    start_in_flight: int = 16
    ramp_per_s: float = 50.0
    give_up_s: float = 120.0


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
    """One granted slot."""

    def settle(self, tokens: int) -> None:
        """Tell the real number of tokens; the difference to the estimate is given back or taken."""

    def refused(self, kind: str, retry_after_s: float | None) -> None:
        """The service refused for rate (``rate``, ``burst``, ``tokens``) or failed (anything else)."""

    def release(self) -> None:
        """The attempt ended, however it did."""


class Limiter(Protocol):
    """Hands out leases. A distributed limiter can take this one's place."""

    async def lease(self, pool: str, *, tokens: int = 0, priority: int = 0) -> Lease:
        """Wait for a slot; a lower ``priority`` is served first. Raises ProviderDown when the pool gave up."""
        ...

    def state(self) -> list[PoolState]:
        """All pools."""
        ...


@dataclass(slots=True)
class _Pace:
    """A GCRA clock for one dimension: ``rate`` units a second, never above what was granted."""

    granted: float
    rate: float = 0.0
    next_free: float = 0.0

    def __post_init__(self) -> None:
        self.rate = self.granted

    def cut(self, refused_share: float) -> None:
        """Down to what was served, in proportion."""
        self.rate *= 1 - min(MOST_PACE_CUT, max(LEAST_PACE_CUT, refused_share))

    def grow(self, elapsed_s: float, quiet_s: float) -> None:
        """Back towards what was granted, the faster the longer nothing was refused."""
        if self.rate < self.granted:
            share = min(MOST_GROWTH, GROWTH * 2 ** ((quiet_s - RECOVER_AFTER_S) / GROWTH_DOUBLES_S))
            self.rate = min(self.granted, self.rate * (1 + share * elapsed_s))

    def due(self, now: float, burst_s: float) -> float:
        """When the next grant may be made."""
        return max(now, self.next_free - burst_s)

    def take(self, now: float, cost: float) -> None:
        """Advance by a grant; a negative cost gives back."""
        start = max(self.next_free, now) if cost > 0 else self.next_free
        self.next_free = start + cost / self.rate


@dataclass(slots=True)
class _Pool:
    name: str
    limits: PoolLimits
    clock: Callable[[], float]
    requests: _Pace | None = None
    tokens: _Pace | None = None
    ceiling: float = 0.0
    in_flight: int = 0
    blocked_until: float = 0.0
    last_cut: float = float("-inf")
    last_growth: float = 0.0
    last_recovery: float = 0.0
    slow_start: bool = True
    answers: int = 0
    served_since_cut: int = 0
    refused_since_cut: int = 0
    granted: int = 0
    refusals: int = 0
    used_tokens: int = 0
    failing_since: float | None = None
    down: str | None = None
    waiters: list[tuple[int, int, float, asyncio.Future[None]]] = field(default_factory=list)
    timer: asyncio.TimerHandle | None = None

    def __post_init__(self) -> None:
        per_s = [rate for rate in (self.limits.qps, self.limits.rpm and self.limits.rpm / 60) if rate]
        self.requests = _Pace(min(per_s) * MARGIN) if per_s else None
        self.tokens = _Pace(self.limits.tpm / 60 * MARGIN) if self.limits.tpm else None
        self.ceiling = float(min(self.limits.start_in_flight, self.limits.max_in_flight))
        self.last_growth = self.clock()

    def due(self, now: float) -> float:
        """When the next slot falls due, the ceiling aside."""
        paced = ((self.requests, BURST_S), (self.tokens, TOKEN_BURST_S))
        paces = [pace.due(now, burst_s) for pace, burst_s in paced if pace]
        return max(self.blocked_until, now, *paces) if paces else max(self.blocked_until, now)

    def pump(self) -> None:
        """Grant what is due, oldest first; set the timer for the next moment."""
        now = self.clock()
        while self.waiters and self.in_flight < int(self.ceiling):
            if self.waiters[0][3].done():  # cancelled while waiting
                heapq.heappop(self.waiters)
                continue
            due = self.due(now)
            if due > now + 1e-9:
                self._wake_at(due)
                return
            _, _, estimate, future = heapq.heappop(self.waiters)
            if self.requests:
                self.requests.take(now, 1.0)
            if self.tokens:
                self.tokens.take(now, estimate)
            self.in_flight += 1
            self.granted += 1
            future.set_result(None)

    def _wake_at(self, moment: float) -> None:
        if self.timer is not None:
            if self.timer.when() <= moment and not self.timer.cancelled():
                return
            self.timer.cancel()
        self.timer = asyncio.get_running_loop().call_at(moment, self._timer_fired)

    def _timer_fired(self) -> None:
        self.timer = None
        self.pump()

    def answered(self) -> None:
        """An attempt succeeded: the pool is alive, and a full ceiling may grow."""
        self.failing_since = None
        self.served_since_cut += 1
        now = self.clock()
        self._recover(now)
        if self.in_flight < int(self.ceiling) - 1 or not self.waiters:
            return
        self.answers += 1
        if self.answers >= (1 if self.slow_start else GROW_EVERY):
            self.answers = 0
            allowed = self.limits.ramp_per_s * (now - self.last_growth)
            self.last_growth = now
            self.ceiling = min(self.limits.max_in_flight, self.ceiling + min(1.0, max(0.02, allowed)))

    def refuse(self, kind: str, retry_after_s: float | None) -> None:
        """One cut per burst of refusals; the provider's own waiting time holds the whole pool."""
        now = self.clock()
        self.refusals += 1
        self.failing_since = self.failing_since if self.failing_since is not None else now
        if now - self.failing_since >= self.limits.give_up_s:
            self._give_up(kind)
        if kind not in RATE_KINDS:
            return
        self.refused_since_cut += 1
        if retry_after_s:
            self.blocked_until = max(self.blocked_until, now + retry_after_s)
        if now - self.last_cut >= CUT_QUIET_S:
            self._cut(kind, now)

    def _cut(self, kind: str, now: float) -> None:
        """The pace of what was refused is cut; the ceiling where no pace is known, or where calls came in a burst."""
        pace = self.tokens if kind == "tokens" and self.tokens else self.requests or self.tokens
        if pace is None or kind == "burst":
            self.slow_start = False
            self.ceiling = max(1.0, self.ceiling * CUT)
        else:
            # What is in flight was not refused: without it a refusal before the first answer would halve the pace.
            counted = self.refused_since_cut + self.served_since_cut + self.in_flight
            pace.cut(self.refused_since_cut / counted)
        self.last_cut = now
        self.served_since_cut = self.refused_since_cut = 0

    def _recover(self, now: float) -> None:
        """Paces grow back to their granted rate once a cut has been quiet for a while."""
        elapsed = min(1.0, now - self.last_recovery)
        self.last_recovery = now
        quiet = now - self.last_cut
        if quiet < RECOVER_AFTER_S:
            return
        for pace in (self.requests, self.tokens):
            if pace is not None:
                pace.grow(elapsed, min(quiet, 1e3))

    def _give_up(self, kind: str) -> None:
        what = "refuses for rate" if kind in RATE_KINDS else "fails"
        self.down = (
            f"The {self.name} service {what} ({kind}) without a break for {self.limits.give_up_s:.0f} s: try later, or "
            "look at its status page and your quota; the same command goes on."
        )
        for _, _, _, future in self.waiters:
            if not future.done():
                future.set_exception(ProviderDown(self.down))
        self.waiters.clear()


class _PoolLease:
    """A granted slot of one pool."""

    __slots__ = ("_estimate", "_open", "_pool", "_refused")

    def __init__(self, pool: _Pool, estimate: int) -> None:
        self._pool = pool
        self._estimate = estimate
        self._open = True
        self._refused = False

    def settle(self, tokens: int) -> None:
        """Give back or take the difference to the estimate."""
        self._pool.used_tokens += tokens
        if self._pool.tokens is not None:
            self._pool.tokens.take(self._pool.clock(), float(tokens - self._estimate))
        self._estimate = tokens

    def refused(self, kind: str, retry_after_s: float | None) -> None:
        """Report a refusal or failure of this attempt."""
        self._refused = True
        self._pool.refuse(kind, retry_after_s)

    def release(self) -> None:
        """End the attempt; without a refusal it counts as an answer."""
        if not self._open:
            return
        self._open = False
        self._pool.in_flight -= 1
        if not self._refused:
            self._pool.answered()
        self._pool.pump()


class LocalLimiter:
    """All pools of one process, on its event loop."""

    def __init__(self, pools: dict[str, PoolLimits], clock: Callable[[], float] | None = None) -> None:
        now = clock or (lambda: asyncio.get_running_loop().time())
        self._pools = {name: _Pool(name, limits, now) for name, limits in pools.items()}
        self._turns = itertools.count()

    async def lease(self, pool: str, *, tokens: int = 0, priority: int = 0) -> Lease:
        """Wait for a slot. Raises ProviderDown once the pool gave up."""
        home = self._pools[pool]
        if home.down:
            raise ProviderDown(home.down)
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(home.waiters, (priority, next(self._turns), float(tokens), future))
        home.pump()
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled() and future.exception() is None:
                home.in_flight -= 1  # granted in the same breath as cancelled: the slot goes to the next
                home.pump()
            raise
        return _PoolLease(home, tokens)

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
