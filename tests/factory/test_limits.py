"""The limiter's decisions, on a clock that the test turns: pacing, order, cuts, recovery, settling and giving up."""

from __future__ import annotations

import asyncio

import pytest

from factory.sending.pace import BURST_S, LEAST_CUT, MARGIN, MOST_CUT, Pace
from factory.sending.slots import CUT
from tests.factory.turned_clock import Clock, limiter, run, settle


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
        assert 0 <= len(granted) - 2 * 100 * MARGIN <= 100 * BURST_S + 1
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
        await lease.refused("rate", 7.0)
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
            await lease.refused("rate", None)
            lease.release()
            clock.now += 0.01
        assert limits.state()[0].ceiling == int(50 * CUT)
        clock.now += 1.1
        again = await limits.lease("p")
        await again.refused("rate", None)
        again.release()
        assert limits.state()[0].ceiling == int(50 * CUT * CUT)

    run(work())


def test_a_late_wake_up_is_caught_up_with_but_a_second_never_holds_more_than_the_limit() -> None:
    async def work() -> None:
        clock = Clock()
        limits = limiter(clock, rpm=6_000, max_in_flight=10_000, start_in_flight=10_000)
        granted: list[float] = []

        async def one() -> None:
            await limits.lease("p")
            granted.append(clock.now)

        tasks = [asyncio.create_task(one()) for _ in range(1_000)]
        steps = [0.001] * 2_000 + [0.080] + [0.001] * 2_000  # a stall of 80 ms in between
        for step in steps:
            await settle()
            clock.now += step
            limits._pools["p"].pump()
        await settle()
        assert len(granted) >= 100 * MARGIN * sum(steps)  # nothing is lost to the stall
        assert max(sum(start <= t < start + 1 for t in granted) for start in granted) <= 100
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    run(work())


@pytest.mark.parametrize("way_s", [0.0, 0.03])
def test_what_may_be_late_on_its_way_leaves_room_in_the_services_second(way_s: float) -> None:
    """Of what 40 a second allow, no more is granted in a second and the way's time: only where the way is told."""

    async def work() -> None:
        clock = Clock()
        limits = limiter(clock, rpm=2_400, max_in_flight=10_000, start_in_flight=10_000, way_s=way_s)
        granted: list[float] = []

        async def take() -> None:
            await limits.lease("p")
            granted.append(clock.now)

        tasks = [asyncio.create_task(take()) for _ in range(200)]
        steps = ([0.001] * 900 + [0.080]) * 4  # after a stall the lost time is caught up with
        for step in steps:
            await settle()
            clock.now += step
            limits._pools["p"].pump()
        most = max(sum(start <= at < start + 1.03 for at in granted) for start in granted)
        assert (most <= 40) == (way_s > 0)
        assert len(granted) >= 0.95 * 40 * sum(steps)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    run(work())


@pytest.mark.parametrize(("again_after_s", "is_a_limit"), [(0.2, False), (1.0, True), (9.9, True), (10.1, False)])
def test_refusals_at_one_moment_are_jitter_and_those_that_come_again_show_a_limit(
    again_after_s: float,
    *,
    is_a_limit: bool,
) -> None:
    clock = Clock()
    pool = limiter(clock, rpm=6_000)._pools["p"]
    assert pool.requests is not None
    granted = pool.requests.granted
    pool.requests.sent.extend([clock.now + again_after_s] * 97)
    for _ in range(3):  # by what was late on its way
        pool.refuse("rate", None, "")
    assert pool.requests.rate == granted
    clock.now += again_after_s
    pool.refuse("rate", None, "")
    assert pool.requests.rate == pytest.approx(granted * (1 - LEAST_CUT) if is_a_limit else granted)


def test_a_pace_that_holds_back_evenly_leaves_the_window_to_stalls() -> None:
    """Were the pace faster than the window and its way allow, calls would go out in clumps, each of which may be refused."""
    for way_s in (0.0, 0.02, 0.05):
        pace = Pace.of_requests(40.0, way_s)
        now = 0.0
        for _ in range(400):
            assert pace.due(now) <= now + 1e-9
            pace.take(now, 1.0)
            now = pace.next_free


def test_a_known_pace_is_cut_to_what_the_service_took_and_recovers() -> None:
    clock = Clock()
    pool = limiter(clock, rpm=6_000)._pools["p"]
    assert pool.requests is not None
    granted = pool.requests.granted
    pool.last_cut = clock.now - 0.9
    for number in range(98):  # a second in which the service takes 50 of 98
        pool.requests.take(clock.now, 1.0)
        if number % 2 and number < 97:
            pool.requests.refused(clock.now)
        clock.now += 0.01
    pool.refuse("rate", None, "")
    assert pool.requests.rate == pytest.approx(49 * MARGIN, rel=0.03)
    low = pool.requests.rate
    clock.now += 5.0
    pool.requests.sent.extend([clock.now] * 60)
    pool.refuse("rate", None, "")
    assert pool.requests.rate == pytest.approx(low * (1 - LEAST_CUT))  # the limit is met again
    low = pool.requests.rate
    for _ in range(10):
        clock.now += 1.0
        pool.answered(clock.now)
    assert low < pool.requests.rate < low * 1.06  # slow near the limit it met
    for _ in range(120):
        clock.now += 1.0
        pool.answered(clock.now)
    assert pool.requests.rate == granted  # and back when it is gone


def test_a_small_limit_is_cut_by_the_share_refused_at_most_by_half() -> None:
    clock = Clock()
    pool = limiter(clock, rpm=60)._pools["p"]
    assert pool.requests is not None
    granted = pool.requests.granted
    pool.granted_since_cut = 10
    for _ in range(2):
        pool.refuse("rate", None, "")
        clock.now += 0.4
    assert pool.requests.rate == pytest.approx(granted * 0.8)
    clock.now += 1.0
    pool.refuse("rate", None, "")
    assert pool.requests.rate == pytest.approx(granted * 0.8 * (1 - MOST_CUT))


def test_a_window_of_tokens_that_refuses_everything_cuts_once_and_is_tried_now_and_then() -> None:
    async def work() -> None:
        clock = Clock()
        limits = limiter(clock, tpm=6_000_000, max_in_flight=64, start_in_flight=64)
        pool = limits._pools["p"]
        assert pool.tokens is not None
        granted, tries = pool.tokens.granted, 0
        while clock.now < 1_005.0:  # the limit was halved: what the window holds has to drain
            lease = asyncio.ensure_future(limits.lease("p", tokens=1_000))
            await asyncio.sleep(0)
            if lease.done():
                tries += 1
                await lease.result().refused("tokens", None)
                lease.result().release()
            else:
                lease.cancel()
            clock.now += 0.01
        assert granted * 0.45 < pool.tokens.rate <= granted * 0.5
        assert tries < 60
        clock.now += 1.0
        late = await limits.lease("p", tokens=1_000)
        late.release()
        assert pool.cuts_unanswered == 0

    run(work())


def test_a_refusal_for_tokens_leaves_the_pace_of_requests_alone() -> None:
    pool = limiter(Clock(), rpm=6_000, tpm=1_000_000)._pools["p"]
    assert pool.requests is not None
    assert pool.tokens is not None
    pool.refuse("tokens", None, "")
    pool.refuse("tokens", None, "")
    assert pool.requests.rate == pool.requests.granted
    assert pool.tokens.rate < pool.tokens.granted


def test_the_difference_to_the_estimate_is_given_back_or_taken() -> None:
    async def work() -> None:
        clock = Clock()
        limits = limiter(clock, tpm=120_000, max_in_flight=9, start_in_flight=9)  # 1,950 tokens a second
        pool = limits._pools["p"]
        assert pool.tokens is not None
        lease = await limits.lease("p", tokens=1_950)
        after_estimate = pool.tokens.next_free
        lease.settle(975)
        assert pool.tokens.next_free == pytest.approx(after_estimate - 0.5)
        lease.settle(3_900)
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


def test_the_slow_start_ends_with_the_first_burst_of_refusals() -> None:
    async def work() -> None:
        clock = Clock()
        limits = limiter(clock, max_in_flight=100, start_in_flight=10)
        pool = limits._pools["p"]
        waiting = [asyncio.create_task(limits.lease("p")) for _ in range(90)]
        await settle()

        async def answers(count: int) -> float:
            before = pool.ceiling
            for _ in range(count):
                clock.now += 0.1
                done = next(task for task in waiting if task.done())
                waiting.remove(done)
                done.result().release()
                await settle()
            return pool.ceiling - before

        assert await answers(8) == 8  # one more for each answer
        pool.refuse("burst", None, "")
        for _ in range(4):  # down to the lower ceiling
            done = next(task for task in waiting if task.done())
            waiting.remove(done)
            done.result().release()
        assert await answers(8) == 1  # and now one for eight
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    run(work())


def test_a_slot_is_the_next_ones_when_an_answer_is_here_and_no_second_time_when_it_is_released() -> None:
    async def work() -> None:
        limits = limiter(Clock(), max_in_flight=1, start_in_flight=1)
        lease = await limits.lease("p", tokens=5)
        waiting = [asyncio.create_task(limits.lease("p")) for _ in range(2)]
        await settle()
        lease.settle(3)
        await settle()
        assert not waiting[0].done()  # what is known of its tokens frees no slot
        lease.received(3)
        await settle()
        assert waiting[0].done()
        lease.release()
        await settle()
        assert not waiting[1].done()
        assert (limits.state()[0].in_flight, limits.state()[0].tokens) == (1, 3)
        (await waiting[0]).release()
        (await waiting[1]).release()
        assert limits.state()[0].in_flight == 0

    run(work())


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
