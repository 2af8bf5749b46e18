"""`chidian runs`: intervals by their formulas, and figures that are those of the run's own rows."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from factory.errors import UsageError
from factory.plan.plan_file import PlanFolder, RunPlan
from tests.warehouse.test_two_runs import OTHER_ANSWER, OTHER_QUESTION, Made, _commit
from warehouse.comparing import compare
from warehouse.intervals import Interval, clustered_share, mean, ratio, wilson


def test_wilson_as_published() -> None:
    # Wilson 1927 for 10 of 10 with z = 1.96: low = 1 / (1 + z²/n) = 0.7225, high = 1.
    interval = wilson(1.0, 10)
    assert interval.low == pytest.approx(0.7225, abs=1e-4)
    assert interval.high == pytest.approx(1.0)
    # p = 1/2, n = 100: half = z √(0.0025 + z²/40000) / (1 + z²/100) = 0.0962.
    half = wilson(0.5, 100)
    assert half.low == pytest.approx(0.4038, abs=1e-4)
    assert half.high == pytest.approx(0.5962, abs=1e-4)
    assert wilson(0.5, 0) == Interval(0.5, None, None)


def test_slots_that_stand_or_fall_with_their_order_count_as_orders() -> None:
    alike = clustered_share([(5, 5), (0, 5)] * 10)
    apart = clustered_share([(1, 1), (0, 1)] * 50)
    assert alike.value == apart.value == 0.5
    # 20 orders: v = 20/19 · 20 · 2.5² / 100² = 0.013158, n_eff = 0.25 / 0.013158 = 19.
    expected = wilson(0.5, 19)
    assert (alike.low, alike.high) == (pytest.approx(expected.low), pytest.approx(expected.high))
    assert apart.low is not None
    assert alike.low is not None
    assert apart.low > alike.low


def test_a_share_of_all_is_as_sure_as_its_orders_are_many() -> None:
    assert clustered_share([(5, 5)] * 10) == wilson(1.0, 10)
    assert clustered_share([]) == Interval(0.0, None, None)


def test_cost_per_sample_by_the_ratio_estimator() -> None:
    # R = 6/4 = 1.5; residuals 2 - 1.5·2 = -1 and 4 - 1.5·2 = 1; se = √(2/1 · 2) / 4 = 0.5.
    interval = ratio([(2.0, 2.0), (4.0, 2.0)])
    assert interval is not None
    assert interval.value == 1.5
    assert interval.high == pytest.approx(1.5 + 1.959964 * 0.5)
    assert ratio([(1.0, 0.0)]) is None
    assert ratio([(1.0, 2.0)]) == Interval(0.5, None, None)


def test_a_mean_by_its_standard_error() -> None:
    interval = mean([1.0, 3.0])
    assert interval is not None
    assert interval.low == pytest.approx(2 - 1.959964 * math.sqrt(2) / math.sqrt(2))
    assert mean([]) is None


def test_runs_stand_beside_each_other_with_their_own_figures(tmp_path: Path) -> None:
    _commit(tmp_path, "a", [Made("a1")])
    with pytest.raises(UsageError, match="no run"):
        compare(tmp_path)  # commits without a plan: no target, no teacher
    _plan(tmp_path, "a")
    _plan(tmp_path, "b")
    _commit(tmp_path, "b", [Made("b1"), Made("b2", OTHER_QUESTION, OTHER_ANSWER)])
    first, second = compare(tmp_path)
    assert [(run.run_id, run.accepted, run.slots) for run in (first, second)] == [("a", 1, 1), ("b", 2, 2)]
    assert (first.first_try, first.diversity) == (None, None)
    assert compare(tmp_path, "b") == [second]
    with pytest.raises(UsageError, match="no run c"):
        compare(tmp_path, "c")


def _plan(data: Path, run: str) -> None:
    folder = PlanFolder(data)
    folder.save(RunPlan(run, 2, "f", {"prompt": f"hash-{run}"}, "osm", "teacher", "agent_v1", (), ()))
