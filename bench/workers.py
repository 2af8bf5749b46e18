"""Samples a second with one and with two worker processes at concurrency 256, against what latency and the cores allow.

``python bench/workers.py``; prints JSON. K=1 (three LLM calls a sample). The latency limit is AGENTS / (calls a sample x latency),
the cores' limit is cores / (CPU seconds a sample), where the simulated teacher counts, since it has the same cores; a run can be no
faster than the lower of the two (a roofline). ``share`` is of the latency limit, ``share_of_roof`` of the lower one. All of it in
the middle half of the calls, so that start, growth of the ceiling and end do not count.

A latency is a mean: answers take between half and one and a half times as long (``spread``), but for the last row, where they all
take equally long: calls that once met go round together for ever there, and whoever they come to is busy while the others wait.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from bench.memory import family
from factory.sandbox.process import SandboxProcess
from factory.sandbox.serve import Sandbox

AGENTS = 256
SPREAD = 0.5
ROOT = Path(__file__).parent.parent
MIDDLE = """
with done as (
  select (julianday(settled_at) - 2440587.5) * 86400 as at, ntile(4) over (order by settled_at) as part
  from calls where status = 'kept'
)
select count(*), min(at), max(at) from done where part in (2, 3)
"""
"""Calls, and when the first and the last of them were settled, in seconds since 1970."""
EVERY_S = 0.25
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_s(pid: int) -> float:
    """What a process has used so far; 0 where it is gone."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(words[11]) + int(words[12])) / TICKS


async def watched(child: asyncio.subprocess.Process) -> list[tuple[float, float]]:
    """(time, CPU seconds of all processes that this one started, those that ended included) until the run ends."""
    used: dict[int, float] = {}
    samples: list[tuple[float, float]] = []
    while child.returncode is None:
        for pid in family(os.getpid())[1:]:
            used[pid] = max(used.get(pid, 0.0), cpu_s(pid))
        samples.append((time.time(), sum(used.values())))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(child.wait()), EVERY_S)
    return samples


async def measure(workers: int, samples: int, latency_s: float, sandbox: SandboxProcess) -> dict[str, Any]:
    """One run from nothing."""
    with tempfile.TemporaryDirectory() as folder:
        given = {"N": samples, "K": 1, "AGENTS": AGENTS, "WORKERS": workers, "DATA": folder, "SANDBOX_DEFECTS": 0}
        urls = {"AMAP_BASE_URL": sandbox.amap_base_url, "TEACHER_BASE_URL": sandbox.chat_base_url}
        env = os.environ | {name: str(value) for name, value in given.items()} | urls
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "factory", "synth", cwd=ROOT, env=env, stderr=subprocess.DEVNULL
        )
        samples = await watched(child)
        assert child.returncode == 0, "synth failed"
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        with contextlib.closing(sqlite3.connect(Path(folder) / "calls.sqlite")) as book:
            runs, calls = (book.execute(f"select count(*) from {name}").fetchone()[0] for name in ("opened", "calls"))
            count, first, last = book.execute(MIDDLE).fetchone()
    rate = count / (last - first) / (calls / runs)
    limit = AGENTS / (calls / runs * latency_s)
    at, spent = zip(*samples, strict=True)
    busy = float(np.diff(np.interp([first, last], at, spent))[0])
    cores_limit = (os.cpu_count() or 1) / (busy / (count / (calls / runs)))
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "workers": workers,
        "samples_per_s": round(rate, 1),
        "latency_limit_per_s": round(limit, 1),
        "share": round(rate / limit, 3),
        "cores_limit_per_s": round(cores_limit, 1),
        "share_of_roof": round(rate / min(limit, cores_limit), 3),
        "cpu_ms_a_run_start_included": round(used / runs * 1000, 2),
    }


async def side_by_side(samples: int, latencies: list[float]) -> dict[str, Any]:
    """One and two processes at each latency, and two where it is always the same; each against a fresh server."""
    results = []
    cases = [(latency_s, SPREAD, workers) for latency_s in latencies for workers in (1, 2)]
    for latency_s, spread, workers in [*cases, (min(latencies), 0.0, 2)]:
        faults = orjson.dumps({"chat": {"latency_ms": latency_s * 1000, "latency_spread": spread}}).decode()
        async with SandboxProcess(Sandbox(0, 0.0, faults)) as sandbox:
            figures = await measure(workers, samples, latency_s, sandbox)
        results.append({"latency_s": latency_s, "spread": spread} | figures)
    return {"cores": os.cpu_count(), "load": os.getloadavg(), "agents": AGENTS, "results": results}


def main() -> int:
    """Measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--samples", type=int, default=4_000)
    parser.add_argument("--latencies", type=float, nargs="+", default=[0.3, 1.0])
    flags = parser.parse_args()
    figures = asyncio.run(side_by_side(flags.samples, flags.latencies))
    sys.stdout.write(orjson.dumps(figures, option=orjson.OPT_INDENT_2).decode() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
