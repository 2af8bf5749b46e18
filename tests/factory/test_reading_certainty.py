"""What may mean something else is not called wrong; remarks about the guests are talk, and what is said of a shop never is."""

from __future__ import annotations

import gc
from dataclasses import replace

import pytest

from factory.records import Candidate, Verification
from factory.verifier import verify
from factory.verifier.acts_lists import in_order
from tests.factory.reading_world import EVIDENCE, PLACE, POIS, QUESTION, WISH, answer, check, said_at


@pytest.mark.parametrize(
    ("where", "text"),
    [
        ("item2", "17:00-21:00营业"),  # one of its two sessions
        ("item2", "晚市17:00开"),
        ("closing", "第二家比第一家远510米，大约七分钟的事。"),
        ("closing", "第一家评分高0.3。"),
        ("closing", "咸口为主。"),
        ("closing", "我心里的第一名是第二家。"),
        ("item1", "如果坚持50元以下"),
        ("closing", "想吃得好一点，肯加15块就去第二家。"),
        ("item1", "我想花200元以上"),
        ("closing", "第二家差不多是第一家的两倍。"),
        ("closing", "其余几家人均都不到100元。"),
        ("closing", "至于水煮鱼，看您喜好。"),
        ("closing", "还没关门的里头最便宜的是第一家。"),
        ("item1", "更远的是蜀味轩。人均95元，800米，17:00到21:00再开。"),
        ("closing", "我优先挑了有沙拉或烤制菜的西餐厅。"),  # no restaurant's name
    ],
)
def test_what_may_be_meant_otherwise_is_not_called_wrong(where: str, text: str) -> None:
    wrong = [one for one in said_at(where, text).findings if one.outcome != "not_understood"]
    assert wrong == [], [one.detail for one in wrong]


@pytest.mark.parametrize(
    ("where", "text"),
    [
        ("item2", "16:00-21:00营业"),
        ("closing", "第一家评分4.9。"),
        ("item1", "距离620米"),
        ("item1", "人均120元"),
        ("item1", "电话010-62551299"),
        ("item1", "轮椅可入"),
        ("closing", "第二家人均是第一家的两倍。"),
        ("item4", "五家里最便宜"),
        ("item1", "更远的是蜀味轩。人均165元。"),
    ],
)
def test_what_can_mean_one_thing_only_is_called_wrong(where: str, text: str) -> None:
    assert any(one.outcome == "contradicted" for one in said_at(where, text).findings)


@pytest.mark.parametrize(
    "text",
    [
        "我先把丑话说在前头。",
        "你这是给我出难题。",
        "咱们四个人到时候见。",
        "若肯多走七百米，可以放宽范围。",
        "没有异议的话就这么定了。",
    ],
)
def test_a_remark_about_the_guests_is_talk(text: str) -> None:
    assert check(answer(closing=text)).accepted, [one.detail for one in check(answer(closing=text)).findings]


@pytest.mark.parametrize(
    "text",
    [
        "我上个月刚去过。",
        "您带狗进去没问题。",
        "你一进门就有人招呼。",
        "大家都爱去。",
        "要是想在院子里坐坐，第一家可以。",
        "我打听过，老板是湖南人。",
        "各位能刷脸进场。",
        "孩子有人陪。",
    ],
)
def test_what_is_said_of_a_shop_is_no_remark_about_the_guests(text: str) -> None:
    assert not check(answer(closing=text)).accepted


@pytest.mark.parametrize(
    ("true", "false"),
    [
        ("由近到远是川香园(清河店)、蜀味轩", "由近到远是蜀味轩、川香园(清河店)"),
        ("标签写着轮椅不可入", "标签写着轮椅可入"),
        ("第一家10:30、第二家11:00开门", "第一家10:30、第二家10:00开门"),
        ("前两家只差510米", "前两家只差210米"),
        ("评分最高是4.5", "评分最高是4.4"),
        ("双榆树北里3号的川香园人均80元", "学院路20号的川香园人均80元"),
        ("第四家坐到九点没问题", "第二家坐到十点没问题"),
        ("第四家开到十二点", "第二家开到十二点"),
        ("第一家11:00到20:00都在营业", "第一家11:00到23:00都在营业"),
        ("第一家四个人比去第四家少花240元", "第一家四个人比去第四家少花200元"),
        ("第四家人均将近预算上限的一倍半", "第四家人均将近预算上限的三倍"),
        ("第一家比第二近的蜀味轩还近510米", "第一家比第二近的蜀味轩还近310米"),
        ("第一家离100还差20元", "第一家离100还差40元"),
        ("22:00第一家打烊", "21:00第一家打烊"),
        ("五家里只有第一家留了电话", "五家里只有第二家留了电话"),
        ("第二家没有留电话", "第一家没有留电话"),
        ("第一家离上限只剩20元", "第一家离上限只剩10元"),
        ("看两点：①第一家最近；②第三家最便宜", "看两点：①第一家最近；②第二家最便宜"),
        ("第四家就在列，它10:00开门", "第四家就在列，它9:00开门"),
        ("蜀味轩第一（800米）", "蜀味轩第一（290米）"),
        ("川香园290米最近", "川香园590米最近"),
        ("评分第三家没标", "评分第二家没标"),
        ("第四家人均过百", "第一家人均过百"),
    ],
)
def test_each_of_these_ways_to_say_it_tells_truth_from_lie(true: str, false: str) -> None:
    where = "item1" if "轮椅" in true else "closing"
    assert said_at(where, true).accepted, [one.detail for one in said_at(where, true).findings]
    assert not said_at(where, false).accepted


def _of_first(text: str, **changes: object) -> Verification:
    """The plain answer with a text in the first item, whose restaurant's row is changed."""
    rows = (replace(POIS[0], **changes), *POIS[1:])  # type: ignore[arg-type]
    candidate = Candidate("x", "x", 0, QUESTION, answer(item1=text), (), True)
    return verify(candidate, wish=WISH, place=PLACE, evidence=replace(EVIDENCE, pois=rows), structured=False)


@pytest.mark.parametrize(("week", "good"), [("周一至周六 10:30-22:00", True), ("周一至周日 10:30-22:00", False)])
def test_hours_of_a_day_are_missing_where_the_week_leaves_it_out(week: str, *, good: bool) -> None:
    assert _of_first("没有标周日的时间。", open_week=week).accepted is good


@pytest.mark.parametrize(("text", "good"), [("比第二家晚一个小时。", True), ("比第二家晚三个小时。", False)])
def test_hours_that_differ_by_day_compare_on_most_days(text: str, *, good: bool) -> None:
    week = "周一至周五 10:30-22:00；周六至周日 10:30-23:00"
    assert _of_first(text, open_hours=None, open_week=week).accepted is good


@pytest.mark.parametrize(("name", "good"), [("渝阁小馆", True), ("川香园(清河店)", False)])
def test_a_cell_that_says_untold_is_said_of_its_heading(name: str, *, good: bool) -> None:
    assert check(f"推荐：\n\n| 店 | 评分 |\n|---|---|\n| {name} | 未标 |").accepted is good


@pytest.mark.parametrize(("text", "cut"), [("随到随吃也挺潇洒", True), ("它家的水煮鱼挺潇洒", False)])
def test_eating_alone_is_no_dish_that_keeps_a_remark_from_being_cut(text: str, *, cut: bool) -> None:
    clauses = check(answer(closing=f"{text}。")).clauses
    assert [one.detachable for one in clauses if one.text == text and one.account == "unread"] == [cut]


@pytest.mark.parametrize(("words", "good"), [("露台、停车方便", True), ("停车方便", False)])
def test_a_key_word_of_the_map_shows_what_it_says(words: str, *, good: bool) -> None:
    assert _of_first("地图上标了露台。", tags=(("keywords", words),)).accepted is good


def test_an_item_may_be_headed_by_a_branch_whose_brand_was_named_above() -> None:
    rows = "推荐川香园：\n1. 清河店，{}元，290米"
    assert check(rows.format(80)).accepted
    assert any(one.outcome == "contradicted" for one in check(rows.format(95)).findings)


@pytest.mark.parametrize(("name", "strange"), [("越南餐厅", False), ("越庭餐厅", True)])
def test_a_land_s_restaurants_are_a_kind_and_nobody_s_name(name: str, *, strange: bool) -> None:
    findings = check(answer(closing=f"附近还有{name}。")).findings
    assert any(one.reason == "unknown_restaurant" for one in findings) is strange


def test_a_shortened_name_is_none_where_a_dish_begins_within_it() -> None:
    rows = (*POIS, replace(POIS[1], poi_id="SBX00000009", name="和意居酒屋", specialities=("意大利面",)))
    candidate = Candidate("x", "x", 0, QUESTION, answer(item1="招牌菜有回锅肉和意大利面。"), (), True)
    found = verify(candidate, wish=WISH, place=PLACE, evidence=replace(EVIDENCE, pois=rows), structured=False)
    assert [claim.status for claim in found.claims if claim.kind == "dish"] == ["verified", "unsupported"]


@pytest.mark.parametrize("text", ["合适的有三家。", "满足要求的里面最近的是第一家。", "其余几家人均都不到100元。"])
def test_a_reading_leaves_nothing_for_the_collector(text: str) -> None:
    said_at("closing", text)
    gc.collect()
    gc.disable()
    try:
        said_at("closing", text)
        assert gc.collect() == 0
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("numbers", "status"),
    [
        ([4.8, 4.6, 4.0], "verified"),
        ([4.8, 4.6, None], "inferable"),
        ([4.8, None, 4.6], "unsupported"),
        ([4.8, None], "unsupported"),
        ([4.6, 4.8, None], "contradicted"),
    ],
)
def test_whose_value_is_not_known_may_stand_at_the_end_of_an_order(numbers: list[float | None], status: str) -> None:
    assert in_order(numbers, [one for one in numbers if one is not None], up=True) == status


@pytest.mark.parametrize(("place", "passes"), [("学院路20号", True), ("学院路30号", False), ("清河店", False)])
def test_where_a_restaurant_is_may_stand_in_brackets_behind_its_name(place: str, passes: bool) -> None:  # noqa: FBT001
    text = answer().replace("2. 蜀味轩：", f"2. 蜀味轩({place})：")
    assert check(text).accepted is passes
