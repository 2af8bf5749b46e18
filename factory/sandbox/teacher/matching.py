"""Which shown restaurants meet a wish, by how much the others miss it, and what is still to be searched.

Second step of a teacher's turn: from the records that reading.py made to the plan that teacher.py acts on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from factory.records import Poi, Wish
from factory.sandbox.teacher.reading import Search, Shown
from factory.verifier import fit

ENOUGH = 3
"""Matches that a wish needs before no further page is asked for."""
LAST_PAGE = 8
"""AMap stops at 200 rows, that is 8 pages of 25: asking further is useless."""
SHARED_RADIUS_M = 2000
POOR_RATING = 3.0
MEALS = frozenset({"火锅", "烧烤", "海鲜", "茶餐厅"})

MissKind = Literal[
    "closed", "cuisine", "radius", "over_budget", "under_budget", "price_unknown", "hours", "diet", "need"
]
_WEIGHTS: dict[str, float] = {
    "closed": 50.0,
    "cuisine": 3.0,
    "price_unknown": 2.0,
    "hours": 2.5,
    "diet": 2.0,
    "need": 1.5,
}


@dataclass(frozen=True, slots=True)
class MissedWish:
    """One way in which a restaurant misses a wish; ``weight`` orders the nearest alternatives (less is nearer)."""

    kind: MissKind
    weight: float
    detail: str = ""
    where: str = ""
    sure: bool = True


@lru_cache(maxsize=1 << 10)
def misses(poi: Shown, wish: Wish) -> tuple[MissedWish, ...]:
    """Everything that keeps this restaurant from meeting the wish, doubtful misses too; empty when it fits.

    Kept for a moment: whether to search on and what to write both ask it of all that was shown.
    """
    return tuple(_weighed(miss, poi, wish) for miss in fit.misses(as_poi(poi), wish))


def as_poi(poi: Shown) -> Poi:
    """What a tool showed as the record that the fit rule reads; it showed a distance instead of coordinates."""
    return Poi(
        poi_id=poi.poi_id,
        name=poi.name,
        address=poi.address,
        lng=0.0,
        lat=0.0,
        cuisine=poi.cuisine,
        rating=poi.rating,
        cost_cny=poi.cost_cny,
        distance_m=poi.distance_m,
        open_hours=poi.open_hours,
        open_week=poi.open_week,
        tel=poi.tel,
        specialities=poi.specialities,
        tags=poi.tags,
        status="resting" if poi.status == "resting" else "closed" if poi.status == "closed" else None,
    )


def _weighed(miss: fit.Miss, poi: Shown, wish: Wish) -> MissedWish:
    if miss.kind == "radius":
        return MissedWish("radius", (poi.distance_m or 9999) / wish.radius_m)
    if miss.kind == "budget":
        if miss.side == "unknown":
            return MissedWish("price_unknown", _WEIGHTS["price_unknown"])
        cost = max(poi.cost_cny or 0.0, 1.0)
        if miss.side == "over":
            return MissedWish("over_budget", cost / (wish.budget_max_cny or 1))
        return MissedWish("under_budget", (wish.budget_min_cny or 0) / cost)
    weight = _WEIGHTS[miss.kind] if miss.sure else _WEIGHTS[miss.kind] / 2
    return MissedWish(miss.kind, weight, miss.detail, miss.where, sure=miss.sure)


def shown_pois(searches: Iterable[Search]) -> list[Shown]:
    """Every restaurant shown so far, once, in the order of showing."""
    return list({poi.poi_id: poi for search in searches for poi in search.pois}.values())


def fitting(pois: Sequence[Shown], wish: Wish) -> list[Shown]:
    """The restaurants that meet the wish in everything."""
    return [poi for poi in pois if not misses(poi, wish)]


def alternatives(pois: Sequence[Shown], wish: Wish, count: int) -> list[Shown]:
    """The restaurants nearest to the wish among those that miss it, nearest first; those of the cuisine go before."""

    def farness(poi: Shown) -> tuple[float, str]:
        doubtful = (poi.rating is not None and poi.rating < POOR_RATING) + (not is_meal(poi.cuisine))
        return sum(2.0 + miss.weight for miss in misses(poi, wish)) + 1.5 * doubtful, poi.poi_id

    return sorted(pois, key=farness)[:count]


def is_meal(cuisine: str | None) -> bool:
    """Whether a cuisine word names something that one goes to eat, rather than coffee, cake or "mixed"."""
    return cuisine is not None and (cuisine.endswith(("菜", "料理", "餐")) or cuisine in MEALS)


@dataclass(frozen=True, slots=True)
class SentSearch:
    """One search to send."""

    cuisine: str | None
    radius_m: int
    page: int


def first_searches(wishes: Iterable[Wish]) -> list[SentSearch]:
    """One search per cuisine, so wide that all its wishes share it (the map's client rounds up to 2 km anyway)."""
    radius: dict[str, int] = {}
    for wish in wishes:
        radius[wish.cuisine] = max(radius.get(wish.cuisine, SHARED_RADIUS_M), wish.radius_m)
    return [SentSearch(cuisine, radius_m, 1) for cuisine, radius_m in radius.items()]


def further_searches(wishes: Sequence[Wish], searches: Sequence[Search]) -> list[SentSearch]:
    """Next pages for wishes with too few matches, then any-cuisine searches for wishes that nothing comes near to.

    Pages are asked 1, 1, 2, 4 at a time: most wishes need one more, and a step costs a model call.
    """
    pois = shown_pois(searches)
    asks: dict[tuple[str | None, int], SentSearch] = {}
    for wish in wishes:
        matches = fitting(pois, wish)
        if len(matches) >= ENOUGH:
            continue
        mine = [search for search in searches if search.cuisine == wish.cuisine and not search.failed]
        if not exhausted(mine, wish):
            for ask in _next_pages(mine, wish.cuisine):
                asks.setdefault((ask.cuisine, ask.page), ask)
        elif not matches and not any(poi.cuisine == wish.cuisine for poi in pois):
            anything = [search for search in searches if search.cuisine is None]
            if not anything:
                asks.setdefault((None, 1), SentSearch(None, max(SHARED_RADIUS_M, wish.radius_m), 1))
    return list(asks.values())


def exhausted(searches: Sequence[Search], wish: Wish) -> bool:
    """Whether these searches of the wish's cuisine have shown everything inside its radius."""
    return any(
        (search.is_last and search.radius_m >= wish.radius_m)
        or search.covered_m >= wish.radius_m
        or search.page >= LAST_PAGE
        for search in searches
    )


def _next_pages(mine: Sequence[Search], cuisine: str) -> list[SentSearch]:
    if not mine:
        return []
    page = max(search.page for search in mine)
    radius_m = max(search.radius_m for search in mine)
    return [
        SentSearch(cuisine, radius_m, page + step) for step in range(1, max(1, page) + 1) if page + step <= LAST_PAGE
    ]
