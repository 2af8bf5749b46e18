"""What the evidence says of a stated value, order or relation: pure decisions, tolerances from rules.py."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from factory.records import ClaimStatus, Poi
from factory.verifier import rules
from factory.verifier.hours import DAY_MIN, Day, closes, hours_of, opens
from factory.verifier.numbers import Quantity

_GRAVITY: Final[dict[str, int]] = {"verified": 0, "inferable": 1, "unsupported": 2, "contradicted": 3}
FIELD_WORDS: Final = {
    "rating": "评分", "price": "人均", "distance": "距离", "hours": "营业时间", "address": "地址", "dish": "招牌菜", "cuisine": "菜系", "phone": "电话",
    "close": "打烊时间", "open": "开门时间",
}  # fmt: skip


@dataclass(slots=True, init=False, unsafe_hash=True)
class Verdict:
    """One typed claim, decided. ``poi_id`` None: a set, the wish or the world."""

    kind: str
    poi_id: str | None
    stated: str
    truth: str | None
    status: ClaimStatus

    def __init__(self, kind: str, poi_id: str | None, stated: str, truth: str | None, status: ClaimStatus) -> None:
        self.kind = kind
        self.poi_id = poi_id
        self.stated = stated
        self.truth = truth
        self.status = status


def worst(statuses: Iterable[ClaimStatus]) -> ClaimStatus:
    """The gravest status of several; of none, verified."""
    return max(statuses, key=lambda one: _GRAVITY[one], default="verified")


def value(poi: Poi, name: str) -> float | None:
    """A field as a number: stars, CNY, metres, minutes after midnight."""
    if name == "rating":
        return poi.rating
    if name == "price":
        return poi.cost_cny
    if name == "distance":
        return None if poi.distance_m is None else float(poi.distance_m)
    day = day_of(poi)
    found = None if day is None else closes(day) if name == "close" else opens(day) if name == "open" else None
    return None if found is None else float(found)


def day_of(poi: Poi) -> Day | None:
    """The hours of the day that is meant when none is named, None where that cannot be told."""
    possible = hours_of(poi).possible()
    return possible[0] if len(possible) == 1 else None


def show(poi: Poi, name: str) -> str | None:
    """A field in words, with its unit."""
    found = value(poi, name)
    if name == "address":
        return poi.address
    if name == "cuisine":
        return poi.cuisine
    if name == "dish":
        return "、".join(poi.specialities) or None
    if name == "phone":
        return poi.tel
    if name == "hours":
        return " ".join(text for text in (poi.open_hours, poi.open_week) if text) or None
    if found is None:
        return None
    if name in {"close", "open"}:
        return f"{int(found) // 60 % 24:02d}:{int(found) % 60:02d}"
    return f"{found:g}" + {"price": "元", "distance": "米"}.get(name, "")


def amount_status(name: str, stated: Quantity, truth: float | None) -> ClaimStatus:
    """A stated rating, price or distance against the true one."""
    if truth is None:
        return "unsupported"
    exact, about = _slack(name, truth, kilo=stated.kilo)
    if not stated.exact and not stated.about:
        if stated.strict and not stated.excess:
            return "inferable" if stated.holds(truth) else "contradicted"
        loose = exact if name == "distance" and stated.high != float("inf") and stated.low == 0 else 1e-9
        low, high = stated.low - 1e-9, stated.high + min(loose, 1.0 if name == "distance" else 1e-9)
        return "inferable" if low <= truth <= high else "contradicted"
    away = abs(stated.low - truth)
    if away <= exact + 1e-9 if name == "rating" else away < exact + 1e-9:
        return "verified" if stated.exact else "inferable"
    return "inferable" if stated.about and away <= about + 1e-9 else "contradicted"


def _slack(name: str, truth: float, *, kilo: bool) -> tuple[float, float]:
    """(exact, about) tolerances of a field."""
    if name == "rating":
        return rules.RATING_EXACT - 1e-6, rules.RATING_ABOUT
    if name == "price":
        return rules.PRICE_EXACT - 1e-6, max(rules.PRICE_ABOUT_LEAST, rules.PRICE_ABOUT_SHARE * truth)
    exact = max(rules.DISTANCE_EXACT_LEAST, rules.DISTANCE_EXACT_SHARE * truth)
    return max(exact, rules.KILOMETRE_STEP) if kilo else exact, max(
        rules.DISTANCE_ABOUT_LEAST, rules.DISTANCE_ABOUT_SHARE * truth, rules.KILOMETRE_STEP if kilo else 0.0
    )


def walk_status(stated: Quantity, truth_m: float | None) -> ClaimStatus:
    """A stated walk in minutes against a straight line."""
    if truth_m is None:
        return "unsupported"
    minutes = truth_m / rules.WALK_M_PER_MIN
    low = min(minutes * rules.WALK_FASTEST, minutes - rules.WALK_LEAST_MIN)
    high = max(minutes * rules.WALK_SLOWEST, minutes + rules.WALK_LEAST_MIN)
    if not stated.exact and not stated.about:
        return "inferable" if stated.high >= low and stated.low <= high else "contradicted"
    return "inferable" if low - 1e-9 <= stated.low <= high + 1e-9 else "contradicted"


def difference_status(name: str, stated: Quantity, truth: float, *, scale: float) -> ClaimStatus:
    """A stated difference of two values (both positive) against the true one; ``scale``: the larger value, for rounding."""
    if name == "rating":
        exact, about = rules.RATING_EXACT, rules.RATING_ABOUT
    elif name == "price":
        exact, about = rules.PRICE_EXACT, max(rules.PRICE_ABOUT_LEAST, rules.PRICE_ABOUT_SHARE * truth)
    else:
        exact = max(rules.DIFFERENCE_LEAST, rules.DISTANCE_EXACT_SHARE * truth, rules.KILOMETRE_STEP * stated.kilo)
        about = max(rules.DISTANCE_ABOUT_LEAST, rules.DISTANCE_ABOUT_SHARE * truth, 0.01 * scale)
    if not stated.exact and not stated.about:
        return "inferable" if stated.low - exact <= truth <= stated.high + exact else "contradicted"
    away = abs(stated.low - truth)
    if away <= exact + 1e-9:
        return "verified" if stated.exact else "inferable"
    return "inferable" if stated.about and away <= about + 1e-9 else "contradicted"


def extreme_status(poi: Poi, among: Sequence[Poi], name: str, *, highest: bool, known: bool) -> ClaimStatus:
    """Whether a restaurant has the highest (lowest) value of a set. Ties satisfy; a missing value proves nothing unless ``known``."""
    own = value(poi, name)
    others = [value(one, name) for one in among if one.poi_id != poi.poi_id]
    if own is None:
        return "unsupported"
    numbers = [one for one in others if one is not None]
    if any((one > own + 1e-9) if highest else (one < own - 1e-9) for one in numbers):
        return "contradicted"
    return "verified" if known or len(numbers) == len(others) else "unsupported"


def share_status(stated: Quantity, own: float, other: float, *, more: bool, times: bool) -> ClaimStatus:
    """高约28%, 远一倍多: a stated ratio of two values. 贵一倍 is twice as much."""
    if other <= 0:
        return "unsupported"
    truth = (own / other - 1) if more else (1 - own / other)
    low, high = (stated.low, stated.high) if times else (stated.low / 100, stated.high / 100)
    if truth <= 0:
        return "contradicted"
    slack = max(rules.SHARE_SLACK, 0.1 * truth) if stated.about or not stated.exact else rules.SHARE_SLACK
    if times:
        slack = max(slack, 0.15)
        high = high + 0.99 if high == low and not stated.exact else high
    return "inferable" if low - slack <= truth <= high + slack else "contradicted"


def shift(minute: int) -> int:
    """A minute of any day as one of a single day."""
    return minute % DAY_MIN
