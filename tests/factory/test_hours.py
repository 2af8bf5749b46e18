"""Opening hours: what a map's text for the week or for today says, and what follows from it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.verifier import hours, rules
from factory.verifier.hours import DAY_MIN, Hours, meal_time, open_at, overlap_min, parse

LUNCH, BREAKFAST, LATE = (rules.MEAL_WINDOWS[meal] for meal in ("午餐", "早餐", "夜宵"))
BOTH = ((660, 840), (1020, 1260))


def test_todays_hours_are_todays_and_say_nothing_of_any_weekday() -> None:
    hours = parse("11:00-14:00 17:00-21:00", week=False)
    assert hours.today == BOTH
    assert hours.today_only
    assert hours.days == (None,) * 7
    assert open_at(hours, 12 * 60, weekday=6) is None
    assert parse("11:00-14:00 17:00-21:00", week=True).days == (BOTH,) * 7


def test_a_week_names_its_days_and_the_days_it_leaves_out_are_days_off() -> None:
    hours = parse("周一至周四 11:00-01:00；周五至周六 11:00-02:00", week=True)
    assert hours.days[3] == ((660, 1500),)
    assert hours.days[5] == ((660, 1560),)
    assert hours.days[6] == ()
    assert open_at(hours, 90, weekday=6), "Sunday's first hours are still Saturday's evening"
    assert open_at(hours, 90, weekday=1) is False


@pytest.mark.parametrize(
    "text",
    [
        "周一、周三至周五10:00-20:00",
        "星期一 10:00～20:00；礼拜三、四、五 10点-20点",
        "周一 上午10:00至晚上8:00;周三到周五 10:00—20:00",
        "周一 10:00-20:00 周三至周五 10:00-20:00",
    ],
)
def test_days_and_times_are_read_however_they_are_written(text: str) -> None:
    span = ((600, 1200),)
    assert parse(text, week=True).days == (span, (), span, span, span, (), ())


def test_a_rule_that_says_more_than_days_and_times_leaves_its_days_unknown() -> None:
    assert not parse("夏季 10:00-23:00；冬季 10:00-21:00", week=True).known
    half = parse("周一至周五 10:00-20:00；周六至周日 看情况", week=True)
    assert half.days[0] == ((600, 1200),)
    assert half.days[5] is None
    assert parse("周一休息", week=True).days == ((), *(None,) * 6)


def test_a_day_off_beside_a_rule_for_all_days_is_a_day_off() -> None:
    for text in ("每天 10:00-22:00；周一休息", "周一休息；10:00-22:00", "周二至周日 10:00-22:00"):
        assert parse(text, week=True).days == ((), *(((600, 1320),),) * 6), text


def test_two_rules_for_the_same_days_are_two_spans_of_a_day() -> None:
    assert parse("周一至周日 11:00-14:00；周一至周日 17:00-21:00", week=True).days == (BOTH,) * 7
    assert parse("周一至周日 11:00-14:00；17:00-21:00", week=True).days == (BOTH,) * 7


def test_around_the_clock_has_one_form() -> None:
    for text in ("24小时营业", "全天营业", "00:00-24:00", "0:00-23:59", "周一至周日 00:00-24:00"):
        assert parse(text, week=True).days[2] == ((0, DAY_MIN),), text


def test_the_afternoon_break_is_none_of_the_opening_hours() -> None:
    assert hours.breaks(BOTH) == ((840, 1020),)
    assert hours.is_span(BOTH, 660, 840)
    assert not hours.is_span(BOTH, 840, 1020)
    assert not hours.is_span(BOTH, 660, 1260)
    assert hours.starts_at(BOTH, 1020)
    assert not hours.starts_at(BOTH, 1260)
    assert hours.ends_at(BOTH, 1260)
    assert not hours.ends_at(BOTH, 660)


def test_an_end_past_midnight_is_the_same_end_however_it_is_counted() -> None:
    night = parse("17:00-02:00", week=False).today or ()
    assert night == ((1020, 1560),)
    assert hours.is_span(night, 1020, 120)
    assert hours.ends_at(night, 120)
    assert hours.said(night) == "17:00-次日02:00"


def test_the_meal_counts_minute_by_minute() -> None:
    just, short = (parse(f"13:{minute:02d}-20:00", week=False) for minute in (0, 1))
    at_lunch = [meal_time(hours, LUNCH) for hours in (just, short)]
    assert [overlap.most for overlap in at_lunch if overlap] == [30, 29]
    assert [overlap.open_days() for overlap in at_lunch if overlap] == [1, 0]
    assert meal_time(parse("17:00-03:00", week=False), BREAKFAST) == hours.MealTime(((None, 0),))
    assert meal_time(Hours(), LUNCH) is None


def test_a_meal_late_at_night_is_served_by_the_evening_that_runs_over() -> None:
    assert overlap_min(((1020, 1560),), LATE) == 120
    assert overlap_min((), (0, 180), before=((1020, 1560),)) == 120


def test_open_at_a_time_without_a_day_holds_only_where_every_day_agrees() -> None:
    hours = parse("周一至周五 10:00-20:00；周六至周日 10:00-23:00", week=True)
    assert open_at(hours, 19 * 60) is True
    assert open_at(hours, 22 * 60) is None
    assert open_at(hours, 22 * 60, weekday=5) is True
    assert open_at(hours, 9 * 60) is False


def test_a_shop_that_does_not_serve_says_so_in_its_name_its_status_or_its_hours() -> None:
    assert hours.status_of("乐林火锅(暂停营业)") == "resting"
    assert hours.status_of("乐林火锅（装修中）") == "resting"
    assert hours.status_of("乐林火锅", "今日休息") == "resting"
    assert hours.status_of("乐林火锅(已关闭)") == "closed"
    assert hours.status_of("乐林火锅(新店)", "周一休息；10:00-22:00") is None


@given(
    st.text(alphabet="周一二三四五六日天至到-:：;；、, 0123456789休息每今营业\n次（）apm", max_size=60), st.booleans()
)
def test_any_text_is_read_without_error_into_spans_in_order(text: str, week: bool) -> None:  # noqa: FBT001
    hours = parse(text, week=week)
    for day in (*hours.days, hours.today):
        flat = [minute for span in day or () for minute in span]
        assert flat == sorted(set(flat)), "spans are apart and in order"
        assert all(0 <= minute <= 2 * DAY_MIN for minute in flat)
