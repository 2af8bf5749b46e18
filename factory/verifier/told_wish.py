"""A reader's claims about the wish: how far a restaurant keeps or leaves its bounds, what it fits or misses, and echoes. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Final

from factory.records import ClaimStatus, Place, Poi, Wish
from factory.verifier.acts_echoes import TASTES
from factory.verifier.deciding import difference_status, value
from factory.verifier.fit import meal_of
from factory.verifier.hours import hours_of
from factory.verifier.known import place_words
from factory.verifier.lexer import LEXICON, ROLES
from factory.verifier.scene import Scene
from factory.verifier.script import fold
from factory.verifier.told import Told, is_multiple

_BOUNDS: Final = {"budget": "price", "budget_max": "price", "budget_min": "price", "radius": "distance"}
_CONDITIONS: Final = {
    "price": "budget", "distance": "radius", "预算": "budget", "距离": "radius", "价格": "budget", "范围": "radius", "菜系": "cuisine", "meal": "hours", "时间": "hours", "时段": "hours",
    "营业时间": "hours", "needs": "need", "忌口": "diet", "taste": "diet", "open": "hours",
}  # fmt: skip
_NEEDS: Final = {
    "wheelchair": "轮椅", "takeaway": "外带", "delivery": "外卖", "outdoor_seating": "露天户外座位", "internet_access": "无线网络", "diet:vegetarian": "素食", "diet:vegan": "纯素",
    "diet:halal": "清真",
}  # fmt: skip
NEARLY: Final = 0.1
"""Of the bound: 贴着范围边上, 几乎卡在上限."""
_NEARLY: Final = re.compile("贴|边|几乎|差不多|差一?点|接近|将近|快[到要]|上下|左右|逼近|挨")
KINDS_OF_MISS: Final = frozenset({"budget", "radius", "cuisine", "hours", "diet", "need", "closed"})


def bounded(told: Told, poi: Poi, wish: Wish) -> ClaimStatus | None:
    """How a restaurant lies to a bound of the wish: over, under or within, by how much where that is told."""
    name = _BOUNDS.get(told.bound)
    if name is None or told.direction not in {"over", "under", "within", "at"}:
        return None
    truth, limit = value(poi, name), limit_of(told, wish)
    if told.direction == "within":
        return inside(poi, name, wish)
    if limit is None:
        return None
    if truth is None:
        return "unsupported"
    away = truth - limit
    if told.direction == "at":
        if abs(away) <= 1.0:
            return "verified"
        return "inferable" if _NEARLY.search(told.quote) and abs(away) <= NEARLY * limit else "contradicted"
    if (away <= 0) if told.direction == "over" else (away > 0 if told.bound == "budget_max" else away >= 0):
        return "contradicted"
    return _by(told, name, abs(away), limit, wish)


def _by(told: Told, name: str, away: float, limit: float, wish: Wish) -> ClaimStatus | None:
    if told.percent is not None:
        share = 100 * away / limit
        return "inferable" if told.percent.low - 2 <= share <= told.percent.high + 2 else "contradicted"
    if told.times is not None:
        share = (limit + away) / limit if told.direction == "over" else (limit - away) / limit
        return "inferable" if is_multiple(told.times, share) else "contradicted"
    if told.value is None:
        return "verified"
    heads = told.people or 1
    if told.people is not None and wish.party_size is not None and told.people != wish.party_size:
        return "contradicted"
    status = difference_status(name, told.value, away * heads, scale=limit + away)
    return None if status == "contradicted" and "分钟" in told.quote else status  # 多走一分钟左右


def limit_of(told: Told, wish: Wish) -> float | None:
    """The bound of the wish that a gap is told against."""
    if told.bound == "radius":
        return float(wish.radius_m)
    low, high = wish.budget_min_cny, wish.budget_max_cny
    if told.bound == "budget":
        bound = high if told.direction == "over" and high is not None else low if low is not None else high
    else:
        bound = high if told.bound == "budget_max" else low
    return None if bound is None else float(bound)


def inside(poi: Poi, name: str, wish: Wish) -> ClaimStatus | None:
    """Whether a restaurant keeps the budget or the radius."""
    truth = value(poi, name)
    low, high = (None, wish.radius_m) if name == "distance" else (wish.budget_min_cny, wish.budget_max_cny)
    if low is None and high is None:
        return None
    if truth is None:
        return "unsupported"
    return "verified" if (low or 0) <= truth <= (math.inf if high is None else high) else "contradicted"


def conditions(told: Told) -> frozenset[str]:
    """The conditions of the wish that a claim names; empty: all of them."""
    named = {_CONDITIONS.get(one, one) for one in (*told.conditions, *((told.fact,) if told.fact else ()))}
    return frozenset(named - {"all", ""})


def fits(told: Told, poi: Poi, scene: Scene) -> ClaimStatus | None:
    """It meets the conditions that are named; unknown hours fit, but are not claimed."""
    named = conditions(told)
    if not named <= KINDS_OF_MISS:
        return None
    held = [miss for miss in scene.misses(poi) if miss.sure and (not named or miss.kind in named)]
    if "hours" in named and (not scene.wish.meal_time or not hours_of(poi).known):
        return "unsupported"
    if "budget" in named and scene.wish.budget_min_cny is None and scene.wish.budget_max_cny is None:
        return None
    if not held:
        return "verified"
    if all(miss.side == "unknown" for miss in held):
        return "inferable" if told.maybe else "unsupported"  # 也许正好, of an unknown price
    return "contradicted"


def misses(told: Told, poi: Poi, scene: Scene) -> ClaimStatus | None:
    """It misses every condition that is named; without one, any."""
    named = conditions(told)
    if not named <= KINDS_OF_MISS:
        return None
    held = {miss.kind for miss in scene.misses(poi)}
    return "verified" if (named <= held if named else bool(held)) else "contradicted"


def echo(told: Told, wish: Wish, place: Place, question: str = "") -> tuple[ClaimStatus | None, str]:
    """(status, what the wish says) of what a text repeats of it. ``question``: the guest's words; what stands there is theirs."""
    answers = [
        _said(name, stated, question, place)
        or (_is_at(str(stated), place) if name == "place" else _echoed(name, stated, told, wish))
        for name, stated in told.wished
    ]
    truth = _shown(wish)
    if not answers or None in answers:
        return None, truth
    return ("verified" if all(answers) else "contradicted"), truth


def _said(name: str, stated: float | str, question: str, place: Place) -> bool:
    """Whether the guest wrote it: the very words, or a place as people shorten it (双流机场 of 双流国际机场)."""
    words = fold(str(stated)).removesuffix("附近")
    if not isinstance(stated, str) or len(words) < _FEWEST:
        return False
    rest = iter(fold(place.name))
    return words in question or (name == "place" and len(words) > _SHORT and all(char in rest for char in words))


_FEWEST: Final = 2
_SHORT: Final = 3
_AROUND: Final = frozenset("的在市省区附近周边一带这旁")


def _is_at(stated: str, place: Place) -> bool | None:
    """Whether words name the place that was asked about, and no other: 天津的 before a university of Beijing is another."""
    left = fold(stated)
    for word in sorted({fold(place.city), *place_words(place)}, key=len, reverse=True):
        left = left.replace(word, "") if word else left
    return True if set(left) <= _AROUND else None


def _echoed(name: str, stated: Any, told: Told, wish: Wish) -> bool | None:
    """Whether one field agrees; ``None`` where the wish does not tell."""
    if name in {"party", "budget_max", "budget_min", "radius"}:
        return _number_echoed(name, float(stated), told, wish)
    if name == "meal":
        meal = meal_of(str(stated))
        return None if meal is None or not wish.meal_time else meal == meal_of(wish.meal_time)
    if name == "cuisine":
        flat = fold(str(stated))
        return wish.cuisine in {str(stated), LEXICON.get(flat, ("", flat))[1]} if wish.cuisine else None
    needs = (_NEEDS.get(need.partition("=")[0], need) for need in wish.needs)
    own = fold(" ".join(str(text) for text in (wish.taste, wish.diet, wish.occasion, *needs) if text))
    roles = {role for word in LEXICON if word in fold(str(stated)) for role in ROLES[LEXICON[word][0]]}
    if own and any(sign in own for role in roles for sign in TASTES.get(role, ())):
        return True
    return True if own and set(fold(str(stated))) & set(own) - set("的不少多吃爱喜欢好想要") else None


def _number_echoed(name: str, stated: float, told: Told, wish: Wish) -> bool | None:
    fields: Mapping[str, float | None] = {
        "party": wish.party_size,
        "budget_max": wish.budget_max_cny,
        "budget_min": wish.budget_min_cny,
        "radius": wish.radius_m,
    }
    own = fields[name]
    if own is None:
        return None
    if name == "party" and told.sign != "=":
        return None
    if name.startswith("budget") and wish.party_size and stated == own * wish.party_size:
        return True  # what all of them would spend
    return abs(stated - own) < 1e-6


def _shown(wish: Wish) -> str:
    low, high = wish.budget_min_cny, wish.budget_max_cny
    budget = (
        "" if low is None and high is None else f"人均{low or 0}到{high}元" if high is not None else f"人均{low}元以上"
    )
    rows = (
        wish.cuisine,
        budget,
        f"{wish.radius_m}米以内",
        f"{wish.party_size}人" if wish.party_size else "",
        wish.meal_time,
        wish.taste,
        wish.diet,
    )
    return "，".join(row for row in rows if row)
