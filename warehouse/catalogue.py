"""Commits into one DuckDB file: built aside, put in place atomically, so that nobody ever holds the file open for writing.

A refresh copies the file it replaces and adds only what new commits name. The tables stand under the views; the file
needs neither the shards nor a working directory.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import duckdb
import orjson

from factory.errors import DiskTrouble
from factory.schema import SHARDS

FILE = "warehouse.duckdb"
VIEWS = (
    "samples",
    "claims",
    "rejects",
    "ledger",
    "rejects_by_reason",
    "coverage",
    "usage",
    "calls",
    "runs",
    "sft_rows",
    "sft_train",
    "sft_validation",
    "sft_open_rows",
    "sft_open_train",
    "sft_open_validation",
    "completions",
    "measures",
    "measure_summary",
    "verdicts",
    "scores",
)


def sql_file(folder: str, name: str) -> str:
    """The text of one .sql file of this room."""
    place = resources.files("warehouse")
    return (place.joinpath(folder) if folder else place).joinpath(f"{name}.sql").read_text(encoding="utf-8")


def refresh(data: Path, *, rebuild: bool = False) -> int:
    """Load what is new; returns how many commits that were. Raises DiskTrouble."""
    target = data / FILE
    aside = data / f".{FILE}.{os.getpid()}"
    try:
        if target.exists() and not rebuild:
            shutil.copyfile(target, aside)
        with duckdb.connect(str(aside)) as connection:
            _create_tables(connection)
            loaded = _load(connection, data)
            _load_plans(connection, data)
            _load_opened(connection, data)
            for view in VIEWS:
                connection.execute(sql_file("views", view))
            connection.execute("checkpoint")
        with aside.open("rb") as file:
            os.fsync(file.fileno())
        aside.replace(target)
    except (duckdb.Error, OSError) as error:
        raise DiskTrouble(
            f"{target} cannot be refreshed ({error}): free space, or rebuild it from the shards with `make warehouse REBUILD=1`."
        ) from error
    finally:
        for leftover in (aside, aside.with_name(aside.name + ".wal")):
            leftover.unlink(missing_ok=True)
    return loaded


def _create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(sql_file("", "tables"))
    for kind, schema in SHARDS.items():
        empty = schema.empty_table()
        connection.register("empty", empty)
        connection.execute(f"create table if not exists {kind}_shard as select * from empty")
        known = {row[0] for row in connection.execute(f"describe {kind}_shard").fetchall()}
        for column, kind_of in connection.execute("select column_name, column_type from (describe empty)").fetchall():
            if column not in known:  # a file made before this column was
                connection.execute(f'alter table {kind}_shard add column "{column}" {kind_of}')
        connection.unregister("empty")


def _load(connection: duckdb.DuckDBPyConnection, data: Path) -> int:
    known = {tuple(row) for row in connection.execute("select run_id, unit from loaded").fetchall()}
    new = [record for record in commits(data) if (record["run_id"], record["unit"]) not in known]
    for kind in SHARDS:
        files = [str(data / record["files"][kind]) for record in new if kind in record.get("files", {})]
        for start in range(0, len(files), 500):
            connection.execute(
                f"insert into {kind}_shard by name select * from read_parquet(?, union_by_name = true)",
                [files[start : start + 500]],
            )
    for record in new:
        connection.execute(
            "insert into loaded values (?, ?, ?)", [record["run_id"], record["unit"], record["created_at"]]
        )
    _load_states(connection, new)
    return len(new)


def _load_states(connection: duckdb.DuckDBPyConnection, new: list[dict[str, Any]]) -> None:
    """Units first; then promotions, which change the state of earlier surplus."""
    rows: list[tuple[Any, ...]] = []
    for record in sorted(new, key=lambda record: record["unit"].startswith("P")):
        unit = (record["run_id"], record["unit"])
        if record["unit"].startswith("P"):
            connection.executemany("insert into states values (?, ?, ?, ?, ?)", rows) if rows else None
            rows = []
            for state in ("admitted", "dropped"):
                word = "accepted" if state == "admitted" else "dropped"
                for sample in record.get(state, ()):
                    connection.execute("update states set state = ? where sample_id = ?", [word, sample])
            continue
        rows += [(sample, *unit, place, "accepted") for place, sample in enumerate(record.get("admitted", ()))]
        rows += [(sample, *unit, place, "surplus") for place, sample in enumerate(record.get("surplus", ()))]
    if rows:
        connection.executemany("insert into states values (?, ?, ?, ?, ?)", rows)


def commits(data: Path) -> Iterator[dict[str, Any]]:
    """Every commit of every run."""
    for path in sorted((data / "commits").glob("*/*.json")):
        record: dict[str, Any] = orjson.loads(path.read_bytes())
        yield {"run_id": path.parent.name, **record}


def _load_plans(connection: duckdb.DuckDBPyConnection, data: Path) -> None:
    connection.execute("delete from run_plans")
    for path in sorted((data / "plan").glob("*.json")):
        plan = orjson.loads(path.read_bytes())
        if "run_id" in plan:
            names = ("run_id", "target", "map_provider", "teacher", "prompt_version", "fingerprint")
            row = [plan.get(name) for name in names] + [len(plan.get("places", ())), plan.get("updated_at")]
            connection.execute("insert into run_plans values (?, ?, ?, ?, ?, ?, ?, ?)", row)


def _load_opened(connection: duckdb.DuckDBPyConnection, data: Path) -> None:
    """Orders that were opened, committed or not: the ledger's planned slots."""
    connection.execute("delete from opened")
    book = data / "calls.sqlite"
    rows: list[tuple[str, str, int]] = []
    if book.exists():
        with sqlite3.connect(f"file:{book}?mode=ro", uri=True) as calls:
            rows = calls.execute("select run_id, order_id, slots from opened").fetchall()
    if rows:
        import pyarrow as pa  # noqa: PLC0415 - needed only here

        names = ("run_id", "order_id", "slots")
        connection.register("rows", pa.table({name: [row[i] for row in rows] for i, name in enumerate(names)}))
        connection.execute("insert into opened select run_id, order_id, slots from rows")
        connection.unregister("rows")
    # A folder whose calls.sqlite is gone still knows what it committed.
    connection.execute(
        "insert into opened select run_id, order_id, slots from orders_shard where order_id not in (select order_id from opened)"
    )


def check(data: Path) -> list[tuple[str, int, str]]:
    """Run every check; returns (name, offending rows, first of them)."""
    found = []
    with open_reader(data) as connection:
        folder = resources.files("warehouse").joinpath("checks")
        for name in sorted(path.name.removesuffix(".sql") for path in folder.iterdir() if path.name.endswith(".sql")):
            rows = connection.execute(sql_file("checks", name)).fetchall()
            found.append((name, len(rows), str(rows[0]) if rows else ""))
    return found


def open_reader(data: Path) -> duckdb.DuckDBPyConnection:
    """The file, read-only. Raises DiskTrouble when there is none."""
    path = data / FILE
    if not path.exists():
        raise DiskTrouble(f"There is no {path}: run `make synth` first, or `make warehouse` if shards exist.")
    try:
        return duckdb.connect(str(path), read_only=True)
    except duckdb.Error as error:
        raise DiskTrouble(f"{path} cannot be opened ({error}): rebuild it with `make warehouse REBUILD=1`.") from error
