"""Small shards packed into files of some 128 MB, while readers read and whatever dies: ``chidian compact``.

Steps of one pack, each whole before the next: (1) its file is written under a new name; (2) it is read back and compared; (3) its
record is put if absent, from which moment on readers find the shards in it; (4) records of packs that it replaces go; (5) the files
that it replaces go. Killed before 3, the file is named by nobody and swept; killed after 3, the next run of it does 4 and 5.
A reader that still asks for a file that has gone looks at the records again (shard.py). Rows are never decoded: parquet_join.py.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from factory.commit.commit import Commit, ShardFile
from factory.commit.packs import Pack, pack_json
from factory.commit.parquet_join import Joint, NotJoinableError, columns_of, footer_of
from factory.errors import DiskTrouble
from factory.seal import checksum

FEWEST: Final = 8
"""Files that are packed although they do not fill a pack; fewer wait for more."""
FULL: Final = 0.5
"""Of the target: a smaller pack is packed again with what came after it."""


class PackableStore(Protocol):
    """What packing asks of a store. Every method raises DiskTrouble; ``whole``, DamagedFile."""

    def runs(self) -> list[str]:
        """See ``Store.runs``."""
        ...

    def commits(self, run: str) -> Iterator[Commit]:
        """See ``Store.commits``."""
        ...

    def whole(self, file: ShardFile) -> bytes:
        """A shard's bytes, as its commit says that they are."""
        ...

    def sizes(self, run: str) -> Mapping[str, int]:
        """Bytes of every file below the run's shards, by name."""
        ...

    def packs(self, run: str) -> list[Pack]:
        """The run's packs."""
        ...

    def get(self, name: str) -> bytes | None:
        """A file's bytes; None when there is none."""
        ...

    def write(self, name: str, body: bytes) -> None:
        """A file under a name that is never used again, durably."""
        ...

    def create(self, name: str, body: bytes) -> bool:
        """A file where there is none; False when there was one."""
        ...

    def drop(self, names: Iterable[str]) -> None:
        """Delete files; those that are gone are no trouble."""
        ...


@dataclass(frozen=True, slots=True)
class Compacted:
    """What became of a run's files; sizes in bytes."""

    files_before: int
    files_after: int
    packs: int
    size: int


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A shard that may be packed, and its bytes' number."""

    file: ShardFile
    size: int


def compact(store: PackableStore, run: str, target: int) -> Compacted:
    """Pack a run's shards into files of ``target`` bytes. The caller holds DATA. Raises DiskTrouble, DamagedFile."""
    _finish(store, run)
    before = store.sizes(run)
    packs = store.packs(run)
    small = [pack for pack in packs if pack.size < FULL * target]
    settled = {name for pack in packs if pack not in small for name, _, _ in pack.members}
    lengths = {name: length for pack in packs for name, _, length in pack.members}
    waiting: dict[str, list[_Waiting]] = {}
    for commit in store.commits(run):
        for file in commit.files:
            size = lengths.get(file.name, before.get(file.name))
            if file.name not in settled and size is not None and size < FULL * target:
                waiting.setdefault(file.kind, []).append(_Waiting(file, size))
    made = 0
    for kind, shards in waiting.items():
        in_packs = {name for pack in small if pack.kind == kind for name, _, _ in pack.members}
        for batch in _batches(shards, target, in_packs):
            made += _pack(store, run, kind, [shard.file for shard in batch])
    _finish(store, run)
    after = store.sizes(run)
    return Compacted(len(before), len(after), made, sum(after.values()))


def _batches(shards: list[_Waiting], target: int, in_packs: set[str]) -> Iterator[list[_Waiting]]:
    """As many as fill a file, in their order; what is left over waits, unless it is many files that no pack holds yet."""
    batch, size = list[_Waiting](), 0
    for shard in shards:
        batch.append(shard)
        size += shard.size
        if size >= target:
            yield batch
            batch, size = [], 0
    if sum(shard.file.name not in in_packs for shard in batch) >= FEWEST:
        yield batch


def _pack(store: PackableStore, run: str, kind: str, files: list[ShardFile]) -> int:
    """Steps 1 to 3, a file for each set of columns that these shards have; returns how many."""
    alike: dict[bytes, tuple[Joint, list[ShardFile]]] = {}
    for file in files:
        body = store.whole(file)
        try:
            footer = footer_of(body)
        except NotJoinableError:
            continue  # written by an older program, say: it stays as it is
        joint, shards = alike.setdefault(columns_of(footer), (Joint(), []))
        joint.add(body, footer)
        shards.append(file)
    made = 0
    for joint, shards in alike.values():
        if len(shards) > 1:
            _put(store, run, kind, shards, joint)
            made += 1
    return made


def _put(store: PackableStore, run: str, kind: str, shards: list[ShardFile], joint: Joint) -> None:
    body = joint.whole()
    name = f"C{secrets.token_hex(8)}"
    file, mark = f"shards/{run}/{kind}/{name}.parquet", checksum(body)
    store.write(file, body)
    if store.get(file) != body:
        store.drop([file])
        raise DiskTrouble(f"{file} does not read back as it was written: mend the disk or the store; nothing is lost.")
    members = tuple((shard.name, start, length) for shard, (start, length) in zip(shards, joint.parts, strict=True))
    if not store.create(f"packs/{run}/{name}.json", pack_json(Pack(name, kind, file, len(body), mark, members))):
        raise DiskTrouble(f"packs/{run}/{name}.json was there already: run the same command again.")


def _finish(store: PackableStore, run: str) -> None:
    """Steps 4 and 5 of all packs: what lies in a later one goes, records first."""
    packs = store.packs(run)
    held: dict[str, Pack] = {}
    for pack in sorted(packs, key=lambda pack: len(pack.members)):
        held |= dict.fromkeys((name for name, _, _ in pack.members), pack)
    needed = {pack.name for pack in held.values()}
    replaced = [pack for pack in packs if pack.name not in needed]
    store.drop(f"packs/{run}/{pack.name}.json" for pack in replaced)
    there = store.sizes(run)
    gone = {pack.file for pack in replaced}
    gone |= {name for name, pack in held.items() if there.get(pack.file) == pack.size}
    store.drop(sorted(gone & there.keys()))
