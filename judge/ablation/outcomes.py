"""What a student's answer claims of itself, set against the wish: measures that need no restaurant to exist. Pure.

A tiny closed student invents its restaurants, so that the verifier's measures of facts stand on the floor in every arm.
Whether an answer keeps the budget and the radius *by its own words* can differ between arms, and rejected rows break
exactly that rule among others.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from factory.verifier import rules
from factory.verifier.numbers import CN, plain
from factory.verifier.reading import stated_facts

_NUMBER = re.compile(rf"\d+(?:\.\d+)?|[{CN}]+(?:点[{CN}]+)?")


@dataclass(frozen=True, slots=True)
class WishBounds:
    """The part of a wish that an answer's own words can break; money in CNY."""

    budget_min_cny: int | None
    budget_max_cny: int | None
    radius_m: int
    feasible: bool


def stated(asked: WishBounds, answer: str) -> dict[str, float]:
    """Measures of one answer by its own words.

    ``nothing_right``: says that nothing fits exactly where nothing does. Of answers that say something fits:
    ``budget_kept`` and ``radius_kept``, the share of stated prices inside the budget and of stated distances inside the
    radius, left out where none is stated. ``wish_kept`` is all of it in one number that every answer has: 0 where it is
    wrong about nothing fitting, 1 where it rightly says so, else the share of its stated prices and distances that
    keep the wish, 0 where it states none.
    """
    facts, says_nothing = stated_facts(answer)
    right = says_nothing != asked.feasible
    measures = {"nothing_right": float(right), "wish_kept": float(right)}
    if says_nothing:
        return measures
    money = [_affordable(asked, _value(words)) for kind, words in facts if kind == "price" and _NUMBER.search(words)]
    near = [_near(asked, words) for kind, words in facts if kind == "distance" and _NUMBER.search(words)]
    if asked.budget_min_cny is None and asked.budget_max_cny is None:
        money = []
    if money:
        measures["budget_kept"] = sum(money) / len(money)
    if near:
        measures["radius_kept"] = sum(near) / len(near)
    kept = money + near
    measures["wish_kept"] = sum(kept) / len(kept) if right and kept else 0.0
    return measures


def _affordable(asked: WishBounds, price: float) -> bool:
    """Within the budget, with the verifier's room for 约."""
    low = (asked.budget_min_cny or 0) * (1 - rules.PRICE_ABOUT_SHARE)
    high = float("inf") if asked.budget_max_cny is None else asked.budget_max_cny * (1 + rules.PRICE_ABOUT_SHARE)
    return low <= price <= high


def _value(words: str) -> float:
    """The first number of a stated quantity; the readers only match where there is one."""
    number = _NUMBER.search(words)
    return (plain(number[0]) or 0.0) if number else 0.0


def _near(asked: WishBounds, words: str) -> bool:
    """Within the radius, with the verifier's room for 约; a walk counts at the speed that maps use."""
    if "分钟" in words:
        metres = _value(words) * rules.WALK_M_PER_MIN
    else:
        metres = _value(words) * (1000.0 if re.search(r"公里|千米|km", words, re.IGNORECASE) else 1.0)
    return metres <= asked.radius_m * (1 + rules.DISTANCE_ABOUT_SHARE)
