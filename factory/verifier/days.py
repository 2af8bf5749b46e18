"""Which days a statement of hours is about, and whether it holds of them. Pure; acts_hours.py asks.

A statement without a day is about every day on which the shop opens. Where it holds of some of them only, the sentence may have meant
those: it stays unread, and is never called wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final

from factory.records import ClaimStatus, Poi
from factory.verifier import rules
from factory.verifier.deciding import worst
from factory.verifier.hours import Day, Hours, hours_of, parse
from factory.verifier.lexer import ROLES, SEP_CHAR, Token, chars_of
from factory.verifier.scene import Said, State, UnreadError

Test = Callable[[Day], ClaimStatus]
GOOD: Final = frozenset({"verified", "inferable"})
_EVERY: Final = frozenset(
    {"每天", "每日", "天天", "周一至周日", "一周七天", "全周", "七天", "哪天", "哪一天", "任何一天", "每一天", "日日"}
)
_TODAY: Final = frozenset({"今天", "今日", "当天", "今晚", "今儿", "这会儿"})
_USUAL: Final = frozenset({"平时", "平日", "平常", "周中", "周内"})
"""工作日 is Monday to Friday; these are the days that most days are."""
_WEEKEND: Final = frozenset({"周末", "双休日", "双休", "周末两天", "周六日", "周六周日"})
_GROUPS: Final = _USUAL | _WEEKEND | {"工作日"}
_HOLIDAYS: Final = frozenset({"节假日", "法定节假日", "节日", "假日"})
_RANGE: Final = re.compile(
    r"(?:周|星期|礼拜)([一二三四五六日天])(?:(?:至|到|-|~|—)(?:周|星期|礼拜)?([一二三四五六日天])|([一二三四五六日天]*))"
)
_WEEK: Final = "一二三四五六日"


@lru_cache(maxsize=512)
def weekdays(word: str) -> tuple[int, ...]:
    """The weekdays that a word names, Monday 0; empty for what names none (今天, 夏天)."""
    if word in _EVERY:
        return tuple(range(7))
    if word in _WEEKEND:
        return 5, 6
    if word in _USUAL or word == "工作日":
        return 0, 1, 2, 3, 4
    found = _RANGE.search(word)
    if found is None:
        return ()
    first = _index(found[1])
    if found[2]:
        return tuple((first + step) % 7 for step in range((_index(found[2]) - first) % 7 + 1))
    return (first, *map(_index, found[3] or ""))


def _index(char: str) -> int:
    return _WEEK.index(char.replace("天", "日"))


_DAY: Final = chars_of("DAY")
_HOURS: Final = chars_of("TR", "ALLDAY")
_REST: Final = chars_of("REST")
_JOINS: Final = frozenset({"、", "和", "与", "及", "而", "/", "&"})


def day_by_day(tokens: list[Token]) -> list[Token]:
    """The tokens of a line in which days with hours of their own stand apart: 工作日10:00-24:00、周末10:00-23:30 are two statements.

    每天 beside a day of rest is of the other days: 每天11:00-21:00，周一休息.
    """
    if not any(token.char in _DAY for token in tokens):
        return tokens
    resting = {
        day
        for token, after in pairwise(tokens)
        if after.char in _REST and token.char in _DAY
        for day in weekdays(token.text)
    }
    apart: list[Token] = []
    of_days = told = False
    for token in tokens:
        if token.char == SEP_CHAR:
            of_days = told = False
        if token.char in _DAY and told:
            joins = apart[-1].text in _JOINS
            start = apart.pop().start if joins else token.start
            apart.append(Token(SEP_CHAR, start, token.start, None, ","))
            told = False
        of_days = of_days or token.char in _DAY
        told = told or (of_days and token.char in _HOURS)
        if token.text in _EACH and 0 < len(resting) < len(_WEEK):
            others = "周" + "".join(sign for day, sign in enumerate(_WEEK) if day not in resting)
            apart.append(Token(token.char, token.start, token.end, others, others))
        else:
            apart.append(token)
    return apart


_EACH: Final = frozenset({"每天", "每日", "天天"})


def day_words(said: Said, state: State) -> tuple[tuple[str, ...], bool]:
    """The words for days that a statement stands under, and whether they come from an earlier clause."""
    words = [token.text for token in said.of("DAY")]
    if not words:
        before = said.tokens[: said.piece.start]
        while before and "DAY" not in ROLES[before[-1].char]:
            before = () if ROLES[before[-1].char] & _SAID_OF_DAYS else before[:-1]  # 周一休息且中午只到两点
        while before and "DAY" in ROLES[before[-1].char]:
            words.insert(0, before[-1].text)
            before = before[:-1]
    if not words:
        after = said.tokens[said.piece.end :]
        if not any("REST" in ROLES[token.char] for token in after):  # 21:00打烊、周一休息: Monday is the rest's
            words = [token.text for token in after if "DAY" in ROLES[token.char]]
    if words and not all(word in _THAT_DAY for word in words):
        return tuple(words), False
    return state.days, bool(state.days)


_THAT_DAY: Final = frozenset(
    [
        "那天",
        "那两天",
        "那几天",
        "那三天",
        "那四天",
        "这两天",
        "这几天",
        "这三天",
        "这四天",
        "这五天",
        "这六天",
        "那五天",
        "那六天",
        "当日",
    ]
)
_SAID_OF_DAYS: Final = frozenset({"REST", "T", "TR", "CLOSE"})


def status_of_days(poi: Poi, words: Sequence[str], test: Test, *, carried: bool, meal: bool) -> ClaimStatus:
    """Whether a statement holds of a restaurant on the days that are meant. Raises UnreadError where nobody can tell.

    ``carried``: the days were named in an earlier clause; ``meal``: it is about a meal, for which most days are enough.
    """
    hours = hours_of(poi)
    if not words:
        return _unnamed(poi, hours, test, meal=meal)
    if any(word[0] in "其别" for word in words):  # 其余几天: of those that were not named before
        if sum(day is not None and test(day) in GOOD for day in hours.days) < _OTHER_DAYS:
            raise UnreadError
        return "inferable"
    days = [day for word in words for day in _named(poi, hours, word)]
    if None in days:
        if carried:
            return _unnamed(poi, hours, test, meal=meal)
        if _unreadable(poi, hours):
            raise UnreadError
    status = worst("unsupported" if day is None else test(day) for day in dict.fromkeys(days))
    if status in GOOD:
        return status
    if all(word in _USUAL for word in words):
        return _mostly(hours, test, status)
    if carried:
        other = _unnamed(poi, hours, test, meal=meal)
        if other in GOOD:
            return other
    return status


def _unnamed(poi: Poi, hours: Hours, test: Test, *, meal: bool) -> ClaimStatus:
    """Of every day that it opens."""
    possible = hours.possible()
    days = [day for day in possible if day] or list(possible)
    if not days:
        if poi.open_hours or poi.open_week:
            raise UnreadError  # the map's text could not be read
        return "unsupported"
    statuses = [test(day) for day in days]
    good = [one for one in statuses if one in GOOD]
    if len(good) == len(statuses) or not good:
        return worst(statuses)
    if sum(day is not None and test(day) in GOOD for day in hours.days) >= _MOST_OF_A_WEEK:
        return "inferable"
    if meal and sum(day is not None and test(day) in GOOD for day in hours.days) >= rules.MEAL_DAYS_LEAST:
        return "inferable"
    raise UnreadError  # on some days only: perhaps those were meant


def _mostly(hours: Hours, test: Test, status: ClaimStatus) -> ClaimStatus:
    """平时: on most days of the week."""
    held = sum(bool(day) and test(day or ()) in GOOD for day in hours.days)
    if held >= _MOST_DAYS:
        return "inferable"
    if held:
        raise UnreadError
    return status


_MOST_DAYS: Final = 4
_MOST_OF_A_WEEK: Final = 5
"""Days: hours without a day are those of most days."""
_OTHER_DAYS: Final = 2


def _named(poi: Poi, hours: Hours, word: str) -> tuple[Day | None, ...]:
    if word in _TODAY:
        return (hours.today if hours.today is not None else hours.same_every_day,)
    named = weekdays(word)
    if named:
        days = tuple(hours.days[day] for day in named)
        open_days = tuple(day for day in days if day != ())
        # a group's day off is told by itself: 工作日11:00开门 holds where Monday is a day off
        return open_days if open_days and word in _GROUPS else days
    if word in _HOLIDAYS or word[0] in _SEASONS:
        return (_special(poi, "节假" if word in _HOLIDAYS else word[0]),)
    return (None,)


_SEASONS: Final = frozenset("春夏秋冬")
_PARTED: Final = re.compile(r"[;；，,。\n]")


def _special(poi: Poi, sign: str) -> Day | None:
    """The hours of holidays or of a season, where the map's own text has a rule for them."""
    for text in (poi.open_hours, poi.open_week):
        for rule in _PARTED.split(text or ""):
            if sign in rule:
                rest = re.sub(r"法定|节假日|[春夏秋冬](?:季|天|日)?(?:期间)?", "", rule)
                read = parse(rest, week=True)
                return read.days[0]
    return None


def _unreadable(poi: Poi, hours: Hours) -> bool:
    """Whether the map's text for the week is there but cannot be read."""
    return bool(poi.open_week) and not hours.week_known
