"""Other rooms as child processes: their output goes to a log, their failure becomes one sentence.

They hold the study's lock as long as they live, so that an ablation started again never trains beside an arm that a
killed one left running.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from factory.errors import RunStopped, UsageError
from factory.settings.registry import SETTINGS


@contextmanager
def locked(folder: Path) -> Iterator[int]:
    """Holds the study's lock; yields its descriptor, which children inherit. Raises UsageError when it is held."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UsageError(
                f"An ablation, or an arm that a stopped one left training, is at work in {folder}: wait for it to end."
            ) from error
        yield handle
    finally:
        os.close(handle)


async def run(room: str, arguments: Sequence[str], log: Path, lock: int) -> None:
    """``python -m ROOM ...`` to its end, on one thread; stopped with us. Raises RunStopped with the room's own last line."""
    # What a user may have set for this command or for another one is no child's: it gets flags instead. Keys it gets.
    mine = {
        setting.name for setting in SETTINGS.values() if not setting.secret and not setting.name.startswith("WANDB_")
    }
    environment = {name: value for name, value in os.environ.items() if name not in mine}
    environment |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    environment.setdefault("WANDB_MODE", "disabled")
    with _log(log) as out:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", room, *arguments),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env=environment,
            pass_fds=(lock,),
        )
        try:
            code = await child.wait()
        finally:
            with suppress(ProcessLookupError):
                child.terminate()
            await child.wait()
    if code:
        raise RunStopped(
            f"`python -m {room} {arguments[0]}` ended with status {code}: {_last_line(log)} (all of it: {log})"
        )


def _log(path: Path) -> IO[bytes]:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("ab")


def _last_line(path: Path) -> str:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError as error:
        return f"its log cannot be read, {error.strerror}"
    return lines[-1].strip() if lines else "it said nothing"
