"""Whether a judge can be believed: does it repeat itself, does another judge agree, and does it see what code knows to be wrong.

Truth is the verifier's: samples and harmless edits are sound, planted errors and another place's evidence are faulty, and a
completion is sound when every restaurant and fact in it stands in the evidence.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from judge.statistics.agreement import Reliability, reliability, wandering
from judge.statistics.bootstrap import Estimate, Floats, bootstrap_mean, estimate, places_of
from judge.statistics.calls import ANSWER, DATA, Calls, VerdictRow
from judge.statistics.clustered_mean import MeanWithInterval, clustered_mean
from judge.statistics.comparison import dose_slope
from judge.statistics.krippendorff import krippendorff_alpha
from judge.statistics.truth import Decisions, auroc, decisions

FACTUAL = {DATA: ("准确性",), ANSWER: ("事实准确性", "准确性", "推荐合理性")}
"""The dimensions whose anchors speak of facts against the evidence, by what is judged; the first that the rubric has."""
TOTAL = "total"
"""Stands for the dimension where a rubric has none of them: its total is what must tell faulty from sound."""
FLAGGED = 4.0
"""By the rubrics' anchors, which count errors, 5 says that there is none and 4 that there is exactly one."""


@dataclass(frozen=True, slots=True)
class Trust:
    """Of one rubric's totals over the items of one group.

    ``judge_gap``: second judge minus first, one call each; ``judge_distance``: how far they are apart on one item beyond that
    gap, in points.
    """

    rubric: str
    group: str
    reliability: Reliability | None
    wandering: Estimate | None
    alpha_replicates: Estimate | None
    alpha_judges: Estimate | None
    judge_gap: MeanWithInterval | None
    judge_distance: Estimate | None


@dataclass(frozen=True, slots=True)
class Seen:
    """One kind of planted error at dose 1: share flagged, and its lead over the share of sound texts that are flagged."""

    edit: str
    flagged: Estimate
    lead_low: float | None


@dataclass(frozen=True, slots=True)
class Truth:
    """One dimension's single calls against the verifier. ``auroc`` compares within style; ``pooled`` all with all."""

    rubric: str
    dimension: str
    auroc: Estimate
    pooled: Estimate
    single: Estimate | None
    """Texts with exactly one planted error against sound ones; None without any."""
    decisions: Decisions
    seen: tuple[Seen, ...]


def trust_of(calls: Calls, second: Calls | None, rubric: str, group: str, resamples: int) -> Trust:
    """``second``: another judge's calls on a subset."""
    items, table = calls.replicated(rubric, group), calls.table(rubric, group)
    names = [calls.items[item].place_id for item in items]
    full = ~np.isnan(table).any(axis=1)
    kept = [names[position] for position in np.flatnonzero(full)]
    pairs = _first_calls(calls, second, rubric, items) if second else []
    gaps = [theirs - ours for _, ours, theirs in pairs]
    places = [calls.items[item].place_id for item, _, _ in pairs]
    every = places_of(names, resamples) if names else None
    return Trust(
        rubric,
        group,
        reliability(table[full], places_of(kept, resamples)) if kept else None,
        wandering(table, every) if every else None,
        krippendorff_alpha(table, "interval", every) if every else None,
        krippendorff_alpha(_columns(pairs), "interval", places_of(places, resamples)) if pairs else None,
        clustered_mean(gaps, places),
        _distance(gaps, places, resamples) if gaps else None,
    )


def _distance(gaps: list[float], names: list[str], resamples: int) -> Estimate:
    """Root mean square about the mean, sqrt(E d^2 - (E d)^2): a judge that is stricter throughout ranks items alike."""
    places, column = places_of(names, resamples), np.asarray(gaps, dtype=np.float64)
    sums = places.sums(np.stack([np.ones_like(column), column, column**2], axis=1))

    def apart(drawn: Floats) -> Floats:
        mean, square = drawn[..., 1] / drawn[..., 0], drawn[..., 2] / drawn[..., 0]
        return np.asarray(np.sqrt(np.maximum(0.0, square - mean**2)))

    return estimate(float(apart(sums.sum(axis=0))), apart(places.weights @ sums), places)


def _first_calls(calls: Calls, second: Calls, rubric: str, items: list[str]) -> list[tuple[str, float, float]]:
    """One call against one call: a mean of three would agree better than a judge does."""
    key = [(item, "standard", rubric) for item in items]
    both = [(call[0], calls.totals[call].get(0), second.totals.get(call, {}).get(0)) for call in key]
    return [(item, ours, theirs) for item, ours, theirs in both if ours is not None and theirs is not None]


def _columns(pairs: list[tuple[str, float, float]]) -> Floats:
    return np.asarray([[ours, theirs] for _, ours, theirs in pairs], dtype=np.float64)


def truth_of(calls: Calls, rubric: str, sound: Mapping[str, bool], resamples: int) -> Truth | None:
    """None where all items are sound or all faulty. The first call of each item: no item has the benefit of a mean."""
    name = factual(calls, rubric)
    judged = [
        (row, mark, sound[item])
        for item, row in sorted(calls.items.items())
        if item in sound and (mark := _mark(calls, item, rubric, name)) is not None
    ]
    marks, good = [mark for _, mark, _ in judged], [is_sound for _, _, is_sound in judged]
    places = [row.place_id for row, _, _ in judged]
    if not judged:
        return None
    area = auroc(marks, good, places, resamples, styles=[row.group for row, _, _ in judged])
    pooled = auroc(marks, good, places, resamples)
    flags = [mark <= (FLAGGED if name != TOTAL else 2 * FLAGGED) for mark in marks]
    decided = decisions(flags, [not is_sound for is_sound in good], places, resamples)
    if area is None or pooled is None or decided is None:
        return None
    seen = _seen([(row, good) for row, _, good in judged], flags, resamples)
    return Truth(rubric, name, area, pooled, _single(judged, resamples), decided, seen)


def _single(judged: list[tuple[VerdictRow, float, bool]], resamples: int) -> Estimate | None:
    kept = [(row, mark, good) for row, mark, good in judged if good or (row.item_kind == "injected" and row.dose == 1)]
    return auroc(
        [mark for _, mark, _ in kept], [good for _, _, good in kept], [row.place_id for row, _, _ in kept], resamples
    )


def factual(calls: Calls, rubric: str) -> str:
    """The dimension of this rubric that speaks of facts, or ``TOTAL``."""
    given = {
        name
        for (_, asked), turns in calls.marks.items()
        if asked == rubric
        for marks in turns.values()
        for name in marks
    }
    return next((name for name in FACTUAL.get(rubric, ()) if name in given), TOTAL)


def _mark(calls: Calls, item: str, rubric: str, name: str) -> float | None:
    if name == TOTAL:
        return calls.totals.get((item, "standard", rubric), {}).get(0)
    return calls.marks.get((item, rubric), {}).get(0, {}).get(name)


def _seen(rows: list[tuple[VerdictRow, bool]], flags: list[bool], resamples: int) -> tuple[Seen, ...]:
    kinds: defaultdict[str, list[tuple[float, str]]] = defaultdict(list)
    alarms = [(float(flag), row.place_id) for (row, good), flag in zip(rows, flags, strict=True) if good]
    for (row, good), flag in zip(rows, flags, strict=True):
        if row.item_kind == "injected" and row.edit is not None and row.dose == 1 and not good:
            kinds[row.edit].append((float(flag), row.place_id))
    return tuple(
        Seen(
            kind,
            bootstrap_mean([flag for flag, _ in kept], [place for _, place in kept], resamples),
            _lead(kept, alarms),
        )
        for kind, kept in sorted(kinds.items())
    )


def _lead(flagged: list[tuple[float, str]], alarms: list[tuple[float, str]]) -> float | None:
    """Lower end of how much oftener the planted error is flagged than a sound text."""
    both = [(1.0, *row) for row in flagged] + [(0.0, *row) for row in alarms]
    slope = dose_slope([dose for dose, _, _ in both], [flag for _, flag, _ in both], [place for _, _, place in both])
    return slope.low if slope else None
