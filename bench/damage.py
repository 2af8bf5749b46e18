"""Damage to every kind of file of a finished DATA: is each noticed, told with its way back, and is the way back one?

A base folder (two factory runs of one plan, a judging, a trained and a half-trained student with answers, an export) is copied
for each damage; one file is changed in one way; then come check, the same N, a larger N, a question, a rebuild, check, an export,
and what else reads that kind: the judging, the training, the answers, the report. Wherever a sentence names a file to delete, it
is deleted and the command is given again, as a person would. Counted: tracebacks; losses that nothing told of (a row of any shard
of the base that is gone or altered at the end, other weights); commands that never got through; runs that did not reach N.
Map and teacher are one sandbox for all. Prints a table on stderr and JSON as its last line; exit status 1 on a miss. ``--damages``
of 500 take some 20 minutes of one core; ``--first`` begins at a later one, so that several processes can share them.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import io
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

import duckdb
from damage_kinds import ANSWERED, JUDGED, KINDS, REPORTED, TRAINED, WAYS, harm, makes_sense

from factory.commit.schema import SHARDS
from factory.errors import ChidianError, RunStopped
from factory.run import synth
from factory.run.refresh import Refresher
from factory.sandbox.process import SandboxProcess
from factory.settings.reading import resolve
from judge import commands as judge_commands
from judge import run as judging
from train import completing
from train import run as training
from warehouse.ask import ask
from warehouse.catalogue import FILE, check, refresh_file
from warehouse.export import ExportSettings, export

SMALL, SAME, LARGER = 20, 32, 44
CLEAN = {name: value for name, value in os.environ.items() if not name.endswith(("_KEY", "_SECRET", "_TOKEN"))}
CLEAN |= {"WANDB_MODE": "disabled", "OMP_NUM_THREADS": "1"}
ROWS = (
    "from sft_train where sample_id in (select sample_id from sft_train order by sample_id limit 12) order by sample_id"
)
REMADE = {"text_hash", "grams", "near_bands", "gram_bits", "fingerprint_version"}
TOLD = re.compile(
    r"damaged|lost their commit|cannot be (?:read|used|opened|refreshed|written|loaded)|is gone|made again|FAIL|anew|left aside"
    r"|is no finished checkpoint"
)
DELETE = re.compile(r"(?:delete|remove) (?:its commit |it\b|this file|that folder)|move it away|move \S+ away")
STUDENTS = {"tiny": 1, "going": 2}
"""Names of trainings of the base, and their passes over the rows; the second one is killed on its way."""


@dataclass(slots=True)
class Case:
    """One damage and what came of it."""

    kind: str
    way: str
    file: str
    told: list[str] = field(default_factory=list)
    tracebacks: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    short: str = ""

    @property
    def unnoticed(self) -> bool:
        """Whether something of the base is gone and nobody said so."""
        return bool(self.lost) and not self.told

    @property
    def outcome(self) -> str:
        """One word for the table: a fault's, or how the damage ended."""
        faults = (
            ("traceback", self.tracebacks),
            ("unnoticed", self.unnoticed),
            ("stuck", self.stuck),
            ("short", self.short),
        )
        return next((word for word, there in faults if there), "told" if self.told else "harmless")


class World:
    """One damaged copy and the commands that people give."""

    def __init__(self, data: Path, urls: dict[str, str], case: Case) -> None:
        self.data = data
        self.urls = urls
        self.case = case
        self.n = SAME

    def give(self, name: str, command: Callable[[], Any]) -> Any:
        """A command, given again while its sentence names a way back; returns its result."""
        for _ in range(6):
            shown = io.StringIO()
            try:
                with contextlib.redirect_stderr(shown), contextlib.redirect_stdout(shown):
                    result = command()
            except ChidianError as error:
                sentence = str(error)
                self.case.told.append(f"{name}: {sentence}")
                if not self.follow(sentence):
                    self.case.stuck.append(f"{name}: {sentence}")
                    return None
                if "`make synth`" in sentence:
                    self.give("synth again", lambda: self.synth(self.n))
            except BaseException:  # noqa: BLE001 - that is what is counted
                self.case.tracebacks.append(f"{name}: " + traceback.format_exc()[-900:])
                return None
            else:
                self.case.told += [f"{name}: {line}" for line in shown.getvalue().splitlines() if TOLD.search(line)]
                return result
        self.case.stuck.append(f"{name}: six times in vain")
        return None

    def follow(self, sentence: str) -> bool:
        """Do what a sentence says: delete the file that it names (the last one, where it names two)."""
        if not DELETE.search(sentence):
            return False
        named = [
            Path(word.rstrip(".,;:)").lstrip("("))
            for word in re.findall(rf"\(?{re.escape(str(self.data))}\S*", sentence)
        ]
        named = [path for path in named if path != self.data and (path.exists() or path.is_symlink())]
        if not named:
            return False
        path = named[-1]
        for ending in ("", "-wal", "-shm"):
            beside = path.with_name(path.name + ending)
            shutil.rmtree(beside) if beside.is_dir() else beside.unlink(missing_ok=True)
        return True

    def synth(self, n: int) -> int:
        """``make synth N=n``."""
        self.n = n
        return synth.main(self.values("synth", N=str(n), **self.urls))

    def values(self, command: str, **given: str) -> Any:
        """The settings of a command on this folder."""
        return resolve(command, {"DATA": str(self.data), **given}, CLEAN)

    def examine(self) -> list[str]:
        """``make warehouse``'s check: what fails."""
        return [f"FAIL {name}: {first}" for name, count, first in check(self.data) if count]

    def commands(self) -> Iterator[tuple[str, Callable[[], Any]]]:
        """What is done with the damaged folder, in turn."""
        kind = self.case.kind
        yield "check", self.examine
        if kind in TRAINED:
            for name, epochs in STUDENTS.items():
                yield (
                    f"train {name}",
                    lambda name=name, epochs=epochs: training.main(self.values("train-run", **student(name, epochs))),
                )
        if kind in TRAINED | ANSWERED:
            yield (
                "complete",
                lambda: completing.main(self.values("complete", CHECKPOINT=str(self.data / "models/tiny"), LIMIT="1")),
            )
        if kind in JUDGED:
            yield "judge", lambda: judging.main(self.values("judge", LIMIT="6"))
        if kind in ANSWERED | REPORTED:
            yield "report", lambda: judge_commands.report(self.values("report"))
        yield "same N", lambda: self.synth(SAME)
        yield "larger N", lambda: self.synth(LARGER)
        yield "sql", lambda: ask(self.data, "select count(*) from samples", "json")
        yield "rebuild", lambda: refresh_file(self.data, rebuild=True)
        yield "check at the end", self.examine
        yield "export", lambda: export(self.data, self.data / "export", ExportSettings())


def student(name: str, epochs: int) -> dict[str, str]:
    """The settings of one of the base's trainings."""
    return {"MODEL_NAME": name, "EPOCHS": str(epochs), "SQL": ROWS, "SAVE_EVERY_S": "0"}


def rows(data: Path) -> Counter[tuple[str, int]]:
    """Every row of every shard's table, hashed; and the samples as people see them: what must not change."""
    listed: Counter[tuple[str, int]] = Counter()
    with duckdb.connect(str(data / FILE), read_only=True) as connection:
        question = "select hash((sample_id, question, answer, split, place_id, evidence_hash)) from samples"
        listed.update(("samples", value) for (value,) in connection.execute(question).fetchall())
        for kind, schema in SHARDS.items():
            names = ", ".join(f'"{one.name}"' for one in schema if one.name not in REMADE)
            found = connection.execute(f"select hash(({names})) from {kind}_shard").fetchall()
            listed.update((f"{kind}_shard", value) for (value,) in found)
    return listed


def weights(data: Path) -> dict[str, str]:
    """A hash of each student that is finished."""
    files = {name: data / "models" / name / "model.safetensors" for name in STUDENTS}
    return {name: blake2b(file.read_bytes()).hexdigest() for name, file in files.items() if file.is_file()}


def one_case(
    base: Path, expected: dict[str, str], urls: dict[str, str], kind: str, way: str, dice: random.Random
) -> Case:
    """One damage from beginning to end."""
    with tempfile.TemporaryDirectory(prefix="damage-") as folder:
        data = Path(folder) / "data"
        shutil.copytree(base, data, ignore=None if kind in TRAINED | ANSWERED else shutil.ignore_patterns("models"))
        files = sorted(path for path in data.glob(KINDS[kind]) if path.is_file())
        path = dice.choice(files)
        case = Case(kind, way, str(path.relative_to(data)))
        harm(path, way, dice, files)
        world = World(data, urls, case)
        for name, command in world.commands():
            result = world.give(name, command)
            if name.startswith("check") and result:
                case.told += [f"{name}: {line}" for line in result]
        _compare(case, data, base, world)
        if kind in TRAINED:
            case.lost += [name for name, digest in weights(data).items() if digest != expected[name]]
        return case


def _compare(case: Case, data: Path, base: Path, world: World) -> None:
    try:
        after = rows(data)
    except duckdb.Error as error:
        case.tracebacks.append(f"rows: {error}")
        return
    case.lost = sorted(f"{table} {value}" for table, value in rows(base) - after)
    samples = sum(count for (table, _), count in after.items() if table == "samples")
    if samples != LARGER:
        case.short = f"{samples} samples, not {LARGER}"
    for line in world.examine():
        if world.follow(line) and "`make synth`" in line:
            world.give("synth again", lambda: world.synth(world.n))
    left = world.give("check once more", world.examine) or []
    if left:
        case.stuck.append(f"still: {left[0]}")


async def _refresh_here(self: Refresher) -> None:
    """A refresh without the second that a process of its own takes to start; its error is told as that process's is."""
    try:
        await asyncio.to_thread(refresh_file, self._data)
    except ChidianError as error:
        raise RunStopped(
            f"The warehouse could not be refreshed: error: {error} (the committed shards are safe.)"
        ) from error


def make_base(folder: Path, urls: dict[str, str]) -> tuple[Path, dict[str, str]]:
    """Two sizes of one run, judged, trained, half trained, answered, exported; and the weights that both trainings end with."""
    data = folder / "base"
    for n in (SMALL, SAME):
        synth.main(resolve("synth", {"N": str(n), "DATA": str(data), **urls}, CLEAN))
    _called("judge", "run", data, {"LIMIT": "24"})
    _called("train", "run", data, student("tiny", STUDENTS["tiny"]))
    going = subprocess.Popen(
        [sys.executable, "-m", "train", "run"], env={**CLEAN, "DATA": str(data), **student("going", STUDENTS["going"])},
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    while going.poll() is None and len(list(data.glob("models/going/checkpoint-*"))) < 2:
        time.sleep(0.01)
    going.send_signal(signal.SIGKILL)
    if going.wait() != -signal.SIGKILL:
        raise SystemExit("the training ended before it could be killed")
    _called("train", "complete", data, {"CHECKPOINT": str(data / "models/tiny"), "LIMIT": "1"})
    _called("judge", "report", data, {})
    export(data, data / "export", ExportSettings())
    refresh_file(data)
    failed = [name for name, count, _ in check(data) if count]
    if failed:
        raise SystemExit(f"the base is not whole: {failed}")
    ended = folder / "ended"
    shutil.copytree(data, ended)
    _called("train", "run", ended, student("going", STUDENTS["going"]))
    for book, statement in (
        ("calls.sqlite", "update calls set key = key"),
        ("map.sqlite", "update answers set key = key"),
    ):
        _leave_a_log(
            data / book,
            f"import sqlite3; link = sqlite3.connect(sys.argv[1]); link.execute({statement!r}); link.commit()",
        )
    shutil.copyfile(data / FILE, folder / FILE)
    _leave_a_log(
        folder / FILE,
        "import duckdb; link = duckdb.connect(sys.argv[1]); link.execute('create table notes (line int)')",
    )
    shutil.copyfile(folder / f"{FILE}.wal", data / f"{FILE}.wal")
    return data, weights(ended)


def prepared(kept: Path, urls: dict[str, str]) -> tuple[Path, dict[str, str]]:
    """The base of an earlier run, or one made there."""
    if not (kept / "weights.json").exists():
        kept.mkdir(parents=True, exist_ok=True)
        _, expected = make_base(kept, urls)
        (kept / "weights.json").write_text(json.dumps(expected), encoding="utf-8")
    return kept / "base", json.loads((kept / "weights.json").read_text(encoding="utf-8"))


def _called(room: str, word: str, data: Path, given: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", room, word], env={**CLEAN, "DATA": str(data), **given}, capture_output=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{room} {word}: {done.stderr.decode(errors='replace')[-800:]}")


def _leave_a_log(file: Path, words: str) -> None:
    """A write-ahead log as a program leaves it that dies with the file open."""
    if not file.with_name(file.name + "-wal").exists() and file.suffix == ".sqlite":
        sqlite3.connect(file).close()
    subprocess.run([sys.executable, "-c", f"import os, sys; {words}; os._exit(0)", str(file)], check=True)


async def _measure(first: int, damages: int, seed: int, folder: Path, kept: Path | None) -> list[Case]:
    async with SandboxProcess() as sandbox:
        urls = {"AMAP_BASE_URL": sandbox.amap_base_url, "TEACHER_BASE_URL": sandbox.chat_base_url}
        return await asyncio.to_thread(_cases, first, damages, seed, folder, kept, urls)


def _cases(first: int, damages: int, seed: int, folder: Path, kept: Path | None, urls: dict[str, str]) -> list[Case]:
    base, expected = prepared(kept, urls) if kept else make_base(folder, urls)
    pairs = [(kind, way) for kind in KINDS for way in WAYS if makes_sense(kind, way)]
    random.Random(seed).shuffle(pairs)
    cases = []
    for number in range(first, first + damages):
        kind, way = pairs[number % len(pairs)]
        case = one_case(base, expected, urls, kind, way, random.Random(f"{seed} {number}"))
        cases.append(case)
        sys.stderr.write(
            f"{'  ' if case.outcome in {'told', 'harmless'} else '!!'} {number} {kind} · {way} · {case.file} · {case.outcome}\n"
        )
        for line in (*case.tracebacks, *case.stuck, case.short, *(case.lost[:1] if case.unnoticed else ())):
            if line:
                sys.stderr.write(f"     {line}\n")
    return cases


def table(cases: list[Case]) -> dict[str, dict[str, dict[str, int]]]:
    """Kind → way → outcome → how often."""
    listed: dict[str, dict[str, dict[str, int]]] = {}
    for case in cases:
        outcomes = listed.setdefault(case.kind, {}).setdefault(case.way, {})
        outcomes[case.outcome] = outcomes.get(case.outcome, 0) + 1
    return listed


def main() -> int:
    """0 when nothing was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--damages", type=int, default=40)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--base", type=Path, help="where the base is made, once, or lies from an earlier run")
    flags = parser.parse_args()
    synth._draw_timeline = lambda *_: None  # type: ignore[assignment]  # noqa: SLF001 - a second of drawing each, not what is measured
    Refresher.refresh = _refresh_here  # type: ignore[method-assign]
    with tempfile.TemporaryDirectory(prefix="damage-base-") as folder:
        cases = asyncio.run(_measure(flags.first, flags.damages, flags.seed, Path(folder), flags.base))
    outcomes = Counter(case.outcome for case in cases)
    figures = {
        "damages": len(cases),
        "tracebacks": outcomes["traceback"],
        "unnoticed_losses": outcomes["unnoticed"],
        "stuck": outcomes["stuck"],
        "not_n": outcomes["short"],
        "told": outcomes["told"],
        "harmless": outcomes["harmless"],
        "table": table(cases),
    }
    sys.stdout.write(json.dumps(figures, ensure_ascii=False) + "\n")
    return int(any(figures[name] for name in ("tracebacks", "unnoticed_losses", "stuck", "not_n")))


if __name__ == "__main__":
    sys.exit(main())
