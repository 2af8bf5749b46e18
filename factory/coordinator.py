"""The one place that decides how far a run goes: opens units, admits their candidates in sequence, commits, stops.

Results come back in any order and are admitted in plan order, so that the same answers give the same samples whatever
the concurrency. Exactly N: slots open only while accepted and expected ones are short.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from factory.errors import ChidianError, RunStopped
from factory.orders import Plan
from factory.pool import Executor, Unit, unit_of
from factory.records import OrderOutcome

FAILED_IN_A_ROW = 24
"""Orders without a single accepted sample before the run says that something is wrong with all of them."""


class UnitCommitter(Protocol):
    """Admits a unit's candidates and commits it; returns the run's accepted samples and the unit's accepted slots."""

    def commit(self, unit: Unit, outcomes: tuple[OrderOutcome, ...]) -> tuple[int, int]:
        """Blocking (disk)."""
        ...


@dataclass(slots=True)
class Limits:
    """How far the run may go."""

    target: int
    candidates: int
    window: int


@dataclass(slots=True)
class Coordinator:
    """State of one run: what is committed, what is open, why it ends."""

    plan: Plan
    executor: Executor
    committer: UnitCommitter
    limits: Limits
    open_unit: Callable[[Unit], object]
    """Awaitable: records the unit's orders as opened before anything is paid for them."""
    accepted: int
    next_unit: int
    opened_slots: int
    processed_slots: int = 0
    accepted_here: int = 0
    stopping: str | None = None
    exhausted: bool = False
    error: ChidianError | None = None
    on_commit: Callable[[tuple[OrderOutcome, ...]], None] = lambda _: None
    _barren: int = 0

    async def run(self) -> None:
        """Until N samples are accepted, the plan is exhausted, or something stops the run. Raises RunStopped then."""
        tasks: dict[asyncio.Task[tuple[OrderOutcome, ...]], Unit] = {}
        ready: dict[int, tuple[Unit, tuple[OrderOutcome, ...]]] = {}
        to_open = to_commit = self.next_unit
        try:
            while True:
                while unit := self._may_open(to_open, sum(unit.slots for unit in tasks.values()), len(tasks), ready):
                    await self.open_unit(unit)  # type: ignore[misc]  # a callable giving an awaitable
                    self.opened_slots += unit.slots
                    tasks[asyncio.create_task(self.executor.run(unit), name=unit.unit_id)] = unit
                    to_open += 1
                if not tasks:
                    break
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    self._collect(task, tasks.pop(task), ready)
                while to_commit in ready:
                    await self._commit(*ready.pop(to_commit))
                    to_commit += 1
        finally:
            for task in tasks:
                task.cancel()
        if self.error is not None:
            raise self.error

    def stop(self, reason: str) -> None:
        """Open nothing more; what is in flight is finished and committed."""
        self.stopping = self.stopping or reason

    def _may_open(
        self, number: int, open_slots: int, open_units: int, ready: dict[int, tuple[Unit, tuple[OrderOutcome, ...]]]
    ) -> Unit | None:
        waiting = sum(unit.slots for unit, _ in ready.values())
        rate = (self.accepted_here + 9) / (self.processed_slots + 10)
        expected = self.accepted + (open_slots + waiting) * rate
        if self.stopping or self.exhausted or expected >= self.limits.target or open_units >= self.limits.window:
            return None
        if self.opened_slots >= self.limits.candidates:
            self.error = self.error or RunStopped(
                f"{self.opened_slots} candidate slots were opened, all that CANDIDATES allows, for {self.accepted} "
                'accepted samples: look at `make sql Q="from rejects_by_reason"`, or raise CANDIDATES.'
            )
            return None
        unit = unit_of(self.plan, number)
        if unit is None:
            self.exhausted = True
        return unit

    def _collect(
        self,
        task: asyncio.Task[tuple[OrderOutcome, ...]],
        unit: Unit,
        ready: dict[int, tuple[Unit, tuple[OrderOutcome, ...]]],
    ) -> None:
        try:
            ready[unit.number] = (unit, task.result())
        except ChidianError as error:
            # An interrupted unit stays pending: its paid answers are kept, and the next run takes it up again.
            self.error = self.error or error
            self.stop(str(error))

    async def _commit(self, unit: Unit, outcomes: tuple[OrderOutcome, ...]) -> None:
        self.accepted, gained = await asyncio.to_thread(self.committer.commit, unit, outcomes)
        self.processed_slots += unit.slots
        self.accepted_here += gained
        self._barren = 0 if gained else self._barren + len(outcomes)
        if self._barren >= FAILED_IN_A_ROW and self.error is None:
            self.error = RunStopped(f"{self._barren} orders in a row gave no sample; {_why(outcomes)}")
            self.stop(str(self.error))
        self.on_commit(outcomes)


def _why(outcomes: tuple[OrderOutcome, ...]) -> str:
    """The last failure in words."""
    for outcome in reversed(outcomes):
        if outcome.failure:
            return f"the last one: {outcome.failure[1]}"
        if outcome.rejected:
            finding = outcome.rejected[-1][1].findings[0]
            return f"the last one was rejected as {finding.reason}: {finding.detail}"
    return "all were duplicates or surplus."
