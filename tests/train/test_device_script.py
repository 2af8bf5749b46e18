"""The device script runs where there is no GPU: it checks the gradient in a tiny shape and says that no speed was measured."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.train.running import CLEAN

ROOT = Path(__file__).parents[2]


def test_without_a_gpu_the_gradient_is_checked_and_no_speed_is_made_up() -> None:
    command = [sys.executable, str(ROOT / "bench" / "device.py"), "--small"]
    done = subprocess.run(
        command,
        env=CLEAN | {"PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["speed"] == "not measured"
    assert report["attention"]["gradient_off_by"] <= 1e-5
