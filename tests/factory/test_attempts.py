"""Every submission is data: which try passed, what was returned for which reason, and what the repairs took."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tests.keyless import CLEAN


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, duckdb.DuckDBPyConnection]:
    """A run whose teacher errs often: its last words, and its views."""
    data = tmp_path_factory.mktemp("attempts")
    env = CLEAN | {"DATA": str(data), "N": "40", "SANDBOX_DEFECTS": "0.4"}
    done = subprocess.run(
        [sys.executable, "-m", "factory", "synth"], env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stderr, duckdb.connect(str(data / "warehouse.duckdb"), read_only=True)


def test_each_candidate_has_its_tries_in_order_and_the_last_one_decides(
    run: tuple[str, duckdb.DuckDBPyConnection],
) -> None:
    rows = run[1].execute(
        "select candidate_id, list(attempt order by attempt), last(accepted order by attempt) from attempts group by 1"
    )
    tries = {row[0]: (row[1], row[2]) for row in rows.fetchall()}
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers, _ in tries.values())
    samples = {row[0] for row in run[1].execute("select sample_id from samples").fetchall()}
    assert samples <= {candidate for candidate, (_, accepted) in tries.items() if accepted}
    assert any(len(numbers) > 1 for numbers, _ in tries.values())


def test_a_returned_try_holds_its_findings_and_an_accepted_one_none(
    run: tuple[str, duckdb.DuckDBPyConnection],
) -> None:
    assert run[1].execute("select count(*) from attempts where accepted = (len(findings) > 0)").fetchone() == (0,)
    returned = run[1].execute("select count(*) from attempts where not accepted").fetchone()
    told = run[1].execute("select sum(returns) from returns_by_reason").fetchone()
    assert returned
    assert told
    assert told[0] >= returned[0] > 0


def test_the_first_try_rate_stands_in_the_runs_and_on_the_panel(run: tuple[str, duckdb.DuckDBPyConnection]) -> None:
    row = run[1].execute("select first_try_rate, repair_token_share from runs").fetchone()
    counted = run[1].execute("select avg(accepted::int) from attempts where attempt = 1").fetchone()
    assert row
    assert counted
    assert row[0] == pytest.approx(counted[0])
    assert 0 < row[1] < 1
    assert f"first tries {row[0]:.1%} accepted, returned " in run[0]


def test_an_estimate_rests_on_what_orders_of_this_teacher_took(tmp_path: Path) -> None:
    env = CLEAN | {"DATA": str(tmp_path)}

    def synth(**more: str) -> str:
        command = [sys.executable, "-m", "factory", "synth"]
        done = subprocess.run(command, env=env | more, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        return done.stderr + done.stdout

    assert "at the rates of" not in synth(N="100", DRY="1")
    synth(N="120", SANDBOX_DEFECTS="0.5")
    told = synth(N="1000", SANDBOX_DEFECTS="0.5", DRY="1")
    with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as connection:
        counted = connection.execute(
            "select count(distinct order_id), count(*) from calls where not replayed"
        ).fetchone()
    assert counted
    assert f"at the rates of {counted[0]} orders of this teacher" in told
    orders = int(told.split(", orders ")[1].split(",")[0])
    assert f"LLM calls {round(orders * counted[1] / counted[0])}," in told
