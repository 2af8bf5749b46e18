"""``DATA/map.sqlite``: the map's answers, so that each distinct request is made once, and the month's count of requests.

AMap's own answers are deleted when a run completes (its terms restrict storing them); invented ones may stay.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from factory.errors import DiskTrouble
from factory.seal import checksum
from factory.sqlite_file import open_file

_SCHEMA = """
pragma journal_mode=wal;
pragma synchronous=normal;
create table if not exists answers (
  key text primary key, service text not null, raw blob not null, fetched_at text not null
) without rowid;
create table if not exists requests (
  month text, service text, service_group text, count integer not null, primary key (month, service, service_group)
) without rowid;
"""
_SECRET = frozenset({"key", "sig"})


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """A raw body and when the service gave it."""

    raw: bytes
    fetched_at: datetime


def request_key(service: str, endpoint: str, parameters: Mapping[str, str]) -> str:
    """Service, endpoint and sorted parameters; never the key or the signature."""
    shown = "&".join(f"{name}={parameters[name]}" for name in sorted(parameters) if name not in _SECRET)
    return f"{service}|{endpoint}|{shown}"


class KeptAnswers:
    """Used from the event loop's thread only; a write costs some 50 µs without a sync (an answer can be fetched again)."""

    def __init__(self, data: Path) -> None:
        self._path = data / "map.sqlite"
        try:
            data.mkdir(parents=True, exist_ok=True)
            self._db = open_file(self._path)
            self._db.executescript(_SCHEMA)
            if "checksum" not in {row[1] for row in self._db.execute("pragma table_info(answers)")}:
                self._db.execute("alter table answers add column checksum text")
        except (sqlite3.Error, OSError) as error:
            raise self._trouble(error) from error

    def get(self, key: str) -> KeptAnswer | None:
        """The kept answer, if there is one; one that is not what was kept is as good as none, and is asked for again."""
        row = self._run("select cast(raw as blob), fetched_at, checksum from answers where key = ?", (key,))
        try:
            if not row or row[0][2] not in (None, _checksum(row[0][0], row[0][1])):
                return None
            return KeptAnswer(bytes(row[0][0]), datetime.fromisoformat(row[0][1]))
        except (TypeError, ValueError):  # damaged
            return None

    def drop(self, key: str) -> None:
        """Forget one answer, so that it is asked for again."""
        self._run("delete from answers where key = ?", (key,))

    def put(self, key: str, service: str, raw: bytes) -> KeptAnswer:
        """Keep an answer."""
        now = datetime.now(UTC)
        when = now.isoformat()
        self._run(
            "insert or replace into answers values (?, ?, ?, ?, ?)", (key, service, raw, when, _checksum(raw, when))
        )
        return KeptAnswer(raw, now)

    def count(self, service: str, group: str) -> int:
        """Count one request that is about to be sent; returns this month's total with it."""
        month = datetime.now(UTC).strftime("%Y-%m")
        row = self._run(
            "insert into requests values (?, ?, ?, 1) on conflict do update set count = count + 1 returning count",
            (month, service, group),
        )
        return int(row[0][0])

    def spent(self, service: str, group: str) -> int:
        """Requests of this calendar month (UTC)."""
        month = datetime.now(UTC).strftime("%Y-%m")
        row = self._run(
            "select count from requests where month = ? and service = ? and service_group = ?", (month, service, group)
        )
        return int(row[0][0]) if row else 0

    def forget(self, service: str) -> int:
        """Delete a service's answers, from the file's free pages and its log, too; returns how many."""
        self._run("pragma secure_delete = on", ())
        gone = self._run("delete from answers where service = ? returning 1", (service,))
        self._run("pragma wal_checkpoint(truncate)", ())
        return len(gone)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _run(self, sql: str, values: tuple[object, ...]) -> list[Any]:
        try:
            return self._db.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise self._trouble(error) from error

    def _trouble(self, error: Exception) -> DiskTrouble:
        damaged = isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError)
        if damaged:
            return DiskTrouble(
                f"{self._path} is damaged ({error}): delete it and run again; it holds nothing but answers that can be asked for "
                "once more, and the month's count of searches."
            )
        return DiskTrouble(
            f"{self._path} cannot be used ({error}): free space, or delete this file (the map is asked again for what is needed), "
            "then run again."
        )


def _checksum(raw: object, fetched_at: object) -> str:
    body = raw if isinstance(raw, bytes) else str(raw).encode("utf-8", "replace")
    return checksum(body + str(fetched_at).encode("utf-8", "replace"))
