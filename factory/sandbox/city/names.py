"""What the pois of one tile are called: chains with their branches, independents, a few hostile names; streets, areas.

Names are made for a whole tile at once, because no two pois of a tile may share one; everything else about a poi is
made singly in pois.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from factory.sandbox.city.brands import Brand, brands
from factory.sandbox.city.tables import City, landmarks, nearest_city
from factory.sandbox.city.tiles import TILE_DEG, Tile, hash_number, tile_of
from factory.sandbox.city.words import kinds, names

CHAIN_SHARE: Final = 0.62
HEAD_BIAS: Final = 1.9
"""Exponent on the brand draw: the first brands of a kind get most branches, so that a circle holds two or three."""
INJECTED_SHARE: Final = 0.004
STREETS: Final = 12

# Columns of Tile.draws that decide here; the rest are pois.py's.
CHAIN, BRAND, AREA, VARIANT, INJECTED = 6, 7, 8, 21, 22


@dataclass(frozen=True, slots=True)
class TileNames:
    """The words of one tile; ``names`` and ``brands`` (None: independent) run parallel to the tile's pois."""

    city: City
    areas: tuple[str, ...]
    streets: tuple[str, ...]
    names: tuple[str, ...]
    brands: tuple[Brand | None, ...]


def name_tile(seed: int, tile: Tile) -> TileNames:
    """Name everything in a tile."""
    city = nearest_city((tile.ix + 0.5) * TILE_DEG, (tile.iy + 0.5) * TILE_DEG)
    areas = _areas(seed, tile)
    chains = brands(seed, city.name)
    taken: set[str] = set()
    chosen: list[str] = []
    owners: list[Brand | None] = []
    table = kinds()
    draws = tile.draws.tolist()
    for row, index in enumerate(tile.kind.tolist()):
        draw, kind = draws[row], table[index]
        brand = None
        if kind.is_restaurant and draw[CHAIN] < CHAIN_SHARE:
            own = chains[index]
            brand = own[int(len(own) * draw[BRAND] ** HEAD_BIAS)]
        options = [brand.name] if brand else _independent(draw, areas, kind.suffixes)
        if kind.is_restaurant and draw[INJECTED] < INJECTED_SHARE / 2:
            options = list(names().injections_name)
        chosen.append(_first_free(options, areas, draw, taken, branched=brand is not None))
        owners.append(brand)
    return TileNames(city, areas, _streets(seed, tile), tuple(chosen), tuple(owners))


def _first_free(
    options: list[str], areas: tuple[str, ...], draw: list[float], taken: set[str], *, branched: bool
) -> str:
    """The first name nobody in the tile has; with a branch form where the brand is a chain or nothing else is free."""
    start = int(draw[AREA] * len(areas))
    turned = areas[start:] + areas[:start]
    forms = [f"{name}({area}店)" for area in turned for name in options]
    candidates = forms if branched else options + forms
    name = next((form for form in candidates if form not in taken), f"{options[0]}({turned[0]}{len(taken)}店)")
    taken.add(name)
    return name


def _independent(draw: list[float], areas: tuple[str, ...], suffixes: tuple[str, ...]) -> list[str]:
    words = names()
    suffix = suffixes[int(draw[BRAND] * len(suffixes))]
    first = words.first[int(draw[VARIANT] * len(words.first))]
    second = words.second[int(draw[VARIANT] * 7919 % 1.0 * len(words.second))]
    coined = first + second + suffix
    local = areas[int(draw[AREA] * len(areas))] + suffix
    return [local] if first + second in words.real else [local, coined] if draw[CHAIN] > 0.9 else [coined, local]


def _areas(seed: int, tile: Tile) -> tuple[str, ...]:
    """Names of small areas; a first word belongs to one tile only among any 5 by 5, so branches near by differ."""
    words = names()
    shift = hash_number(seed, "areas") % len(words.area_first)
    first = words.area_first[(tile.ix + 7 * tile.iy + shift) % len(words.area_first)]
    here = [mark.name for mark in landmarks() if tile_of(mark.lng, mark.lat) == (tile.ix, tile.iy)]
    return (*here[:3], *(first + second for second in words.area_second))


def _streets(seed: int, tile: Tile) -> tuple[str, ...]:
    words = names()
    made = []
    for number in range(STREETS):
        dice = hash_number(seed, "street", tile.ix, tile.iy, number)
        first = words.street_first[dice % len(words.street_first)]
        second = words.street_second[dice // 100 % len(words.street_second)]
        made.append(first + second + words.street_kind[dice // 10_000 % len(words.street_kind)])
    return tuple(made)
