"""The plan: pure, distinct, spread over places, with a planned share of hard wishes."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from factory.plan.orders import CUISINES_PER_STAGE, PLACES_PER_STAGE, Plan, visiting_order
from factory.plan.split import assign_cells
from factory.plan.vocabulary import CHINESE_WORDS, CUISINES, MEAL_TIMES, WishWords
from factory.records import Place


def _places(count: int) -> tuple[Place, ...]:
    return tuple(
        Place(
            f"城{i % 24}/地{i}", f"地{i}", f"城{i % 24}", None, 100 + 0.37 * (i % 30), 25 + 0.29 * (i // 30), "GCJ-02"
        )
        for i in range(count)
    )


def _plan(places: int = 330, k: int = 5, seed: int = 0, words: WishWords = CHINESE_WORDS) -> Plan:
    located = visiting_order(_places(places), seed)
    return Plan("sandbox-x", seed, k, located, words, assign_cells({}, located))


def test_an_order_depends_on_the_plan_and_its_index_only() -> None:
    assert _plan().order(1234) == _plan().order(1234)
    assert _plan(seed=1).order(1234) != _plan().order(1234)


@pytest.mark.parametrize(("places", "k", "orders"), [(330, 5, 6000), (3, 5, 1500), (1, 10, 200), (40, 7, 3000)])
def test_no_wish_comes_twice_at_a_place(places: int, k: int, orders: int) -> None:
    plan = _plan(places, k)
    seen = Counter(
        (order.place.place_id, wish)
        for order in (plan.order(index) for index in range(min(orders, plan.capacity // k)))
        for wish in order.wishes
    )
    # Hard wishes change one field and may meet another hard wish; anything else is distinct by construction.
    twice = [key for key, count in seen.items() if count > 1 and not key[1].hard]
    assert not twice


def test_a_large_plan_asks_for_hardly_any_need_twice() -> None:
    """The style of a question is no need: what is compared decides the answer. Hard wishes may meet, once in thousands."""
    plan = _plan(40, 10)
    needs = Counter(
        (order.place.place_id, replace(wish, style="plain", hard=False))
        for order in (plan.order(index) for index in range(1_000))
        for wish in order.wishes
    )
    assert plan.capacity > 25 * needs.total()
    assert needs.total() - len(needs) <= needs.total() / 1_000


def test_combinations_of_a_cuisine_are_used_up_before_any_repeats() -> None:
    plan = _plan(1, 5)
    combos = [
        (wish.cuisine, wish.taste, wish.budget_min_cny, wish.budget_max_cny)
        for index in range(plan.rounds)
        for wish in plan.order(index).wishes
        if not wish.hard
    ]
    per_cuisine = Counter(combo[0] for combo in combos)
    assert len(per_cuisine) == CUISINES_PER_STAGE
    assert max(Counter(combos).values()) <= 2  # 30 slots over 28 combinations: at most the wrap-around repeats


def test_orders_hold_two_cuisines_so_that_searches_are_shared() -> None:
    plan = _plan()
    for index in range(0, 2000, 7):
        planned = {wish.cuisine for wish in plan.order(index).wishes if not wish.hard}
        assert len(planned) <= 2


def test_few_searches_serve_ten_thousand_samples_over_every_cuisine() -> None:
    plan = _plan()
    orders = [plan.order(index) for index in range(2150)]
    searches = {(order.place.place_id, wish.cuisine) for order in orders for wish in order.wishes}
    assert len({order.place.place_id for order in orders}) >= 100
    assert {cuisine for _, cuisine in searches} >= set(CUISINES)
    assert len(searches) <= 600


def test_a_small_run_already_stands_at_many_places() -> None:
    plan = _plan()
    assert len({plan.order(index).place.place_id for index in range(215)}) == PLACES_PER_STAGE


def test_hard_wishes_keep_their_planned_share() -> None:
    plan = _plan()
    wishes = [wish for index in range(2000) for wish in plan.order(index).wishes]
    assert 0.08 < sum(wish.hard for wish in wishes) / len(wishes) < 0.12


def test_splits_hold_their_shares_and_unseen_places_stay_whole() -> None:
    plan = _plan()
    orders = [plan.order(index) for index in range(2000)]
    splits = Counter(split for order in orders for split in order.splits)
    total = splits.total()
    assert 0.05 < splits["unseen"] / total < 0.16
    assert 0.05 < splits["seen"] / total < 0.13
    assert all(len(set(order.splits)) == 1 for order in orders if "unseen" in order.splits)


def test_the_plan_says_where_it_ends() -> None:
    plan = _plan(1, 5)
    last = plan.capacity // plan.k - 1
    assert plan.order(last)
    with pytest.raises(IndexError):
        plan.order(last + 1)


def test_no_wish_contradicts_itself() -> None:
    plan = _plan()
    wishes = [wish for index in range(3000) for wish in plan.order(index).wishes]
    assert {wish.meal_time for wish in wishes} == {None, *MEAL_TIMES}
    breakfasts = [wish for wish in wishes if wish.meal_time == "早餐"]
    assert breakfasts
    assert not {wish.cuisine for wish in breakfasts} & {"烧烤", "火锅", "川菜", "日本料理", "俄国菜"}
    assert not {wish.occasion for wish in breakfasts} & {"商务宴请", "生日聚餐", "下班后小聚"}
    assert not [wish for wish in wishes if wish.diet == "少油少盐" and wish.taste == "重油重盐"]
    assert not [wish for wish in wishes if wish.diet == "海鲜过敏" and wish.cuisine == "日本料理"]
    vegetarian = [wish for wish in wishes if wish.diet == "素食"]
    assert vegetarian
    assert not [wish for wish in vegetarian if wish.taste == "偏爱肉类"]
    assert not [wish for wish in wishes if wish.occasion == "带孩子吃饭" and wish.meal_time == "夜宵"]


def test_a_service_without_prices_gets_wishes_without_budgets() -> None:
    words = WishWords(
        ("pizza", "sushi"), (), (None,), ((None, None),), None, (2000, 500), (200,), needs=("", "takeaway")
    )
    plan = _plan(20, 5, words=words)
    wishes = [wish for index in range(300) for wish in plan.order(index).wishes]
    assert {wish.budget_max_cny for wish in wishes} == {None}
    assert {wish.needs for wish in wishes} == {(), ("takeaway",)}
    easy = [
        (order.place.place_id, wish) for order in map(plan.order, range(300)) for wish in order.wishes if not wish.hard
    ]
    assert len(easy) == len(set(easy))
