"""Whether a restaurant meets a wish, and whether "nothing fits" is true and proved. Pure."""

from __future__ import annotations

import re

from factory.records import Evidence, Poi, Wish
from factory.verifier import rules

_PROOF = {"素食": ("素", "diet:vegetarian"), "清真": ("清真", "diet:halal")}
NOTHING = re.compile(
    r"没有(?:一家)?(?:找到|查到)?(?:任何)?(?:完全|全部|一家)?(?:都)?(?:符合|满足|合适|合乎)|没找到(?:完全)?(?:符合|合适)|都不(?:完全)?符合|无法完全满足|没有(?:能)?完全"
)
LABEL = re.compile(
    r"(?<!没有)(?<!没)(?<!未)(?<!不会)(?<!并未)(?:最接近|不完全符合|并不符合|不符合|超出|超过|略超|超了|高于|低于|偏贵|略贵|贵了|便宜|稍远|略远|远了|远一些|更远|不在|不是|不属于|差在|达不到|没有价格|不到您|不足|范围外|之外|以外|没查到)"
)


def misses(poi: Poi, wish: Wish, *, slack: float = rules.RADIUS_SLACK) -> list[str]:
    """What keeps a restaurant from meeting a wish: cuisine, radius, budget, diet, need."""
    found: list[str] = []
    if poi.cuisine != wish.cuisine:
        found.append("cuisine")
    if poi.distance_m is None or poi.distance_m > wish.radius_m * slack:
        found.append("radius")
    low, high = wish.budget_min_cny, wish.budget_max_cny
    if (low is not None or high is not None) and (
        poi.cost_cny is None or (high is not None and poi.cost_cny > high) or (low is not None and poi.cost_cny < low)
    ):
        found.append("budget")
    if wish.diet in _PROOF:
        word, tag = _PROOF[wish.diet]
        held = word in (poi.cuisine or "") or word in poi.name or dict(poi.tags).get(tag) in {"yes", "only"}
        if not held:
            found.append("diet")
    tags = dict(poi.tags)
    for need in wish.needs:
        key, _, value = need.partition("=")
        if tags.get(key) != (value or "yes"):
            found.append("need")
    return found


def proved_empty(evidence: Evidence, wish: Wish) -> bool:
    """Whether the order's searches have seen everything of the cuisine within the radius."""
    return any(
        search.cuisine in {wish.cuisine, None}
        and search.radius_m >= wish.radius_m
        and (search.exhausted or search.covered_m >= wish.radius_m)
        for search in evidence.searches
    )


MISS_WORDS = {
    "cuisine": "菜系不是{wish}而是{poi}",
    "radius": "距离{distance}米，超出{radius}米的范围",
    "budget": "人均{cost}不在预算{budget}内",
    "diet": "查不到符合忌口的依据",
    "need": "查不到符合其他要求的依据",
}


def miss_sentence(poi: Poi, wish: Wish, found: list[str]) -> str:
    """The misses in words for the agent."""
    low, high = wish.budget_min_cny, wish.budget_max_cny
    budget = f"{low or 0}-{high}元" if high is not None else f"{low}元以上"
    cost = "未知" if poi.cost_cny is None else f"{poi.cost_cny:g}元"
    parts = [
        MISS_WORDS[miss].format(
            wish=wish.cuisine,
            poi=poi.cuisine or "未知",
            distance=poi.distance_m,
            radius=wish.radius_m,
            cost=cost,
            budget=budget,
        )
        for miss in found
    ]
    return "，".join(parts)
