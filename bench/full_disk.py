"""A disk that is full at many points of every room, a read-only folder, two runs at once, few file descriptors: one sentence each.

Then, with room again (writable, alone, with the usual limit), the same command holds exactly N. A small tmpfs (root's, or one's
own in a name space) holds DATA; its size is the point at which writing fails. Prints JSON as its last line; exit status 1 on a
miss: a traceback, several error lines or none, a failed check, not N, other weights than those of a training left alone.
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
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import duckdb

from warehouse.catalogue import check

CLEAN: Final = {name: value for name, value in os.environ.items() if not name.endswith(("_KEY", "_SECRET", "_TOKEN"))}
N: Final = 40
MORE: Final = 25
ROOM_MB: Final = 400
ROWS: Final = (
    "from sft_train where sample_id in (select sample_id from sft_train order by sample_id limit 12) order by sample_id"
)
SCENES: Final[tuple[tuple[str, tuple[str, ...], int], ...]] = (
    ("synth", ("factory", "synth"), 3_500),
    ("synth", ("factory", "synth"), 3_500),
    ("larger synth", ("factory", "synth"), 2_500),
    ("judge", ("judge", "run"), 2_500),
    ("train", ("train", "run"), 40_000),
    ("rebuild", ("warehouse", "refresh"), 3_000),
    ("export", ("warehouse", "export"), 90),
    ("report", ("judge", "report"), 1_500),
)
"""Scene, command, and the KB that it may write, at most."""
FEW_FILES: Final = (64, 128, 256)


@dataclass(slots=True)
class Point:
    """One trouble and what came of it."""

    scene: str
    trouble: str
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


def size_kb(folder: Path) -> int:
    """What a tmpfs needs for a copy: whole pages, and some for its folders."""
    return sum(-(-path.stat().st_size // 4096) * 4 if path.is_file() else 4 for path in folder.rglob("*")) + 200


def begin(data: Path, scene: str, *, files: int | None = None, agents: str = "") -> subprocess.Popen[str]:
    """One command, with at most so many open files."""
    command = next(command for name, command, _ in SCENES if name == scene)
    own = {
        "DATA": str(data),
        "N": str(n_of(scene)),
        "AGENTS": agents,
        "OUT": str(data / "export"),
        "LIMIT": "40",
        "REBUILD": "1" if scene == "rebuild" else "",
        "MODEL_NAME": "filled",
        "EPOCHS": "1",
        "SQL": ROWS,
        "SAVE_EVERY_S": "0",
        "WANDB_MODE": "disabled",
        "OMP_NUM_THREADS": "1",
    }
    limited = ["sh", "-c", f'ulimit -n {files}; exec "$@"', "sh"] if files else []
    return subprocess.Popen(
        [*limited, sys.executable, "-m", *command],
        env={**CLEAN, **own},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )


def n_of(scene: str) -> int:
    """The samples that a scene ends with."""
    return N + MORE if scene == "larger synth" else N


def told(point: Point, status: int, shown: str, *, must_fail: bool = False) -> None:
    """Hold what a command in trouble said against one sentence and no traceback."""
    errors = [line for line in shown.splitlines() if line.startswith("error: ")]
    point.failed, point.sentence = status != 0, (errors or [""])[0][:220]
    if "Traceback" in shown:
        point.faults.append(shown[-700:])
    if point.failed and len(errors) != 1:
        point.faults.append(f"{len(errors)} error lines, status {status}: {shown[-300:]}")
    if must_fail and not point.failed:
        point.faults.append("it went well, and cannot have")


def goes_on(point: Point, data: Path, weights: bytes | None) -> None:
    """The same command again, in peace: exactly N, all checks, the weights of a training left alone."""
    again = begin(data, point.scene)
    _, shown = again.communicate()
    if again.returncode:
        point.faults.append(f"again: status {again.returncode}: {shown[-400:]}")
    point.faults += [f"FAIL {name}: {first}" for name, count, first in check(data) if count]
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as connection:
        counts = connection.execute("select count(*), count(distinct sample_id) from samples").fetchone()
    if counts != (n_of(point.scene), n_of(point.scene)):
        point.faults.append(f"samples {counts}, not {n_of(point.scene)}")
    if point.scene == "train" and (data / "models/filled/model.safetensors").read_bytes() != weights:
        point.faults.append("other weights than those of a training left alone")


def full(made: Path, scene: str, free_kb: int, weights: bytes | None) -> Point:
    """Fill up, fail, make room, go on."""
    point = Point(scene, f"{free_kb} KB of room")
    with disk(free_kb + (64 if scene == "synth" else size_kb(made))) as place:
        data = place / "data"
        if scene != "synth":
            shutil.copytree(made, data)
        child = begin(data, scene)
        _, shown = child.communicate()
        told(point, child.returncode, shown)
        subprocess.run(["mount", "-o", f"remount,size={ROOM_MB}m", place], check=True)
        goes_on(point, data, weights)
    return point


def read_only(made: Path, scene: str, weights: bytes | None) -> Point:
    """A disk that can be read alone, then written again."""
    point = Point(scene, "read-only")
    with disk(ROOM_MB * 1024) as place:
        data = place / "data"
        if scene != "synth":
            shutil.copytree(made, data)
        subprocess.run(["mount", "-o", "remount,ro", place], check=True)
        child = begin(data, scene)
        _, shown = child.communicate()
        told(point, child.returncode, shown, must_fail=True)
        subprocess.run(["mount", "-o", "remount,rw", place], check=True)
        goes_on(point, data, weights)
    return point


def two_at_once(made: Path, scene: str, weights: bytes | None) -> Point:
    """The same command twice in one folder: one works, the other one works too or says in a sentence that it cannot."""
    point = Point(scene, "two at once")
    with tempfile.TemporaryDirectory(prefix="two-") as place:
        data = Path(place) / "data"
        if scene != "synth":
            shutil.copytree(made, data)
        both = [begin(data, scene), begin(data, scene)]
        ends = [(child.communicate()[1], child.returncode) for child in both]
        for shown, status in ends:
            told(point, status, shown)
        if all(status for _, status in ends):
            point.faults.append("both failed")
        goes_on(point, data, weights)
    return point


def few_files(made: Path, scene: str, files: int, agents: str, weights: bytes | None) -> Point:
    """A low limit of open files."""
    point = Point(scene, f"{files} files" + (f", {agents} agents" if agents else ""))
    with tempfile.TemporaryDirectory(prefix="few-") as place:
        data = Path(place) / "data"
        if scene != "synth":
            shutil.copytree(made, data)
        child = begin(data, scene, files=files, agents=agents)
        _, shown = child.communicate()
        told(point, child.returncode, shown)
        goes_on(point, data, weights)
    return point


def troubles(made: Path, points: int, seed: int, weights: bytes | None) -> Iterator[Callable[[], Point]]:
    """All of them, as calls."""
    for number in range(points):
        scene, _, most_kb = SCENES[number % len(SCENES)]
        free_kb = random.Random(f"{seed} {number}").randrange(0, most_kb)
        yield lambda scene=scene, free_kb=free_kb: full(made, scene, free_kb, weights)
    scenes = dict.fromkeys(name for name, _, _ in SCENES)
    for scene in scenes:
        yield lambda scene=scene: read_only(made, scene, weights)
    for scene in ("synth", "larger synth", "judge", "export", "train"):
        yield lambda scene=scene: two_at_once(made, scene, weights)
    for files in FEW_FILES:
        for scene, agents in (("synth", ""), ("synth", "400"), ("judge", ""), ("rebuild", "")):
            yield lambda scene=scene, files=files, agents=agents: few_files(made, scene, files, agents, weights)


def main() -> int:
    """0 when nothing was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=8)
    parser.add_argument("--skip", type=int, default=0, help="begin behind so many troubles")
    parser.add_argument("--seed", type=int, default=0)
    flags = parser.parse_args()
    if os.geteuid() != 0:  # a name space of our own, in which a tmpfs may be mounted
        os.execvp("unshare", ["unshare", "--user", "--map-root-user", "--mount", sys.executable, *sys.argv])  # noqa: S606 - no shell is wanted
    points = []
    with tempfile.TemporaryDirectory(prefix="full-made-") as place:
        made = Path(place) / "data"
        for scene in ("synth", "judge"):
            child = begin(made, scene)
            _, shown = child.communicate()
            if child.returncode:
                raise SystemExit(shown)
        alone = Path(place) / "alone"
        shutil.copytree(made, alone)
        begin(alone, "train").communicate()
        weights = (alone / "models/filled/model.safetensors").read_bytes()
        for number, trouble in enumerate(troubles(made, flags.points, flags.seed, weights)):
            if number < flags.skip:
                continue
            point = trouble()
            points.append(point)
            sys.stderr.write(
                f"{'!!' if point.faults else '  '} {number} {point.scene} · {point.trouble}: {point.sentence or 'no failure'}\n"
            )
            sys.stderr.writelines(f"     {fault}\n" for fault in point.faults)
    figures = {
        "points": sum(point.trouble.endswith("KB of room") for point in points),
        "failed_for_lack_of_room": sum(point.failed for point in points if point.trouble.endswith("KB of room")),
        "other_troubles": dict(Counter(point.trouble for point in points if not point.trouble.endswith("KB of room"))),
        "with_faults": sum(bool(point.faults) for point in points),
    }
    sys.stdout.write(json.dumps(figures) + "\n")
    return int(bool(figures["with_faults"]))


if __name__ == "__main__":
    sys.exit(main())
