"""A service that only fails is asked now and then; on a clock that the test turns."""

from __future__ import annotations

import asyncio

import pytest

from factory.sending.slots import PROBES, SILENT_AT_FIRST, SILENT_LATER
from tests.factory.turned_clock import Clock, limiter, run, settle


@pytest.mark.parametrize(("answers_first", "failures"), [(0, SILENT_AT_FIRST), (1, SILENT_LATER)])
def test_a_service_that_only_fails_is_probed_until_it_answers(answers_first: int, failures: int) -> None:
    async def work() -> None:
        clock = Clock()
        limits = limiter(clock, max_in_flight=100, start_in_flight=50, give_up_s=100.0)
        for _ in range(answers_first):
            (await limits.lease("p")).release()
        leases = [await limits.lease("p") for _ in range(failures)]
        for lease in leases[1:]:
            await lease.refused("network", None)
            lease.release()
        free = await asyncio.wait_for(limits.lease("p"), 1)  # one failure fewer changes nothing
        await leases[0].refused("server", None)
        leases[0].release()
        probe = await asyncio.wait_for(limits.lease("p"), 1)
        held = asyncio.create_task(limits.lease("p"))
        clock.now += 100.0 / PROBES - 0.01
        limits._pools["p"].pump()
        await settle()
        assert not held.done()
        clock.now += 0.02
        limits._pools["p"].pump()
        (await asyncio.wait_for(held, 1)).release()  # an answer
        free.release()
        probe.release()
        for _ in range(3):
            (await asyncio.wait_for(limits.lease("p"), 1)).release()

    run(work())
