"""Whether a restaurant fits a wish: every kind of miss at its edge, and what is unknown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from factory.records import Place, Poi, Wish
from factory.verifier.fit import fits, misses, sure_misses

POI = Poi("SBX1", "乐林火锅(东门店)", "竹山路3号", 116.4, 39.9, None, "050117", "火锅", 4.5, 90.0, 400)
WISH = Wish("火锅", None, 50, 100, 2000)


def kinds(poi: Poi, wish: Wish) -> list[str]:
    return [miss.kind for miss in misses(poi, wish)]


def test_what_meets_every_condition_fits() -> None:
    assert fits(POI, WISH)


def test_a_miss_says_by_how_much() -> None:
    (dear,) = misses(replace(POI, cost_cny=124.0), WISH)
    assert (dear.kind, dear.amount, dear.side) == ("budget", 24.0, "over")
    (cheap,) = misses(replace(POI, cost_cny=40.0), WISH)
    assert (cheap.amount, cheap.side) == (10.0, "under")
    (far,) = misses(replace(POI, distance_m=2159), WISH)
    assert (far.kind, far.amount, far.sure) == ("radius", 159.0, True)
    (edge,) = misses(replace(POI, distance_m=2009), WISH)
    assert not edge.sure
    assert misses(replace(POI, cost_cny=None), WISH)[0].side == "unknown"


def test_the_place_recomputes_the_distance() -> None:
    assert misses(POI, WISH, Place("p", "p", "c", None, 116.4, 40.0, "GCJ-02"))[0].kind == "radius"
    assert fits(replace(POI, distance_m=9000), WISH, Place("p", "p", "c", None, 116.4, 39.9, "GCJ-02"))


@pytest.mark.parametrize("text", ["乐林火锅(暂停营业)", "乐林火锅(装修中)", "乐林火锅(已关闭)"])
def test_a_shop_that_does_not_serve_never_fits(text: str) -> None:
    assert kinds(replace(POI, name=text), WISH) == ["closed"]
    assert kinds(replace(POI, status="resting"), WISH) == ["closed"]
    assert kinds(replace(POI, open_hours="今日休息"), WISH) == ["closed"]


def test_half_an_hour_of_the_meal_is_enough_and_less_is_a_miss() -> None:
    lunch = replace(WISH, meal_time="午餐")
    assert fits(replace(POI, open_hours="13:00-22:00"), lunch)
    (shut,) = misses(replace(POI, open_hours="13:01-22:00"), lunch)
    assert (shut.kind, shut.amount, shut.sure) == ("hours", 29.0, True)
    assert fits(replace(POI, open_hours=None), lunch), "hours that nobody knows fit"


def test_a_day_off_is_no_miss_to_blame_anybody_for_but_half_a_week_is() -> None:
    lunch = replace(WISH, meal_time="午餐")
    monday_off = replace(POI, open_week="周二至周日 11:00-21:00")
    assert not fits(monday_off, lunch)
    assert not sure_misses(monday_off, lunch)
    assert [miss.kind for miss in sure_misses(replace(POI, open_week="周四至周日 11:00-21:00"), lunch)] == ["hours"]


def test_a_general_code_is_of_the_cuisine_that_its_key_words_or_its_name_tell() -> None:
    general = replace(POI, typecode="050100", cuisine=None, name="乐林小馆")
    assert kinds(general, WISH) == ["cuisine"]
    assert fits(replace(general, tags=(("keytag", "牛肉火锅"),)), WISH)
    assert fits(replace(general, name="乐林铜锅涮肉"), WISH)
    assert kinds(replace(POI, cuisine="粤菜", typecode="050103", name="乐林粤味火锅"), WISH) == ["cuisine"]


def test_a_diet_is_contradicted_by_name_or_by_the_dishes() -> None:
    wish = replace(WISH, diet="不吃牛羊肉")
    assert kinds(replace(POI, name="乐林羊排火锅"), wish) == ["diet"]
    mixed = replace(POI, specialities=("手切羊肉", "虾滑", "冻豆腐"))
    assert not fits(mixed, wish)
    assert not sure_misses(mixed, wish)
    assert sure_misses(replace(POI, specialities=("手切羊肉", "冻豆腐")), wish)[0].detail == "手切羊肉"
    assert fits(replace(POI, specialities=("牛油果沙拉", "冻豆腐")), wish)


def test_a_vegetarian_or_halal_wish_needs_something_that_shows_it() -> None:
    wish = replace(WISH, diet="素食")
    assert misses(POI, wish)[0].side == "unknown"
    assert fits(replace(POI, name="乐林素火锅"), wish)
    assert fits(replace(POI, tags=(("diet:vegetarian", "only"),)), wish)


def test_a_need_that_a_tag_denies_is_another_miss_than_one_that_nobody_knows() -> None:
    wish = replace(WISH, needs=("wheelchair",))
    assert misses(POI, wish)[0].side == "unknown"
    assert misses(replace(POI, tags=(("wheelchair", "no"),)), wish)[0].side == ""
    assert fits(replace(POI, tags=(("wheelchair", "yes"),)), wish)
