"""The vocabulary of the invented cities: cuisines with their type codes, prices and dishes, and the parts of names.

Read from ``menu.json`` and ``names.json``. Other kinds of places (shops, services, homes) stand at the end of the
table, so that a search by type has something to leave out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import orjson

_HERE: Final = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class PoiKind:
    """One kind of poi. ``share``: weight among pois; ``price``: median CNY per person, 0 where nothing is eaten."""

    word: str
    typecode: str
    type: str
    share: float
    price: float
    suffixes: tuple[str, ...]
    dishes: tuple[str, ...]

    @property
    def is_restaurant(self) -> bool:
        """True for the class 05."""
        return self.typecode.startswith("05")


@dataclass(frozen=True, slots=True)
class Names:
    """Parts that invented names are put together from; ``real`` are beginnings that belong to real brands or places."""

    first: tuple[str, ...]
    second: tuple[str, ...]
    real: tuple[str, ...]
    twins: dict[str, str]
    street_first: tuple[str, ...]
    street_second: tuple[str, ...]
    street_kind: tuple[str, ...]
    area_first: tuple[str, ...]
    area_second: tuple[str, ...]
    malls: tuple[str, ...]
    injections_name: tuple[str, ...]
    injections_address: tuple[str, ...]


_NOT_RESTAURANTS: Final = (
    PoiKind("便利店", "060200", "购物服务;便民商店/便利店;便民商店/便利店", 5.0, 0.0, ("便利店", "超市"), ()),
    PoiKind("理发", "071100", "生活服务;美容美发店;美容美发店", 4.0, 0.0, ("理发店", "美发"), ()),
    PoiKind("小区", "120302", "商务住宅;住宅区;住宅小区", 4.0, 0.0, ("小区", "家园"), ()),
)


@cache
def kinds() -> tuple[PoiKind, ...]:
    """Every kind, restaurants first."""
    rows = orjson.loads((_HERE / "menu.json").read_bytes())
    return (
        tuple(
            PoiKind(
                word=row["word"],
                typecode=row["typecode"],
                type=row["type"],
                share=row["share"],
                price=row["price"],
                suffixes=tuple(row["suffixes"]),
                dishes=tuple(row["dishes"]),
            )
            for row in rows
        )
        + _NOT_RESTAURANTS
    )


@cache
def kind_steps() -> np.ndarray:
    """Cumulated shares in [0, 1], for drawing a kind from a uniform number."""
    shares = np.array([kind.share for kind in kinds()])
    steps: np.ndarray = np.cumsum(shares) / shares.sum()
    return steps


@cache
def restaurant_share() -> float:
    """The part of all pois that are restaurants."""
    table = kinds()
    return sum(kind.share for kind in table if kind.is_restaurant) / sum(kind.share for kind in table)


@cache
def names() -> Names:
    """The parts of names."""
    raw = orjson.loads((_HERE / "names.json").read_bytes())
    lists: dict[str, tuple[str, ...]] = {name: tuple(value) for name, value in raw.items() if name != "twins"}
    return Names(twins=raw["twins"], **lists)
