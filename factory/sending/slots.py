"""One pool of the limiter: who is granted the next slot and when, what a refusal changes, and when the service is given up.

The give-up rule: a service that was asked and answered nothing for ``give_up_s``, whether it refuses, fails or is silent, is
down; one answer in between is a sign of life.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from dataclasses import dataclass, field

from factory.errors import ProviderDown
from factory.sending.pace import MOST_CUT, Pace

CUT = 0.8
"""What is left of the ceiling after a burst of refusals (Inspect AI's constant)."""
CUT_QUIET_S = 1.0
"""Refusals within this time of a cut belong to the same burst."""
CUTS_UNANSWERED, SECOND_CUT_AFTER_S = 2, 0.3
"""Tokens are charged when an answer is complete: a window that is too full refuses everything until it has drained. So the first
refusals cut a little, by what is refused soon after its pace is cut for good, and then no more until a later grant is answered."""
RECOVER_AFTER_S = 3.0
"""So long after a cut its pace begins to grow again."""
RATE_KINDS = frozenset({"rate", "burst", "tokens"})
SILENT_KINDS = frozenset({"timeout", "network"})
GROW_EVERY = 8
"""Answers at a full ceiling before it grows by one (at each answer during the slow start)."""
IDLE_S = 30.0
"""Longer than any request waits before it tries again: after so long without one, nobody was asking."""
HOLD_AT_MOST_S, INSISTS = 1.0, 3
"""How long a service is not asked that wishes for more time than it is given, and how often it must say so to be believed."""
SILENT_AT_FIRST, SILENT_LATER, PROBES = 3, 16, 12
"""Failures in a row, before the first answer and after it, from which on a service is only probed: so many times within the
give-up time. Each call that breaks off may have been served and counts as spent; without this a dead one took all of a budget."""
_DAY_S = 86_400.0
LEAST_PATIENCE = 0.1
"""Share of the give-up time that every attempt has at least, however long the service has been silent."""


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """What one account and model may be sent; None means no limit is known. ``ramp_per_s`` caps growth of the ceiling."""

    rpm: float | None = None
    tpm: float | None = None
    qps: float | None = None
    max_in_flight: int = 64
    start_in_flight: int = 16
    ramp_per_s: float = 50.0
    give_up_s: float = 100.0
    way_s: float = 0.0
    """See ``Pace``: 0 where whoever is granted a slot sends at once."""


@dataclass(slots=True)
class Pool:
    """Its state; ``clock`` in seconds."""

    name: str
    limits: PoolLimits
    clock: Callable[[], float]
    requests: Pace | None = None
    tokens: Pace | None = None
    ceiling: float = 0.0
    in_flight: int = 0
    blocked_until: float = 0.0
    last_cut: float = float("-inf")
    last_growth: float = 0.0
    last_recovery: float = 0.0
    cuts_unanswered: int = 0
    """Of the tokens' pace, since a grant after the last one was answered"""
    slow_start: bool = True
    answers: int = 0
    granted_since_cut: int = 0
    refused_since_cut: int = 0
    granted: int = 0
    refusals: int = 0
    used_tokens: int = 0
    unanswered_since: float | None = None
    """Since when the service has been asked without one answer."""
    last_heard: float = float("-inf")
    wish_s: float = 0.0
    """the last wish to wait that was longer than we do,"""
    long_wishes: int = 0
    """and how many there were since an answer"""
    is_known: bool = False
    """it has answered"""
    failures: int = 0
    """in a row, refusals for rate apart,"""
    probe_at: float = 0.0
    """and when the next attempt is due after many of them"""
    down: str | None = None
    waiters: list[tuple[int, int, float, asyncio.Future[None]]] = field(default_factory=list)
    """(priority, turn, estimated tokens, who waits)"""
    timer: asyncio.TimerHandle | None = None

    def __post_init__(self) -> None:
        per_s = [rate for rate in (self.limits.qps, self.limits.rpm and self.limits.rpm / 60) if rate]
        self.requests = Pace.of_requests(min(per_s), self.limits.way_s) if per_s else None
        self.tokens = Pace(self.limits.tpm / 60) if self.limits.tpm else None
        self.ceiling = float(min(self.limits.start_in_flight, self.limits.max_in_flight))
        self.last_growth = self.clock()

    def due(self, now: float) -> float:
        """When the next slot falls due, the ceiling aside."""
        return max(
            now, self.blocked_until, self.probe_at, *(pace.due(now) for pace in (self.requests, self.tokens) if pace)
        )

    def wake_up(self) -> None:
        """Somebody asks: silence before a time in which nobody did is forgotten."""
        quiet_since = max(self.last_heard, self.blocked_until)
        if not self.in_flight and not self.waiters and self.clock() - quiet_since > IDLE_S:
            self.unanswered_since = None

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
            if self.unanswered_since is None:
                self.unanswered_since = now
            self.in_flight += 1
            self.granted += 1
            self.granted_since_cut += 1
            self._hold_while_probing(now)
            future.set_result(None)

    def _hold_while_probing(self, now: float) -> None:
        """A service that has failed for a while is asked now and then, and again when it would be given up."""
        if self.failures >= (SILENT_LATER if self.is_known else SILENT_AT_FIRST):
            since = self.unanswered_since if self.unanswered_since is not None else now
            end, next_probe = since + self.limits.give_up_s, now + self.limits.give_up_s / PROBES
            self.probe_at = min(next_probe, end) if end > now else next_probe

    def _wake_at(self, moment: float) -> None:
        if self.timer is not None:
            if self.timer.when() <= moment and not self.timer.cancelled():
                return
            self.timer.cancel()
        self.timer = asyncio.get_running_loop().call_at(moment, self._timer_fired)

    def _timer_fired(self) -> None:
        self.timer = None
        self.pump()

    def patience_s(self) -> float:
        """How long an attempt that starts now may take."""
        waited = self.clock() - self.unanswered_since if self.unanswered_since is not None else 0.0
        return max(LEAST_PATIENCE * self.limits.give_up_s, self.limits.give_up_s - waited)

    def answered(self, granted_at: float) -> None:
        """An attempt succeeded: the pool is alive, and a full ceiling may grow."""
        now = self.last_heard = self.clock()
        self.wish_s, self.long_wishes = 0.0, 0
        self.is_known, self.failures, self.probe_at = True, 0, 0.0
        if granted_at > self.last_cut:
            self.cuts_unanswered = 0
        self.unanswered_since = now if self.in_flight else None
        self._recover(now)
        if self.in_flight < int(self.ceiling) - 1 or not self.waiters:
            return
        self.answers += 1
        if self.answers >= (1 if self.slow_start else GROW_EVERY):
            self.answers = 0
            allowed = self.limits.ramp_per_s * (now - self.last_growth)
            self.last_growth = now
            self.ceiling = min(self.limits.max_in_flight, self.ceiling + min(1.0, max(0.02, allowed)))

    def refuse(self, kind: str, retry_after_s: float | None, answer: str) -> None:
        """One cut per burst of refusals; the provider's own waiting time holds the whole pool. Raises ProviderDown.

        Cut is the pace of what was refused; the ceiling where no pace is known, or where calls came in a burst.
        """
        now = self.last_heard = self.clock()
        self.refusals += 1
        since = self.unanswered_since if self.unanswered_since is not None else now
        insists = bool(retry_after_s) and kind in RATE_KINDS and self._block(now, since, retry_after_s or 0.0)
        if insists or now - since >= self.limits.give_up_s:
            self._give_up(kind, now - since, answer)
        if self.down:
            raise ProviderDown(self.down)
        if kind not in RATE_KINDS:
            self.failures += 1
            return
        self.refused_since_cut += 1
        pace = self.tokens if kind == "tokens" and self.tokens else self.requests or self.tokens
        if pace is not None:
            pace.refused(now)
        if pace is not None and pace is self.tokens and self.cuts_unanswered:
            if self.cuts_unanswered < CUTS_UNANSWERED and now - self.last_cut >= SECOND_CUT_AFTER_S:
                self._cut(pace, now)
            pace.hold(now)
            return
        if now - self.last_cut < CUT_QUIET_S:
            return
        if pace is None or kind == "burst":
            self.slow_start = False
            self.ceiling = max(1.0, self.ceiling * CUT)
        elif pace.is_jitter():
            pace.pause()
            return
        else:
            self._cut(pace, now)
            return
        self._mark_cut(now)

    def _block(self, now: float, since: float, wish_s: float) -> bool:
        """Nothing is sent for as long as the service wishes. True: it insists on more time than it is given.

        Some wish for a day by mistake and answer the next request, so that one wish alone ends nothing.
        """
        left_s = since + self.limits.give_up_s - now
        if wish_s >= left_s:
            self.wish_s = wish_s
            self.long_wishes += 1
            wish_s = min(HOLD_AT_MOST_S, self.limits.give_up_s / 10)
        self.blocked_until = max(self.blocked_until, now + wish_s)
        return self.long_wishes >= INSISTS

    def _cut(self, pace: Pace, now: float) -> None:
        # Of what was sent, not of what was answered: a refusal comes at once, an answer takes its time.
        before = pace.rate
        pace.cut(now, self.refused_since_cut / max(1, self.granted_since_cut))
        if pace is self.tokens:
            most = pace.rate <= before * (1 - MOST_CUT)
            self.cuts_unanswered = CUTS_UNANSWERED if most else self.cuts_unanswered + 1
        self._mark_cut(now)

    def _mark_cut(self, now: float) -> None:
        self.last_cut = now
        self.granted_since_cut = self.refused_since_cut = 0

    def _recover(self, now: float) -> None:
        """Paces grow back to their granted rate once a cut has been quiet for a while."""
        elapsed = min(1.0, now - self.last_recovery)
        self.last_recovery = now
        quiet = now - self.last_cut - RECOVER_AFTER_S
        if quiet < 0:
            return
        for pace in (self.requests, self.tokens):
            if pace is not None:
                pace.grow(elapsed, min(quiet, 1e3))

    def _give_up(self, kind: str, silent_s: float, answer: str) -> None:
        what = "refuses for rate" if kind in RATE_KINDS else "does not answer" if kind in SILENT_KINDS else "fails"
        wished = f"{self.wish_s:.0f} s" if self.wish_s < _DAY_S else "days"
        wish = f", and asks to wait {wished} more" if self.wish_s else ""
        self.down = self.down or (
            f"The {self.name} service {what} ({kind}): no answer for {silent_s:.0f} s{wish}; GIVE_UP_S is "
            f"{self.limits.give_up_s:.0f}. {answer + ' ' if answer else ''}Look at its status page and your quota; what is "
            "committed is safe, and the same command goes on."
        )
        for _, _, _, future in self.waiters:
            if not future.done():
                future.set_exception(ProviderDown(self.down))
        self.waiters.clear()


class PoolLease:
    """A granted slot of one pool."""

    __slots__ = ("_estimate", "_granted_at", "_in_flight", "_open", "_pool", "_refused", "_used", "patience_s")

    def __init__(self, pool: Pool, estimate: int) -> None:
        self._pool = pool
        self._estimate = estimate
        self._used = 0
        self._open = self._in_flight = True
        self._refused = False
        self._granted_at = pool.clock()
        self.patience_s = pool.patience_s()
        """Seconds until the pool gives up, as of the grant."""

    def settle(self, tokens: int) -> None:
        """Give back or take the difference to the estimate."""
        self._pool.used_tokens += tokens - self._used
        if self._pool.tokens is not None:
            self._pool.tokens.correct(self._pool.clock(), float(tokens - self._estimate))
        self._estimate = self._used = tokens

    def received(self, tokens: int) -> None:
        """See ``Lease``: while an answer is written to the disk the service has nothing to do."""
        self.settle(tokens)
        self._land()
        self._pool.pump()

    def _land(self) -> None:
        if self._in_flight:
            self._in_flight = False
            self._pool.in_flight -= 1

    async def refused(self, kind: str, retry_after_s: float | None, answer: str = "") -> None:
        """Report a refusal or failure of this attempt. Raises ProviderDown when the pool gives up."""
        self._refused = True
        self._pool.refuse(kind, retry_after_s, answer)

    def release(self, *, answered: bool = True) -> None:
        """End the attempt; without a refusal it counts as an answer, unless nothing was sent."""
        if not self._open:
            return
        self._open = False
        self._land()
        if answered and not self._refused:
            self._pool.answered(self._granted_at)
        self._pool.pump()
