"""``make bench`` (minutes) and ``make bench-full``: each benchmark in a process of its own, in turn, JSON in bench/results/.

A benchmark prints one JSON object as its last line and compares within its own run; this script only starts, collects and
holds the figures against their bars (bars.py). A failing one is named and the others still run; then the exit status is 1.
With ``--full`` a missed bar is a failure, too; the short runs of ``make bench`` only print it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bars import held, line

HERE = Path(__file__).parent
RESULTS = HERE / "results"


@dataclass(frozen=True)
class Bench:
    """One script with its arguments for minutes and for everything."""

    name: str
    script: str
    short: tuple[str, ...] | None = ()
    """None: only with ``--full``"""
    full: tuple[str, ...] = ()


BENCHES = (
    Bench("limits", "limits.py", ("--seconds", "20"), ("--seconds", "60")),
    Bench("agent_cpu", "agent_cpu.py"),
    Bench("call_cpu", "call_cpu.py"),
    Bench("workers", "workers.py", ("--samples", "2000"), ("--samples", "6000")),
    Bench("neardup_curve", "neardup_curve.py"),
    Bench("dedupe", "dedupe.py", ("--rows", "50000", "--add", "1000")),
    Bench("memory", "memory.py", ("--small", "10000", "--large", "30000")),
    Bench("open_index", "open_index.py", ("250000",), ("1250000",)),
    Bench("judge_throughput", "judge_throughput.py", ("--what", "calls"), ("--what", "all")),
    Bench("kills", "kills.py", ("--kills", "8", "--n", "500", "--budget-seeds", "1", "--budget-kills", "4"), ()),
    Bench("lost_folder", "lost_folder.py", ("--n", "120", "--seeds", "1"), ("--n", "300", "--seeds", "3")),
    Bench("scale_rounds", "scale_rounds.py", ("--n", "120", "--rounds", "4", "--pause-s", "5"), ()),
    Bench("dead_provider", "dead_provider.py", ("--give-up-s", "10"), ()),
    Bench("damage", "damage.py", ("--damages", "24"), ("--damages", "500")),
    Bench("stops", "stops.py", ("--stops", "21"), ("--stops", "63")),
    Bench("full_disk", "full_disk.py", ("--points", "8"), ("--points", "40")),
    Bench("judge_kills", "judge_kills.py"),
    Bench("train_kills", "train_kills.py"),
    Bench("train_speed", "train_speed.py", ("--vocabulary", "embedded", "--rounds", "1"), ("--loss",)),
    Bench("student", "student.py", None, ("--ablate",)),
    Bench("judge_recovery", "judge_recovery.py", ("--simulations", "100"), ("--simulations", "2000")),
    Bench("judge_bounded", "judge_bounded.py", ("--simulations", "500"), ("--simulations", "2000")),
    Bench("judge_personas", "judge_personas.py", ("--only", "good,place-biased"), ()),
    Bench("judge_intervals", "judge_intervals.py", ("--simulations", "100"), ("--simulations", "2000")),
)


def run(bench: Bench, *, full: bool) -> dict[str, object]:
    """Start one benchmark from the repository's root; its last JSON object, its time and its status."""
    command = [sys.executable, str(HERE / bench.script), *(bench.full if full else bench.short or ())]
    start = time.monotonic()
    done = subprocess.run(
        command,
        cwd=HERE.parent,
        env={**os.environ, "PYTHONPATH": str(HERE.parent)},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    took = round(time.monotonic() - start, 1)
    return {"status": done.returncode, "wall_s": took, "result": _last_json(done.stdout)}


def _last_json(text: str) -> object:
    """The JSON that a benchmark ends with: one line, or an indented object."""
    for start in range(len(text)):
        if text[start] in "{[" and (start == 0 or text[start - 1] == "\n"):
            try:
                return json.loads(text[start:])
            except json.JSONDecodeError:
                continue
    return None


def main() -> int:
    """Run all or the named ones; write and print."""
    parser = argparse.ArgumentParser(description="Benchmarks: ratios in one run, JSON.")
    parser.add_argument("--full", action="store_true", help="everything at its full size (two hours or so)")
    parser.add_argument(
        "--only", default="", help="names, joined by commas: " + ", ".join(bench.name for bench in BENCHES)
    )
    flags = parser.parse_args()
    wanted = set(filter(None, flags.only.split(",")))
    unknown = wanted - {bench.name for bench in BENCHES}
    if unknown:
        parser.error(f"no benchmark named {', '.join(sorted(unknown))}")
    outcomes, missed = {}, []
    for bench in BENCHES:
        if bench.name not in wanted if wanted else (bench.short is None and not flags.full):
            continue
        print(f"{bench.name} ...", file=sys.stderr, flush=True)
        outcomes[bench.name] = run(bench, full=flags.full)
        print(json.dumps({bench.name: outcomes[bench.name]}, ensure_ascii=False), flush=True)
        for bar, value, ok in (
            held(bench.name, outcomes[bench.name]["result"]) if outcomes[bench.name]["result"] else ()
        ):
            print(line(bar, value, ok=ok), file=sys.stderr, flush=True)
            missed += [] if ok else [bench.name]
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{datetime.now(UTC):%Y%m%d-%H%M%S}.json"
    file.write_text(json.dumps(outcomes, indent=2, ensure_ascii=False), encoding="utf-8")
    failed = sorted(
        {name for name, outcome in outcomes.items() if outcome["status"]} | set(missed if flags.full else ())
    )
    print(f"results: {file}" + (f"; failed: {', '.join(failed)}" if failed else ""), file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
