"""When a failed request is tried again, and when this one request is given up although the service serves others.

Whether the service as a whole is down is the limiter's to say (slots.py). The map's door repeats with tenacity and asks here for
the wait; the LLM's transport repeats by hand, since tenacity costs a tenth of a millisecond on each of its many calls.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass

from factory.errors import OrderFailed, RetryLater

FIRST_WAIT_S, LONGEST_WAIT_S = 0.25, 10.0
"""A retry waits a random time below the first, which doubles with each failure up to the second (full jitter)."""
_SERVER = frozenset({"server", "timeout"})


@dataclass(slots=True)
class Patience:
    """How long one request is tried: until the server (and not a limit) failed it ``most`` times, over ``keep_trying_s``.

    Counted from the first failure: a long wait for a slot is no failure.
    """

    name: str
    """of the service, for sentences"""
    most: int
    keep_trying_s: float = 0.0
    attempts: int = 0
    """that failed"""
    _failures: int = 0
    _first: float = 0.0

    def wait_s(self, error: RetryLater) -> float:
        """Seconds until the next attempt, never before the provider's own wish. Raises OrderFailed when it was the last."""
        self.attempts += 1
        if error.kind in _SERVER:
            now = time.monotonic()
            self._first = self._first or now
            self._failures += 1
            if self._failures >= self.most and now - self._first >= self.keep_trying_s:
                text = f"{self.name} failed {self.attempts} times for this request; the last time: {error}"
                raise OrderFailed(text, reason="timeout" if error.kind == "timeout" else "provider_error") from error
        longest = min(
            LONGEST_WAIT_S, self.keep_trying_s / 10 or LONGEST_WAIT_S
        )  # a run that gives up waits for its sleepers
        jitter = random.uniform(0.0, min(longest, FIRST_WAIT_S * 2 ** min(10, self.attempts - 1)))
        return max(jitter, error.retry_after_s or 0.0)
