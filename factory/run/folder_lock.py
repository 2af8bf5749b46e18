"""``DATA/.lock``: one process at a time makes, judges or forgets in a folder; below a URL it holds the store's lease, too."""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

from factory.commit.working_folder import store_url
from factory.errors import DamagedFile, DiskTrouble, UsageError

if TYPE_CHECKING:
    from factory.commit.store_lease import StoreLease


@dataclass(frozen=True, slots=True)
class Hold:
    """A DATA that is this process's until ``close``, or until the process ends, however it does. ``lease``: of a store's URL."""

    file: IO[str]
    lease: StoreLease | None

    def close(self) -> None:
        """Let go."""
        if self.lease is not None:
            self.lease.close()
        self.file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def hold_folder(data: Path) -> Hold:
    """Hold a DATA. Raises UsageError when another run does, DiskTrouble."""
    file = _lock(data)
    url = store_url(data)
    if url is None:
        return Hold(file, None)
    from factory.commit.object_store import ObjectStore  # noqa: PLC0415 - an extra

    try:
        return Hold(file, ObjectStore(url, data).take_lease())
    except BaseException:
        file.close()
        raise


def _lock(data: Path) -> IO[str]:
    try:
        data.mkdir(parents=True, exist_ok=True)
        file = (data / ".lock").open("a+")
    except IsADirectoryError as error:
        wrong = "a folder stands where the file belongs"
        raise DamagedFile(str(data / ".lock"), wrong, "delete it and run the same command again.") from error
    except OSError as error:
        raise DiskTrouble(f"DATA={data} cannot be written ({error.strerror}): choose another folder.") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.seek(0)
        holder = file.read().strip() or "unknown"
        file.close()
        raise UsageError(
            f"Another run (process {holder}) is working in {data}: wait for it, stop it, or give another DATA=folder."
        ) from error
    except OSError as error:  # some network file systems have no locks
        file.close()
        raise DiskTrouble(
            f"DATA={data} cannot be locked ({error.strerror}): choose a folder on a disk of this machine."
        ) from error
    file.seek(0)
    file.truncate()
    file.write(str(os.getpid()))
    file.flush()
    return file
