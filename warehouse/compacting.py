"""``chidian compact``: the shards of a run, or of all runs, packed into big files by factory/commit/compaction.py.

A command of its own, not a part of a refresh: it deletes, so that it must be the one at work in DATA, while a refresh is for
readers everywhere and in the middle of runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from factory.commit import compaction
from factory.commit.compaction import Compacted
from factory.commit.store import open_packable
from factory.errors import UsageError
from factory.run.folder_lock import hold_folder
from warehouse.catalogue import no_refresh


def compact(data: Path, run: str | None, target: int) -> Iterator[tuple[str, Compacted]]:
    """Pack; ``target`` in bytes. Raises UsageError when there is no such run, or another one works in DATA; DiskTrouble."""
    store = open_packable(data)
    runs = store.runs()
    if run is not None and run not in runs:
        raise UsageError(f'There is no run {run} in {data}: `make sql Q="select run_id from runs"` lists them.')
    with hold_folder(data):
        for name in runs if run is None else [run]:
            with no_refresh(data):
                done = compaction.compact(store, name, target)
            yield name, done
