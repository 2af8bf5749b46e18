"""How a reader's claim was decided: the kind of claim that it becomes, about whom, what the evidence says. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from factory.records import ClaimStatus
from factory.verifier.told_names import Pois

KIND_OF: Final = {
    "walk": "distance", "opens": "hours", "closes": "hours", "break": "hours", "no_break": "hours", "all_day": "hours", "shut_at": "open_at", "day_off": "open_at", "open_on": "open_at",
    "city": "address", "dish_is": "dish", "dish_count": "dish", "tag": "feature", "absent": "absence", "present": "absence", "closed": "open_at", "vague": "comparison", "brand": "name", "gap": "fit", "fits": "fit",
    "miss": "fit", "compare": "comparison", "most": "superlative", "only": "superlative", "average": "total", "span": "quantifier", "nothing_fits": "absence",
}  # fmt: skip
"""The kind of records.Claim that a reader's kind becomes, where it has another name."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """A claim decided: about one restaurant, or (poi_id None) a set, the wish, the world. ``of``: those that it speaks of."""

    kind: str
    poi_id: str | None
    truth: str | None
    status: ClaimStatus
    of: Pois = ()
    sizes: frozenset[int] = frozenset()
    """how many restaurants the sets hold that it speaks of"""
