"""How the sandbox teacher says the small things: cuisines, tastes, budgets, distances, parties, occasions, times.

Words only: phrases_question.py, phrases_item.py and phrases_frame.py build sentences from them. Nothing here claims
a fact about a restaurant.
"""

from __future__ import annotations

from factory.records import Wish
from factory.sandbox.teacher.dice import Dice
from factory.sandbox.teacher.phrases_book import phrase_table

DIGITS = "零一两三四五六七八九十"

SHOPS = phrase_table("words", "shops")
TASTES = phrase_table("words", "tastes")
MEALS = phrase_table("words", "meals")
MOMENTS = phrase_table("words", "moments")
OCCASIONS = phrase_table("words", "occasions")
DIETS = phrase_table("words", "diets")
NEEDS = phrase_table("words", "needs")


def number(value: int, dice: Dice) -> str:
    """A small count, now in digits, now in characters (两, not 二, before a measure word)."""
    return DIGITS[value] if 0 < value <= 10 and dice.chance(0.5) else str(value)


def shop(cuisine: str, dice: Dice) -> str:
    """A kind of restaurant: 川菜馆, 火锅店."""
    named = SHOPS.get(cuisine)
    if named:
        return dice.pick(named)
    return f"{cuisine}{dice.pick(('馆', '馆子', '餐馆', '餐厅'))}"


def span(low: int | None, high: int | None, dice: Dice) -> str:
    """A budget as a span that can follow 人均: 50到100元, 50元以内, 200块以上."""
    unit = dice.pick(("元", "块", "元", "块钱"))
    if low is not None and high is not None:
        return dice.pick(
            (f"{low}到{high}{unit}", f"{low}-{high}{unit}", f"{low}至{high}{unit}", f"{low}～{high}{unit}")
        )
    if high is not None:
        return dice.pick((f"{high}{unit}以内", f"不超过{high}{unit}", f"{high}{unit}以下", f"别超过{high}{unit}"))
    return dice.pick((f"{low}{unit}以上", f"{low}{unit}往上", f"不低于{low}{unit}"))


def budget(wish: Wish, dice: Dice) -> str | None:
    """The budget as a clause of a question, None when the wish has none."""
    if wish.budget_min_cny is None and wish.budget_max_cny is None:
        return None
    amount = span(wish.budget_min_cny, wish.budget_max_cny, dice)
    if wish.budget_max_cny is None and dice.chance(0.4):
        return dice.pick((f"预算比较宽松，人均{amount}", f"不差这点钱，人均{amount}都行", f"想吃好一点，人均{amount}"))
    forms = ("人均{}", "预算人均{}", "每人{}", "一个人{}", "人均消费{}", "预算是每人{}", "人均预算{}", "价位在人均{}")
    return dice.pick(forms).format(amount)


def metres(value: int, dice: Dice) -> str:
    """A radius as people write it: 500米, 1.5公里, 两公里."""
    if value < 1000:
        return f"{value}米"
    if value == 2000:
        return dice.pick(("2公里", "两公里", "2000米"))
    return dice.pick((f"{value / 1000:g}公里", f"{value}米"))


def radius(wish: Wish, dice: Dice) -> str:
    """The radius as a clause of a question."""
    distance = metres(wish.radius_m, dice)
    forms = [
        "{}以内",
        "{}范围内",
        "最好在{}以内",
        "别超过{}",
        "距离不超过{}",
        "{}内就行",
        "离得不超过{}",
        "就在{}之内找",
    ]
    if wish.radius_m <= 1000:
        forms += ["走得到的，{}以内", "不想走远，{}以内", "懒得走远路，最远{}"]
    return dice.pick(forms).format(distance)


def party(wish: Wish, dice: Dice) -> str | None:
    """The party's size as a clause, None when unknown."""
    size = wish.party_size
    if size is None:
        return None
    if size == 1:
        return dice.pick(("就我一个人", "一个人吃", "我自己吃", "一个人"))
    people = number(size, dice)
    return dice.pick(("{}个人", "一共{}个人", "我们{}个人", "{}个人一起", "总共{}位", "{}人用餐")).format(people)


def taste(wish: Wish, dice: Dice) -> str | None:
    """The taste as a predicate: 喜欢吃辣."""
    return dice.pick(TASTES.get(wish.taste, (f"口味上{wish.taste}",))) if wish.taste else None


def occasion(wish: Wish, dice: Dice) -> str | None:
    """The occasion as an activity: 和朋友聚餐."""
    return dice.pick(OCCASIONS.get(wish.occasion, (wish.occasion,))) if wish.occasion else None


def diet(wish: Wish, dice: Dice) -> str | None:
    """The diet as a predicate: 对海鲜过敏."""
    return dice.pick(DIETS.get(wish.diet, (wish.diet,))) if wish.diet else None


def need(text: str, dice: Dice) -> str:
    """A tag that the restaurant must have, as a predicate: 轮椅能进去."""
    return dice.pick(NEEDS.get(text.partition("=")[0], (f"需要{text}",)))
