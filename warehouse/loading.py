"""What commits name, into the tables under the views: only commits that the file has not seen, in bounded batches.

Called by catalogue.py on the file that is being built aside. Shards are read once; older ones, which lack columns, get
NULL there, and their fingerprints are made again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pyarrow as pa

from factory.neardup import fingerprint
from factory.schema import SHARDS

BATCH_SAMPLES = 2_000
"""Samples after which the commits read so far are loaded together; with their evidence, some 40 MB."""
BATCH_TEXTS = 5_000
_CHANGE = """
update states set state = rows.state, twin = rows.twin, admitted_at = rows.admitted_at::timestamp, unit = rows.unit,
  position = rows.position
from rows where states.sample_id = rows.sample_id
"""
_STATES = pa.schema(
    [
        ("sample_id", pa.string()),
        ("run_id", pa.string()),
        ("unit", pa.string()),
        ("position", pa.int32()),
        ("state", pa.string()),
        ("twin", pa.string()),
        ("admitted_at", pa.string()),
    ]
)


def create_tables(connection: duckdb.DuckDBPyConnection, statements: str) -> None:
    """The tables of tables.sql and one a kind of shard; columns that the file was made without are added."""
    connection.execute(statements)
    for kind, schema in SHARDS.items():
        connection.register("empty", schema.empty_table())
        connection.execute(f"create table if not exists {kind}_shard as select * from empty")
        known = {row[0] for row in connection.execute(f"describe {kind}_shard").fetchall()}
        for column, kind_of in connection.execute("select column_name, column_type from (describe empty)").fetchall():
            if column not in known:
                connection.execute(f'alter table {kind}_shard add column "{column}" {kind_of}')
        connection.unregister("empty")


def load_commits(connection: duckdb.DuckDBPyConnection, data: Path) -> int:
    """Shards and states of the commits that are not loaded yet; returns how many those were."""
    known = {tuple(row) for row in connection.execute("select run_id, unit from loaded").fetchall()}
    new = _new_commits(data, known)
    count = 0
    while batch := _batch(new):
        connection.execute("begin")
        for kind, schema in SHARDS.items():
            files = [str(data / record["files"][kind]) for record in batch if kind in record.get("files", {})]
            if files:
                connection.execute(
                    f"insert into {kind}_shard by name select columns(lambda name: list_contains(?, name)) "
                    "from read_parquet(?, union_by_name = true)",
                    [schema.names, files],
                )
        _load_states(connection, batch)
        rows = [{name: record[name] for name in ("run_id", "unit", "created_at")} for record in batch]
        connection.register("rows", pa.Table.from_pylist(rows))
        connection.execute("insert into loaded by name select * from rows")
        connection.unregister("rows")
        connection.execute("commit")
        count += len(batch)
    return count


def _new_commits(data: Path, known: set[tuple[Any, ...]]) -> Iterator[dict[str, Any]]:
    """Commits of every run that are not known, a run's units before its promotions, which name samples of those."""
    for folder in sorted(path for path in (data / "commits").glob("*") if path.is_dir()):
        paths = [path for path in folder.glob("*.json") if (folder.name, path.stem) not in known]
        for path in sorted(paths, key=lambda path: (path.name.startswith("P"), path.name)):
            yield {**orjson.loads(path.read_bytes()), "run_id": folder.name, "unit": path.stem}


def _batch(commits: Iterator[dict[str, Any]]) -> list[dict[str, Any]]:
    """The next commits, until they hold ``BATCH_SAMPLES``; empty at the end."""
    batch: list[dict[str, Any]] = []
    samples = 0
    for record in commits:
        batch.append(record)
        samples += len(record.get("admitted", ())) + 1  # a commit that holds none costs a little, too
        if samples >= BATCH_SAMPLES:
            break
    return batch


def _load_states(connection: duckdb.DuckDBPyConnection, batch: Sequence[dict[str, Any]]) -> None:
    """A unit's samples enter; a promotion changes the state of earlier surplus."""
    entered: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    for record in batch:
        common = {"run_id": record["run_id"], "unit": record["unit"], "admitted_at": record["created_at"]}
        rows = [
            {**common, "sample_id": sample, "position": place, "state": state, "twin": twin}
            for name, state, twins in (
                ("admitted", "accepted", ()),
                ("surplus", "surplus", ()),
                ("dropped", "dropped", record.get("twins", ())),
            )
            for place, (sample, twin) in enumerate(_paired(record.get(name, ()), twins))
        ]
        (changed if record["unit"].startswith("P") else entered).extend(rows)
    for rows, statement in (
        (entered, "insert into states by name select * replace (admitted_at::timestamp as admitted_at) from rows"),
        (changed, _CHANGE),
    ):
        if rows:
            connection.register("rows", pa.Table.from_pylist(rows, schema=_STATES))
            connection.execute(statement)
            connection.unregister("rows")


def _paired(samples: Sequence[str], twins: Sequence[str]) -> Iterator[tuple[str, str | None]]:
    """Each sample with its twin; commits older than twins name none."""
    for place, sample in enumerate(samples):
        yield sample, twins[place] if place < len(twins) else None


def fingerprint_old_rows(connection: duckdb.DuckDBPyConnection) -> None:
    """Fingerprints of samples from shards that are older than n-grams."""
    while rows := connection.execute(
        "select rowid, question, answer from samples_shard where grams is null limit ?", [BATCH_TEXTS]
    ).fetchall():
        prints = [fingerprint(question, answer) for _, question, answer in rows]
        table = pa.table(
            {
                "number": [row[0] for row in rows],
                "hash": [one.text_hash for one in prints],
                "grams": pa.array([sorted(one.grams) for one in prints], pa.list_(pa.uint32())),
                "bands": pa.array([list(one.bands) for one in prints], pa.list_(pa.uint32())),
                "bits": [one.gram_bits for one in prints],
            }
        )
        connection.register("prints", table)
        connection.execute(
            "update samples_shard set text_hash = prints.hash, grams = prints.grams, near_bands = prints.bands, "
            "gram_bits = prints.bits "
            "from prints where samples_shard.rowid = prints.number"
        )
        connection.unregister("prints")


def load_plans(connection: duckdb.DuckDBPyConnection, data: Path) -> None:
    """The plans of all runs, anew."""
    connection.execute("delete from run_plans")
    for path in sorted((data / "plan").glob("*.json")):
        plan = orjson.loads(path.read_bytes())
        if "run_id" in plan:
            names = ("run_id", "target", "map_provider", "teacher", "prompt_version", "fingerprint")
            row = [plan.get(name) for name in names] + [len(plan.get("places", ())), plan.get("updated_at")]
            connection.execute("insert into run_plans values (?, ?, ?, ?, ?, ?, ?, ?)", row)


def load_opened(connection: duckdb.DuckDBPyConnection, data: Path) -> None:
    """Orders that were opened, committed or not: the ledger's planned slots."""
    connection.execute("delete from opened")
    book = data / "calls.sqlite"
    if book.exists():
        with sqlite3.connect(f"file:{book}?mode=ro", uri=True) as calls:
            rows = calls.execute("select run_id, order_id, slots from opened").fetchall()
        if rows:
            names = ("run_id", "order_id", "slots")
            connection.register("rows", pa.table({name: [row[i] for row in rows] for i, name in enumerate(names)}))
            connection.execute("insert into opened select run_id, order_id, slots from rows")
            connection.unregister("rows")
    # A folder whose calls.sqlite is gone still knows what it committed.
    connection.execute(
        "insert into opened select run_id, order_id, slots from orders_shard where order_id not in (select order_id from opened)"
    )
