"""The folder that is damaged: two sizes of one run, judged, trained, half trained, answered, exported; logs lie beside its books.

Made once and copied for each damage; what it holds is hashed row by row. Used by damage.py.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import duckdb

from factory.commit.schema import SHARDS
from factory.run import synth
from factory.settings.reading import resolve
from warehouse.catalogue import FILE, check, refresh_file
from warehouse.export import ExportSettings, export

SMALL, SAME, LARGER = 20, 32, 44
CLEAN = {name: value for name, value in os.environ.items() if not name.endswith(("_KEY", "_SECRET", "_TOKEN"))}
CLEAN |= {"WANDB_MODE": "disabled", "OMP_NUM_THREADS": "1"}
ROWS = (
    "from sft_train where sample_id in (select sample_id from sft_train order by sample_id limit 12) order by sample_id"
)
REMADE = {"text_hash", "grams", "near_bands", "gram_bits", "fingerprint_version"}
STUDENTS = {"tiny": 1, "going": 2}
"""Names of trainings of the base, and their passes over the rows; the second one is killed on its way."""


@dataclass(frozen=True, slots=True)
class Base:
    """The folder that is copied, its rows, and the weights that both trainings end with."""

    folder: Path
    rows: Counter[tuple[str, int]]
    weights: dict[str, str]


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
