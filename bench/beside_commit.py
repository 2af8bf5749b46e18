"""CPU of ``synth`` beside another commit: per order and per accepted sample, both as checkouts, in turns against today's sandbox.

``python bench/beside_commit.py 7e3f1f1 [--rounds 3] [--k 1]``; prints JSON. Each is the difference of a long and a short run,
so that start and end cancel: the run's own process, its refreshes apart. Of it the reading of answers (``verify``), which an issue
may change for its own sake, is told apart. Ratios are medians over the rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import orjson
from agent_cpu import LATENCY_S, ROOT, synth

from factory.sandbox.process import SandboxProcess
from factory.sandbox.serve import Sandbox

METERED = """
import json, resource, sys, time
spent = [0.0, 0]
def timed(call):
    def wrapped(*given, **named):
        began = time.thread_time()
        try:
            return call(*given, **named)
        finally:
            spent[0] += time.thread_time() - began
            spent[1] += 1
    return wrapped
try:
    from factory.command import run_room
    import factory.verifier as room
    room.verify = timed(room.verify)
    run = lambda: run_room("factory", ["synth"])
except ImportError:
    from factory.__main__ import run as main
    import factory.order_run as room
    room.verify = timed(room.verify)
    run = lambda: main(["synth"])
status = run()
used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(json.dumps([*(one.ru_utime + one.ru_stime for one in used), *spent]))
sys.exit(status)
"""
"""As agent_cpu.py has it, for either side of the move of the rooms; ``verify`` is timed where the run finds it."""


@contextlib.contextmanager
def checkout(commit: str) -> Iterator[Path]:
    """A folder with the files of a commit."""
    with tempfile.TemporaryDirectory() as name:
        packed = subprocess.run(["git", "archive", commit], cwd=ROOT, check=True, capture_output=True).stdout
        subprocess.run(["tar", "-x", "-C", name], input=packed, check=True)
        yield Path(name)


async def measured(tree: Path, scale: int, k: int, sandbox: SandboxProcess) -> dict[str, float]:
    """Milliseconds per order, per accepted sample, per answer read, and per order without the reading."""
    few, many = [
        {"accepted": samples} | await synth(samples, k, sandbox, tree, METERED, ("reading_s", "read"))
        for samples in (100 * scale, 500 * scale)
    ]
    more = {name: many[name] - few[name] for name in few}
    return {
        "an_order": 1000 * more["cpu_s"] / more["runs"],
        "an_order_without_reading": 1000 * (more["cpu_s"] - more["reading_s"]) / more["runs"],
        "an_answer_read": 1000 * more["reading_s"] / more["read"],
        "an_accepted_sample": 1000 * more["cpu_s"] / more["accepted"],
    }


async def compared(commit: str, rounds: int, scale: int, k: int) -> dict[str, object]:
    """Both in turns; ours over the other's."""
    ours, others = [], []
    faults = orjson.dumps({"chat": {"latency_ms": LATENCY_S * 1000}}).decode()
    with checkout(commit) as tree:
        for _ in range(rounds):
            async with SandboxProcess(Sandbox(0, 0.0, faults)) as sandbox:
                ours.append(await measured(ROOT, scale, k, sandbox))
                others.append(await measured(tree, scale, k, sandbox))
    return {
        "commit": commit,
        "k": k,
        "rounds": rounds,
        "ms": {
            name: [round(statistics.median(row[name] for row in rows), 2) for rows in (ours, others)]
            for name in ours[0]
        },
        "over_the_other": {
            name: round(statistics.median(one[name] / two[name] for one, two in zip(ours, others, strict=True)), 3)
            for name in ours[0]
        },
    }


def main() -> int:
    """Exit status 0: the figures are held against their bar by whoever asked."""
    parser = argparse.ArgumentParser()
    parser.add_argument("commit")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=int, default=4)
    parser.add_argument("--k", type=int, default=1)
    flags = parser.parse_args()
    print(orjson.dumps(asyncio.run(compared(flags.commit, flags.rounds, flags.scale, flags.k))).decode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
