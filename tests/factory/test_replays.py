"""Where a kept answer is looked for, and how far apart the account book writes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from factory.records import OrderOutcome
from factory.sending import seen_keys
from factory.sending.call_book import KeptCall, Reservation
from factory.sending.ledger import LEAST_GATHER_S, MOST_GATHER_S, Ledger, gather_s
from factory.sending.seen_keys import BITS
from tests.factory.bent_teacher import bent, chat_with, map_at, one_order
from tests.factory.sandbox_wire import served


def test_an_order_takes_what_is_kept_and_looks_no_further_once_an_answer_is_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene(base: str) -> None:
        async with bent() as teacher, chat_with(tmp_path, teacher.base) as (chat, ledger):
            looked: list[str] = []
            replay = ledger.replay

            async def counted(key: str) -> KeptCall | None:
                looked.append(key)
                return await replay(key)

            monkeypatch.setattr(ledger, "replay", counted)
            maps = map_at(base, tmp_path / "map.sqlite")

            async def again() -> tuple[OrderOutcome, int]:
                looked.clear()
                before = teacher.calls
                outcome = await one_order(chat, maps)
                return outcome, teacher.calls - before

            first, sent = await again()
            keys = [call.key for call in first.calls]
            assert (sent, looked) == (len(keys), keys[:1])  # it cannot have been asked what follows a new answer
            second, sent = await again()
            assert (sent, looked) == (0, keys)
            await ledger.mark_unreadable(keys[-2], 0)
            third, sent = await again()
            # What followed the lost answer is kept, too; it is paid for again.
            assert (sent, looked) == (2, keys[:-1])
            assert first.slots == second.slots == third.slots
            await maps.aclose()

    with served() as base:
        asyncio.run(scene(base))


@pytest.mark.parametrize(
    ("latency_s", "apart_s"),
    [(0.0, LEAST_GATHER_S), (0.1, LEAST_GATHER_S), (0.2, 0.02), (0.3, MOST_GATHER_S), (30.0, MOST_GATHER_S)],
)
def test_the_account_book_writes_the_more_at_once_the_longer_answers_take(latency_s: float, apart_s: float) -> None:
    assert gather_s(latency_s) == pytest.approx(apart_s)


@pytest.mark.parametrize(("bits", "looks"), [(BITS, 2), (8, 4)])
def test_the_book_is_asked_only_for_a_key_that_it_may_hold_and_the_answers_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bits: int, looks: int
) -> None:
    monkeypatch.setattr(seen_keys, "BITS", bits)
    keys = [f"kept {number}" for number in range(160)]  # enough to set each of eight bits

    async def pay(book: Ledger, key: str) -> None:
        number = await book.reserve(Reservation(key, "order", 0, "agent", "m", None))
        figures = {
            "input_tokens": 1,
            "output_tokens": 1,
            "cost_cny": None,
            "worst_cny": None,
            "refusals": 0,
            "latency_s": 0.1,
        }
        await book.keep(key, number, raw=key.encode(), **figures)

    async def all_are_kept(book: Ledger) -> None:
        assert [kept.raw for key in keys if (kept := await book.replay(key))] == [key.encode() for key in keys]

    async def scene() -> None:
        book = Ledger(tmp_path, "run", None)
        await asyncio.gather(*(pay(book, key) for key in keys))
        await all_are_kept(book)
        book.close()
        book = Ledger(tmp_path, "run", None)  # as one that is resumed
        await all_are_kept(book)
        statements: list[str] = []
        book._reader.set_trace_callback(statements.append)
        assert [key for key in (*keys[:2], "new 0", "new 1") if await book.replay(key)] == keys[:2]
        assert len(statements) == looks
        book.close()

    asyncio.run(scene())
