"""What the report is made of, read from the warehouse's views alone; frozen records, no statistics.

``run`` None means all runs. Training losses are no view: they are read from the checkpoint folder's own log.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import orjson

from judge.faults import UNFIT
from judge.harmless import HARMLESS
from judge.statistics.calls import VerdictRow
from judge.statistics.pairwise import PairRow

_RUNS = """
select r.run_id, r.target, r.map_provider, r.teacher, r.prompt_version, r.places, r.simulated, l.planned, l.accepted,
  l.surplus, l.rejected, l.duplicate, l.failed, l.pending
from runs r join ledger l using (run_id) where $run is null or run_id = $run order by run_id
"""
NEWEST = """(
  select * from completions
  qualify checkpoint = first_value(checkpoint) over (partition by arm, mode order by created_at desc, checkpoint)
)"""
"""Of completions: a model that was trained again answers anew, and its newest answers count."""
_ROWS = f"""
select v.item_id, v.item_kind, s.sample_id, s.place_id, s.split, v.arm, n.mode, v.design, v.rubric, v.replicate, v.judge,
  v.total, v.status, nullif(v.reason, ''), v.edit, v.dose, v.scores, epoch(v.created_at)
from verdicts v join samples s on s.sample_id = coalesce(v.sample_id, v.item_id)
left join {NEWEST} n on n.completion_id = v.item_id
where ($run is null or s.run_id = $run) and (v.item_kind <> 'completion' or n.mode is not null)
order by v.item_id, v.design, v.rubric, v.replicate, v.judge
"""  # noqa: S608 - a constant
_SOUND = """
select s.sample_id, count(*) filter (c.status not in ('verified', 'inferable')) = 0 from samples s join claims c using (sample_id)
where $run is null or s.run_id = $run group by 1
union all
select m.completion_id, min(m.value) = 1 from measures m join completions c using (completion_id)
join samples s using (sample_id) where m.kind in ('in_evidence', 'claims_right') and ($run is null or s.run_id = $run)
group by 1 having count(*) = 2
"""
_TEXTS = f"""
select 'data', split, place_id, question, answer from samples where $run is null or run_id = $run
union all
select c.arm || ' ' || c.mode, c.split, s.place_id, c.question, c.answer from {NEWEST} c join samples s using (sample_id)
where $run is null or s.run_id = $run order by all
"""  # noqa: S608 - a constant
_FACTS = """
select s.sample_id, s.place_id, c.poi_id, c.kind, any_value(c.truth) from claims c join samples s using (sample_id)
where c.poi_id is not null and c.truth is not null and ($run is null or s.run_id = $run) group by all order by all
"""
_HELD = """
select s.sample_id, r.poi_id, e.address is not null and e.address <> '', e.rating is not null, e.cost_cny is not null,
  e.distance_m is not null, e.open_hours is not null and e.open_hours <> ''
from samples s, unnest(s.recommendations) as u(r), unnest(s.evidence) as w(e)
where e.poi_id = r.poi_id and ($run is null or s.run_id = $run) order by all
"""
_RECOMMENDED = """
select s.place_id, r.poi_id from samples s, unnest(s.recommendations) as u(r) where $run is null or s.run_id = $run order by all
"""
_COVERAGE = """
select judge, item_kind, design, rubric, status, coalesce(reason, ''), count(*), sum(cost_cny) from verdicts
where $run is null or run_id = $run group by all order by all
"""
_USAGE = """
select run_id, model, purpose, calls, replayed, input_tokens, output_tokens, cost_cny, refusals, mean_latency_s from usage
where run_id in (select run_id from runs where $run is null or run_id = $run) order by all
"""
_REJECTS = """
select stage, reason, sum(rejects) from rejects_by_reason where $run is null or run_id = $run group by all order by 3 desc
"""
_MAP = """
select count(distinct place_id), count(distinct place_id) filter (truncated), sum(pois), sum(pages) from coverage
where $run is null or run_id = $run
"""
_CLAIMS = """
select c.kind, c.status, count(*) from claims c join samples s using (sample_id)
where $run is null or s.run_id = $run group by all order by all
"""
_MEASURES = f"""
select c.completion_id, c.sample_id, c.arm, c.mode, c.split, s.place_id, s.feasible, m.kind, m.value, coalesce(m.detail, '')
from measures m join {NEWEST} c using (completion_id) join samples s using (sample_id)
where m.value is not null and ($run is null or s.run_id = $run) order by all
"""  # noqa: S608 - a constant
_SLOTS = """
select place_id, 'accepted', count(*) from samples where $run is null or run_id = $run group by all
union all
select place_id, stage || ' ' || reason, count(*) from rejects where $run is null or run_id = $run group by all order by all
"""
_EXAMPLES = """
select candidate_id, run_id, place_id, stage, reason, coalesce(detail, ''), coalesce(question, ''), coalesce(answer, '')
from rejects where answer is not null and answer <> '' and ($run is null or run_id = $run)
qualify row_number() over (partition by stage, reason order by candidate_id) <= 3 order by stage, reason, candidate_id
"""
_PAIRS = f"""
with sides as (
  select c.completion_id as id, c.arm || ' ' || c.mode as group_name, s.place_id, s.run_id, length(c.answer) as length
  from {NEWEST} c join samples s using (sample_id)
  union all
  select sample_id, 'data', place_id, run_id, length(answer) from samples
)
select l.group_name, r.group_name, p.left_id, p.right_id, case when p.first_shown in ('left', p.left_id) then p.left_id
  else p.right_id end, p.replicate, case when p.status = 'scored' then p.outcome end, nullif(p.reason, ''), l.place_id,
  l.length, r.length
from pairs p join sides l on l.id = p.left_id join sides r on r.id = p.right_id
where p.judge = $judge and ($run is null or l.run_id = $run) order by all
"""  # noqa: S608 - a constant
_SPLITS = """
select split, count(*), count(distinct place_id), count(*) filter (not feasible) from samples
where $run is null or run_id = $run group by split order by split
"""
_LICENCES = (
    "select distinct licence, attribution, map_provider from samples where $run is null or run_id = $run order by all"
)


@dataclass(frozen=True, slots=True)
class Run:
    """One factory run with its ledger."""

    run_id: str
    target: int
    map_provider: str
    teacher: str
    prompt_version: str
    places: int
    simulated: bool
    planned: int
    accepted: int
    surplus: int
    rejected: int
    duplicate: int
    failed: int
    pending: int


@dataclass(frozen=True, slots=True)
class QuestionAnswer:
    """One question and its answer; ``group``: data, or a completion's arm and mode."""

    group: str
    split: str
    place_id: str
    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing that code measured of one completion; shares from 0 to 1, but for counts."""

    completion_id: str
    sample_id: str
    arm: str
    mode: str
    split: str
    place_id: str
    feasible: bool | None
    kind: str
    value: float
    detail: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """One rejected candidate that is shown as an example of its reason."""

    candidate_id: str
    run_id: str
    place_id: str
    stage: str
    reason: str
    detail: str
    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Losses:
    """One checkpoint's training log: (step, loss) of training, and of validation by split where it was measured."""

    model: str
    losses: tuple[tuple[int, float], ...]
    validation: dict[str, tuple[tuple[int, float], ...]]


@dataclass(frozen=True, slots=True)
class Material:
    """Everything numeric that the report needs. Rows that are only shown stay tuples in the order of their query."""

    runs: tuple[Run, ...]
    rows: tuple[VerdictRow, ...]
    sound: dict[str, bool]
    """By item_id, whether the verifier finds nothing wrong in it."""
    texts: tuple[QuestionAnswer, ...]
    facts: tuple[tuple[str, str, str, str, str], ...]
    """(sample, place, restaurant, kind, value) of each verified fact that a sample states."""
    held: tuple[tuple[Any, ...], ...]
    """(sample, restaurant, then whether the evidence holds its address, rating, price, distance, hours)."""
    recommended: tuple[tuple[str, str], ...]
    coverage: tuple[tuple[Any, ...], ...]
    usage: tuple[tuple[Any, ...], ...]
    rejects: tuple[tuple[Any, ...], ...]
    map: tuple[Any, ...]
    claims: tuple[tuple[Any, ...], ...]
    measures: tuple[Measure, ...]
    slots: tuple[tuple[str, str, int], ...]
    """(place, "accepted" or stage and reason, how many candidates)."""
    examples: tuple[Rejected, ...]
    pairs: tuple[PairRow, ...]
    splits: tuple[tuple[Any, ...], ...]
    licences: tuple[tuple[Any, ...], ...]
    losses: tuple[Losses, ...]


def read_material(
    connection: duckdb.DuckDBPyConnection, data: Path, run: str | None, judge: str | None = None
) -> Material:
    """All of it; ``judge``: whose pairwise calls. Raises duckdb.Error."""

    def ask(sql: str) -> tuple[tuple[Any, ...], ...]:
        return tuple(connection.execute(sql, {"run": run}).fetchall())

    return Material(
        runs=tuple(Run(*row) for row in ask(_RUNS)),
        rows=(rows := tuple(VerdictRow(*row) for row in ask(_ROWS))),
        sound=dict(ask(_SOUND)) | {row.item_id: is_sound for row in rows if (is_sound := _made_sound(row)) is not None},
        texts=tuple(QuestionAnswer(*row) for row in ask(_TEXTS)),
        facts=ask(_FACTS),
        held=ask(_HELD),
        recommended=ask(_RECOMMENDED),
        coverage=ask(_COVERAGE),
        usage=ask(_USAGE),
        rejects=ask(_REJECTS),
        map=ask(_MAP)[0],
        claims=ask(_CLAIMS),
        measures=tuple(Measure(*row) for row in ask(_MEASURES)),
        slots=ask(_SLOTS),
        examples=tuple(Rejected(*row) for row in ask(_EXAMPLES)),
        pairs=_pairs(connection, run, judge),
        splits=ask(_SPLITS),
        licences=ask(_LICENCES),
        losses=read_losses(data),
    )


def _pairs(connection: duckdb.DuckDBPyConnection, run: str | None, judge: str | None) -> tuple[PairRow, ...]:
    """None where no judge was asked for, or the warehouse has no such view."""
    there = connection.execute("select count(*) from duckdb_views() where view_name = 'pairs'").fetchone()
    if judge is None or there is None or not there[0]:
        return ()
    return tuple(PairRow(*row) for row in connection.execute(_PAIRS, {"run": run, "judge": judge}).fetchall())


def _made_sound(row: VerdictRow) -> bool | None:
    """What was made from a sample is known: tests hold the verifier to it. None for what is no matter of facts."""
    if row.edit == UNFIT:
        return None  # its facts are true
    if row.item_kind == "injected":
        return row.edit in HARMLESS
    return (
        {"same": True, "other_evidence": False, "nothing_fits": True, "nothing_offered": False}.get(row.edit or "")
        if row.item_kind == "control"
        else None
    )


def read_losses(data: Path) -> tuple[Losses, ...]:
    """The log of each checkpoint folder. A torn last line (a run that goes on) is left out."""
    read = []
    for path in sorted(path for path in (data / "models").glob("*/metrics.jsonl") if path.is_file()):
        losses: list[tuple[int, float]] = []
        held: dict[str, list[tuple[int, float]]] = {}
        for line in path.read_bytes().splitlines():
            try:
                row = orjson.loads(line)
            except orjson.JSONDecodeError:
                continue
            if not isinstance(row, dict) or "step" not in row:
                continue
            if row.get("loss") is not None:  # null: it was no number, and the training stopped there
                losses.append((int(row["step"]), float(row["loss"])))
            for split, loss in row.get("validation_loss", {}).items():
                held.setdefault(split, []).append((int(row["step"]), float(loss)))
        if losses:
            read.append(Losses(path.parent.name, tuple(losses), {name: tuple(points) for name, points in held.items()}))
    return tuple(read)
