"""Origins of answers are ranked by what code knows: neither silence nor invention pays, and shares of nothing are left out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from judge.report.data import Measure
from judge.report.first_screen import leading
from judge.report.next_steps import model_weaknesses
from judge.report.rightness import DEPENDABLE, checked, ranking, rightness

QUESTIONS, INFEASIBLE = 40, 4


def _answer(arm: str, question: int, **values: float) -> Iterator[Measure]:
    for kind, value in values.items():
        key = (f"{arm}-{question}", f"s{question}", arm, "closed", "seen", f"p{question % 8}")
        yield Measure(*key, question >= INFEASIBLE, kind, value, "")


def _origins() -> list[Measure]:
    """A student that swaps two of five restaurants, one that always says that nothing fits, a copy baseline, a teacher."""
    rows: list[Measure] = []
    for question in range(QUESTIONS):
        fits = question >= INFEASIBLE
        rows += _answer("tuned", question, in_evidence=0.6, claims_right=0.6, wish_respected=0.6 if fits else 0.0)
        rows += _answer("silent", question, right_claims=0.0, wish_respected=float(not fits))
        rows += _answer("copy", question, in_evidence=1.0, claims_right=0.91, wish_respected=0.68 if fits else 0.5)
        rows += _answer("teacher", question, in_evidence=1.0, claims_right=1.0, wish_respected=1.0)
    return rows


def test_copying_beats_inventing_and_inventing_beats_silence() -> None:
    answers = checked(_origins())
    ranked = ranking(answers)
    assert [arm.group for arm in ranked] == ["teacher closed", "copy closed", "tuned closed", "silent closed"]
    silent = ranked[-1]
    assert silent.means[DEPENDABLE].mean == pytest.approx(
        INFEASIBLE / QUESTIONS
    )  # right where nothing fits, and only there
    assert "claims_right" not in silent.means
    student = leading(ranked)
    assert student is not None
    assert student.group == "tuned closed"
    brought = leading([arm for arm in ranked if arm.group != "tuned closed"])
    assert brought is not None
    assert brought.group == "silent closed"  # a baseline is no model, however good
    alone = leading(ranked[:2])
    assert alone is not None
    assert alone.group == "teacher closed"
    worst = model_weaknesses(answers, student.group)[0]
    assert (worst.name, worst.share.mean, len(worst.items)) == ("in_evidence", 1.0, 3)


def test_a_share_of_nothing_written_as_nought_by_older_measures_is_left_out() -> None:
    old = checked(_answer("old", 0, right_claims=0.0, claims_right=0.0, wish_respected=1.0))
    assert old[0].values[DEPENDABLE] == 1.0
    stated = checked(_answer("new", 0, right_claims=0.0, claims_right=0.0, in_evidence=1.0, wish_respected=1.0))
    assert stated[0].values[DEPENDABLE] == 0.0


def test_answers_are_equally_right_only_when_code_measures_them_alike() -> None:
    alike = rightness(checked([*_answer("a", 0, wish_respected=1.0), *_answer("b", 0, wish_respected=1.0)]))
    assert len(set(alike.values())) == 1
