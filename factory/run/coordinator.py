"""The one place that decides how far a run goes: opens orders, admits their candidates in sequence, commits, stops.

Results come back in any order and are admitted in plan order, so that the same answers give the same samples whatever
the concurrency. Exactly N: orders open only while accepted and expected samples are short.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from factory.errors import ChidianError, RunStopped
from factory.plan.orders import Plan
from factory.records import NO_FINAL_ANSWER, Order, OrderOutcome
from factory.run.executor import UNIT_SLOTS, Executor, Unit

FAILED_IN_A_ROW = 24
"""Orders without a single accepted sample before the run says that something is wrong with all of them."""
HANDFUL, LEAST = 5, 3
"""Orders that failed for bad answers (fewer where fewer agents work), and at least half as many as are in work, before the time
without a good one counts."""
COMMIT_AFTER_S = 2.0
"""Finished orders are committed after this long even when they do not fill a unit."""


@dataclass(frozen=True, slots=True)
class Committed:
    """What a unit came to: the run's accepted samples in all, the unit's samples (surplus, too), its rejects by reason."""

    accepted: int
    gained: int
    rejects: Mapping[str, int]


class UnitCommitter(Protocol):
    """Admits a unit's candidates and commits it."""

    def commit(self, unit: Unit, outcomes: tuple[OrderOutcome, ...]) -> Committed:
        """Blocking (disk)."""
        ...


@dataclass(slots=True)
class Limits:
    """How far the run may go.

    ``agents``: orders in work at once; ``running``: those with the executor, the next ones waiting there too; ``window``: those
    and the finished ones behind a slow one, which bounds memory;
    ``give_up_s``: how long no order may end well while others fail for bad answers.
    """

    target: int
    candidates: int
    agents: int
    running: int
    window: int
    give_up_s: float


@dataclass(slots=True)
class Coordinator:
    """State of one run: what is committed, what is open, why it ends."""

    plan: Plan
    executor: Executor
    committer: UnitCommitter
    limits: Limits
    open_orders: Callable[[Sequence[Order]], Awaitable[None]]
    """Records orders as opened before anything is paid for them."""
    accepted: int
    next_order: int
    """The first order that is not committed yet."""
    opened_slots: int
    missing: tuple[int, ...] = ()
    """Orders before it whose commit is gone: they come first, from their kept answers."""
    processed_slots: int = 0
    accepted_here: int = 0
    stopping: str | None = None
    exhausted: bool = False
    error: ChidianError | None = None
    on_commit: Callable[[tuple[OrderOutcome, ...], Mapping[str, int]], None] = lambda _outcomes, _rejects: None
    _barren: int = 0
    _bad_since: float = 0.0
    """When an order last ended well, or the run began."""
    _bad: int = 0
    """Orders that failed for bad answers since then, and the last of them."""
    _last_bad: OrderOutcome | None = None
    _recheck: asyncio.TimerHandle | None = None
    _to_open: int = 0
    _to_commit: int = 0
    """Turns (see ``_order_at``) of the next order to open and to commit."""
    _pending_slots: int = 0
    """Slots of orders that are open and not committed."""
    _running: set[asyncio.Task[OrderOutcome]] = field(default_factory=set)
    _ready: dict[int, OrderOutcome] = field(default_factory=dict)
    _committing: asyncio.Task[None] | None = None
    _overdue: bool = False
    _flush: asyncio.TimerHandle | None = None
    _crash: BaseException | None = None
    _something: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Until N samples are accepted, the plan is exhausted, or something stops the run. Raises RunStopped then."""
        self._bad_since = asyncio.get_running_loop().time()
        try:
            while True:
                await self._open_more()
                self._commit_what_is_due()
                if not self._running and self._committing is None:
                    break
                await self._something.wait()
                self._something.clear()
                if self._crash is not None:
                    raise self._crash
                await self._settle_commit()
        finally:
            for task in self._running:
                task.cancel()
            for timer in (self._flush, self._recheck):
                if timer is not None:
                    timer.cancel()
            if self._committing is not None:
                await self._committing
        self._judge_end()

    def _judge_end(self) -> None:
        """Raise what kept the run from its target; orders still in flight when N was reached may fail as they like."""
        if self.accepted >= self.limits.target:
            return
        if self.error is None and not (self.stopping or self.exhausted) and self._candidates_are_used_up():
            self.error = RunStopped(
                f"{self.opened_slots} candidate slots were opened, all that CANDIDATES allows, for {self.accepted} "
                'accepted samples: look at `make sql Q="from rejects_by_reason"`, or raise CANDIDATES.'
            )
        if self.error is not None:
            raise self.error

    def _candidates_are_used_up(self) -> bool:
        return self.opened_slots >= self.limits.candidates

    def stop(self, reason: str) -> None:
        """Open nothing more; what is in flight is finished and committed."""
        self.stopping = self.stopping or reason

    async def _open_more(self) -> None:
        fresh: list[Order] = []
        while (order := self._may_open(len(fresh))) is not None:
            fresh.append(order)
            self._to_open += 1
            self.opened_slots += len(order.wishes)
            self._pending_slots += len(order.wishes)
        if not fresh:
            return
        await self.open_orders(fresh)
        for order in fresh:
            task = asyncio.create_task(self.executor.run(order), name=order.order_id)
            self._running.add(task)
            task.add_done_callback(self._collect)

    def _may_open(self, opening: int) -> Order | None:
        running = len(self._running) + opening
        rate = (self.accepted_here + 9) / (self.processed_slots + 10)
        if (
            self.stopping
            or self.exhausted
            or self.accepted + self._pending_slots * rate >= self.limits.target
            or running >= self.limits.running
            or running + len(self._ready) >= self.limits.window
            or self._candidates_are_used_up()
        ):
            return None
        try:
            return self.plan.order(self._order_at(self._to_open))
        except IndexError:
            self.exhausted = True
            return None

    def _order_at(self, turn: int) -> int:
        """The plan's index of the order whose turn it is: those that are missing, then on from the last committed one."""
        return self.missing[turn] if turn < len(self.missing) else self.next_order + turn - len(self.missing)

    def _due(self) -> list[OrderOutcome]:
        """Finished orders that follow the last committed one without a gap, at most a unit of them."""
        outcomes: list[OrderOutcome] = []
        slots = 0
        while slots < UNIT_SLOTS:
            index = self._order_at(self._to_commit + len(outcomes))
            outcome = self._ready.get(index)
            if outcome is None or (outcomes and index != outcomes[-1].order.index + 1):
                break
            outcomes.append(outcome)
            slots += len(outcome.order.wishes)
        return outcomes

    def _collect(self, task: asyncio.Task[OrderOutcome]) -> None:
        """An order came back, or was interrupted: then it stays pending, and its paid answers are kept for the next run."""
        self._running.discard(task)
        self._something.set()
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            outcome = task.result()
            self._ready[outcome.order.index] = outcome
            self._judge_answers(outcome)
        elif isinstance(error, ChidianError):
            self.error = self.error or error
            self.stop(str(error))
        else:
            self._crash = error

    def _judge_answers(self, outcome: OrderOutcome) -> None:
        """Stop when answers have been bad for long enough: slow ones would be paid for until many orders have failed.

        How an order ended counts, not what it gave before: one that the teacher died in has samples of a better time. What else
        makes an order fail (moderation, an unknown place, the server) says nothing of answers. Orders in work are given up, since
        all that they still pay for is as bad; they stay pending.
        """
        is_bad = not outcome.any_accepted if outcome.failure is None else outcome.failure.reason == NO_FINAL_ANSWER
        if is_bad:
            self._bad += 1
            self._last_bad = outcome
            self._stop_if_bad()
        elif outcome.any_accepted:
            self._bad, self._bad_since = 0, asyncio.get_running_loop().time()

    def _stop_if_bad(self) -> None:
        if self._recheck is not None:
            self._recheck.cancel()
            self._recheck = None
        if self.error is None and self._last_bad and self._bad >= max(FAILED_IN_A_ROW, self.limits.running):
            # Counted as they come back: commits lag on a busy machine, and a window full of them would be paid for.
            self.error = RunStopped(f"{self._bad} orders in a row ended in bad answers; {_why((self._last_bad,))}")
            self.stop(str(self.error))
            return
        agents = self.limits.agents
        enough = max(min(HANDFUL, max(LEAST, agents)), min(agents, len(self._running)) / 2)
        if self.error or self._last_bad is None or self._bad < enough:
            return
        loop = asyncio.get_running_loop()
        lasted = loop.time() - self._bad_since
        if lasted < self.limits.give_up_s:
            self._recheck = loop.call_later(self.limits.give_up_s - lasted, self._stop_if_bad)
            return
        self.error = RunStopped(
            f"No order ended well for {lasted:.0f} s, in which {self._bad} failed for bad answers (GIVE_UP_S is "
            f"{self.limits.give_up_s:.0f}): look at the teacher; what is committed is safe, and the same command goes on; "
            f"{_why((self._last_bad,))}"
        )
        self.stop(str(self.error))
        for task in self._running:
            task.cancel()

    def _commit_what_is_due(self) -> None:
        """Start a commit of the finished orders that follow the last committed one: a full unit, or what has waited."""
        if self._committing is not None or not (outcomes := self._due()):
            return
        slots = sum(len(outcome.order.wishes) for outcome in outcomes)
        if slots >= UNIT_SLOTS or self._overdue or not self._running:
            if self._flush is not None:
                self._flush.cancel()
            self._flush, self._overdue = None, False
            self._committing = asyncio.create_task(self._commit(tuple(outcomes)))
            self._committing.add_done_callback(lambda _: self._something.set())
        elif self._flush is None:
            self._flush = asyncio.get_running_loop().call_later(COMMIT_AFTER_S, self._is_overdue)

    def _is_overdue(self) -> None:
        self._overdue = True
        self._something.set()

    async def _settle_commit(self) -> None:
        if self._committing is not None and self._committing.done():
            done, self._committing = self._committing, None
            await done

    async def _commit(self, outcomes: tuple[OrderOutcome, ...]) -> None:
        unit = Unit(tuple(outcome.order for outcome in outcomes))
        done = await asyncio.to_thread(self.committer.commit, unit, outcomes)
        self.accepted = done.accepted
        for outcome in outcomes:
            del self._ready[outcome.order.index]
        self._to_commit += len(outcomes)
        self._pending_slots -= unit.slots
        self.processed_slots += unit.slots
        self.accepted_here += done.gained
        self._barren = 0 if done.gained else self._barren + len(outcomes)
        if self._barren >= FAILED_IN_A_ROW and self.error is None:
            self.error = RunStopped(f"{self._barren} orders in a row gave no sample; {_why(outcomes)}")
            self.stop(str(self.error))
        self.on_commit(outcomes, done.rejects)


def _why(outcomes: tuple[OrderOutcome, ...]) -> str:
    """The last failure in words."""
    for outcome in reversed(outcomes):
        if outcome.failure:
            return f"the last one: {outcome.failure.detail}"
        findings = [slot.verification.findings[0] for slot in outcome.slots if slot.verification and not slot.accepted]
        if findings:
            finding = findings[-1]
            return f"the last one was rejected as {finding.reason}: {finding.detail}"
    return "all were duplicates or surplus."
