"""The store in an object store: data put under names never used again, commits put if absent, nothing renamed, lists only read.

A commit is ``commits/RUN/UNIT.EPOCH.json``; which count, store_lease.py says. Commits never change, so that each is fetched once
and kept in the working folder; shards are fetched when somebody reads them.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from factory.commit.bucket import Bucket, ListedFile
from factory.commit.commit import Commit, DamagedCommitError, ShardFile, from_json, to_json
from factory.commit.packs import Slice
from factory.commit.shard import ShardReader, first_line, parquet_bytes, written_aside
from factory.commit.store import SWEEP_AFTER_S, way_back
from factory.commit.store_lease import LeaseState, StoreLease, own_epoch, read_lease, taken_over
from factory.errors import DamagedFile, DiskTrouble
from factory.seal import checksum

AT_ONCE = 16
"""Objects that are fetched side by side: a store answers each after its round trip."""


class ObjectStore(ShardReader):
    """Shards and commits below a URL. ``folder``: the working folder on this machine."""

    def __init__(self, url: str, folder: Path) -> None:
        super().__init__()
        self._url, self._folder = url.rstrip("/"), folder
        self._bucket = Bucket(url)
        self._epochs: dict[str, dict[str, int]] = {}

    def put(self, run: str, unit: str, tables: Mapping[str, pa.Table]) -> tuple[ShardFile, ...]:
        """See ``Store.put``."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return tuple(pool.map(lambda kind: self._put(run, unit, kind, tables[kind]), tables))

    def _put(self, run: str, unit: str, kind: str, rows: pa.Table) -> ShardFile:
        name = f"shards/{run}/{kind}/{unit}-{secrets.token_hex(6)}.parquet"
        body = parquet_bytes(rows)
        self._bucket.put(name, body)
        return ShardFile(kind, name, rows.num_rows, checksum(body))

    def commit_if_absent(self, commit: Commit) -> bool:
        """First wins. Raises RunStopped when another run took the store over, so that this commit counts for nobody."""
        state = read_lease(self._bucket)
        epoch = own_epoch(self._folder, state)
        name = f"{commit.unit}.{epoch:08d}.json"
        if commit.unit in self._visible(commit.run_id, state):
            return False
        if not self._bucket.create(f"commits/{commit.run_id}/{name}", to_json(commit)):
            return False
        if not read_lease(self._bucket).counts(commit.run_id, name, epoch):
            raise taken_over(self._url)
        self._epochs.setdefault(commit.run_id, {})[commit.unit] = epoch
        return True

    def _visible(self, run: str, state: LeaseState) -> dict[str, int]:
        """The run's units that count, with the epoch in their names."""
        listed = (item.name.rpartition("/")[2] for item in self._bucket.list(f"commits/{run}"))
        units: dict[str, int] = {}
        for name in sorted(listed):
            unit, _, epoch = name.removesuffix(".json").rpartition(".")
            if unit and epoch.isdigit() and state.counts(run, name, int(epoch)):
                units[unit] = int(epoch)
        self._epochs[run] = units
        return units

    def _accepted(self, state: LeaseState) -> dict[str, list[str]]:
        """The names of all commits that count under a state, by run: what a new epoch begins with."""
        return {
            run: [f"{unit}.{epoch:08d}.json" for unit, epoch in self._visible(run, state).items()]
            for run in self.runs()
        }

    def take_lease(self) -> StoreLease:
        """Be the one coordinator of this store. Raises UsageError when another one is."""
        return StoreLease(self._bucket, self._folder, self._accepted)

    def runs(self) -> list[str]:
        """See ``Store.runs``."""
        return sorted({item.name.split("/")[1] for item in self._bucket.list("commits")})

    def units(self, run: str) -> list[str]:
        """See ``Store.units``."""
        return sorted(self._visible(run, read_lease(self._bucket)))

    def commit(self, run: str, unit: str) -> Commit:
        """See ``Store.commit``."""
        if unit not in self._epochs.get(run, {}):
            self.units(run)
        name = f"commits/{run}/{unit}.{self._epochs[run].get(unit, 0):08d}.json"
        body = self._kept(name)
        remedy = f"restore it from a backup, or delete it and {way_back(run)}."
        if body is None:
            raise DamagedFile(f"{self._url}/{name}", "it is gone", remedy)
        try:
            return from_json(body, run, unit)
        except DamagedCommitError as error:
            (self._folder / name).unlink(missing_ok=True)
            raise DamagedFile(f"{self._url}/{name}", str(error), remedy) from error

    def _kept(self, name: str) -> bytes | None:
        """A commit's bytes, from the working folder once they were fetched."""
        path = self._folder / name
        if path.exists():
            return path.read_bytes()
        body = self._bucket.get(name)
        if body is not None:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                aside = path.with_name(f".{path.name}-{secrets.token_hex(6)}")
                aside.write_bytes(body)
                aside.replace(path)
            except OSError as error:
                raise DiskTrouble(f"{self._folder} cannot be written ({error.strerror}): free space.") from error
        return body

    def commits(self, run: str) -> Iterator[Commit]:
        """See ``Store.commits``."""
        units = self.units(run)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            yield from pool.map(lambda unit: self.commit(run, unit), units)

    @contextmanager
    def local(self, file: ShardFile) -> Iterator[Path]:
        """See ``Store.local``: a copy, once it was found to be what was written, gone afterwards."""
        body = self.whole(file)
        try:
            with written_aside(body, self._folder) as path:
                yield path
        except OSError as error:
            raise DiskTrouble(f"{self._folder} cannot be written ({first_line(error)}): free space.") from error

    def get(self, name: str) -> bytes | None:
        """See ``ShardReader``."""
        return self._bucket.get(name)

    def _part(self, part: Slice) -> bytes | None:
        return self._bucket.get(part.file, start=part.start, length=part.length)

    def _pack_names(self, run: str) -> list[str]:
        return [item.name for item in self._bucket.list(f"packs/{run}")]

    def sizes(self, run: str) -> dict[str, int]:
        """See ``PackableStore.sizes``."""
        return {item.name: item.size for item in self._bucket.list(f"shards/{run}")}

    def write(self, name: str, body: bytes) -> None:
        """See ``PackableStore.write``."""
        self._bucket.put(name, body)

    def create(self, name: str, body: bytes) -> bool:
        """See ``PackableStore.create``."""
        return self._bucket.create(name, body)

    def drop(self, names: Iterable[str]) -> None:
        """See ``PackableStore.drop``."""
        self._bucket.drop(list(names))

    def _damaged_pack(self, name: str, wrong: str) -> DamagedFile:
        return DamagedFile(f"{self._url}/{name}", wrong, "restore it from a backup: it says where packed shards lie.")

    def _damaged(self, file: ShardFile, wrong: str) -> DamagedFile:
        _, run, _, name = file.name.split("/", 3)
        commit = f"{self._url}/commits/{run}/{name.rpartition('-')[0]}"
        return DamagedFile(
            f"{self._url}/{self._place(file)}",
            wrong,
            f"restore it from a backup, or delete its commit {commit}.*.json and {way_back(run)}.",
        )

    def sweep(self, run: str) -> int:
        """See ``Store.sweep``: old shards that no commit names, and old commits that count for nobody."""
        state = read_lease(self._bucket)
        names = {f"commits/{run}/{unit}.{epoch:08d}.json" for unit, epoch in self._visible(run, state).items()}
        names |= {file.name for commit in self.commits(run) for file in commit.files}
        names |= {pack.file for pack in self.packs(run)}
        old = datetime.now(UTC) - timedelta(seconds=SWEEP_AFTER_S)
        listed: Iterable[ListedFile] = (*self._bucket.list(f"shards/{run}"), *self._bucket.list(f"commits/{run}"))
        unnamed = [item.name for item in listed if item.name not in names and item.modified < old]
        self._bucket.drop(unnamed)
        return len(unnamed)

    def forget(self, run: str) -> list[str]:
        """See ``Store.forget``."""
        gone = []
        for folder in (f"shards/{run}", f"commits/{run}", f"packs/{run}", f"plan/{run}.json"):
            names = [item.name for item in self._bucket.list(folder)] or [folder] * folder.endswith(".json")
            self._bucket.drop(names)
            gone.append(f"{self._url}/{folder}: {len(names)} objects")
        shutil.rmtree(self._folder / "commits" / run, ignore_errors=True)
        self._epochs.pop(run, None)
        return gone

    def keep_document(self, name: str, body: bytes) -> None:
        """See ``Store.keep_document``."""
        self._bucket.put(name, body)

    def fetch_documents(self, folder: str) -> None:
        """See ``Store.fetch_documents``."""
        for item in self._bucket.list(folder):
            path = self._folder / item.name
            body = self._bucket.get(item.name)
            if body is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                aside = path.with_name(f".{path.name}-{secrets.token_hex(6)}")
                aside.write_bytes(body)
                aside.replace(path)
