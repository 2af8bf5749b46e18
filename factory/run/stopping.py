"""How a run ends when it is asked to: Ctrl-C and SIGTERM (containers, Slurm, systemd) drain it, and time or a second one stops it.

Draining opens nothing more, finishes what is in flight and commits it. What a stop cuts short stays pending: its paid answers
are kept, and the same command goes on.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, Self

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
Say = Callable[[str], None]


class Stopping:
    """A context around a run: before ``drains`` is called, the first signal stops at once (nothing is in flight)."""

    def __init__(self, say: Say, drain_s: float) -> None:
        self._say = say
        self._drain_s = drain_s
        self._drain: Callable[[], None] | None = None
        self._sentence = ""
        self._task: asyncio.Task[object] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._before: dict[int, Any] = {}
        self.seen: list[int] = []
        """signals, in their order"""

    def __enter__(self) -> Self:
        """Take the signals over; outside a main thread (a notebook's helper) they stay whose they are."""
        self._task = asyncio.current_task()
        loop = asyncio.get_running_loop()
        try:
            for number in SIGNALS:
                before = signal.getsignal(number) or signal.SIG_DFL  # None: not set from Python
                loop.add_signal_handler(number, self._on_signal, number)
                self._before[number] = before
        except (ValueError, RuntimeError):
            return self
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give them back to whoever had them; one that comes meanwhile waits, since the loop leaves the system's default behind."""
        if self._timer is not None:
            self._timer.cancel()
        if not self._before:
            return
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        try:
            for number, before in self._before.items():
                asyncio.get_running_loop().remove_signal_handler(number)
                signal.signal(number, before)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)

    def drains(self, drain: Callable[[], None], what: str) -> None:
        """From now on the first signal calls ``drain``, which must return at once; ``what`` is then finished."""
        self._drain, self._sentence = drain, what

    def ends(self) -> None:
        """Nothing is left to drain: a signal stops at once again."""
        self._drain = None
        if self._timer is not None:
            self._timer.cancel()

    @property
    def status(self) -> int:
        """The exit status that shells expect of a process that ended on the first signal."""
        return 128 + self.seen[0] if self.seen else 0

    def _on_signal(self, number: int) -> None:
        self.seen.append(number)
        if len(self.seen) > 1 or self._drain is None:
            self._stop()
            return
        again = (
            "Ctrl-C again stops at once" if number == signal.SIGINT else f"in {self._drain_s:g} s (DRAIN_S) it stops"
        )
        self._say(f"Finishing {self._sentence}; {again} (paid answers are kept).")
        self._drain()
        if number == signal.SIGTERM:
            self._timer = asyncio.get_running_loop().call_later(self._drain_s, self._stop)

    def _stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
