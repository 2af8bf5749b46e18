"""What a reader says of a restaurant in adjectives: near, cheap, high, by the grammar's thresholds or beside the others. Pure."""

from __future__ import annotations

from typing import Final

from factory.records import ClaimStatus, Poi
from factory.verifier.acts_loose import loose_status
from factory.verifier.deciding import value
from factory.verifier.scene import State
from factory.verifier.told import Told
from factory.verifier.told_names import Ground, turned

_ADJECTIVES: Final = {
    ("distance", "near"): "NEAR", ("distance", "far"): "FAR", ("price", "cheap"): "CHEAP", ("price", "dear"): "DEAR", ("price", "expensive"): "DEAR", ("rating", "high"): "HIGH",
    ("rating", "good"): "GOOD", ("rating", "plain"): "PLAIN", ("rating", "low"): "LOW", ("price", "plain"): "PLAIN", ("price", "low"): "CHEAP", ("price", "high"): "DEAR",
}  # fmt: skip


def vague(told: Told, poi: Poi, ground: Ground) -> ClaimStatus | None:
    """离得近, 便宜: by the thresholds of the grammar, or beside the others."""
    adjective = _ADJECTIVES.get((told.fact, told.word))
    if adjective is None:
        return None
    loose = loose_status(poi, told.fact, adjective, State(ground.scene, "closing"))
    status = turned(loose) if told.denied else loose
    if status != "contradicted":
        return status
    if told.denied and _within(told, poi, ground):
        return "inferable"  # 并不夸张, within the budget
    # Near and cheap are the writer's to judge where no threshold holds: beside the others, it may be.
    return "inferable" if _relatively(told, poi, ground) else None


def _within(told: Told, poi: Poi, ground: Ground) -> bool:
    """Whether what is called not dear or not far keeps the bound that the guest has named."""
    own = value(poi, told.fact)
    bound = {"price": ground.scene.wish.budget_max_cny, "distance": ground.scene.wish.radius_m}.get(told.fact)
    return own is not None and bound is not None and told.word in {"dear", "expensive", "high", "far"} and own <= bound


def _relatively(told: Told, poi: Poi, ground: Ground) -> bool:
    """Whether a value lies on that side of the middle of what the map showed of the kind: 逸里赢在便宜."""
    own = value(poi, told.fact)
    numbers = sorted(number for one in ground.scene.evidence.pois if (number := value(one, told.fact)) is not None)
    if own is None or len(numbers) < _FEWEST_FOR_A_MIDDLE:
        return False
    low = (told.word in {"near", "cheap", "low"}) != told.denied
    wish = ground.scene.wish
    bound = {"distance": wish.radius_m, "price": wish.budget_max_cny}.get(told.fact)
    beyond = bound is not None and own > bound
    return own <= numbers[(len(numbers) - 1) // 2] and not beyond if low else own >= numbers[len(numbers) // 2]


_FEWEST_FOR_A_MIDDLE: Final = 4
