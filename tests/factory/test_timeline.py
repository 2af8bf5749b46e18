"""The timeline tells what happened when: counts that add up, pauses cut out, unknown prices unknown, a picture in the end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import numpy as np
import pytest

from factory import chart_style as style
from factory.run.timeline import Series, Timeline, draw, read_timeline, write_timeline
from tests.keyless import CLEAN


def _numbers(*values: float) -> Series:
    return np.array(values, dtype=np.float64)


def _of(
    started: Series, cost: float | None = None, accepted: Series | None = None, samples: Series | None = None
) -> Timeline:
    """Of calls that take a second each and are refused once; ``accepted``: commits, with ``samples`` (one each) of them."""
    moments = _numbers() if accepted is None else accepted
    with duckdb.connect() as connection:
        connection.execute(
            "create table calls as select 'run' as run_id, make_timestamp((unnest(?::double[]) * 1e6)::bigint) as started_at, "
            "1.0 as latency_s, 1 as refusals, ?::double as cost_cny, false as replayed",
            [started.tolist(), cost],
        )
        connection.execute(
            "create table states as with commits as (select unnest(?::double[]) as moment, unnest(?::int[]) as samples) "
            "select 'run' as run_id, 'accepted' as state, make_timestamp((moment * 1e6)::bigint) as admitted_at, "
            "moment || '-' || unnest(range(samples)) as sample_id from commits",
            [moments.tolist(), (np.ones_like(moments) if samples is None else samples).tolist()],
        )
        connection.execute("create table duplicates (sample_id varchar)")
        connection.execute("create table runs as select 'run' as run_id, true as simulated")
        timeline = read_timeline(connection, "run")
    assert timeline is not None
    return timeline


def _width(timeline: Timeline) -> float:
    return float(timeline.at_s[0]) * 2


def test_rates_times_slice_width_add_up_to_what_was_counted() -> None:
    timeline = _of(np.arange(1000, 1100, dtype=np.float64), accepted=np.arange(1010, 1050, dtype=np.float64))
    assert timeline.calls_per_s.sum() * _width(timeline) == pytest.approx(100)
    assert timeline.accepted_per_s.sum() * _width(timeline) == pytest.approx(40)
    assert timeline.refusals.sum() == 100
    # 100 calls a second apart, each a second long: the last one ends 100 s after the first began.
    assert timeline.at_s[-1] + timeline.at_s[0] == pytest.approx(100)


def test_a_night_between_two_halves_of_a_run_is_cut_out() -> None:
    evening, morning = np.arange(0, 50, dtype=np.float64), np.arange(40_000, 40_050, dtype=np.float64)
    timeline = _of(np.concatenate([evening, morning]))
    assert timeline.breaks == 1
    assert timeline.at_s[-1] < 103
    assert timeline.calls_per_s.sum() * _width(timeline) == pytest.approx(100)


def test_a_pause_is_cut_where_it_is_longer_than_ten_minutes_and_kept_where_it_is_not() -> None:
    for pause, breaks in ((600.0, 0), (603.0, 1)):
        timeline = _of(np.concatenate([np.arange(0, 50, dtype=np.float64), np.arange(50 + pause, 100 + pause)]))
        assert timeline.breaks == breaks
        assert timeline.at_s[-1] + timeline.at_s[0] == pytest.approx(102 if breaks else 100 + pause, abs=2)


def test_the_samples_of_a_commit_count_at_its_moment() -> None:
    timeline = _of(np.arange(0, 100, dtype=np.float64), accepted=_numbers(10, 90), samples=_numbers(40, 2))
    counted = timeline.accepted_per_s * _width(timeline)
    assert counted[counted > 0] == pytest.approx([40, 2])


def test_spending_is_cumulative_and_an_unknown_price_is_unknown_not_zero() -> None:
    started = np.arange(0, 40, dtype=np.float64)
    spent = _of(started, cost=0.25).spent_cny
    assert spent is not None
    assert spent[-1] == pytest.approx(10.0)
    assert (np.diff(spent) >= 0).all()
    assert _of(started).spent_cny is None


def test_a_single_call_is_a_timeline_too() -> None:
    timeline = _of(_numbers(5.0))
    assert timeline.calls_per_s.sum() * _width(timeline) == pytest.approx(1)
    assert np.isnan(timeline.latency_s).sum() == len(timeline.latency_s) - 1


@pytest.mark.parametrize("chinese", [True, False])
def test_the_picture_says_which_run_it_is_and_that_it_was_simulated(chinese: bool) -> None:  # noqa: FBT001 - a parameter
    with style.drawing():
        drawn = style.svg(draw(_of(_numbers(0, 1, 2)), chinese=chinese), "t")
    assert "· run ·" in drawn
    assert "SIMULATED" in drawn
    assert ("累计花费" in drawn) == chinese
    assert "单价未知" in drawn or "price is not known" in drawn


def test_a_run_leaves_its_timeline_beside_its_data(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "factory", "synth"],
        env={**CLEAN, "DATA": str(tmp_path), "N": "20"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (picture,) = tmp_path.glob("reports/*/timeline.png")
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert str(picture) in done.stderr
    run_id = picture.parent.name
    with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as connection:
        timeline = read_timeline(connection, run_id)
        [(calls,)] = connection.execute("select count(*) from calls where not replayed").fetchall()
        assert read_timeline(connection, "no such run") is None
    assert timeline is not None
    assert timeline.simulated
    assert timeline.calls_per_s.sum() * _width(timeline) == pytest.approx(calls)
    assert timeline.accepted_per_s.sum() * _width(timeline) == pytest.approx(20)
    assert write_timeline(tmp_path, "no such run") is None
