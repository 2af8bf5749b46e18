"""Agents as actors of a real Ray cluster: the same samples as on one machine, whoever dies."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from factory.errors import UsageError
from factory.run.workers import actors

N = 60
CLEAN = {name: value for name, value in os.environ.items() if not name.endswith(("_KEY", "_SECRET", "_TOKEN"))}
FAULTS = json.dumps({"chat": {"latency_ms": 60, "shares": {"429": 0.04, "5xx": 0.02}}})
ROOT = str(Path(__file__).parents[2])


def _start(data: Path, mark: str = "", **env: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "factory", "synth"],
        env={
            **CLEAN,
            "PYTHONPATH": ROOT,
            "DATA": str(data),
            "N": str(N),
            "SANDBOX_FAULTS": FAULTS,
            "OF_TEST": mark,
            **env,
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def _samples(data: Path) -> list[tuple[str, ...]]:
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as connection:
        return connection.execute("select sample_id, question, answer from samples order by sample_id").fetchall()


def _actors(mark: str) -> Iterator[int]:
    """The actors' processes of the cluster that was started with this mark."""
    for folder in Path("/proc").iterdir():
        try:
            if (folder / "cmdline").read_bytes().startswith(b"ray::Seat") and mark.encode() in (
                folder / "environ"
            ).read_bytes():
                yield int(folder.name)
        except (OSError, ValueError):
            continue


def _wait(condition: Callable[[], bool], running: subprocess.Popen[str]) -> None:
    while not condition():
        assert running.poll() is None, running.stderr.read() if running.stderr else ""
        time.sleep(0.1)


@pytest.mark.timeout(600)
def test_an_actor_that_is_killed_changes_no_sample(tmp_path: Path) -> None:
    with _start(tmp_path / "alone") as alone:
        assert alone.wait(timeout=300) == 0
    mark = secrets.token_hex(8)
    with _start(tmp_path / "ray", mark, EXECUTOR="ray", WORKERS="3") as running:
        _wait(lambda: len(list(_actors(mark))) == 3, running)
        killed, *_ = _actors(mark)
        os.kill(killed, signal.SIGKILL)
        assert running.wait(timeout=500) == 0, running.stderr.read() if running.stderr else ""
    assert _samples(tmp_path / "ray") == _samples(tmp_path / "alone")
    assert len(_samples(tmp_path / "ray")) == N
    _wait_gone(mark)


def _wait_gone(mark: str) -> None:
    end = time.monotonic() + 60
    while list(_actors(mark)):
        assert time.monotonic() < end
        time.sleep(0.2)


def test_without_ray_there_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UsageError, match="WORKERS=n uses this machine"):
        actors.Cluster()


def test_nothing_but_its_executor_loads_ray_or_a_stores_client() -> None:
    code = (
        "import sys, factory, warehouse, train, judge, factory.run.producing, factory.commit.store, factory.command\n"
        "assert not {'ray', 'obstore', 'boto3'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], env={**CLEAN, "PYTHONPATH": ROOT}, check=True)
