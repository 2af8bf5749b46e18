"""What is to be judged, as a stream in a seeded order: samples, completions, and edits of samples; and what was judged before."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import md5
from pathlib import Path
from typing import Any

import duckdb

from factory.commit.working_folder import missing_warehouse
from factory.errors import UsageError
from judge.asking import Item, evidence_lines
from judge.designs import Judged, QuestionKey
from judge.instrument import MOST_EVIDENCE, PROMPTS, Instrument
from judge.parsing import CANNOT_JUDGE
from warehouse.catalogue import open_reader

BATCH = 64
_CHOSEN = "select *, md5(sample_id || $seed) as shuffled from samples where $run is null or run_id = $run"
_ITEMS = f"""
with chosen as ({_CHOSEN}), items as (
  select s.sample_id as item_id, 'sample' as kind, null as arm, s.question, s.answer, s.sample_id, s.shuffled
  from chosen s
  union all
  select c.completion_id, 'completion', c.arm, c.question, c.answer, c.sample_id, md5(c.completion_id || $seed)
  from completions c join chosen s using (sample_id)
), around as (
  select distinct on (s.place_id, e.poi_id) s.place_id, e
  from samples s, unnest(s.evidence) as u(e)
  where s.place_id in (select place_id from chosen join completions using (sample_id)) order by s.place_id, e.poi_id, s.order_id
), elsewhere as (
  select i.item_id, list(a.e order by a.e.poi_id) as named
  from items i join chosen s using (sample_id) join around a using (place_id)
  where i.kind = 'completion' and instr(i.answer, a.e.name) > 0
    and not list_contains(list_transform(s.evidence, lambda e: e.poi_id), a.e.poi_id)
  group by i.item_id
)
select i.item_id, i.kind, i.arm, s.run_id, i.sample_id, i.question, i.answer, s.place_id, s.split, s.evidence_hash, s.evidence,
  list_filter(s.evidence, lambda e: instr(i.answer, e.name) > 0
    or list_contains(list_transform(s.recommendations, lambda r: r.poi_id), e.poi_id)) as needed, e.named
from items i join chosen s using (sample_id) left join elsewhere e using (item_id) order by i.shuffled
"""  # noqa: S608 - both parts are the text above
_COUNT = f"""
with chosen as ({_CHOSEN})
select (select count(*) from chosen), (select count(*) from completions c join chosen s using (sample_id))
"""  # noqa: S608 - as above
_DONE = """
select item_id, design, case design when 'legacy' then 'data' else rubric end as first, replicate,
  bool_and(status = 'scored' or reason = $final) as done, max(attempts)
from all_verdicts where judge = $judge
  and rubric_hash = case when design = 'legacy' then $legacy when rubric = 'data' then $data else $answer end
group by all
"""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which items: one run or all, in the order of a seed."""

    run: str | None
    seed: int

    def bound(self) -> dict[str, Any]:
        """The parameters of the statements."""
        return {"run": self.run, "seed": str(self.seed)}

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


def read_items(data: Path, selection: Selection, edits: list[Item], most: int = MOST_EVIDENCE) -> Iterator[Item]:
    """Samples, completions and ``edits`` as one stream in seeded order; a few dozen are in memory at a time.

    ``most``: restaurants of the evidence that are shown; what the answer names is shown in any case.
    """
    stored = _stored(data, selection, most)
    return heapq.merge(stored, sorted(edits, key=selection.place), key=selection.place)


def _stored(data: Path, selection: Selection, most: int) -> Iterator[Item]:
    with open_views(data) as connection:
        cursor = connection.execute(_ITEMS, selection.bound())
        while rows := cursor.fetchmany(BATCH):
            yield from (_item(row, most) for row in rows)


def _item(row: tuple[Any, ...], most: int) -> Item:
    item_id, kind, arm, run, sample, question, answer, place, split, evidence_hash, evidence, needed, named = row
    lines, restaurants = shown_evidence(evidence or (), (*needed, *(named or ())), most)
    return Item(item_id, kind, run, question, answer, lines, evidence_hash, place, split, sample, arm, restaurants)


def shown_evidence(
    evidence: Sequence[dict[str, Any]], needed: Sequence[dict[str, Any]], most: int
) -> tuple[tuple[str, ...], int]:
    """(lines, restaurants found): what an answer needs, then the nearest others up to ``most`` in all.

    A restaurant that other orders found at this place, and that a student names, is known and stands there, too.
    """
    far = float("inf")
    by_distance = sorted(evidence, key=lambda poi: far if poi.get("distance_m") is None else poi["distance_m"])
    pois = {poi["poi_id"]: poi for poi in (*needed, *by_distance)}
    shown = list(pois.values())[: max(most, len({poi["poi_id"] for poi in needed}))]
    # Sorted, so that the order of the evidence says nothing about which restaurants the answer took.
    return evidence_lines(sorted(shown, key=lambda poi: str(poi["poi_id"]))), len(pois)


def judged_before(data: Path, judge: str, instrument: Instrument) -> Judged:
    """What this judge has answered to these very questions: only the rest is asked."""
    done: set[QuestionKey] = set()
    failures: dict[QuestionKey, int] = {}
    digests = {prompt: instrument.digest(prompt) for prompt in PROMPTS}
    with open_views(data) as connection:
        rows = connection.execute(_DONE, {"judge": judge, "final": CANNOT_JUDGE, **digests}).fetchall()
    for item, design, rubric, replicate, is_done, attempts in rows:
        question = (str(item), str(design), str(rubric), int(replicate))
        if is_done:
            done.add(question)
        else:
            failures[question] = int(attempts)
    return Judged(frozenset(done), failures)


@contextmanager
def open_views(data: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse, read-only. Raises UsageError when there is none, DiskTrouble when it cannot be read."""
    path = data / "warehouse.duckdb"
    if not path.exists():
        raise UsageError(missing_warehouse(data))
    with open_reader(data) as connection:
        yield connection
