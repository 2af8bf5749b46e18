"""SIGTERM where nothing is drained: before a run's services are open, after they are closed, and in commands that have none.

Without it the process would die of the signal, without a sentence and with work half cleaned up. ``factory/run/stopping.py``
takes the signal over while there is something to drain, and gives it back.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

STATUS: Final = 128 + signal.SIGTERM
"""What shells expect of a process that SIGTERM ended"""


_seen: list[int] = []


class Terminated(KeyboardInterrupt):
    """SIGTERM: unwinds like Ctrl-C, so that everything opened is closed."""


def _raise(number: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # one is enough: a second would cut the cleaning up short
    _seen.append(number)
    raise Terminated


def terminated() -> bool:
    """Whether SIGTERM has been seen, for errors that hide what raised them."""
    return bool(_seen)


@contextmanager
def unwinding(*, last: bool) -> Iterator[None]:
    """SIGTERM raises Terminated in the block. ``last``: nothing but the process's end follows, and no signal changes its status.

    Otherwise the handler before is put back; outside a main thread signals stay whose they are.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _seen.clear()
    before = signal.signal(signal.SIGTERM, _raise)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN if last else before)
