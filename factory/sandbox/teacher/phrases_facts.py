"""Facts as numbers and as judgements: a distance or a price as people say it, whether hours cover a meal, what to avoid.

Used by phrases_item.py and writing.py. Rounding stays inside what a reader would call the same number.
"""

from __future__ import annotations

from factory.sandbox.teacher.dice import Dice
from factory.sandbox.teacher.matching import as_poi
from factory.sandbox.teacher.reading import Shown
from factory.verifier import diets, fit, rules

TENS = "零一二三四五六七八九"
INSTRUCTION_LIKE = ("指令", "忽略", "提示词", "系统提示", "system", "ignore")


def distance_text(value: int, dice: Dice) -> str:
    """A distance in metres as said: 342米, 约340米, 1.2公里. Rounded only within 3 %."""
    if value >= 1000 and abs(round(value, -2) - value) <= 0.03 * value and dice.chance(0.6):
        kilometres = f"{round(value, -2) / 1000:g}"
        return dice.pick((f"{kilometres}公里", f"约{kilometres}公里", f"大约{kilometres}公里", f"{kilometres}公里左右"))
    ten = round(value, -1)
    if ten and abs(ten - value) <= 0.03 * value and dice.chance(0.5):
        return dice.pick((f"约{ten}米", f"大约{ten}米", f"{ten}米左右", f"大概{ten}米"))
    return f"{value}米"


def price_text(value: float, dice: Dice, *, loosely: bool = True) -> str:
    """A price per person as said: 78元, 约80元, and loosely 七十多元, 七八十元."""
    whole = round(value)
    tens, ones = divmod(whole, 10)
    roll = dice.whole(0 if loosely else 2, 9)
    if roll == 0 and 2 <= tens <= 9 and 1 <= ones <= 9:
        return f"{TENS[tens]}十多元"
    if roll == 1 and 2 <= tens <= 8 and 3 <= ones <= 9:
        return f"{TENS[tens]}{TENS[tens + 1]}十元"
    if roll in (2, 3) and whole >= 40 and abs(round(whole, -1) - whole) <= 0.04 * whole:
        return dice.pick((f"约{round(whole, -1)}元", f"{round(whole, -1)}元左右", f"大约{round(whole, -1)}元"))
    exact = f"{value:g}"
    return dice.pick((f"{exact}元", f"{exact}元", f"{exact}元", f"{exact}块", f"{exact}块钱"))


def open_for(poi: Shown, meal: str) -> bool | None:
    """Whether the shown hours leave enough of the meal on every day that they tell; None when they tell nothing."""
    overlap = fit.open_for_meal(as_poi(poi), meal)
    return None if overlap is None else overlap.least >= rules.OPEN_LEAST_MIN


def against_diet(text: str, diet: str | None) -> bool:
    """Whether a dish's or a restaurant's name holds what this diet leaves out."""
    return diets.against(text, diet)


def reads_like_an_order(text: str) -> bool:
    """Whether a name or an address looks like an instruction: data all the same, but nothing to tell a user."""
    lowered = text.lower()
    return len(text) > 60 or any(word in lowered for word in INSTRUCTION_LIKE)
