"""SIGKILLs at exact points of real runs, with a tenth of all calls failing, judged by the bill of a server that survives them."""

from __future__ import annotations

from pathlib import Path

from bench.kills import budget_scene, kills_scene


def test_ten_kills_lose_double_and_tear_nothing_and_pay_again_only_for_what_was_in_flight(tmp_path: Path) -> None:
    outcome = kills_scene(tmp_path, kills=10, n=400, seed=11)
    assert outcome["missed"] == [], outcome
    assert outcome["kills"] == 10
    assert outcome["samples"] == outcome["n"] >= 400
    assert outcome["repeated_after_kills"] <= outcome["in_flight_at_kills"]


def test_a_cap_is_never_passed_through_kills_and_a_higher_one_goes_on(tmp_path: Path) -> None:
    outcome = budget_scene(tmp_path, kills=3, cap=2.5, seed=5)
    assert outcome["missed"] == [], outcome
    assert outcome["billed_at_the_cap_cny"] <= 2.5
    assert "Raise BUDGET" in outcome["said"]
