"""Whether a judge can be believed: does it repeat itself, does another judge agree, and does it see what code knows to be wrong.

Truth is the verifier's: samples and harmless edits are sound, planted errors and another place's evidence are faulty, and a
completion is sound when every restaurant and fact in it stands in the evidence.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from judge.statistics.agreement import Reliability, reliability
from judge.statistics.bootstrap import Estimate, Floats, bootstrap_mean, places_of
from judge.statistics.calls import ANSWER, DATA, Calls, VerdictRow
from judge.statistics.clustered_mean import MeanWithInterval, clustered_mean
from judge.statistics.krippendorff import krippendorff_alpha
from judge.statistics.truth import Decisions, auroc, decisions

FACTUAL = {DATA: "准确性", ANSWER: "推荐合理性"}
"""The dimension of each rubric whose anchors speak of facts against the evidence."""
FLAGGED = 3.0
"""By both rubrics' anchors a score of 3 or less says that something is plainly wrong; 4 that all facts hold."""


@dataclass(frozen=True, slots=True)
class Trust:
    """Of one rubric's totals, over samples and completions. ``judge_gap``: second judge minus first, one call each."""

    rubric: str
    reliability: Reliability | None
    alpha_replicates: Estimate | None
    alpha_judges: Estimate | None
    judge_gap: MeanWithInterval | None


@dataclass(frozen=True, slots=True)
class Truth:
    """One dimension's single calls against the verifier; ``seen``: share flagged by kind of planted error, at dose 1."""

    rubric: str
    dimension: str
    auroc: Estimate
    decisions: Decisions
    seen: tuple[tuple[str, Estimate], ...]


def trust_of(calls: Calls, second: Calls | None, rubric: str, resamples: int) -> Trust:
    """``second``: another judge's calls on a subset."""
    items, table = calls.replicated(rubric), calls.table(rubric)
    names = [calls.items[item].place_id for item in items]
    full = ~np.isnan(table).any(axis=1)
    kept = [names[one] for one in np.flatnonzero(full)]
    pairs = _first_calls(calls, second, rubric, items) if second else []
    gaps = [theirs - ours for _, ours, theirs in pairs]
    places = [calls.items[item].place_id for item, _, _ in pairs]
    return Trust(
        rubric,
        reliability(table[full], places_of(kept, resamples)) if kept else None,
        krippendorff_alpha(table, "interval", places_of(names, resamples)) if names else None,
        krippendorff_alpha(_columns(pairs), "interval", places_of(places, resamples)) if pairs else None,
        clustered_mean(gaps, places),
    )


def _first_calls(calls: Calls, second: Calls, rubric: str, items: list[str]) -> list[tuple[str, float, float]]:
    """One call against one call: a mean of three would agree better than a judge does."""
    key = [(item, "standard", rubric) for item in items]
    both = [(one[0], calls.totals[one].get(0), second.totals.get(one, {}).get(0)) for one in key]
    return [(item, ours, theirs) for item, ours, theirs in both if ours is not None and theirs is not None]


def _columns(pairs: list[tuple[str, float, float]]) -> Floats:
    return np.asarray([[ours, theirs] for _, ours, theirs in pairs], dtype=np.float64)


def truth_of(calls: Calls, rubric: str, sound: Mapping[str, bool], resamples: int) -> Truth | None:
    """None where all items are sound or all faulty. The first call of each item: no item has the benefit of a mean."""
    name = FACTUAL[rubric]
    known = [
        (row, mark, sound[item])
        for item, row in sorted(calls.items.items())
        if item in sound and (mark := calls.marks.get((item, rubric), {}).get(0, {}).get(name)) is not None
    ]
    marks, good = [mark for _, mark, _ in known], [one for _, _, one in known]
    places = [row.place_id for row, _, _ in known]
    area = auroc(marks, good, places, resamples) if known else None
    flags = [mark <= FLAGGED for mark in marks]
    found = decisions(flags, [not one for one in good], places, resamples) if known else None
    if area is None or found is None:
        return None
    return Truth(rubric, name, area, found, _seen([row for row, _, _ in known], flags, resamples))


def _seen(rows: list[VerdictRow], flags: list[bool], resamples: int) -> tuple[tuple[str, Estimate], ...]:
    kinds: defaultdict[str, list[tuple[float, str]]] = defaultdict(list)
    for row, flag in zip(rows, flags, strict=True):
        if row.item_kind == "injected" and row.edit is not None and row.dose == 1:
            kinds[row.edit].append((float(flag), row.place_id))
    return tuple(
        (kind, bootstrap_mean([one for one, _ in found], [place for _, place in found], resamples))
        for kind, found in sorted(kinds.items())
    )
