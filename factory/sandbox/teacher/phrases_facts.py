"""Facts as numbers and as judgements: a distance or a price as people say it, whether hours cover a meal, what to avoid.

Used by phrases_item.py and teacher_writing.py. Rounding stays inside what a reader would call the same number.
"""

from __future__ import annotations

import re

from factory.sandbox.teacher import phrases
from factory.sandbox.teacher.dice import Dice
from factory.sandbox.teacher.phrases_book import phrase_table
from factory.sandbox.teacher.reading import Shown

WEEKDAYS = re.compile("(?:周|星期)[一二三四五六日天](?:[至到-](?:周|星期)[一二三四五六日天])?|每天|每日")
RANGE = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})")
TENS = "零一二三四五六七八九"
AVOID = phrase_table("item", "avoid")
INSTRUCTION_LIKE = ("指令", "忽略", "提示词", "系统提示", "system", "ignore")


def distance_text(value: int, dice: Dice) -> str:
    """A distance in metres as said: 342米, 约340米, 1.2公里. Rounded only within 3 %."""
    if value >= 1000 and abs(round(value, -2) - value) <= 0.03 * value and dice.chance(0.6):
        said = f"{round(value, -2) / 1000:g}"
        return dice.pick((f"{said}公里", f"约{said}公里", f"大约{said}公里", f"{said}公里左右"))
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
    """Whether the shown hours cover the meal on every day that they name; None when they cannot be judged."""
    if not poi.open_hours or meal not in phrases.MEAL_HOURS:
        return None
    days = [WEEKDAYS.sub("", part).strip() for part in re.split("[;；]", poi.open_hours) if part.strip()]
    if any(RANGE.sub("", day).strip(" ,，") for day in days):
        return None
    return all(any(_covers(row, phrases.MEAL_HOURS[meal]) for row in RANGE.findall(day)) for day in days)


def _covers(row: tuple[str, str, str, str], meal: tuple[int, int]) -> bool:
    """Whether one range of hours, perhaps past midnight, covers a meal (minutes after midnight)."""
    opens, closes = int(row[0]) * 60 + int(row[1]), int(row[2]) * 60 + int(row[3])
    return opens <= meal[0] and (closes if closes > opens else closes + 24 * 60) >= meal[1]


def known_shut(poi: Shown, meal: str) -> bool:
    """Whether the shown hours say that the restaurant is closed for at least a part of the meal's time."""
    return open_for(poi, meal) is False


def against_diet(text: str, diet: str | None) -> bool:
    """Whether a dish's or a restaurant's name holds what this diet leaves out."""
    return diet is not None and any(sign in text for sign in AVOID.get(diet, ()))


def reads_like_an_order(text: str) -> bool:
    """Whether a name or an address looks like an instruction: data all the same, but nothing to tell a user."""
    lowered = text.lower()
    return len(text) > 60 or any(word in lowered for word in INSTRUCTION_LIKE)
