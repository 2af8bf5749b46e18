"""The report's numbers: which rows go into which statistic, and what may be concluded; the formulas are in judge/statistics.

``report.json`` is this record. A number that cannot be had is None, and the page says why.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from judge.asking import RUBRICS
from judge.report.data import Material, Score
from judge.statistics.agreement import reliability
from judge.statistics.clustered_mean import clustered_mean

RELIABLE = 0.75
"""Koo & Li 2016: ICC from 0.75 is good; below, the number is not reliable enough to interpret."""
HELD_OUT = ("seen", "unseen")


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean with its interval over places. ``group``: data, or a completion's arm and mode; ``split``: or held-out."""

    rubric: str
    group: str
    split: str
    items: int
    places: int
    mean: float | None
    low: float | None
    high: float | None
    least: float | None
    most: float | None


@dataclass(frozen=True, slots=True)
class Trust:
    """Test-retest reliability of one rubric; ``reliable`` None where it cannot be known."""

    rubric: str
    icc_2_1: float | None
    icc_3_k: float | None
    items: int
    replicates: int
    reliable: bool | None


@dataclass(frozen=True, slots=True)
class Dimension:
    """Mean of one dimension on 1 to 5, held-out data rows."""

    rubric: str
    name: str
    mean: Mean


@dataclass(frozen=True, slots=True)
class Edited:
    """Mean data score of samples that were edited on purpose, with ``dose`` faults of one kind."""

    edit: str
    dose: int
    kind: str
    mean: Mean


@dataclass(frozen=True, slots=True)
class Measured:
    """One deterministic measure of completions."""

    kind: str
    mode: str
    arm: str
    mean: Mean


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything that the page says in numbers."""

    judge: str
    simulated: bool
    means: tuple[Mean, ...]
    trust: tuple[Trust, ...]
    dimensions: tuple[Dimension, ...]
    shares: dict[str, dict[str, float]]
    edited: tuple[Edited, ...]
    measured: tuple[Measured, ...]
    legacy: tuple[Mean, ...]
    second: tuple[Mean, ...]
    cost_per_accepted_cny: float | None
    tokens_per_accepted: float | None
    asked: int
    unscored: int

    def held_out(self, rubric: str, group: str) -> Mean | None:
        """The mean over held-out rows of one group, if it has any."""
        return next(
            (one for one in self.means if (one.rubric, one.group, one.split) == (rubric, group, "held-out")), None
        )


def find(material: Material, judge: str) -> Findings:
    """All numbers of one judge."""
    ours = [one for one in material.scores if one.judge == judge and one.total is not None]
    standard = [one for one in ours if one.design == "standard"]
    samples = [one for one in standard if one.kind == "sample"]
    accepted = sum(run.accepted for run in material.runs)
    costs = [row[7] for row in material.usage]
    tokens = sum((row[5] or 0) + (row[6] or 0) for row in material.usage)
    other = [one for one in material.scores if one.judge != judge and one.kind == "sample" and one.design == "standard"]
    return Findings(
        judge=judge,
        simulated=judge.startswith("sandbox/") or any(run.simulated for run in material.runs),
        means=tuple(_all_means(standard)),
        trust=tuple(_trust(material, judge, rubric) for rubric in RUBRICS),
        dimensions=tuple(_dimensions([one for one in samples if one.split in HELD_OUT])),
        shares={rubric: _shares(material, judge, rubric) for rubric in RUBRICS},
        edited=tuple(_edited(standard)),
        measured=tuple(_measured(material)),
        legacy=_by_rubric([one for one in ours if one.design == "legacy"], "legacy"),
        second=_by_rubric(other, "second"),
        cost_per_accepted_cny=None if None in costs or not accepted else sum(costs) / accepted,
        tokens_per_accepted=tokens / accepted if accepted else None,
        asked=sum(row[6] for row in material.coverage if row[0] == judge),
        unscored=sum(row[6] for row in material.coverage if row[0] == judge and row[4] != "scored"),
    )


def _mean(rubric: str, group: str, split: str, rows: Iterable[tuple[float, str]]) -> Mean:
    values, places = [], []
    for value, place in rows:
        values.append(value)
        places.append(place)
    found = clustered_mean(values, places)
    if found is None:
        return Mean(rubric, group, split, 0, 0, None, None, None, None, None)
    return Mean(
        rubric,
        group,
        split,
        found.items,
        found.clusters,
        found.mean,
        found.low,
        found.high,
        min(values),
        max(values),
    )


def _rows(scores: Iterable[Score]) -> list[tuple[float, str]]:
    return [(one.total, one.place_id) for one in scores if one.total is not None]


def _all_means(standard: list[Score]) -> Iterable[Mean]:
    groups: defaultdict[tuple[str, str], list[Score]] = defaultdict(list)
    for one in standard:
        if one.kind in {"sample", "completion"}:
            groups[one.rubric, "data" if one.kind == "sample" else f"{one.arm} {one.mode}".strip()].append(one)
    for (rubric, group), rows in sorted(groups.items(), key=lambda item: (item[0][1] != "data", item[0])):
        for split in ("train", *HELD_OUT):
            yield _mean(rubric, group, split, _rows(one for one in rows if one.split == split))
        yield _mean(rubric, group, "held-out", _rows(one for one in rows if one.split in HELD_OUT))


def _by_rubric(scores: list[Score], group: str) -> tuple[Mean, ...]:
    return tuple(
        _mean(rubric, group, "all", _rows(part))
        for rubric in RUBRICS
        if (part := [one for one in scores if one.rubric == rubric and one.total is not None])
    )


def _trust(material: Material, judge: str, rubric: str) -> Trust:
    """Over items that have every replicate: the ANOVA needs a full table."""
    totals: defaultdict[str, list[float]] = defaultdict(list)
    for call in material.calls:
        ours = (call.judge, call.rubric, call.design) == (judge, rubric, "standard")
        if ours and call.total is not None and call.kind in {"sample", "completion"}:
            totals[call.item_id].append(call.total)
    most = max((len(row) for row in totals.values()), default=0)
    full = [row for row in totals.values() if len(row) == most]
    found = reliability(np.array(full, dtype=np.float64)) if most > 1 and len(full) > 1 else None
    if found is None or np.isnan(found.icc_2_1):
        return Trust(rubric, None, None, len(full), most, None)
    return Trust(rubric, found.icc_2_1, found.icc_3_k, found.items, found.replicates, found.icc_2_1 >= RELIABLE)


def _dimensions(samples: list[Score]) -> Iterable[Dimension]:
    for rubric, names in RUBRICS.items():
        for name in names:
            rows = [
                (one.dimensions[name], one.place_id)
                for one in samples
                if one.rubric == rubric and one.dimensions and name in one.dimensions
            ]
            if rows:
                yield Dimension(rubric, name, _mean(rubric, "data", "held-out", rows))


def _shares(material: Material, judge: str, rubric: str) -> dict[str, float]:
    """Share of each half point among single calls on samples: the judge's own grid, not averaged over replicates."""
    values = [
        call.total
        for call in material.calls
        if (call.judge, call.rubric, call.design, call.kind) == (judge, rubric, "standard", "sample")
        and call.total is not None
    ]
    counts: defaultdict[float, int] = defaultdict(int)
    for value in values:
        counts[round(value * 2) / 2] += 1
    return {f"{grid:g}": count / len(values) for grid, count in sorted(counts.items())}


def _edited(standard: list[Score]) -> Iterable[Edited]:
    groups: defaultdict[tuple[str, str, int], list[Score]] = defaultdict(list)
    for one in standard:
        if one.edit is not None and one.rubric == "data_v1":
            groups[one.kind, one.edit, one.dose or 0].append(one)
    for (kind, edit, dose), rows in sorted(groups.items()):
        yield Edited(edit, dose, kind, _mean("data_v1", edit, "all", _rows(rows)))


def _measured(material: Material) -> Iterable[Measured]:
    groups: defaultdict[tuple[str, str, str], list[tuple[float, str]]] = defaultdict(list)
    for kind, mode, arm, split, place, value in material.measures:
        if split in HELD_OUT:
            groups[kind, mode, arm].append((float(value), place))
    for (kind, mode, arm), rows in sorted(groups.items()):
        yield Measured(kind, mode, arm, _mean(kind, f"{arm} {mode}", "held-out", rows))
