"""The invented cities as one searchable world: around a point, by words in a city, by id.

Everything is a pure function of the seed and is made when first touched; what was made lately is kept. The map server
(amap_server*.py) is the only reader.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from factory.sandbox.city.names import VARIANT, TileNames, name_tile
from factory.sandbox.city.pois import GENERAL, SandboxPoi, describe, landmark_poi, poi_id, read_poi_id
from factory.sandbox.city.tables import City, distances_m, in_china, landmarks, nearest_city
from factory.sandbox.city.tiles import KM_PER_DEG, TILE_DEG, Tile, make_tile, tile_of
from factory.sandbox.city.words import PoiKind, kinds

TILES_KEPT: Final = 2048
NAMES_KEPT: Final = 1024
CITY_RADIUS_M: Final = 8_000
"""A search by words looks this far around the city's centre."""


@dataclass(frozen=True, slots=True)
class Query:
    """What a search wants: any of ``codes`` (type code prefixes) and any of ``words``; empty means no condition."""

    codes: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    by_weight: bool = False


@dataclass(frozen=True, slots=True)
class Hits:
    """All hits of a search in order: ids and straight distances in metres from its centre."""

    ids: tuple[str, ...]
    distances_m: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.ids)


class World:
    """Every invented city of one seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._tile: Callable[[int, int], Tile] = lru_cache(TILES_KEPT)(self._make_tile)
        self._names: Callable[[int, int], TileNames] = lru_cache(NAMES_KEPT)(self._make_names)
        self._marks = tuple(landmark_poi(mark, number) for number, mark in enumerate(landmarks()))
        self._mark_by_id = {mark.poi_id: mark for mark in self._marks}
        self._mark_lng = np.array([mark.lng for mark in self._marks])
        self._mark_lat = np.array([mark.lat for mark in self._marks])

    def _make_tile(self, ix: int, iy: int) -> Tile:
        return make_tile(self.seed, ix, iy)

    def _make_names(self, ix: int, iy: int) -> TileNames:
        return name_tile(self.seed, self._tile(ix, iy))

    def landmarks(self) -> Sequence[SandboxPoi]:
        """The real places of the list, as pois."""
        return self._marks

    def poi(self, wanted: str) -> SandboxPoi | None:
        """One poi by id, or None."""
        if wanted in self._mark_by_id:
            return self._mark_by_id[wanted]
        where = read_poi_id(wanted)
        if where is None:
            return None
        ix, iy, row = where
        # An id that nobody gave out may point anywhere on the globe: only China's tiles are made.
        if not in_china(ix * TILE_DEG, iy * TILE_DEG) or row >= len(self._tile(ix, iy)):
            return None
        return describe(self._tile(ix, iy), self._names(ix, iy), row)

    def city_at(self, lng: float, lat: float) -> City:
        """The city that a point belongs to."""
        return nearest_city(lng, lat)

    def street_at(self, lng: float, lat: float) -> tuple[str, str]:
        """The name of a street and of a small area near a point."""
        words = self._names(*tile_of(lng, lat))
        return words.streets[int(lng * 1e4) % len(words.streets)], words.areas[int(lat * 1e4) % len(words.areas)]

    def around(self, lng: float, lat: float, radius_m: float, query: Query) -> Hits:
        """All pois within ``radius_m`` that match, nearest first (or by weight)."""
        kind_fits = np.array([_kind_fits(kind.typecode, query.codes) for kind in kinds()])
        general_fits = _kind_fits(GENERAL[1], query.codes)
        hits: list[tuple[float, float, str]] = []
        for tile in self._tiles_within(lng, lat, radius_m):
            away = distances_m(lng, lat, tile.lng, tile.lat)
            fits = np.where(tile.general, general_fits, kind_fits[tile.kind])
            rows = np.flatnonzero((away <= radius_m) & fits)
            if query.words and rows.size:
                rows = self._named(tile, rows, query.words)
            weights = tile.draws[rows, VARIANT].tolist()
            hits.extend(
                (metres, weight, poi_id(tile.ix, tile.iy, row))
                for row, metres, weight in zip(rows.tolist(), away[rows].tolist(), weights, strict=True)
            )
        hits.extend(self._marks_within(lng, lat, radius_m, query))
        hits.sort(key=(lambda hit: (-hit[1], hit[2])) if query.by_weight else (lambda hit: (hit[0], hit[2])))
        return Hits(tuple(hit[2] for hit in hits), tuple(round(hit[0]) for hit in hits))

    def in_city(self, city: City, query: Query) -> Hits:
        """All pois of a city's middle that match, and its landmarks, by weight."""
        hits = self.around(city.lng, city.lat, CITY_RADIUS_M, query)
        marks = [mark.poi_id for mark in self._marks if mark.city is city and _mark_fits(mark, query)]
        rest = [wanted for wanted in hits.ids if wanted not in self._mark_by_id]
        ids = (*marks, *rest)
        return Hits(ids, (0,) * len(ids))

    def _tiles_within(self, lng: float, lat: float, radius_m: float) -> list[Tile]:
        reach_lat = radius_m / (KM_PER_DEG * 1000)
        reach_lng = reach_lat / max(0.1, float(np.cos(np.radians(abs(lat) + reach_lat))))
        west, south = tile_of(lng - reach_lng, lat - reach_lat)
        east, north = tile_of(lng + reach_lng, lat + reach_lat)
        tiles = (self._tile(ix, iy) for ix in range(west, east + 1) for iy in range(south, north + 1))
        return [tile for tile in tiles if len(tile)]

    def _named(self, tile: Tile, rows: np.ndarray, words: tuple[str, ...]) -> np.ndarray:
        """The rows whose name, kind or type holds one of ``words``."""
        table, called = kinds(), self._names(tile.ix, tile.iy).names
        fitting = {index for index, kind in enumerate(table) if any(_says(kind, word) for word in words)}
        kept = [
            row for row in rows.tolist() if int(tile.kind[row]) in fitting or any(word in called[row] for word in words)
        ]
        return np.array(kept, dtype=np.intp)

    def _marks_within(self, lng: float, lat: float, radius_m: float, query: Query) -> list[tuple[float, float, str]]:
        away = distances_m(lng, lat, self._mark_lng, self._mark_lat)
        close = np.flatnonzero(away <= radius_m).tolist()
        return [(float(away[i]), 1.0, self._marks[i].poi_id) for i in close if _mark_fits(self._marks[i], query)]


def _kind_fits(typecode: str, codes: tuple[str, ...]) -> bool:
    return not codes or any(typecode.startswith(code) for code in codes)


def _says(kind: PoiKind, word: str) -> bool:
    return word == kind.word or word in kind.type


def _mark_fits(mark: SandboxPoi, query: Query) -> bool:
    if query.codes and not any(mark.typecode.startswith(code) for code in query.codes):
        return False
    return not query.words or any(word in mark.name or mark.name in word for word in query.words)
