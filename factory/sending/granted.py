"""What a run in an object store may have spent, kept in the store's lease: a lost account book must not start the cap at nothing.

The sum stands there before calls exceed it, in steps, so that few calls wait for the store. A run whose book is gone counts all
of it as spent: what was paid and not committed is in it, and what was never called for, too.
"""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
from datetime import UTC, datetime

from factory.commit.store_lease import Grant, StoreLease
from factory.shown_text import print_line

STEP = 0.05
"""Of BUDGET (without one, of the sum itself): how much more is granted at once, and at most lost with a working folder."""
LEAST_CNY = 0.05
_BOOK = "create table if not exists book (id text not null)"


class Granted:
    """The sum of one run; without a lease there is nothing to do. ``book``: the open account book. Raises sqlite3.Error."""

    def __init__(
        self, lease: StoreLease | None, run_id: str, budget_cny: float | None, book: sqlite3.Connection
    ) -> None:
        self._lease, self._run, self._budget = lease, run_id, budget_cny
        self._cny = 0.0
        self._raising: asyncio.Task[None] | None = None
        if lease is None:
            return
        self._book = _identity(book)
        grant = lease.granted(run_id)
        if grant is None:
            return
        if grant.book == self._book:
            self._cny = grant.cny
        else:
            self._count_as_spent(book, grant.cny)

    def _count_as_spent(self, book: sqlite3.Connection, cny: float) -> None:
        """An entry for what the lease granted to a lost book beyond what this one knows."""
        [(spent_cny,)] = book.execute(
            "select coalesce(sum(case when status = 'unresolved' then worst_cny when status in ('kept', 'unreadable') "
            "then cost_cny end), 0) from calls where run_id = ?",
            (self._run,),
        ).fetchall()
        if cny <= spent_cny:
            return
        book.execute(
            "insert into calls (key, attempt, run_id, order_id, step, purpose, model, status, worst_cny, reserved_at) "
            "values (?, 0, ?, '', 0, 'lost account book', '', 'unresolved', ?, ?)",
            (f"lease {secrets.token_hex(8)}", self._run, cny - spent_cny, datetime.now(UTC).isoformat()),
        )
        print_line(
            f"Another account book of {self._run} is gone: {cny:.4f} CNY may have been spent by it, of which {spent_cny:.4f} "
            "are in the shards; all of it counts."
        )

    async def cover(self, cny: float) -> None:
        """Wait until the store says that so much may be spent. Raises RunStopped and its kin.

        More is asked for when half of a step is left: calls that wait for the store are sent all at once.
        """
        if self._lease is None:
            return
        while cny > self._cny:
            await asyncio.shield(self._raising or self._raise(self._lease, cny))
        if self._raising is None and cny > self._cny - self._step(cny) / 2 and self._most(cny) > self._cny:
            self._raise(self._lease, cny)

    def _step(self, cny: float) -> float:
        return max(STEP * (self._budget or cny), LEAST_CNY)

    def _most(self, cny: float) -> float:
        """What is asked for where so much is needed."""
        more = cny + self._step(cny)
        return more if self._budget is None else max(cny, min(more, self._budget))

    def _raise(self, lease: StoreLease, cny: float) -> asyncio.Task[None]:
        """Have more granted; whoever cannot do without it hears what failed, or the next one does."""
        self._raising = asyncio.create_task(self._grant(lease, self._most(cny)))
        self._raising.add_done_callback(lambda task: task.cancelled() or task.exception())
        return self._raising

    async def _grant(self, lease: StoreLease, cny: float) -> None:
        try:
            await asyncio.to_thread(lease.grant, self._run, Grant(self._book, cny))
            self._cny = cny
        finally:
            self._raising = None


def _identity(book: sqlite3.Connection) -> str:
    book.execute(_BOOK)
    row = book.execute("select id from book").fetchone()
    if row is None:
        row = (secrets.token_hex(16),)
        book.execute("insert into book values (?)", row)
    return str(row[0])
