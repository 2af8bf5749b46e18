"""What moves a judge that should not: padding, layout, order and pleas, each against the same text without it.

The difference of one item: its score less the mean score of the sample it was made of. Mean difference with its clustered
interval; and the scatter, how far single items move in either direction around that mean, beyond chance: mean square of the
differences about their mean, less w^2 (1 + 1/k), what a call that wanders by w differs from a mean of k calls by itself.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from judge.statistics.calls import DATA, Calls
from judge.statistics.clustered_mean import MeanWithInterval, clustered_mean

PLEA = "begging_after"
ORDER = "reorder"


@dataclass(frozen=True, slots=True)
class Sway:
    """One harmless edit of one rubric. ``scatter``: points, lower and upper end; None where the wandering is not known."""

    rubric: str
    edit: str
    effect: MeanWithInterval
    scatter_low: float | None
    scatter_high: float | None


def sways(calls: Calls, harmless: frozenset[str], wander: Mapping[str, float]) -> tuple[Sway, ...]:
    """``harmless`` names the edits that must cost and gain nothing; the plea is one more. ``wander``: by rubric, in points."""
    kinds = harmless | {PLEA}
    gaps: defaultdict[tuple[str, str], list[tuple[float, int, str]]] = defaultdict(list)
    for (item, design, rubric), scored in sorted(calls.totals.items()):
        row = calls.items[item]
        if design == "standard" and row.edit in kinds and (before := calls.mean(row.sample_id, rubric)) is not None:
            repeats = len(calls.totals[row.sample_id, "standard", rubric])
            gaps[rubric, row.edit or ""].append((sum(scored.values()) / len(scored) - before, repeats, row.place_id))
    return tuple(
        _sway(rubric, edit, rows, wander.get(rubric))
        for (rubric, edit), rows in sorted(
            gaps.items(), key=lambda entry: (entry[0][0] != DATA, entry[0][1] == PLEA, entry[0])
        )
    )


def _sway(rubric: str, edit: str, rows: list[tuple[float, int, str]], wander: float | None) -> Sway:
    places = [place for _, _, place in rows]
    effect = clustered_mean([gap for gap, _, _ in rows], places)
    if effect is None:
        raise AssertionError  # a group has rows
    excess = None
    if wander is not None:
        apart = [(gap - effect.mean) ** 2 - wander**2 * (1 + 1 / repeats) for gap, repeats, _ in rows]
        excess = clustered_mean(apart, places)
    low, high = (None, None) if excess is None else (_root(excess.low), _root(excess.high))
    return Sway(rubric, edit, effect, low, high)


def _root(square: float | None) -> float | None:
    return None if square is None else math.sqrt(max(0.0, square))


@dataclass(frozen=True, slots=True)
class Favour:
    """Judge's preference between two origins where code finds their answers equally right: mean difference in points."""

    preferred: str
    other: str
    effect: MeanWithInterval


def favours(
    calls: Calls, rubric: str, rightness: Mapping[str, tuple[float, ...]], groups: Mapping[str, str]
) -> tuple[Favour, ...]:
    """Every pair of origins on the questions that both answered and that code measures alike.

    ``rightness``: by item, what code measured (shares, then counts); equal means each within a twentieth of the larger.
    ``groups``: by item, its origin. The mean is written so that it is not negative.
    """
    answers: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for item, group in groups.items():
        if item in rightness and calls.mean(item, rubric) is not None:
            answers[calls.items[item].sample_id][group] = item
    gaps: defaultdict[tuple[str, str], list[tuple[float, str]]] = defaultdict(list)
    for by_group in answers.values():
        for first in sorted(by_group):
            for second in sorted(by_group):
                ours, other = by_group[first], by_group[second]
                if first < second and _alike(rightness[ours], rightness[other]):
                    gap = (calls.mean(ours, rubric) or 0.0) - (calls.mean(other, rubric) or 0.0)
                    gaps[first, second].append((gap, calls.items[ours].place_id))
    return tuple(
        _favour(first, second, [gap for gap, _ in rows], [place for _, place in rows])
        for (first, second), rows in sorted(gaps.items())
    )


def _alike(ours: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return len(ours) == len(other) and all(
        abs(a - b) <= 0.05 * max(1.0, abs(a), abs(b)) for a, b in zip(ours, other, strict=True)
    )


def _favour(first: str, second: str, gaps: list[float], places: list[str]) -> Favour:
    turned = sum(gaps) < 0
    effect = clustered_mean([-gap for gap in gaps] if turned else gaps, places)
    if effect is None:
        raise AssertionError  # a pair has rows
    return Favour(second, first, effect) if turned else Favour(first, second, effect)
