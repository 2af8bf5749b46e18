"""What commits name, into the tables under the views: only commits that the file has not seen, in bounded batches.

Called by catalogue.py on the file that is being built aside. Shards are read once; older ones, which lack columns, get
NULL there, and their fingerprints are made again.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from factory.commit.commit import Commit, CommitKind
from factory.commit.neardup import FINGERPRINT_VERSION, fingerprint
from factory.commit.schema import SHARDS
from factory.commit.store import Store
from factory.errors import DamagedFile
from factory.plan.plan_file import PlanFolder, RunPlan
from factory.sending.book_trouble import WAY_BACK
from factory.sqlite_file import open_to_read

BATCH_SAMPLES = 2_000
"""Samples after which the commits read so far are loaded together; with their evidence, some 40 MB."""
BATCH_TEXTS = 5_000
BATCH_BOOK = 5_000
"""Rows of an account book that are taken over at once: as Python's values and DuckDB's a row is some 700 bytes."""
_SQL_TYPES = {
    "string": "varchar",
    "bool": "boolean",
    "int32": "integer",
    "int64": "bigint",
    "uint32": "uinteger",
    "double": "double",
    "timestamp[us]": "timestamp",
}
_ENTER = "insert into states by name select * replace (admitted_at::timestamp as admitted_at) from rows"
_CHANGE = """
update states set state = rows.state, twin = rows.twin, admitted_at = rows.admitted_at::timestamp, unit = rows.unit,
  position = rows.position
from rows where states.sample_id = rows.sample_id
"""
_BOOK = """
select run_id, model, purpose, status, count(*) as calls, sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens,
  coalesce(sum(case status when 'kept' then cost_cny when 'unreadable' then cost_cny when 'unresolved' then worst_cny end), 0)
    as spent_cny,
  coalesce(sum(case status when 'reserved' then worst_cny end), 0) as reserved_cny,
  count(case when status in ('unresolved', 'reserved') and worst_cny is null then 1
    when status in ('kept', 'unreadable') and cost_cny is null then 1 end) as unpriced,
  sum(refusals) as refusals, sum(latency_s) as latency_s
from calls group by run_id, model, purpose, status
"""
_PAID_AGAIN = """
insert into paid
select run_id, model, purpose, 'kept', count(*), sum(input_tokens), sum(output_tokens), coalesce(sum(cost_cny), 0), 0,
  count(*) filter (cost_cny is null), sum(refusals), sum(latency_s)
from calls_shard where not replayed and run_id not in (select run_id from paid) group by run_id, model, purpose
"""
_STATES = ("sample_id", "run_id", "unit", "position", "state", "twin", "admitted_at")


def create_tables(connection: duckdb.DuckDBPyConnection, statements: str) -> None:
    """The tables of tables.sql and one a kind of shard; columns that the file was made without are added."""
    connection.execute(statements)
    for kind, schema in SHARDS.items():
        columns = {field.name: sql_type(field.type) for field in schema}
        listed = ", ".join(f'"{name}" {kind_of}' for name, kind_of in columns.items())
        connection.execute(f"create table if not exists {kind}_shard ({listed})")
        held = {row[0]: row[1] for row in connection.execute(f"describe {kind}_shard").fetchall()}
        for name, wanted in columns.items():
            if name not in held:
                connection.execute(f'alter table {kind}_shard add column "{name}" {wanted}')
            elif "struct(" in wanted and _named(connection, wanted) != held[name]:
                # A struct that has grown since the file was made: its older rows get NULL in the new fields.
                connection.execute(f'alter table {kind}_shard alter column "{name}" type {wanted}')


def _named(connection: duckdb.DuckDBPyConnection, kind: str) -> str:
    """A type as DuckDB's describe writes it."""
    return str(connection.execute(f"select typeof(null::{kind})").fetchall()[0][0])


def sql_type(kind: pa.DataType) -> str:
    """DuckDB's name of an Arrow type that schema.py uses."""
    if pa.types.is_map(kind):
        return f"map({sql_type(kind.key_type)}, {sql_type(kind.item_type)})"
    if pa.types.is_list(kind):
        return f"{sql_type(kind.value_type)}[]"
    if pa.types.is_struct(kind):
        return "struct(" + ", ".join(f'"{field.name}" {sql_type(field.type)}' for field in kind) + ")"
    if pa.types.is_fixed_size_binary(kind):
        return "blob"
    return _SQL_TYPES[str(kind)]


def insert_rows(
    connection: duckdb.DuckDBPyConnection, statement: str, names: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Run a statement over a relation ``rows``. As lists, since registering an Arrow table imports pandas: 50 MB."""
    if rows:
        unnested = ", ".join(f"unnest(${name}) as {name}" for name in names)
        columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
        connection.execute(f"with rows as (select {unnested}) {statement}", columns)


def load_commits(connection: duckdb.DuckDBPyConnection, store: Store, at_once: float = math.inf) -> Iterator[int]:
    """Load the shards and states of the commits that are not loaded yet. Raises DamagedFile.

    Yields how many those were, each time that they hold ``at_once`` samples and at the end, so that what is done with
    new samples is done with so many at a time.
    """
    loaded = {tuple(row) for row in connection.execute("select run_id, unit from loaded").fetchall()}
    new = _new_commits(store, loaded)
    count, samples, remade = 0, 0, set[Any]()
    while batch := _batch(new):
        connection.execute("begin")
        for kind, schema in SHARDS.items():
            with ExitStack() as stack:
                shards = (commit.file(kind) for commit in batch)
                files = [str(stack.enter_context(store.local(shard))) for shard in shards if shard is not None]
                if files:
                    connection.execute(
                        f"insert into {kind}_shard by name select columns(lambda name: list_contains(?, name)) "
                        "from read_parquet(?, union_by_name = true)",
                        [schema.names, files],
                    )
        _load_states(connection, batch)
        rows = [(commit.run_id, commit.unit, _time(commit)) for commit in batch]
        names = ("run_id", "unit", "created_at")
        insert_rows(connection, "insert into loaded by name select * from rows", names, rows)
        connection.execute("commit")
        count += len(batch)
        samples += sum(len(commit.admitted) for commit in batch)
        remade |= {commit.run_id for commit in batch if commit.kind is CommitKind.ORDERS}
        if samples >= at_once:
            yield count
            count = samples = 0
    _promote_again(connection, store, remade & {run for run, _ in loaded})
    yield count


def _promote_again(connection: duckdb.DuckDBPyConnection, store: Store, runs: set[Any]) -> None:
    """A unit that was lost and made again holds surplus that an older promotion admitted."""
    for run in runs:
        promotions = [commit for commit in store.commits(run) if commit.kind is CommitKind.PROMOTION]
        if promotions:
            _load_states(connection, promotions)


def _new_commits(store: Store, loaded: set[tuple[Any, ...]]) -> Iterator[Commit]:
    """Commits of every run that are not loaded, a run's units before its promotions, which name samples of those."""
    for run in store.runs():
        promotions: list[Commit] = []
        for unit in store.units(run):
            if (run, unit) in loaded:
                continue
            commit = store.commit(run, unit)
            if commit.kind is CommitKind.PROMOTION:
                promotions.append(commit)
            else:
                yield commit
        yield from promotions


def _batch(commits: Iterator[Commit]) -> list[Commit]:
    """The next commits, until they hold ``BATCH_SAMPLES``; empty at the end."""
    batch: list[Commit] = []
    samples = 0
    for commit in commits:
        batch.append(commit)
        samples += len(commit.admitted) + 1  # a commit that holds none costs a little, too
        if samples >= BATCH_SAMPLES:
            break
    return batch


def _load_states(connection: duckdb.DuckDBPyConnection, batch: Sequence[Commit]) -> None:
    """A unit's samples enter; a promotion changes the state of earlier surplus."""
    entered: list[tuple[Any, ...]] = []
    changed: list[tuple[Any, ...]] = []
    for commit in batch:
        rows = [
            (sample, commit.run_id, commit.unit, place, state, twin, _time(commit))
            for samples, state, twins in (
                (commit.admitted, "accepted", ()),
                (commit.surplus, "surplus", ()),
                (commit.dropped, "dropped", commit.twins),
            )
            for place, (sample, twin) in enumerate(_paired(samples, twins))
        ]
        (changed if commit.kind is CommitKind.PROMOTION else entered).extend(rows)
    insert_rows(connection, _ENTER, _STATES, entered)
    insert_rows(connection, _CHANGE, _STATES, changed)


def _time(commit: Commit) -> str:
    """As text: DuckDB's client would ask for a further package to take a time with a zone."""
    return commit.created_at.isoformat()


def _paired(samples: Sequence[str], twins: Sequence[str | None]) -> Iterator[tuple[str, str | None]]:
    """Each sample with its twin; commits older than twins name none."""
    for place, sample in enumerate(samples):
        yield sample, twins[place] if place < len(twins) else None


def fingerprint_old_rows(connection: duckdb.DuckDBPyConnection) -> None:
    """Fingerprints of samples whose shards have none, or another version's; what was compared with those is compared again."""
    old = f"fingerprint_version is distinct from {FINGERPRINT_VERSION}"
    [(count,)] = connection.execute(f"select count(*) from samples_shard where {old}").fetchall()
    if not count:
        return
    connection.execute("update states set compared = false")
    connection.execute("delete from duplicates")
    connection.execute("delete from run_pairs")
    while rows := connection.execute(
        f"select rowid, question, answer from samples_shard where {old} limit ?", [BATCH_TEXTS]
    ).fetchall():
        prints = [fingerprint(question, answer) for _, question, answer in rows]
        table = pa.table(
            {
                "number": [row[0] for row in rows],
                "hash": [fingerprint.text_hash for fingerprint in prints],
                "grams": pa.array([sorted(fingerprint.grams) for fingerprint in prints], pa.list_(pa.uint32())),
                "bands": pa.array([list(fingerprint.bands) for fingerprint in prints], pa.list_(pa.uint32())),
                "bits": [fingerprint.gram_bits for fingerprint in prints],
            }
        )
        connection.register("prints", table)
        connection.execute(
            "update samples_shard set text_hash = prints.hash, grams = prints.grams, near_bands = prints.bands, "
            f"gram_bits = prints.bits, fingerprint_version = {FINGERPRINT_VERSION} "
            "from prints where samples_shard.rowid = prints.number"
        )
        connection.unregister("prints")


def load_plans(connection: duckdb.DuckDBPyConnection, data: Path) -> None:
    """The plans of all runs, anew. Raises DamagedFile."""
    connection.execute("delete from run_plans")
    plans = PlanFolder(data, keeps=False).plans()
    names: tuple[str, ...] = (
        *("run_id", "target", "map_provider", "teacher", "prompt_version", "fingerprint", "places", "updated_at"),
        *("prompt_hash", "request_hash", "temperature", "top_p", "vocabulary_hash", "verifier", "seed"),
    )
    insert_rows(connection, "insert into run_plans by name select * from rows", names, list(map(_plan_row, plans)))


def _plan_row(plan: RunPlan) -> tuple[Any, ...]:
    own = (plan.run_id, plan.target, plan.map_provider, plan.teacher, plan.prompt_version, plan.fingerprint)
    request = plan.request
    asked = (None, None) if request is None else (request.temperature, request.top_p)
    parts = plan.parts
    return (
        *own,
        len(plan.places),
        plan.updated_at,
        parts.get("prompt"),
        parts.get("request"),
        *asked,
        parts.get("vocabulary"),
        parts.get("verifier"),
        parts.get("seed"),
    )


def load_book(connection: duckdb.DuckDBPyConnection, data: Path) -> None:
    """Orders that were opened, committed or not (the ledger's planned slots), and the money of all calls, anew."""
    connection.execute("delete from opened")
    connection.execute("delete from paid")
    path = data / "calls.sqlite"
    if path.exists():
        try:
            _load_calls(connection, path)
        except sqlite3.Error as error:
            raise DamagedFile(str(path), str(error), WAY_BACK) from error
    # A folder whose calls.sqlite is gone still knows what it committed.
    connection.execute(
        "insert into opened select run_id, order_id, slots from orders_shard where order_id not in (select order_id from opened)"
    )
    connection.execute(_PAID_AGAIN)


def _load_calls(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    with closing(open_to_read(path)) as book:
        for name, question in (("opened", "select run_id, order_id, slots from opened"), ("paid", _BOOK)):
            rows = book.execute(question)
            names = [column[0] for column in rows.description]
            while batch := rows.fetchmany(BATCH_BOOK):
                insert_rows(connection, f"insert into {name} by name select * from rows", names, batch)
