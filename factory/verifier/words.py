"""What the verifier says to a writer: the whole clause, what the evidence says of it, and one form that passes. Pure.

Every form that is offered here is itself accepted (tests/factory/test_reading_properties.py).
"""

from __future__ import annotations

from typing import Final

from factory.records import Claim, Clause, Finding, Outcome, Poi, Wish
from factory.verifier.deciding import FIELD_WORDS, show
from factory.verifier.fit import Miss

_FORMS: Final = {
    "rating": "评分{}", "price": "人均{}", "distance": "距离{}", "hours": "营业时间{}", "open_at": "营业时间{}", "address": "地址是{}", "dish": "招牌菜有{}", "cuisine": "主营{}", "phone": "电话{}",
}  # fmt: skip
_NAMES: Final = {
    **FIELD_WORDS, "open_at": "营业时间", "feature": "服务和环境", "comparison": "比较", "superlative": "最高级", "quantifier": "“都”", "count": "家数", "order": "排列顺序", "total": "总价",
    "fit": "是否符合需求", "absence": "“没有”", "name": "店名", "wish": "需求",
}  # fmt: skip
READABLE: Final = "评分4.5，人均80元，距离390米，地址是双榆树北里3号，营业时间10:30-22:00，招牌菜有回锅肉"
"""Statements that are read in every item, shown to a writer whose clause was not understood."""


def claim_finding(claim: Claim, clause: str, poi: Poi | None) -> Finding:
    """The finding of a claim that the evidence contradicts or does not hold."""
    outcome: Outcome = (
        "wish" if claim.kind == "wish" else "contradicted" if claim.status == "contradicted" else "unsupported"
    )
    name = _NAMES.get(claim.kind, claim.kind)
    whose = f"{poi.name}：" if poi else ""
    if outcome == "wish":
        sentence = f"“{clause}”与需求不符，需求是“{claim.truth}”。"
        return Finding("wish", "wrong_wish", sentence, outcome, clause)
    said = f"{whose}“{clause}”里的{name}“{claim.stated}”" if claim.stated != clause else f"{whose}{name}“{clause}”"
    if outcome == "contradicted":
        sentence = f"{said}与查询结果不符，查到的是{claim.truth}。{_form(claim, poi)}"
    else:
        sentence = f"{said}在查询结果中没有依据。{_form(claim, poi)}"
    return Finding("grounding", f"wrong_{claim.kind}", sentence, outcome, clause)


def _form(claim: Claim, poi: Poi | None) -> str:
    form = _FORMS.get(claim.kind)
    field = "hours" if claim.kind == "open_at" else claim.kind
    truth = show(poi, field) if poi is not None and form is not None else None
    return f"可以写“{form.format(truth)}”。" if form and truth else "请删去这一句。"


def unread_finding(clause: Clause, form: str = "") -> Finding:
    """The finding of a clause that was not understood; ``form``: one that would be, where there is a better one than any."""
    if form:
        return Finding("grounding", "not_understood", f"“{clause.text}”不能核对。{form}", "not_understood", clause.text)
    sentence = f"“{clause.text}”没有读懂，不能核对。请改成直接陈述查到的事实，例如“{READABLE}”，或者删去这一句。"
    return Finding("grounding", "not_understood", sentence, "not_understood", clause.text)


def reader_finding(claim: Claim, clause: Clause) -> Finding:
    """The finding of a second reader's claim that the evidence contradicts or does not hold."""
    what = f"“{clause.text}”里的“{claim.stated}”"
    if claim.kind == "wish":
        sentence = f"“{clause.text}”与需求不符，需求是“{claim.truth}”。"
        return Finding("wish", "wrong_wish", sentence, "wish", clause.text)
    if claim.status == "contradicted":
        sentence = f"{what}与查询结果不符，查到的是{claim.truth}。请改正或删去。"
        return Finding("grounding", f"wrong_{claim.kind}", sentence, "contradicted", clause.text)
    sentence = f"{what}在查询结果中没有依据。请删去。"
    return Finding("grounding", f"wrong_{claim.kind}", sentence, "unsupported", clause.text)


def miss_sentence(poi: Poi, wish: Wish, missed: tuple[Miss, ...]) -> str:
    """The misses of a restaurant in words that an answer may use."""
    low, high = wish.budget_min_cny, wish.budget_max_cny
    parts = []
    for miss in missed:
        if miss.kind == "cuisine":
            parts.append(f"不是{wish.cuisine}" + (f"，主营{poi.cuisine}" if poi.cuisine else ""))
        elif miss.kind == "radius":
            parts.append(f"距离{poi.distance_m}米，超出{wish.radius_m}米的范围")
        elif miss.kind == "budget" and poi.cost_cny is None:
            parts.append("没有查到人均价格，无法确认预算")
        elif miss.kind == "budget":
            over = high is not None and (poi.cost_cny or 0) > high
            parts.append(f"人均{poi.cost_cny:g}元，" + (f"超出{high}元的预算" if over else f"低于{low}元的预算"))
        elif miss.kind == "hours":
            parts.append(f"营业时间{show(poi, 'hours')}，{wish.meal_time}时段不营业")
        elif miss.kind == "closed":
            parts.append("已停业" if miss.detail == "closed" else "暂停营业")
        elif miss.kind == "diet":
            parts.append(f"{miss.detail}不符合“{wish.diet}”的要求")
        else:
            parts.append("没有标注是否满足其他要求")
    return "，".join(parts)
