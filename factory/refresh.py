"""Refreshes the warehouse while a run goes on, at intervals that keep its cost at a twentieth of the run.

The factory never imports the warehouse; it runs ``python -m warehouse refresh`` as a person would.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

from factory.errors import RunStopped

COST_SHARE = 0.05
LEAST_INTERVAL_S = 5.0


class Refresher:
    """Runs one refresh at a time and remembers what the last one cost."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._cost_s = 0.0
        self._ended = time.monotonic()

    async def refresh_if_cheap(self) -> None:
        """Refresh when the time since the last one makes its cost small."""
        if time.monotonic() - self._ended >= max(LEAST_INTERVAL_S, self._cost_s / COST_SHARE):
            await self.refresh()

    async def refresh(self) -> None:
        """Refresh now. Raises RunStopped with the warehouse's own sentence when it fails."""
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
        _, said = await process.communicate()
        self._ended = time.monotonic()
        self._cost_s = self._ended - started
        if process.returncode != 0:
            sentence = said.decode(errors="replace").strip().splitlines()[-1:] or ["no reason given"]
            raise RunStopped(f"The warehouse could not be refreshed: {sentence[0]} (the committed shards are safe.)")
