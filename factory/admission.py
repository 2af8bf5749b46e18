"""Which verified candidates become samples: exact duplicate, near duplicate of the same place, surplus, or accepted.

Runs before the commit, in plan order, in one process. Its index (``DATA/admission.sqlite``) is a cache that commits can
rebuild: units whose commit it has not applied are replayed when it opens, so that a kill anywhere leaves it right.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import orjson

from factory.errors import DiskTrouble
from factory.neardup import Fingerprint, fingerprint, is_near, shingles
from factory.store import LocalStore

State = Literal["accepted", "surplus", "exact_duplicate", "near_duplicate"]

_SCHEMA = """
pragma journal_mode=wal;
pragma synchronous=normal;
create table if not exists applied (run_id text, unit text, primary key (run_id, unit)) without rowid;
create table if not exists admitted (
  number integer primary key, sample_id text not null unique, text_hash blob not null unique, question text, answer text
);
create table if not exists bands (
  place_id text not null, band integer not null, number integer not null, primary key (place_id, band, number)
) without rowid;
"""


@dataclass(frozen=True, slots=True)
class Text:
    """A candidate as admission sees it."""

    sample_id: str
    place_id: str
    question: str
    answer: str
    fingerprint: Fingerprint


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of a text; ``twin`` is the earlier sample it repeats."""

    text: Text
    state: State
    twin: str | None = None


class Admission:
    """The index and the decisions; used from one thread at a time."""

    def __init__(self, data: Path) -> None:
        self._path = data / "admission.sqlite"
        try:
            self._db = sqlite3.connect(self._path, check_same_thread=False, isolation_level=None)
            self._db.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise self._trouble(error) from error

    def catch_up(self, store: LocalStore, runs: Iterable[str]) -> None:
        """Apply commits that the index has not seen (all of them after it was deleted)."""
        applied = {tuple(row) for row in self._run("select run_id, unit from applied")}
        for run in runs:
            pending = [record for record in store.commits(run) if (run, record["unit"]) not in applied]
            # Units first, promotions after: a promotion names samples of units before it.
            for record in pending:
                admitted = set(record["admitted"])
                texts: list[Text] = []
                for relative in _sample_files(record, store, run):
                    columns = ["sample_id", "place_id", "question", "answer"]
                    for row in store.read(relative).select(columns).to_pylist():
                        if row["sample_id"] in admitted:
                            found = fingerprint(row["question"], row["answer"])
                            texts.append(Text(row["sample_id"], row["place_id"], row["question"], row["answer"], found))
                self.apply(run, record["unit"], texts)

    def decide(self, texts: Sequence[Text], room: int) -> list[Decision]:
        """Decide in order; at most ``room`` are accepted. Nothing is written before ``apply``."""
        decisions: list[Decision] = []
        fresh: list[Text] = []
        for text in texts:
            twin = self._twin(text, fresh)
            if twin is not None:
                decisions.append(Decision(text, twin[0], twin[1]))
            elif len(fresh) < room:
                fresh.append(text)
                decisions.append(Decision(text, "accepted"))
            else:
                decisions.append(Decision(text, "surplus"))
        return decisions

    def apply(self, run: str, unit: str, accepted: Iterable[Text]) -> None:
        """Enter a committed unit's accepted texts, in one transaction."""
        try:
            self._db.execute("begin immediate")
            for text in accepted:
                row = self._db.execute(
                    "insert or ignore into admitted (sample_id, text_hash, question, answer) values (?, ?, ?, ?) returning number",
                    (text.sample_id, text.fingerprint.text_hash, text.question, text.answer),
                ).fetchone()
                if row is not None:
                    entries = [(text.place_id, _signed(band), row[0]) for band in text.fingerprint.bands]
                    self._db.executemany("insert or ignore into bands values (?, ?, ?)", entries)
            self._db.execute("insert or ignore into applied values (?, ?)", (run, unit))
            self._db.execute("commit")
        except sqlite3.Error as error:
            if self._db.in_transaction:
                self._db.execute("rollback")
            raise self._trouble(error) from error

    def _twin(self, text: Text, fresh: Sequence[Text]) -> tuple[State, str] | None:
        exact = self._run("select sample_id from admitted where text_hash = ?", (text.fingerprint.text_hash,))
        exact += [(one.sample_id,) for one in fresh if one.fingerprint.text_hash == text.fingerprint.text_hash]
        if exact:
            return "exact_duplicate", exact[0][0]
        own = shingles(text.question, text.answer)
        for sample_id, question, answer in self._proposed(text):
            if is_near(own, shingles(question, answer)):
                return "near_duplicate", sample_id
        for one in fresh:
            if one.place_id == text.place_id and is_near(own, shingles(one.question, one.answer)):
                return "near_duplicate", one.sample_id
        return None

    def _proposed(self, text: Text) -> list[tuple[str, str, str]]:
        bands = orjson.dumps([_signed(band) for band in text.fingerprint.bands]).decode()
        return self._run(
            "select sample_id, question, answer from admitted where number in (select number from bands where place_id = ? "
            "and band in (select value from json_each(?))) order by number",
            (text.place_id, bands),
        )

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _run(self, sql: str, values: tuple[object, ...] = ()) -> list[Any]:
        try:
            return self._db.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise self._trouble(error) from error

    def _trouble(self, error: sqlite3.Error) -> DiskTrouble:
        return DiskTrouble(
            f"{self._path} cannot be used ({error}): free space, or delete this file (commits rebuild it), then run again."
        )


def _sample_files(record: dict[str, Any], store: LocalStore, run: str) -> list[str]:
    """A unit's own shard, or for a promotion the shards of the units that its samples come from."""
    if "samples" in record.get("files", {}):
        return [record["files"]["samples"]]
    wanted = set(record.get("from_units", ()))
    return [one["files"]["samples"] for one in store.commits(run) if one["unit"] in wanted]


def _signed(band: int) -> int:
    """SQLite integers are signed 64 bit."""
    return band - (1 << 64) if band >= 1 << 63 else band
