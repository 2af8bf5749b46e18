"""Commits into one DuckDB file: built aside, put in place atomically, so that nobody ever holds the file open for writing.

A refresh copies the file it replaces and adds only what new commits name. The tables stand under the views; the file
needs neither the shards nor a working directory.
"""

from __future__ import annotations

import fcntl
import math
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib import resources
from pathlib import Path
from typing import Final, NamedTuple

import duckdb

from factory.commit.store import Store, open_store
from factory.commit.working_folder import missing_warehouse, store_url
from factory.errors import DamagedFile, DiskTrouble
from warehouse.duplicates import find_duplicates, set_threshold
from warehouse.integrity import is_held, kept_files, loaded_rows, unreadable
from warehouse.loading import create_tables, fingerprint_old_rows, load_book, load_commits, load_plans

FILE = "warehouse.duckdb"
MEMORY_MB: Final = (64, 1024)
"""What DuckDB may hold during a refresh; beyond it, it spills to DATA, so that a run's memory does not grow with its file.
Rows much heavier than a map's usual ones may not fit: a refresh that runs out of memory is made once more, with ample."""
AT_ONCE: Final = 25_000
"""New samples that a refresh loads and compares before it takes the next ones: on a busy machine it may find half a million."""
STORAGE: Final = "v1.2.0"
"""The format that DuckDB clients from 1.2 read; without it the newest one is written, which only the newest read."""
LAYOUT: Final = 2
"""Raised when tables change in a way that a refresh cannot bring up: the file is then made anew."""
ROW_GROUP = 2048
"""Rows that DuckDB compresses together, the fewest it allows: a row of orders holds some 40 KB of evidence and messages."""
VIEWS = (
    "samples",
    "claims",
    "rejects",
    "ledger",
    "rejects_by_reason",
    "coverage",
    "usage",
    "calls",
    "attempts",
    "clauses",
    "returns_by_reason",
    "first_tries",
    "runs",
    "sft_rows",
    "left_out",
    "order_yield",
    "sft_train",
    "sft_validation",
    "sft_open_rows",
    "sft_open_train",
    "sft_open_validation",
    "completions",
    "measures",
    "measure_summary",
    "rubrics",
    "all_verdicts",
    "verdicts",
    "scores",
    "pairs",
)


def sql_file(folder: str, name: str) -> str:
    """The text of one .sql file of this room."""
    place = resources.files("warehouse")
    return (place.joinpath(folder) if folder else place).joinpath(f"{name}.sql").read_text(encoding="utf-8")


class Refreshed(NamedTuple):
    """What a refresh did, its seconds, and why it was made a second time; empty where it was not."""

    commits: int
    dropped: int
    copy_s: float
    load_s: float
    dedupe_s: float
    again: str = ""


def refresh(data: Path, *, rebuild: bool = False) -> int:
    """Load what is new; returns how many commits that were. Raises DiskTrouble."""
    return refresh_file(data, rebuild=rebuild).commits


def _quoted(path: Path) -> str:
    """A path inside an SQL string."""
    return str(path).replace("'", "''")


def refresh_file(data: Path, *, rebuild: bool = False) -> Refreshed:
    """Copy the file aside, load and compare what is new, put it in place; waits for a refresh at work. Raises DiskTrouble.

    A file that is damaged, of another layout, or holds units that are gone is made anew from the shards.
    """
    try:
        with no_refresh(data):
            if rebuild or not (data / FILE).exists():
                return _within_memory(data, anew=True)
            try:
                return _within_memory(data, anew=False)
            except _OutdatedError:
                return _within_memory(data, anew=True)._replace(
                    again="anew: the file was of another layout or other units"
                )
            except duckdb.Error as error:
                if _is_short_of_disk(error):
                    raise
                # The copy may hold what its file's reader never looked at.
                return _within_memory(data, anew=True)._replace(again=f"anew: {_first_line(error)}")
    except (duckdb.Error, OSError, sqlite3.Error) as error:
        raise _trouble(data, error) from error


def _within_memory(data: Path, *, anew: bool) -> Refreshed:
    tight, ample = MEMORY_MB
    try:
        return _refresh(data, anew=anew, memory_mb=tight)
    except duckdb.Error as error:
        if not _is_short_of_memory(error):
            raise
        return _refresh(data, anew=anew, memory_mb=ample)._replace(again=f"with {ample} MB: {_first_line(error)}")


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]


class _OutdatedError(Exception):
    """The file cannot be gone on with."""


def _must_go_on(connection: duckdb.DuckDBPyConnection, store: Store) -> None:
    """Raises _OutdatedError unless the copied file is of this layout and every unit in it still has its commit.

    Also raises duckdb.Error, when it is damaged.
    """
    layout = "select count(*) from duckdb_tables() where table_name = 'layout' and database_name = 'building'"
    if connection.execute(layout).fetchone() != (1,):
        raise _OutdatedError
    if connection.execute("select max(version) from layout").fetchone() != (LAYOUT,):
        raise _OutdatedError
    loaded = {tuple(row) for row in connection.execute("select run_id, unit from loaded").fetchall()}
    if not loaded <= {(run, unit) for run in store.runs() for unit in store.units(run)}:
        raise _OutdatedError


def _drop_stale_wal(path: Path) -> None:
    """Nobody writes into our file in place, so a log beside it is a client's, of a file that was replaced or of notes of its own.

    With it a client would refuse the file, or show another one than was built.
    """
    wal = path.with_name(path.name + ".wal")
    if wal.is_dir() and not wal.is_symlink():
        shutil.rmtree(wal)
    else:
        wal.unlink(missing_ok=True)


@contextmanager
def no_refresh(data: Path) -> Iterator[None]:
    """One refresh of a folder at a time, whoever starts it: of two, the one that began first could end last, with less in it.

    Nor a packing, which deletes the files that a refresh or a check may be about to open. Raises OSError.
    """
    if store_url(data) is not None:
        data.mkdir(parents=True, exist_ok=True)  # a bucket may be read where nothing of it ever was
    path = data / ".warehouse.lock"
    if path.is_dir():
        raise DamagedFile(
            str(path), "a folder stands where the file belongs", "delete it and run the same command again."
        )
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # it goes with the process, however that ends
        yield


def _is_short_of_disk(error: duckdb.Error) -> bool:
    return any(words in str(error).lower() for words in ("no space left", "disk full", "read-only file system"))


def _is_short_of_memory(error: duckdb.Error) -> bool:
    """DuckDB's own error, or another that advises a higher limit: a commit or a checkpoint wraps what failed in it."""
    return isinstance(error, duckdb.OutOfMemoryException) or "memory_limit" in str(error)


def _refresh(data: Path, *, anew: bool, memory_mb: int) -> Refreshed:
    target = data / FILE
    aside = data / f".{FILE}.building"
    start = time.monotonic()
    if target.is_dir():
        raise OSError(f"a folder stands where the file belongs: move {target} away")
    try:
        _sweep(data)
        if not anew:
            shutil.copyfile(target, aside)
        copied = time.monotonic()
        with _building(data, aside, memory_mb) as connection:
            store = open_store(data)
            if not anew:
                _must_go_on(connection, store)
            create_tables(connection, sql_file("", "tables"))
            connection.execute("delete from layout")
            connection.execute("insert into layout values (?)", [LAYOUT])
            commits = dropped = 0
            compare_s = 0.0
            for new in load_commits(connection, store, math.inf if anew else AT_ONCE):
                commits += new
                loaded = time.monotonic()
                fingerprint_old_rows(connection)
                dropped += find_duplicates(connection, sql_file, rebuilt=anew)
                compare_s += time.monotonic() - loaded
                _attach_again(connection, aside)
            load_plans(connection, data)
            load_book(connection, data)
            for view in VIEWS:
                connection.execute(sql_file("views", view))
            connection.execute("checkpoint")
        with aside.open("rb") as file:
            os.fsync(file.fileno())
        _drop_stale_wal(target)  # before, so that no reader ever sees it beside the new file
        aside.replace(target)
    finally:
        for leftover in (aside, aside.with_name(aside.name + ".wal")):
            leftover.unlink(missing_ok=True)
    insert = time.monotonic() - copied - compare_s
    return Refreshed(commits, dropped, copied - start, insert, compare_s)


@contextmanager
def _building(data: Path, aside: Path, memory_mb: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """The file aside, attached and in use, for as long as it is built; what DuckDB spills goes with it."""
    spill = data / f".{FILE}.spill"
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{memory_mb}MB",
        "threads": "1",
        "temp_directory": str(spill),
    }
    try:
        with duckdb.connect(":memory:", config=config) as connection:
            connection.execute("set enable_progress_bar = false")
            # A checkpoint would merge what several refreshes added into full row groups, with 2,048 orders in memory at once
            # (80 MB beside the limit); unmerged, the file is smaller, too, and its refresh takes half the CPU.
            connection.execute("set max_vacuum_tasks = 0")
            _attach(connection, aside)
            yield connection
    finally:
        shutil.rmtree(spill, ignore_errors=True)


def _attach(connection: duckdb.DuckDBPyConnection, aside: Path) -> None:
    connection.execute(
        f"attach '{_quoted(aside)}' as building (row_group_size {ROW_GROUP}, storage_version '{STORAGE}')"
    )
    connection.execute("use building")


def _attach_again(connection: duckdb.DuckDBPyConnection, aside: Path) -> None:
    """Let go of what an attached file keeps, beside its buffers, of all that was written since: 10 MB for 25,000 samples."""
    connection.execute("checkpoint")
    connection.execute("use memory")
    connection.execute("detach building")
    _attach(connection, aside)


def _sweep(data: Path) -> None:
    """Remove what a refresh that was killed left beside the file."""
    for path in data.glob(f".{FILE}.*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _trouble(data: Path, error: Exception) -> DiskTrouble:
    if not data.exists():
        return DiskTrouble(
            f"DATA={data} was moved, deleted or unmounted while the warehouse was refreshed: bring it back."
        )
    reason = str(error).strip().partition("\n")[0].rstrip(".")  # DuckDB draws the place in its SQL below
    return DiskTrouble(
        f"{data / FILE} cannot be refreshed ({reason}): free space or repair what that names, then run the same command again; "
        "commits and shards are as they were, and `make warehouse` checks them."
    )


def check(data: Path) -> list[tuple[str, int, str]]:
    """Run every check; returns (name, offending rows, first of them). A file that is not whole is one entry each."""
    with ExitStack() as stack:
        if os.access(data, os.W_OK):  # elsewhere nobody packs either
            stack.enter_context(no_refresh(data))
        return _check(data)


def _check(data: Path) -> list[tuple[str, int, str]]:
    damages, whole = kept_files(data)
    try:
        with open_reader(data) as connection:
            damages += loaded_rows(connection, data, whole)
            results = _sql_checks(connection)
    except duckdb.Error as error:
        results = [("warehouse_is_readable", 1, str(unreadable(data, error)))]
    except DiskTrouble as error:
        results = [("warehouse_is_readable", 1, str(error))]
    files = [("files_are_whole", 1, str(damage)) for damage in damages] or [("files_are_whole", 0, "")]
    return files + results


def _sql_checks(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, int, str]]:
    results = []
    set_threshold(connection)
    folder = resources.files("warehouse").joinpath("checks")
    for name in sorted(path.name.removesuffix(".sql") for path in folder.iterdir() if path.name.endswith(".sql")):
        rows = connection.execute(sql_file("checks", name)).fetchall()
        results.append((name, len(rows), str(rows[0]) if rows else ""))
    return results


@contextmanager
def open_reader(data: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The file, read-only; what goes wrong while it is read is a sentence, too. Raises DiskTrouble."""
    path = data / FILE
    if not path.exists():
        raise DiskTrouble(missing_warehouse(data))
    try:
        connection = connect_file(path)
    except duckdb.Error as error:
        raise unreadable(data, error) from error
    with connection:
        try:
            yield connection
        except duckdb.Error as error:
            raise unreadable(data, error) from error


def connect_file(path: Path) -> duckdb.DuckDBPyConnection:
    """The file, read-only. Raises duckdb.Error."""
    try:
        return duckdb.connect(str(path), read_only=True)
    except duckdb.Error as error:
        if is_held(error) or not path.with_name(path.name + ".wal").exists():
            raise
        _drop_stale_wal(path)  # a client left it beside the file that this one replaced
        return duckdb.connect(str(path), read_only=True)
