"""Open map data behind the map interface: answers from the index in memory, no key, no network, no quota.

What the data does not hold is not there: with OpenStreetMap nobody can wish for a price, and no answer may state one.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from factory.errors import NoSuchPlace, UsageError
from factory.geo import distance_m
from factory.maps.open.building import build, fingerprint
from factory.maps.open.gates import LEAST_CUISINES, distinct_answers, words_at
from factory.maps.open.index import SAME_PLACE_M, NamedPlace, OpenIndex
from factory.maps.open.words import NEEDS, NOT_EATEN
from factory.maps.service import PAGE_SIZE, PoiPage
from factory.plan.vocabulary import (
    BUDGETS_CNY,
    DIETS_ASKED,
    LOW_BUDGET_CNY,
    RADII_M,
    TASTES,
    TIGHT_RADII_M,
    PlaceWords,
    WishWords,
)
from factory.records import Place, PlaceName, Poi

MOST_PLACES = 300
LEAST_AROUND = 15
STAND_WITHIN_M = 1_500.0
APART_M = 60.0
LEAST_OF_CUISINE = 3
"""A cuisine that fewer restaurants have is rare: planned as a hard wish only."""
LEAST_WITH_NEED = 2
"""A need that fewer restaurants of the whole file are known to meet is none; per place and cuisine, gates.py decides."""


class OpenMap:
    """A MapService over one file of open map data."""

    def __init__(self, index: OpenIndex) -> None:
        self._index = index
        self.provider = index.provider
        self.datum = index.datum
        self.licence = index.licence
        self.attribution = index.attribution
        self.facts = index.facts
        self._words: WishWords | None = None
        self._asked = 0
        self._circles: dict[tuple[float, float, int, str | None], tuple[list[int], list[float]]] = {}

    async def locate(self, place: PlaceName) -> Place:
        """By the file's own names, or by coordinates that the list gives. Raises NoSuchPlace."""
        if place.lng is not None and place.lat is not None:
            return self._placed(place, place.lng, place.lat)
        namesakes = self._index.find(place.name)
        if not namesakes:
            raise NoSuchPlace(
                f"The file names no place {place.name}: check the spelling, or give lng and lat in PLACES."
            )
        inside = [
            other for other in namesakes if not place.city or not other.city or other.city == place.city
        ] or namesakes
        first = min(inside, key=_rank)
        if any(distance_m(first.lng, first.lat, other.lng, other.lat) > SAME_PLACE_M for other in inside):
            raise NoSuchPlace(
                f"The file knows several places named {place.name}: give lng and lat in PLACES.",
                reason="ambiguous_place",
            )
        return self._placed(place, first.lng, first.lat)

    def _placed(self, place: PlaceName, lng: float, lat: float) -> Place:
        west, south, east, north = self._index.bounds()
        margin = 0.05
        if not (west - margin <= lng <= east + margin and south - margin <= lat <= north + margin):
            raise NoSuchPlace(
                f"{place.name} ({lng:.4f}, {lat:.4f}) lies outside the extract, which reaches from {west:.3f}, {south:.3f} to "
                f"{east:.3f}, {north:.3f}.",
                reason="place_outside",
            )
        city = place.city or self._index.city_at(lng, lat)
        return Place(f"{city}/{place.name}", place.name, city, None, lng, lat, self.datum)

    async def around(
        self,
        place: Place,
        *,
        radius_m: int,
        cuisine: str | None,
        page: int,
        priority: int = 0,  # noqa: ARG002 - nobody waits
    ) -> PoiPage:
        """One page of a circle; nothing is capped."""
        key = (place.lng, place.lat, radius_m, cuisine)
        if key not in self._circles:
            self._asked += 1
            if len(self._circles) > 4096:
                self._circles.clear()
            self._circles[key] = self._index.around(place.lng, place.lat, radius_m, cuisine)
        rows, metres = self._circles[key]
        start = (page - 1) * PAGE_SIZE
        shown = list(zip(rows[start : start + PAGE_SIZE], metres[start : start + PAGE_SIZE], strict=True))
        is_last = start + PAGE_SIZE >= len(rows)
        return PoiPage(
            pois=tuple(self._index.poi(row, far) for row, far in shown),
            page=page,
            is_last=is_last,
            capped=False,
            covered_m=radius_m if is_last else int(shown[-1][1]),
            fetched_at=self._index.read_at,
        )

    async def detail(self, poi_id: str) -> Poi | None:
        """One restaurant by id."""
        row = self._index.row_of(poi_id)
        return None if row is None else self._index.poi(row)

    def requests(self) -> dict[str, int]:
        """Circles that were computed: nothing leaves the machine."""
        return {"index": self._asked} if self._asked else {}

    def used_this_month(self) -> int:
        """Nobody counts."""
        return 0

    def complete(self) -> None:
        """Open data may be kept."""

    async def aclose(self) -> None:
        """Nothing to close."""

    @property
    def least_around(self) -> int:
        """Restaurants that a place to stand at must have around it; fewer where the whole file is small."""
        return min(LEAST_AROUND, max(LEAST_OF_CUISINE, len(self._index) // 2))

    def places(self) -> tuple[PlaceName, ...]:
        """Places to stand at, taken from the file itself. Raises UsageError when it names none with restaurants around."""
        places = self._index.places_to_stand(
            MOST_PLACES, within_m=STAND_WITHIN_M, least=self.least_around, apart_m=APART_M
        )
        if not places:
            raise UsageError(
                "The file names no place with restaurants around it: give PLACES=file.csv with the columns name,city,lng,lat."
            )
        return tuple(PlaceName(place.name, place.city, place.kind, place.lng, place.lat) for place in places)

    @property
    def index(self) -> OpenIndex:
        """What the file holds."""
        return self._index

    def words_at(self, place: Place) -> PlaceWords:
        """What may be wished for at a place."""
        return words_at(self._index, self.words(), place.lng, place.lat)

    def around_count(self, place: PlaceName) -> int:
        """Restaurants around a place of the file."""
        return len(self._index.around(place.lng or 0.0, place.lat or 0.0, STAND_WITHIN_M)[0])

    def distinct_answers(self, places: Iterable[PlaceName], words: WishWords) -> tuple[int, int]:
        """See gates.distinct_answers."""
        return distinct_answers(self._index, places, words)

    def words(self) -> WishWords:
        """Wishes that this data can fulfil and prove. Raises UsageError when it knows no cuisine."""
        if self._words is None:
            self._words = self._wish_words()
        return self._words

    def _wish_words(self) -> WishWords:
        cuisines = [(word, count) for word, count in self._index.cuisines.most_common() if word not in NOT_EATEN]
        usual = tuple(word for word, count in cuisines if count >= LEAST_OF_CUISINE)
        if len(usual) < LEAST_CUISINES:  # a small file: what is there at all may be wished for
            usual = tuple(word for word, _ in cuisines)
        if not usual:
            raise UsageError(
                "The file gives no cuisine for its restaurants, so nobody can wish for one: take richer data."
            )
        tags = self._index.tag_counts()
        prices = "cost_cny" in self.facts
        return WishWords(
            cuisines=usual,
            rare_cuisines=tuple(word for word, _ in cuisines if word not in usual),
            tastes=(None, *TASTES[:4]),
            budgets_cny=BUDGETS_CNY if prices else ((None, None),),
            low_budget_cny=LOW_BUDGET_CNY if prices else None,
            radii_m=RADII_M,
            tight_radii_m=TIGHT_RADII_M,
            diets_asked=DIETS_ASKED,
            needs=("", *(need for need in NEEDS if tags[need] >= LEAST_WITH_NEED)),
        )


def open_map(path: Path, data: Path) -> tuple[OpenMap, str]:
    """The service over a file, its index made when it is not there; and the file's fingerprint."""
    print_ = fingerprint(path)
    folder = data / "open-index" / print_
    build(path, folder)
    return OpenMap(OpenIndex(folder)), print_


def _rank(place: NamedPlace) -> int:
    """A square before the street of that name."""
    return 1 if place.kind == "street" else 0
