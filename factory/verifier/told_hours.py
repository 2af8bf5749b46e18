"""A reader's claims of opening hours, decided day by day against a restaurant's week (hours.py). Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from factory.records import ClaimStatus, Poi
from factory.verifier import rules
from factory.verifier.acts_hours import PARTS_OF_DAY, meal_span
from factory.verifier.clock import Clock
from factory.verifier.deciding import worst
from factory.verifier.hours import DAY_MIN, Day, Hours, breaks, closes, hours_of, opens, overlap_min, parse
from factory.verifier.told import Told

_ON_OPEN_DAYS: Final = frozenset({"hours", "opens", "closes", "break", "no_break", "sessions", "all_day"})
_ON_MOST_DAYS: Final = frozenset({"open_at", "shut_at", "opens", "closes", "hours"})
_TODAY: Final = ("今", "当天", "当晚")
_ABOUT_MIN: Final = 30
_BREAK_SLACK_MIN: Final = 10
Test = Callable[[Told, Day], ClaimStatus | None]


def of_hours(told: Told, poi: Poi) -> ClaimStatus | None:
    """The status of a claim of hours about one restaurant; ``None`` where nobody can tell what is meant."""
    hours = hours_of(poi)
    days = _days(told.days, hours)
    if days is None:
        return None
    if None in days:
        return "unsupported" if not (poi.open_hours or poi.open_week) else None  # hours in words that nothing reads
    if not told.days and told.kind in _ON_OPEN_DAYS and any(days):
        days = tuple(day for day in days if day)  # a day off has no hours that could be others
    if not told.days and told.kind in _ON_MOST_DAYS and hours.week_known:
        return _on_most_days(told, hours)
    answers = [HOURS_KINDS[told.kind](told, day) for day in days if day is not None]
    found = [answer for answer in answers if answer is not None]
    return None if len(found) < len(answers) or not found else worst(found)


def _on_most_days(told: Told, hours: Hours) -> ClaimStatus | None:
    """早餐赶得上, 10:00才开, of a week: on as many days as a wish asks for; where it holds on some days alone, nobody can tell."""
    days = [day for day in hours.days if day is not None and (day or told.kind not in _ON_OPEN_DAYS)]
    answers = [HOURS_KINDS[told.kind](told, day) for day in days]
    good = sum(answer in {"verified", "inferable"} for answer in answers)
    if not good:
        return "contradicted" if None not in answers else None
    return "inferable" if good * 7 >= len(answers) * rules.MEAL_DAYS_LEAST else None


def _days(words: str, hours: Hours) -> tuple[Day | None, ...] | None:
    """The days that are meant, None for one that is not known; ``None`` for words that name no days."""
    if not words:
        return hours.possible() or (None,)
    if any(word in words for word in _TODAY):
        return (hours.today if hours.today is not None else hours.same_every_day,)
    named = weekdays(words)
    return tuple(dict.fromkeys(hours.days[day] for day in sorted(named))) if named else None


def weekdays(words: str) -> frozenset[int]:
    """Weekdays (0 is Monday) that words such as 周一至周五, 周末, 每天 name; empty where they name none."""
    plain = words.replace("天天", "每天").replace("平时", "平日").replace("周内", "平日").replace("周六日", "周末")
    week = parse(f"{plain}10:00-11:00", week=True).days
    return frozenset(day for day, spans in enumerate(week) if spans)


def _same(truth: int, stated: Clock) -> bool:
    return any(truth % DAY_MIN == minute % DAY_MIN for minute in stated.readings())


def _compared(truth: int, told: Told) -> bool:
    """A time against a stated one under its sign."""
    if told.time is None:
        return False
    readings = told.time.readings()
    if told.sign in {">=", ">"}:
        return any(truth >= minute for minute in readings)
    if told.sign in {"<=", "<"}:
        return any(truth <= minute for minute in readings)
    near = _ABOUT_MIN if told.sign == "~" else 0
    return any((truth - minute + near) % DAY_MIN <= 2 * near for minute in readings)


def _hours(told: Told, day: Day) -> ClaimStatus | None:
    if not told.spans:
        return None
    held = all(any(_same(start, first) and _same(end, last) for start, end in day) for first, last in told.spans)
    return "verified" if held else "contradicted"


def _edge(told: Told, day: Day, *, first: bool) -> ClaimStatus | None:
    """The day's first opening or last closing; with a part of the day, that of any span."""
    if told.time is None:
        return None
    edges = [start for start, _ in day] if first else [end for _, end in day]
    own = (opens if first else closes)(day)
    if told.moment or own is None:
        return "verified" if any(_compared(edge, told) for edge in edges) else "contradicted"
    if _compared(own, told):
        return "verified"
    return None if any(_compared(edge, told) for edge in edges) else "contradicted"  # of which span, nobody can tell


def _break(told: Told, day: Day) -> ClaimStatus | None:
    if not told.spans and told.value is not None:  # 下午要歇三小时
        lengths = [end - start for start, end in breaks(day)]
        return "inferable" if any(abs(one - told.value.low) <= _BREAK_SLACK_MIN for one in lengths) else "contradicted"
    if not told.spans:
        window = _window(told)
        if window is None:
            return "inferable" if breaks(day) else "contradicted"
        return "inferable" if overlap_min(day, window) < window[1] - window[0] else "contradicted"
    held = all(
        any(_same(start, first) and _same(end, last) for start, end in breaks(day)) for first, last in told.spans
    )
    return "verified" if held else "contradicted"


def _window(told: Told) -> tuple[int, int] | None:
    return PARTS_OF_DAY.get(told.moment) or meal_span(told.moment) if told.moment else None


def _is_open(told: Told, day: Day) -> bool | None:
    """Whether a day is open at the stated time, within the stated spans, or for the meal or part of the day."""
    if told.time is not None:
        states = {overlap_min(day, (minute, minute + 1), before=day) > 0 for minute in told.time.readings()}
        return states.pop() if len(states) == 1 else None
    if told.spans:
        return all(
            overlap_min(day, (first.minutes, last.minutes), before=day) >= rules.OPEN_LEAST_MIN
            for first, last in told.spans
        )
    window = _window(told)
    if window is None:
        return None
    return overlap_min(day, window, before=day if window[0] >= DAY_MIN else ()) >= rules.OPEN_LEAST_MIN


def _open_at(told: Told, day: Day) -> ClaimStatus | None:
    state = _is_open(told, day)
    if state is None and told.days and not told.moment and told.time is None:
        state = bool(day)  # 周日也开门
    return None if state is None else "inferable" if state != told.denied else "contradicted"


def _shut_at(told: Told, day: Day) -> ClaimStatus | None:
    state = _is_open(told, day)
    if state is None and told.days and not told.moment and told.time is None:
        state = bool(day)
    return None if state is None else "inferable" if state == told.denied else "contradicted"


HOURS_KINDS: Final[dict[str, Test]] = {
    "hours": _hours,
    "opens": lambda told, day: _edge(told, day, first=True),
    "closes": lambda told, day: _edge(told, day, first=False),
    "break": _break,
    "no_break": lambda _told, day: "inferable" if len(day) == 1 else "contradicted",
    "all_day": lambda _told, day: "verified" if day == ((0, DAY_MIN),) else "contradicted",
    "sessions": lambda told, day: (
        None if told.number is None else "inferable" if told.number.holds(len(day)) else "contradicted"
    ),
    "open_at": _open_at,
    "shut_at": _shut_at,
    "day_off": lambda told, day: None if not told.days else "contradicted" if day else "verified",
    "open_on": lambda told, day: None if not told.days else "verified" if day else "contradicted",
}
