"""Money: the estimate against the bill, an unknown price that is not zero, a cap that is used up (kills: test_kills.py)."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest

from factory.sandbox.serve import Sandbox
from tests.factory.sandbox_wire import served
from tests.factory.test_synth import _ask, _run

PRICES = {"PRICE_IN": "2", "PRICE_OUT": "8"}


def _env(base: str, **more: str) -> dict[str, str]:
    """A teacher with a price, on loopback."""
    teacher = {"MAP": "sandbox", "TEACHER": "openai/sandbox/teacher-v1", "TEACHER_BASE_URL": f"{base}/v1"}
    return teacher | {"AMAP_BASE_URL": base, "N": "200"} | more


def _bill(data: Path) -> float:
    """What was spent, by the book; an unresolved call counts at its worst."""
    with sqlite3.connect(data / "calls.sqlite") as book:
        row = book.execute("select sum(case status when 'unresolved' then worst_cny else cost_cny end) from calls")
        return float(row.fetchone()[0] or 0.0)


def test_the_estimate_is_within_a_tenth_of_the_bill(tmp_path: Path) -> None:
    with served() as base:
        dry = _run("factory", "synth", tmp_path, **_env(base, DRY="1", **PRICES))
        done = _run("factory", "synth", tmp_path, **_env(base, YES="1", **PRICES))
    assert done.returncode == 0, done.stderr
    estimate = re.search(r"about ([\d.]+) CNY", dry.stderr)
    assert estimate is not None
    assert float(estimate[1]) == pytest.approx(_bill(tmp_path), rel=0.10)


def test_calls_of_unknown_price_keep_a_later_budget_from_starting(tmp_path: Path) -> None:
    with served() as base:
        assert _run("factory", "synth", tmp_path, **_env(base, N="10", YES="1")).returncode == 0
        with sqlite3.connect(tmp_path / "calls.sqlite") as book:
            book.execute("update calls set cost_cny = null")  # as a run with a model that no price list knows leaves it
        done = _run("factory", "synth", tmp_path, **_env(base, N="20", BUDGET="1", **PRICES))
    assert done.returncode == 2
    assert "unknown price" in done.stderr


def test_the_views_tell_the_money_that_the_panel_tells(tmp_path: Path) -> None:
    """Unreadable answers were paid for, and an unresolved call counts at its worst; only committed answers are in shards."""
    with served(sandbox=Sandbox(faults='{"chat": {"shares": {"half_body": 0.1, "drop": 0.1, "429": 0.1}}}')) as base:
        done = _run("factory", "synth", tmp_path, **_env(base, N="60", BUDGET="50", **PRICES))
        assert done.returncode == 0, done.stderr
        with sqlite3.connect(tmp_path / "calls.sqlite") as book:
            first = "select min(rowid) from calls where status = 'kept'"
            book.execute(f"update calls set status = 'unreadable' where rowid = ({first})")
            counts = dict(book.execute("select status, count(*) from calls group by 1").fetchall())
            refusals = book.execute("select sum(refusals) from calls").fetchone()[0]
    assert {"kept", "unreadable", "unresolved"} <= counts.keys()
    assert _run("warehouse", "refresh", tmp_path).returncode == 0
    panel = [line for line in done.stderr.splitlines() if line.startswith("accepted ")][-1]
    [(spent, reserved)] = _ask(tmp_path, "select spent_cny, reserved_cny from ledger")
    assert spent == pytest.approx(_bill(tmp_path))
    assert f"CNY {spent:.2f} spent, {reserved:.2f} reserved" in panel
    assert _ask(tmp_path, "select spent_cny, cny_per_accepted from runs") == [(spent, pytest.approx(spent / 60))]
    called = sum(counts[status] for status in ("kept", "unreadable", "unresolved"))
    assert _ask(tmp_path, "select sum(calls), sum(cost_cny), sum(refusals) from usage") == [
        (called, pytest.approx(spent), refusals)
    ]


def test_money_in_flight_is_reserved_and_an_unknown_price_is_unknown_in_the_views(tmp_path: Path) -> None:
    with served() as base:
        assert _run("factory", "synth", tmp_path, **_env(base, N="10", YES="1", **PRICES)).returncode == 0
    with sqlite3.connect(tmp_path / "calls.sqlite") as book:
        last = "rowid = (select max(rowid) from calls)"
        book.execute(f"update calls set status = 'reserved', cost_cny = null, worst_cny = 3 where {last}")
    assert _run("warehouse", "refresh", tmp_path).returncode == 0
    bill = pytest.approx(_bill(tmp_path))
    assert _ask(tmp_path, "select spent_cny, reserved_cny from ledger") == [(bill, 3.0)]
    assert _ask(tmp_path, "select sum(cost_cny), sum(reserved_cny) from usage") == [(bill, 3.0)]
    with sqlite3.connect(tmp_path / "calls.sqlite") as book:
        book.execute(f"update calls set status = 'kept' where {last}")
    assert _run("warehouse", "refresh", tmp_path).returncode == 0
    assert _ask(tmp_path, "select spent_cny from ledger") == [(None,)]
    assert _ask(tmp_path, "select bool_or(cost_cny is null) from usage") == [(True,)]


def test_a_dry_run_says_what_it_would_take_and_what_binds_and_pays_nothing(tmp_path: Path) -> None:
    with served() as base:
        env = _env(base, DRY="1", N="1000", TEACHER_RPM="60", TEACHER_TPM="100000", **PRICES)
        done = _run("factory", "synth", tmp_path, **env)
    assert done.returncode == 0, done.stderr
    for words in (
        "orders 203",
        "LLM calls ",
        " in and ",
        "CNY",
        "map searches",
        "teacher requests ",
        "teacher tokens ",
    ):
        assert words in done.stderr
    assert "teacher tokens binds" in done.stderr
    assert re.search(r"the plan can give [\d,]+ distinct candidates in all$", done.stderr, re.MULTILINE)
    assert not list(tmp_path.iterdir())


def test_a_plan_that_is_too_small_is_said_before_anything_is_paid(tmp_path: Path) -> None:
    places = tmp_path / "places.csv"
    places.write_text("name,city\n清华大学,北京市\n", encoding="utf-8")
    with served() as base:
        env = _env(base, DRY="1", N="1000000", PLACES=str(places), **PRICES)
        done = _run("factory", "synth", tmp_path / "data", **env)
    assert done.returncode == 0, done.stderr
    assert "too few; give more PLACES" in done.stderr


def test_what_a_killed_run_left_unsettled_counts_as_spent(tmp_path: Path) -> None:
    with served() as base:
        assert _run("factory", "synth", tmp_path, **_env(base, N="10", YES="1", **PRICES)).returncode == 0
        with sqlite3.connect(tmp_path / "calls.sqlite") as book:
            book.execute("update calls set status = 'reserved', cost_cny = null, worst_cny = 7 where attempt = 0")
            lost = book.execute("select count(*) from calls").fetchone()[0]
        done = _run("factory", "synth", tmp_path, **_env(base, N="300", BUDGET="7", **PRICES))
    assert done.returncode == 1
    assert (
        f"BUDGET=7 CNY is used up: {7.0 * lost:.4f} spent (of it {7.0 * lost:.4f} for calls that no answer"
        in done.stderr
    )


@pytest.mark.parametrize(("given", "missing"), [("PRICE_IN", "PRICE_OUT"), ("PRICE_OUT", "PRICE_IN")])
def test_half_a_price_is_refused(tmp_path: Path, given: str, missing: str) -> None:
    with served() as base:
        done = _run("factory", "synth", tmp_path, **_env(base, YES="1", **{given: "2"}))
    assert done.returncode == 2
    assert f"{given} is given without {missing}" in done.stderr
