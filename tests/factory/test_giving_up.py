"""When a service is given up: after GIVE_UP_S without one answer, whatever it did meanwhile; on a clock that the test turns."""

from __future__ import annotations

import asyncio

import pytest

from factory.errors import ProviderDown
from tests.factory.turned_clock import Clock, limiter, run, settle


@pytest.mark.parametrize(
    ("kind", "words"), [("rate", "refuses for rate"), ("server", "fails"), ("timeout", "does not answer")]
)
def test_a_provider_that_answers_nothing_is_given_up_with_its_reason(kind: str, words: str) -> None:
    async def work() -> None:
        clock = Clock()
        limits = limiter(clock, max_in_flight=2, start_in_flight=1, give_up_s=120.0)
        for _ in range(12):
            lease = await limits.lease("p")
            await lease.refused(kind, None)
            lease.release()
            clock.now += 10.0
        lease = await limits.lease("p")
        waiting = asyncio.create_task(limits.lease("p"))
        await settle()
        with pytest.raises(ProviderDown, match=words):
            await lease.refused(kind, None, "It answered 599.")
        with pytest.raises(ProviderDown, match="It answered 599"):
            await waiting  # those who wait are told
        with pytest.raises(ProviderDown, match="no answer for 120 s"):
            await limits.lease("p")  # and those who come later

    run(work())


def test_silence_counts_from_when_the_service_was_asked_and_each_attempt_knows_how_long_it_may_take() -> None:
    async def work() -> None:
        clock = Clock()
        limits = limiter(clock, give_up_s=100.0)
        first = await limits.lease("p")
        clock.now += 30
        second = await limits.lease("p")
        assert (first.patience_s, second.patience_s) == (100.0, 70.0)
        clock.now += 50
        await first.refused("timeout", None)
        clock.now += 20
        with pytest.raises(ProviderDown, match="100 s"):
            await second.refused("timeout", None)

    run(work())


def test_a_service_that_insists_on_waiting_longer_than_we_do_is_given_up_and_one_slip_is_not_insisting() -> None:
    async def work() -> None:
        clock = Clock()
        limits = limiter(clock, give_up_s=100.0)

        async def refused() -> None:
            lease = await limits.lease("p")
            await lease.refused("rate", 300.0)
            lease.release()
            clock.now += 2

        for _ in range(2):
            await refused()
        (await limits.lease("p")).release()  # it answers
        for _ in range(2):
            await refused()
        with pytest.raises(ProviderDown, match="asks to wait 300 s"):
            await refused()

    run(work())


@pytest.mark.parametrize("readable", [True, False])
def test_an_answer_that_turns_out_to_be_none_is_no_sign_of_life(*, readable: bool) -> None:
    async def work() -> None:
        clock = Clock()
        limits = limiter(clock, max_in_flight=2, start_in_flight=2, give_up_s=100.0)
        for _ in range(11):
            lease = await limits.lease("p")
            clock.now += 10.0
            lease.received(1)  # the slot is free from here on; what the answer is worth is read later
            if not readable:
                if clock.now - 1_000.0 >= 100.0:
                    with pytest.raises(ProviderDown, match="It is no chat completion"):
                        await lease.refused("server", None, "It is no chat completion.")
                    return
                await lease.refused("server", None, "It is no chat completion.")
            lease.release()
        assert readable
        assert limits._pools["p"].down is None

    run(work())


def test_one_answer_in_between_is_a_sign_of_life() -> None:
    async def work() -> None:
        clock = Clock()
        limits = limiter(clock, give_up_s=120.0)
        for _ in range(6):
            failing, answered = await limits.lease("p"), await limits.lease("p")
            await failing.refused("server", None)
            clock.now += 100
            answered.release()
            failing.release()
        assert limits._pools["p"].down is None

    run(work())


def test_a_time_in_which_nobody_asked_is_no_silence() -> None:
    async def work() -> None:
        clock = Clock()
        limits = limiter(clock, give_up_s=120.0)
        for _ in range(3):
            lease = await limits.lease("p")
            await lease.refused("server", None)
            lease.release()
            clock.now += 600
        assert limits._pools["p"].down is None

    run(work())
