"""The invented brands of a city: for each kind a handful of chains, some of which look alike (川香园 and 川香源).

names.py gives most pois one of these brands, so that the right brand with the wrong branch can be a mistake.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from factory.sandbox.city.tiles import hash_number
from factory.sandbox.city.words import PoiKind, kinds, names

TWIN_SHARE: Final = 0.15
"""Brands that have a lookalike."""


@dataclass(frozen=True, slots=True)
class Brand:
    """A chain: its name, its price against the kind's median, its rating against the mean, its own dishes."""

    name: str
    price_factor: float
    rating_shift: float
    dishes: tuple[str, ...]


@cache
def brands(seed: int, city: str) -> tuple[tuple[Brand, ...], ...]:
    """Per kind, the brands of one city."""
    rng = np.random.Generator(np.random.PCG64(hash_number(seed, "brands", city)))
    taken: set[str] = set()
    return tuple(_of_kind(rng, kind, taken) for kind in kinds())


def _of_kind(rng: np.random.Generator, kind: PoiKind, taken: set[str]) -> tuple[Brand, ...]:
    made: list[Brand] = []
    wanted = max(4, round(kind.share * 3))
    while len(made) < wanted:
        first, second = _pick(rng, names().first), _pick(rng, names().second)
        suffix = _pick(rng, kind.suffixes)
        name = first + second + suffix
        if first == second or name in taken or first + second in names().real:
            continue
        taken.add(name)
        made.append(_brand(rng, name, kind))
        twin = first + names().twins.get(second, second) + suffix
        if rng.random() < TWIN_SHARE and twin not in taken:
            taken.add(twin)
            made.append(_brand(rng, twin, kind))
    return tuple(made)


def _brand(rng: np.random.Generator, name: str, kind: PoiKind) -> Brand:
    count = min(len(kind.dishes), 4 + int(rng.random() * 3))
    order = np.argsort(rng.random(len(kind.dishes)))[:count]
    return Brand(
        name=name,
        price_factor=float(np.exp(0.7 * _bell(rng))),
        rating_shift=0.2 * _bell(rng),
        dishes=tuple(kind.dishes[i] for i in order),
    )


def _bell(rng: np.random.Generator) -> float:
    """Roughly normal (12 uniforms): plain sums repeat on every machine."""
    return float(rng.random(12).sum() - 6.0)


def _pick(rng: np.random.Generator, words: tuple[str, ...]) -> str:
    return words[int(rng.random() * len(words))]
