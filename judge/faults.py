"""The kinds of planted error: what is said instead of a true statement, so that nothing but that statement becomes false.

Pure. A number stays within the wish (a price within the budget, a distance within the radius), an opening hour only reaches
further, and words of the answer that would give the edit away (a walking time beside a new distance) rule a place out.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from factory.verifier.rules import WALK_M_PER_MIN
from judge.asking import Item

UNFIT = "unfit"
"""The one kind of fault whose facts are true."""
_WORDS = ("隐泉", "望舒", "半亩", "拾光", "云溪", "归巢", "钟记", "邵家", "阎府", "施园", "裴氏", "麦垄")
_CUISINES = ("川菜", "粤菜", "湘菜", "东北菜", "江浙菜", "日本料理", "烧烤", "火锅", "西餐")
_DISHES = ("佛跳墙", "夫妻肺片", "惠灵顿牛排", "葱烧海参", "冬阴功汤", "臭鳜鱼")
_SAYS = ("做的是", "主打", "主营")
_BRANCH = re.compile(r"[（(][^（()）]+[）)]$")
_ABOUT = re.compile(r"约|大概|左右|上下|差不多")
_TIME = re.compile(r"\d{1,2}:\d{2}")
_UNCHANGED = frozenset({"fit", "wish", "count", "quantifier"})
"""Kinds of claim that hold for another restaurant within the budget and the radius as for this one."""
_SHUT = re.compile(r"装修|停业|关闭|休息|周")
"""Restaurants whose hours say more than a span of the day."""
_KM = re.compile(r"\d(?:公里|千米|km)")
TELLTALE = {
    "rating": re.compile(r"很高|不低|高分|出色|不错|最"),
    "price": re.compile(r"便宜|实惠|划算|贵|最"),
    "distance": re.compile(r"分钟|几步|很近|不远|近在|赶时间|最"),
    "hours": re.compile(r"夜里|凌晨|通宵|很早|很晚|最"),
}
"""Words beside a statement that would contradict what is planted there."""


@dataclass(frozen=True, slots=True)
class Stated:
    """One true claim: which restaurant, what about, in which words of the answer."""

    restaurant: str
    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the question allows, in yuan a person and metres; None where it sets no bound."""

    budget_min: float | None = None
    budget_max: float | None = None
    radius_m: float | None = None

    def affords(self, price: float) -> bool:
        """Whether a price is within the budget."""
        low, high = self.budget_min, self.budget_max
        return (low is None or price >= low) and (high is None or price <= high)

    def reaches(self, distance: float) -> bool:
        """Whether a distance is within the radius, with room for rounding."""
        return self.radius_m is None or distance <= 0.97 * self.radius_m


@dataclass(frozen=True, slots=True)
class Spot:
    """A claim's place: the line of the answer, its words there, the restaurant's evidence and its other claims."""

    line: int
    words: str
    facts: Mapping[str, str]
    claims: tuple[Stated, ...] = ()


Known = Sequence[Mapping[str, str]]
Fault = Callable[[Spot, Known, Item, Allowed, random.Random], str | None]


def _name(spot: Spot, shops: Known, _: Item, __: Allowed, dice: random.Random) -> str | None:
    """A restaurant that the evidence does not hold: the true one's kind and branch under another head."""
    branch = branch_named[0] if (branch_named := _BRANCH.search(spot.words)) else ""
    base = spot.words.removesuffix(branch)
    name = dice.choice(_WORDS) + (base[2:] if len(base) > 3 else base[-2:]) + branch
    return None if any(name in shop.get("店名", "") for shop in shops) else name


def _address(spot: Spot, shops: Known, _: Item, __: Allowed, dice: random.Random) -> str | None:
    """Another restaurant's address, or another number in the same street."""
    others = [shop["地址"] for shop in shops if shop.get("地址", spot.words) != spot.words]
    number = re.search(r"\d+(?=号)", spot.words)
    if number and dice.random() < 0.5:
        return f"{spot.words[: number.start()]}{int(number[0]) + dice.randint(111, 199)}{spot.words[number.end() :]}"
    return dice.choice(others) if others else None


def _rating(spot: Spot, _: Known, __: Item, ___: Allowed, dice: random.Random) -> str | None:
    truth = float(spot.facts["评分"])
    away = round(dice.uniform(0.6, 1.2), 1)
    return renumbered(spot.words, f"{truth - away if truth > 3.9 else max(truth, 2.5) + away:.1f}")


def _price(spot: Spot, _: Known, __: Item, asked: Allowed, dice: random.Random) -> str | None:
    """A fifth off at least, and within the budget as before."""
    if not re.search(r"\d(?:元|块)", spot.words):
        return None
    truth = _digits(spot.facts["人均"])
    tries = (round(truth * dice.uniform(0.4, 2.2)) for _ in range(60))
    return next(
        (
            renumbered(spot.words, f"{price}", "元|块")
            for price in tries
            if price >= 8 and abs(price - truth) > max(0.2 * truth, 12) and asked.affords(price) == asked.affords(truth)
        ),
        None,
    )


def _distance(spot: Spot, _: Known, __: Item, asked: Allowed, dice: random.Random) -> str | None:
    """A third off at least, and within the radius as before."""
    truth = _digits(spot.facts["距离"])
    tries = (truth * dice.uniform(0.3, 2.4) for _ in range(60))
    far = next(
        (
            metres
            for metres in tries
            if metres > 60 and abs(metres - truth) > max(0.34 * truth, 150) and asked.reaches(metres)
        ),
        None,
    )
    if far is None:
        return None
    return _metres(spot.words, far)


def _metres(words: str, distance: float) -> str | None:
    """The distance in the unit and the roundness of the words."""
    if _KM.search(words):
        return renumbered(words, f"{distance / 1000:.1f}", "公里|千米|km")
    if not re.search(r"\d米", words):
        return None
    return renumbered(words, f"{round(distance, -1) if _ABOUT.search(words) else distance:.0f}", "米")


def renumbered(words: str, number: str, unit: str = "") -> str:
    """The words with another number, that before ``unit``: the name of a place may hold one, too."""
    return re.sub(rf"\d+(?:\.\d+)?(?={unit})", number, words, count=1)


def _digits(text: str) -> float:
    return float(re.sub(r"[^\d.]", "", text))


def _hours(spot: Spot, _: Known, __: Item, ___: Allowed, dice: random.Random) -> str | None:
    """Opening earlier, or closing later, than the map says: the meal that was asked for stays possible."""
    held = _TIME.findall(spot.facts.get("营业时间", ""))
    every = spot.facts.get("营业时间", "") + spot.facts.get("一周营业时间", "")
    stated = [time for time in _TIME.findall(spot.words) if time in held]
    if not stated:
        return None
    time = dice.choice(stated)
    hour, minute = map(int, time.split(":"))
    steps = [-150, -120, -90] if held.index(time) % 2 == 0 else [60, 90, 120]
    moved = [(60 * hour + minute + step) % (24 * 60) for step in steps]
    free = [clock for minute in moved if (clock := f"{minute // 60:02d}:{minute % 60:02d}") not in every]
    return spot.words.replace(time, dice.choice(free), 1) if free else None


def _dish(spot: Spot, shops: Known, item: Item, _: Allowed, dice: random.Random) -> str | None:
    """A dish of another restaurant of the kitchen, else of another near by, else one that nobody here serves."""
    own = _dishes(spot.facts)
    alike = [shop for shop in shops if shop.get("菜系") == spot.facts.get("菜系")]
    for pool in (
        {dish for shop in alike for dish in _dishes(shop)},
        {dish for shop in shops for dish in _dishes(shop)},
        _DISHES,
    ):
        free = [
            dish
            for dish in pool
            if dish not in item.answer and not any(dish in served or served in dish for served in own)
        ]
        if free:
            return dice.choice(sorted(free))
    return None


def _dishes(facts: Mapping[str, str]) -> list[str]:
    return [dish for dish in facts.get("招牌菜", "").split("、") if dish]


def _cuisine(spot: Spot, _: Known, item: Item, __: Allowed, dice: random.Random) -> str | None:
    """Right name, and a kitchen that it does not have: in the place of the true one, else as a clause among the others."""
    own = spot.facts.get("菜系")
    wrong = dice.choice([cuisine for cuisine in _CUISINES if cuisine != own and cuisine not in item.question])
    name, mark, rest = spot.words.partition("：")
    if not mark or own is None:
        return None
    if own in rest:
        return f"{name}{mark}{rest.replace(own, wrong, 1)}"
    commas = [comma.end() for comma in re.finditer("，", rest)]
    place = dice.choice([0, *commas[:2]])
    return f"{name}{mark}{rest[:place]}{dice.choice(_SAYS)}{wrong}，{rest[place:]}"


def _unfit(spot: Spot, shops: Known, item: Item, asked: Allowed, dice: random.Random) -> str | None:
    """Another kitchen's restaurant with its own true facts, in the very words that told of the one that fits."""
    others = [
        shop
        for shop in shops
        if shop.get("菜系", item.question) not in item.question and shop["店名"] not in item.answer
    ]
    others = [
        shop for shop in others if not _SHUT.search(shop["店名"] + shop.get("营业状态", "") + shop.get("营业时间", ""))
    ]
    dice.shuffle(others)
    for other in others:
        if (
            "人均" in other
            and "距离" in other
            and asked.affords(_digits(other["人均"]))
            and asked.reaches(_digits(other["距离"]))
        ):
            told = _retold(spot, other)
            if told is not None:
                return told
    return None


def _retold(spot: Spot, other: Mapping[str, str]) -> str | None:
    """The item's words with every fact of one restaurant replaced by the other's; None where the other lacks one."""
    text, dishes = spot.words, iter(_dishes(other))
    if re.search(r"最|没有查到|周[一二三四五六日末]|来得及|吃.{0,3}没问题|开着", text):
        return None
    if re.search(r"每天|每日|天天", text) and "一周营业时间" not in other:
        return None  # of every day only a week's text can tell
    for claim in sorted(spot.claims, key=lambda stated: -len(stated.words)):
        words = _same_fact(claim, spot.facts, other, dishes)
        if words is None:
            return None
        text = text.replace(claim.words, words, 1)
    return text if other["店名"] in text else None


def _same_fact(claim: Stated, facts: Mapping[str, str], other: Mapping[str, str], dishes: object) -> str | None:
    """The other's value in this claim's form."""
    if claim.kind == "dish":
        return next(dishes, None)  # type: ignore[call-overload, no-any-return]  # an iterator of names
    if claim.kind in _UNCHANGED:
        return claim.words
    if claim.kind == "hours":
        return _same_hours(claim.words, facts, other)
    if claim.kind == "cuisine":
        own, theirs = facts.get("菜系", ""), other.get("菜系")
        return claim.words.replace(own, theirs, 1) if theirs and own and own in claim.words else None
    if claim.kind == "distance" and "分钟" in claim.words:
        return renumbered(claim.words, f"{max(1, round(_digits(other['距离']) / WALK_M_PER_MIN))}", "分钟")
    if claim.kind == "distance":
        return _metres(claim.words, _digits(other["距离"]))
    named = {"name": "店名", "address": "地址"}.get(claim.kind)
    if named is not None:
        return other.get(named)
    number = {"rating": "评分", "price": "人均"}.get(claim.kind)
    if number is None or number not in other or not re.search(r"\d", claim.words):
        return None
    if number == "评分":
        return renumbered(claim.words, f"{_digits(other[number]):.1f}")
    return renumbered(claim.words, f"{_digits(other[number]):.0f}", "元|块")


def _same_hours(words: str, facts: Mapping[str, str], other: Mapping[str, str]) -> str | None:
    """The other's opening hours in these words; None where the two are told in other shapes."""
    held, theirs = (_TIME.findall(shop.get("营业时间", "")) for shop in (facts, other))
    stated = list(_TIME.finditer(words))
    if not theirs or not stated or "一周营业时间" in other:
        return None
    if [span[0] for span in stated] == held:
        return words[: stated[0].start()] + other["营业时间"] + words[stated[-1].end() :]
    if len(stated) == 1 and stated[0][0] == held[-1]:
        return words.replace(stated[0][0], theirs[-1], 1)
    return None


FAULTS: dict[str, Fault] = {
    "name": _name,
    "address": _address,
    "rating": _rating,
    "price": _price,
    "distance": _distance,
    "hours": _hours,
    "dish": _dish,
    "cuisine": _cuisine,
    UNFIT: _unfit,
}
REWRITTEN = frozenset({"cuisine", UNFIT})
"""Kinds that take the whole list item, not the words of one claim."""
WHOLE_ITEM = REWRITTEN | {"name"}
