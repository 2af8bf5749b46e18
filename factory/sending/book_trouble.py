"""What is wrong with ``calls.sqlite``, as a sentence with its way back: damaged, in the way, or a disk that takes nothing more."""

from __future__ import annotations

from pathlib import Path

from factory.errors import DamagedFile, DiskTrouble

WAY_BACK = "restore it from a backup, or delete it: committed samples and their costs stay, what is still in work is paid again."

_DAMAGE = (
    "malformed",
    "not a database",
    "corrupt",
    "disk I/O error",
    "no such column",
    "no such table",
    "no column named",
    "Could not decode",
)
"""SQLite's words for a file whose pages, or whose tables, are not what was written."""


def trouble(path: Path, error: Exception) -> DiskTrouble:
    """The error to raise for an error of SQLite."""
    for place in (path, *(path.with_name(path.name + ending) for ending in ("-wal", "-shm"))):
        if place.is_dir():
            return DamagedFile(
                str(place), "a folder stands where the file belongs", "delete it and run the same command again."
            )
    words = str(error)
    if any(cause in words for cause in _DAMAGE):
        return DamagedFile(str(path), words, WAY_BACK)
    return DiskTrouble(
        f"{path} cannot be written ({words}): free space or repair the disk, then run the same command again."
    )
