"""Which shown restaurants meet a wish, by how much the others miss it, and what is still to be searched.

Second step of a teacher's turn: from the records that teacher_reading.py made to the plan that teacher.py acts on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from factory.records import Wish
from factory.sandbox.teacher.reading import Search, Shown

ENOUGH = 3
"""Matches that a wish needs before no further page is asked for."""
LAST_PAGE = 8
"""AMap stops at 200 rows, that is 8 pages of 25: asking further is useless."""
SHARED_RADIUS_M = 2000
POOR_RATING = 3.0
MEALS = frozenset({"火锅", "烧烤", "海鲜", "茶餐厅"})

MissKind = Literal["cuisine", "radius", "over_budget", "under_budget", "price_unknown", "diet", "need"]


@dataclass(frozen=True, slots=True)
class Miss:
    """One way in which a restaurant misses a wish; ``weight`` orders the nearest alternatives (less is nearer)."""

    kind: MissKind
    weight: float
    detail: str = ""


def misses(poi: Shown, wish: Wish) -> list[Miss]:
    """Everything that keeps this restaurant from meeting the wish; empty when it fits."""
    found = []
    if poi.cuisine != wish.cuisine:
        found.append(Miss("cuisine", 3.0))
    if poi.distance_m is None or poi.distance_m > wish.radius_m:
        found.append(Miss("radius", (poi.distance_m or 9999) / wish.radius_m))
    budget = _budget_miss(poi, wish)
    if budget:
        found.append(budget)
    if wish.diet and not _diet_shown(poi, wish.diet):
        found.append(Miss("diet", 2.0, wish.diet))
    if wish.needs:
        tags = dict(poi.tags)
        found += [Miss("need", 1.5, need) for need in wish.needs if not has_need(tags, need)]
    return found


def _budget_miss(poi: Shown, wish: Wish) -> Miss | None:
    low, high = wish.budget_min_cny, wish.budget_max_cny
    if low is None and high is None:
        return None
    if poi.cost_cny is None:
        return Miss("price_unknown", 2.0)
    if high is not None and poi.cost_cny > high:
        return Miss("over_budget", poi.cost_cny / high)
    if low is not None and poi.cost_cny < low:
        return Miss("under_budget", low / max(poi.cost_cny, 1.0))
    return None


def _diet_shown(poi: Shown, diet: str) -> bool:
    """Only vegetarian and halal can be shown by a map; every other diet is a word to the kitchen, not a filter."""
    words = {"素食": ("素", "diet:vegetarian"), "清真": ("清真", "diet:halal")}.get(diet)
    if words is None:
        return True
    word, tag = words
    return word in (poi.cuisine or "") or word in poi.name or dict(poi.tags).get(tag) in ("yes", "only")


def has_need(tags: dict[str, str], need: str) -> bool:
    """Whether the tags hold a need, written ``key`` or ``key=value``."""
    key, _, value = need.partition("=")
    return tags.get(key) == (value or "yes")


def shown_pois(searches: Iterable[Search]) -> list[Shown]:
    """Every restaurant shown so far, once, in the order of showing."""
    return list({poi.poi_id: poi for search in searches for poi in search.pois}.values())


def fitting(pois: Sequence[Shown], wish: Wish) -> list[Shown]:
    """The restaurants that meet the wish in everything."""
    return [poi for poi in pois if poi.cuisine == wish.cuisine and not misses(poi, wish)]


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
class Ask:
    """One search to send."""

    cuisine: str | None
    radius_m: int
    page: int


def first_searches(wishes: Iterable[Wish]) -> list[Ask]:
    """One search per cuisine, so wide that all its wishes share it (the map's client rounds up to 2 km anyway)."""
    radius: dict[str, int] = {}
    for wish in wishes:
        radius[wish.cuisine] = max(radius.get(wish.cuisine, SHARED_RADIUS_M), wish.radius_m)
    return [Ask(cuisine, radius_m, 1) for cuisine, radius_m in radius.items()]


def further_searches(wishes: Sequence[Wish], searches: Sequence[Search]) -> list[Ask]:
    """Next pages for wishes with too few matches, then any-cuisine searches for wishes that nothing comes near to.

    Pages are asked 1, 1, 2, 4 at a time: most wishes need one more, and a step costs a model call.
    """
    pois = shown_pois(searches)
    asks: dict[tuple[str | None, int], Ask] = {}
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
                asks.setdefault((None, 1), Ask(None, max(SHARED_RADIUS_M, wish.radius_m), 1))
    return list(asks.values())


def exhausted(searches: Sequence[Search], wish: Wish) -> bool:
    """Whether these searches of the wish's cuisine have shown everything inside its radius."""
    return any(
        (search.is_last and search.radius_m >= wish.radius_m)
        or search.covered_m >= wish.radius_m
        or search.page >= LAST_PAGE
        for search in searches
    )


def _next_pages(mine: Sequence[Search], cuisine: str) -> list[Ask]:
    if not mine:
        return []
    page = max(search.page for search in mine)
    radius_m = max(search.radius_m for search in mine)
    return [Ask(cuisine, radius_m, page + step) for step in range(1, max(1, page) + 1) if page + step <= LAST_PAGE]
