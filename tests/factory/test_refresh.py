"""Refreshes while a run goes on: one at a time whoever starts them, beside what people see, and none left behind."""

from __future__ import annotations

import asyncio
import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
import pytest

from factory.run import refresh, synth
from factory.run.refresh import Refresher
from factory.settings import read
from tests.factory.test_synth import _ask
from tests.keyless import CLEAN


@contextmanager
def _held(data: Path) -> Iterator[None]:
    """The place of a refresh that takes long."""
    with (data / ".warehouse.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _children() -> set[int]:
    """Refreshes that this process has started and that have not ended."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(maxsplit=2) for line in listed.splitlines()]
    return {int(row[0]) for row in rows if int(row[1]) == os.getpid() and "warehouse refresh" in row[-1]}


def _wait_for_a_child() -> None:
    while not _children():
        time.sleep(0.02)


def test_a_refresh_waits_for_the_one_at_work(tmp_path: Path) -> None:
    with _held(tmp_path):
        second = subprocess.Popen([sys.executable, "-m", "warehouse", "refresh"], env={**CLEAN, "DATA": str(tmp_path)})
        with pytest.raises(subprocess.TimeoutExpired):
            second.wait(2)
        assert not (tmp_path / "warehouse.duckdb").exists()
    assert second.wait(60) == 0
    assert _ask(tmp_path, "select count(*) from samples") == [(0,)]


def test_a_cancelled_refresh_ends_its_child_before_the_next(tmp_path: Path) -> None:
    async def scene() -> None:
        refresher = Refresher(tmp_path)
        under_way = asyncio.create_task(refresher.refresh())
        await asyncio.to_thread(_wait_for_a_child)
        under_way.cancel()
        with suppress(asyncio.CancelledError):
            await under_way
        assert not await asyncio.to_thread(_children)

    with _held(tmp_path):
        asyncio.run(scene())


def test_people_are_told_how_a_run_goes_while_a_refresh_takes_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second refresh of a run, with the run in full swing, never ends by itself: the panel goes on, and so does the file."""
    refreshes: list[int] = []
    shown: list[int] = []
    real = Refresher.refresh

    async def held_up(self: Refresher, niceness: int = 0) -> None:
        refreshes.append(len(refreshes))
        if refreshes[-1] == 1:
            await asyncio.Event().wait()
        await real(self, niceness)

    class Watched(synth.Progress):
        def show(self, now: synth.Snapshot, *, force: bool = False) -> None:
            if len(refreshes) == 2 and not force:
                shown.append(now.accepted)

    monkeypatch.setattr(synth, "Progress", Watched)
    monkeypatch.setattr(refresh, "LEAST_INTERVAL_S", 0.1)
    monkeypatch.setattr(refresh, "COST_SHARE", 1000.0)
    monkeypatch.setattr(Refresher, "refresh", held_up)
    for name in set(os.environ) - set(CLEAN):
        monkeypatch.delenv(name)
    assert synth.main(read("synth", ["--n", "600", "--data", str(tmp_path)])) == 0
    assert len(shown) >= 2
    assert _ask(tmp_path, "select count(*) from samples") == [(600,)]


def test_what_a_refresh_did_twice_is_told_to_the_run(tmp_path: Path) -> None:
    first, again = Refresher(tmp_path), Refresher(tmp_path)
    assert asyncio.run(first.refresh()) == ""
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        connection.execute("update layout set version = 0")
    assert asyncio.run(again.refresh()).startswith(f"{refresh.AGAIN} anew: ")
