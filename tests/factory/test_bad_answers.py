"""When a run of bad answers is given up: by how its orders end, not by what they gave before."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from factory.errors import RunStopped
from factory.records import (
    NO_FINAL_ANSWER,
    Candidate,
    Failure,
    Order,
    OrderOutcome,
    Place,
    SlotOutcome,
    Verification,
    Wish,
)
from factory.run.coordinator import Committed, Coordinator, Limits
from factory.run.executor import Unit

WISH = Wish("川菜", None, None, None, 2000)
PLACE = Place("p", "清华大学", "北京市", None, 116.3, 40.0, "gcj02")
UNREAD = Failure(NO_FINAL_ANSWER, "its last 2 answers hold no tool call")
MODERATED = Failure("moderated", "refused")


class Plan:
    """Orders without end."""

    def order(self, index: int) -> Order:
        return Order(f"o{index}", "run", index, PLACE, (WISH,), ("train",), index)


class Executor:
    """Orders that all end in one way, after a moment."""

    def __init__(self, failure: Failure | None, *, gave: bool) -> None:
        self._failure = failure
        sample = Candidate("c", "o", 0, "问", "答", (), feasible=True)
        self._slot = SlotOutcome(0, sample, Verification((), (), ())) if gave else SlotOutcome(0, failure=UNREAD)

    async def run(self, order: Order) -> OrderOutcome:
        await asyncio.sleep(0.02)
        return OrderOutcome(order, "done", self._failure, None, (), (self._slot,), (), 0, truncated=False)

    async def aclose(self) -> None:
        return


class Committer:
    """Takes all that was accepted."""

    def __init__(self) -> None:
        self.accepted = 0

    def commit(
        self,
        unit: Unit,  # noqa: ARG002 - as the real one has it
        outcomes: tuple[OrderOutcome, ...],
    ) -> Committed:
        gained = sum(outcome.any_accepted for outcome in outcomes)
        self.accepted += gained
        return Committed(self.accepted, gained, {})


def _run(failure: Failure | None, *, gave: bool) -> None:
    async def open_orders(_: Sequence[Order]) -> None:
        return

    plan: Any = Plan()
    limits = Limits(target=10_000, candidates=300, agents=4, running=4, window=32, give_up_s=0.2)
    asyncio.run(
        Coordinator(
            plan,
            Executor(failure, gave=gave),
            Committer(),
            limits,
            open_orders,
            accepted=0,
            next_order=0,
            opened_slots=0,
        ).run()
    )


@pytest.mark.parametrize("gave", [True, False])
def test_orders_that_end_in_unreadable_answers_are_bad_whatever_they_gave_before(*, gave: bool) -> None:
    with pytest.raises(RunStopped, match=r"No order ended well for|in a row ended in bad answers"):
        _run(UNREAD, gave=gave)


@pytest.mark.parametrize("failure", [None, MODERATED])
def test_orders_that_end_otherwise_with_a_sample_are_signs_of_life(failure: Failure | None) -> None:
    with pytest.raises(RunStopped, match="300 candidate slots were opened"):
        _run(failure, gave=True)
