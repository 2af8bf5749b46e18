"""Where a kept answer is looked for, and how far apart the account book writes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from factory.records import OrderOutcome
from factory.sending.call_book import KeptCall
from factory.sending.ledger import LEAST_GATHER_S, MOST_GATHER_S, gather_s
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
