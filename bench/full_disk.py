"""A disk that is full at many points of every room: one sentence each, then, with room again, exactly N.

A small tmpfs (root is needed) holds DATA; its size is the point at which writing fails. Prints JSON as its last line; exit
status 1 on a miss: a traceback, several error lines, a failed check, not N.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import duckdb

CLEAN: Final = {name: value for name, value in os.environ.items() if not name.endswith(("_KEY", "_SECRET", "_TOKEN"))}
N: Final = 90
SCENES: Final[tuple[tuple[str, tuple[str, ...], int], ...]] = (
    ("synth", ("factory", "synth"), 4_500),
    ("synth", ("factory", "synth"), 4_500),
    ("larger synth", ("factory", "synth"), 3_000),
    ("judge", ("judge", "run"), 2_500),
    ("rebuild", ("warehouse", "refresh"), 3_000),
    ("export", ("warehouse", "export"), 600),
    ("report", ("judge", "report"), 1_500),
)
"""Scene, command, and the KB that it may write, at most."""


@dataclass(slots=True)
class Point:
    """One size of the disk and what came of it."""

    scene: str
    free_kb: int
    failed: bool = False
    sentence: str = ""
    faults: list[str] = field(default_factory=list)


@contextmanager
def disk(kilobytes: int) -> Iterator[Path]:
    """A folder of that size."""
    with tempfile.TemporaryDirectory(prefix="full-") as folder:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", folder], check=True)
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "-l", folder], check=True)


def give(data: Path, command: tuple[str, ...], n: int, *, rebuild: bool = False) -> subprocess.CompletedProcess[str]:
    """One command."""
    own = {
        "DATA": str(data),
        "N": str(n),
        "OUT": str(data / "export"),
        "LIMIT": "100",
        "REBUILD": "1" if rebuild else "",
    }
    return subprocess.run(
        [sys.executable, "-m", *command],
        env={**CLEAN, **own},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )


def one_point(made: Path, scene: str, command: tuple[str, ...], free_kb: int) -> Point:
    """Fill up, fail, make room, go on."""
    point = Point(scene, free_kb)
    used_kb = (
        0 if scene == "synth" else sum(path.stat().st_size for path in made.rglob("*") if path.is_file()) // 1024 + 200
    )
    with disk(max(64, used_kb + free_kb)) as place:
        data = place / "data"
        if scene != "synth":
            shutil.copytree(made, data)
        n = N + 60 if scene == "larger synth" else N
        first = give(data, command, n, rebuild=scene == "rebuild")
        errors = [line for line in first.stderr.splitlines() if line.startswith("error: ")]
        point.failed, point.sentence = first.returncode != 0, (errors or [""])[0][:200]
        if "Traceback" in first.stderr + first.stdout:
            point.faults.append(first.stderr[-500:])
        if point.failed and len(errors) != 1:
            point.faults.append(f"{len(errors)} error lines, status {first.returncode}: {first.stderr[-300:]}")
        subprocess.run(["mount", "-o", "remount,size=300m", place], check=True)
        again = give(data, command, n, rebuild=scene == "rebuild")
        if again.returncode:
            point.faults.append(f"again: status {again.returncode}: {again.stderr[-400:]}")
        checked = give(data, ("warehouse", "check"), n)
        if checked.returncode:
            point.faults.append(
                "check: " + next(line for line in checked.stdout.splitlines() if line.startswith("FAIL"))
            )
        with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as connection:
            counts = connection.execute("select count(*), count(distinct sample_id) from samples").fetchone()
        if counts != (n, n):
            point.faults.append(f"samples {counts}, not {n}")
    return point


def main() -> int:
    """0 when nothing was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=7)
    parser.add_argument("--seed", type=int, default=0)
    flags = parser.parse_args()
    dice = random.Random(flags.seed)
    points = []
    with tempfile.TemporaryDirectory(prefix="full-made-") as place:
        made = Path(place) / "data"
        first = give(made, ("factory", "synth"), N)
        if first.returncode:
            raise SystemExit(first.stderr)
        for number in range(flags.points):
            scene, command, most_kb = SCENES[number % len(SCENES)]
            point = one_point(made, scene, command, dice.randrange(0, most_kb))
            points.append(point)
            sys.stderr.write(
                f"{'!!' if point.faults else '  '} {number} {scene} with {point.free_kb} KB: {point.sentence or 'no failure'}\n"
            )
            sys.stderr.writelines(f"     {fault}\n" for fault in point.faults)
    figures = {
        "points": len(points),
        "failed_for_lack_of_room": sum(point.failed for point in points),
        "with_faults": sum(bool(point.faults) for point in points),
    }
    sys.stdout.write(json.dumps(figures) + "\n")
    return int(bool(figures["with_faults"]))


if __name__ == "__main__":
    sys.exit(main())
