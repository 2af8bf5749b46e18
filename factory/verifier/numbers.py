"""Numbers as Chinese says them: 78, 七十八, 七十多, 七八十, 五十来块, 一百出头, 不到100, 50-100. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

DIGITS = {"零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10000}
CN = "零〇一二两三四五六七八九十百千万"
NUMBER = rf"(?:\d+(?:\.\d+)?|[{CN}]+(?:点[{CN}]+)?)"
BEFORE = r"(?:约|大约|大概|差不多|将近|接近|近|不到|不足|低于|不超过|最多|超过|高于|至少|不止)?"
AFTER = r"(?:多|来|出头|左右|上下|以内|之内|以下|以上|不到|起)?"
_SPAN = re.compile(rf"^({NUMBER})\s*(?:元|块)?\s*(?:-|–|~|～|至|到)\s*({NUMBER})$")
_ADJACENT = re.compile(r"^([一二三四五六七八])([二三四五六七八九])(十|百|千)$")
_ABOUT = ("约", "大约", "大概", "差不多", "将近", "接近", "近", "左右", "上下", "来")
_UNDER = ("不到", "不足", "低于", "不超过", "最多", "以内", "之内", "以下")
_OVER = ("超过", "高于", "至少", "不止", "以上", "起")


@dataclass(slots=True, init=False, unsafe_hash=True)
class Quantity:
    """What a phrase states: a value between ``low`` and ``high``; ``exact`` when it names one number without hedging."""

    low: float
    high: float
    exact: bool
    about: bool
    strict: bool
    """the bound itself is excluded: 不到300, 超过300"""
    excess: bool
    """超出150米 may mean more than 150 m, or 150 m more than was asked"""
    kilo: bool
    """stated in kilometres, so rounded to a tenth of one"""

    def __init__(
        self,
        low: float,
        high: float,
        exact: bool,
        about: bool = False,
        strict: bool = False,
        excess: bool = False,
        kilo: bool = False,
    ) -> None:
        self.low = low
        self.high = high
        self.exact = exact
        self.about = about
        self.strict = strict
        self.excess = excess
        self.kilo = kilo

    def holds(self, truth: float) -> bool:
        """Whether a truth lies in the stated range."""
        if self.strict:
            return self.low < truth if self.high == float("inf") else truth < self.high
        return self.low - 1e-9 <= truth <= self.high + 1e-9


def plain(text: str) -> float | None:
    """A number in digits or Chinese numerals."""
    if re.fullmatch(r"\d+(?:\.\d+)?", text):
        return float(text)
    whole, point, fraction = text.partition("点")
    value = _chinese(whole)
    if value is None or not point:
        return value
    digits = "".join(str(DIGITS[char]) for char in fraction if char in DIGITS)
    return value + float("0." + digits) if digits else None


def _chinese(text: str) -> float | None:
    total, current = 0, 0
    seen = False
    for char in text:
        if char in DIGITS:
            current = DIGITS[char]
            seen = True
        elif char in UNITS:
            total += (current or (0 if seen and current == 0 and total else 1)) * UNITS[char]
            current = 0
            seen = True
        else:
            return None
    if not seen:
        return None
    # 一百五 is 150, 三百二 is 320: a trailing digit after 百 or 千 takes the next unit.
    tail = re.search(r"([百千])([一二三四五六七八九])$", text)
    return float(total + (current * UNITS[tail[1]] // 10 if tail else current))


def quantity(text: str) -> Quantity | None:
    """Read a whole phrase with its hedges."""
    core = text.strip()
    before = next((word for word in (*_UNDER, *_OVER, *_ABOUT) if core.startswith(word)), "")
    core = core[len(before) :].strip()
    after = next((word for word in (*_UNDER, *_OVER, *_ABOUT, "多", "出头") if core.endswith(word)), "")
    core = core[: len(core) - len(after)].strip() if after else core
    span = _SPAN.match(core)
    if span:
        low, high = plain(span[1]), plain(span[2])
        return Quantity(low, high, exact=False) if low is not None and high is not None else None
    adjacent = _ADJACENT.match(core)
    if adjacent:
        unit = UNITS[adjacent[3]]
        return Quantity(DIGITS[adjacent[1]] * unit, (DIGITS[adjacent[2]] + 1) * unit - 0.01, exact=False)
    value = plain(core)
    if value is None:
        return None
    return _hedged(value, before, after)


def _hedged(value: float, before: str, after: str) -> Quantity:
    if before in _UNDER or after in _UNDER:
        return Quantity(0.0, value, exact=False)
    if before in _OVER or after in _OVER:
        return Quantity(value, float("inf"), exact=False)
    if after == "多":
        step = 10.0 if value < 100 and value % 10 == 0 else (100.0 if value % 100 == 0 else value * 0.1)
        return Quantity(value, value + step - 0.01, exact=False)
    if after == "出头":
        return Quantity(value, value * 1.2, exact=False)
    about = before in _ABOUT or after in _ABOUT
    return Quantity(value, value, exact=not about, about=about)
