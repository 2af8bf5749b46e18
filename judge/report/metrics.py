"""The numbers that a gate may ask for, by name, each with its interval; also ``metrics`` of report.json.

Those of answers speak of the student (the answers that stand for the model on the first screen); ``NAME.ARM_MODE``, as
``facts_right.base_closed``, speaks of another origin. A number that was not measured is not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from judge.report.rightness import DEPENDABLE
from judge.statistics.bootstrap import Estimate
from judge.statistics.clustered_mean import MeanWithInterval
from judge.statistics.comparison import Slope
from judge.statistics.summary import ALL_HELD_OUT

if TYPE_CHECKING:
    from judge.report.page import Contents

NAMES = {
    "dependable": "mean weakest link of the student's held-out answers, 0 to 1",
    "facts_right": "share of the student's stated facts that are right",
    "in_evidence": "share of its restaurants that stand in the evidence",
    "wish_respected": "share of its restaurants that meet the wish",
    "well_formed": "share of its answers that are well formed",
    "ended": "share of its answers that ended by themselves",
    "model_score": "judged total of the student's held-out answers, 0 to 10",
    "data_score": "judged total of held-out samples, 0 to 10",
    "accepted": "share of candidates that passed every check",
    "facts_told": "facts told of a restaurant in the data, 0 to 5",
    "claims_hold": "share of the data's claims that hold",
    "near_duplicates": "share of samples with a near duplicate in their place",
    "auroc": "judge: share of pairs in which a sound text beats a faulty one",
    "loss": "judge: points lost for each planted error",
    "wander": "judge: SD of a single call about one item, in points",
    "drift": "judge: points between the first call and the last",
    "scored": "judge: share of questions with a score",
    "judge_certified": "1 where nothing was found wrong with the judge, else 0",
}
"""Every name and what it is; the first word of the documentation and of errors."""
_KINDS = {
    "dependable": DEPENDABLE,
    "facts_right": "claims_right",
    **{measure: measure for measure in ("in_evidence", "wish_respected", "well_formed", "ended")},
}


@dataclass(frozen=True, slots=True)
class Metric:
    """``low`` and ``high`` are None where no interval is known: a gate that asks for such a number does not pass."""

    value: float
    low: float | None
    high: float | None


def metrics(contents: Contents) -> dict[str, Metric]:
    """All that were measured, in the order of ``NAMES``."""
    return dict(named for named in _all(contents) if named[1] is not None)  # type: ignore[misc] # None is left out


def _all(contents: Contents) -> Iterator[tuple[str, Metric | None]]:
    student = contents.first.student
    for ranked in contents.ranked:
        for name, kind in _KINDS.items():
            metric = _mean(ranked.means.get(kind))
            if student is not None and ranked.group == student.group:
                yield name, metric
            yield f"{name}.{ranked.group.replace(' ', '_')}", metric
    yield from _judged(contents)
    yield from _of_data(contents)
    yield from _of_judge(contents)


def _judged(contents: Contents) -> Iterator[tuple[str, Metric | None]]:
    student = contents.first.student
    for scored in contents.summary.scored:
        if scored.split == ALL_HELD_OUT:
            if scored.group == "data":
                if scored.rubric.startswith("data"):
                    yield "data_score", _mean(scored.mean)
                continue
            if student is not None and scored.group == student.group:
                yield "model_score", _mean(scored.mean)
            yield f"model_score.{scored.group.replace(' ', '_')}", _mean(scored.mean)


def _of_data(contents: Contents) -> Iterator[tuple[str, Metric | None]]:
    findings = contents.findings
    yield "accepted", _mean(contents.first.accepted)
    yield "facts_told", _mean(findings.facts_a_restaurant)
    if findings.claims:  # every claim was checked: nothing is estimated
        yield "claims_hold", _exact((findings.verified + findings.inferable) / findings.claims)
    near = findings.corpora[0].diversity.near if findings.corpora else None
    if near is not None:
        yield "near_duplicates", _exact(near)


def _of_judge(contents: Contents) -> Iterator[tuple[str, Metric | None]]:
    """Of several rubrics and groups the worst."""
    evidence = contents.summary.evidence
    yield "auroc", _least(_estimate(truth.auroc) for truth in evidence.truth)
    yield "loss", _least(_slope(slope) for slope in evidence.loss.values())
    wander = [metric for trust in evidence.trust if trust.wandering and (metric := _estimate(trust.wandering))]
    yield "wander", max(wander, key=lambda metric: metric.value, default=None)
    yield "drift", _slope(evidence.drift) if evidence.drift else None
    yield "scored", _least(_exact(answering.scored / answering.asked) for answering in evidence.answering)
    yield "judge_certified", _exact(float(contents.summary.examination.overall == "holds"))


def _least(measured: Iterable[Metric | None]) -> Metric | None:
    return min((metric for metric in measured if metric is not None), key=lambda metric: metric.value, default=None)


def _exact(value: float) -> Metric:
    return Metric(value, value, value)


def _mean(mean: MeanWithInterval | None) -> Metric | None:
    return None if mean is None else Metric(mean.mean, mean.low, mean.high)


def _estimate(estimate: Estimate) -> Metric | None:
    return None if estimate.value is None else Metric(estimate.value, estimate.low, estimate.high)


def _slope(slope: Slope) -> Metric:
    return Metric(slope.slope, slope.low, slope.high)
