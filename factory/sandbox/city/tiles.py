"""Where the invented pois of a city lie: tiles of 0.02 degrees, filled on first touch from a hash of seed and tile.

A tile holds numbers only (places, kinds, uniform draws as numpy arrays); pois.py turns single rows into words.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

import numpy as np

from factory.sandbox.city.tables import anchors, distances_m, in_china
from factory.sandbox.city.words import kind_steps, kinds, restaurant_share

TILE_DEG: Final = 0.02
"""About 2.2 km north to south and 1.7 to 2.1 km east to west."""
QUARTER_TILES: Final = 3
"""A quarter, dense or sparse as a whole, is 3 by 3 tiles."""
DENSE_SHARE: Final = 0.7
DENSE_PER_KM2: Final = (22.0, 31.0)
"""Restaurants; a circle of 2 km is 12.6 km2, so it holds about 190 to 325."""
SPARSE_PER_KM2: Final = (4.0, 7.0)
"""About 34 to 50 in a circle of 2 km."""
SUBURB_PER_KM2: Final = 1.6
COUNTRY_PER_KM2: Final = 0.25
URBAN_M, SUBURB_M, COUNTRY_M = 6_000.0, 14_000.0, 40_000.0
"""Distance from the nearest landmark or city centre at which one gives way to the next; beyond lies nothing."""
DRAWS: Final = 24
"""Uniform numbers per poi, one column per decision (see pois.py)."""
KM_PER_DEG: Final = 111.195
MULTI: Final = 23
"""The column that decides whether a poi is filed under two codes, or under the general one alone."""
GENERAL_DRAWS: Final = (0.03, 0.09)


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile's pois: ``kind`` indexes ``city_words.kinds()``, ``draws`` is (n, DRAWS) in [0, 1).

    ``general``: Chinese kitchens that the map files under the general code 050100.
    """

    ix: int
    iy: int
    lng: np.ndarray
    lat: np.ndarray
    kind: np.ndarray
    draws: np.ndarray
    general: np.ndarray

    def __len__(self) -> int:
        return len(self.kind)


def hash_number(*parts: object) -> int:
    """64 bits that depend on nothing but ``parts``."""
    return int.from_bytes(blake2b("\x1f".join(map(str, parts)).encode(), digest_size=8).digest(), "big")


def hash_share(*parts: object) -> float:
    """A number in [0, 1) that depends on nothing but ``parts``."""
    return hash_number(*parts) / 2**64


def tile_of(lng: float, lat: float) -> tuple[int, int]:
    """The tile that holds a point."""
    return int(np.floor(lng / TILE_DEG)), int(np.floor(lat / TILE_DEG))


def density(seed: int, ix: int, iy: int) -> float:
    """Restaurants per km2 in a tile."""
    lng, lat = (ix + 0.5) * TILE_DEG, (iy + 0.5) * TILE_DEG
    if not in_china(lng, lat):
        return 0.0
    near_m = float(distances_m(lng, lat, *anchors()).min())
    if near_m > URBAN_M:
        return SUBURB_PER_KM2 if near_m < SUBURB_M else COUNTRY_PER_KM2 if near_m < COUNTRY_M else 0.0
    quarter = (ix // QUARTER_TILES, iy // QUARTER_TILES)
    low, high = DENSE_PER_KM2 if hash_share(seed, "quarter", *quarter) < DENSE_SHARE else SPARSE_PER_KM2
    return low + (high - low) * hash_share(seed, "level", *quarter)


def make_tile(seed: int, ix: int, iy: int) -> Tile:
    """Fill one tile."""
    rng = np.random.Generator(np.random.PCG64(hash_number(seed, "tile", ix, iy)))
    lat = (iy + 0.5) * TILE_DEG
    area_km2 = (TILE_DEG * KM_PER_DEG) ** 2 * float(np.cos(np.radians(lat)))
    count = int(density(seed, ix, iy) / restaurant_share() * area_km2 + rng.random())
    draws = rng.random((count, DRAWS))
    lngs, lats = _positions(ix, iy, draws)
    kind = np.searchsorted(kind_steps(), draws[:, 2], side="right").astype(np.int16)
    special = np.array([kind.typecode.startswith("0501") and kind.typecode[-2:] > "01" for kind in kinds()])
    low, high = GENERAL_DRAWS
    general = special[kind] & (draws[:, MULTI] >= low) & (draws[:, MULTI] < high)
    return Tile(ix, iy, lngs, lats, kind, draws.astype(np.float32), general)


def _positions(ix: int, iy: int, draws: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Six decimals. A quarter of the pois stand close to a landmark of the tile, so that 500 m is worth asking for."""
    west, south = ix * TILE_DEG, iy * TILE_DEG
    lngs, lats = west + TILE_DEG * draws[:, 0], south + TILE_DEG * draws[:, 1]
    all_lng, all_lat = anchors()
    inside = (all_lng >= west) & (all_lng < west + TILE_DEG) & (all_lat >= south) & (all_lat < south + TILE_DEG)
    if inside.any():
        pick = (draws[:, 3] * 4 * inside.sum()).astype(int)
        close = pick < inside.sum()
        chosen = np.where(close, pick, 0)
        reach = 0.006 * np.sqrt(draws[:, 4])
        angle = 2 * np.pi * draws[:, 5]
        near_lng = all_lng[inside][chosen] + reach * np.cos(angle)
        near_lat = all_lat[inside][chosen] + reach * np.sin(angle)
        # One that would leave the tile keeps its first position: a tile's pois lie in the tile.
        kept = close & (np.floor(near_lng / TILE_DEG) == ix) & (np.floor(near_lat / TILE_DEG) == iy)
        lngs, lats = np.where(kept, near_lng, lngs), np.where(kept, near_lat, lats)
    return np.round(lngs, 6), np.round(lats, 6)
