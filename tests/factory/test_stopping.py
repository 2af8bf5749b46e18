"""SIGTERM drains as Ctrl-C does, within a settable time; what a run needs of the system is checked before agents start."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from factory.errors import ProviderDown
from factory.run.open_files import need
from factory.run.stopping import Stopping
from factory.sandbox.process import SandboxProcess


def _raise(number: int) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_first_signal_drains_and_a_second_stops(number: int) -> None:
    lines: list[str] = []

    async def scene() -> tuple[bool, Stopping]:
        drained = asyncio.Event()
        with Stopping(lines.append, 60) as stopping:
            stopping.drains(drained.set, "the orders in flight")
            _raise(number)
            await drained.wait()
            _raise(number)
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                return drained.is_set(), stopping
        raise AssertionError

    drained, stopping = asyncio.run(scene())
    assert drained
    assert stopping.status == 128 + number
    assert len(lines) == 1
    assert "the orders in flight" in lines[0]


def test_sigterm_leaves_its_time_and_then_stops() -> None:
    async def scene() -> list[int]:
        with Stopping(lambda _: None, 0) as stopping:
            stopping.drains(lambda: None, "it")
            _raise(signal.SIGTERM)
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                return stopping.seen
        raise AssertionError

    assert asyncio.run(scene()) == [signal.SIGTERM]


def test_before_there_is_anything_to_drain_one_signal_stops() -> None:
    async def scene() -> bool:
        with Stopping(lambda _: None, 60):
            _raise(signal.SIGTERM)
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                return True
        return False

    assert asyncio.run(scene())


def test_a_sandbox_that_is_killed_ends_the_work_that_needs_it() -> None:
    async def scene() -> None:
        async with SandboxProcess() as sandbox:
            os.kill(sandbox.pid, signal.SIGKILL)
            with pytest.raises(ProviderDown, match="signal 9"):
                await sandbox.while_alive(_never())
            # Work that is done has its result, whatever becomes of the sandbox.
        async with SandboxProcess() as sandbox:
            assert await sandbox.while_alive(_seven()) == 7

    asyncio.run(scene())


async def _never() -> None:
    await asyncio.Event().wait()


async def _seven() -> int:
    return 7


def _synth(data: Path, limit: int, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "factory", "synth"],
        env={**os.environ, "DATA": str(data), "N": "3", **settings},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (min(limit, 90), limit)),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_limit_of_open_files_that_is_too_low_is_one_sentence_before_anything_is_made(tmp_path: Path) -> None:
    refused = _synth(tmp_path / "low", 300, AGENTS="500")
    assert refused.returncode == 2
    assert "AGENTS=82 or fewer" in refused.stderr
    assert not (tmp_path / "low").exists()
    assert _synth(tmp_path / "raised", need(16, 1)).returncode == 0  # the soft limit of 90 is raised
