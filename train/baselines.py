"""Two programs that answer without having learnt anything: what a student's figures have to stand beside.

Pure. They are given the open question's own text, as an open student is, and nothing else: ``copy`` names the three nearest
restaurants of the list that fit what the question says in so many words, with their facts; ``random`` names three of the list.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

NAMED = 3
"""Restaurants in an answer, as in most of the data's."""
LIST = "\n\n附近的餐厅：\n"
"""What stands between question and evidence in an open prompt (warehouse/views/sft_open_rows.sql)."""
_FIELDS = {"地址": "address", "评分": "rating", "人均": "price", "距离": "distance", "营业": "hours", "招牌": "dishes"}
_HAN = {"一": 1.0, "两": 2.0, "三": 3.0, "四": 4.0, "五": 5.0}
_NUMBER = r"(\d+(?:\.\d+)?|[一两三四五])"
_RADIUS = re.compile(_NUMBER + r"(公里|千米|km|米)")
_BETWEEN = re.compile(r"(\d+)(?:元|块)?钱?(?:-|~|～|–|—|到|至)(\d+)(?:元|块)")
_AT_LEAST = re.compile(r"(?:不低于|不少于|至少)(\d+)(?:元|块)|(\d+)(?:元|块)钱?(?:以上|往上|起)")
_AT_MOST = re.compile(r"(\d+)(?:元|块)")


@dataclass(frozen=True, slots=True)
class ShownRestaurant:
    """One restaurant of an open prompt, as its line writes it; None or "" where the line does not say."""

    name: str
    cuisine: str = ""
    address: str = ""
    rating: str = ""
    price: float | None = None
    distance: float | None = None
    hours: str = ""
    dishes: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a question says in so many words; None where nothing was understood."""

    cuisine: str | None
    radius_m: float | None
    budget_min: float | None
    budget_max: float | None


def copied(prompt: str, _: str) -> str:
    """The three nearest that fit; where none does, the three nearest of the cuisine, said to be the nearest."""
    question, shown = read_prompt(prompt)
    wanted = read_question(question, shown)
    near = sorted(shown, key=lambda restaurant: float("inf") if restaurant.distance is None else restaurant.distance)
    fitting = [restaurant for restaurant in near if fits(restaurant, wanted)]
    if fitting:
        return _answer("为您找到这几家符合要求的餐厅：", fitting[:NAMED])
    alike = [restaurant for restaurant in near if restaurant.cuisine == wanted.cuisine] or near
    return _answer("附近没有完全符合要求的餐厅，最接近的是：", alike[:NAMED])


def drawn(prompt: str, seed: str) -> str:
    """Three of the list by chance, with their facts."""
    _, shown = read_prompt(prompt)
    return _answer("为您找到这几家餐厅：", random.Random(seed).sample(shown, min(NAMED, len(shown))))


PROGRAMS: dict[str, Callable[[str, str], str]] = {"copy": copied, "random": drawn}
"""By the name of their arm: (prompt, seed) to answer."""


def read_prompt(prompt: str) -> tuple[str, list[ShownRestaurant]]:
    """Question and restaurants of an open prompt."""
    question, _, block = prompt.partition(LIST)
    return question, [_listed(line) for line in block.splitlines() if line.strip()]


def _listed(line: str) -> ShownRestaurant:
    name, *parts = line.split("｜")
    facts: dict[str, str] = {}
    for part in parts:
        field = _FIELDS.get(part[:2])
        # A kitchen has no label: it stands right behind the name.
        facts[field or "cuisine"] = part[2:] if field else part
    return ShownRestaurant(
        name,
        facts.get("cuisine", ""),
        facts.get("address", ""),
        facts.get("rating", ""),
        _amount(facts.get("price", "")),
        _amount(facts.get("distance", "")),
        facts.get("hours", ""),
        facts.get("dishes", ""),
    )


def _amount(text: str) -> float | None:
    number = re.match(r"\d+(?:\.\d+)?", text)
    return float(number[0]) if number else None


def read_question(question: str, shown: Sequence[ShownRestaurant]) -> Wanted:
    """Cuisine (one of the list's), radius and budget, from the question's words alone."""
    named = [restaurant.cuisine for restaurant in shown if restaurant.cuisine and restaurant.cuisine in question]
    radius = _RADIUS.search(question)
    low = high = None
    if amount := _BETWEEN.search(question):
        low, high = float(amount[1]), float(amount[2])
    elif amount := _AT_LEAST.search(question):
        low = float(amount[1] or amount[2])
    elif amount := _AT_MOST.search(question):
        high = float(amount[1])
    return Wanted(named[0] if named else None, _metres(radius) if radius else None, low, high)


def _metres(length: re.Match[str]) -> float:
    number = _HAN.get(length[1]) or float(length[1])
    return number * (1.0 if length[2] == "米" else 1_000.0)


def fits(restaurant: ShownRestaurant, wanted: Wanted) -> bool:
    """Whether a line of the list meets all that was understood; what it does not say meets nothing."""
    return (
        (wanted.cuisine is None or restaurant.cuisine == wanted.cuisine)
        and (wanted.radius_m is None or (restaurant.distance is not None and restaurant.distance <= wanted.radius_m))
        and (wanted.budget_min is None or (restaurant.price is not None and restaurant.price >= wanted.budget_min))
        and (wanted.budget_max is None or (restaurant.price is not None and restaurant.price <= wanted.budget_max))
    )


def _answer(opening: str, named: Sequence[ShownRestaurant]) -> str:
    items = [f"{number}. {restaurant.name}：{_facts(restaurant)}。" for number, restaurant in enumerate(named, 1)]
    return "\n".join((opening, *items, "出发前可以再确认一下营业时间。"))


def _facts(restaurant: ShownRestaurant) -> str:
    told = (
        restaurant.address and f"地址：{restaurant.address}",
        restaurant.rating and f"评分{restaurant.rating}",
        restaurant.price is not None and f"人均{restaurant.price:g}元",
        restaurant.distance is not None and f"距离{restaurant.distance:g}米",
        restaurant.hours and f"营业时间{restaurant.hours}",
    )
    return "，".join(fact for fact in told if fact) or "暂无更多信息"
