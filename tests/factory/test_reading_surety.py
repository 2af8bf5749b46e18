"""What is called wrong hangs on how sure its reading is: beside unread text and before a second reader only plain values are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from factory.records import Candidate, Verification, Wish
from factory.verifier import verify
from factory.verifier.fit import is_known_to_fit, may_fit
from factory.verifier.public import read_first, verify_row
from tests.factory.reading_world import EVIDENCE, PLACE, POIS, QUESTION, WISH, answer, check
from tests.factory.test_reading_layouts import DEAR, NEAR, ROW

ODD = "其中门道咱们改天细掰。"
"""Nobody reads it."""


def _outcomes(result: Verification) -> set[str]:
    return {finding.outcome for finding in result.findings}


def test_the_odd_clause_is_unread() -> None:
    assert _outcomes(check(answer(closing=ODD))) == {"not_understood"}


SURE = [
    ("item1", "评分4.9。"),
    ("item1", "距离620米。"),
    ("closing", "蜀味轩评分4.9。"),
    ("item2", "电话010-62551299。"),
]
LESS_SURE = [
    ("item4", "五家里最便宜。"),
    ("closing", "第二家人均是第一家的两倍。"),
    ("closing", "前两家评分都是4.5。"),
    ("item1", "晚上到21:00打烊。"),
]


@pytest.mark.parametrize(("where", "text"), SURE)
def test_a_plain_value_is_called_wrong_beside_what_nobody_reads(where: str, text: str) -> None:
    closing = ODD + (text if where == "closing" else "")
    rest = {} if where == "closing" else {where: text}
    assert _outcomes(check(answer(closing=closing, **rest))) - {"not_understood"}


@pytest.mark.parametrize(("where", "text"), LESS_SURE)
def test_what_hangs_on_its_reading_is_called_wrong_only_where_all_else_is_read(where: str, text: str) -> None:
    rest = {} if where == "closing" else {where: text}
    whole = check(answer(closing=text if where == "closing" else "祝您用餐愉快！", **rest))
    beside = check(answer(closing=ODD + (text if where == "closing" else ""), **rest))
    assert "contradicted" in _outcomes(whole)
    assert _outcomes(beside) == {"not_understood"}
    assert any(finding.clause in text for finding in beside.findings)


@pytest.mark.parametrize(
    ("where", "text", "left"), [(*row, False) for row in SURE] + [(*row, True) for row in LESS_SURE]
)
def test_what_hangs_on_its_reading_is_left_to_a_second_reader(where: str, text: str, *, left: bool) -> None:
    rest = {where: text}
    candidate = Candidate("x", "x", 0, QUESTION, answer(**rest), (), True)
    result = verify(candidate, wish=WISH, place=PLACE, evidence=EVIDENCE, structured=False, asking=True)
    assert (_outcomes(result) == {"not_understood"}) is left
    assert not any(clause.detachable for clause in result.clauses if clause.text in text)


def test_a_row_is_first_read_for_a_second_reader_and_a_bad_row_is_told_as_ever() -> None:
    asked, result = read_first(ROW | {"answer": "1. 青禾湘菜馆(石桥店)：比云溪湘菜馆贵59元。"})
    assert asked is not None
    assert _outcomes(result) == {"not_understood"}
    nobody, refused = read_first({"answer": "1"})
    assert nobody is None
    assert refused == verify_row({"answer": "1"})


# --- nothing fits ----------------------------------------------------------------------------------------------------------


UNPRICED = DEAR | {"cost_cny": None}
FAR = NEAR | {"cost_cny": 40.0}
TABLE = "1. 青禾湘菜馆(石桥店)：人均40元，低于预算。"


def _nothing(opening: str, *pois: dict[str, Any], closing: str = "", **wish: object) -> set[str]:
    row = ROW | {"evidence": list(pois), "answer": f"{opening}\n{TABLE}\n{closing}".strip()} | wish
    return _outcomes(verify_row(row))


@pytest.mark.parametrize("opening", ["没有能确认符合要求的湘菜。", "没有标价合适的湘菜。"])
def test_that_none_is_known_to_fit_is_right_where_only_an_unpriced_one_could(opening: str) -> None:
    assert _nothing(opening, FAR, UNPRICED) == set()


def test_a_flat_nothing_fits_is_neither_right_nor_wrong_where_an_unpriced_one_could() -> None:
    flat = "没有符合要求的湘菜。"
    assert _nothing(flat, FAR, UNPRICED) == {"not_understood"}
    assert _nothing(flat, FAR, UNPRICED, closing="云溪湘菜馆暂无人均。") == set()
    assert _nothing(flat, FAR, DEAR, feasible=False) == set()
    assert "contradicted" in _nothing(flat, FAR, DEAR | {"cost_cny": 80.0})


def test_the_form_that_is_offered_for_a_flat_nothing_fits_passes() -> None:
    row = ROW | {"evidence": [FAR, UNPRICED], "answer": f"没有符合要求的湘菜。\n{TABLE}"}
    detail = verify_row(row).findings[0].detail
    form = detail.rsplit("“", 1)[1].rstrip("”。")
    assert _outcomes(verify_row(row | {"answer": f"{form}。\n{TABLE}"})) == set()


def test_who_is_known_to_fit_and_who_only_may() -> None:
    lunch = Wish("川菜", None, 50, 100, 2000, meal_time="午餐")
    first, third = POIS[0], POIS[2]
    assert (is_known_to_fit(first, lunch), may_fit(first, lunch)) == (True, False)
    assert (is_known_to_fit(third, lunch), may_fit(third, lunch)) == (False, True)  # its hours are not known
    assert is_known_to_fit(third, replace(lunch, meal_time=None))
    unpriced = replace(first, cost_cny=None)
    assert (is_known_to_fit(unpriced, lunch), may_fit(unpriced, lunch)) == (False, True)
    far = replace(unpriced, distance_m=2900)
    assert not may_fit(far, lunch)


# --- layouts and echoes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gap", ["，", "　", " / "])
@pytest.mark.parametrize(("price", "good"), [("61元", True), ("71元", False)])
def test_a_name_alone_on_its_line_heads_the_line_under_it(gap: str, price: str, *, good: bool) -> None:
    block = f"【青禾湘菜馆·石桥店】\n人均{price}{gap}评分4.4"
    row = ROW | {"answer": f"可以看看：\n\n{block}\n\n祝您用餐愉快。"}
    assert (_outcomes(verify_row(row)) == set()) is good


def test_rows_of_fields_that_nobody_heads_are_no_restaurants() -> None:
    table = "| 项目 | 甲 | 乙 |\n|---|---|---|\n| 人均 | 61元 | 120元 |\n| 评分 | 4.4 | 4.0 |"
    reasons = {finding.reason for finding in verify_row(ROW | {"answer": f"对比：\n{table}"}).findings}
    assert "unknown_restaurant" not in reasons
    invented = "| 店名 | 人均 |\n|---|---|\n| 醉月轩湘菜馆 | 61元 |"
    reasons = {finding.reason for finding in verify_row(ROW | {"answer": f"对比：\n{invented}"}).findings}
    assert "unknown_restaurant" in reasons


@pytest.mark.parametrize(("opening", "good"), [("几位聚餐，推荐下面五家：", True), ("六位聚餐，推荐下面五家：", False)])
def test_a_few_guests_are_as_many_as_there_are(opening: str, *, good: bool) -> None:
    assert check(answer(opening=opening)).accepted is good


@pytest.mark.parametrize(("hours", "good"), [("21:00打烊、周一休息", True), ("20:00打烊、周一休息", False)])
def test_a_day_of_rest_behind_a_closing_time_is_the_rests(hours: str, *, good: bool) -> None:
    rows = (replace(POIS[0], open_hours=None, open_week="周二至周日 09:00-21:00；周一休息"), *POIS[1:])
    candidate = Candidate("x", "x", 0, QUESTION, answer(item1=f"{hours}。"), (), True)
    evidence = replace(EVIDENCE, pois=rows)
    result = verify(candidate, wish=WISH, place=PLACE, evidence=evidence, structured=False)
    assert result.accepted is good


@pytest.mark.parametrize(
    ("end", "good"),
    [("这几家都挺合适的", True), ("这几家里人均最低的", False), ("过去来得及", True), ("川菜以及", False)],
)
def test_a_turn_that_ends_in_such_a_word_waits_for_nothing(end: str, *, good: bool) -> None:
    reasons = {finding.reason for finding in check(answer(closing=end)).findings}
    assert ("truncated" not in reasons) is good


@pytest.mark.parametrize(("hours", "good"), [("午餐营业", True), ("早餐营业", False)])
def test_a_shop_that_does_not_serve_is_open_at_no_meal(hours: str, *, good: bool) -> None:
    closed = replace(POIS[0], status="resting")
    for poi, serves in ((POIS[0], True), (closed, False)):
        candidate = Candidate(
            "x", "x", 0, QUESTION, answer(item1=f"目前暂停营业，{hours}。" if not serves else f"{hours}。"), (), True
        )
        evidence = replace(EVIDENCE, pois=(poi, *POIS[1:]))
        result = verify(candidate, wish=WISH, place=PLACE, evidence=evidence, structured=False)
        assert result.accepted is (good and serves)


@pytest.mark.parametrize(
    ("text", "good"),
    [("第一家离得近。人均正好在您要的区间里。", True), ("第四家离得远。人均正好在您要的区间里。", False)],
)
def test_what_keeps_the_budget_in_running_text_is_a_claim_of_whom_it_names(text: str, *, good: bool) -> None:
    assert check(answer(closing=text)).accepted is good


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("第一家可以去。", True),
        ("第一家随时能去。", False),
        ("第一家周一也开门。", True),
        ("蜀味轩是周五到周日。", False),
    ],
)
def test_what_says_when_a_shop_serves_is_no_talk(text: str, *, good: bool) -> None:
    rows = [clause for clause in check(answer(closing=text)).clauses if clause.part == "closing"]
    assert any(clause.account == "unread" for clause in rows) is not good
