"""A small invented world to train on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.train.running import CLEAN


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("world")
    command = [sys.executable, "-m", "factory", "synth"]
    subprocess.run(command, env={**CLEAN, "DATA": str(data), "N": "150"}, check=True, capture_output=True, timeout=170)
    return data
