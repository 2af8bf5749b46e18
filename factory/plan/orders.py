"""The plan: which user needs stand where, as a pure function of the seed, the places and an index.

First step of a sample's way. An order is one visit to a place with k wishes over two cuisines, so that its agent needs
two searches; orders at one place come back to the same three cuisines until their wishes are used up, so that orders
share searches (``PLACES_PER_STAGE`` x 3 searches serve about 12,000 slots). N is no part of it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from itertools import product
from typing import TypeVar

from factory.plan.split import CellSide, hash_fraction, split_of
from factory.plan.vocabulary import (
    DIETS_PROVED,
    OCCASIONS,
    STYLES,
    PlaceWords,
    WishWords,
    diet_goes_with,
    held_at,
    meals_of,
    taste_goes_with,
)
from factory.records import Order, Place, Wish

T = TypeVar("T")

PLACES_PER_STAGE = 135
"""Places visited in turn before their cuisines are used up. At N=10,000 it keeps searches per sample under 0.1 while
N=1,000 still stands at 135 places."""
CUISINES_PER_STAGE = 3
HARD_SHARE = 0.10
"""Slots planned to be hard: a tight radius (half), a very low budget (a third), a rare cuisine (the rest)."""
Occasion = tuple[str, int, int]
"""Its name, the smallest and the largest sensible party."""
Pair = tuple[str | None, Occasion | None]
"""A meal and an occasion."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that decides the orders; ``places`` are in visiting order.

    ``here``: by place id, what may be wished for there; a place that is not in it takes all of ``words``.
    """

    run_id: str
    seed: int
    k: int
    places: tuple[Place, ...]
    words: WishWords
    sides: Mapping[str, CellSide]
    here: Mapping[str, PlaceWords] = field(default_factory=dict)

    @property
    def combinations(self) -> int:
        """Distinct (taste, budget, need) of one cuisine at one place."""
        return len(self.words.tastes) * len(self.words.budgets_cny) * len(self.words.needs)

    @property
    def rounds(self) -> int:
        """Orders at one place in one stage: enough to use up the combinations of its cuisines."""
        return CUISINES_PER_STAGE * math.ceil(self.combinations / self.k)

    @property
    def groups(self) -> int:
        """Stages that it takes until a place has been asked for every cuisine."""
        return math.ceil(len(self.words.cuisines) / CUISINES_PER_STAGE)

    @property
    def capacity(self) -> int:
        """Distinct wishes that this plan can give (slots, before checking)."""
        if self.here:
            each = len(self.words.tastes) * len(self.words.budgets_cny)
            return self.situations * each * self._fewest_pairs // self.k * self.k
        cuisines = self.groups * CUISINES_PER_STAGE
        return len(self.places) * cuisines * self.combinations * self.laps // self.k * self.k

    @property
    def laps(self) -> int:
        """How often every cuisine can be gone through, each time with another meal or occasion."""
        return self._fewest_pairs // self._turns(None)

    @property
    def _fewest_pairs(self) -> int:
        return min(len(pairs_of(cuisine)) for cuisine in self.words.cuisines)

    def _turns(self, place: Place | None) -> int:
        """How often a cuisine stands in one round of all groups: more than once where they are no multiple of three."""
        cuisines = self.words.cuisines if place is None else self._cuisines(place)
        return math.ceil(self.groups * CUISINES_PER_STAGE / len(cuisines))

    @property
    def situations(self) -> int:
        """(place, cuisine, need) that the map can answer, as far as it knows beforehand."""
        return sum(len(self._needs(place, cuisine)) for place in self.places for cuisine in self._cuisines(place))

    def _cuisines(self, place: Place) -> tuple[str, ...]:
        wishable = self.here.get(place.place_id)
        return self.words.cuisines if wishable is None else wishable.cuisines

    def _needs(self, place: Place, cuisine: str) -> tuple[str, ...]:
        wishable = self.here.get(place.place_id)
        return self.words.needs if wishable is None else wishable.needs_of(cuisine)

    def order(self, index: int) -> Order:
        """The order with this index. Raises IndexError when the plan is exhausted."""
        if not 0 <= index * self.k < self.capacity:
            raise IndexError(index)
        place, turn, group = self._visit(index)
        wishes = tuple(self._wish(place, group, turn, slot) for slot in range(self.k))
        return Order(
            order_id=f"{self.run_id}-{index:06d}",
            run_id=self.run_id,
            index=index,
            place=place,
            wishes=wishes,
            splits=tuple(split_of(place, wish, self.sides) for wish in wishes),
            seed=int(hash_fraction(self.seed, "order", index) * 2**31),
        )

    def _visit(self, index: int) -> tuple[Place, int, int]:
        """Place, how often it was visited for this group of cuisines before, and the group."""
        per_sweep = len(self.places) * self.rounds
        sweep, rest = divmod(index, per_sweep)
        stage, within = divmod(rest, PLACES_PER_STAGE * self.rounds)
        first = stage * PLACES_PER_STAGE
        block = min(PLACES_PER_STAGE, len(self.places) - first)
        turn, position = divmod(within, block)
        lap, group = divmod(sweep, self.groups)
        return self.places[first + position], lap * self.rounds + turn, group

    def _cuisine(self, place: Place, group: int, member: int) -> tuple[str, int]:
        """The cuisine, and how often the groups before used it: more than 0 where they are no multiple of three."""
        ranked = _ranked(self._cuisines(place), self.seed, place.place_id)
        wraps, position = divmod(group * CUISINES_PER_STAGE + member, len(ranked))
        return ranked[position], wraps

    def _wish(self, place: Place, group: int, turn: int, slot: int) -> Wish:
        """Slot ``slot`` of the ``turn``-th order: 3 of 5 go to one cuisine of the group, the rest to the next."""
        major = math.ceil(self.k * 0.6)
        primary = slot < major
        member = (turn + (0 if primary else 1)) % CUISINES_PER_STAGE
        # Within three turns each cuisine is once primary (major slots) and once secondary (the rest): k slots in all.
        # As secondary it comes one turn before it is primary, so the count within the three turns is stable.
        before = (turn // CUISINES_PER_STAGE) * self.k + (slot + (self.k - major) if primary else slot - major)
        cuisine, wraps = self._cuisine(place, group, member)
        combinations = _combinations(self.words, self.seed, place.place_id, cuisine, self._needs(place, cuisine))
        lap, nth = divmod(before, len(combinations))
        lap = lap * self._turns(place) + wraps
        taste, budget, need = combinations[nth]
        where = (self.seed, place.place_id, cuisine, taste, budget, need)
        meal_time, occasion = _pair(cuisine, lap, *where)
        wish = Wish(
            cuisine=cuisine,
            taste=taste,
            budget_min_cny=budget[0],
            budget_max_cny=budget[1],
            radius_m=_pick(self.words.radii_m, "radius", lap, *where),
            party_size=_party(occasion, lap, *where),
            occasion=occasion[0] if occasion else None,
            diet=self._diet(cuisine, taste, lap, *where),
            meal_time=meal_time,
            style=_pick(STYLES, "style", lap, *where),
            needs=(need,) if need else (),
        )
        if hash_fraction("hard", lap, *where) < HARD_SHARE:
            return self._harden(wish, place, hash_fraction("how", lap, *where))
        return wish

    def _diet(self, cuisine: str, taste: str | None, *where: object) -> str | None:
        asked = [diet for diet in self.words.diets_asked if diet_goes_with(diet, cuisine=cuisine, taste=taste)]
        return _pick(asked, "diet", *where) if asked and _rare("diet?", 0.12, *where) else None

    def _harden(self, wish: Wish, place: Place, how: float) -> Wish:
        """Make a wish that the map can probably not fulfil; the map decides whether it does."""
        low = self.words.low_budget_cny
        if 0.5 <= how < 0.83 and low is not None:
            return replace(wish, hard=True, budget_min_cny=low[0], budget_max_cny=low[1])
        if how >= 0.83 and self.words.rare_cuisines:
            # One rare cuisine a place: its empty listing is then asked for once.
            rare = _pick(self.words.rare_cuisines, "rare", self.seed, place.place_id)
            return self._rarely(wish, rare, how)
        return replace(wish, hard=True, radius_m=_pick(self.words.tight_radii_m, "tight", how))

    def _rarely(self, wish: Wish, rare: str, how: float) -> Wish:
        """The wish for a rare cuisine: what does not go with that one is asked for otherwise or left out."""
        diet = next((diet for diet in DIETS_PROVED if rare[0] == diet[0]), wish.diet)
        tastes = [
            taste
            for taste in self.words.tastes
            if taste_goes_with(taste, rare) and (diet is None or diet_goes_with(diet, cuisine=rare, taste=taste))
        ]
        return replace(
            wish,
            hard=True,
            cuisine=rare,
            taste=wish.taste if wish.taste in tastes or not tastes else _pick(tastes, "taste", how, rare),
            diet=diet if diet is None or diet_goes_with(diet, cuisine=rare, taste=None) else None,
            meal_time=wish.meal_time if wish.meal_time in meals_of(rare) else None,
        )


def visiting_order(places: tuple[Place, ...], seed: int) -> tuple[Place, ...]:
    """Places in an order that depends on the seed only, so that a few orders already stand in many cities."""
    return tuple(sorted(places, key=lambda place: hash_fraction(seed, "visit", place.place_id)))


# Every wish at a place asks for these again; a stage visits 135 places x 3 cuisines in turn, so that many are kept.
@lru_cache(maxsize=1024)
def _ranked(cuisines: tuple[str, ...], seed: int, place_id: str) -> tuple[str, ...]:
    return tuple(sorted(cuisines, key=lambda word: hash_fraction(seed, place_id, word)))


@lru_cache(maxsize=1024)
def _combinations(
    words: WishWords, seed: int, place_id: str, cuisine: str, needs: tuple[str, ...]
) -> tuple[tuple[str | None, tuple[int | None, int | None], str], ...]:
    combos = product(words.tastes, words.budgets_cny, needs)
    return tuple(sorted(combos, key=lambda combo: hash_fraction(seed, place_id, cuisine, combo)))


def _pick(choices: Sequence[T], *where: object) -> T:
    return choices[int(hash_fraction(*where) * len(choices))]


def _rare(what: str, share: float, *where: object) -> bool:
    return hash_fraction(what, *where) < share


@cache
def pairs_of(cuisine: str) -> tuple[Pair, ...]:
    """Every meal that a cuisine serves with every occasion that is held at it; either may be left open."""
    meals, occasions = (None, *meals_of(cuisine)), (None, *OCCASIONS)
    return tuple(pair for pair in product(meals, occasions) if pair[1] is None or held_at(pair[1][0], pair[0]))


def _pair(cuisine: str, lap: int, *where: object) -> Pair:
    """Meal time and occasion. The first lap often leaves one out; later laps walk on: no pair comes twice."""
    pairs = pairs_of(cuisine)
    meal = None if _rare("meal?", 0.45, *where) else _pick(meals_of(cuisine), "meal", *where)
    held = [occasion for at, occasion in pairs if at == meal and occasion is not None]
    occasion = None if _rare("occasion?", 0.5, *where) or not held else _pick(held, "occasion", *where)
    return pairs[(pairs.index((meal, occasion)) + lap) % len(pairs)]


def _party(occasion: Occasion | None, *where: object) -> int | None:
    if occasion is None:
        return 1 + int(hash_fraction("party", *where) * 6) if _rare("party?", 0.35, *where) else None
    _, low, high = occasion
    return low + int(hash_fraction("party", *where) * (high - low + 1))
