"""A claim as a second reader writes it, typed at the door: one JSON object in, a frozen record or nothing out. Pure and total.

The vocabulary is the reader's prompt (factory/agents/prompts); told_facts.py, told_hours.py, told_sets.py and told_wish.py decide.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from factory.verifier.amounts import number_range
from factory.verifier.clock import TIME, Clock, read_time
from factory.verifier.numbers import Quantity
from factory.verifier.script import fold

UNVERIFIABLE: Final = "unverifiable"
NOTHING: Final = "nothing"
CONDITION: Final = "if"
ASK: Final = "ask"
_OLD_KINDS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "comparison": ("compare", {}),
    "superlative": ("most", {}),
    "within": ("fits", {}),
    "not_cuisine": ("cuisine", {"not": True}),
    "no_dish": ("dish", {"not": True}),
    "over_budget": ("gap", {"bound": "budget_max", "direction": "over"}),
    "spare": ("gap", {"bound": "budget_max", "direction": "under"}),
    "under_budget": ("gap", {"bound": "budget_min", "direction": "under"}),
    "over_radius": ("gap", {"bound": "radius", "direction": "over"}),
    "price_range": ("span", {"fact": "price"}),
    "none": ("count", {"number": 0}),
    "unknown": ("unsaid", {}),
    "no_data": ("unsaid", {}),
    "url": ("website", {}),
    "hours_note": ("note", {}),
    "any": ("either", {}),
    "question": ("ask", {}),
    "condition": ("if", {}),
    "talk": ("nothing", {}),
    "irrelevant": ("nothing", {}),
    "recommend": ("pick", {}),
    "mention": ("pick", {}),
    "closed_on": ("day_off", {}),
    "total_price": ("total", {}),
    "tags": ("tag", {}),
}
"""Names for what has another, too: a model that takes the plain word is not refused for it."""
FACTS: Final = {
    "评分": "rating", "人均": "price", "价格": "price", "距离": "distance", "步行": "walk", "营业时间": "hours", "电话": "phone", "地址": "address", "招牌菜": "dish",
    "dishes": "dish", "菜系": "cuisine", "打烊": "close", "关门": "close", "closes": "close", "开门": "open", "opens": "open", "cost": "price", "score": "rating", "stars": "rating", "opening": "open", "closing": "close", "open_time": "open", "close_time": "close", "tel": "phone", "budget": "price", "radius": "distance", "预算": "price",
}  # fmt: skip
_SIGNS: Final = {"": "=", "≈": "~", "约": "~", "about": "~", "≥": ">=", "≤": "<=", "==": "=", "＞": ">", "＜": "<"}
_ENDS: Final = {"max": "most", "highest": "most", "min": "least", "lowest": "least", "最大": "most", "最小": "least"}
_DIRECTIONS: Final = {
    "cheaper": "less", "nearer": "less", "closer": "less", "earlier": "less", "smaller": "less", "farther": "more", "further": "more", "later": "more", "larger": "more", "greater": "more", "dearer": "more",
    "different": "differs", "differ": "differs", "higher": "more", "lower": "less", "equal": "same", "above": "over", "below": "under", "kept": "within", "inside": "within", "ascending": "asc", "descending": "desc",
}  # fmt: skip
_BOUNDS: Final = {"distance": "radius", "range": "radius", "budget_upper": "budget_max", "max_budget": "budget_max", "price_max": "budget_max", "budget_lower": "budget_min", "min_budget": "budget_min", "price": "budget"}  # fmt: skip
WISH_FIELDS: Final = (
    "party", "budget_max", "budget_min", "radius", "cuisine", "meal", "taste", "diet", "occasion", "place", "needs",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """One claim. ``of``: names, ``listed``, ``others`` or ``area``; empty: whom its clause stands with. Units as in records.py.

    ``numbers`` and ``minutes``: everything that the object states in numbers and clock times; ``words``: all its texts, folded.
    """

    kind: str
    quote: str
    of: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    among: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()
    fact: str = ""
    sign: str = "="
    value: Quantity | None = None
    number: Quantity | None = None
    times: Quantity | None = None
    percent: Quantity | None = None
    people: int | None = None
    rank: int = 1
    end: str = ""
    direction: str = ""
    bound: str = ""
    denied: bool = False
    labelled: bool = False
    """what is marked on the map is spoken of, so that a shop without the mark has not got it"""
    together: bool = False
    """a total of several restaurants, not of each"""
    days: str = ""
    other_days: str = ""
    """the days of the other side of a comparison of times"""
    maybe: bool = False
    """said as a possibility"""
    partly: bool = False
    mean: bool = False
    """a bound is held against the mean of several"""
    moment: str = ""
    """a meal or a part of the day"""
    time: Clock | None = None
    spans: tuple[tuple[Clock, Clock], ...] = ()
    names: tuple[str, ...] = ()
    """dishes, cuisines, tags, an address, a number: what the kind is about"""
    word: str = ""
    conditions: tuple[str, ...] = ()
    where: tuple[Told, ...] = ()
    wished: tuple[tuple[str, float | str], ...] = ()
    numbers: frozenset[float] = frozenset()
    minutes: frozenset[int] = frozenset()
    words: str = ""


def read_told(raw: Mapping[str, Any], quote: str | None = None) -> Told | None:
    """A claim from the reader's JSON; ``None`` where a field has no such form. ``quote``: for a condition within a claim."""
    try:
        return _told(raw, quote)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return None


def _told(raw: Mapping[str, Any], quote: str | None) -> Told | None:
    kind = str(raw["kind"])
    kind, defaults = _OLD_KINDS.get(kind, (kind, {}))
    raw = {**defaults, **{name: value for name, value in raw.items() if value not in (None, "")}}
    own = quote if quote is not None else raw["quote"]
    if not isinstance(own, str) or not own:
        return None
    sign = str(raw.get("sign") or "=").strip()
    where = tuple(read_told(one, own) for one in _rows(raw.get("where") or raw.get("cond")))
    if None in where:
        return None
    texts = list(_texts({name: value for name, value in raw.items() if name not in {"quote", "kind", "sign"}}))
    clocks = [clock for text in texts for clock in _clocks(text)]
    return Told(
        kind=kind,
        quote=own,
        of=_names(raw.get("of") or raw.get("restaurant")),
        other=_names(raw.get("other")),
        among=_names(raw.get("among")),
        apart=_names(raw.get("except")),
        fact=FACTS.get(str(raw.get("fact") or ""), str(raw.get("fact") or "")),
        sign=_SIGNS.get(sign, sign),
        value=_value(raw, sign, kilo=_KILO.search(fold(own)) is not None),
        number=_quantity(raw["number"], sign) if "number" in raw else None,
        times=_times(raw["times"], sign, fold(own)) if "times" in raw else None,
        percent=_quantity(raw["percent"], sign) if "percent" in raw else None,
        people=int(_float(raw["people"])) if "people" in raw else None,
        rank=int(_float(raw.get("rank") or 1)),
        end=_ENDS.get(str(raw.get("end") or ""), str(raw.get("end") or "")),
        direction=_DIRECTIONS.get(str(raw.get("direction") or ""), str(raw.get("direction") or "")),
        bound=_BOUNDS.get(str(raw.get("bound") or ""), str(raw.get("bound") or "")),
        denied=bool(raw.get("not")) or raw.get("holds") is False,
        labelled=_LABELLED.search(fold(own)) is not None,
        together=bool(raw.get("together")),
        days=fold(_joined(raw.get("days"))),
        other_days=fold(_joined(raw.get("other_days"))),
        maybe=bool(raw.get("maybe")),
        partly=bool(raw.get("partly")),
        mean=bool(raw.get("average")),
        moment=str(raw.get("meal") or raw.get("part") or ""),
        time=_clock(str(raw["time"])) if "time" in raw else None,
        spans=_spans(raw.get("spans")),
        names=_names(next((raw[name] for name in _NAMING if raw.get(name)), None)),
        word=str(raw.get("word") or ""),
        conditions=_names(raw.get("condition") or raw.get("conditions")),
        where=tuple(one for one in where if one is not None),
        wished=tuple(_wished(name, raw[name]) for name in WISH_FIELDS if name in raw) if kind == "wish" else (),
        numbers=frozenset(_numbers(raw)),
        minutes=frozenset(minute % 1440 for clock in clocks for minute in clock.readings()),
        words=fold(" ".join(texts)),
    )


_NAMING: Final = ("name", "names", "text", "tag", "topic")


def _joined(raw: Any) -> str:
    """Days as one text, told as a list or as words."""
    return "、".join(map(str, raw)) if isinstance(raw, list) else str(raw or "")


_LABELLED: Final = re.compile("标|登|写|注明|列|载|收录|留了|给出|地图|查得到|查到|显示|已知|确认|确定|明确|有数据")
_NUMBERED: Final = frozenset({"party", "budget_max", "budget_min", "radius"})


def _wished(name: str, raw: Any) -> tuple[str, float | str]:
    return name, _float(raw) if name in _NUMBERED else _joined(raw)


_KILO: Final = re.compile("公里|千米|km|里[地路]", re.IGNORECASE)


def _rows(raw: Any) -> list[Mapping[str, Any]]:
    rows = raw if isinstance(raw, list) else [] if raw is None else [raw]
    if not all(isinstance(row, Mapping) for row in rows):
        raise ValueError
    return rows


def _names(raw: Any) -> tuple[str, ...]:
    if raw is None:
        return ()
    return tuple(str(one).strip() for one in (raw if isinstance(raw, list) else [raw]) if str(one).strip())


def _float(raw: Any) -> float:
    """A number, also as a reader may write it for all that: "80元", "约1200米", "四百"."""
    if isinstance(raw, bool):
        raise TypeError
    if isinstance(raw, str):
        match = _ONE_NUMBER.fullmatch(fold(raw).replace(",", ""))
        spoken = None if match else number_range(_NOT_NUMBER.sub("", fold(raw)))
        raw = match[1] if match else spoken[0] if spoken and spoken[0] == spoken[1] else raw
    number = float(raw)
    if not math.isfinite(number):
        raise ValueError
    return number


_ONE_NUMBER: Final = re.compile(r"[^\d.]*(\d+(?:\.\d+)?)[^\d.]*")
_NOT_NUMBER: Final = re.compile("[^零一二三四五六七八九十百千两半]")


def _quantity(raw: Any, sign: str, *, kilo: bool = False) -> Quantity:
    """A number under its sign; two of them are a range."""
    if isinstance(raw, list):
        low, high = map(_float, raw)
        return Quantity(low, high, exact=False, kilo=kilo)
    number, sign = _float(raw), _SIGNS.get(sign, sign)
    if sign in {">=", ">"}:
        return Quantity(number, math.inf, exact=False, strict=sign == ">", kilo=kilo)
    if sign in {"<=", "<"}:
        return Quantity(0.0, number, exact=False, strict=sign == "<", kilo=kilo)
    if sign not in {"=", "~"}:
        raise ValueError
    return Quantity(number, number, exact=sign == "=", about=sign == "~", kilo=kilo)


def _times(raw: Any, sign: str, quote: str) -> Quantity:
    """三倍出头 and 三倍多 reach to the next whole one."""
    amount = _quantity(raw, sign)
    if amount.high == math.inf and _AND_MORE.search(quote):
        return Quantity(amount.low, math.floor(amount.low) + 1.0, exact=False)
    return amount


_AND_MORE: Final = re.compile("倍(?:出头|多|有余|余|以上一点)")


def _value(raw: Mapping[str, Any], sign: str, *, kilo: bool) -> Quantity | None:
    if "low" in raw and "high" in raw:
        return _quantity([raw["low"], raw["high"]], sign, kilo=kilo)
    for name in ("value", "amount", "minutes", "meters"):
        if name in raw:
            if isinstance(raw[name], str) and TIME.fullmatch(fold(raw[name])):
                return None  # the value of a superlative of times stands among the minutes
            return _quantity(raw[name], sign, kilo=kilo)
    return None


def _clocks(text: str) -> Iterator[Clock]:
    for match in TIME.finditer(fold(text)):
        read = read_time(match)
        yield from read[1] if read else ()


def _clock(text: str) -> Clock:
    match = TIME.fullmatch(fold(text))
    read = read_time(match) if match else None
    if read is None or read[0] != "T":
        raise ValueError
    return read[1][0]


def _spans(raw: Any) -> tuple[tuple[Clock, Clock], ...]:
    rows = raw if isinstance(raw, list) else []
    if len(rows) == 2 and all(isinstance(one, str) for one in rows) and not any("-" in one for one in rows):
        rows = [rows]  # ["11:00", "14:00"] for [["11:00", "14:00"]]
    return tuple(_span(row) for row in rows)


def _span(row: Any) -> tuple[Clock, Clock]:
    if isinstance(row, Mapping):
        first, last = (
            row.get("open") or row.get("from") or row["start"],
            row.get("close") or row.get("to") or row["end"],
        )
    else:
        first, last = re.split(r"[-~至到]", fold(row)) if isinstance(row, str) else row
    return _clock(str(first)), _clock(str(last))


def _texts(raw: Any) -> Iterator[str]:
    if isinstance(raw, str):
        yield raw
    elif isinstance(raw, Mapping):
        for name, value in raw.items():
            yield from () if name in {"quote", "kind", "sign"} else _texts(value)
    elif isinstance(raw, list):
        for one in raw:
            yield from _texts(one)


_DIGITS: Final = re.compile(r"\d+(?:\.\d+)?")


def _numbers(raw: Any) -> Iterator[float]:
    if isinstance(raw, bool):
        return
    if isinstance(raw, int | float):
        yield float(raw)
    elif isinstance(raw, str):
        yield from (float(one) for one in _DIGITS.findall(fold(raw)))
    elif isinstance(raw, Mapping):
        for name, value in raw.items():
            yield from () if name == "quote" else _numbers(value)
    elif isinstance(raw, list):
        for one in raw:
            yield from _numbers(one)


def is_multiple(stated: Quantity, truth: float) -> bool:
    """Whether a ratio is as stated: 两倍 of whole ones within 0.15, 1.7倍 within 0.08, a bound (不到五分之一) within 0.02 of it."""
    size = stated.low if stated.low > 0 else stated.high
    if not stated.exact and not stated.about:
        slack = 0.02 * min(1.0, size)
    elif stated.about:
        slack = max(0.15 * min(1.0, size), 0.1 * truth)
    else:
        slack = 0.08 * min(1.0, size) if size % 1 else 0.15
    return stated.low - slack <= truth <= stated.high + slack
