"""Commands stopped at random moments: SIGTERM, SIGKILL, a killed worker, a killed sandbox, a killed refresh; in every room.

After each stop the same command is given again. Counted: tracebacks; runs that then did not hold exactly N; failed checks;
processes that outlived their command (an orphan: its environment names the folder). Prints JSON as its last line; exit status
1 on a miss. ``--stops`` of 60 take some 20 minutes of one core.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import duckdb

CLEAN: Final = {name: value for name, value in os.environ.items() if not name.endswith(("_KEY", "_SECRET", "_TOKEN"))}
N: Final = 90
END_S: Final = 15.0
"""So long a process may need to see that its parent is gone."""
SCENES: Final[tuple[tuple[str, tuple[str, ...], str], ...]] = (
    ("synth", ("factory", "synth"), "SIGTERM"),
    ("synth", ("factory", "synth"), "SIGKILL"),
    ("synth", ("factory", "synth"), "sandbox"),
    ("synth, 2 workers", ("factory", "synth"), "worker"),
    ("synth, 2 workers", ("factory", "synth"), "SIGKILL"),
    ("synth", ("factory", "synth"), "refresh"),
    ("rebuild", ("warehouse", "refresh"), "SIGKILL"),
    ("rebuild", ("warehouse", "refresh"), "SIGTERM"),
    ("export", ("warehouse", "export"), "SIGKILL"),
    ("judge", ("judge", "run"), "SIGTERM"),
    ("judge", ("judge", "run"), "SIGKILL"),
    ("judge", ("judge", "run"), "sandbox"),
)


@dataclass(slots=True)
class Stop:
    """One stop and what came of it."""

    scene: str
    target: str
    after_s: float
    status: int | None = None
    hit: bool = False
    faults: list[str] = field(default_factory=list)


class Folder:
    """One DATA folder and the commands on it."""

    def __init__(self, data: Path) -> None:
        self.data = data

    def start(self, scene: str, command: tuple[str, ...]) -> subprocess.Popen[str]:
        """The command of a scene."""
        workers = "2" if "workers" in scene else "1"
        own = {
            "DATA": str(self.data),
            "N": str(N),
            "WORKERS": workers,
            "OUT": str(self.data / "export"),
            "LIMIT": "150",
        }
        if scene == "rebuild":
            own["REBUILD"] = "1"
        return subprocess.Popen(
            [sys.executable, "-m", *command],
            env={**CLEAN, **own},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )

    def processes(self) -> Iterator[tuple[int, str]]:
        """Living processes whose environment names this folder: (pid, command line)."""
        mark = f"DATA={self.data}\0".encode()
        for path in Path("/proc").glob("[0-9]*"):
            try:
                if (
                    mark in (path / "environ").read_bytes()
                    and "Z" not in (path / "stat").read_text().rsplit(")", 1)[1][:3]
                ):
                    yield int(path.name), (path / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue

    def target(self, name: str, child: subprocess.Popen[str]) -> int | None:
        """The process that is to be hit."""
        if name.startswith("SIG"):
            return child.pid
        words = {"worker": "run.workers.process", "sandbox": " sandbox ", "refresh": "warehouse refresh"}[name]
        return next((pid for pid, line in self.processes() if words in line and pid != child.pid), None)


def one_stop(folder: Folder, scene: str, command: tuple[str, ...], target: str, after_s: float) -> Stop:
    """Start, hit, wait, look for orphans, give the command again, look at what is there."""
    stop = Stop(scene, target, after_s)
    child = folder.start(scene, command)
    began = time.monotonic()
    while child.poll() is None and not stop.hit:
        if time.monotonic() - began >= after_s and (pid := folder.target(target, child)) is not None:
            try:
                os.kill(pid, signal.SIGTERM if target == "SIGTERM" else signal.SIGKILL)
                stop.hit = True
            except ProcessLookupError:
                continue
        time.sleep(0.005)
    _, said = child.communicate(timeout=300)
    stop.status = child.returncode
    _look_at(stop, "stopped", said)
    _orphans(stop, folder)
    again = folder.start(scene, command)
    _, said = again.communicate(timeout=600)
    _look_at(stop, "again", said)
    if again.returncode != 0:
        stop.faults.append(f"again: status {again.returncode}: {said.strip().splitlines()[-1:]}")
    _orphans(stop, folder)
    _state(stop, folder)
    return stop


def _look_at(stop: Stop, when: str, said: str) -> None:
    if "Traceback" in said:
        stop.faults.append(f"{when}: " + said[said.index("Traceback") :][-500:])


def _orphans(stop: Stop, folder: Folder) -> None:
    deadline = time.monotonic() + END_S
    while (left := list(folder.processes())) and time.monotonic() < deadline:
        time.sleep(0.1)
    for pid, line in left:
        stop.faults.append(f"orphan: {line[:120]}")
        os.kill(pid, signal.SIGKILL)


def _state(stop: Stop, folder: Folder) -> None:
    with duckdb.connect(str(folder.data / "warehouse.duckdb"), read_only=True) as connection:
        counts = connection.execute("select count(*), count(distinct sample_id) from samples").fetchone()
        question = "(item_id, design, rubric, replicate, judge)"
        verdicts = f"select count(*), count(distinct {question}) from verdicts where status = 'scored'"
        judged = connection.execute(verdicts).fetchone()
    if counts != (N, N):
        stop.faults.append(f"samples {counts}, not {N}")
    if judged is None or judged[0] != judged[1]:
        stop.faults.append(f"verdicts {judged}")
    checked = subprocess.run(
        [sys.executable, "-m", "warehouse", "check", "--data", str(folder.data)],
        env=CLEAN, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if checked.returncode:
        stop.faults.append("check: " + next(line for line in checked.stdout.splitlines() if line.startswith("FAIL")))
    if list(folder.data.rglob("*.aside")):
        stop.faults.append("a file lies aside")


def main() -> int:
    """0 when nothing was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stops", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    flags = parser.parse_args()
    dice = random.Random(flags.seed)
    stops = []
    with tempfile.TemporaryDirectory(prefix="stops-") as place:
        made = Folder(Path(place) / "made")
        began = time.monotonic()
        _, said = made.start("synth", ("factory", "synth")).communicate(timeout=600)
        lasted = {"synth": time.monotonic() - began}
        if "Traceback" in said:
            raise SystemExit(said)
        for number in range(flags.stops):
            scene, command, target = SCENES[number % len(SCENES)]
            folder = Folder(Path(place) / f"data-{number}")
            if not scene.startswith("synth"):
                shutil.copytree(made.data, folder.data)
            after_s = dice.uniform(0.0, lasted["synth"] * (1.0 if scene.startswith("synth") else 0.6))
            stop = one_stop(folder, scene, command, target, after_s)
            stops.append(stop)
            sys.stderr.write(f"{'!!' if stop.faults else '  '} {number} {scene} · {target} after {after_s:.1f} s")
            sys.stderr.write(f" · {'hit' if stop.hit else 'over before'} · status {stop.status}\n")
            sys.stderr.writelines(f"     {fault}\n" for fault in stop.faults)
            shutil.rmtree(folder.data, ignore_errors=True)
    figures = {
        "stops": len(stops),
        "hit": sum(stop.hit for stop in stops),
        "with_faults": sum(bool(stop.faults) for stop in stops),
        "orphans": sum(any(fault.startswith("orphan") for fault in stop.faults) for stop in stops),
        "hits_by_scene": dict(Counter(f"{stop.scene} · {stop.target}" for stop in stops if stop.hit)),
    }
    sys.stdout.write(json.dumps(figures, ensure_ascii=False) + "\n")
    return int(bool(figures["with_faults"]))


if __name__ == "__main__":
    sys.exit(main())
