"""What is lost or altered in a DATA, file by file: commits, shards, plans, account books, and the DuckDB file against its shards.

Part of ``warehouse check``. Every damage names a file, says what is wrong with it and what to do; nothing is changed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa

from factory.commit.commit import Commit, CommitKind
from factory.commit.schema import SHARDS
from factory.commit.store import Store, open_store
from factory.errors import DamagedFile, DiskTrouble
from factory.plan.plan_file import PlanFolder
from factory.sending.book_trouble import WAY_BACK
from factory.sqlite_file import open_to_read
from warehouse.loading import sql_type

REBUILD: Final = "make it anew from the shards: `make warehouse REBUILD=1`."
_REMADE: Final = {"text_hash", "grams", "near_bands", "gram_bits", "fingerprint_version"}
"""Columns that a refresh may make again (warehouse/loading.py)."""
_KEYS: Final = {"samples": "sample_id", "orders": "order_id", "completions": "completion_id", "calls": "key"}
_BOOKS: Final = {
    "calls.sqlite": WAY_BACK,
    "map.sqlite": "delete it: the map is asked again for what is still needed.",
    "admission.sqlite": "delete it: commits rebuild it.",
}


@dataclass(frozen=True, slots=True)
class Damage:
    """One file that is not whole."""

    file: str
    wrong: str
    remedy: str

    def __str__(self) -> str:
        """As one sentence."""
        return f"{self.file} is damaged ({self.wrong}): {self.remedy}"


def kept_files(data: Path) -> tuple[list[Damage], list[Commit]]:
    """What is wrong with plans, account books, commits and shards; and the commits that are whole, with all their shards."""
    damages = [*_plans(data), *_books(data)]
    store, whole = open_store(data), []
    for run in store.runs():
        commits: list[Commit] = []
        for unit in store.units(run):
            try:
                commits.append(store.commit(run, unit))
            except DamagedFile as error:
                damages.append(_damage(error))
        damages += _gaps(data, run, commits)
        for commit in commits:
            torn = list(_shards(store, commit))
            damages += torn
            whole += [] if torn else [commit]
    return list(dict.fromkeys(damages)), whole  # a pack's record is asked for by all its shards


def _damage(error: DamagedFile) -> Damage:
    return Damage(error.file, error.wrong, error.remedy)


def _plans(data: Path) -> Iterator[Damage]:
    folder = PlanFolder(data, keeps=False)
    for path in sorted(folder.path.glob("*.json")):
        try:
            folder.examine(path.name)
        except DamagedFile as error:
            yield _damage(error)


def _books(data: Path) -> Iterator[Damage]:
    for name, remedy in _BOOKS.items():
        path = data / name
        if not path.exists():
            continue
        try:
            with closing(open_to_read(path)) as book:
                [(word,), *_] = book.execute("pragma integrity_check(1)").fetchall()
        except sqlite3.Error as error:
            word = str(error)
        if word != "ok":
            yield Damage(str(path), str(word).partition("\n")[0], remedy)


def _gaps(data: Path, run: str, commits: list[Commit]) -> Iterator[Damage]:
    """Orders between two units that no unit holds: a commit is gone."""
    expected = 0
    units = [commit for commit in commits if commit.kind is CommitKind.ORDERS and commit.first_order is not None]
    for commit in sorted(units, key=lambda commit: commit.first_order or 0):
        first = commit.first_order or 0
        if first > expected:
            yield Damage(
                str(data / "commits" / run),
                f"no commit holds its orders {expected} to {first - 1}",
                "restore the commit from a backup, or run the same `make synth` again: they are made again from the kept answers.",
            )
        expected = max(expected, first + commit.orders)


def _shards(store: Store, commit: Commit) -> Iterator[Damage]:
    for file in commit.files:
        try:
            with store.local(file):
                pass
        except DamagedFile as error:
            yield _damage(error)


def loaded_rows(connection: duckdb.DuckDBPyConnection, data: Path, whole: list[Commit]) -> Iterator[Damage]:
    """Where the DuckDB file differs from the commits and shards that it was made from; ``whole`` are those that can be read."""
    store, file = open_store(data), str(data / "warehouse.duckdb")
    held = {tuple(row) for row in connection.execute("select run_id, unit from loaded").fetchall()}
    mine = [commit for commit in whole if (commit.run_id, commit.unit) in held]
    gone = held - {(run, unit) for run in store.runs() for unit in store.units(run)}
    if gone:
        run, unit = min(gone)
        yield Damage(
            str(data / "commits" / str(run) / f"{unit}.json"),
            f"it is gone, and {file} still holds its rows" + (f"; {len(gone) - 1} more are" if len(gone) > 1 else ""),
            "restore it from a backup, or run the same command again and then `make warehouse REBUILD=1`.",
        )
    if len(mine) < len(held):
        return  # rows of units that cannot be read cannot be compared with anything
    for kind in SHARDS:
        difference = _difference(connection, store, mine, kind)
        if difference:
            yield Damage(file, difference, REBUILD)
    states = _states(connection, mine)
    if states:
        yield Damage(file, states, REBUILD)


def _difference(connection: duckdb.DuckDBPyConnection, store: Store, commits: list[Commit], kind: str) -> str | None:
    """In words, how a kind's table differs from its shards; None when it does not."""
    with ExitStack() as stack:
        shards = [shard for commit in commits if (shard := commit.file(kind)) is not None]
        files = [str(stack.enter_context(store.local(shard))) for shard in shards]
        rows = _relation(connection, kind, files)
        names = [field.name for field in SHARDS[kind] if field.name not in _REMADE]
        listed = ", ".join(f'"{name}"' for name in names)
        digest = f"select count(*), coalesce(sum(hash(({listed}))::hugeint), 0) from"
        kept = connection.execute(f"{digest} ({rows})", [files] if files else []).fetchone()
        loaded = connection.execute(f"{digest} {kind}_shard").fetchone()
        if kept == loaded:
            return None
        key = _KEYS.get(kind)
        first = ""
        if key is not None:
            kept_rows, table = f"select {listed} from ({rows})", f"select {listed} from {kind}_shard"
            odd = connection.execute(
                f"select {key} from ({kept_rows} except {table}) union all select {key} from ({table} except {kept_rows}) "
                "order by 1 limit 1",
                [files, files] if files else [],
            ).fetchone()
            first = f", first {odd[0]}" if odd else ""
    counts = f"{(loaded or (0,))[0]} rows where the shards have {(kept or (0,))[0]}"
    return f"its table {kind}_shard is not what the shards hold: {counts}{first}"


def _relation(connection: duckdb.DuckDBPyConnection, kind: str, files: list[str]) -> str:
    """The shards as one relation with all columns; those that older shards lack are NULL."""
    schema = SHARDS[kind]
    if not files:
        return "select " + ", ".join(f'null::{sql_type(field.type)} as "{field.name}"' for field in schema) + " limit 0"
    described = "describe select * from read_parquet(?, union_by_name = true)"
    present = {row[0] for row in connection.execute(described, [files]).fetchall()}
    columns = ", ".join(_column(field, present) for field in schema)
    return f"select {columns} from read_parquet(?, union_by_name = true)"


def _column(field: pa.Field, present: set[Any]) -> str:
    source = f'"{field.name}"' if field.name in present else "null"
    return f'{source}::{sql_type(field.type)} as "{field.name}"'


def _states(connection: duckdb.DuckDBPyConnection, commits: list[Commit]) -> str | None:
    """Whether what was admitted is what the commits admitted."""
    wanted: dict[str, str] = {}
    for commit in sorted(commits, key=lambda commit: commit.kind is CommitKind.PROMOTION):
        for samples, state in (
            (commit.admitted, "accepted"),
            (commit.surplus, "surplus"),
            (commit.dropped, "dropped"),
        ):
            wanted.update(dict.fromkeys(samples, state))
    held = dict(connection.execute("select sample_id, state from states").fetchall())
    odd = sorted(sample for sample in wanted.keys() | held.keys() if wanted.get(sample) != held.get(sample))
    return f"{len(odd)} samples are not in the state that their commits say, first {odd[0]}" if odd else None


def unreadable(data: Path, error: duckdb.Error) -> DiskTrouble:
    """A DuckDB file that an ordinary question cannot be put to: damaged, or made by another version."""
    reason = str(error).partition("\n")[0]
    file = data / "warehouse.duckdb"
    if is_held(error):
        return DiskTrouble(
            f"{file} is held open for writing by another program ({reason}): close it there, or open it read-only."
        )
    return DiskTrouble(f"{file} cannot be read ({reason}): {REBUILD}")


def is_held(error: duckdb.Error) -> bool:
    """Whether another program has the file open for writing; DuckDB has no class of its own for that."""
    return "Could not set lock" in str(error)
