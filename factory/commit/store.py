"""Where shards and commits live, as all business code sees it: data first, then a commit that only the first writer gets.

A file exists for readers when a commit names it, and what they get has the commit's checksum and row count, or they get an
error that names the file. local_store.py keeps them in a folder, object_store.py below a URL.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import pyarrow as pa

from factory.commit.commit import Commit, ShardFile
from factory.commit.working_folder import store_url

if TYPE_CHECKING:
    from factory.commit.compaction import PackableStore
    from factory.commit.local_store import LocalStore
    from factory.commit.object_store import ObjectStore

SWEEP_AFTER_S = 3_600.0
"""Files that no commit names are removed once they are older than this: younger ones may be about to be committed."""
_MADE_BY: Final = {
    "completions-": "run `make train` again: the questions are answered again",
    "judge-": "run `make judge` again: verdicts come from the kept answers, and nothing is paid twice",
}
_MADE_BY_SYNTH = "run the same `make synth` again: its orders come from the kept answers, and nothing is paid twice"


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

    def keep_document(self, name: str, body: bytes) -> None:
        """Keep a small file of DATA that was just written there (``plan/RUN.json``), so that another machine can go on."""
        ...

    def fetch_documents(self, folder: str) -> None:
        """Bring what is kept below a folder's name into DATA."""
        ...


def open_store(data: Path) -> Store:
    """The store of a DATA: the folder itself, or the URL that it is the working folder of. Raises UsageError."""
    return _open(data)


def open_packable(data: Path) -> PackableStore:
    """The same, for packing. Raises UsageError."""
    return _open(data)


def _open(data: Path) -> LocalStore | ObjectStore:
    url = store_url(data)
    if url is None:
        from factory.commit.local_store import LocalStore  # noqa: PLC0415 - only the store that is used is loaded

        return LocalStore(data)
    from factory.commit.object_store import ObjectStore  # noqa: PLC0415

    return ObjectStore(url, data)


def way_back(run: str) -> str:
    """What makes a lost or damaged unit of this run again, as the end of a sentence."""
    return next((words for start, words in _MADE_BY.items() if run.startswith(start)), _MADE_BY_SYNTH)
