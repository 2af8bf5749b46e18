"""``python -m warehouse forget RUN``: remove a run's content everywhere, as a licence or a law may ask."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from factory.commit.commit import CommitKind
from factory.commit.schema import SHARDS
from factory.commit.store import Store, open_store
from factory.errors import DiskTrouble, UsageError
from factory.run.folder_lock import hold_folder
from factory.sqlite_file import open_file
from warehouse.catalogue import refresh
from warehouse.export import forget_exports


def forget(data: Path, run: str) -> list[str]:
    """Shards, commits, plan, exports, reports, kept calls and map answers; then the file is rebuilt. Returns what went, in words.

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
        for made in _made_from(store, run):
            gone += store.forget(made)
        gone += store.forget(run)
        # The ablation's folder links every run's shards; it can be made again.
        for folder in (data / "models" / run, data / "ablation", *_reports(data, run)):
            if folder.exists():
                shutil.rmtree(folder)
                gone.append(str(folder))
        plan.unlink(missing_ok=True)
        gone.append(str(plan))
        gone += _rows(data / "calls.sqlite", _CALLS, {"run": run})
        gone += _rows(data / "map.sqlite", ("delete from answers",), {})
        # The index is a cache of commits; the next run rebuilds it.
        for name in ("admission.sqlite", "admission.sqlite-wal", "admission.sqlite-shm"):
            (data / name).unlink(missing_ok=True)
    except (OSError, sqlite3.Error) as error:
        raise DiskTrouble(f"{data}: not everything could be removed ({error}); run the same command again.") from error
    return gone


def _made_from(store: Store, run: str) -> Iterator[str]:
    """Answers and verdicts that hold rows of the run: their questions show its evidence.

    They go whole, since a commit never changes: what they hold of other runs, `make train` and `make judge` make again.
    """
    for made in store.runs():
        for commit in store.commits(made):
            if commit.kind not in {CommitKind.COMPLETIONS, CommitKind.VERDICTS}:
                break
            files = (file for file in commit.files if "run_id" in SHARDS[file.kind].names)
            if any(run in store.read(file, ["run_id"])["run_id"].to_pylist() for file in files):
                yield made
                break


def _reports(data: Path, run: str) -> Iterator[Path]:
    """The run's own, and every other folder of reports that names it."""
    for folder in sorted((data / "reports").glob("*/")):
        if folder.name == run or any(run.encode() in path.read_bytes() for path in folder.rglob("*") if path.is_file()):
            yield folder


_CALLS = (
    # An item to be judged or answered is named for its order, and an order for its run.
    "delete from calls where run_id = :run or instr(order_id, :run || '-')",
    "delete from opened where run_id = :run",
)


def _rows(path: Path, statements: tuple[str, ...], values: dict[str, str]) -> list[str]:
    if not path.exists():
        return []
    with closing(open_file(path)) as book:
        counts = [book.execute(statement, values).rowcount for statement in statements]
        # Deleted rows stay readable in the file until it is rewritten and the log is folded in.
        book.execute("vacuum")
        book.execute("pragma wal_checkpoint(truncate)")
    return [f"{sum(counts)} rows of {path}"]
