"""What is to be judged, as a stream in a seeded order: samples, completions, and edits of samples; and what was judged before."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import md5
from pathlib import Path
from typing import Any

import duckdb

from factory.errors import UsageError
from judge.asking import Item, evidence_lines
from judge.designs import Judged, Question
from judge.parsing import CANNOT_JUDGE

MOST_EVIDENCE = 20
"""Restaurants shown to the judge: all that the answer names, then others of the order up to this number."""
BATCH = 64
_CHOSEN = """
  select *, md5(sample_id || $seed) as shuffled from samples where $run is null or run_id = $run
  order by shuffled limit coalesce($limit, 9_000_000_000)
"""
_ITEMS = f"""
with chosen as ({_CHOSEN}), items as (
  select s.sample_id as item_id, 'sample' as kind, null as arm, s.question, s.answer, s.sample_id, s.shuffled
  from chosen s
  union all
  select c.completion_id, 'completion', c.arm, c.question, c.answer, c.sample_id, md5(c.completion_id || $seed)
  from completions c join chosen s using (sample_id)
), shown as (
  select i.*, s.run_id, s.place_id, s.split, s.evidence_hash,
    list_filter(s.evidence, lambda e: instr(i.answer, e.name) > 0
      or (i.kind = 'sample' and list_contains(list_transform(s.recommendations, lambda r: r.poi_id), e.poi_id))) as named,
    list_transform(s.recommendations, lambda r: r.poi_id) as wanted, s.evidence
  from items i join chosen s using (sample_id)
)
select item_id, kind, arm, run_id, sample_id, question, answer, place_id, split, evidence_hash, named,
  list_slice(list_concat(
    list_filter(evidence, lambda e: list_contains(wanted, e.poi_id)),
    list_filter(evidence, lambda e: not list_contains(wanted, e.poi_id))), 1, $most) as others
from shown order by shuffled
"""  # noqa: S608 - both parts are the text above
_COUNT = f"""
with chosen as ({_CHOSEN})
select (select count(*) from chosen), (select count(*) from completions c join chosen s using (sample_id))
"""  # noqa: S608 - as above
_DONE = """
select item_id, design, rubric, replicate, status = 'scored' or reason = $final as done, attempts from verdicts
where judge = $judge and (design = 'standard' or rubric = 'data')
"""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which items: one run or all, so many samples, in the order of a seed."""

    run: str | None
    limit: int | None
    seed: int

    def bound(self) -> dict[str, Any]:
        """The parameters of the statements."""
        return {"run": self.run, "limit": self.limit, "seed": str(self.seed)}

    def place(self, item: Item) -> str:
        """Where an item stands in the order."""
        return md5(f"{item.item_id}{self.seed}".encode(), usedforsecurity=False).hexdigest()


def count_items(data: Path, selection: Selection) -> Counter[str]:
    """How many samples and completions there are. Raises UsageError when there is nothing to judge."""
    with open_views(data) as connection:
        row = connection.execute(_COUNT, selection.bound()).fetchone()
    samples, completions = row or (0, 0)
    if not samples:
        raise UsageError("There is nothing to judge: run `make synth` first.")
    return Counter({"sample": samples, "completion": completions})


def read_items(data: Path, selection: Selection, edits: list[Item]) -> Iterator[Item]:
    """Samples, completions and ``edits`` as one stream in seeded order; a few dozen are in memory at a time."""
    stored = _stored(data, selection)
    return heapq.merge(stored, sorted(edits, key=selection.place), key=selection.place)


def _stored(data: Path, selection: Selection) -> Iterator[Item]:
    with open_views(data) as connection:
        cursor = connection.execute(_ITEMS, {**selection.bound(), "most": MOST_EVIDENCE})
        while rows := cursor.fetchmany(BATCH):
            yield from map(_item, rows)


def _item(row: tuple[Any, ...]) -> Item:
    item_id, kind, arm, run, sample, question, answer, place, split, evidence_hash, named, others = row
    shown = {poi["poi_id"]: poi for poi in (*named, *others)}
    # Sorted, so that the order of the evidence says nothing about which restaurants the answer took.
    pois = sorted(list(shown.values())[: max(MOST_EVIDENCE, len(named))], key=lambda poi: str(poi["poi_id"]))
    lines = evidence_lines(pois)
    return Item(item_id, kind, run, question, answer, lines, evidence_hash, place, split, sample, arm)


def judged_before(data: Path, judge: str) -> Judged:
    """What this judge has answered: only the rest is asked."""
    done: set[Question] = set()
    failures: dict[Question, int] = {}
    with open_views(data) as connection:
        rows = connection.execute(_DONE, {"judge": judge, "final": CANNOT_JUDGE}).fetchall()
    for item, design, rubric, replicate, is_done, attempts in rows:
        question = (str(item), str(design), str(rubric), int(replicate))
        if is_done:
            done.add(question)
        else:
            failures[question] = int(attempts)
    return Judged(frozenset(done), failures)


def open_views(data: Path) -> duckdb.DuckDBPyConnection:
    """The warehouse, read-only. Raises UsageError when there is none."""
    path = data / "warehouse.duckdb"
    if not path.exists():
        raise UsageError(f"There is no {path}: run `make synth` first.")
    return duckdb.connect(str(path), read_only=True)
