"""The same kept answers give the same samples, however a run is carried: here, by two processes, by Ray's actors, in a bucket."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from factory.commit.working_folder import working_folder
from tests.s3_server import BUCKET, s3_server

N = 40
ROOT = Path(__file__).parents[2]
CLEAN = {name: value for name, value in os.environ.items() if not name.endswith(("_KEY", "_SECRET", "_TOKEN"))}
DEAD = json.dumps({"map": {"always": "500"}, "chat": {"always": "500"}})
"""Map and teacher answer nothing: what is not kept cannot be had."""
KEPT = ("calls.sqlite", "map.sqlite")
URL = f"s3://{BUCKET}/same"


def _synth(folder: Path, data: str, **env: str) -> subprocess.CompletedProcess[str]:
    named = {"PYTHONPATH": str(ROOT), "DATA": data, "N": str(N), "GIVE_UP_S": "5", **env}
    command = [sys.executable, "-m", "factory", "synth"]
    return subprocess.run(command, cwd=folder, env=CLEAN | named, capture_output=True, text=True, check=False)


def _samples(data: Path) -> list[tuple[str, ...]]:
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as connection:
        return connection.execute("select sample_id, question, answer from samples order by sample_id").fetchall()


def _with_answers(kept: Path, data: Path) -> Path:
    """A new DATA that holds the answers of another, and nothing that was made of them."""
    data.mkdir(parents=True)
    for name in KEPT:
        shutil.copyfile(kept / name, data / name)
    return data


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run's folder."""
    folder = tmp_path_factory.mktemp("kept")
    done = _synth(folder, "data", GIVE_UP_S="60")
    assert done.returncode == 0, done.stderr
    assert len(_samples(folder / "data")) == N
    return folder / "data"


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "way",
    [{}, {"WORKERS": "2"}, {"EXECUTOR": "ray", "WORKERS": "2"}],
    ids=["here", "two processes", "actors"],
)
def test_a_run_from_kept_answers_is_the_same_run(kept: Path, tmp_path: Path, way: dict[str, str]) -> None:
    data = _with_answers(kept, tmp_path / "data")
    done = _synth(tmp_path, str(data), SANDBOX_FAULTS=DEAD, **way)
    assert done.returncode == 0, done.stderr
    assert _samples(data) == _samples(kept)


def test_it_is_the_same_in_a_bucket(kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = _with_answers(kept, tmp_path / working_folder(URL))
    with s3_server(monkeypatch):
        store = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
        done = _synth(tmp_path, URL, SANDBOX_FAULTS=DEAD, **store)
    assert done.returncode == 0, done.stderr
    assert _samples(data) == _samples(kept)


def test_without_the_answers_such_a_run_gets_nowhere(tmp_path: Path) -> None:
    done = _synth(tmp_path, "data", SANDBOX_FAULTS=DEAD)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
