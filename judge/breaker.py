"""Between questions and limiter: once a run is to end, nothing more is sent; what is in flight comes home.

Opened by the first error that concerns every question (no money, bad key) and by Ctrl-C.
"""

from __future__ import annotations

from factory.errors import RunStopped
from factory.sending.limits import Lease, Limiter, PoolState


class Drained(RunStopped):
    """This question was not sent, because the run is ending; it has no verdict."""


class Breaker(Limiter):
    """A Limiter that can be closed to new sends."""

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter
        self.open = False

    async def lease(self, pool: str, *, tokens: int = 0, priority: int = 0) -> Lease:
        """See ``Limiter.lease``. Raises Drained once the run is ending, also for those that were waiting."""
        if not self.open:
            lease = await self._limiter.lease(pool, tokens=tokens, priority=priority)
            if not self.open:
                return lease
            lease.release(answered=False)
        raise Drained("The run is ending: nothing more is sent.")

    def state(self) -> list[PoolState]:
        """All pools."""
        return self._limiter.state()
