"""The agent's prompt says the rule that its samples are checked by."""

from __future__ import annotations

import pytest

from factory.plan.identity import read_prompt
from factory.verifier import rules


@pytest.mark.parametrize("meal", rules.MEAL_WINDOWS)
def test_the_prompt_names_each_meals_window_as_the_rules_have_it(meal: str) -> None:
    start, end = rules.MEAL_WINDOWS[meal]
    window = "-".join(f"{minute // 60}:{minute % 60:02d}" for minute in (start, end))
    assert f"{meal}{window}" in read_prompt(None).text


def test_the_prompt_says_how_long_of_a_meal_is_enough() -> None:
    assert rules.OPEN_LEAST_MIN == 30
    assert "至少半小时" in read_prompt(None).text
