"""``python -m warehouse forget RUN``: remove a run's content everywhere, as a licence or a law may ask."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

from factory.commit.store import Store, open_store
from factory.errors import DiskTrouble, UsageError
from factory.run.folder_lock import hold_folder
from warehouse.catalogue import refresh
from warehouse.export import forget_exports


def forget(data: Path, run: str) -> list[str]:
    """Shards, commits, plan, kept calls and map answers; then the file is rebuilt. Returns what went, in words.

    Raises UsageError when there is no such run, or another one is working in the folder: it would write on.
    """
    store = open_store(data)
    if not (data / "plan" / f"{run}.json").exists() and run not in store.runs():
        raise UsageError(f'There is no run {run} in {data}: `make sql Q="select run_id from runs"` lists them.')
    with hold_folder(data):
        gone = _remove(data, store, run)
        refresh(data, rebuild=True)
    return gone


def _remove(data: Path, store: Store, run: str) -> list[str]:
    gone = forget_exports(data, run)
    plan = data / "plan" / f"{run}.json"
    try:
        # The ablation's folder links every run's shards; it can be made again.
        gone += store.forget(run)
        for folder in (data / "models" / run, data / "reports" / run, data / "ablation"):
            if folder.exists():
                shutil.rmtree(folder)
                gone.append(str(folder))
        plan.unlink(missing_ok=True)
        gone.append(str(plan))
        gone += _rows(
            data / "calls.sqlite", ("delete from calls where run_id = ?", "delete from opened where run_id = ?"), run
        )
        if (data / "map.sqlite").exists():
            with sqlite3.connect(data / "map.sqlite") as answers:
                count = answers.execute("delete from answers").rowcount
            gone.append(f"{count} kept map answers")
        # The index is a cache of commits; the next run rebuilds it.
        for name in ("admission.sqlite", "admission.sqlite-wal", "admission.sqlite-shm"):
            (data / name).unlink(missing_ok=True)
    except (OSError, sqlite3.Error) as error:
        raise DiskTrouble(f"{data}: not everything could be removed ({error}); run the same command again.") from error
    return gone


def _rows(path: Path, statements: tuple[str, ...], run: str) -> list[str]:
    if not path.exists():
        return []
    with sqlite3.connect(path) as book:
        counts = [book.execute(statement, (run,)).rowcount for statement in statements]
    with sqlite3.connect(path, isolation_level=None) as book:
        # Deleted rows stay readable in the file until it is rewritten and the log is folded in.
        book.execute("vacuum")
        book.execute("pragma wal_checkpoint(truncate)")
    return [f"{sum(counts)} rows of {path}"]
