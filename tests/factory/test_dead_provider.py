"""A teacher that dies in the middle of a run: it stops with the reason, what is committed stays, and it goes on when it is back."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.dead_provider import scene


@pytest.mark.parametrize(
    ("death", "words"),
    [
        ("429", "refuses for rate"),
        ("500", "answered 500"),
        ("hang", "does not answer"),
        ("trickle", "does not answer"),
        ("open_json", "no readable final answer"),
        ("slow_open_json", "No order ended well for"),
    ],
)
def test_a_dead_teacher_stops_the_run_with_the_reason(tmp_path: Path, death: str, words: str) -> None:
    found = scene(tmp_path, death, give_up_s={"open_json": 20.0, "slow_open_json": 4.0}.get(death, 1.0))
    assert found["missed"] == [], found
    assert words in found["said"]
