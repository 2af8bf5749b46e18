"""Opening hours in words: what holds every day, what differs by weekday, and what is known of today alone.

Used by phrases_item.py and phrases_frame.py. Hours that differ by the day are never said as if they were one.
"""

from __future__ import annotations

from itertools import groupby

from factory.sandbox.teacher.dice import Dice
from factory.sandbox.teacher.matching import as_poi
from factory.sandbox.teacher.phrases_book import phrase_list
from factory.sandbox.teacher.reading import Shown
from factory.verifier import fit
from factory.verifier.hours import DAY_MIN, WEEKDAYS, Day, Hours, clock, hours_of

PLAIN = phrase_list("item", "hours")
CLOSES = phrase_list("item", "closes")
SAME = phrase_list("hours", "same")
WEEK = phrase_list("hours", "week")
TODAY = phrase_list("hours", "today")
TODAY_CLOSES = phrase_list("hours", "today_closes")
DAY_OFF = phrase_list("hours", "day_off")


def hours_of_shown(poi: Shown) -> Hours:
    """The hours that a tool showed, read."""
    return hours_of(as_poi(poi))


def hours_text(poi: Shown, dice: Dice) -> str:
    """A clause about its hours; empty when nothing certain is known."""
    hours = hours_of_shown(poi)
    same = hours.same_every_day
    if same is not None or hours.today_only:
        return _one_day(same if same is not None else hours.today or (), dice, today=same is None)
    if not hours.week_known or None in hours.days:
        return ""
    off = [day for day in range(7) if hours.days[day] == ()]
    if off and len(off) < 3 and dice.chance(0.3):
        return dice.pick(DAY_OFF).format(d=_names(off))
    return _week_said(hours, dice)


def hours_stated(poi: Shown, dice: Dice) -> str:
    """The hours in full, for an item that has to show when it is open."""
    hours = hours_of_shown(poi)
    day = hours.same_every_day if hours.same_every_day is not None else hours.today if hours.today_only else None
    if day:
        return dice.pick(PLAIN).format(h=spans_text(day))
    return _week_said(hours, dice) if hours.week_known else f"营业时间{poi.open_hours}"


def _week_said(hours: Hours, dice: Dice) -> str:
    """The week in one of the frames; one that ends in 营业 does not follow a day off."""
    words = _week(hours)
    return dice.pick([form for form in WEEK if not (words.endswith("休息") and form.endswith("营业"))]).format(w=words)


def days_off(poi: Shown, meal: str) -> str | None:
    """The days on which it does not serve the meal; ``None`` where it serves it on none."""
    served = fit.open_for_meal(as_poi(poi), meal)
    if served is None or not served.open_days():
        return None
    off = [day for day in served.shut_days() if day is not None]
    rests = all(hours_of_shown(poi).days[day] == () for day in off)
    return f"{_names(off)}休息" if rests else f"{_names(off)}{meal}时段不营业"


def _one_day(day: Day, dice: Dice, *, today: bool) -> str:
    if not day:
        return "今天休息" if today else ""
    if len(day) == 1 and day[0][1] < DAY_MIN and dice.chance(0.4):
        forms = TODAY_CLOSES if today and dice.chance(0.5) else CLOSES if day[0][1] >= 18 * 60 else CLOSES[:1]
        return dice.pick(forms).format(e=clock(day[0][1]))
    forms = (TODAY if today else SAME) if dice.chance(0.3) else PLAIN
    return dice.pick(forms).format(h=spans_text(day))


def spans_text(day: Day) -> str:
    """In the map's own form: an end past midnight is a time of day."""
    return " ".join(f"{clock(start)}-{clock(end % DAY_MIN or DAY_MIN)}" for start, end in day)


def _week(hours: Hours) -> str:
    rows = [
        (day, [weekday for weekday, _ in run]) for day, run in groupby(enumerate(hours.days), key=lambda row: row[1])
    ]
    rows.sort(key=lambda row: row[0] == ())  # days off stand last, as people say them
    return "，".join(f"{_names(days)}{spans_text(day) if day else '休息'}" for day, days in rows if day is not None)


def _names(days: list[int]) -> str:
    """周一至周五, 周六、周日."""
    names = [f"周{WEEKDAYS[day]}" for day in days]
    return "、".join(names) if len(names) < 3 else f"{names[0]}至{names[-1]}"
