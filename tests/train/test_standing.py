"""What a student's figures stand beside: the verdict is the interval's, and the paragraph says wins before losses."""

from __future__ import annotations

from train.standing import Beside, beside, paragraph
from train.summary import MeanOverPlaces, interval

PLACES = [f"place {number}" for number in range(12)]


def _pairs(difference: float, arm: str, spread: float = 0.1) -> list[tuple[str, float, float, str]]:
    """Per place a student's value and a baseline's that differ by ``difference`` give or take ``spread``."""
    return [
        (place, 0.5 + difference + (spread if number % 2 else -spread), 0.5, arm) for number, place in enumerate(PLACES)
    ]


def test_a_baseline_is_beaten_where_the_interval_lies_above_nothing() -> None:
    [row] = beside(_pairs(0.2, "copy"), "claims_right")
    assert row.difference.mean == interval([(place, a - b) for place, a, b, _ in _pairs(0.2, "copy")]).mean
    assert row.verdict == "beats"


def test_a_baseline_wins_where_it_lies_below_and_neither_where_it_holds_nothing() -> None:
    assert beside(_pairs(-0.2, "copy"), "claims_right")[0].verdict == "is beaten by"
    assert beside(_pairs(0.01, "copy"), "claims_right")[0].verdict == "is not told apart from"


def test_a_single_place_tells_nothing_apart() -> None:
    [row] = beside([("here", 1.0, 0.0, "random"), ("here", 1.0, 0.0, "random")], "exists_near")
    assert row.difference.low is None
    assert row.verdict == "is not told apart from"


def test_each_baseline_is_compared_on_its_own_pairs() -> None:
    rows = beside([*_pairs(0.2, "random"), *_pairs(-0.3, "copy")], "claims_right")
    assert [(row.baseline, row.verdict) for row in rows] == [("copy", "is beaten by"), ("random", "beats")]


def test_the_paragraph_says_the_students_own_figures_then_wins_then_losses() -> None:
    own = {"claims_right": MeanOverPlaces(0.4, 0.3, 0.5, 24, 12)}
    compared = [
        Beside("claims_right", "copy", MeanOverPlaces(-0.5, -0.6, -0.4, 24, 12)),
        Beside("claims_right", "random", MeanOverPlaces(0.1, 0.05, 0.15, 24, 12)),
        Beside("exists_near", "random", MeanOverPlaces(0.0, -0.1, 0.1, 24, 12)),
    ]
    lines = paragraph("tiny-open-0", "unseen", own, compared)
    assert lines[0] == "tiny-open-0 on 24 questions of 12 places (unseen): facts right 0.400 [0.300, 0.500]."
    assert lines[1] == "  + beats three by chance: facts right +0.100 [+0.050, +0.150]"
    assert lines[2].startswith(
        "  - is beaten by the program that copies the three nearest that fit: facts right -0.500"
    )
    assert (
        lines[3] == "  = is not told apart from three by chance: named restaurants that exist +0.000 [-0.100, +0.100]"
    )
