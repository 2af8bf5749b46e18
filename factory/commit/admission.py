"""Which verified candidates become samples: exact duplicate, near duplicate of the same place, surplus, or accepted.

A run is judged by itself: what another run of the same DATA holds takes nothing from its target (two prompts are compared by
what each gives); views that pool runs leave their repeats out (warehouse/duplicates.py).

Runs before the commit, in plan order, in one process. Its index (``DATA/admission.sqlite``) is a cache that commits can
rebuild: units whose commit it has not applied are replayed when it opens, so that a kill anywhere leaves it right.
A place's band keys lie together, one row a sample, and are read in one range a unit: an index of single keys would be
42 entries and 42 look-ups a sample.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from factory.commit.commit import Commit, CommitKind
from factory.commit.neardup import (
    BANDS,
    FINGERPRINT_VERSION,
    GRAM_BITS,
    Fingerprint,
    fingerprint,
    is_near,
    may_be_near,
)
from factory.commit.store import Store
from factory.errors import DiskTrouble
from factory.sqlite_file import open_file

State = Literal["accepted", "surplus", "exact_duplicate", "near_duplicate"]

_SCHEMA = """
create table if not exists applied (run_id text, unit text, primary key (run_id, unit)) without rowid;
create table if not exists admitted (
  number integer primary key, run_id text not null, sample_id text not null, text_hash blob not null, grams blob not null,
  unique (run_id, text_hash)
);
create table if not exists bands (
  run_id text not null, place_id text not null, number integer not null, keys blob not null, bits blob not null,
  primary key (run_id, place_id, number)
) without rowid;
create table if not exists sums (run_id text primary key, entries integer not null, total integer not null) without rowid;
"""
_TABLES = ("applied", "admitted", "bands", "sums")
_LAYOUT = 4
"""Of these tables; with the fingerprints' version it says which index can be used, and any other is made anew."""
_VERSION = 1_000 * _LAYOUT + FINGERPRINT_VERSION
ROWS = """
select b.number, a.sample_id, a.text_hash, a.grams, b.place_id, b.keys, b.bits
from bands b left join admitted a on a.number = b.number and a.run_id = b.run_id where b.run_id = ?
"""
"""From the bands, since ``number`` is the key of ``admitted``: the other way round each of a million rows walked all the others."""
_ADD = """
insert into sums values (?, 1, ?) on conflict (run_id) do update set entries = entries + 1, total = (total + excluded.total) % ?
"""
_MODULUS = 2**62
"""Two sums below it fit an integer of SQLite's."""
_TEXT_COLUMNS = (
    *("sample_id", "place_id", "question", "answer"),
    *("text_hash", "grams", "near_bands", "gram_bits", "fingerprint_version"),
)


@dataclass(frozen=True, slots=True)
class CandidateText:
    """A candidate as admission sees it."""

    sample_id: str
    place_id: str
    fingerprint: Fingerprint


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of a text; ``twin`` is the earlier sample it repeats."""

    text: CandidateText
    state: State
    twin: str | None = None


@dataclass(frozen=True, slots=True)
class _Neighbours:
    """The admitted samples of one place: numbers in the index (n), band keys (n, BANDS), and their n-grams' bits (n, 16)."""

    numbers: NDArray[np.int64]
    keys: NDArray[np.uint32]
    bits: NDArray[np.uint64]

    def proposed(self, own: Fingerprint) -> list[int]:
        """Numbers of those that share a band and may share enough: where a place has thousands, a band alone proposes hundreds."""
        hits = np.flatnonzero((self.keys == np.array(own.bands, np.uint32)).any(axis=1))
        return list(map(int, self.numbers[hits[may_be_near(own, self.bits[hits])]]))


class Admission:
    """The index and the decisions; used from one thread at a time."""

    def __init__(self, data: Path, run: str) -> None:
        self._run_id = run
        self._path = data / "admission.sqlite"
        try:
            self._db = self._open()
        except sqlite3.Error as error:
            if not _is_damage(error):
                raise self._trouble(error) from error
            self._start_anew()

    def _open(self) -> sqlite3.Connection:
        db = open_file(self._path)
        try:
            db.executescript("pragma journal_mode=wal; pragma synchronous=normal;")
            if db.execute("pragma user_version").fetchone()[0] != _VERSION:
                for name in _TABLES:  # made with other fingerprints: commits rebuild it
                    db.execute(f"drop table if exists {name}")
            db.executescript(f"{_SCHEMA}; pragma user_version={_VERSION};")
        except sqlite3.Error:
            db.close()
            raise
        return db

    def _start_anew(self) -> None:
        """Without the damaged index: it is a cache of commits."""
        try:
            for ending in ("", "-wal", "-shm"):
                self._path.with_name(self._path.name + ending).unlink(missing_ok=True)
            self._db = self._open()
        except (sqlite3.Error, OSError) as error:
            raise self._trouble(error) from error

    def catch_up(self, store: Store) -> None:
        """Apply the run's commits that the index has not seen: all of them after it was deleted, damaged, or lost a commit."""
        try:
            self._catch_up(store)
        except DiskTrouble as error:
            if not isinstance(error.__cause__, sqlite3.Error) or not _is_damage(error.__cause__):
                raise
            self._db.close()
            self._start_anew()
            self._catch_up(store)

    def _catch_up(self, store: Store) -> None:
        run, units = self._run_id, store.units(self._run_id)
        applied = {row[0] for row in self._run("select unit from applied where run_id = ?", (run,))}
        if not applied <= set(units) or not self._is_whole():
            self._forget()
            applied = set()
        for unit in units:
            if unit not in applied:
                commit = store.commit(run, unit)
                self.apply(unit, committed_texts(store, _sources(commit, store, units), set(commit.admitted)))

    def _is_whole(self) -> bool:
        """Whether the run's rows are those that were written: a changed one would let a duplicate through, or refuse a sample."""
        written = self._run("select entries, total from sums where run_id = ?", (self._run_id,))
        admitted = self._run("select count(*) from admitted where run_id = ? having count(*) > 0", (self._run_id,))
        return self._sums() == written and admitted == [(entries,) for entries, _ in written]

    def _sums(self) -> list[tuple[int, int]]:
        """Number and sum (mod 2^62) of the checksums of the run's rows, as a list of one, or none."""
        count = total = 0
        try:
            for row in self._db.execute(ROWS, (self._run_id,)):
                count += 1
                total = (total + _row_sum(*row)) % _MODULUS
        except sqlite3.Error as error:
            raise self._trouble(error) from error
        return [(count, total)] if count else []

    def _forget(self) -> None:
        try:
            self._db.execute("begin immediate")
            for name in _TABLES:
                self._db.execute(f"delete from {name} where run_id = ?", (self._run_id,))  # noqa: S608 - one of ours
            self._db.execute("commit")
        except sqlite3.Error as error:
            if self._db.in_transaction:
                self._db.execute("rollback")
            raise self._trouble(error) from error

    def decide(self, texts: Sequence[CandidateText], room: int) -> list[Decision]:
        """Decide in order; at most ``room`` are accepted. Nothing is written before ``apply``."""
        decisions: list[Decision] = []
        fresh: list[CandidateText] = []
        places: dict[str, _Neighbours] = {}
        for text in texts:
            if text.place_id not in places:
                places[text.place_id] = self._neighbours(text.place_id)
            twin = self._twin(text, fresh, places[text.place_id])
            if twin is not None:
                decisions.append(Decision(text, twin[0], twin[1]))
            elif len(fresh) < room:
                fresh.append(text)
                decisions.append(Decision(text, "accepted"))
            else:
                decisions.append(Decision(text, "surplus"))
        return decisions

    def apply(self, unit: str, accepted: Iterable[CandidateText]) -> None:
        """Enter a committed unit's accepted texts, in one transaction."""
        try:
            self._db.execute("begin immediate")
            for text in accepted:
                fingerprint = text.fingerprint
                grams = array("I", fingerprint.grams).tobytes()
                row = self._db.execute(
                    "insert or ignore into admitted (run_id, sample_id, text_hash, grams) values (?, ?, ?, ?) returning number",
                    (self._run_id, text.sample_id, fingerprint.text_hash, grams),
                ).fetchone()
                if row is not None:
                    keys = array("I", fingerprint.bands).tobytes()
                    self._db.execute(
                        "insert into bands values (?, ?, ?, ?, ?)",
                        (self._run_id, text.place_id, row[0], keys, fingerprint.gram_bits),
                    )
                    written = text.sample_id, fingerprint.text_hash, grams, text.place_id, keys, fingerprint.gram_bits
                    whole = _row_sum(row[0], *written)
                    self._db.execute(_ADD, (self._run_id, whole, _MODULUS))
            self._db.execute("insert or ignore into applied values (?, ?)", (self._run_id, unit))
            self._db.execute("commit")
        except sqlite3.Error as error:
            if self._db.in_transaction:
                self._db.execute("rollback")
            raise self._trouble(error) from error

    def _twin(
        self, text: CandidateText, fresh: Sequence[CandidateText], neighbours: _Neighbours
    ) -> tuple[State, str] | None:
        own = text.fingerprint
        exact = self._run(
            "select sample_id from admitted where run_id = ? and text_hash = ?", (self._run_id, own.text_hash)
        )
        exact += [(other.sample_id,) for other in fresh if other.fingerprint.text_hash == own.text_hash]
        if exact:
            return "exact_duplicate", exact[0][0]
        for number in neighbours.proposed(own):
            [(sample_id, blob)] = self._run("select sample_id, grams from admitted where number = ?", (number,))
            if is_near(own.grams, frozenset(array("I", blob))):
                return "near_duplicate", sample_id
        for other in fresh:
            if other.place_id == text.place_id and is_near(own.grams, other.fingerprint.grams):
                return "near_duplicate", other.sample_id
        return None

    def _neighbours(self, place_id: str) -> _Neighbours:
        question = "select number, keys, bits from bands where run_id = ? and place_id = ? order by number"
        rows = self._run(question, (self._run_id, place_id))
        keys = np.frombuffer(b"".join(row[1] for row in rows), np.uint32).reshape(-1, BANDS)
        bits = np.frombuffer(b"".join(row[2] for row in rows), np.uint64).reshape(-1, GRAM_BITS // 64)
        return _Neighbours(np.array([row[0] for row in rows], np.int64), keys, bits)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _run(self, sql: str, values: tuple[object, ...] = ()) -> list[Any]:
        try:
            return self._db.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise self._trouble(error) from error

    def _trouble(self, error: sqlite3.Error | OSError) -> DiskTrouble:
        return DiskTrouble(
            f"{self._path} cannot be used ({error}): free space, or delete this file (commits rebuild it), then run again."
        )


def _is_damage(error: sqlite3.Error) -> bool:
    """Whether the file, not the disk or its rights, is at fault."""
    words = str(error)
    return not any(cause in words for cause in ("full", "readonly", "locked", "unable to open", "busy"))


def _row_sum(number: int, *values: str | bytes | None) -> int:
    parts = (value.encode("utf-8", "replace") if isinstance(value, str) else value or b"" for value in values)
    return (
        int.from_bytes(blake2b(b"\x1f".join((str(number).encode(), *parts)), digest_size=8).digest(), "big") % _MODULUS
    )


def committed_texts(store: Store, commits: Iterable[Commit], wanted: set[str]) -> Iterator[CandidateText]:
    """The wanted samples of these units as admission sees them; those with other fingerprints get ours."""
    for commit in commits:
        shard = commit.file("samples")
        if shard is None or not wanted:
            continue
        for row in _text_rows(store.read(shard, _TEXT_COLUMNS)):
            if row["sample_id"] not in wanted:
                continue
            if row.get("fingerprint_version") != FINGERPRINT_VERSION:
                prints = fingerprint(row["question"], row["answer"])
            else:
                sets = frozenset(row["grams"]), tuple(row["near_bands"])
                prints = Fingerprint(row["text_hash"], *sets, row["gram_bits"])
            yield CandidateText(row["sample_id"], row["place_id"], prints)


def _text_rows(rows: pa.Table) -> Iterator[dict[str, Any]]:
    for batch in rows.to_batches():
        yield from batch.to_pylist()


def _sources(commit: Commit, store: Store, units: Sequence[str]) -> list[Commit]:
    """A unit itself, or for a promotion the units that its samples come from, as far as their commits are there."""
    if commit.kind is CommitKind.ORDERS:
        return [commit]
    return [store.commit(commit.run_id, unit) for unit in commit.from_units if unit in units]
