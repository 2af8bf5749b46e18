"""The limiter's decisions, on a clock that the test turns: pacing, order, cuts, recovery, settling and giving up."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine

import pytest

from factory.errors import ProviderDown
from factory.limits import CUT, LEAST_PACE_CUT, MARGIN, MOST_PACE_CUT, LocalLimiter, PoolLimits


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


def test_a_minutes_limit_is_paced_by_the_second_with_a_margin() -> None:
    async def work() -> None:
        clock = Clock()
        limits = limiter(clock, rpm=6_000, max_in_flight=10_000, start_in_flight=10_000)
        granted = []

        async def one() -> None:
            await limits.lease("p")
            granted.append(clock.now)

        tasks = [asyncio.create_task(one()) for _ in range(500)]
        for _ in range(2_000):
            await settle()
            clock.now += 0.001
            limits._pools["p"].pump()
        await settle()
        assert abs(len(granted) - 2 * 100 * MARGIN) <= 4
        assert max(sum(start <= t < start + 1 for t in granted) for start in granted) <= 100
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    run(work())


def test_the_oldest_order_is_served_first_whoever_came_first() -> None:
    async def work() -> None:
        limits = limiter(Clock(), max_in_flight=1, start_in_flight=1)
        first = await limits.lease("p")
        served: list[int] = []

        async def one(priority: int) -> None:
            lease = await limits.lease("p", priority=priority)
            served.append(priority)
            lease.release()

        tasks = [asyncio.create_task(one(priority)) for priority in (7, 3, 9, 1)]
        await settle()
        first.release()
        await asyncio.gather(*tasks)
        assert served == [1, 3, 7, 9]

    run(work())


def test_retry_after_holds_the_whole_pool() -> None:
    async def work() -> None:
        clock = Clock()
        limits = limiter(clock, max_in_flight=4, start_in_flight=4)
        lease = await limits.lease("p")
        lease.refused("rate", 7.0)
        lease.release()
        waiting = asyncio.create_task(limits.lease("p"))
        clock.now += 6.9
        limits._pools["p"].pump()
        await settle()
        assert not waiting.done()
        clock.now += 0.2
        limits._pools["p"].pump()
        await settle()
        assert waiting.done()

    run(work())


def test_a_burst_of_refusals_cuts_the_ceiling_once() -> None:
    async def work() -> None:
        clock = Clock()
        limits = limiter(clock, max_in_flight=100, start_in_flight=50)
        leases = [await limits.lease("p") for _ in range(20)]
        for lease in leases:
            lease.refused("rate", None)
            lease.release()
            clock.now += 0.01
        assert limits.state()[0].ceiling == int(50 * CUT)
        clock.now += 1.1
        again = await limits.lease("p")
        again.refused("rate", None)
        again.release()
        assert limits.state()[0].ceiling == int(50 * CUT * CUT)

    run(work())


def test_a_known_pace_is_cut_by_the_share_refused_and_recovers() -> None:
    clock = Clock()
    pool = limiter(clock, rpm=6_000)._pools["p"]
    assert pool.requests is not None
    granted = pool.requests.granted
    pool.served_since_cut = 1_000
    pool.refuse("rate", None)
    assert pool.requests.rate == granted * (1 - LEAST_PACE_CUT)  # a stray refusal
    pool.served_since_cut, pool.refused_since_cut = 60, 59
    clock.now += 1.0
    pool.refuse("rate", None)
    assert pool.requests.rate == pytest.approx(granted * (1 - LEAST_PACE_CUT) * (1 - MOST_PACE_CUT))  # a halved limit
    low = pool.requests.rate
    for _ in range(10):
        clock.now += 1.0
        pool.answered()
    assert low < pool.requests.rate < low * 1.06  # slow near the limit it met
    for _ in range(120):
        clock.now += 1.0
        pool.answered()
    assert pool.requests.rate == granted  # and back when it is gone


def test_a_refusal_for_tokens_leaves_the_pace_of_requests_alone() -> None:
    pool = limiter(Clock(), rpm=6_000, tpm=1_000_000)._pools["p"]
    assert pool.requests is not None
    assert pool.tokens is not None
    pool.refuse("tokens", None)
    assert pool.requests.rate == pool.requests.granted
    assert pool.tokens.rate < pool.tokens.granted


def test_the_difference_to_the_estimate_is_given_back_or_taken() -> None:
    async def work() -> None:
        clock = Clock()
        limits = limiter(clock, tpm=60_000, max_in_flight=9, start_in_flight=9)  # 970 tokens a second
        pool = limits._pools["p"]
        assert pool.tokens is not None
        lease = await limits.lease("p", tokens=970)
        after_estimate = pool.tokens.next_free
        lease.settle(485)
        assert pool.tokens.next_free == pytest.approx(after_estimate - 0.5)
        lease.settle(1_940)
        assert pool.tokens.next_free == pytest.approx(after_estimate + 1.0)
        assert limits.state()[0].tokens > 0

    run(work())


def test_the_ceiling_grows_no_faster_than_the_ramp_allows() -> None:
    async def work() -> None:
        clock = Clock()
        limits = limiter(clock, max_in_flight=1_000, start_in_flight=4, ramp_per_s=2.0)
        pool = limits._pools["p"]
        waiting = [asyncio.create_task(limits.lease("p")) for _ in range(400)]
        await settle()
        for _ in range(100):
            clock.now += 0.1
            done = next(task for task in waiting if task.done())
            waiting.remove(done)
            done.result().release()
            await settle()
        assert 4 < pool.ceiling <= 4 + 2.0 * 10 + 1
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    run(work())


def test_a_provider_that_refuses_for_good_stops_the_run_with_its_reason() -> None:
    async def work() -> None:
        clock = Clock()
        limits = limiter(clock, max_in_flight=2, start_in_flight=1, give_up_s=120.0)
        for _ in range(13):
            lease = await limits.lease("p")
            waiting = asyncio.create_task(limits.lease("p"))
            await settle()
            lease.refused("rate", None)
            if limits._pools["p"].down:
                break
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
            lease.release()
            clock.now += 10.0
        with pytest.raises(ProviderDown, match="refuses for rate"):
            await waiting  # those who wait are told
        with pytest.raises(ProviderDown, match="120 s"):
            await limits.lease("p")  # and those who come later

    run(work())


def test_one_answer_in_between_is_a_sign_of_life() -> None:
    clock = Clock()
    pool = limiter(clock, give_up_s=120.0)._pools["p"]
    pool.refuse("server", None)
    clock.now += 100
    pool.answered()
    clock.now += 100
    pool.refuse("server", None)
    assert pool.down is None


def test_a_waiter_that_is_cancelled_takes_no_slot() -> None:
    async def work() -> None:
        limits = limiter(Clock(), max_in_flight=1, start_in_flight=1)
        lease = await limits.lease("p")
        waiting = [asyncio.create_task(limits.lease("p")) for _ in range(2)]
        await settle()
        waiting[0].cancel()
        await settle()
        lease.release()
        await settle()
        assert waiting[1].done()
        assert limits.state()[0].in_flight == 1

    run(work())
