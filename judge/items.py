"""What is to be judged: accepted samples from the warehouse's views, with their evidence; and what already has a verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from factory.errors import UsageError
from judge.asking import Item, evidence_lines

_ITEMS = """
select sample_id, run_id, question, answer, place_id, split, evidence_hash,
  list_filter(evidence, lambda e: list_contains(list_transform(recommendations, lambda r: r.poi_id), e.poi_id)
    or instr(answer, e.name) > 0) as shown,
  evidence
from samples where $run is null or run_id = $run
order by hash(sample_id || $seed)
"""
_DONE = "select item_id, rubric, replicate from verdicts where judge = ? and design = 'standard' and status = 'scored'"
MOST_EVIDENCE = 20
"""Restaurants shown to the judge: all that the answer names, then others of the order up to this number."""


def read_items(data: Path, *, run: str | None, limit: int | None, seed: int) -> list[Item]:
    """Items in a seeded order. Raises UsageError."""
    with _open(data) as connection:
        cursor = connection.execute(_ITEMS, {"run": run, "seed": str(seed)})
        rows = cursor.fetchall() if limit is None else cursor.fetchmany(limit)
    if not rows:
        raise UsageError("There is nothing to judge: run `make synth` first.")
    return [_item(row) for row in rows]


def _item(row: tuple[Any, ...]) -> Item:
    sample, run, question, answer, place, split, evidence_hash, named, everything = row
    ids = {poi["poi_id"] for poi in named}
    pois = sorted(
        [*named, *(poi for poi in everything if poi["poi_id"] not in ids)][:MOST_EVIDENCE],
        key=lambda poi: poi["poi_id"],
    )
    return Item(sample, "sample", run, question, answer, evidence_lines(pois), evidence_hash, place, split)


def judged(data: Path, judge: str) -> set[tuple[str, str, int]]:
    """(item, rubric, replicate) that this judge has scored: only the others are asked."""
    with _open(data) as connection:
        return {
            (str(item), str(rubric), int(replicate))
            for item, rubric, replicate in connection.execute(_DONE, [judge]).fetchall()
        }


def _open(data: Path) -> duckdb.DuckDBPyConnection:
    path = data / "warehouse.duckdb"
    if not path.exists():
        raise UsageError(f"There is no {path}: run `make synth` first.")
    return duckdb.connect(str(path), read_only=True)
