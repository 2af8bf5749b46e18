"""Peak memory of ``make synth`` at two sizes, everything included that is ours: the run, its admission index, the refreshes.

Sampled from /proc ten times a second: anonymous memory, which the bar is held to, and proportional set sizes (``ours_pss``). The
latter count pages of libraries as well, which do not grow with N, and of which a process's share rises when others on the
machine that use the same libraries end. The sandbox's own server is apart, since it stands for somebody else's machine. Also
wall, CPU, what was rejected, and file sizes. Prints JSON. ``--small`` (10,000) ``--large`` (100,000) ``--k`` (10);
``--keep FOLDER`` leaves the larger run's data there.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import duckdb

CLEAN = {name: value for name, value in os.environ.items() if not name.endswith(("_KEY", "_SECRET", "_TOKEN"))}
EVERY_S = 0.1
"""A refresh of 10,000 samples is at its peak for a tenth of a second or two: at half a second it was missed, and growth seen."""
BAR = 1.10
OURS = ("ours", "run", "refresh", "ours_pss")


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    pids = [pid]
    for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            pids += [descendant for child in tasks.read_text().split() for descendant in family(int(child))]
        except OSError:  # it ended just now
            continue
    return pids


def share_mb(pid: int) -> tuple[str, float, float]:
    """What a process is (run, refresh, sandbox), its anonymous memory, and its proportional set size."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_text()
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return "gone", 0.0, 0.0
    sizes = {line.split()[0]: int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss")}
    kind = "refresh" if "warehouse" in words else "sandbox" if "factory\0sandbox" in words else "run"
    return kind, sizes.get("Pss_Anon:", 0.0), sizes.get("Pss:", 0.0)


def sampled(pid: int) -> dict[str, float]:
    """The family's memory now, by part; ``ours`` is all but the sandbox."""
    sizes: defaultdict[str, float] = defaultdict(float)
    for kind, anonymous, share in map(share_mb, family(pid)):
        sizes[kind] += anonymous
        if kind != "sandbox":
            sizes["ours"] += anonymous
            sizes["ours_pss"] += share
    return dict(sizes)


def measured_run(data: Path, n: int, k: int) -> dict[str, object]:
    """One run from an empty folder."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    env = {**CLEAN, "DATA": str(data), "N": str(n), "K": str(k)}
    refreshing = 0.0
    peaks = dict.fromkeys((*OURS, "sandbox"), 0.0)
    with subprocess.Popen([sys.executable, "-m", "factory", "synth"], env=env, stderr=subprocess.DEVNULL) as child:
        while child.poll() is None:
            sizes = sampled(child.pid)
            refreshing += EVERY_S * ("refresh" in sizes)
            peaks = {name: max(peak, sizes.get(name, 0.0)) for name, peak in peaks.items()}
            time.sleep(EVERY_S)
    assert child.returncode == 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "n": n,
        "wall_s": round(time.monotonic() - start, 1),
        "refreshing_s": round(refreshing, 1),
        "cpu_s": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1),
        "peak_mb": {name: round(peak) for name, peak in peaks.items()},
        "files_mb": {path.name: round(path.stat().st_size / 1e6, 1) for path in data.iterdir() if path.is_file()},
        **counts(data),
    }


def counts(data: Path) -> dict[str, object]:
    """The ledger, and near duplicates among candidates."""
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as connection:
        [(accepted, planned, failed)] = connection.execute("select accepted, planned, failed from ledger").fetchall()
        near = "select count(*) from rejects where reason = 'near_duplicate'"
        [(twins,)] = connection.execute(near).fetchall()
        [(dropped,)] = connection.execute("select count(*) from duplicates").fetchall()
    return {
        "accepted": accepted,
        "candidates": planned - failed,
        "near_rejects": twins,
        "near_share": round(twins / (planned - failed), 5),
        "dropped_by_duckdb": dropped,
    }


def main() -> int:
    """Exit status 1 when memory grows with N."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--small", type=int, default=10_000)
    parser.add_argument("--large", type=int, default=100_000)
    parser.add_argument("--k", type=int, default=10)
    parser.add_argument("--keep", type=Path)
    flags = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        small = measured_run(Path(folder) / "small", flags.small, flags.k)
        print(json.dumps(small), file=sys.stderr, flush=True)
        large = measured_run(flags.keep or Path(folder) / "large", flags.large, flags.k)
    peaks = [run["peak_mb"] for run in (small, large)]
    assert isinstance(peaks[0], dict)
    assert isinstance(peaks[1], dict)
    ratio = {name: round(peaks[1][name] / peaks[0][name], 3) for name in OURS}
    print(json.dumps({"small": small, "large": large, "ratio": ratio, "bar": BAR}))
    return int(ratio["ours"] > BAR)


if __name__ == "__main__":
    sys.exit(main())
