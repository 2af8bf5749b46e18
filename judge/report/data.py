"""What the report is made of, read from the warehouse's views alone; frozen records, no statistics.

``run`` None means all runs. Training losses are no view: they are read from the checkpoint folder's own log.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import orjson

_RUNS = """
select r.run_id, r.target, r.map_provider, r.teacher, r.prompt_version, r.places, r.simulated, l.planned, l.accepted,
  l.surplus, l.rejected, l.duplicate, l.failed, l.pending
from runs r join ledger l using (run_id) where $run is null or run_id = $run order by run_id
"""
_SCORES = """
select c.item_id, c.item_kind, s.sample_id, coalesce(c.arm, ''), coalesce(m.mode, ''), s.split, s.place_id, c.design, c.rubric,
  c.judge, c.total, c.dimensions, c.scored, c.replicates, c.edit, c.dose
from scores c join samples s on s.sample_id = coalesce(c.sample_id, c.item_id)
left join completions m on m.completion_id = c.item_id where $run is null or s.run_id = $run order by all
"""
_CALLS = """
select item_id, item_kind, rubric, judge, design, total, replicate from verdicts
where status = 'scored' and ($run is null or run_id = $run) order by item_id, item_kind, rubric, judge, design, replicate
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
_MEASURES = """
select m.kind, c.mode, c.arm, c.split, s.place_id, m.value from measures m join completions c using (completion_id)
join samples s using (sample_id) where m.value is not null and ($run is null or s.run_id = $run) order by all
"""
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
class Score:
    """One item's score by one rubric, judge and design: means over its scored replicates; ``total`` 0 to 10."""

    item_id: str
    kind: str
    sample_id: str
    arm: str
    mode: str
    split: str
    place_id: str
    design: str
    rubric: str
    judge: str
    total: float | None
    dimensions: dict[str, float] | None
    scored: int
    replicates: int
    edit: str | None
    dose: int | None


@dataclass(frozen=True, slots=True)
class Call:
    """One scored judge call."""

    item_id: str
    kind: str
    rubric: str
    judge: str
    design: str
    total: float | None
    replicate: int


@dataclass(frozen=True, slots=True)
class Losses:
    """One checkpoint's training log; ``losses`` are (step, loss)."""

    model: str
    losses: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class Material:
    """Everything numeric that the report needs. Rows that are only shown stay tuples in the order of their query."""

    runs: tuple[Run, ...]
    scores: tuple[Score, ...]
    calls: tuple[Call, ...]
    coverage: tuple[tuple[Any, ...], ...]
    usage: tuple[tuple[Any, ...], ...]
    rejects: tuple[tuple[Any, ...], ...]
    map: tuple[Any, ...]
    claims: tuple[tuple[Any, ...], ...]
    measures: tuple[tuple[Any, ...], ...]
    splits: tuple[tuple[Any, ...], ...]
    licences: tuple[tuple[Any, ...], ...]
    losses: tuple[Losses, ...]


def read_material(connection: duckdb.DuckDBPyConnection, data: Path, run: str | None) -> Material:
    """All of it. Raises duckdb.Error."""

    def ask(sql: str) -> tuple[tuple[Any, ...], ...]:
        return tuple(connection.execute(sql, {"run": run}).fetchall())

    return Material(
        runs=tuple(Run(*row) for row in ask(_RUNS)),
        scores=tuple(Score(*row) for row in ask(_SCORES)),
        calls=tuple(Call(*row) for row in ask(_CALLS)),
        coverage=ask(_COVERAGE),
        usage=ask(_USAGE),
        rejects=ask(_REJECTS),
        map=ask(_MAP)[0],
        claims=ask(_CLAIMS),
        measures=ask(_MEASURES),
        splits=ask(_SPLITS),
        licences=ask(_LICENCES),
        losses=read_losses(data),
    )


def read_losses(data: Path) -> tuple[Losses, ...]:
    """The log of each checkpoint folder. A torn last line (a run that goes on) is left out."""
    found = []
    for path in sorted((data / "models").glob("*/metrics.jsonl")):
        rows = []
        for line in path.read_bytes().splitlines():
            try:
                row = orjson.loads(line)
            except orjson.JSONDecodeError:
                continue
            if "loss" in row and "step" in row:
                rows.append((int(row["step"]), float(row["loss"])))
        if rows:
            found.append(Losses(path.parent.name, tuple(rows)))
    return tuple(found)
