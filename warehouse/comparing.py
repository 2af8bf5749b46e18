"""`chidian runs`: the runs of a DATA beside each other, by teacher and prompt, each figure with its 95 % interval.

Reads views alone; the formulas are in intervals.py and stand below the table. An interval says what chance alone may do to
this run's figure; of two runs with overlapping ones nothing is known to be better.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import orjson

from factory.errors import UsageError
from factory.shown_text import print_line
from warehouse.catalogue import open_reader
from warehouse.intervals import Interval, clustered_share, mean, ratio

BATCH: Final = 20
"""Samples whose distinct n-grams are counted together: a fixed number, since the share falls with it."""
MOST_REASONS: Final = 5
FORMATS: Final = ("table", "json")
_RUNS = """
select run_id, map_provider, teacher, prompt_version, prompt_hash, request_hash, temperature, verifier, target, accepted,
  spent_cny, simulated
from runs where $run is null or run_id = $run order by teacher, prompt_version, prompt_hash, first_commit_at, run_id
"""
_ORDERS = "select slots, passed, accepted, cost_cny, repaired from order_yield where run_id = $run order by order_id"
_SLOTS = "select order_id, slots from order_yield where run_id = $run order by order_id"
_REASONS = """
with named as (
  select order_id, stage || ' ' || reason as reason, count(*) as n from rejects where run_id = $run group by all
)
select reason, sum(n)::integer as times, list((order_id, n)) from named group by reason order by times desc, reason
"""
_GRAMS = """
select s.grams from samples_shard s join samples a using (sample_id)
where a.run_id = $run and s.grams is not null order by hash(s.sample_id), s.sample_id
"""


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason of rejection: its share of the run's slots."""

    name: str
    times: int
    share: Interval


@dataclass(frozen=True, slots=True)
class RunFigures:
    """One run. ``passed``: share of its committed slots whose candidate passed the verifier and repeats none of the run.

    ``first_try``: share of its orders whose agent submitted once; None where calls are not kept. ``cost_cny``: money per accepted
    sample, None where a price is unknown. ``diversity``: share of distinct n-grams among those of 20 samples.
    """

    run_id: str
    teacher: str
    prompt: str
    temperature: float | None
    verifier: str | None
    simulated: bool
    target: int
    accepted: int
    slots: int
    passed: Interval
    first_try: Interval | None
    cost_cny: Interval | None
    diversity: Interval | None
    reasons: tuple[Reason, ...]


def compare(data: Path, run: str | None = None) -> list[RunFigures]:
    """All runs, or one. Raises UsageError when there is none."""
    with open_reader(data) as connection:
        rows = connection.execute(_RUNS, {"run": run}).fetchall()
        if not rows:
            raise UsageError(f"There is no run{f' {run}' if run else ''} in {data}: run `make synth` first.")
        return [_figures(connection, row) for row in rows]


def _figures(connection: duckdb.DuckDBPyConnection, row: tuple[Any, ...]) -> RunFigures:
    run_id, _, teacher, version, prompt_hash, _, temperature, verifier, target, accepted, _, simulated = row
    orders = connection.execute(_ORDERS, {"run": run_id}).fetchall()
    repaired = [order[4] for order in orders if order[4] is not None]
    costs = [(order[3], order[2]) for order in orders]
    return RunFigures(
        run_id=run_id,
        teacher=teacher,
        prompt=f"{version} {prompt_hash[:8]}" if prompt_hash else version,
        temperature=temperature,
        verifier=verifier,
        simulated=bool(simulated),
        target=target,
        accepted=accepted,
        slots=sum(order[0] for order in orders),
        passed=clustered_share([(order[1], order[0]) for order in orders]),
        first_try=clustered_share([(not back, 1) for back in repaired]) if repaired else None,
        cost_cny=None if any(cost is None for cost, _ in costs) else ratio(costs),
        diversity=mean([_distinct(batch) for batch in _batches(connection, run_id)]),
        reasons=tuple(_reasons(connection, run_id)),
    )


def _reasons(connection: duckdb.DuckDBPyConnection, run_id: str) -> Iterator[Reason]:
    slots = dict(connection.execute(_SLOTS, {"run": run_id}).fetchall())
    for name, times, per_order in connection.execute(_REASONS, {"run": run_id}).fetchall()[:MOST_REASONS]:
        counts = dict(per_order)
        yield Reason(name, times, clustered_share([(counts.get(order, 0), n) for order, n in slots.items()]))


def _batches(connection: duckdb.DuckDBPyConnection, run_id: str) -> Iterator[list[list[int]]]:
    cursor = connection.execute(_GRAMS, {"run": run_id})
    while len(batch := cursor.fetchmany(BATCH)) == BATCH:
        yield [grams for (grams,) in batch]


def _distinct(batch: Sequence[Sequence[int]]) -> float:
    """Share of distinct n-grams among all of a batch: 1 when its texts share none."""
    total = sum(map(len, batch))
    return len({gram for grams in batch for gram in grams}) / total if total else 0.0


def show(data: Path, form: str, run: str | None = None) -> None:
    """Print the comparison for people or as JSON. Raises UsageError."""
    if form not in FORMATS:
        raise UsageError(f"FORMAT must be one of {', '.join(FORMATS)}, not {form!r}.")
    figures = compare(data, run)
    if form == "json":
        sys.stdout.write(orjson.dumps(figures, option=orjson.OPT_INDENT_2).decode() + "\n")
        return
    for each in figures:
        for line in _lines(each):
            print_line(line, sys.stdout)
    for line in _FORMULAS:
        print_line(line, sys.stdout)


_FORMULAS: Final = (
    "95 % intervals, orders as clusters. Shares: Wilson's score interval with n_eff = p(1-p) / v, where v is clustered,",
    "m/(m-1) Σ(s-pn)² / (Σn)². Cost: ratio Σcost / Σaccepted ± 1.96 √(m/(m-1) Σ(c-Ra)²) / Σa. Diversity: share of distinct n-grams",
    f"of {BATCH} samples together, mean over such batches ± 1.96 s/√n. Overlapping intervals: no difference is shown.",
)


def _lines(run: RunFigures) -> Iterator[str]:
    simulated = " · SIMULATED" if run.simulated else ""
    heat = "" if run.temperature is None else f" · temperature {run.temperature:g}"
    yield f"{run.run_id} · teacher {run.teacher} · prompt {run.prompt}{heat} · verifier {run.verifier or 'unknown'}{simulated}"
    yield f"  accepted   {run.accepted} of {run.target}, from {run.slots} slots"
    yield f"  yield      {_percent(run.passed)} of slots passed"
    yield "  first try  " + (_percent(run.first_try) + " of orders" if run.first_try else "unknown")
    yield "  cost       " + (_number(run.cost_cny) + " CNY an accepted sample" if run.cost_cny else "unknown")
    yield "  diversity  " + (
        _percent(run.diversity) + " distinct" if run.diversity else f"unknown (needs {BATCH} accepted samples)"
    )
    for reason in run.reasons:
        yield f"  rejected   {_percent(reason.share)} {reason.name} ({reason.times})"
    yield ""


def _percent(interval: Interval) -> str:
    if interval.low is None or interval.high is None:
        return f"{100 * interval.value:.1f} %"
    return f"{100 * interval.value:.1f} % [{100 * interval.low:.1f}, {100 * interval.high:.1f}]"


def _number(interval: Interval) -> str:
    if interval.low is None or interval.high is None:
        return f"{interval.value:.4f}"
    return f"{interval.value:.4f} [{interval.low:.4f}, {interval.high:.4f}]"
