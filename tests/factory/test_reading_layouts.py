"""Texts of other layouts: tables with ticks, fields behind pictures, prose; what each states and what it leaves unsaid."""

from __future__ import annotations

from typing import Any

import pytest

from factory.records import Place, Poi, Verification
from factory.verifier.known import known_of
from factory.verifier.lexer import ROLES, lex
from factory.verifier.public import verify_row
from factory.verifier.script import fold

NEAR = {
    "poi_id": "SBX1",
    "name": "青禾湘菜馆(石桥店)",
    "address": "竹山路1号",
    "lng": 120.002,
    "lat": 30.0,
    "cuisine": "湘菜",
    "rating": 4.4,
    "cost_cny": 61.0,
    "open_hours": "11:00-14:00 17:00-21:30",
    "tel": "0571-55512345",
    "specialities": ["剁椒鱼头", "烤茄子"],
}
DEAR = {
    "poi_id": "SBX2",
    "name": "云溪湘菜馆",
    "address": "梅林街20号",
    "lng": 120.004,
    "lat": 30.0,
    "cuisine": "湘菜",
    "rating": None,
    "cost_cny": 120.0,
    "open_hours": "10:00-22:00",
}
ROW: dict[str, Any] = {
    "question": "我在石桥，想吃湘菜，人均50到100元，2公里以内，有推荐吗？",
    "place": "石桥",
    "cuisine": "湘菜",
    "budget_min_cny": 50,
    "budget_max_cny": 100,
    "radius_m": 2000,
    "lng": 120.0,
    "lat": 30.0,
    "evidence": [NEAR, DEAR],
}


def _read(answer: str, **wish: object) -> Verification:
    return verify_row(ROW | wish | {"answer": answer})


def _outcomes(answer: str, **wish: object) -> set[str]:
    return {finding.outcome for finding in _read(answer, **wish).findings}


@pytest.mark.parametrize(
    ("answer", "outcomes"),
    [
        ("青禾湘菜馆(石桥店) ⭐4.4 💰61元 📞0571-55512345", set()),
        ("青禾湘菜馆(石桥店) ⭐4.9 💰61元 📞0571-55512345", {"contradicted"}),
        ("青禾湘菜馆(石桥店) 61元 ⭐4.4\n⏰ 11:00-14:00 17:00-21:30", set()),
        ("青禾湘菜馆(石桥店) 61元 ⭐4.4\n⏰ 11:00-21:30", {"contradicted"}),
        ("云溪湘菜馆 💰120元，超预算20元 ⭐未标", set()),
        ("青禾湘菜馆(石桥店) 💰61元 ⭐未标", {"contradicted"}),
    ],
)
def test_a_picture_before_a_value_names_its_field(answer: str, outcomes: set[str]) -> None:
    assert _outcomes(answer) == outcomes


TABLE = "| 店名 | 人均 | 预算内 |\n|---|---|---|\n| 青禾湘菜馆(石桥店) | 61元 | {} |\n| 云溪湘菜馆 | 120元 | {} |"


@pytest.mark.parametrize(("yes", "no"), [("是", "否"), ("✅", "❌"), ("√", "×")])
def test_a_tick_states_its_heading_and_a_cross_denies_it(yes: str, no: str) -> None:
    assert _outcomes(TABLE.format(yes, no)) == set()
    assert _outcomes(TABLE.format(yes, yes)) == {"contradicted", "wish"}
    assert _outcomes(TABLE.format(no, no)) == {"contradicted"}


DISHES = "| 店名 | 人均 | 列出的菜 |\n|---|---|---|\n| 青禾湘菜馆(石桥店) | 61元 | {} |\n| 云溪湘菜馆 | 120元，超预算20元 | {} |"


@pytest.mark.parametrize(
    ("mine", "theirs", "outcomes"),
    [
        ("剁椒鱼头", "无", set()),
        ("—", "—", set()),  # an empty cell states nothing
        ("", "-", set()),
        ("无", "无", {"contradicted"}),
        ("剁椒鱼头", "烤茄子", {"not_understood"}),  # of another's listing: perhaps a dish of both
    ],
)
def test_a_cell_without_words_states_nothing_and_none_denies(mine: str, theirs: str, outcomes: set[str]) -> None:
    assert _outcomes(DISHES.format(mine, theirs)) == outcomes


BLOCK = "【青禾湘菜馆(石桥店)】\n人均：61元\n评分：4.4\n{}"


@pytest.mark.parametrize(
    ("line", "outcomes"),
    [
        ("菜品：剁椒鱼头、烤茄子", set()),
        ("菜品：剁椒鱼头、北京烤鸭", {"unsupported"}),
        ("海鲜：列出的菜里没有虾", {"not_understood"}),
        ("最后：祝您用餐愉快", set()),
    ],
)
def test_a_line_with_a_label_stands_in_the_block_of_such_lines(line: str, outcomes: set[str]) -> None:
    read = _read(BLOCK.format(line))
    assert {finding.outcome for finding in read.findings} == outcomes
    part = {clause.part for clause in read.clauses if clause.text and line.endswith(clause.text)}
    assert part <= {"closing" if line.startswith("最后") else "item"}


def test_a_tick_under_what_no_map_tells_is_not_passed_over() -> None:
    table = "| 店名 | 人均 | 有包间 |\n|---|---|---|\n| 青禾湘菜馆(石桥店) | 61元 | ✅ |"
    assert not _read(table).accepted


@pytest.mark.parametrize(
    ("answer", "outcomes"),
    [
        ("推荐青禾湘菜馆(石桥店)，人均61元。云溪湘菜馆人均120元，没有评分。", set()),
        ("推荐青禾湘菜馆(石桥店)，人均61元。云溪湘菜馆没有评分。", {"wish"}),
        ("推荐青禾湘菜馆(石桥店)，人均61元。云溪湘菜馆掌柜那股子劲头挺带感。", {"not_understood"}),
        ("1. 青禾湘菜馆(石桥店)：人均61元。\n2. 云溪湘菜馆：人均120元。", {"wish"}),
        ("1. 青禾湘菜馆(石桥店)：人均61元。\n2. 云溪湘菜馆：人均120元，超出预算20元。", set()),
    ],
)
def test_prose_tells_a_miss_by_the_value_that_misses_and_what_is_unread_may_be_the_miss(
    answer: str, outcomes: set[str]
) -> None:
    assert _outcomes(answer) == outcomes


@pytest.mark.parametrize(
    ("words", "holds"),
    [
        ("早餐时段没有一家湘菜馆营业", True),
        ("中午没有一家湘菜馆营业", False),
        ("上午11点才开张", True),
        ("上午9点才开张", False),
        ("中午两点歇到五点", True),
        ("中午一点歇到五点", False),
        ("晚上开到九点半", True),
        ("晚上开到十点半", False),
    ],
)
def test_hours_as_people_say_them(words: str, holds: bool | None) -> None:  # noqa: FBT001
    """True, false, or not read at all; never the other way round."""
    outcomes = _outcomes(
        f"推荐青禾湘菜馆(石桥店)，人均61元。它{words}。"
        if "没有一家" not in words
        else f"推荐青禾湘菜馆(石桥店)。{words}。"
    )
    expected = {True: set(), False: {"contradicted"}, None: {"not_understood"}}[holds]
    assert outcomes in (expected, {"not_understood"}), words
    if holds is True:
        assert outcomes == set(), words


def test_a_time_behind_a_name_that_ends_like_a_street_is_no_house_number() -> None:
    """和平街11:00: neither a house number 11 nor a clause that ends at the colon."""
    place = Place("p", "石桥", "某市", None, 120.0, 30.0, "GCJ-02")
    known = known_of((Poi("a", "和平街饺子馆(东店)", None, 120.0, 30.0),), place, frozenset())
    times = [token.text for token in lex(fold("和平街11：00到21：30"), known) if "TR" in ROLES[token.char]]
    assert times == ["11:00到21:30"]
    assert [token.text for token in lex("竹山路12号", known)] == ["竹山路12号"]


@pytest.mark.parametrize(
    ("answer", "is_cut_off"),
    [
        ("推荐青禾湘菜馆(石桥店)，人均61元", False),
        ("青禾湘菜馆(石桥店)", False),
        ("推荐青禾湘菜馆(石桥店)，人均61元，", True),
        ("推荐青禾湘菜馆(石桥店)，人均61元（距离", True),
        ("推荐青禾湘菜馆(石桥店)，人均61元。另外", True),
    ],
)
def test_how_an_answer_ends_is_style_unless_it_waits_for_more(answer: str, is_cut_off: bool) -> None:  # noqa: FBT001
    assert ("truncated" in {finding.reason for finding in _read(answer).findings}) is is_cut_off


@pytest.mark.parametrize(
    ("name", "is_known"), [("青禾湘菜馆(石桥店)", True), ("青禾(石桥店)", True), ("青禾湘(石桥店)", False)]
)
def test_a_brand_cut_within_a_word_before_its_branch_is_a_slip(name: str, is_known: bool) -> None:  # noqa: FBT001
    findings = _read(f"1. {name}：人均61元。").findings
    assert (not findings) is is_known, findings


@pytest.mark.parametrize(
    ("week", "said", "wrong"),
    [
        ("周一至周五 10:00-21:00;周六至周日 10:00-23:00", "周一至周五10:00-21:00、周末10:00-23:00", False),
        ("周一至周五 10:00-21:00;周六至周日 10:00-23:00", "工作日10:00-21:00和周六周日10:00-23:00营业", False),
        ("周一至周五 10:00-21:00;周六至周日 10:00-23:00", "周一至周五10:00-23:00、周末10:00-21:00", True),
        ("每天 10:00-21:00；周一休息", "每天10:00-21:00，周一休息", False),
        ("每天 10:00-21:00；周一休息", "每天10:00-21:00，周二休息", True),
        ("每天 10:00-21:00；周一休息", "每天10:00-20:00，周一休息", True),
    ],
)
def test_days_with_hours_of_their_own_stand_apart_and_each_day_beside_a_day_of_rest_is_the_others(
    week: str, said: str, *, wrong: bool
) -> None:
    shop = NEAR | {"open_hours": "10:00-21:00", "open_week": week}
    read = verify_row(ROW | {"evidence": [shop, DEAR], "answer": f"1. 青禾湘菜馆(石桥店)：人均61元。{said}。"})
    hours = {claim.status for claim in read.claims if claim.kind in {"hours", "closed", "open_at"}}
    assert ("contradicted" in hours) == wrong
    assert not any(clause.account == "unread" for clause in read.clauses)


@pytest.mark.parametrize(("price", "wrong"), [("120元", set()), ("119元", {"contradicted"})])
def test_a_table_may_have_its_restaurants_side_by_side(price: str, wrong: set[str]) -> None:
    table = f"| | 青禾湘菜馆(石桥店) | 云溪湘菜馆 |\n|---|---|---|\n| 人均 | 61元 | {price} |\n| 地址 | 竹山路1号 | 梅林街20号 |"
    read = _read(f"{table}\n\n云溪湘菜馆超出预算。")
    assert {claim.status for claim in read.claims} - {"verified", "inferable"} == wrong
    assert {(claim.poi_id, claim.kind) for claim in read.claims} >= {
        (shop, kind) for shop in ("SBX1", "SBX2") for kind in ("price", "address", "name")
    }


@pytest.mark.parametrize(("cell", "wrong"), [("120元（+20）", set()), ("119元（+20）", {"contradicted"})])
def test_a_signed_number_behind_a_value_is_a_difference_and_not_that_value(cell: str, wrong: set[str]) -> None:
    read = _read(f"| 店 | 人均（超出） |\n|---|---|\n| 云溪湘菜馆 | {cell} |")
    assert {claim.status for claim in read.claims} - {"verified", "inferable"} == wrong
    assert [clause.account for clause in read.clauses if clause.text.endswith("20") and "120" not in clause.text] == [
        "unread"
    ]
