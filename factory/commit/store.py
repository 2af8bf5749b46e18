"""Where shards and commits live, as all business code sees it: data first, then a commit that only the first writer gets.

A file exists for readers when a commit names it, and what they get has the commit's checksum and row count, or they get an
error that names the file. local_store.py keeps them in a folder.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from factory.commit.commit import Commit, ShardFile
from factory.errors import UsageError


class Store(Protocol):
    """Where shards and commits live. Every method raises DiskTrouble; those that read, DamagedFile."""

    def put(self, run: str, unit: str, tables: Mapping[str, pa.Table]) -> tuple[ShardFile, ...]:
        """Write one file a kind, under names that are never used again."""
        ...

    def commit_if_absent(self, commit: Commit) -> bool:
        """Make a unit count; False when it did already, and then nothing has changed."""
        ...

    def runs(self) -> list[str]:
        """The runs that have commits, by name."""
        ...

    def units(self, run: str) -> list[str]:
        """The names of the run's units, in order."""
        ...

    def commit(self, run: str, unit: str) -> Commit:
        """One commit."""
        ...

    def commits(self, run: str) -> Iterator[Commit]:
        """The run's commits in unit order."""
        ...

    def read(self, file: ShardFile, columns: Sequence[str]) -> pa.Table:
        """These columns of one shard, as far as it has them (older ones lack some)."""
        ...

    def local(self, file: ShardFile) -> AbstractContextManager[Path]:
        """One shard as a file of this machine, while the context lasts, for readers that want one."""
        ...

    def sweep(self, run: str) -> int:
        """Remove what no commit names and none may name any more; returns how many files."""
        ...

    def forget(self, run: str) -> list[str]:
        """Remove all that the run has here; returns what went, in words."""
        ...


def open_store(url: str | Path) -> Store:
    """The store of a DATA. Raises UsageError for a kind of URL that nothing here can read."""
    scheme, mark, _ = str(url).partition("://")
    if mark and scheme != "file":
        raise UsageError(f"DATA={url}: a store of kind {scheme} is not known; give a folder.")
    from factory.commit.local_store import LocalStore  # noqa: PLC0415 - only the store that is used is loaded

    return LocalStore(Path(str(url).removeprefix("file://")))
