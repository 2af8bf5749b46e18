"""What code measured of each answer, brought to one line an answer; which origin of answers is best, by facts alone.

``dependable`` is an answer's weakest link: the smallest of the shares of its restaurants that stand in the evidence, of its
facts that are right, and of its restaurants that meet the wish. An answer that rightly says that nothing fits has 1, one that
says so wrongly 0; where nothing is listed the other shares are undefined and are left out, neither 0 nor 1.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from judge.report.data import Measure
from judge.statistics.bounded import bounded_mean
from judge.statistics.clustered_mean import MeanWithInterval
from judge.statistics.comparison import Paired
from judge.statistics.pairings import HELD_OUT

DEPENDABLE = "dependable"
LINKS = ("in_evidence", "claims_right", "wish_respected")
MEASURES = (DEPENDABLE, *LINKS, "well_formed", "ended")
"""What is compared; the first is primary, named before any answer was seen, the others are secondary."""
ALIKE = (*LINKS, "well_formed", "ended", "named", "right_claims")
"""Two answers that are alike in all of these are equally right by code."""


@dataclass(frozen=True, slots=True)
class Checked:
    """One answer. ``values``: kind to share or count; a kind that is undefined is missing."""

    completion_id: str
    sample_id: str
    group: str
    split: str
    place_id: str
    feasible: bool
    values: Mapping[str, float]
    details: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Ranked:
    """One origin of answers on held-out questions, by ``dependable``; its other means beside it."""

    group: str
    answers: int
    means: Mapping[str, MeanWithInterval]


@dataclass(frozen=True, slots=True)
class Difference:
    """Left minus right on the same questions, one measure; ``p_holm``: over the family of primary, or of secondary ones."""

    left: str
    right: str
    measure: str
    paired: Paired
    primary: bool
    p_holm: float | None


def checked(measures: Iterable[Measure]) -> tuple[Checked, ...]:
    """One a completion, in order."""
    rows: defaultdict[str, list[Measure]] = defaultdict(list)
    for measure in measures:
        rows[measure.completion_id].append(measure)
    return tuple(_checked(ones) for _, ones in sorted(rows.items()))


def _checked(rows: Sequence[Measure]) -> Checked:
    first = rows[0]
    values = {row.kind: float(row.value) for row in rows}
    if values.get("right_claims") == 0 and "in_evidence" not in values:
        values.pop("claims_right", None)  # nothing is listed and nothing stated: no share of anything
    links = [values[kind] for kind in LINKS if kind in values]
    if links:
        values[DEPENDABLE] = min(links)
    details = {row.kind: row.detail for row in rows if row.detail}
    group = f"{first.arm} {first.mode}"
    feasible = first.feasible is not False
    key = (first.completion_id, first.sample_id, group, first.split, first.place_id, feasible)
    return Checked(*key, values, details)


def ranking(answers: Sequence[Checked]) -> tuple[Ranked, ...]:
    """Best first; held-out questions only."""
    groups: defaultdict[str, list[Checked]] = defaultdict(list)
    for answer in answers:
        if answer.split in HELD_OUT:
            groups[answer.group].append(answer)
    made = [Ranked(group, len(ones), _means(ones)) for group, ones in groups.items()]
    return tuple(
        sorted(made, key=lambda origin: (-_mean(origin, DEPENDABLE), -_mean(origin, "claims_right"), origin.group))
    )


def _mean(origin: Ranked, kind: str) -> float:
    return origin.means[kind].mean if kind in origin.means else -1.0


def _means(answers: Sequence[Checked]) -> dict[str, MeanWithInterval]:
    means = {}
    for kind in MEASURES:
        rows = [(answer.values[kind], answer.place_id) for answer in answers if kind in answer.values]
        if (mean := bounded_mean([value for value, _ in rows], [place for _, place in rows])) is not None:
            means[kind] = mean
    return means


def rightness(answers: Sequence[Checked]) -> dict[str, tuple[float, ...]]:
    """By completion, what must be alike for two answers to be equally right; -1 where a share is undefined."""
    return {answer.completion_id: tuple(answer.values.get(kind, -1.0) for kind in ALIKE) for answer in answers}
