"""Which neighbourhoods stay unseen, and which wishes elsewhere are kept back: train, seen or unseen.

Pure. The cells' assignment is stored by the caller (``DATA/plan/cells.json``) and never moves; a later plan only adds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Literal

from factory.geo import cell_id
from factory.records import Place, Split, Wish

CellSide = Literal["in", "unseen"]
UNSEEN_SHARE = 0.10
SEEN_SHARE = 0.10


def hash_fraction(*parts: object) -> float:
    """A number in [0, 1) that depends on nothing but ``parts``: the planner's only randomness."""
    digest = blake2b("\x1f".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def assign_cells(stored: Mapping[str, CellSide], places: Iterable[Place]) -> dict[str, CellSide]:
    """Extend ``stored`` to the cells of ``places``: whole cells, in hash order, until ~10 % of the places are unseen.

    At least one cell is unseen and never all of them; with a single cell there is no unseen one.
    """
    load = Counter(cell_id(place.lng, place.lat) for place in places)
    sides: dict[str, CellSide] = dict(stored)
    held = sum(count for cell, count in load.items() if sides.get(cell) == "unseen")
    wanted = UNSEEN_SHARE * load.total()
    new = sorted((cell for cell in load if cell not in sides), key=lambda cell: hash_fraction("cell", cell))
    inside = any(sides.get(cell) == "in" for cell in load)
    for position, cell in enumerate(new):
        last = position == len(new) - 1 and not inside
        # A cell that would overshoot is skipped, unless nothing is unseen yet.
        fits = held + load[cell] <= wanted + 1 or (held == 0 and position >= len(new) - 2)
        if held < wanted and fits and not last:
            sides[cell] = "unseen"
            held += load[cell]
        else:
            sides[cell] = "in"
            inside = True
    return sides


def split_of(place: Place, wish: Wish, sides: Mapping[str, CellSide]) -> Split:
    """The split of one wish at one place: the same (place, cuisine, taste, budget) is on the same side in every run of a DATA.

    It hangs on nothing else, no seed either, so that runs that are pooled never train on what another one holds back.
    """
    if sides.get(cell_id(place.lng, place.lat)) == "unseen":
        return "unseen"
    budget = f"{wish.budget_min_cny}-{wish.budget_max_cny}"
    if hash_fraction("seen", place.place_id, wish.cuisine, wish.taste, budget) < SEEN_SHARE:
        return "seen"
    return "train"
