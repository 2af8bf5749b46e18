"""Opening hours for the independent check: another reading of the map's week than the product's, minute by minute.

Shares no code with the verifier: a week is a set of (weekday, minute) here, cut from the text by tokens, one after the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

DAYS = "一二三四五六日"
MEALS = {"早餐": (390, 570), "午餐": (660, 810), "下午茶": (840, 990), "晚餐": (1020, 1230), "夜宵": (1290, 1410)}
SHUT_THEN = re.compile("(?<!日)(?<![一二三四五六])(早餐|午餐|下午茶|晚餐|夜宵)(?:时段|时间|那个点)不营业")
OPEN_THEN = re.compile(
    "(早餐|午餐|下午茶|晚餐|夜宵)(?:时间是开着的|时间开着门|那会儿在营业|去也来得及)|赶得上(早餐|午餐|下午茶|晚餐|夜宵)"
)
AT_MEAL = re.compile("(早餐|午餐|下午茶|晚餐|夜宵)(?:时段|时间|那个点)$")
Week = dict[int, list[tuple[int, int]]]
"""Weekday to its spans in minutes; 7 stands for today, of which the weekday is not known."""
TODAY = 7
TOKEN = re.compile(
    r"(?P<range>周[一二三四五六日]至周[一二三四五六日])|(?P<list>周[一二三四五六日](?:、周[一二三四五六日])*)|(?P<group>工作日|周末|每天|每日|天天)|(?P<now>今天|今日)"
    r"|(?P<span>(\d{1,2}):(\d\d)[-~至](?:次日)?(\d{1,2}):(\d\d))|(?P<till>营业到(?:次日)?(\d{1,2}):(\d\d))|(?P<off>休息|不营业)|(?P<end>[；;。])"
)


def week_of(today: str | None, week: str | None) -> Week | None:
    """The map's two texts; None where they say more than days and times."""
    for text, default in ((week, set(range(7))), (today, {TODAY})):
        if text:
            if re.search("季|公告|预约|节假", text):
                continue
            hours: Week = {}
            for days, spans in _rules(text):
                for day in days or default:
                    hours[day] = spans
            if hours:
                return hours
    return None


def _rules(text: str) -> Iterator[tuple[set[int], list[tuple[int, int]]]]:
    days: set[int] = set()
    spans: list[tuple[int, int]] = []
    for token in TOKEN.finditer(text):
        named = _days(token)
        if named is not None:
            if spans:
                yield days, spans
                days, spans = set(), []
            days |= named
        elif token["span"]:
            start, end = int(token[6]) * 60 + int(token[7]), int(token[8]) * 60 + int(token[9])
            spans.append((start, end if end > start else end + 1440))
        elif token["off"]:
            yield days, []
            days, spans = set(), []
    if spans:
        yield days, spans


def _days(token: re.Match[str]) -> set[int] | None:
    if token["range"]:
        first, last = (DAYS.index(sign) for sign in (token["range"][1], token["range"][4]))
        return {(first + step) % 7 for step in range((last - first) % 7 + 1)}
    if token["list"]:
        return {DAYS.index(sign) for sign in re.findall("周(.)", token["list"])}
    if token["group"]:
        return {"工作日": set(range(5)), "周末": {5, 6}}.get(token["group"], set(range(7)))
    return {TODAY} if token["now"] else None


def hours_faults(body: str, truth: Week | None) -> list[str]:
    """Statements about hours in one item that the map's week does not hold."""
    faulty: list[str] = []
    days: set[int] = set()
    told: dict[frozenset[int], list[tuple[int, int]]] = {}
    for token in TOKEN.finditer(body.replace("，", "；") if "周" not in body else body):
        named = _days(token)
        if named is not None:
            days = named
        elif token["span"]:
            start, end = int(token[6]) * 60 + int(token[7]), int(token[8]) * 60 + int(token[9])
            told.setdefault(frozenset(days), []).append((start, end if end > start else end + 1440))
        elif token["till"]:
            closing = (int(token[11]) * 60 + int(token[12])) % 1440
            if not all(day and day[-1][1] % 1440 == closing for day in _truths(days, truth)):
                faulty.append(f"closes {token[0]}")
            days = set()
        elif token["off"] and days and AT_MEAL.search(body[: token.start()]):
            meal = AT_MEAL.search(body[: token.start()])
            if meal and truth and any(_meal_minutes(meal[1], truth).get(day, 0) >= 30 for day in days):
                faulty.append(f"meal on {sorted(days)} {meal[1]}")
            days = set()
        elif token["off"] and days and not AT_MEAL.search(body[: token.start()]):
            if any(day for day in _truths(days, truth)):
                faulty.append(f"day off {token[0]}")
            days = set()
        elif token["end"]:
            days = set()
    faulty += [f"meal {match[0]}" for match in SHUT_THEN.finditer(body) if open_days(match[1], truth)]
    faulty += [
        f"meal {match[0]}"
        for match in OPEN_THEN.finditer(body)
        if truth is None or shut_at(match[1] or match[2], truth)
    ]
    for whose, spans in told.items():
        if any(day != spans for day in _truths(set(whose), truth)):
            faulty.append(f"hours {sorted(whose)} {spans}")
    return faulty


def _truths(days: set[int], truth: Week | None) -> list[list[tuple[int, int]]]:
    """What must hold: of the days named, else of every day that the map tells. An unknown day holds nothing: [(-1, -1)]."""
    if truth is None:
        return [[(-1, -1)]]
    whole = set(truth) == {TODAY}
    asked = days or set(truth)
    if asked == {TODAY} and not whole:
        asked = set()  # today's hours beside a week: either may stand
    return [truth.get(day, [] if not whole else [(-1, -1)]) for day in asked]


def _meal_minutes(meal: str, truth: Week) -> dict[int, int]:
    """Minutes of the meal that it is open, by day."""
    low, high = MEALS[meal]
    minutes = {}
    for day in truth if TODAY in truth else range(7):
        open_at = {minute for start, end in truth.get(day, []) for minute in range(start, end)}
        if day != TODAY:
            late = truth.get((day - 1) % 7, [])
            open_at |= {minute - 1440 for start, end in late for minute in range(max(start, 1440), end)}
        minutes[day] = len(open_at & set(range(low, high)))
    return minutes


def open_days(meal: str, truth: Week | None) -> int:
    """Days on which the map knows it to be open for half an hour of the meal."""
    return 0 if truth is None else sum(minutes >= 30 for minutes in _meal_minutes(meal, truth).values())


def shut_at(meal: str | None, truth: Week | None) -> bool:
    """Whether the map knows it to be open for less than half an hour of the meal on some day."""
    return meal in MEALS and truth is not None and min(_meal_minutes(str(meal), truth).values()) < 30
