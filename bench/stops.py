"""Commands stopped at random moments: SIGTERM, SIGKILL, a killed worker, sandbox or refresh; in every room.

After each stop the same command is given again. Counted: tracebacks; SIGTERMs that ended without a sentence and our status; runs
that then did not hold exactly N, verdicts that are missing or double, other weights than those of a training left alone, answers,
exports and reports that are not whole; failed checks; processes that outlived their command (an orphan: its environment names
the folder). Prints JSON as its last line; exit status 1 on a miss. ``--stops`` of 60 take some 30 minutes of one core.
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

from warehouse.catalogue import check

CLEAN: Final = {name: value for name, value in os.environ.items() if not name.endswith(("_KEY", "_SECRET", "_TOKEN"))}
N: Final = 60
END_S: Final = 15.0
"""So long a process may need to see that its parent is gone."""
LONG_S: Final = 900.0
ROWS: Final = (
    "from sft_train where sample_id in (select sample_id from sft_train order by sample_id limit 12) order by sample_id"
)
COMMANDS: Final[dict[str, tuple[str, ...]]] = {
    "synth": ("factory", "synth"),
    "synth, 2 workers": ("factory", "synth"),
    "rebuild": ("warehouse", "refresh"),
    "export": ("warehouse", "export"),
    "judge": ("judge", "run"),
    "train": ("train", "run"),
    "complete": ("train", "complete"),
    "report": ("judge", "report"),
}
TARGETS: Final[dict[str, tuple[str, ...]]] = {
    "synth": ("SIGTERM", "SIGKILL", "sandbox", "refresh"),
    "synth, 2 workers": ("worker", "SIGKILL", "SIGTERM"),
    "rebuild": ("SIGKILL", "SIGTERM"),
    "export": ("SIGKILL", "SIGTERM"),
    "judge": ("SIGTERM", "SIGKILL", "sandbox", "refresh"),
    "train": ("SIGKILL", "SIGTERM"),
    "complete": ("SIGTERM", "SIGKILL"),
    "report": ("SIGKILL", "SIGTERM"),
}
SCENES: Final = [(scene, target) for scene, targets in TARGETS.items() for target in targets]


@dataclass(slots=True)
class Stop:
    """One stop and what came of it."""

    scene: str
    target: str
    after_s: float
    status: int | None = None
    hit: bool = False
    deaf: bool = False
    """Hit while Python itself was starting, before any line of ours ran"""
    faults: list[str] = field(default_factory=list)


class Folder:
    """One DATA folder and the commands on it."""

    def __init__(self, data: Path) -> None:
        self.data = data

    def start(self, scene: str) -> subprocess.Popen[str]:
        """The command of a scene."""
        own = {
            "DATA": str(self.data),
            "N": str(N),
            "WORKERS": "2" if "workers" in scene else "1",
            "OUT": str(self.data / "export"),
            "LIMIT": "2" if scene == "complete" else "120",
            "MODEL_NAME": "stopped",
            "EPOCHS": "2",
            "SQL": ROWS,
            "SAVE_EVERY_S": "0",
            "WANDB_MODE": "disabled",
            "OMP_NUM_THREADS": "1",
            **({"REBUILD": "1"} if scene == "rebuild" else {}),
            **({"CHECKPOINT": str(self.data / "models/tiny")} if scene == "complete" else {}),
        }
        return subprocess.Popen(
            [sys.executable, "-m", *COMMANDS[scene]],
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

    def weights(self) -> bytes | None:
        """The stopped training's, once it has ended."""
        file = self.data / "models/stopped/model.safetensors"
        return file.read_bytes() if file.exists() else None


@dataclass(frozen=True, slots=True)
class Whole:
    """What each scene leaves when nothing stops it: seconds that it takes, its scored verdicts, answers, weights, exported rows."""

    seconds: dict[str, float]
    verdicts: int
    answers: int
    weights: bytes | None
    exported: int


def listens(pid: int) -> bool:
    """Whether a process has taken SIGTERM over."""
    try:
        [mask] = [line.split()[1] for line in Path(f"/proc/{pid}/status").read_text().splitlines() if "SigCgt" in line]
    except (OSError, ValueError):
        return False
    return bool(int(mask, 16) & 1 << (signal.SIGTERM - 1))


def one_stop(folder: Folder, scene: str, target: str, after_s: float, whole: Whole) -> Stop:
    """Start, hit, wait, look for orphans, give the command again, look at what is there."""
    stop = Stop(scene, target, after_s)
    child = folder.start(scene)
    began = time.monotonic()
    while child.poll() is None and not stop.hit:
        if time.monotonic() - began >= after_s and (pid := folder.target(target, child)) is not None:
            stop.deaf = target == "SIGTERM" and not listens(pid)
            try:
                os.kill(pid, signal.SIGTERM if target == "SIGTERM" else signal.SIGKILL)
                stop.hit = True
            except ProcessLookupError:
                continue
        time.sleep(0.005)
    _, shown = child.communicate(timeout=LONG_S)
    stop.status = child.returncode
    _look_at(stop, "stopped", shown)
    if target == "SIGTERM" and stop.hit and not stop.deaf:
        _look_at_end(stop, shown)
    _orphans(stop, folder)
    again = folder.start(scene)
    _, shown = again.communicate(timeout=LONG_S)
    _look_at(stop, "again", shown)
    if again.returncode != 0:
        stop.faults.append(f"again: status {again.returncode}: {shown.strip().splitlines()[-1:]}")
    _orphans(stop, folder)
    _state(stop, folder, whole)
    return stop


def _look_at(stop: Stop, when: str, shown: str) -> None:
    if "Traceback" in shown:
        stop.faults.append(f"{when}: " + shown[shown.index("Traceback") :][-900:])


def _look_at_end(stop: Stop, shown: str) -> None:
    """A SIGTERM ends with our status and a sentence, or came when all was done."""
    last = (shown.strip().splitlines() or [""])[-1]
    if stop.status == 128 + signal.SIGTERM:
        if not any(word in shown for word in ("topped", "SIGTERM")):
            stop.faults.append(f"no sentence: {last!r}")
    elif stop.status != 0:
        stop.faults.append(f"SIGTERM gave status {stop.status}: {last!r}")


def _orphans(stop: Stop, folder: Folder) -> None:
    deadline = time.monotonic() + END_S
    while (left := list(folder.processes())) and time.monotonic() < deadline:
        time.sleep(0.1)
    for pid, line in left:
        stop.faults.append(f"orphan: {line[:120]}")
        os.kill(pid, signal.SIGKILL)


def _state(stop: Stop, folder: Folder, whole: Whole) -> None:
    samples, verdicts, answers = counted(folder.data)
    if samples != (N, N):
        stop.faults.append(f"samples {samples}, not {N}")
    if stop.scene == "judge" and not whole.verdicts <= verdicts[0] == verdicts[1]:  # LIMIT is what each command asks
        stop.faults.append(f"verdicts {verdicts}, not {whole.verdicts} or more")
    if stop.scene == "complete" and answers != (whole.answers, whole.answers):
        stop.faults.append(f"answers {answers}, not {whole.answers}")
    if stop.scene == "train" and folder.weights() != whole.weights:
        stop.faults.append("other weights than those of a training left alone")
    if stop.scene == "export" and exported(folder.data) != whole.exported:
        stop.faults.append(f"{exported(folder.data)} rows exported, not {whole.exported}")
    if stop.scene == "report":
        page = next(folder.data.glob("reports/judge-*/index.html")).read_text(encoding="utf-8")
        if not page.rstrip().endswith("</html>"):
            stop.faults.append("the page is torn")
    stop.faults += [f"FAIL {name}: {first}" for name, count, first in check(folder.data) if count]
    stop.faults += [f"left aside: {path.name}" for path in folder.data.rglob("*.aside")]


def counted(data: Path) -> tuple[tuple[int, int], ...]:
    """Rows and distinct ones of samples, scored verdicts, answers."""
    questions = (
        "select count(*), count(distinct sample_id) from samples",
        "select count(*), count(distinct (item_id, design, rubric, replicate, judge)) from verdicts where status = 'scored'",
        "select count(*), count(distinct completion_id) from completions",
    )
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as connection:
        return tuple(connection.execute(question).fetchall()[0] for question in questions)


def exported(data: Path) -> int:
    """Rows of the export."""
    return sum(len(path.read_bytes().splitlines()) for path in data.glob("export/*.jsonl"))


def left_alone(place: Path) -> tuple[Path, Path, Whole]:
    """Folders for the scenes: one judged and trained, one only made; and what each scene leaves when nothing stops it."""
    whole, seconds = Folder(place / "whole"), {}
    for scene in ("synth", "synth, 2 workers", "judge", "train", "complete", "report", "export", "rebuild"):
        if scene == "complete":
            shutil.copytree(whole.data / "models/stopped", whole.data / "models/tiny")
        began = time.monotonic()
        child = Folder(place / "workers").start(scene) if "workers" in scene else whole.start(scene)
        _, shown = child.communicate(timeout=LONG_S)
        seconds[scene] = time.monotonic() - began
        if child.returncode:
            raise SystemExit(f"{scene}: {shown}")
    _, verdicts, answers = counted(whole.data)
    found = Whole(seconds, verdicts[0], answers[0], whole.weights(), exported(whole.data))
    made = place / "made"
    shutil.copytree(whole.data, made)
    for path in ("models/stopped", "export", "commits/judge-sandbox", "shards/judge-sandbox", "reports"):
        shutil.rmtree(made / path)
    for path in (made / "commits").glob("completions-*"):
        shutil.rmtree(path)
    subprocess.run([sys.executable, "-m", "warehouse", "refresh", "--data", str(made)], env=CLEAN, check=True)
    return made, whole.data, found


def main() -> int:
    """0 when nothing was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stops", type=int, default=len(SCENES))
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    flags = parser.parse_args()
    stops = []
    with tempfile.TemporaryDirectory(prefix="stops-") as place:
        made, judged, whole = left_alone(Path(place))
        for number in range(flags.first, flags.first + flags.stops):
            dice = random.Random(f"{flags.seed} {number}")
            scene, target = SCENES[number % len(SCENES)]
            folder = Folder(Path(place) / f"data-{number}")
            if not scene.startswith("synth"):
                shutil.copytree(judged if scene == "report" else made, folder.data)
            after_s = dice.uniform(
                0.0, whole.seconds[scene] * (0.5 if target in {"sandbox", "refresh", "worker"} else 0.95)
            )
            stop = one_stop(folder, scene, target, after_s, whole)
            stops.append(stop)
            sys.stderr.write(f"{'!!' if stop.faults else '  '} {number} {scene} · {target} after {after_s:.1f} s")
            sys.stderr.write(
                f" · {'hit' if stop.hit else 'over before'} · status {stop.status}{' · starting' * stop.deaf}\n"
            )
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
