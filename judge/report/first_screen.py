"""The four answers of the first screen: is my data good, is my model good, what next, can I trust this. Words and numbers.

Facts that code measured decide; the judge's scores stand after them. Nothing is computed here but which word applies, from an
interval and a margin.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from judge.report.findings import Findings
from judge.report.next_steps import Weakness
from judge.report.rightness import DEPENDABLE, Ranked
from judge.report.words import Words
from judge.statistics.clustered_mean import MeanWithInterval
from judge.statistics.examination import Word
from judge.statistics.summary import ALL_HELD_OUT, Scored, Summary

TOLD_GOOD, TOLD_POOR = 4.0, 3.0
"""Of five facts (address, rating, price, distance, hours) that a useful answer tells of a restaurant."""
NEAR_GOOD = 0.01
"""Share of samples with a near duplicate: admission lets none through, so more than this is a fault."""
MODEL_GOOD, MODEL_POOR = 0.9, 0.5
"""Of the mean weakest link of an answer: nine in ten may be relied on; below a half, most answers mislead."""
DATA_WORDS: Mapping[Word, Words] = {
    "holds": ("好", "good"),
    "open": ("可用，有弱点", "usable, with weaknesses"),
    "fails": ("不好", "not good"),
    "unmeasured": ("未测", "not measured"),
}
MODEL_WORDS: Mapping[Word, Words] = {
    "holds": ("好", "good"),
    "open": ("部分可信", "partly reliable"),
    "fails": ("还不行", "not yet"),
    "unmeasured": ("还没有学生模型", "no student yet"),
}
TRUST_WORDS: Mapping[Word, Words] = {
    "holds": ("可以", "yes"),
    "open": ("还不能完全相信", "not settled"),
    "fails": ("不可以", "no"),
    "unmeasured": ("没有测过", "not measured"),
}


@dataclass(frozen=True, slots=True)
class FirstScreen:
    """``accepted``: share of candidates that became samples; ``student``: the answers that stand for the model."""

    data: Word
    model: Word
    trust: Word
    accepted: MeanWithInterval | None
    data_score: Scored | None
    student: Ranked | None
    student_score: Scored | None
    data_next: tuple[Weakness, ...]
    model_next: tuple[Weakness, ...]


def first_screen(
    findings: Findings,
    summary: Summary,
    ranked: Sequence[Ranked],
    accepted: MeanWithInterval | None,
    data_next: tuple[Weakness, ...],
    model_next: tuple[Weakness, ...],
) -> FirstScreen:
    """All four."""
    student = leading(ranked)
    return FirstScreen(
        data=_data(findings),
        model=_model(student),
        trust=summary.examination.overall,
        accepted=accepted,
        data_score=score_of(summary, "data", "data"),
        student=student,
        student_score=score_of(summary, "answer", student.group) if student else None,
        data_next=data_next,
        model_next=model_next,
    )


BASELINES = ("base", "teacher", "copy", "random")
"""Arms that a student is held against: none of them stands for the model while there is another."""


def leading(ranked: Sequence[Ranked]) -> Ranked | None:
    """The tuned model's answers, closed before open; where none was tuned, the best that are no baseline, else the best."""
    tuned = sorted((origin for origin in ranked if origin.group.startswith("tuned")), key=lambda origin: origin.group)
    others = [origin for origin in ranked if origin.group.partition(" ")[0] not in BASELINES]
    return next(iter([*tuned, *others, *ranked]), None)


def score_of(summary: Summary, rubric: str, group: str) -> Scored | None:
    """Held-out; ``rubric``: data or answer, of any version."""
    held = (scored for scored in summary.scored if scored.split == ALL_HELD_OUT and scored.group == group)
    return next((scored for scored in held if scored.rubric.startswith(rubric)), None)


def _data(findings: Findings) -> Word:
    told = findings.facts_a_restaurant
    if not findings.claims or told is None:
        return "unmeasured"
    near = findings.corpora[0].diversity.near if findings.corpora else None
    broken = findings.unsupported > 0 or findings.contradictions.contradicted > 0 or (near or 0.0) > NEAR_GOOD
    if broken or (told.high is not None and told.high < TOLD_POOR):
        return "fails"
    return "holds" if told.low is not None and told.low > TOLD_GOOD else "open"


def _model(student: Ranked | None) -> Word:
    mean = student.means.get(DEPENDABLE) if student else None
    if mean is None:
        return "unmeasured"
    if mean.low is not None and mean.low > MODEL_GOOD:
        return "holds"
    return "fails" if mean.high is not None and mean.high < MODEL_POOR else "open"
