"""A teacher that dies in the middle of a run: how long until the run stops, with which reason, and is the committed work intact?

``python bench/dead_provider.py [--give-up-s S]``; all deaths at once (nearly all of it is waiting). Prints JSON, exit status 1 on
a miss. Without ``--give-up-s`` the run has its default, and the bar is two minutes.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import orjson

from bench.billed_sandbox import DEATHS, billed_sandbox
from bench.kills import Run, outcome

BAR_S = 120.0
LATE = 0.45
"""Share of the give-up time that each late answer takes."""
FEW = 4
"""Agents with late answers: so few that a count of failed orders would stop the run much later."""
COMMITS = 2
"""That there are before the teacher dies."""


def scene(folder: Path, death: str, give_up_s: float, bar_s: float = BAR_S) -> dict[str, Any]:
    """Dies, stops, comes back, goes on: the run's words, the time it took, and what was lost."""
    with billed_sandbox(faults={"chat": {"latency_ms": 50}}) as served:
        agents = FEW if death == "slow_open_json" else 16
        run = Run(folder / death, served, 100_000, agents=agents, give_up_s=give_up_s)
        with run.start() as child:
            while child.poll() is None and run.count_commits() < COMMITS:
                time.sleep(0.01)
            served.die(death, late_s=LATE * give_up_s)
            died = time.monotonic()
            _, stderr = child.communicate(timeout=10 * bar_s)
            took_s = time.monotonic() - died
        run.remember()
        stopped = outcome(run)
        served.die(None)
        run.n = stopped["samples"] + 10
        status, again = run.finish()
        resumed = outcome(run)
    missed = ["exit"] * (child.returncode != 1) + ["time"] * (took_s > bar_s) + ["traceback"] * ("Traceback" in stderr)
    missed += [name for name in ("lost", "double", "torn") if stopped[name] or resumed[name]]
    missed += ["goes on"] * (status != 0 or resumed["samples"] != run.n)
    errors = [line for line in stderr.splitlines() if line.startswith("error: ")]
    return {
        "death": death,
        "give_up_s": give_up_s,
        "stopped_after_s": round(took_s, 1),
        "said": errors[-1] if errors else stderr[-300:],
        "samples": [stopped["samples"], resumed["samples"]],
        "resumed": [status, next((line for line in again.splitlines() if line.startswith("error: ")), "")],
        "missed": missed + ["no reason"] * (not errors),
    }


def main() -> int:
    """All deaths, side by side."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--give-up-s", type=float, default=100.0)
    flags = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(len(DEATHS)) as threads:
        scenes = list(threads.map(lambda death: scene(Path(name), death, flags.give_up_s), DEATHS))
    print(orjson.dumps(scenes, option=orjson.OPT_INDENT_2).decode())
    return int(any(ending["missed"] for ending in scenes))


if __name__ == "__main__":
    sys.exit(main())
