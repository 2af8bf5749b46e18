"""A world of three restaurants and an answer about them, in which a second reader's claims are decided."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from factory.records import Candidate, Clause, Evidence, Place, Poi, SearchRecord, Wish
from factory.verifier.extracted import Case, Extract, settle, why_not

PLACE = Place("p", "石桥", "某市", None, 120.0, 30.0, "GCJ-02")
WEEK = "周一至周五11:00-14:00 17:00-21:30；周六11:00-次日02:00；周日休息"
A, B, C = (
    Poi(
        "SBX1", "青禾湘菜馆(东门店)", "竹山路1号", 120.002, 30.0, cuisine="湘菜", rating=4.1, cost_cny=60.0, open_week=WEEK,
        tel="0571-85550001", specialities=("剁椒鱼头", "冻豆腐"), type="restaurant;fast_food",
        tags=(("wheelchair", "yes"), ("website", "https://www.qinghe.example/menu")),
    ),
    Poi(
        "SBX2", "云溪湘菜馆", "竹山路2号", 120.004, 30.0, cuisine="湘菜", rating=4.4, cost_cny=90.0, open_hours="10:00-22:00",
        open_week="10:00-22:00", specialities=("清蒸鲈鱼",), type="餐饮服务;中餐厅;湖南菜(湘菜)",
        tags=(("wheelchair", "limited"), ("keytag", "湘菜"), ("keywords", "停车方便、靠窗座位")),
    ),
    Poi(
        "SBX3", "石塘湘味坊", None, 120.012, 30.0, cuisine="湘菜", rating=3.9, cost_cny=120.0, tags=(("wheelchair", "no"),),
        open_week="夏季10:00-22:00，冬季以公告为准",
    ),
)  # fmt: skip
NAMES = {"A": A.name, "B": B.name, "C": C.name}
"""193, 385 and 1156 metres away."""
WISH = Wish("湘菜", "爱吃辣", 50, 100, 1000, party_size=4, meal_time="晚餐")
CASE = Case(
    WISH,
    PLACE,
    Evidence(
        (A, B, C),
        (SearchRecord("湘菜", 2000, 1, True, 2000),),
        "sandbox",
        "GCJ-02",
        "",
        "",
        frozenset(),
        datetime.now(UTC),
    ),
    structured=False,
)
ANSWER = f"石桥附近可以看看：\n1. {A.name}：评分4.1。\n2. {B.name}：评分4.4。\n3. {C.name}：评分3.9，距离1156米，超出范围。\n\n"


def verdict(clause: str, *claims: dict[str, Any], item: Poi | None = None, case: Case = CASE) -> str:
    """holds, wrong, unread and why: of a clause of the closing, or of a restaurant's item."""
    answer = f"{ANSWER}{clause}。"
    candidate = Candidate("c", "o", 0, "问", answer, (), feasible=True)
    result = case.check(replace(candidate, answer=ANSWER.strip()))
    start, scope = len(ANSWER), item.poi_id if item else "listed"
    row = Clause("closing", scope, clause, "unread", start, start + len(clause), detachable=False)
    shown = replace(result, clauses=(*result.clauses, row))
    extract = Extract(len(result.clauses), tuple({"quote": clause, **_named(claim)} for claim in claims))
    doubt = why_not(shown, extract, candidate, case)
    if doubt:
        return f"unread: {doubt}"
    settled = settle(shown, [extract], candidate, case)
    mine = [claim for claim in settled.claims if claim.clause == extract.number]
    return "holds" if mine and all(claim.status in {"verified", "inferable"} for claim in mine) else "wrong"


def _named(value: Any) -> Any:
    """A claim with A, B and C as the restaurants' names."""
    if isinstance(value, dict):
        return {name: _named(one) for name, one in value.items()}
    return (
        [_named(one) for one in value]
        if isinstance(value, list)
        else NAMES.get(value, value)
        if isinstance(value, str)
        else value
    )
