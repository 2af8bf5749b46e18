"""Asks a stream of questions with a few hundred in flight and commits verdicts as they come, in units of any questions.

Units close when they are full or old, never by position, so that a slow answer holds nothing up. A raw answer is kept before
it is parsed (factory/sending/ledger.py), so a kill loses no paid answer; a verdict counts when a commit names its shard.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from factory.commit.commit import Commit, CommitKind
from factory.commit.store import Store
from factory.errors import ChidianError, RunStopped
from judge.asking import Ask
from judge.breaker import Breaker, Drained
from judge.parsing import CANNOT_JUDGE
from judge.providers import Judge
from judge.verdicts import Outcome, judge_one, tables

UNIT_AGE_S = 5.0
"""A unit that is not full is committed after this time: a kill then repeats only parsing, and people see progress."""
AHEAD = 16
"""Workers beyond the ceiling: the next questions are built while slots are full."""

BARREN_IN_A_ROW = 64
"""Questions in a row without any verdict before the run stops: a wrong parameter would fail all of them, for money."""


@dataclass(slots=True)
class Tally:
    """What people are told."""

    asked: int = 0
    scored: int = 0
    replayed: int = 0
    cost_cny: float = 0.0
    unscored: Counter[str] = field(default_factory=Counter)

    def count(self, outcome: Outcome) -> None:
        """Take in one question's outcome."""
        self.asked += 1
        self.scored += outcome.scored
        self.replayed += outcome.replayed
        self.cost_cny += outcome.cost_cny or 0.0
        if not outcome.scored:
            self.unscored[next(verdict.reason for verdict in outcome.verdicts if verdict.reason)] += 1


@dataclass(slots=True)
class Engine:
    """One judging in motion. ``stop`` ends it: what is in flight is finished and committed."""

    store: Store
    name: str
    seed: int
    workers: int
    unit: int
    breaker: Breaker
    tally: Tally = field(default_factory=Tally)
    error: ChidianError | None = None
    _buffer: list[Outcome] = field(default_factory=list)
    _next_unit: int = 0
    _position: int = 0
    _barren: int = 0
    _closing: bool = False
    _full: asyncio.Event = field(default_factory=asyncio.Event)

    def stop(self) -> None:
        """Send nothing more."""
        self.breaker.open = True

    async def commit_all(self, outcomes: Iterable[Outcome]) -> None:
        """Commit what came in another way (files), in the same units."""
        self._next_unit = self._first_free_unit()
        for outcome in outcomes:
            self.tally.count(outcome)
            self._buffer.append(outcome)
            if len(self._buffer) >= self.unit:
                await self._commit()
        await self._commit()

    def _first_free_unit(self) -> int:
        return 1 + max((int(unit[1:]) for unit in self.store.units(self.name)), default=-1)

    async def run(self, asks: Iterator[tuple[Judge, Ask]]) -> None:
        """Until the stream ends or the run is stopped. Raises what stopped it, after everything at hand is committed."""
        self._next_unit = self._first_free_unit()
        committer = asyncio.create_task(self._commit_in_turn())
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self.workers + AHEAD):
                    group.create_task(self._work(asks))
        finally:
            self._closing = True
            self._full.set()
            await committer
        if self.error is not None:
            raise self.error

    async def _work(self, asks: Iterator[tuple[Judge, Ask]]) -> None:
        while not self.breaker.open and (pair := next(asks, None)) is not None:
            judge, ask = pair
            self._position += 1
            try:
                outcome = await judge_one(judge, self.name, ask, self.seed, self._position)
            except Drained:
                return
            except ChidianError as error:
                self._fail(error)
                return
            self._take(outcome)

    def _take(self, outcome: Outcome) -> None:
        self.tally.count(outcome)
        self._buffer.append(outcome)
        if len(self._buffer) >= self.unit:
            self._full.set()
        barren = all(verdict.status == "unscored" and verdict.reason != CANNOT_JUDGE for verdict in outcome.verdicts)
        self._barren = self._barren + 1 if barren else 0
        if self._barren >= BARREN_IN_A_ROW:
            verdict = outcome.verdicts[0]
            self._fail(
                RunStopped(
                    f"{self._barren} questions in a row gave no verdict, so something is wrong with all of them; the last: "
                    f"{verdict.reason} ({verdict.rationale or 'nothing more is known'}). Mend it; the same command goes on."
                )
            )

    def _fail(self, error: ChidianError) -> None:
        self.error = self.error or error
        self.stop()

    async def _commit_in_turn(self) -> None:
        """Alone in writing shards; ends after the last commit."""
        while self._buffer or not self._closing:
            if not self._closing:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._full.wait(), UNIT_AGE_S)
                self._full.clear()
            try:
                await self._commit()
            except ChidianError as error:
                self._fail(error)

    async def _commit(self) -> None:
        taken, self._buffer = self._buffer, []
        if not taken:
            return
        unit = f"U{self._next_unit:06d}"
        self._next_unit += 1
        await asyncio.to_thread(self._write, unit, taken)

    def _write(self, unit: str, outcomes: list[Outcome]) -> None:
        files = self.store.put(self.name, unit, tables(outcomes))
        if not self.store.commit_if_absent(Commit(self.name, unit, CommitKind.VERDICTS, datetime.now(UTC), files)):
            raise AssertionError  # one process holds the folder (the ledger's lock)
