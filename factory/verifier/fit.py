"""Whether a restaurant fits a wish, and by how much it misses: the one function that everybody asks. Pure.

The verifier's wish rules, "nothing fits", the agent's prompt (which words this rule), the simulated teacher, the measures of
students and the planner's checks call ``misses``. Order of the misses: gravest first.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from factory.geo import distance_m
from factory.maps.cuisines import cuisine_source
from factory.records import CuisineSource, Place, Poi, Wish
from factory.verifier import rules
from factory.verifier.diets import Conflict, conflict
from factory.verifier.hours import MealTime, Span, hours_of_texts, meal_time, status_of

MissKind = Literal["closed", "cuisine", "radius", "budget", "hours", "diet", "need"]
Side = Literal["over", "under", "unknown", ""]
_MEAL_WORDS = {
    "早餐": ("早餐", "早饭", "早点", "breakfast"),
    "午餐": ("午餐", "午饭", "中饭", "中餐时间", "lunch"),
    "下午茶": ("下午茶", "afternoon tea"),
    "晚餐": ("晚餐", "晚饭", "dinner"),
    "夜宵": ("夜宵", "宵夜", "消夜", "late night"),
}


@dataclass(slots=True, init=False, unsafe_hash=True)
class Miss:
    """One way in which a restaurant misses a wish.

    ``amount``: metres beyond the radius, CNY above or below the budget, or the minutes of the meal that it is open (the most
    of any day); ``side``: above or below, or not known; ``detail``: what shows it (the dishes, a status, a cuisine, a need);
    ``where``: for a diet, what speaks against it: name, cuisine, dish or proof (nothing shows that it is met).
    ``sure`` is false on the very edge and where one dish among others stands against a diet: nobody is blamed for naming
    such a restaurant, nor for passing it over.
    """

    kind: MissKind
    amount: float | None
    side: Side
    detail: str
    where: str
    sure: bool

    def __init__(
        self,
        kind: MissKind,
        amount: float | None = None,
        side: Side = "",
        detail: str = "",
        where: str = "",
        sure: bool = True,
    ) -> None:
        self.kind = kind
        self.amount = amount
        self.side = side
        self.detail = detail
        self.where = where
        self.sure = sure


def misses(poi: Poi, wish: Wish, place: Place | None = None) -> tuple[Miss, ...]:
    """Every miss; empty: it fits. ``place`` recomputes the distance, else ``poi.distance_m`` counts."""
    found = (
        _closed(poi),
        _cuisine(poi, wish),
        _radius(poi, wish, place),
        _budget(poi, wish),
        _hours(poi, wish),
        _diet(poi, wish),
        *(_need(poi, need) for need in wish.needs),
    )
    return tuple(miss for miss in found if miss is not None)


@lru_cache(maxsize=1 << 13)
def misses_of(poi: Poi, wish: Wish) -> tuple[Miss, ...]:
    """``misses``, by the distance that the restaurant has; the answers of an order ask it again and again."""
    return misses(poi, wish)


def fits(poi: Poi, wish: Wish, place: Place | None = None) -> bool:
    """Whether it fits beyond doubt: such a restaurant makes "nothing fits" false."""
    return not misses(poi, wish, place)


def sure_misses(poi: Poi, wish: Wish, place: Place | None = None) -> tuple[Miss, ...]:
    """The misses that an answer must say when it lists the restaurant; it is then no recommendation."""
    return tuple(miss for miss in misses(poi, wish, place) if miss.sure)


def is_known_to_fit(poi: Poi, wish: Wish) -> bool:
    """Whether it fits by what the map tells: with a meal in the wish, its hours are known. It makes "nothing fits" a lie."""
    return not misses_of(poi, wish) and (
        meal_window(wish.meal_time) is None or open_for_meal(poi, wish.meal_time) is not None
    )


def may_fit(poi: Poi, wish: Wish) -> bool:
    """Whether only what the map does not tell (a price, hours, a tag) keeps it from being known to fit.

    Where nobody is known to fit and such a restaurant is there, "none is known to fit" and "its price is unknown" are right, and a
    flat "nothing fits" is neither right nor wrong.
    """
    return not is_known_to_fit(poi, wish) and all(miss.side == "unknown" for miss in misses_of(poi, wish))


def shows_cuisine(poi: Poi, cuisine: str) -> CuisineSource | None:
    """What shows that a restaurant is of a cuisine: its code, its key words, its name; ``None``: nothing does."""
    if poi.cuisine == cuisine:
        return poi.cuisine_source or "code"
    tags = dict(poi.tags)
    # A row from a shard has no code any more: one whose cuisine came from its code is not read by its name.
    coded = poi.cuisine is not None and poi.cuisine_source in {None, "code", "tag"}
    name, kind = ("", None) if coded else (poi.name, poi.type)
    return cuisine_source(cuisine, name, poi.typecode, kind, tags.get("keytag"), tags.get("rectag"))


def meal_of(text: str | None) -> str | None:
    """The meal that a wish's word names, as rules.MEAL_WINDOWS has it."""
    flat = (text or "").lower()
    return next((meal for meal, words in _MEAL_WORDS.items() if any(word in flat for word in words)), None)


def meal_window(text: str | None) -> Span | None:
    """When that meal is eaten."""
    meal = meal_of(text)
    return None if meal is None else rules.MEAL_WINDOWS[meal]


def open_for_meal(poi: Poi, meal: str | None) -> MealTime | None:
    """How long it is open within a meal's window, day by day; ``None``: no such meal, or hours not known."""
    return _open_for_meal(poi.open_hours, poi.open_week, meal)


@lru_cache(maxsize=1 << 13)
def _open_for_meal(today: str | None, week: str | None, meal: str | None) -> MealTime | None:
    """Kept: many restaurants have the same hours, and every answer asks of all of them."""
    window = meal_window(meal)
    return None if window is None else meal_time(hours_of_texts(today, week), window)


def _closed(poi: Poi) -> Miss | None:
    status = poi.status if poi.status in {"resting", "closed"} else status_of(poi.name, poi.open_hours)
    return Miss("closed", detail=status) if status in {"resting", "closed"} else None


def _cuisine(poi: Poi, wish: Wish) -> Miss | None:
    if not wish.cuisine or shows_cuisine(poi, wish.cuisine) is not None:
        return None
    return Miss("cuisine", side="" if poi.cuisine else "unknown", detail=poi.cuisine or "")


def _radius(poi: Poi, wish: Wish, place: Place | None) -> Miss | None:
    far = poi.distance_m if place is None else round(distance_m(place.lng, place.lat, poi.lng, poi.lat))
    if far is None:
        return Miss("radius", side="unknown")
    if far <= wish.radius_m:
        return None
    return Miss("radius", float(far - wish.radius_m), "over", sure=far > wish.radius_m * rules.RADIUS_SLACK)


def _budget(poi: Poi, wish: Wish) -> Miss | None:
    low, high, cost = wish.budget_min_cny, wish.budget_max_cny, poi.cost_cny
    if low is None and high is None:
        return None
    if cost is None:
        return Miss("budget", side="unknown")
    if high is not None and cost > high:
        return Miss("budget", cost - high, "over")
    return Miss("budget", low - cost, "under") if low is not None and cost < low else None


def _hours(poi: Poi, wish: Wish) -> Miss | None:
    """Not open for the meal. Hours that are not known fit: they may only not be claimed."""
    meal = open_for_meal(poi, wish.meal_time)
    if meal is None or meal.least >= rules.OPEN_LEAST_MIN:
        return None
    days = len(meal.minutes)
    # A wish names no weekday: one or two days off a week leave the rest to go; who lists it may say so.
    enough = meal.open_days() >= (1 if days == 1 else days * rules.MEAL_DAYS_LEAST / 7)
    return Miss("hours", float(meal.most), "under", detail=wish.meal_time or "", sure=not enough)


def _diet(poi: Poi, wish: Wish) -> Miss | None:
    against: Conflict | None = conflict(poi, wish.diet) if wish.diet else None
    if against is None:
        return None
    side: Side = "unknown" if against.where == "proof" else ""
    return Miss("diet", side=side, detail=against.what, where=against.where, sure=against.sure)


def _need(poi: Poi, need: str) -> Miss | None:
    key, _, value = need.partition("=")
    held = dict(poi.tags).get(key)
    if held == (value or "yes"):
        return None
    return Miss("need", side="unknown" if held is None else "", detail=need)
