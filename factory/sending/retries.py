"""When a failed request is tried again, and when this one request is given up although the service serves others.

The policies are tenacity's (full jitter, stop after attempts and after a delay), for the map and for the models alike; they are
asked after a failure only, since tenacity's loop around each attempt costs a tenth of a millisecond on calls that succeed
(docs/decisions/0022). Whether the service as a whole is down is the limiter's to say (slots.py).
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from tenacity import RetryCallState, Retrying, stop_after_attempt, stop_after_delay, wait_random_exponential

from factory.errors import OrderFailed, RetryLater

FIRST_WAIT_S, LONGEST_WAIT_S = 0.25, 10.0
"""A retry waits a random time below the first, which doubles with each failure up to the second (full jitter)."""
MOST_REFUSALS = 40
"""Refusals for rate, over GIVE_UP_S, after which one request is given up: others are served, so that something is odd with it."""
_SERVER = frozenset({"server", "timeout", "network"})
_NOTHING_RUN = Retrying()


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
    _series: dict[bool, RetryCallState] | None = None
    """the failures of the server, and the refusals for rate, as the policies read them"""

    def wait_s(self, error: RetryLater) -> float:
        """Seconds until the next attempt, never before the provider's own wish. Raises OrderFailed when it was the last."""
        self.attempts += 1
        is_server = error.kind in _SERVER
        self._series = self._series or {}
        series = self._series.setdefault(is_server, _state(attempt=0))
        series.attempt_number += 1
        series.outcome_timestamp = time.monotonic()
        stop = stop_after_attempt(self.most if is_server else MOST_REFUSALS) & stop_after_delay(self.keep_trying_s)
        if stop(series):
            text = f"{self.name} failed {self.attempts} times for this request; the last time: {error}"
            raise OrderFailed(text, reason="timeout" if error.kind == "timeout" else "provider_error") from error
        # A run that gives up waits for its sleepers.
        longest = min(LONGEST_WAIT_S, self.keep_trying_s / 10 or LONGEST_WAIT_S)
        jitter = wait_random_exponential(multiplier=FIRST_WAIT_S, max=longest)(_state(self.attempts))
        wish = error.retry_after_s or 0.0
        # A wish beyond the time after which we give up is no plan to follow: the service is asked again meanwhile.
        return max(jitter, wish) if wish <= max(longest, self.keep_trying_s) else longest


def _state(attempt: int) -> RetryCallState:
    state = RetryCallState(_NOTHING_RUN, None, (), {})
    state.attempt_number = attempt
    return state
