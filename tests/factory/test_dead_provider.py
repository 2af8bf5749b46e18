"""A teacher that dies in the middle of a run: it stops with the reason, what is committed stays, and it goes on when it is back."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.dead_provider import scene
from tests.factory.test_synth import _run


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
    # What answers at once must be able to on a busy machine, too.
    times = {"429": 3.0, "500": 3.0, "open_json": 20.0, "slow_open_json": 4.0}
    outcome = scene(tmp_path, death, give_up_s=times.get(death, 1.0))
    assert outcome["missed"] == [], outcome
    assert words in outcome["said"]


def test_a_run_whose_orders_take_longer_than_the_give_up_time_is_healthy(tmp_path: Path) -> None:
    faults = '{"chat": {"latency_ms": 800}}'
    env = {"N": "30", "GIVE_UP_S": "2", "SANDBOX_FAULTS": faults, "SANDBOX_DEFECTS": "0.5", "REPAIRS": "0"}
    done = _run("factory", "synth", tmp_path, **env)
    assert done.returncode == 0, done.stderr
