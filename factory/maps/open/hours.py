"""OSM's opening_hours as a week and in Chinese, as far as its everyday forms go: Mo-Fr 10:30-20:00; Sa,Su 11:00-18:00; PH off.

What is more than that (months, sunset, "by appointment"), or no time of any day (25:99), gives None: hours that cannot be said
rightly are not said. The Chinese text names its days always and reads back (verifier/hours.py) as the same week. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby, pairwise

from factory.verifier.hours import DAY_MIN, WEEKDAYS, Day, parse

_DAYS = ("mo", "tu", "we", "th", "fr", "sa", "su")
_DAY = r"(?:Mo|Tu|We|Th|Fr|Sa|Su|PH)"
_TIME = r"\d{1,2}:\d{2}"
_SPAN = rf"{_TIME}\s*[-–]\s*{_TIME}"
_RULE = re.compile(
    rf"(?P<days>{_DAY}(?:\s*[-,]\s*{_DAY})*)?\s*(?P<times>{_SPAN}(?:\s*,\s*{_SPAN})*|24/7|(?:off|closed)\b)\s*"
    rf"(?P<end>[;,]\s*|$|(?=\s*{_DAY}))",
    re.IGNORECASE,
)
_LONGEST_MIN = 2 * DAY_MIN


def spoken_hours(raw: str) -> str | None:
    """Chinese text with the same times, naming its days; None where the text says more than days and times, or nonsense."""
    week = week_of(raw)
    if week is None:
        return None
    days, holidays_off = week
    text = ("节假日休息；" if holidays_off else "") + _spoken(days)
    return text if parse(text, week=True).days == days else None


def week_of(raw: str) -> tuple[tuple[Day, ...], bool] | None:
    """(Monday to Sunday, whether public holidays are off), or None. A later rule replaces an earlier one on its days."""
    days: dict[int, Day] = {}
    holidays_off = False
    position, text, added = 0, raw.strip(), False
    while position < len(text):
        rule = _RULE.match(text, position)
        if rule is None:
            return None
        spans = _spans(rule["times"])
        if spans is None:
            return None
        named, holiday = _named(rule["days"])
        holidays_off |= holiday and not spans
        if spans and not added and any(_apart(days.get(day, ()), spans) for day in named):
            # By the letter the second replaces the first, but who adds an evening to a lunch means both: left unsaid.
            return None
        for day in named:
            merged = _joined(days.get(day, ()), spans) if added and spans else spans
            if merged is None:
                return None
            days[day] = merged
        added = rule["end"].strip() == ","
        position = rule.end()
        while position < len(text) and text[position].isspace():
            position += 1
    return (tuple(days.get(day, ()) for day in range(7)), holidays_off) if any(days.values()) else None


def _named(days: str | None) -> tuple[list[int], bool]:
    """Weekdays from 0, and whether public holidays are among them; no days mean all."""
    if not days:
        return list(range(7)), False
    named: list[int] = []
    holiday = False
    for part in re.sub(r"\s", "", days).lower().split(","):
        first, _, last = part.partition("-")
        if "ph" in {first, last}:
            holiday = True
            continue
        start, end = _DAYS.index(first), _DAYS.index(last or first)
        named += [(start + step) % 7 for step in range((end - start) % 7 + 1)]
    return named, holiday


def _spans(times: str) -> Day | None:
    """() for a day off, None for times that no clock shows."""
    if times.lower() in {"off", "closed"}:
        return ()
    if times == "24/7":
        return ((0, DAY_MIN),)
    spans: Day | None = ()
    for part in times.split(","):
        start, end = (_minute(text) for text in re.split(r"[-–]", part))
        if start is None or end is None or start >= DAY_MIN:
            return None
        until = end + DAY_MIN if end <= start else end
        spans = _joined(spans or (), ((start, until),)) if until <= _LONGEST_MIN else None
        if spans is None:
            return None
    return spans


def _minute(text: str) -> int | None:
    """Minutes after midnight; OSM writes up to 48:00 for the small hours of the next day."""
    hour, minute = (int(number) for number in text.split(":"))
    return hour * 60 + minute if minute < 60 and hour * 60 + minute <= _LONGEST_MIN else None


def _joined(first: Day, second: Day) -> Day | None:
    """Both, in order; None where they overlap: then one of them is a mistake."""
    spans = sorted({*first, *second})
    return tuple(spans) if all(earlier[1] < later[0] for earlier, later in pairwise(spans)) else None


def _apart(first: Day, second: Day) -> bool:
    """Whether two sets of spans have no minute in common."""
    return bool(first) and all(span[1] <= other[0] or other[1] <= span[0] for span in first for other in second)


def _spoken(days: Sequence[Day]) -> str:
    """周一至周五10:30-20:00；周六、周日12:00-18:00: equal days beside each other; days off go without saying."""
    runs = [(hours, [day for day, _ in run]) for hours, run in groupby(enumerate(days), key=lambda pair: pair[1])]
    if len(runs) == 1:
        return f"每天{_times(days[0])}"
    spoken: dict[Day, list[str]] = {}
    for hours, run in (pair for pair in runs if pair[0]):
        spoken.setdefault(hours, []).append(_run(run))
    return "；".join(f"{'、'.join(named)}{_times(hours)}" for hours, named in spoken.items())


def _run(days: list[int]) -> str:
    first, last = (f"周{WEEKDAYS[day]}" for day in (days[0], days[-1]))
    return first if len(days) == 1 else f"{first}、{last}" if len(days) == 2 else f"{first}至{last}"


def _times(hours: Day) -> str:
    if hours == ((0, DAY_MIN),):
        return "24小时营业"
    return " ".join(f"{_clock(start)}-{_clock(end)}" for start, end in hours)


def _clock(minute: int) -> str:
    """02:00 where it is of the next day: an end before its start says so."""
    return f"{(minute - DAY_MIN if minute > DAY_MIN else minute) // 60:02d}:{minute % 60:02d}"
