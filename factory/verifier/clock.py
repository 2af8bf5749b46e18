"""Clock times as people write them: 22:00, 晚上十点半, 次日02:00, 10:30 PM, 11:00至14:00. Pure.

Part of the lexer. A time is minutes after midnight of the day it belongs to (次日02:00 is 1560); ``either`` when 九点 may be 9 or 21.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from factory.verifier.amounts import number_range

_EARLY = "凌晨|后半夜"
_MORNING = "早上|早晨|上午|清早|一早|一大早|早间|清晨|早"
_NOON = "中午|正午|午间"
_LATE = "下午|午后|傍晚|晚上|夜里|深夜|晚间|夜晚|当晚|今晚|晚|夜间|晚上的"
_MIDNIGHT = "午夜|半夜|子夜"
_NEXT = "次日|第二天|翌日|隔天|第二日|次晨|转天"
_PART = rf"(?:(?P<next{{n}}>{_NEXT})(?:的)?)?(?P<part{{n}}>{_EARLY}|{_MORNING}|{_NOON}|{_LATE}|{_MIDNIGHT})?"
_CLOCK = (
    r"(?:(?P<h{n}>\d{{1,2}}):(?P<m{n}>\d{{2}})(?P<ap{n}>am|pm|a\.m\.|p\.m\.)?"
    r"|(?P<ch{n}>\d{{1,2}}|[零一二两三四五六七八九十]{{1,3}})(?:点|时(?!间|段|候|常|令|尚|刻)|点钟)(?P<half{n}>半|一刻|三刻|整|钟|(?:[0-5]?\d|[一二三四五]?十[一二三四五六七八九]?)分?(?!钟))?)"
)


def _time(n: int) -> str:
    return (_PART + _CLOCK).format(n=n)


_BETWEEN = r"(?:开?(?:-|~|—|至|到|直到|持续到|开到|营业到|一直到)+)"
TIME: Final = re.compile(rf"{_time(1)}(?:{_BETWEEN}{_time(2)})?(?P<about>左右|前后)?")
_RATING_LIKE = re.compile(r"[零一二两三四五]点[零一二三四五六七八九](?:分(?!钟))?(?!十|点)")


@dataclass(slots=True, init=False, unsafe_hash=True)
class Clock:
    """One stated time in minutes."""

    minutes: int
    either: bool
    """九点 without a part of the day: 9:00 or 21:00"""

    def __init__(self, minutes: int, either: bool = False) -> None:
        self.minutes = minutes
        self.either = either

    def readings(self) -> tuple[int, ...]:
        """The minutes that it may mean."""
        return (self.minutes, self.minutes + 720) if self.either else (self.minutes,)


def read_time(match: re.Match[str]) -> tuple[str, tuple[Clock, ...]] | None:
    """(class, times): T for one time, TR for a range; None where 四点六分 is a rating."""
    if match[0] in {"一点", "两点", "几点", "晚一点", "早一点"} or (
        match["ch1"] == "一" and not match["part1"] and not match["half1"] and not match["ch2"]
    ):
        return None  # 一点 is a little
    if match["ch1"] and not match["part1"] and _RATING_LIKE.match(match.string, match.start()):
        return None
    first = _clock(match, 1)
    if first is None:
        return None
    if match["h2"] is None and match["ch2"] is None:
        return "T", (first,)
    last = _clock(match, 2)
    if last is None:
        return None
    minutes = last.minutes
    if last.either and minutes <= first.minutes:
        minutes += 720
    if minutes <= first.minutes:
        minutes += 1440
    return "TR", (first, Clock(minutes))


def _clock(match: re.Match[str], n: int) -> Clock | None:
    part = match[f"part{n}"] or ""
    digital = match[f"h{n}"]
    spoken = None if digital else number_range(match[f"ch{n}"])
    if digital is None and spoken is None:
        return None
    hour = int(digital) if digital else int(spoken[0]) if spoken else 0
    minute = int(match[f"m{n}"]) if digital else _minute(match[f"half{n}"] or "")
    if hour > 24 or minute > 59:
        return None
    half = (match[f"ap{n}"] or "").replace(".", "")
    late = part in set(_LATE.split("|")) or half == "pm"
    if part in set(_MIDNIGHT.split("|")):
        hour = 24 if hour in {0, 12, 24} else hour + 24 if hour < 6 else hour
    elif half == "am" and hour == 12:
        hour = 0
    elif late and hour == 12 and half != "pm" and part not in {"下午", "午后"}:
        hour = 24
    elif (
        late and hour < 12 and not (part in {"夜里", "深夜"} and hour < 5) and not (part in {"晚", "晚上"} and hour < 4)
    ) or (part in set(_NOON.split("|")) and hour < 4):
        hour += 12
    elif part in set(_EARLY.split("|")) and hour < 6:
        hour += 24
    if late and hour < 5:
        hour += 24
    if match[f"next{n}"] and hour < 24:
        hour += 24
    either = not digital and not part and not half and 1 <= hour < 12
    return Clock(hour * 60 + minute, either=either)


def _minute(text: str) -> int:
    fixed = {"": 0, "半": 30, "一刻": 15, "三刻": 45, "整": 0, "钟": 0}
    if text in fixed:
        return fixed[text]
    value = number_range(text.rstrip("分"))
    return int(value[0]) if value else 0
