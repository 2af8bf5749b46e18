"""The sandbox judge's halo over the wire: it shows where one call gives both scores, and only there."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from factory.sending.limits import PoolLimits
from judge.asking import RUBRICS, Ask, Item
from judge.instrument import LEGACY
from judge.sandbox_judge import Temper
from judge.statistics.bootstrap import Floats, places_of
from judge.statistics.halo import Disattenuated, Halo, disattenuated, halo
from judge.statistics.pairings import HALO_NOT_VALIDITY, NO_HALO, conclude
from judge.verdicts import Outcome
from tests.judge.judge_wire import ITEM, Bench, bench

ITEMS, PLACES, REPLICATES = 160, 40, 2


def _item(number: int) -> Item:
    """Answers of middling quality, so that neither end of the scale hides an error: one to three wrong facts of each four."""
    facts = ["地址东街3号", "评分4.6", "人均78元", "距离342米"]
    wrong = ["地址西街9号", "评分3.1", "人均178元", "距离942米"]
    told = [wrong[k] if k < 1 + number % 3 else facts[k] for k in range(4)]
    answer = f"为您找到：\n1. 蜀味轩：{'，'.join(told)}。\n祝好。"
    return replace(ITEM, item_id=f"s-{number}", sample_id=f"s-{number}", answer=answer)


@dataclass(frozen=True)
class Found:
    """What the sandbox judge's scores show."""

    halo: Halo
    star: Disattenuated

    @property
    def conclusion(self) -> str:
        return conclude(self.halo, self.star)


async def _judged(wire: Bench) -> Found:
    legacy = [Ask(_item(n), "legacy", LEGACY, tuple(RUBRICS), 0) for n in range(ITEMS)]
    single = [
        Ask(_item(n), "standard", rubric, (rubric,), k)
        for rubric in RUBRICS
        for k in range(REPLICATES)
        for n in range(ITEMS)
    ]
    outcomes = await asyncio.gather(*(wire.ask(ask) for ask in (*legacy, *single)))
    one_call, apart = outcomes[:ITEMS], outcomes[ITEMS:]
    x, y = (
        _totals(part, 0).reshape(REPLICATES, ITEMS).T for part in (apart[: len(apart) // 2], apart[len(apart) // 2 :])
    )
    places = places_of([str(n % PLACES) for n in range(ITEMS)], 500)
    return Found(
        halo(_totals(one_call, 0), _totals(one_call, 1), x, y, places),
        disattenuated(x, y, places),
    )


def _totals(outcomes: list[Outcome], rubric: int) -> Floats:
    return np.asarray([outcome.verdicts[rubric].total for outcome in outcomes], dtype=np.float64)


def _found(data: Path, shared: float) -> Found:
    async def scene() -> Found:
        limits = PoolLimits(max_in_flight=64)
        async with bench(data, temper=Temper(0.5, shared), limits=limits) as wire:
            return await _judged(wire)

    return asyncio.run(scene())


def test_a_halo_raises_the_correlation_of_one_call_and_not_that_of_separate_calls(tmp_path: Path) -> None:
    measured = _found(tmp_path, 1.0)
    assert measured.halo.same_call.value == pytest.approx(0.9, abs=0.1)
    assert measured.halo.cross_call.value is not None
    assert measured.halo.cross_call.value < 0.5
    assert measured.halo.halo.low is not None
    assert measured.halo.halo.low > 0.2


def test_an_overwhelming_halo_is_called_halo_and_not_validity(tmp_path: Path) -> None:
    measured = _found(tmp_path, 4.0)
    assert measured.halo.same_call.value is not None
    assert measured.halo.same_call.value > 0.9
    assert measured.halo.cross_call.value == pytest.approx(0.0, abs=0.2)
    assert measured.conclusion == HALO_NOT_VALIDITY


def test_without_a_halo_one_call_correlates_as_separate_calls_do(tmp_path: Path) -> None:
    measured = _found(tmp_path, 0.0)
    assert measured.halo.halo.low is not None
    assert measured.halo.halo.high is not None
    assert measured.halo.halo.low < 0 < measured.halo.halo.high
    assert measured.halo.cross_call.value is not None
    assert measured.halo.cross_call.value > 0.1  # both rubrics see the same facts
    assert measured.conclusion == NO_HALO
