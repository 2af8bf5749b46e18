"""Which misses of the wish an answer tells: by a second reader's claims that hold, or in plain text by the very values. Pure."""

from __future__ import annotations

import re
from typing import Final

from factory.records import Finding, Poi, Wish
from factory.verifier.fit import misses_of
from factory.verifier.scene import Scene
from factory.verifier.told import Told
from factory.verifier.told_names import GOOD
from factory.verifier.told_rulings import Ruling

_TELLS: Final = {
    "shut_at": "hours", "day_off": "hours", "opens": "hours", "closes": "hours", "hours": "hours", "closed": "closed", "price": "budget", "distance": "radius", "walk": "radius",
    "total": "budget", "cuisine": "cuisine", "dish": "diet", "dish_is": "diet",
}  # fmt: skip
"""The condition of the wish whose miss a value tells, where an answer is plain text."""
_OF_A_SET: Final = {
    "price": "budget",
    "distance": "radius",
    "closes": "hours",
    "opens": "hours",
    "hours": "hours",
    "open_at": "hours",
    "shut_at": "hours",
}
"""没标价的有一家: what a set that is counted tells of those in it."""
_BOUNDS: Final = {"budget": "budget", "budget_max": "budget", "budget_min": "budget", "radius": "radius"}


def misses_told(told: Told, ruling: Ruling, *, structured: bool) -> list[tuple[str, str]]:
    """(poi id, condition of the wish) of every miss that a claim that holds tells."""
    if ruling.status not in GOOD:
        return []
    kinds = set(told.conditions) | {told.fact} if told.kind == "miss" else set()
    kinds = {
        {"price": "budget", "distance": "radius", "meal": "hours", "needs": "need"}.get(kind, kind) for kind in kinds
    }
    if told.kind == "miss" and not kinds - {""}:
        kinds = {"budget", "radius", "cuisine", "hours", "diet", "need"}
    if told.kind == "gap":
        kinds.add(_BOUNDS.get(told.bound, ""))
    if told.kind in {"count", "only"}:
        kinds |= {_OF_A_SET.get(one.fact if one.kind == "absent" else one.kind, "") for one in told.where}
    if told.kind in {"absent", "unsaid"}:
        kinds.add("budget" if told.fact == "price" else "need" if told.names else "")
    if (
        told.kind in {"shut_at", "day_off", "closed"}
        or not structured
        or told.denied
        or told.sign in {">", ">=", "<", "<="}
    ):
        kinds.add(_TELLS.get(told.kind, ""))
    return [(poi.poi_id, kind) for poi in ruling.of for kind in kinds if kind]


def misses_of_all(told: Told, ruling: Ruling) -> set[str]:
    """1公里内没有…: the condition that every restaurant misses, where the set is empty."""
    if told.kind != "count" or ruling.kind != "absence" or ruling.status not in GOOD:
        return set()
    return {
        {"distance": "radius", "price": "budget"}[one.kind] for one in told.where if one.kind in {"distance", "price"}
    }


def says_nothing_fits(told: Told, ruling: Ruling, wish: Wish) -> bool:
    """Whether a claim that holds says that nothing fits: as such, or as an empty set within the wish's own bounds."""
    if ruling.status not in GOOD or ruling.kind != "absence":
        return False
    return (
        told.kind == "nothing_fits"
        or (
            told.kind == "count"
            and any(one.kind in {"price", "distance", "gap", "fits", "cuisine"} for one in told.where)
        )
        or (told.kind == "count" and not told.where and bool(wish.cuisine))
    )


def told_by_value(finding: Finding, scene: Scene, answer: str) -> bool:
    """Whether plain text (folded) tells the very values that miss the wish, of that restaurant or of all that are listed."""
    if finding.reason == "nothing_fits_unsaid":
        return bool(scene.listed) and all(_values_told(poi, scene.wish, answer) for poi in scene.listed)
    poi = next((one for one in scene.listed if finding.detail.startswith(f"{one.name}不符合需求")), None)
    return poi is not None and _values_told(poi, scene.wish, answer)


def _values_told(poi: Poi, wish: Wish, answer: str) -> bool:
    values = {"radius": poi.distance_m, "budget": poi.cost_cny, "cuisine": poi.cuisine}
    shown = [values.get(miss.kind) for miss in misses_of(poi, wish) if miss.sure]
    numbers = {f"{one:g}" if isinstance(one, float | int) else one for one in shown if one is not None}
    return bool(numbers) and any(re.search(rf"(?<!\d){re.escape(number)}(?!\d)", answer) for number in numbers)
