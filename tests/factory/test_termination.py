"""SIGTERM and Ctrl-C end every command with a sentence and our status, also amid a query and while the interpreter shuts down."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

HEAD = """
import asyncio, signal, sys, duckdb
from factory.command import guarded
from factory.run.stopping import Stopping
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs the tests in the background ignores it
"""
WAITS = """
def work():
    print("ready", flush=True)
    while True:
        signal.pause()
sys.exit(guarded(work, last=True))
"""
ASKS = """
def work():
    print("ready", flush=True)
    duckdb.sql("select sum(a.range * b.range) from range(10000000) a, range(10000000) b").fetchall()
sys.exit(guarded(work, last=True))
"""
DRAINED = """
async def drain():
    with Stopping(print, 1.0):
        pass
def work():
    asyncio.run(drain())
    print("ready", flush=True)
    while True:
        signal.pause()
sys.exit(guarded(work, last=True))
"""
ENDED = """
status = guarded(lambda: 7, last=True)
print("ready", flush=True)
sys.stdin.read()
sys.exit(status)
"""
RAISES = """
def work():
    print("ready", flush=True)
    sys.stdin.read()
    raise RuntimeError("a mistake of ours")
sys.exit(guarded(work, last=True))
"""


def ended(code: str, number: int | None) -> subprocess.CompletedProcess[str]:
    """The program, sent a signal once it says that it is ready."""
    with subprocess.Popen(
        [sys.executable, "-c", HEAD + code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        if number is not None:
            child.send_signal(number)
        out, err = child.communicate(timeout=120)
        return subprocess.CompletedProcess([], child.returncode, out, err)


@pytest.mark.parametrize("code", [WAITS, ASKS, DRAINED], ids=["waiting", "amid a query", "after a drain"])
def test_sigterm_ends_a_command_with_a_sentence_and_our_status(code: str) -> None:
    done = ended(code, signal.SIGTERM)
    assert (done.returncode, done.stderr) == (
        143,
        "stopped by SIGTERM: the same command goes on from what is committed.\n",
    )


@pytest.mark.parametrize("code", [WAITS, ASKS], ids=["waiting", "amid a query"])
def test_ctrl_c_ends_a_command_with_a_sentence_and_its_status(code: str) -> None:
    done = ended(code, signal.SIGINT)
    assert (done.returncode, done.stderr) == (130, "interrupted: the same command goes on from what is committed.\n")


def test_sigterm_after_the_work_changes_no_status() -> None:
    done = ended(ENDED, signal.SIGTERM)
    assert (done.returncode, done.stderr) == (7, "")


def test_another_runtime_error_stays_a_traceback() -> None:
    done = ended(RAISES, None)
    assert done.returncode == 1
    assert "RuntimeError: a mistake of ours" in done.stderr
