"""``chidian calls``: the answers that were paid for, as the ledger holds them; ``chidian calls drop KEY`` has one asked for again.

A dropped answer stays, and what it cost counts; it is only never taken again.
"""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from factory.errors import DiskTrouble, UsageError
from factory.run.folder_lock import hold_folder
from factory.settings import Values, of_factory, of_train
from factory.shown_text import print_line
from factory.sqlite_file import open_file, open_to_read
from factory.wire_text import snippet

SHOWN = 20
"""Calls that are listed without LIMIT, the newest first."""
_LIST = (
    "select key, attempt, status, run_id, order_id, step, purpose, model, cost_cny, worst_cny, raw, reserved_at from calls "
    "where (? is null or status = ?) and (? is null or run_id = ?) order by reserved_at desc, key, attempt limit ?"
)


def main(values: Values) -> int:
    """Raises UsageError and DiskTrouble."""
    data = values[of_factory.DATA]
    path = data / "calls.sqlite"
    if not path.exists():
        raise UsageError(f"There is no {path}: nothing was asked there yet.")
    try:
        match values.rest:
            case () | ("list",):
                limit = values[of_train.LIMIT] or SHOWN
                return _list(path, values[of_factory.STATUS], values[of_factory.RUN], limit)
            case ("drop", *keys) if len(keys) <= 1:
                return _drop(data, path, keys[0] if keys else None)
            case other:
                raise UsageError(f"There is no `chidian calls {' '.join(other)}`: list them, or drop KEY.")
    except sqlite3.Error as error:
        raise DiskTrouble(f"{path} cannot be read ({error}).") from error


def _list(path: Path, status: str | None, run: str | None, limit: int) -> int:
    with closing(open_to_read(path)) as book:
        rows = book.execute(_LIST, (status, status, run, run, limit)).fetchall()
        counts = book.execute(
            "select status, count(*) from calls where (? is null or run_id = ?) group by 1 order by 1", (run, run)
        ).fetchall()
    for row in rows:
        print_line(_line(*row), sys.stdout)
    told = ", ".join(f"{number} {name}" for name, number in counts) or "none"
    print_line(
        f"calls: {told}. `chidian calls drop KEY` has an answer asked for again; what it cost counts all the same."
    )
    return 0


def _line(
    key: str,
    attempt: int,
    status: str,
    run: str,
    order: str,
    step: int,
    purpose: str,
    model: str,
    cost: float | None,
    worst: float | None,
    raw: Any,
    when: str,
) -> str:
    paid = cost if status in {"kept", "unreadable"} else worst if status in {"unresolved", "reserved"} else 0.0
    money = "price unknown" if paid is None else f"{paid:.6f} CNY"
    beginning = snippet(bytes(raw), 60) if isinstance(raw, bytes) else "no answer here"
    return f"{key}:{attempt} {status} {when[:19]} {run} {order} step {step} {purpose} {model} {money} | {beginning}"


def _drop(data: Path, path: Path, key: str | None) -> int:
    name = (key or "").partition(":")[0]
    if len(name) < 6:
        raise UsageError(
            "Name the answer: chidian calls drop KEY (at least 6 characters of it, as `chidian calls` shows it)."
        )
    with closing(hold_folder(data)), closing(open_file(path)) as book:
        sql = "select distinct key from calls where substr(key, 1, ?) = ? and status = 'kept'"
        keys = [row[0] for row in book.execute(sql, (len(name), name))]
        if len(keys) != 1:
            keys_matched = "no kept answer" if not keys else f"{len(keys)} kept answers"
            raise UsageError(
                f"{keys_matched} under {name}: give one whole key, as `chidian calls --status kept` shows it."
            )
        book.execute("update calls set status = 'unreadable' where key = ? and status = 'kept'", (keys[0],))
    print_line(f"{keys[0]} is dropped: the same command asks for it again; what it cost counts all the same.")
    return 0
