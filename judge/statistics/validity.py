"""Known groups: what planted errors cost, that harmless edits cost nothing, and controls whose scores are known beforehand."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from judge.statistics.calls import DATA, Calls, VerdictRow
from judge.statistics.clustered_mean import MeanWithInterval, clustered_mean
from judge.statistics.comparison import Slope, dose_slope


@dataclass(frozen=True, slots=True)
class Response:
    """One kind of edit. ``doses``: mean data score at each dose, dose 0 being the samples themselves."""

    edit: str
    harmless: bool
    slope: Slope | None
    doses: tuple[tuple[int, MeanWithInterval], ...]


@dataclass(frozen=True, slots=True)
class Control:
    """Mean of one kind of control, and its gap to the samples it was made of."""

    edit: str
    mean: MeanWithInterval
    gap: MeanWithInterval | None


def responses(calls: Calls, harmless: frozenset[str]) -> tuple[Response, ...]:
    """Planted errors first; ``harmless`` names the edits that must cost nothing."""
    groups: defaultdict[str, list[tuple[VerdictRow, float]]] = defaultdict(list)
    for row, mean in _edited(calls, "injected"):
        groups[row.edit or ""].append((row, mean))
    found = [_response(calls, edit, edit in harmless, rows) for edit, rows in sorted(groups.items())]
    return tuple(sorted(found, key=lambda one: one.harmless))


def _response(calls: Calls, edit: str, harmless: bool, rows: list[tuple[VerdictRow, float]]) -> Response:  # noqa: FBT001 - what the kind is
    points = [(row.dose or 0, mean, row.place_id) for row, mean in rows]
    for sample, place in sorted({(row.sample_id, row.place_id) for row, _ in rows}):
        if (mean := calls.mean(sample, DATA)) is not None:
            points.append((0, mean, place))
    by_dose: defaultdict[int, list[tuple[float, str]]] = defaultdict(list)
    for dose, mean, place in points:
        by_dose[dose].append((mean, place))
    means = {dose: clustered_mean([m for m, _ in one], [p for _, p in one]) for dose, one in sorted(by_dose.items())}
    return Response(
        edit,
        harmless,
        dose_slope([float(p[0]) for p in points], [p[1] for p in points], [p[2] for p in points]),
        tuple((dose, mean) for dose, mean in means.items() if mean is not None),
    )


def controls(calls: Calls) -> tuple[Control, ...]:
    """By name."""
    groups: defaultdict[str, list[tuple[VerdictRow, float]]] = defaultdict(list)
    for row, scored in _edited(calls, "control"):
        groups[row.edit or ""].append((row, scored))
    found = []
    for edit, rows in sorted(groups.items()):
        own = [
            (scored - start, row.place_id)
            for row, scored in rows
            if (start := calls.mean(row.sample_id, DATA)) is not None
        ]
        mean = clustered_mean([scored for _, scored in rows], [row.place_id for row, _ in rows])
        if mean is not None:
            found.append(Control(edit, mean, clustered_mean([gap for gap, _ in own], [place for _, place in own])))
    return tuple(found)


def _edited(calls: Calls, kind: str) -> list[tuple[VerdictRow, float]]:
    scored = [(row, calls.mean(item, DATA)) for item, row in sorted(calls.items.items()) if row.item_kind == kind]
    return [(row, mean) for row, mean in scored if mean is not None]
