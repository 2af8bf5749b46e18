"""Damage to every kind of file of a finished DATA: is each noticed, told with its way back, and is the way back one?

A base folder (two factory runs of one plan, a judging, an export) is copied for each damage; one file is changed in one way;
then come the same N, a larger N, a question, check, a rebuild, check, an export. Wherever a sentence names a file to delete, it
is deleted and the command is given again, as a person would. Counted: tracebacks; losses that nothing told of (a sample of
the base that is gone or altered at the end); commands that never got through; runs that did not reach N.
Map and teacher are one sandbox for all. Prints JSON as its last line; exit status 1 on a miss. ``--damages`` of 500 take an hour
of one core.
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
import subprocess
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from factory.errors import ChidianError, RunStopped
from factory.run import synth
from factory.run.refresh import Refresher
from factory.sandbox.process import SandboxProcess
from factory.settings.reading import resolve
from warehouse.ask import ask
from warehouse.catalogue import FILE, check, refresh_file
from warehouse.export import ExportSettings, export

SMALL, SAME, LARGER = 40, 60, 80
CLEAN = {name: value for name, value in os.environ.items() if not name.endswith(("_KEY", "_SECRET", "_TOKEN"))}
KINDS: dict[str, str] = {
    "samples shard": "shards/sandbox-*/samples/*.parquet",
    "rejects shard": "shards/sandbox-*/rejects/*.parquet",
    "orders shard": "shards/sandbox-*/orders/*.parquet",
    "calls shard": "shards/sandbox-*/calls/*.parquet",
    "verdicts shard": "shards/judge-*/verdicts/*.parquet",
    "rubrics shard": "shards/judge-*/rubrics/*.parquet",
    "commit": "commits/sandbox-*/*.json",
    "judge's commit": "commits/judge-*/*.json",
    "plan": "plan/sandbox-*.json",
    "world": "plan/world.json",
    "cells": "plan/cells.json",
    "account book": "calls.sqlite",
    "map's answers": "map.sqlite",
    "index": "admission.sqlite",
    "warehouse": FILE,
    "run's lock": ".lock",
    "warehouse's lock": ".warehouse.lock",
}
WAYS = (
    "bit",
    "8 bits",
    "64 bits",
    "half",
    "empty",
    "one byte less",
    "gone",
    "folder",
    "noise",
    "[]",
    "{}",
    "null",
    "two swapped",
)
TOLD = re.compile(
    r"damaged|lost their commit|cannot be (?:read|used|opened|refreshed|written)|is gone|made again|FAIL|anew"
)
DELETE = re.compile(r"delete (?:its commit |it\b|this file)|move it away|move \S+ away")


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


def harm(path: Path, way: str, dice: random.Random, siblings: list[Path]) -> None:
    """Change one file in one way."""
    body = bytearray(path.read_bytes()) if path.is_file() else bytearray()
    if way in {"bit", "8 bits", "64 bits"}:
        for _ in range({"bit": 1, "8 bits": 8, "64 bits": 64}[way]):
            if body:
                body[dice.randrange(len(body))] ^= 1 << dice.randrange(8)
        path.write_bytes(body)
    elif way == "half":
        path.write_bytes(body[: len(body) // 2])
    elif way == "empty":
        path.write_bytes(b"")
    elif way == "one byte less":
        path.write_bytes(body[:-1])
    elif way == "noise":
        path.write_bytes(dice.randbytes(5_000))
    elif way == "two swapped":
        other = dice.choice(siblings)
        mine, theirs = path.read_bytes(), other.read_bytes()
        path.write_bytes(theirs)
        other.write_bytes(mine)
    elif way in {"gone", "folder"}:
        path.unlink()
        if way == "folder":
            path.mkdir()
    else:
        path.write_bytes(way.encode())


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
            said = io.StringIO()
            try:
                with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
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
                self.case.tracebacks.append(f"{name}: " + traceback.format_exc()[-600:])
                return None
            else:
                self.case.told += [f"{name}: {line}" for line in said.getvalue().splitlines() if TOLD.search(line)]
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
        given = {"N": str(n), "DATA": str(self.data), **self.urls}
        return synth.main(resolve("synth", given, CLEAN))

    def examine(self) -> list[str]:
        """``make warehouse``'s check: what fails."""
        return [f"FAIL {name}: {first}" for name, count, first in check(self.data) if count]


def rows(data: Path) -> dict[str, tuple[Any, ...]]:
    """The samples by id: what must not change."""
    with duckdb.connect(str(data / FILE), read_only=True) as connection:
        question = "select sample_id, question, answer, split, place_id, evidence_hash from samples"
        return {row[0]: row[1:] for row in connection.execute(question).fetchall()}


def one_case(base: Path, urls: dict[str, str], kind: str, way: str, dice: random.Random) -> Case:
    """One damage from beginning to end."""
    with tempfile.TemporaryDirectory(prefix="damage-") as folder:
        data = Path(folder) / "data"
        shutil.copytree(base, data)
        files = sorted(data.glob(KINDS[kind]))
        path = dice.choice(files)
        case = Case(kind, way, str(path.relative_to(data)))
        before = rows(base)
        harm(path, way, dice, files)
        world = World(data, urls, case)
        for name, command in _commands(world, data, Path(folder)):
            result = world.give(name, command)
            if name.startswith("check") and result:
                case.told += [f"{name}: {line}" for line in result]
        _compare(case, data, before, world)
        return case


def _commands(world: World, data: Path, folder: Path) -> Iterator[tuple[str, Callable[[], Any]]]:
    yield "check", world.examine
    yield "same N", lambda: world.synth(SAME)
    yield "larger N", lambda: world.synth(LARGER)
    yield "sql", lambda: ask(data, "select count(*) from samples", "json")
    yield "rebuild", lambda: refresh_file(data, rebuild=True)
    yield "check at the end", world.examine
    yield "export", lambda: export(data, folder / "export", ExportSettings())


def _compare(case: Case, data: Path, before: dict[str, tuple[Any, ...]], world: World) -> None:
    try:
        after = rows(data)
    except duckdb.Error as error:
        case.tracebacks.append(f"rows: {error}")
        return
    case.lost = sorted(sample for sample, row in before.items() if after.get(sample) != row)
    if len(after) != LARGER:
        case.short = f"{len(after)} samples, not {LARGER}"
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


def make_base(folder: Path, urls: dict[str, str]) -> Path:
    """Two sizes of one run, judged."""
    data = folder / "base"
    for n in (SMALL, SAME):
        synth.main(resolve("synth", {"N": str(n), "DATA": str(data), **urls}, CLEAN))
    judging = [sys.executable, "-m", "judge", "run", "--data", str(data), "--limit", "24"]
    subprocess.run(judging, env=CLEAN, check=True, capture_output=True)
    refresh_file(data)
    failed = [name for name, count, _ in check(data) if count]
    if failed:
        raise SystemExit(f"the base is not whole: {failed}")
    return data


async def _measure(damages: int, seed: int, folder: Path) -> list[Case]:
    async with SandboxProcess() as sandbox:
        urls = {"AMAP_BASE_URL": sandbox.amap_base_url, "TEACHER_BASE_URL": sandbox.chat_base_url}
        return await asyncio.to_thread(_cases, damages, seed, folder, urls)


def _cases(damages: int, seed: int, folder: Path, urls: dict[str, str]) -> list[Case]:
    base = make_base(folder, urls)
    dice = random.Random(seed)
    pairs = [(kind, way) for kind in KINDS for way in WAYS if _makes_sense(kind, way)]
    dice.shuffle(pairs)
    cases = []
    for number in range(damages):
        kind, way = pairs[number % len(pairs)]
        case = one_case(base, urls, kind, way, dice)
        cases.append(case)
        bad = case.tracebacks or case.unnoticed or case.stuck or case.short
        sys.stderr.write(f"{'!!' if bad else '  '} {number} {kind} · {way} · {case.file}\n")
        for line in (*case.tracebacks, *case.stuck, case.short, *(case.lost[:1] if case.unnoticed else ())):
            if line:
                sys.stderr.write(f"     {line}\n")
    return cases


def _makes_sense(kind: str, way: str) -> bool:
    if way in {"[]", "{}", "null"}:
        return kind in {"commit", "judge's commit", "plan", "world", "cells"}
    if way == "two swapped":
        return kind.endswith(("shard", "commit"))
    return not (kind.endswith("lock") and way in {"bit", "8 bits", "64 bits", "half", "empty", "one byte less"})


def main() -> int:
    """0 when nothing was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--damages", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    flags = parser.parse_args()
    synth._draw_timeline = lambda *_: None  # type: ignore[assignment]  # noqa: SLF001 - a second of drawing each, not what is measured
    Refresher.refresh = _refresh_here  # type: ignore[method-assign]
    with tempfile.TemporaryDirectory(prefix="damage-base-") as folder:
        cases = asyncio.run(_measure(flags.damages, flags.seed, Path(folder)))
    figures = {
        "damages": len(cases),
        "tracebacks": sum(bool(case.tracebacks) for case in cases),
        "unnoticed_losses": sum(case.unnoticed for case in cases),
        "stuck": sum(bool(case.stuck) for case in cases),
        "not_n": sum(bool(case.short) for case in cases),
        "told": sum(bool(case.told) for case in cases),
        "by_kind": dict(Counter(case.kind for case in cases)),
    }
    sys.stdout.write(json.dumps(figures, ensure_ascii=False) + "\n")
    return int(any(figures[name] for name in ("tracebacks", "unnoticed_losses", "stuck", "not_n")))


if __name__ == "__main__":
    sys.exit(main())
