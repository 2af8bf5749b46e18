"""What may mean something else is not called wrong; remarks about the guests are talk, and what is said of a shop never is."""

from __future__ import annotations

import pytest

from tests.factory.reading_world import answer, check, said_at


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
    ],
)
def test_each_of_these_ways_to_say_it_tells_truth_from_lie(true: str, false: str) -> None:
    where = "item1" if "轮椅" in true else "closing"
    assert said_at(where, true).accepted, [one.detail for one in said_at(where, true).findings]
    assert not said_at(where, false).accepted
