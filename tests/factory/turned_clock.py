"""A limiter on a clock that the test turns."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine

from factory.sending.limits import LocalLimiter, PoolLimits


class Clock:
    """Seconds that pass only when the test says so."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def limiter(clock: Clock, **limits: float) -> LocalLimiter:
    return LocalLimiter({"p": PoolLimits(**limits)}, clock)  # type: ignore[arg-type]


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def run(work: Coroutine[None, None, None]) -> None:
    asyncio.run(work)
