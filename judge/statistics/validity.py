"""Known groups: what planted errors cost, that harmless edits cost nothing, and controls whose scores are known beforehand."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from judge.statistics.bounded import bounded_mean
from judge.statistics.calls import DATA, Calls, VerdictRow
from judge.statistics.clustered_mean import MeanWithInterval, clustered_mean
from judge.statistics.comparison import Slope, dose_slope

FULL = 10.0
"""Where the scale of totals ends; a brought rubric's totals run from 0 to 10, too."""


@dataclass(frozen=True, slots=True)
class Response:
    """One kind of edit under one rubric. ``doses``: mean score at each dose, dose 0 being the samples themselves."""

    rubric: str
    edit: str
    harmless: bool
    slope: Slope | None
    doses: tuple[tuple[int, MeanWithInterval], ...]


@dataclass(frozen=True, slots=True)
class Control:
    """Mean of one kind of control under one rubric, and its gap to the samples it was made of."""

    rubric: str
    edit: str
    mean: MeanWithInterval
    gap: MeanWithInterval | None


Edited = tuple[VerdictRow, str, float]
"""(row, rubric, mean over its scored calls)"""


def responses(calls: Calls, harmless: frozenset[str]) -> tuple[Response, ...]:
    """Data rubric first, planted errors first; ``harmless`` names the edits that must cost nothing."""
    groups: defaultdict[tuple[str, str], list[Edited]] = defaultdict(list)
    for row, rubric, mean in _edited(calls, "injected"):
        groups[rubric, row.edit or ""].append((row, rubric, mean))
    made = [
        _response(calls, rubric, edit, [(row, mean) for row, _, mean in rows], harmless=edit in harmless)
        for (rubric, edit), rows in sorted(groups.items())
    ]
    return tuple(sorted(made, key=lambda response: (response.rubric != DATA, response.harmless)))


def _response(
    calls: Calls, rubric: str, edit: str, rows: list[tuple[VerdictRow, float]], *, harmless: bool
) -> Response:
    points = [(row.dose or 0, mean, row.place_id) for row, mean in rows]
    for sample, place in sorted({(row.sample_id, row.place_id) for row, _ in rows}):
        if (mean := calls.mean(sample, rubric)) is not None:
            points.append((0, mean, place))
    by_dose: defaultdict[int, list[tuple[float, str]]] = defaultdict(list)
    for dose, mean, place in points:
        by_dose[dose].append((mean, place))
    means = {
        dose: bounded_mean([mean for mean, _ in points_of], [place for _, place in points_of], most=FULL)
        for dose, points_of in sorted(by_dose.items())
    }
    return Response(
        rubric,
        edit,
        harmless,
        dose_slope([float(p[0]) for p in points], [p[1] for p in points], [p[2] for p in points]),
        tuple((dose, mean) for dose, mean in means.items() if mean is not None),
    )


def pooled_loss(calls: Calls, rubric: str, faults: frozenset[str]) -> Slope | None:
    """Points lost for each planted error, all kinds of ``faults`` together with the samples that they were planted in."""
    rows = [(row, mean) for row, asked, mean in _edited(calls, "injected") if asked == rubric and row.edit in faults]
    points = [(float(row.dose or 0), mean, row.place_id) for row, mean in rows]
    # A sample counts once for every kind that was planted in it, or the doses above 0 would outweigh it and hide the first step.
    for sample, place, _ in sorted({(row.sample_id, row.place_id, row.edit or "") for row, _ in rows}):
        if (mean := calls.mean(sample, rubric)) is not None:
            points.append((0.0, mean, place))
    return dose_slope([-dose for dose, _, _ in points], [mean for _, mean, _ in points], [p for _, _, p in points])


def controls(calls: Calls) -> tuple[Control, ...]:
    """By rubric and name."""
    groups: defaultdict[tuple[str, str], list[Edited]] = defaultdict(list)
    for row, rubric, scored in _edited(calls, "control"):
        groups[rubric, row.edit or ""].append((row, rubric, scored))
    made = []
    for (rubric, edit), rows in sorted(groups.items()):
        own = [
            (scored - start, row.place_id)
            for row, _, scored in rows
            if (start := calls.mean(row.sample_id, rubric)) is not None
        ]
        mean = bounded_mean([scored for _, _, scored in rows], [row.place_id for row, _, _ in rows], most=FULL)
        if mean is not None:
            gap = clustered_mean([gap for gap, _ in own], [place for _, place in own])
            made.append(Control(rubric, edit, mean, gap))
    return tuple(made)


def _edited(calls: Calls, kind: str) -> list[Edited]:
    scored = [
        (calls.items[item], rubric, sum(turns.values()) / len(turns))
        for (item, design, rubric), turns in sorted(calls.totals.items())
        if design == "standard" and calls.items[item].item_kind == kind
    ]
    return sorted(scored, key=lambda edited: (edited[1], edited[0].item_id))
