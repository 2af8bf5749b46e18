"""Findings in what stands outside the list: numbers about "these restaurants", superlatives, strangers, counts. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from factory.maps.cuisines import CUISINES_KNOWN
from factory.records import Evidence, Finding, Place, Poi, Wish
from factory.verifier import rules
from factory.verifier.facts import distance_status, price_status
from factory.verifier.items import tight
from factory.verifier.names import NameIndex, mentions, strangers
from factory.verifier.numbers import BEFORE, CN, NUMBER, plain, quantity

_RATING = re.compile(r"评分[^\d,。;]{0,8}([0-5](?:\.\d)?)(?:分)?(以上)?|([0-5]\.\d)\s*分?(以上)?的?(?:高?评分|好评)")
_MONEY = re.compile(
    rf"({BEFORE}\s*{NUMBER}(?:\s*(?:元|块)?\s*(?:-|~|至|到)\s*{NUMBER})?)\s*(?:元|块钱|块)(以内|之内|以下|以上|左右)?"
)
_METRES = re.compile(rf"({BEFORE}\s*{NUMBER})\s*(米|公里|千米|km)(以内|之内|内|范围|左右)?")
_COUNT = re.compile(rf"(?<![\d{CN}])(\d+|[{CN}]+)\s*家(?!常|乡|庭|人|里)")
_DENIAL = re.compile(r"没有|不存在|查不到|暂无")


def prose_findings(
    text: str, recommended: Sequence[Poi], wish: Wish, place: Place, evidence: Evidence, index: NameIndex
) -> list[Finding]:
    """Everything wrong in opening and closing."""
    named, masked = mentions(text, index)
    chosen = {poi.poi_id for poi in recommended}
    found = [
        Finding("structure", "extra_mention", f"正文提到了推荐列表之外的“{poi.name}”。")
        for poi in named
        if poi.poi_id not in chosen and all(tight(poi.name) != tight(one.name) for one in recommended)
    ]
    ignore = (place.name, place.city, wish.occasion or "", *_dishes(evidence))
    found += [
        Finding("grounding", "unknown_restaurant", f"“{name}”不在查询结果中，开头和结尾也不能提到。")
        for name in strangers(masked, ignore, (wish.cuisine, *CUISINES_KNOWN))
    ]
    masked = masked.replace(tight(place.name), "")
    return found + _numbers(masked, recommended, wish) + _counts(masked, recommended)


def _dishes(evidence: Evidence) -> tuple[str, ...]:
    return tuple(dish for poi in evidence.pois for dish in poi.specialities)


def _numbers(text: str, recommended: Sequence[Poi], wish: Wish) -> list[Finding]:
    found: list[Finding] = []
    for one in _RATING.finditer(text):
        stated, over = float(one[1] or one[3]), bool(one[2] or one[4])
        hits = [
            poi.rating is not None and (poi.rating >= stated - 1e-9 if over else abs(poi.rating - stated) < 0.05)
            for poi in recommended
        ]
        if not (all(hits) if over or "都" in text else any(hits)):
            found.append(Finding("grounding", "wrong_rating", f"“{one[0]}”与所推荐餐厅的评分不符。"))
    bounds = {wish.budget_min_cny, wish.budget_max_cny}
    for one in _MONEY.finditer(text):
        stated_money = quantity(one[1] + (one[2] or ""))
        values = {plain(part) for part in re.findall(NUMBER, one[1])}
        if stated_money is None or values <= bounds:
            continue
        statuses = [price_status(stated_money, poi.cost_cny) != "unsupported" for poi in recommended]
        if not (all(statuses) if one[2] or _of_all(text, one.start()) else any(statuses)):
            found.append(Finding("grounding", "wrong_price", f"“{one[0]}”与所推荐餐厅的人均不符。"))
    for one in _METRES.finditer(text):
        value = _bare(one[1])
        factor = 1.0 if one[2] == "米" else 1000.0
        if value is None or abs(value * factor - wish.radius_m) < 1:
            continue
        stated_m = quantity(one[1] + (one[3] or "").replace("范围", "以内"))
        if stated_m is None:
            continue
        near = [distance_status(stated_m, factor, float(poi.distance_m or 0)) != "unsupported" for poi in recommended]
        everyone = one[3] in {"以内", "之内", "内", "范围"} or _of_all(text, one.start())
        if not (all(near) if everyone else any(near)):
            found.append(Finding("grounding", "wrong_distance", f"“{one[0]}”与所推荐餐厅的距离不符。"))
    return found


def _of_all(text: str, position: int) -> bool:
    """Whether the clause before a number speaks of every restaurant: 都在…, 均不超过…."""
    clause = re.split(r"[,。;!?\n]", text[:position])[-1]
    return bool(re.search(r"都|均(?!价)|全部|每家", clause.replace("人均", ""))) and "最" not in clause


def _bare(text: str) -> float | None:
    """The number of a hedged phrase."""
    found = re.search(NUMBER, text)
    return plain(found[0]) if found else None


def _counts(text: str, recommended: Sequence[Poi]) -> list[Finding]:
    """这三家, 共4家: the number of recommendations."""
    for one in _COUNT.finditer(text):
        stated = plain(one[1])
        before = text[max(0, one.start() - 4) : one.start()]
        if stated is None or stated > 30 or _DENIAL.search(before) or stated == 1:
            continue
        if int(stated) != len(recommended):
            return [Finding("structure", "wrong_count", f"说的是{one[0]}，实际列出了{len(recommended)}家。")]
    return []


def question_findings(question: str, wish: Wish, place: Place) -> list[Finding]:
    """The question must carry the wish: the place, the cuisine, and no number that contradicts it."""
    flat = tight(question)
    found = []
    if tight(place.name) not in flat:
        found.append(Finding("wish", "question_without_place", f"提问中没有写出地点“{place.name}”。"))
    if wish.cuisine not in flat and wish.cuisine.removesuffix("菜") not in flat:
        found.append(Finding("wish", "question_without_cuisine", f"提问中没有写出菜系“{wish.cuisine}”。"))
    bounds = {float(one) for one in (wish.budget_min_cny, wish.budget_max_cny) if one is not None}
    for one in _MONEY.finditer(flat):
        values = {value for part in re.findall(NUMBER, one[1]) if (value := plain(part)) is not None}
        if not values <= bounds:
            found.append(Finding("wish", "question_budget", f"提问中的“{one[0]}”与需求的预算不符。"))
    for one in _METRES.finditer(flat):
        value = _bare(one[1])
        factor = 1.0 if one[2] == "米" else 1000.0
        if value is not None and abs(value * factor - wish.radius_m) > max(rules.KILOMETRE_STEP * (factor > 1), 1.0):
            found.append(Finding("wish", "question_radius", f"提问中的“{one[0]}”与需求的半径{wish.radius_m}米不符。"))
    return found
