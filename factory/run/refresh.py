"""Refreshes the warehouse while a run goes on, at intervals that keep its cost at a twentieth of the run.

The factory never imports the warehouse; it runs ``python -m warehouse refresh`` as a person would.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from factory.errors import RunStopped

COST_SHARE = 0.05
LEAST_INTERVAL_S = 5.0
AGAIN = "The refresh was made once more,"
"""How the warehouse tells that its memory did not suffice, or the file that it went on from."""
LEAST_URGENT = 19
"""Niceness of a refresh beside the run: calls that are due go first (Ray's actors have 15 of their own)."""


class Refresher:
    """Runs the refreshes of one DATA folder, one after another; remembers what the last one cost."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._cost_s = 0.0
        self._ended = time.monotonic()

    async def keep_fresh(self, say: Callable[[str], None]) -> None:
        """Refresh whenever the time since the last one makes its cost small, until cancelled; a failure is said."""
        while True:
            due = self._ended + max(LEAST_INTERVAL_S, self._cost_s / COST_SHARE)
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            try:
                if told := await self.refresh(niceness=LEAST_URGENT):
                    say(told)
            except RunStopped as error:  # the next one may succeed, and the last one must
                say(str(error))

    async def refresh(self, niceness: int = 0) -> str:
        """Refresh now; cancelled, it ends the child first, so that no later one runs beside it. Returns what it did twice, or "".

        Raises RunStopped with the warehouse's own sentence when it fails.
        """
        started = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "warehouse",
            "refresh",
            env={**os.environ, "DATA": str(self._data), "REBUILD": ""},
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C must not tear a refresh
        )
        with suppress(OSError):  # ended already
            os.setpriority(os.PRIO_PROCESS, process.pid, os.getpriority(os.PRIO_PROCESS, 0) + niceness)
        try:
            _, errors = await process.communicate()
        except asyncio.CancelledError:
            with suppress(ProcessLookupError):
                process.kill()  # what it was building aside, the next one sweeps
            await process.wait()
            raise
        finally:
            self._ended = time.monotonic()
            self._cost_s = self._ended - started
        sentence = errors.decode(errors="replace").strip().splitlines()[-1:] or ["no reason given"]
        if process.returncode != 0:
            raise RunStopped(f"The warehouse could not be refreshed: {sentence[0]} (the committed shards are safe.)")
        return sentence[0] if sentence[0].startswith(AGAIN) else ""
