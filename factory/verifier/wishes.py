"""Whether a restaurant meets a wish, and whether "nothing fits" is true and proved. Pure."""

from __future__ import annotations

import re

from factory.records import Evidence, Poi, Wish
from factory.verifier import fit, rules
from factory.verifier.hours import hours_of, said

NOTHING = re.compile(
    r"没有(?:一家)?(?:找到|查到)?(?:任何)?(?:完全|全部|一家)?(?:都)?(?:符合|满足|合适|合乎)|没找到(?:完全)?(?:符合|合适)|都不(?:完全)?符合|无法完全满足|没有(?:能)?完全"
)
LABEL = re.compile(
    r"(?<!没有)(?<!没)(?<!未)(?<!不会)(?<!并未)(?:最接近|不完全符合|并不符合|不符合|超出|超过|略超|超了|高于|低于|偏贵|略贵|贵了|便宜|稍远|略远|远了|远一些|更远|不在|不是|不属于|差在|达不到|没有价格|不到您|不足|范围外|之外|以外|没查到|没有查到|不营业|没开门|暂停营业|已经关闭|休息)"
)


def misses(poi: Poi, wish: Wish, *, slack: float = rules.RADIUS_SLACK) -> list[str]:
    """The kinds of what keeps a restaurant from meeting a wish; ``slack`` 1.0 counts doubtful misses, too."""
    return [miss.kind for miss in fit.misses(poi, wish) if miss.sure or slack == 1.0]


def proved_empty(evidence: Evidence, wish: Wish) -> bool:
    """Whether the order's searches have seen everything of the cuisine within the radius."""
    return any(
        search.cuisine in {wish.cuisine, None}
        and search.radius_m >= wish.radius_m
        and (search.exhausted or search.covered_m >= wish.radius_m)
        for search in evidence.searches
    )


def miss_sentence(poi: Poi, wish: Wish, found: list[str]) -> str:
    """The misses in words for the agent, each with its amount."""
    rows = [miss for miss in fit.misses(poi, wish) if miss.kind in found]
    return "，".join(dict.fromkeys(miss_words(miss, poi, wish) for miss in rows))


def miss_words(miss: fit.Miss, poi: Poi, wish: Wish) -> str:
    """One miss as an answer may say it."""
    unknown = miss.side == "unknown"
    if miss.kind == "closed":
        return "目前暂停营业" if miss.detail == "resting" else "已经关闭"
    if miss.kind == "cuisine":
        return f"不是{wish.cuisine}，菜系没有查到" if unknown else f"不是{wish.cuisine}，而是{poi.cuisine}"
    if miss.kind == "radius":
        return "距离没有查到" if unknown else f"距离{poi.distance_m}米，超出{wish.radius_m}米的范围"
    if miss.kind == "budget":
        if unknown:
            return "人均没有查到，不能确认符合预算"
        bound = wish.budget_max_cny if miss.side == "over" else wish.budget_min_cny
        words = "超出" if miss.side == "over" else "低于"
        return f"人均{poi.cost_cny:g}元，{words}{bound}元的预算{miss.amount:g}元"
    if miss.kind == "hours":
        return f"{wish.meal_time}时段不营业，营业时间是{_hours_words(poi)}"
    if miss.kind == "diet":
        return _diet_words(miss, wish)
    return f"没有查到{miss.detail}，不能确认符合其他要求" if unknown else f"标注为没有{miss.detail}，不符合其他要求"


def _hours_words(poi: Poi) -> str:
    hours = hours_of(poi)
    day = hours.on(None)
    return said(day) if day is not None else poi.open_week or poi.open_hours or "未知"


def _diet_words(miss: fit.Miss, wish: Wish) -> str:
    if miss.where == "proof":
        return f"没有查到{wish.diet}的依据，不能确认符合忌口"
    what = {"name": "店名里有", "cuisine": "做的是", "dish": "菜品有"}[miss.where]
    return f"{what}{miss.detail}，不符合{wish.diet}的要求"
