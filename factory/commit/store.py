"""Shards and commits: data first, under names that are never reused; then a commit that only the first writer gets.

A file exists for readers when a commit names it. ``os.link`` of an fsynced file is the "create if absent" that both wins
races and survives power cuts; on an object store it would be a conditional put.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from factory.commit.schema import SCHEMA_VERSION
from factory.errors import DiskTrouble

SWEEP_AFTER_S = 3_600.0
"""Files that no commit names are removed once they are older than this: younger ones may be about to be committed."""


class Store(Protocol):
    """Where shards and commits live; all that business code knows of it."""

    def put(self, run: str, unit: str, tables: Mapping[str, pa.Table]) -> dict[str, str]:
        """Write one file a kind; returns kind to the file's name in the store."""
        ...

    def commit_if_absent(self, run: str, unit: str, record: Mapping[str, Any]) -> bool:
        """Make a unit count; False when it did already, and then nothing has changed."""
        ...

    def runs(self, kind: str) -> list[str]:
        """The runs that have commits, and shards of this kind, by name."""
        ...

    def commits(self, run: str) -> Iterator[dict[str, Any]]:
        """The run's commits in unit order."""
        ...

    def read(self, file: str, columns: Sequence[str]) -> pa.Table:
        """These columns of one shard, as far as it has them (older ones lack some)."""
        ...

    def sweep(self, run: str) -> int:
        """Remove what no commit names and none may name any more; returns how many files."""
        ...


class LocalStore:
    """A folder on a local disk."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._home = _identity(data)

    def put(self, run: str, unit: str, tables: Mapping[str, pa.Table]) -> dict[str, str]:
        """Raises DiskTrouble; a torn file is never left under a final name."""
        files: dict[str, str] = {}
        for kind, rows in tables.items():
            relative = Path("shards") / run / kind / f"{unit}-{secrets.token_hex(6)}.parquet"
            final = self._data / relative
            aside = final.with_suffix(".aside")
            try:
                self._stay()
                final.parent.mkdir(parents=True, exist_ok=True)
                pq.write_table(rows, aside, compression="zstd", compression_level=3)
                _sync(aside)
                aside.rename(final)
                _sync(final.parent)
            except (OSError, pa.ArrowException) as error:
                aside.unlink(missing_ok=True)
                raise _trouble(self._data, error) from error
            files[kind] = str(relative)
        return files

    def commit_if_absent(self, run: str, unit: str, record: Mapping[str, Any]) -> bool:
        """First wins; a loser's data files stay unnamed and are swept later."""
        folder = self._data / "commits" / run
        aside = folder / f".{unit}-{secrets.token_hex(6)}"
        try:
            self._stay()
            folder.mkdir(parents=True, exist_ok=True)
            with aside.open("wb") as file:
                file.write(orjson.dumps({"schema_version": SCHEMA_VERSION, "unit": unit, **record}))
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(aside, folder / f"{unit}.json")
            except FileExistsError:
                return False
            _sync(folder)
        except OSError as error:
            raise _trouble(self._data, error) from error
        finally:
            aside.unlink(missing_ok=True)
        return True

    def _stay(self) -> None:
        """Never make a vanished folder anew: its commits would be apart from the answers and the index of the first half."""
        if self._home is not None and _identity(self._data) != self._home:
            raise DiskTrouble(
                f"{self._data} was moved, deleted or unmounted while the run went on: put it back, then run the same command "
                "again; what was committed in it is safe."
            )

    def runs(self, kind: str) -> list[str]:
        """See ``Store.runs``."""
        folders = (self._data / "commits").glob("*/")
        return sorted(path.name for path in folders if (self._data / "shards" / path.name / kind).is_dir())

    def commits(self, run: str) -> Iterator[dict[str, Any]]:
        """The run's commits by unit name. Raises DiskTrouble on an unreadable one."""
        for path in sorted((self._data / "commits" / run).glob("*.json")):
            try:
                yield orjson.loads(path.read_bytes())
            except (OSError, orjson.JSONDecodeError) as error:
                raise DiskTrouble(f"{path} cannot be read ({error}): restore it from a backup.") from error

    def read(self, file: str, columns: Sequence[str]) -> pa.Table:
        """See ``Store.read``. Raises DiskTrouble."""
        try:
            with pq.ParquetFile(self._data / file) as shard:
                return shard.read([name for name in columns if name in shard.schema_arrow.names])
        except (OSError, pa.ArrowException) as error:
            raise DiskTrouble(f"{self._data / file} cannot be read ({error}): restore it from a backup.") from error

    def sweep(self, run: str) -> int:
        """Remove old files that no commit names, shards and commits that a kill left aside; returns how many."""
        named = {file for record in self.commits(run) for file in record.get("files", {}).values()}
        shards = (self._data / "shards" / run).rglob("*.*")
        aside = (self._data / "commits" / run).glob(".*")
        swept = 0
        for path in (*shards, *aside):
            old = path.is_file() and time.time() - path.stat().st_mtime > SWEEP_AFTER_S
            if old and str(path.relative_to(self._data)) not in named:
                path.unlink()
                swept += 1
        return swept


def _identity(folder: Path) -> tuple[int, int] | None:
    """Which folder this is, whatever its name; None when there is none."""
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _trouble(data: Path, error: Exception) -> DiskTrouble:
    return DiskTrouble(f"{data} cannot be written ({error}): free space or repair the disk; what is committed is safe.")
