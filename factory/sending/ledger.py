"""``DATA/calls.sqlite``: every paid answer, raw, before it is parsed; and money, reserved before a call is sent.

What comes within a moment is one transaction with a full sync; callers wait for theirs. The statements run on the loop, since
handing each to a thread costs more than it does; only the commit, which waits for the disk, has a thread. Nothing is kept in
memory but counters, and bits that say which keys are new. A reservation that was never settled (a kill, a lost connection)
counts as spent at its worst case.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from factory.commit.working_folder import store_url
from factory.errors import UsageError
from factory.run.folder_lock import hold_folder
from factory.seal import checksum
from factory.sending.book_trouble import trouble
from factory.sending.call_book import KeptCall, Reservation
from factory.sending.granted import Granted
from factory.sending.purse import Past, Purse
from factory.sending.seen_keys import SeenKeys
from factory.shown_text import print_line
from factory.sqlite_file import open_file
from factory.wire_text import quoted

GATHER_SHARE, LEAST_GATHER_S, MOST_GATHER_S = 1 / 10, 0.015, 0.03
"""Transactions begin so far apart: a share of what answers take, within bounds. Each costs a sync and turns of the loop and of a
thread: 64 agents at 68 runs a second need 2.6 of them a run when nothing waits, 0.9 at 15 ms, 0.5 at 30 ms."""
LATENCY_OVER = 16
"""Answers over which that is measured."""
_SCHEMA = """
create table if not exists calls (
  key text not null, attempt integer not null, run_id text not null, order_id text not null, step integer not null,
  purpose text not null, model text not null, status text not null, worst_cny real, cost_cny real,
  input_tokens integer, output_tokens integer, refusals integer not null default 0, latency_s real, raw blob,
  reserved_at text not null, settled_at text, primary key (key, attempt)
);
drop index if exists calls_by_order;
create table if not exists opened (run_id text not null, order_id text primary key, slots integer not null, at text not null);
"""
# status: reserved (sent or about to be), kept (answered, raw kept; NULL where only a shard still knew of it), unreadable (kept, but
# no completion, or dropped by hand), void (certainly not served), unresolved (a reservation that an earlier process left behind: it
# may have been served, so it counts as spent).
MOST_TOKENS = 2**53
"""More than any bill holds; SQLite's integers end at 2**63."""


class Ledger:
    """The run's account book. One process at a time holds a DATA folder."""

    def __init__(self, data: Path, run_id: str, budget_cny: float | None) -> None:
        self._run_id, self._path = run_id, data / "calls.sqlite"
        self._closed = self._told_unreadable = False
        with ExitStack() as opened:  # whoever mends what goes wrong here may take the folder again in this process
            self._hold = opened.enter_context(hold_folder(data))
            try:
                self._reader = opened.enter_context(closing(open_file(self._path)))
                self._writer = opened.enter_context(closing(open_file(self._path)))
                self._prepare(data)
                self._granted = Granted(self._hold.lease, run_id, budget_cny, self._reader)
                self._purse = Purse(budget_cny, self._past())
                self._check_priced(budget_cny)
                self._seen = SeenKeys(self._keys())
            except sqlite3.Error as error:
                raise trouble(self._path, error) from error
            opened.pop_all()
        self._queued: list[_Job] = []
        self._committing: list[_Job] = []
        self._is_arranged, self._begun = False, 0.0
        self._latency_s = 0.0
        self.is_paced = True
        """Whether calls are let go evenly: then transactions follow each other fast; what they hold back is sent in clumps."""
        self._commits: queue.SimpleQueue[asyncio.AbstractEventLoop | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._commit, name="ledger", daemon=True)
        self._thread.start()

    def _prepare(self, data: Path) -> None:
        self._reader.executescript("pragma journal_mode=wal;" + _SCHEMA)
        if "checksum" not in {row[1] for row in self._reader.execute("pragma table_info(calls)")}:
            self._reader.execute("alter table calls add column checksum text")
        self._reader.execute("update calls set status = 'unresolved' where status = 'reserved'")
        self._rebuild(data)
        self._writer.execute("pragma synchronous=full")

    def _rebuild(self, data: Path) -> None:
        """What the run's shards say that its calls cost, where this book holds none of them: somebody lost it."""
        if store_url(data) is None and not (data / "commits" / self._run_id).exists():
            return
        if self._reader.execute("select 1 from calls where run_id = ? limit 1", (self._run_id,)).fetchone():
            return
        from factory.sending.rebuilt import rows_of  # noqa: PLC0415 - pyarrow, and seldom needed

        rows = rows_of(data, self._run_id)
        self._reader.executemany(
            "insert or ignore into calls (key, attempt, run_id, order_id, step, purpose, model, status, cost_cny, input_tokens, "
            "output_tokens, refusals, latency_s, reserved_at) values (?, ?, ?, ?, ?, ?, ?, 'kept', ?, ?, ?, ?, ?, ?)",
            rows,
        )
        if rows:
            print_line(
                f"{self._path} held nothing of {self._run_id}: {len(rows)} calls, {self._past().paid_cny:.4f} CNY, are counted "
                "again from its shards; what was paid for and not committed is not among them."
            )

    def _keys(self) -> Iterator[str]:
        """Every key in the book. One that is no text any more is nobody's: its call is asked again, the others stay."""
        for (key,) in self._reader.execute("select cast(key as blob) from calls"):
            yield str(key or b"", errors="replace")

    def _past(self) -> Past:
        """CNY of this run, unresolved reservations at their worst included: BUDGET caps one run's plan."""
        paid, unresolved, overrun, answered = self._reader.execute(
            "select coalesce(sum(case when status in ('kept', 'unreadable') then cost_cny end), 0), "
            "coalesce(sum(case when status = 'unresolved' then worst_cny end), 0), "
            "coalesce(max(case when worst_cny > 0 and status in ('kept', 'unreadable') then cost_cny / worst_cny end), 0), "
            "count(case when status = 'kept' then 1 end) from calls where run_id = ?",
            (self._run_id,),
        ).fetchone()
        return Past(float(paid), float(unresolved), float(overrun), answered > 0)

    def _check_priced(self, budget_cny: float | None) -> None:
        """Raises UsageError where a cap meets calls of this run whose cost nobody knows: unknown is not zero."""
        [(unpriced,)] = self._reader.execute(
            "select count(*) from calls where run_id = ? and case when status = 'unresolved' then worst_cny is null "
            "when status in ('kept', 'unreadable') then cost_cny is null else false end",
            (self._run_id,),
        ).fetchall()
        if budget_cny is not None and unpriced:
            raise UsageError(
                f"{unpriced} calls of this run were made at an unknown price, so BUDGET={budget_cny:g} cannot be kept here: go on "
                "without BUDGET (YES=1), or start again in another DATA=folder with PRICE_IN and PRICE_OUT."
            )

    def spent(self) -> tuple[float, float]:
        """(spent, reserved) in CNY."""
        return self._purse.spent, self._purse.reserved

    async def replay(self, key: str) -> KeptCall | None:
        """The kept answer of this very call, if there is one that can be taken.

        One that is not what was kept is marked unreadable: it stays paid for, and is asked again. Raises DiskTrouble.
        """
        if key not in self._seen:
            return None
        try:
            row = self._reader.execute(
                "select attempt, raw, input_tokens, output_tokens, cost_cny, reserved_at, checksum from calls "
                "where key = ? and status = 'kept' and raw is not null",
                (key,),
            ).fetchone()
            if row is None:
                return None
            if row[6] is None or row[6] == checksum(bytes(row[1])):
                return KeptCall(row[0], bytes(row[1]), row[2], row[3], row[4], datetime.fromisoformat(row[5]))
        except sqlite3.Error as error:
            raise trouble(self._path, error) from error
        except (TypeError, ValueError):  # damaged: it is asked for again
            return None
        await self.mark_unreadable(key, row[0])
        return None

    async def reserve(self, call: Reservation) -> int:
        """Put the worst case aside, durably, before the call is sent; returns the attempt's number.

        Raises MoneyInFlight while calls in flight may give enough back: give the slot back and ``afford`` it first. Raises
        BudgetExhausted when the cap could be passed all the same.
        """
        worst_cny = call.worst_cny
        self._purse.reserve(worst_cny or 0.0)
        try:
            await self._granted.cover(self._purse.spent + self._purse.reserved)
        except BaseException:
            self._purse.settle(worst_cny or 0.0, 0.0)
            raise
        self._seen.add(call.key)
        now = datetime.now(UTC).isoformat()
        sql = (
            "insert into calls (key, attempt, run_id, order_id, step, purpose, model, status, worst_cny, reserved_at) "
            "select ?, coalesce(max(attempt), -1) + 1, ?, ?, ?, ?, ?, 'reserved', ?, ? from calls where key = ? returning attempt"
        )
        worst = self._scaled(worst_cny)
        values = (call.key, self._run_id, call.order_id, call.step, call.purpose, call.model, worst, now, call.key)
        rows = await self._do(sql, values)
        return int(rows[0][0])

    def _scaled(self, worst_cny: float | None) -> float | None:
        return worst_cny * self._purse.scale if worst_cny is not None else None

    async def afford(self, worst_cny: float | None) -> None:
        """Wait, outside any slot, until calls in flight have given back enough. Raises BudgetExhausted."""
        await self._purse.afford(worst_cny or 0.0)

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
        """Write the raw answer and settle; when this returns, no kill can lose it.

        Returns what is booked: ``cost_cny``, or where that is not known the reservation.
        """
        self._latency_s += (latency_s - self._latency_s) / LATENCY_OVER
        booked = cost_cny if cost_cny is not None else self._scaled(worst_cny)
        sql = (
            "update calls set status = 'kept', raw = ?, input_tokens = ?, output_tokens = ?, cost_cny = ?, refusals = ?, "
            "latency_s = ?, settled_at = ?, checksum = ? where key = ? and attempt = ?"
        )
        now = datetime.now(UTC).isoformat()
        tokens = (_countable(input_tokens), _countable(output_tokens))
        self._purse.measured(worst_cny or 0.0, cost_cny or 0.0)
        values = (raw, *tokens, booked, refusals, latency_s, now, checksum(raw), key, attempt)
        await self._do(sql, values)
        self._purse.settle(worst_cny or 0.0, booked or 0.0)
        return booked

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
        """What a kept answer cost, where only reading it told; until then ``counted_cny`` counted."""
        sql = "update calls set input_tokens = ?, output_tokens = ?, cost_cny = ? where key = ? and attempt = ?"
        await self._do(sql, (_countable(input_tokens), _countable(output_tokens), cost_cny, key, attempt))
        self._purse.measured(counted_cny or 0.0, cost_cny or 0.0)
        self._purse.correct((cost_cny or 0.0) - (counted_cny or 0.0))

    async def mark_unreadable(self, key: str, attempt: int, reason: str = "") -> None:
        """A kept answer that is no completion: it stays, as paid for, and is never replayed. The first one is told."""
        await self._do("update calls set status = 'unreadable' where key = ? and attempt = ?", (key, attempt))
        if not self._told_unreadable:
            self._told_unreadable = True
            print_line(
                f"An answer that was paid for cannot be read ({quoted(reason) or 'no completion'}): it is marked and asked for "
                "again, as will be others; `chidian calls` lists them."
            )

    async def void(self, key: str, attempt: int, *, worst_cny: float | None) -> None:
        """Give a reservation back: the attempt was certainly not served."""
        await self._do("update calls set status = 'void' where key = ? and attempt = ?", (key, attempt))
        self._purse.settle(worst_cny or 0.0, 0.0)

    async def lost(self, key: str, attempt: int, *, worst_cny: float | None) -> None:
        """An attempt that may have been served although no answer came: it counts as spent."""
        worst = self._scaled(worst_cny)
        sql = "update calls set status = 'unresolved', worst_cny = ? where key = ? and attempt = ?"
        await self._do(sql, (worst, key, attempt))
        self._purse.lose(worst_cny or 0.0)

    async def open_orders(self, orders: list[tuple[str, int]]) -> None:
        """Record orders (id, slots) as opened, before anything is paid for them."""
        now = datetime.now(UTC).isoformat()
        packed = orjson.dumps(orders).decode()
        sql = "insert or ignore into opened select ?, value ->> 0, value ->> 1, ? from json_each(?)"
        await self._do(sql, (self._run_id, now, packed))

    async def _do(self, sql: str, values: tuple[Any, ...]) -> list[Any]:
        """The statement's rows, once its transaction is on the disk. Raises DiskTrouble."""
        loop = asyncio.get_running_loop()
        job = _Job(sql, values, loop.create_future())
        self._queued.append(job)
        self._arrange(loop)
        return await job.future

    def _arrange(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin the next transaction, of all that is queued by then, when it is time and the last one is on the disk."""
        if self._committing or self._is_arranged or not self._queued:
            return
        self._is_arranged = True
        due = self._begun + (LEAST_GATHER_S if self.is_paced else gather_s(self._latency_s))
        if due > loop.time():
            loop.call_at(due, self._begin)
        else:
            loop.call_soon(self._begin)

    def _begin(self) -> None:
        if self._closed:  # which wrote what was queued
            return
        self._is_arranged, self._begun = False, asyncio.get_running_loop().time()
        batch, self._queued = self._queued, []
        try:
            self._writer.execute("begin immediate")
            for job in batch:
                job.rows = self._writer.execute(job.sql, job.values).fetchall()
        except (sqlite3.Error, OverflowError, ValueError) as error:  # whatever it is, nobody must wait for ever
            self._end(batch, error)
            return
        self._committing = batch
        self._commits.put(asyncio.get_running_loop())

    def _commit(self) -> None:
        """The thread: it only waits for the disk."""
        while (loop := self._commits.get()) is not None:
            problem: sqlite3.Error | None = None
            try:
                self._writer.execute("commit")
            except sqlite3.Error as error:
                problem = error
            loop.call_soon_threadsafe(self._committed, problem)

    def _committed(self, problem: sqlite3.Error | None) -> None:
        if self._closed:
            return
        batch, self._committing = self._committing, []
        self._end(batch, problem)
        self._arrange(asyncio.get_running_loop())

    def _end(self, batch: list[_Job], problem: Exception | None) -> None:
        """Tell the callers."""
        if self._writer.in_transaction:
            self._writer.execute("rollback")
        for job in batch:
            if job.future.done():  # its caller was cancelled
                continue
            if problem is None:
                job.future.set_result(job.rows)
            else:
                job.future.set_exception(trouble(self._path, problem))

    def close(self) -> None:
        """Finish what is under way and what is queued (an answer that has come is paid for), and let go of the folder."""
        self._commits.put(None)
        self._thread.join()
        self._closed = True
        with suppress(sqlite3.Error):  # the disk's trouble has been told by now
            self._writer.execute("begin immediate")
            for job in self._queued:
                self._writer.execute(job.sql, job.values)
            self._writer.execute("commit")
        self._writer.close()
        self._reader.close()
        self._hold.close()


def gather_s(latency_s: float) -> float:
    """Seconds between the beginnings of two transactions, where answers take so long and nothing paces calls."""
    return min(MOST_GATHER_S, max(LEAST_GATHER_S, GATHER_SHARE * latency_s))


@dataclass(slots=True)
class _Job:
    sql: str
    values: tuple[Any, ...]
    future: asyncio.Future[list[Any]]
    rows: list[Any] = field(default_factory=list)


def _countable(tokens: int | None) -> int | None:
    return tokens if tokens is not None and 0 <= tokens < MOST_TOKENS else None
