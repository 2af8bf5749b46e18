"""``DATA/.lock``: one process at a time makes, judges or forgets in a folder. Held by ledger.py and by the warehouse's forget."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO

from factory.errors import DamagedFile, DiskTrouble, UsageError


def lock_folder(data: Path) -> IO[str]:
    """Hold the folder until the file returned is closed or the process ends, however it does. Raises UsageError, DiskTrouble."""
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
    file.seek(0)
    file.truncate()
    file.write(str(os.getpid()))
    file.flush()
    return file
