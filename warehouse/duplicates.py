"""DuckDB's own exact and near dedupe over all accepted samples: the authority for ``samples``, and admission's audit.

It runs at a refresh, over what is new against everything, and writes the table ``duplicates``; the earlier admitted stays.
Which pairs are duplicates is a matter of sets (dedupe/*.sql), whatever the order in which rows came; which of them stays
is then decided from the first admitted to the last. While admission has done its work the table is empty.

A run is judged by itself, as admission judges it. Pairs of two runs are both samples; a pool of the runs leaves one of them out
(``repeats``): the one to train on where the other is held out, else the later.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import duckdb

from factory.commit.neardup import NEAR_PERCENT
from warehouse.loading import insert_rows

BUCKET_SAMPLES = 25_000
"""New samples that are compared at once: places are dealt to as many buckets as keep it, which bounds the memory. What they
are held against grows with the file: a bucket that does not fit into the memory is dealt to two."""
MOST_BUCKETS = 1024
BOUNDED_PAIRS, LISTED_PAIRS = 50_000, 10_000
"""Pairs that are held against each other at once, by the bits of their n-grams (0.3 KB a pair) and by the n-grams (2 KB)."""
AMPLE_FROM = 250_000
"""New samples of a rebuild from which time counts for more than memory. A refresh beside a run may come to as many where the
machine is busy: it stays small, however long it takes."""


def find_duplicates(
    connection: duckdb.DuckDBPyConnection, sql_file: Callable[[str, str], str], *, rebuilt: bool = False
) -> int:
    """Compare the accepted samples that are new; returns how many of them were dropped. ``rebuilt``: all of the file is."""
    [(fresh,)] = connection.execute("select count(*) from states where state = 'accepted' and not compared").fetchall()
    if not fresh:
        return 0
    connection.execute(sql_file("dedupe", "fresh"))
    connection.execute(sql_file("dedupe", "exact"))
    connection.execute("create or replace temp table pairs as select one, other, 'exact' as kind from exact")
    connection.execute("drop table exact")
    set_threshold(connection)
    buckets = math.ceil(fresh / BUCKET_SAMPLES)
    if rebuilt and fresh >= AMPLE_FROM:
        connection.execute("set memory_limit = '1GB'")
    waiting = [(bucket, buckets) for bucket in range(buckets)]
    while waiting:
        bucket, of = waiting.pop()
        try:
            _compare(connection, sql_file, bucket, of)
        except duckdb.OutOfMemoryException:
            if of > MOST_BUCKETS:
                raise
            waiting += [(bucket, 2 * of), (bucket + of, 2 * of)]
    connection.execute("drop table fresh")
    # What did not fit may have left some of its pairs, which its halves found again.
    connection.execute("create or replace temp table pairs as select distinct * from pairs")
    dropped = _settle(connection)
    connection.execute("update states set compared = true where state = 'accepted' and not compared")
    return dropped


def _compare(connection: duckdb.DuckDBPyConnection, sql_file: Callable[[str, str], str], bucket: int, of: int) -> None:
    """Near pairs of one bucket's places are added to the table ``pairs``."""
    connection.execute(f"set variable buckets = {of}")
    connection.execute(f"set variable bucket = {bucket}")
    connection.execute(sql_file("dedupe", "proposed"))
    connection.execute(sql_file("dedupe", "sides"))
    connection.execute("create or replace temp table possible (one bigint, other bigint)")
    _in_chunks(connection, "proposed", BOUNDED_PAIRS, sql_file("dedupe", "possible"))
    _in_chunks(connection, "possible", LISTED_PAIRS, sql_file("dedupe", "near"))
    for name in ("proposed", "sides", "possible"):
        connection.execute(f"drop table {name}")


def _in_chunks(connection: duckdb.DuckDBPyConnection, table: str, most: int, statement: str) -> None:
    """A statement for each range of a table's rows, which it reads from the variables first and until."""
    [(count,)] = connection.execute(f"select count(*) from {table}").fetchall()
    for first in range(0, count, most):
        connection.execute(f"set variable first = {first}")
        connection.execute(f"set variable until = {first + most}")
        connection.execute(statement)


def set_threshold(connection: duckdb.DuckDBPyConnection) -> None:
    """The threshold for SQL, from its one place."""
    connection.execute(f"set variable near_percent = {NEAR_PERCENT}")


def _settle(connection: duckdb.DuckDBPyConnection) -> int:
    """Turn pairs into drops within each run, and into repeats between runs; write them. Returns the drops."""
    pairs = connection.execute(
        """
        with placed as (
          select s.rowid as number, s.sample_id, t.run_id, (t.admitted_at, t.run_id, t.unit, t.position) as turn
          from samples_shard s join states t on t.sample_id = s.sample_id
          where s.rowid in (select one from pairs union select other from pairs)
        )
        select case when x.turn < y.turn then x.sample_id else y.sample_id end as first,
          case when x.turn < y.turn then y.sample_id else x.sample_id end as later, p.kind, x.run_id = y.run_id as same_run
        from pairs p join placed x on x.number = p.one join placed y on y.number = p.other
        order by greatest(x.turn, y.turn), p.kind, least(x.turn, y.turn)
        """
    ).fetchall()
    connection.execute("drop table pairs")
    dropped_before = {row[0] for row in connection.execute("select sample_id from duplicates").fetchall()}
    drops = dict(_drops((pair[:3] for pair in pairs if pair[3]), dropped_before))
    rows = [(sample, *twin) for sample, twin in drops.items()]
    insert_rows(connection, "insert into duplicates by name select * from rows", ("sample_id", "twin", "kind"), rows)
    between = [pair[:3] for pair in pairs if not pair[3]]
    insert_rows(connection, "insert into run_pairs by name select * from rows", ("one", "other", "kind"), between)
    _settle_repeats(connection)
    return len(drops)


def _settle_repeats(connection: duckdb.DuckDBPyConnection) -> None:
    """Decide anew which samples a pool leaves out: a held-out one may have come to one that was to be trained on."""
    pairs = connection.execute(
        """
        with placed as (
          select s.sample_id, (s.split = 'train', t.admitted_at, t.run_id, t.unit, t.position) as turn
          from samples_shard s join states t on t.sample_id = s.sample_id
          where t.state = 'accepted' and s.sample_id not in (select sample_id from duplicates)
            and s.sample_id in (select one from run_pairs union select other from run_pairs)
        ), ordered as (
          select case when x.turn < y.turn then x.sample_id else y.sample_id end as first,
            case when x.turn < y.turn then y.sample_id else x.sample_id end as later, p.kind,
            greatest(x.turn, y.turn) as turn, least(x.turn, y.turn) as turn_before
          from run_pairs p join placed x on x.sample_id = p.one join placed y on y.sample_id = p.other
        )
        select first, later, min(kind) from ordered group by first, later, turn, turn_before order by turn, turn_before
        """
    ).fetchall()
    rows = [(sample, *twin) for sample, twin in _drops(pairs, set())]
    connection.execute("delete from repeats")
    insert_rows(connection, "insert into repeats by name select * from rows", ("sample_id", "twin", "kind"), rows)


def _drops(pairs: Iterable[tuple[str, str, str]], dropped_before: set[str]) -> Iterable[tuple[str, tuple[str, str]]]:
    """From pairs (the one that goes before, the later, kind) in the order of the later: who goes, and whom it repeats.

    A sample goes when an earlier one that stays is its duplicate, so one that repeats only a dropped sample stays.
    """
    dropped = set(dropped_before)
    for first, later, kind in pairs:
        if later not in dropped and first not in dropped:
            dropped.add(later)
            yield later, (first, kind)
