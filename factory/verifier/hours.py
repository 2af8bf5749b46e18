"""A restaurant's opening hours as a typed week: what the map's free text says, or that it cannot be told. Pure and total.

Between a poi's texts (``open_hours``: what the map gave as today's; ``open_week``: its text for the week) and everybody who
asks whether it is open: the fit rule (fit.py), the readers of claims, the simulated teacher. A text is not a machine format:
a rule that says more than days and times leaves its days unknown, it is never guessed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from factory.records import Poi, Status
from factory.verifier import rules

Span = tuple[int, int]
"""Open from the first minute up to the second, after midnight of its day; past 1440 it reaches into the next day."""
Day = tuple[Span, ...]
"""The spans of one day, in order and apart; empty: closed all day."""

DAY_MIN = 1440
WEEKDAYS = "一二三四五六日"
_EVERY = frozenset(range(7))


@dataclass(frozen=True, slots=True)
class Hours:
    """``days``: Monday first, ``None`` where the text does not tell; ``today``: hours of the day of the search alone."""

    days: tuple[Day | None, ...] = (None,) * 7
    today: Day | None = None

    @property
    def week_known(self) -> bool:
        """Whether anything is known of a named weekday."""
        return any(day is not None for day in self.days)

    @property
    def known(self) -> bool:
        """Whether anything is known at all."""
        return self.week_known or self.today is not None

    @property
    def today_only(self) -> bool:
        """Whether only the hours of the day of the search are known: nothing may be said of 每天 or 周日."""
        return self.today is not None and not self.week_known

    @property
    def same_every_day(self) -> Day | None:
        """The hours of all seven days where they are the same, else ``None``."""
        return self.days[0] if self.week_known and len(set(self.days)) == 1 else None

    def on(self, weekday: int | None) -> Day | None:
        """Hours of a weekday (0 is Monday). ``None`` asks for no day: what holds every day, else today's."""
        if weekday is not None:
            return self.days[weekday % 7]
        everyday = self.same_every_day
        return everyday if everyday is not None else self.today

    def possible(self) -> tuple[Day, ...]:
        """Every day that is known, each form once: a statement without a day must hold of all of them or name the day."""
        days = [day for day in self.days if day is not None]
        return tuple(dict.fromkeys(days)) if days else () if self.today is None else (self.today,)


UNKNOWN = Hours()


@dataclass(frozen=True, slots=True)
class MealTime:
    """Minutes of a meal's window for which a restaurant is open: per known weekday, or today's alone under ``None``."""

    minutes: tuple[tuple[int | None, int], ...]

    @property
    def least(self) -> int:
        """On the worst known day."""
        return min(minutes for _, minutes in self.minutes)

    @property
    def most(self) -> int:
        """On the best known day."""
        return max(minutes for _, minutes in self.minutes)

    def open_days(self) -> int:
        """Known days that leave enough of the meal."""
        return sum(minutes >= rules.OPEN_LEAST_MIN for _, minutes in self.minutes)

    def shut_days(self) -> tuple[int | None, ...]:
        """Known days that do not."""
        return tuple(day for day, minutes in self.minutes if minutes < rules.OPEN_LEAST_MIN)


# --- reading -----------------------------------------------------------------------------------------------------------

_GROUP = r"每天|每日|天天|全周|周末|双休日?|工作日|平日|(?:法定)?节假日|节日|假日"
_DAY_WORD = rf"(?:(?:周|星期|礼拜)[一二三四五六日天]|{_GROUP})"
_LATER = rf"(?:{_DAY_WORD}|[一二三四五六日天](?![点时天]))"
_DAYS = re.compile(rf"{_DAY_WORD}(?:(?:至|到|-|,|、|和|及|与|/|以及)?{_LATER})*:?")
_RANGE = re.compile(rf"({_LATER})(?:(?:至|到|-)({_LATER}))?")
_PART = r"(?:次日|翌日|第二天|凌晨|清晨|早上|上午|中午|下午|傍晚|晚上|夜里|深夜|午夜|早|晚|am|pm)*"
_CLOCK = rf"(?P<{{0}}p>{_PART})(?:(?P<{{0}}h>\d{{{{1,2}}}})(?:[:点时](?P<{{0}}m>\d{{{{2}}}}|半)?分?)(?P<{{0}}s>am|pm)?)"
_SPAN = re.compile(rf"{_CLOCK.format('a')}(?:-|~|至|到){_CLOCK.format('b')}")
_ALL_DAY = re.compile(r"(?:全天)?24小时(?:营业|开放|服务)?|全天(?:营业|开放)|昼夜营业")
_SHUT = re.compile(r"(?:全天|店)?(?:休息|不营业|闭店|歇业|店休|公休|休)|closed|off")
_TODAY = re.compile(r"今日|今天")
_FILLER = re.compile(
    r"营业时间|开放时间|时间|营业|开放|早市|午市|晚市|夜市|午餐|晚餐|早餐|下午茶|夜宵|:|,|、|和|及|。|\(|\)|为|是"
)
_RULE = re.compile(r"[;\n|]+")
_AFTERNOON = ("下午", "傍晚", "晚上", "夜里", "深夜", "晚", "pm")
_NEXT_DAY = ("次日", "翌日", "第二天")
_GROUPS = {"周末": {5, 6}, "双休": {5, 6}, "双休日": {5, 6}, "工作日": {0, 1, 2, 3, 4}, "平日": {0, 1, 2, 3, 4}}
_HOLIDAY = frozenset({"节假日", "法定节假日", "节日", "假日"})


def parse(text: str | None, *, week: bool) -> Hours:
    """Read a map's text. ``week``: a text without days holds for every day, else for the day of the search alone."""
    flat = _flat(text)
    if not flat:
        return UNKNOWN
    days: dict[int, Day | None] = {}
    today: Day | None = None
    last: frozenset[int] = frozenset()
    for clause in _clauses(flat):
        named, about_today, rest = _whose(clause)
        spans = _spans(rest)
        if about_today or (named is None and not week and not days):
            today = spans
            continue
        whose = _unnamed(last, days) if named is None else named
        if spans and whose and whose == last and all(days.get(day) for day in whose):
            spans = _merged([*(days[min(whose)] or ()), *spans])
        days |= dict.fromkeys(whose, spans)
        last = whose
    # Days that a readable week leaves out are days off; beside a rule that cannot be read they are unknown.
    rest_of_week: Day | None = None if None in days.values() or not any(days.values()) else ()
    filled = tuple(days.get(day, rest_of_week) for day in range(7)) if days else UNKNOWN.days
    return Hours(filled, today)


@lru_cache(maxsize=8192)
def hours_of_texts(today: str | None, week: str | None) -> Hours:
    """What a map's two texts say: of today, of the week."""
    daily, weekly = parse(today, week=False), parse(week, week=True)
    return Hours(
        weekly.days if weekly.week_known else daily.days, daily.today if daily.today is not None else weekly.today
    )


def hours_of(poi: Poi) -> Hours:
    """What is known of a restaurant's hours: the week's text where it can be read, today's beside it."""
    return hours_of_texts(poi.open_hours, poi.open_week)


def _flat(text: str | None) -> str:
    """Half-width, lower case, without blanks that separate nothing: a blank between two spans becomes a comma."""
    plain = unicodedata.normalize("NFKC", text or "").lower()
    plain = re.sub(r"[‐-―−～〜~]+|--+", "-", plain).replace("a.m.", "am").replace("p.m.", "pm")
    plain = re.sub(r"\s*(-|至|到|:|,|、|;)\s*", r"\1", plain.strip())
    return re.sub(r"[^\S\n]+", ",", plain)


def _clauses(flat: str) -> Iterable[str]:
    """Rules, one a set of days: cut at semicolons and line ends, and before days that follow a time."""
    for rule in _RULE.split(flat):
        starts = [0]
        starts += [
            one.start()
            for one in _DAYS.finditer(rule)
            if one.start() and re.search(r"\d{2},?$|休息,?$", rule[: one.start()])
        ]
        for start, end in pairwise([*starts, len(rule)]):
            if rule[start:end].strip(",、。"):
                yield rule[start:end]


def _whose(clause: str) -> tuple[frozenset[int] | None, bool, str]:
    """(weekdays or None where none is named, whether it speaks of today, the clause without them)."""
    about_today = _TODAY.search(clause) is not None
    rest = _TODAY.sub("", clause)
    days: set[int] = set()
    named = False
    for part in _DAYS.findall(rest):
        for first, last in _RANGE.findall(part):
            days |= _between(first, last)
        named = True
    rest = _DAYS.sub("", rest)
    return (frozenset(days) if named else None), about_today, rest


def _unnamed(last: frozenset[int], days: dict[int, Day | None]) -> frozenset[int]:
    """A rule without days goes on about those before it; after a day off it tells of the others."""
    if not last:
        return _EVERY
    return last if days[min(last)] else _EVERY - last


def _between(first: str, last: str) -> set[int]:
    if first in {"每天", "每日", "天天", "全周"}:
        return set(_EVERY)
    if first in _GROUPS:
        return _GROUPS[first]
    if first in _HOLIDAY:
        return set()
    start = _weekday(first)
    if not last or last in _GROUPS or last in _HOLIDAY:
        return {start} | (_GROUPS.get(last, set()) if last else set())
    return {(start + step) % 7 for step in range((_weekday(last) - start) % 7 + 1)}


def _weekday(word: str) -> int:
    return WEEKDAYS.index(word[-1].replace("天", "日"))


def _spans(rest: str) -> Day | None:
    """The spans of one rule, () for a day off, None when it says anything else."""
    if _ALL_DAY.search(rest):
        left = _ALL_DAY.sub("", rest)
        return ((0, DAY_MIN),) if not _FILLER.sub("", left) else None
    found = [_span(one) for one in _SPAN.finditer(rest)]
    left = _SPAN.sub("", rest)
    if not found:
        return () if _SHUT.search(left) and not _FILLER.sub("", _SHUT.sub("", left)) else None
    if None in found or _FILLER.sub("", left):
        return None
    return _merged([span for span in found if span is not None])


def _span(one: re.Match[str]) -> Span | None:
    start = _minute(one["ap"] + (one["as"] or ""), one["ah"], one["am"])
    end = _minute(one["bp"] + (one["bs"] or ""), one["bh"], one["bm"])
    if start is None or end is None or start >= DAY_MIN:
        return None
    if end < start or (end == start and any(word in one["bp"] for word in _NEXT_DAY)):
        end += DAY_MIN
    if end == DAY_MIN - 1:  # 23:59 is written for midnight
        end = DAY_MIN
    return (start, end) if start < end <= 2 * DAY_MIN else None


def _minute(part: str, hour: str, minute: str | None) -> int | None:
    value = int(hour) * 60 + (30 if minute == "半" else int(minute or 0))
    if any(word in part for word in _AFTERNOON) and value < 12 * 60:
        value += 12 * 60
    return value if value <= 30 * 60 and int(minute or 0 if minute != "半" else 0) < 60 else None


def _merged(spans: Iterable[Span]) -> Day:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


_RESTING = re.compile(r"暂停营业|停业(?:装修|整顿|中)?|装修|歇业|休业|暂不营业|今日休息|今天休息|闭店|暂停开放|休息中")
_CLOSED = re.compile(r"已关闭|永久(?:关闭|停业)|已停业|已倒闭|已搬迁|已拆除|关门大吉|已撤店|已注销")


@lru_cache(maxsize=1 << 13)
def status_of(*texts: str | None) -> Status | None:
    """What a name's suffix, a status field or an hours text says of a shop that does not serve; ``None``: nothing."""
    joined = "\n".join(unicodedata.normalize("NFKC", text) for text in texts if text)
    return "closed" if _CLOSED.search(joined) else "resting" if _RESTING.search(joined) else None


# --- asking ------------------------------------------------------------------------------------------------------------


def overlap_min(day: Day, window: Span, *, before: Day = ()) -> int:
    """Minutes of a window (within one day, or past its midnight) that a day is open; ``before``: the day before it."""
    spilled = tuple((start - DAY_MIN, end - DAY_MIN) for start, end in before if end > DAY_MIN)
    return sum(max(0, min(end, window[1]) - max(start, window[0])) for start, end in _merged([*day, *spilled]))


def meal_time(hours: Hours, window: Span) -> MealTime | None:
    """How long a restaurant is open within a meal's window, day by day; ``None`` when no day is known."""
    if hours.week_known:
        rows = [
            (weekday, overlap_min(day, window, before=hours.days[weekday - 1] or ()))
            for weekday, day in enumerate(hours.days)
            if day is not None
        ]
        return MealTime(tuple(rows))
    return None if hours.today is None else MealTime(((None, overlap_min(hours.today, window)),))


def open_at(hours: Hours, minute: int, weekday: int | None = None) -> bool | None:
    """Whether it is open at a minute after midnight (past 1440: that night). ``None``: unknown, or it depends on the day."""
    if weekday is None and hours.week_known:
        answers = {open_at(hours, minute, day) for day in range(7)}
        return answers.pop() if len(answers) == 1 else None
    day = hours.on(weekday)
    if day is None:
        return None
    night = hours.days[(weekday - 1) % 7] if weekday is not None else day
    return overlap_min(day, (minute, minute + 1), before=night or ()) > 0


def starts_at(day: Day, minute: int) -> bool:
    """Whether a span of the day begins then: 22:00开门 does not hold of 11:00-22:00."""
    return any(start == minute % DAY_MIN for start, _ in day)


def ends_at(day: Day, minute: int) -> bool:
    """Whether a span of the day ends then: 11:00打烊 does not hold of 11:00-22:00."""
    return any(end % DAY_MIN == minute % DAY_MIN for _, end in day)


def opens(day: Day) -> int | None:
    """The first minute of the day, ``None`` on a day off."""
    return day[0][0] if day else None


def closes(day: Day) -> int | None:
    """The last minute of the day, past 1440 when that is after midnight; ``None`` on a day off."""
    return day[-1][1] if day else None


def breaks(day: Day) -> tuple[Span, ...]:
    """The pauses between its spans: the afternoon break is none of the opening hours."""
    return tuple((first[1], second[0]) for first, second in pairwise(day))


def is_span(day: Day, start: int, end: int) -> bool:
    """Whether 开 start 到 end is one of the day's spans as a whole (an end past midnight may be written either way)."""
    stated = (start % DAY_MIN, end if end > start else end + DAY_MIN)
    return any((span[0], span[1]) == stated for span in day)


def clock(minute: int) -> str:
    """A minute as people write it: 次日02:00, 24:00."""
    if minute > DAY_MIN:
        minute, before = minute - DAY_MIN, "次日"
    else:
        before = ""
    return f"{before}{minute // 60:02d}:{minute % 60:02d}"


def said(day: Day) -> str:
    """One day's hours in words."""
    if not day:
        return "休息"
    return "24小时营业" if day == ((0, DAY_MIN),) else " ".join(f"{clock(start)}-{clock(end)}" for start, end in day)
