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
import random
import re
import shutil
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import torch
from damage_base import CLEAN, LARGER, SAME, STUDENTS, Base, make_base, prepared, rows, student, weights
from damage_kinds import ANSWERED, JUDGED, KINDS, REPORTED, TRAINED, WAYS, harm, makes_sense

from factory.errors import ChidianError, RunStopped
from factory.run import synth
from factory.run.refresh import Refresher
from factory.sandbox.process import SandboxProcess
from factory.settings.reading import resolve
from judge import commands as judge_commands
from judge import run as judging
from judge.report import figures
from train import completing
from train import run as training
from warehouse.ask import ask
from warehouse.catalogue import check, refresh_file
from warehouse.export import ExportSettings, export

TOLD = re.compile(
    r"damaged|lost their commit|cannot be (?:read|used|opened|refreshed|written|loaded)|is gone|made again|FAIL|anew|left aside"
    r"|is no finished checkpoint"
)
DELETE = re.compile(r"(?:delete|remove) (?:its commit |it\b|this file|that folder)|move it away|move \S+ away")
NEW_FOLDER = "give an empty or a new folder"
"""What export says of a folder whose own list of files is gone: it replaces nothing that it cannot know for its own."""


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
        self.out = data / "export"

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
        """Do what a sentence says: delete the file that it names (the last one, where it names two), or give another folder."""
        if NEW_FOLDER in sentence and self.out.name == "export":
            self.out = self.out.with_name("export-anew")
            return True
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
        yield "export", lambda: export(self.data, self.out, ExportSettings())


def one_case(base: Base, urls: dict[str, str], kind: str, way: str, dice: random.Random) -> Case:
    """One damage from beginning to end."""
    with tempfile.TemporaryDirectory(prefix="damage-") as folder:
        data = Path(folder) / "data"
        shutil.copytree(
            base.folder, data, ignore=None if kind in TRAINED | ANSWERED else shutil.ignore_patterns("models")
        )
        files = sorted(path for path in data.glob(KINDS[kind]) if path.is_file())
        path = dice.choice(files)
        case = Case(kind, way, str(path.relative_to(data)))
        harm(path, way, dice, files)
        world = World(data, urls, case)
        for name, command in world.commands():
            result = world.give(name, command)
            if name.startswith("check") and result:
                case.told += [f"{name}: {line}" for line in result]
        _compare(case, data, base.rows, world)
        if kind in TRAINED:
            case.lost += [name for name, digest in weights(data).items() if digest != base.weights[name]]
        return case


def _compare(case: Case, data: Path, before: Counter[tuple[str, int]], world: World) -> None:
    try:
        after = rows(data)
    except duckdb.Error as error:
        case.tracebacks.append(f"rows: {error}")
        return
    case.lost = sorted(f"{table} {value}" for table, value in before - after)
    samples = sum(count for (table, _), count in after.items() if table == "samples")
    if samples != LARGER:
        case.short = f"{samples} samples, not {LARGER}"
    left = world.examine()
    case.told += [f"check at the end: {line}" for line in left]
    for line in left:
        if world.follow(line) and "`make synth`" in line:
            world.give("synth again", lambda: world.synth(world.n))
    if left and (still := world.give("check once more", world.examine)):
        case.stuck.append(f"still: {still[0]}")


async def _refresh_here(self: Refresher) -> None:
    """A refresh without the second that a process of its own takes to start; its error is told as that process's is."""
    try:
        await asyncio.to_thread(refresh_file, self._data)
    except ChidianError as error:
        raise RunStopped(
            f"The warehouse could not be refreshed: error: {error} (the committed shards are safe.)"
        ) from error


async def _measure(first: int, damages: int, seed: int, kinds: str, folder: Path, kept: Path | None) -> list[Case]:
    async with SandboxProcess() as sandbox:
        urls = {"AMAP_BASE_URL": sandbox.amap_base_url, "TEACHER_BASE_URL": sandbox.chat_base_url}
        return await asyncio.to_thread(_cases, first, damages, seed, kinds, folder, kept, urls)


def _cases(
    first: int, damages: int, seed: int, kinds: str, folder: Path, kept: Path | None, urls: dict[str, str]
) -> list[Case]:
    made, expected = prepared(kept, urls) if kept else make_base(folder, urls)
    base = Base(made, rows(made), expected)
    pairs = [(kind, way) for kind in KINDS for way in WAYS if makes_sense(kind, way) and re.search(kinds, kind)]
    random.Random(seed).shuffle(pairs)
    cases = []
    for number in range(first, first + damages):
        kind, way = pairs[number % len(pairs)]
        case = one_case(base, urls, kind, way, random.Random(f"{seed} {number}"))
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
    parser.add_argument("--kinds", default="", help="a regular expression: these kinds of file only")
    parser.add_argument("--base", type=Path, help="where the base is made, once, or lies from an earlier run")
    flags = parser.parse_args()
    synth._draw_timeline = lambda *_: None  # type: ignore[assignment]  # noqa: SLF001 - a second of drawing each, not what is measured
    figures.charts = lambda *_: {}  # type: ignore[assignment]
    torch.set_num_threads(1)
    Refresher.refresh = _refresh_here  # type: ignore[method-assign]
    with tempfile.TemporaryDirectory(prefix="damage-base-") as folder:
        cases = asyncio.run(_measure(flags.first, flags.damages, flags.seed, flags.kinds, Path(folder), flags.base))
    outcomes = Counter(case.outcome for case in cases)
    result = {
        "damages": len(cases),
        "tracebacks": outcomes["traceback"],
        "unnoticed_losses": outcomes["unnoticed"],
        "stuck": outcomes["stuck"],
        "not_n": outcomes["short"],
        "told": outcomes["told"],
        "harmless": outcomes["harmless"],
        "table": table(cases),
    }
    sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")
    return int(any(result[name] for name in ("tracebacks", "unnoticed_losses", "stuck", "not_n")))


if __name__ == "__main__":
    sys.exit(main())
