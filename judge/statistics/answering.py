"""Does a judge answer at all, and does it leave without a score what it dislikes? Refusals that are not at random.

Share of calls with a score, with an interval that stays between 0 and 1. Where what was asked is known to be sound or
faulty: how much oftener faulty texts go without a score (mean difference of two groups of one clustered sample, as the slope
of an indicator). A mean of what is left is told with bounds: every missing score at 0, or at 10 (Manski 1989).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from judge.statistics.bounded import bounded_mean
from judge.statistics.calls import VerdictRow
from judge.statistics.clustered_mean import MeanWithInterval
from judge.statistics.comparison import Slope, dose_slope


@dataclass(frozen=True, slots=True)
class Answering:
    """Of one rubric's standard calls. ``more_for_faulty``: share without a score, faulty less sound texts."""

    rubric: str
    asked: int
    scored: int
    share: MeanWithInterval
    more_for_faulty: Slope | None
    unscored_faulty: float | None
    unscored_sound: float | None
    reasons: tuple[tuple[str, int], ...]


def answering(rows: Sequence[VerdictRow], rubric: str, sound: Mapping[str, bool]) -> Answering | None:
    """None where nothing was asked."""
    asked = [row for row in rows if row.rubric == rubric and row.design == "standard"]
    share = bounded_mean([float(row.total is not None) for row in asked], [row.place_id for row in asked])
    if share is None:
        return None
    judged = [(row, sound[row.item_id]) for row in asked if row.item_id in sound]
    missing = {state: [float(row.total is None) for row, good in judged if good is state] for state in (True, False)}
    reasons = Counter(why(row) for row in asked if row.total is None)
    return Answering(
        rubric,
        len(asked),
        sum(row.total is not None for row in asked),
        share,
        dose_slope(
            [float(not good) for _, good in judged],
            [float(row.total is None) for row, _ in judged],
            [row.place_id for row, _ in judged],
        ),
        _mean(missing[False]),
        _mean(missing[True]),
        tuple(reasons.most_common()),
    )


def _mean(flags: Sequence[float]) -> float | None:
    return sum(flags) / len(flags) if flags else None


def why(row: VerdictRow) -> str:
    """Why a call has no total."""
    return row.reason or ("cannot_judge" if row.status == "scored" else row.status)
