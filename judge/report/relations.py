"""Which scores are set against which: data quality and performance in separate calls, in one call, and without their noise.

Pairs rows for judge/statistics and keeps its results; nothing is computed here.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from judge.report.data import Material, Score
from judge.statistics.bootstrap import Floats, places_of
from judge.statistics.comparison import Paired, Slope, dose_slope, paired
from judge.statistics.correlation import Correlations, correlations
from judge.statistics.halo import Disattenuated, Halo, disattenuated, halo

HELD_OUT = ("seen", "unseen")
Tables = dict[str, dict[str, list[float]]]
"""Rubric to item to the totals of its scored replicates."""


@dataclass(frozen=True, slots=True)
class Relations:
    """``student``: whether performance is the tuned model's, or the reference answer's own."""

    student: bool
    cross: Correlations | None
    star: Disattenuated | None
    halo: Halo | None
    slopes: dict[str, Slope]
    tuned: dict[str, Paired]

    @property
    def conclusion(self) -> str:
        """What the same-call design does to the correlation, in a word.

        ``halo``: the two scores of one call correlate for the call's sake; ``both``: there is more to it; ``none``: no
        difference; ``below``: one call correlates less than separate ones, which a halo cannot do; ``unknown``.
        """
        if self.halo is None or self.halo.halo.low is None or self.halo.cross_call.low is None:
            return "unknown"
        if self.halo.halo.high is not None and self.halo.halo.high < 0:
            return "below"
        if self.halo.halo.low <= 0:
            return "none"
        return "both" if self.halo.cross_call.low > 0 else "halo"


def relate(material: Material, judge: str) -> Relations:
    """All of one judge's. Raises nothing on too few rows: those are None."""
    standard = [one for one in material.scores if (one.judge, one.design) == (judge, "standard")]
    place = {one.item_id: one.place_id for one in standard}
    data = {one.item_id: one for one in standard if (one.kind, one.rubric) == ("sample", "data_v1")}
    answers = {one.sample_id: one for one in standard if (one.arm, one.rubric) == ("tuned", "answer_v1")}
    student = bool(answers)
    answers = answers or {one.sample_id: one for one in standard if (one.kind, one.rubric) == ("sample", "answer_v1")}
    pairs = [(data[key], answers[key]) for key in sorted(data.keys() & answers.keys()) if data[key].split in HELD_OUT]
    known = [(x, y) for x, y in pairs if x.total is not None and y.total is not None]
    single = _tables(material, judge, "standard")
    return Relations(
        student,
        correlations(
            [x.total or 0.0 for x, _ in known], [y.total or 0.0 for _, y in known], [x.place_id for x, _ in known]
        ),
        _star(known, single),
        _halo(material, judge, single, place),
        _slopes(standard),
        _tuned(standard),
    )


def _tables(material: Material, judge: str, design: str) -> Tables:
    tables: Tables = {"data_v1": defaultdict(list), "answer_v1": defaultdict(list)}
    for call in material.calls:
        if (
            (call.judge, call.design) == (judge, design)
            and call.kind in {"sample", "completion"}
            and call.total is not None
        ):
            tables[call.rubric][call.item_id].append(call.total)
    return tables


def _full(rows: list[list[float]]) -> int:
    return max((len(row) for row in rows), default=0)


def _star(pairs: list[tuple[Score, Score]], single: Tables) -> Disattenuated | None:
    """Over pairs that have every replicate on both sides."""
    rows = [
        (single["data_v1"].get(x.item_id, []), single["answer_v1"].get(y.item_id, []), x.place_id) for x, y in pairs
    ]
    most = (_full([x for x, _, _ in rows]), _full([y for _, y, _ in rows]))
    full = [row for row in rows if (len(row[0]), len(row[1])) == most]
    if min(most) < 2 or len(full) < 3:
        return None
    return disattenuated(
        _array([x for x, _, _ in full]), _array([y for _, y, _ in full]), places_of([p for _, _, p in full])
    )


def _halo(material: Material, judge: str, single: Tables, place: dict[str, str]) -> Halo | None:
    """On the items that were asked both ways."""
    legacy = _tables(material, judge, "legacy")
    rows = [
        (legacy["data_v1"][item][0], legacy["answer_v1"][item][0], x, y, place[item])
        for item in sorted(legacy["data_v1"].keys() & legacy["answer_v1"].keys() & place.keys())
        if (x := single["data_v1"].get(item)) and (y := single["answer_v1"].get(item))
    ]
    most = (_full([row[2] for row in rows]), _full([row[3] for row in rows]))
    rows = [row for row in rows if (len(row[2]), len(row[3])) == most]
    if len(rows) < 3:
        return None
    same_x, same_y, many_x, many_y, places = zip(*rows, strict=True)
    return halo(_array(same_x), _array(same_y), _array(many_x), _array(many_y), places_of(places))


def _array(values: object) -> Floats:
    return np.asarray(values, dtype=np.float64)


def _slopes(standard: list[Score]) -> dict[str, Slope]:
    """One a kind of planted error; each sample's own score is its dose 0."""
    start = {one.item_id: one.total for one in standard if (one.kind, one.rubric) == ("sample", "data_v1")}
    groups: defaultdict[str, list[Score]] = defaultdict(list)
    for one in standard:
        if one.kind == "injected" and one.total is not None and one.edit is not None:
            groups[one.edit].append(one)
    found = {}
    for edit, rows in sorted(groups.items()):
        points = [(one.dose or 0, one.total or 0.0, one.place_id) for one in rows]
        if all(dose for dose, _, _ in points):
            origin = {one.sample_id: one.place_id for one in rows}
            points += [
                (0, total, origin[item]) for item, total in start.items() if item in origin and total is not None
            ]
        slope = dose_slope([p[0] for p in points], [p[1] for p in points], [p[2] for p in points])
        if slope is not None:
            found[edit] = slope
    return found


def _tuned(standard: list[Score]) -> dict[str, Paired]:
    """Tuned against base on the same held-out question, by mode."""
    arms: defaultdict[tuple[str, str], dict[str, Score]] = defaultdict(dict)
    for one in standard:
        if one.kind == "completion" and one.rubric == "answer_v1" and one.total is not None and one.split in HELD_OUT:
            arms[one.mode, one.arm][one.sample_id] = one
    found = {}
    for mode in sorted({mode for mode, _ in arms}):
        base, tuned = arms[mode, "base"], arms[mode, "tuned"]
        both = sorted(base.keys() & tuned.keys())
        compared = paired(
            [base[key].total or 0.0 for key in both],
            [tuned[key].total or 0.0 for key in both],
            [base[key].place_id for key in both],
        )
        if compared is not None:
            found[mode] = compared
    return found
