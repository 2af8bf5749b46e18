"""The store in a folder on a local disk: files are written aside, synced and linked into place.

``os.link`` of an fsynced file is the "create if absent" that both wins races and survives power cuts.
"""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir

import pyarrow as pa

from factory.commit.commit import Commit, DamagedCommitError, ShardFile, from_json, to_json
from factory.commit.packs import Slice
from factory.commit.shard import ShardReader, first_line, parquet_bytes, written_aside
from factory.commit.store import SWEEP_AFTER_S, way_back
from factory.errors import DamagedFile, DiskTrouble
from factory.seal import checksum


class LocalStore(ShardReader):
    """A folder on a local disk."""

    def __init__(self, data: Path) -> None:
        super().__init__()
        self._data = data
        self._home = _identity(data)

    def put(self, run: str, unit: str, tables: Mapping[str, pa.Table]) -> tuple[ShardFile, ...]:
        """See ``Store.put``; a torn file is never left under a final name."""
        return tuple(self._put(run, unit, kind, rows) for kind, rows in tables.items())

    def _put(self, run: str, unit: str, kind: str, rows: pa.Table) -> ShardFile:
        name = f"shards/{run}/{kind}/{unit}-{secrets.token_hex(6)}.parquet"
        try:
            body = parquet_bytes(rows)
        except pa.ArrowException as error:
            raise _trouble(self._data, error) from error
        self.write(name, body)
        return ShardFile(kind, name, rows.num_rows, checksum(body))

    def write(self, name: str, body: bytes) -> None:
        """See ``PackableStore.write``."""
        final = self._data / name
        aside = final.with_suffix(".aside")
        try:
            self._stay()
            final.parent.mkdir(parents=True, exist_ok=True)
            _write_synced(aside, body)
            aside.rename(final)
            _sync(final.parent)
        except OSError as error:
            _drop(aside)
            raise _trouble(self._data, error) from error

    def commit_if_absent(self, commit: Commit) -> bool:
        """First wins; a loser's data files stay unnamed and are swept later."""
        return self.create(f"commits/{commit.run_id}/{commit.unit}.json", to_json(commit))

    def create(self, name: str, body: bytes) -> bool:
        """See ``PackableStore.create``."""
        final = self._data / name
        aside = final.with_name(f".{final.stem}-{secrets.token_hex(6)}")
        try:
            self._stay()
            final.parent.mkdir(parents=True, exist_ok=True)
            _write_synced(aside, body)
            try:
                os.link(aside, final)
            except FileExistsError:
                return False
            _sync(final.parent)
        except OSError as error:
            raise _trouble(self._data, error) from error
        finally:
            _drop(aside)
        return True

    def _stay(self) -> None:
        """Never make a vanished folder anew: its commits would be apart from the answers and the index of the first half."""
        if self._home is not None and _identity(self._data) != self._home:
            raise DiskTrouble(
                f"{self._data} was moved, deleted or unmounted while the run went on: put it back, then run the same command "
                "again; what was committed in it is safe."
            )

    def runs(self) -> list[str]:
        """See ``Store.runs``."""
        return sorted(path.name for path in (self._data / "commits").glob("*/") if path.is_dir())

    def units(self, run: str) -> list[str]:
        """See ``Store.units``."""
        return sorted(path.stem for path in (self._data / "commits" / run).glob("*.json") if path.name[0] != ".")

    def commit(self, run: str, unit: str) -> Commit:
        """See ``Store.commit``."""
        path = self._data / "commits" / run / f"{unit}.json"
        try:
            return from_json(path.read_bytes(), run, unit)
        except (OSError, DamagedCommitError) as error:
            raise DamagedFile(
                str(path), _reason(error), f"restore it from a backup, or delete it and {way_back(run)}."
            ) from error

    def commits(self, run: str) -> Iterator[Commit]:
        """See ``Store.commits``."""
        for unit in self.units(run):
            yield self.commit(run, unit)

    @contextmanager
    def local(self, file: ShardFile) -> Iterator[Path]:
        """See ``Store.local``: the file itself, once it was found to be what was written; of a pack, a copy of its part.

        Who reads by paths holds off packing meanwhile (warehouse/catalogue.py), or the file could go before it is opened.
        """
        body = self.whole(file)
        path = self._data / file.name
        if self._place(file) == file.name and path.exists():
            yield path
            return
        try:
            # A folder that can only be read is checked, too.
            with written_aside(body, self._data if os.access(self._data, os.W_OK) else Path(gettempdir())) as path:
                yield path
        except OSError as error:
            raise _trouble(self._data, error) from error

    def get(self, name: str) -> bytes | None:
        """See ``ShardReader``."""
        try:
            return (self._data / name).read_bytes()
        except FileNotFoundError:
            return None

    def _part(self, part: Slice) -> bytes | None:
        try:
            with (self._data / part.file).open("rb") as file:
                file.seek(part.start)
                return file.read(part.length)
        except FileNotFoundError:
            return None

    def _pack_names(self, run: str) -> list[str]:
        folder = self._data / "packs" / run
        return [f"packs/{run}/{path.name}" for path in folder.glob("*.json") if path.name[0] != "."]

    def sizes(self, run: str) -> dict[str, int]:
        """See ``PackableStore.sizes``."""
        files = (self._data / "shards" / run).rglob("*.parquet")
        return {str(path.relative_to(self._data)): path.stat().st_size for path in files}

    def drop(self, names: Iterable[str]) -> None:
        """See ``PackableStore.drop``."""
        try:
            for name in names:
                (self._data / name).unlink(missing_ok=True)
        except OSError as error:
            raise _trouble(self._data, error) from error

    def _damaged_pack(self, name: str, wrong: str) -> DamagedFile:
        return DamagedFile(str(self._data / name), wrong, "restore it from a backup: it says where packed shards lie.")

    def _damaged(self, file: ShardFile, wrong: str) -> DamagedFile:
        _, run, _, name = Path(file.name).parts
        commit = self._data / "commits" / run / f"{name.rpartition('-')[0]}.json"
        return DamagedFile(
            str(self._data / self._place(file)),
            wrong,
            f"restore it from a backup, or delete its commit {commit} and {way_back(run)}.",
        )

    def sweep(self, run: str) -> int:
        """Remove old files that no commit names, shards and commits that a kill left aside; returns how many."""
        named = {file.name for commit in self.commits(run) for file in commit.files}
        named |= {pack.file for pack in self.packs(run)}
        shards = (self._data / "shards" / run).rglob("*.*")
        aside = (path for part in ("commits", "packs") for path in (self._data / part / run).glob(".*"))
        swept = 0
        try:
            for path in (*shards, *aside):
                old = path.is_file() and time.time() - path.stat().st_mtime > SWEEP_AFTER_S
                if old and str(path.relative_to(self._data)) not in named:
                    path.unlink()
                    swept += 1
        except OSError as error:
            raise _trouble(self._data, error) from error
        return swept

    def forget(self, run: str) -> list[str]:
        """See ``Store.forget``."""
        gone = []
        for folder in (self._data / part / run for part in ("shards", "commits", "packs")):
            if folder.exists():
                try:
                    shutil.rmtree(folder)
                except OSError as error:
                    raise _trouble(self._data, error) from error
                gone.append(str(folder))
        return gone

    def keep_document(self, name: str, body: bytes) -> None:
        """See ``Store.keep_document``: it lies here already."""

    def fetch_documents(self, folder: str) -> None:
        """See ``Store.fetch_documents``: they lie here already."""


def _write_synced(path: Path, body: bytes) -> None:
    with path.open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())


def _identity(folder: Path) -> tuple[int, int] | None:
    """Which folder this is, whatever its name; None when there is none."""
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _drop(aside: Path) -> None:
    """Remove what was written aside; where even that fails, sweep does it later."""
    try:
        aside.unlink(missing_ok=True)
    except OSError:
        return


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "it is gone"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return first_line(error)


def _trouble(data: Path, error: Exception) -> DiskTrouble:
    return DiskTrouble(f"{data} cannot be written ({error}): free space or repair the disk; what is committed is safe.")
