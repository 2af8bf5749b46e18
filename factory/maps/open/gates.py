"""What may be wished for at a place, by what lies around it: a cuisine that is there, a need that restaurants of it meet. Pure.

A file-wide gate promised wheelchair access to whoever wanted Georgian food, because a tenth of all restaurants have it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from factory.maps.open.index import OpenIndex
from factory.plan.vocabulary import PlaceWords, WishWords
from factory.records import PlaceName

NEAR_M = 1_000.0
"""The smallest radius of an ordinary wish: what is met within it is met within all."""
LEAST_WITH_NEED = 2
"""Restaurants of the cuisine nearby that must be known to meet a need: one may be shut for the meal."""
LEAST_CUISINES = 3
"""A place with fewer cuisines around takes the file's own: an order needs three."""
REACH_M = 2_000.0
NAMED = 3
"""Restaurants that an answer names when as many fit."""


def words_at(index: OpenIndex, words: WishWords, lng: float, lat: float) -> PlaceWords:
    """Cuisines with a restaurant near this point, and for each the needs that some of them are known to meet."""
    near = _by_cuisine(index, index.around(lng, lat, NEAR_M)[0], words.cuisines)
    cuisines = tuple(word for word in words.cuisines if near.get(word))
    if len(cuisines) < LEAST_CUISINES:
        cuisines = words.cuisines
    needs = tuple((word, ("", *_met(index, near.get(word, ()), words.needs))) for word in cuisines)
    return PlaceWords(cuisines, needs)


def distinct_answers(index: OpenIndex, places: Iterable[PlaceName], words: WishWords) -> tuple[int, int]:
    """(answers that differ: the nearest restaurants of a cuisine and a need, each set once; restaurants in reach of a place).

    Two places side by side have the same nearest restaurants: they count as one here, since their answers can hardly differ.
    """
    sets: set[tuple[str, str, frozenset[int]]] = set()
    reached: set[int] = set()
    for place in places:
        if place.lng is None or place.lat is None:
            continue
        rows = index.around(place.lng, place.lat, REACH_M)[0]
        reached.update(rows)
        for cuisine, fitting in _by_cuisine(index, rows, words.cuisines).items():
            sets.add((cuisine, "", frozenset(fitting[:NAMED])))
            for need in _met(index, fitting, words.needs):
                sets.add((cuisine, need, frozenset([row for row in fitting if index.meets(row, need)][:NAMED])))
    return len(sets), len(reached)


def _by_cuisine(index: OpenIndex, rows: Iterable[int], cuisines: Sequence[str]) -> dict[str, list[int]]:
    wanted, near = frozenset(cuisines), defaultdict(list)
    for row in rows:
        word = index.cuisine_at(row)
        if word in wanted:
            near[word].append(row)
    return near


def _met(index: OpenIndex, rows: Iterable[int], needs: Iterable[str]) -> list[str]:
    here = tuple(rows)
    return [need for need in needs if need and sum(index.meets(row, need) for row in here) >= LEAST_WITH_NEED]
