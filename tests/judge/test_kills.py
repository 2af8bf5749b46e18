"""Killed while it judges, with faults on the wire: nothing is lost, nothing is double, every failure has a reason."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bench.judge_kills import scene
from tests.keyless import CLEAN


def test_a_judging_survives_kills_with_a_tenth_of_the_answers_faulty(tmp_path: Path) -> None:
    made = [sys.executable, "-m", "factory", "synth"]
    subprocess.run(made, env={**CLEAN, "DATA": str(tmp_path), "N": "20"}, check=True, capture_output=True)
    outcome = scene(tmp_path, kills=3, share=0.1, seed=1)
    assert outcome["kills"] >= 2
    assert (outcome["lost"], outcome["double"], outcome["unscored_without_a_reason"]) == (0, 0, 0)
    assert outcome["runs_to_the_end"] > 0
