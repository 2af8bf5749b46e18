"""Answers with errors planted on purpose, and answers changed in nothing that matters: what a judge must see, and must not.

Pure and seeded by the item. A fault takes a statement that the verifier found true (claims view) and states something else,
from the item's own evidence where it can; dose d holds the faults of dose d - 1. Nothing in the text tells of the edit.
"""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from judge.asking import Item, facts_of

DOSES = (1, 2, 3)
UNFIT = "unfit"
"""The one kind of fault whose facts are true."""
MOST_LISTED = 5
"""Restaurants in the longest list that answers hold."""
PADDING = (
    "出门前看一眼天气，路上会从容一些。",
    "吃饭讲究的是心情，和谁一起吃往往比吃什么更重要。",
    "如果还想换个口味，也可以随时再告诉我。",
    "选餐厅没有标准答案，适合自己的就是最好的。",
    "慢慢挑，不用着急，合意最要紧。",
    "希望这份清单能帮您省下一点挑选的时间。",
    "愿您和同行的人都能吃得开心、聊得尽兴。",
    "好好吃饭是一天里很重要的一件小事。",
    "拿不定主意的时候，听听同伴的想法也不错。",
    "有时候随性一点，反而会遇到惊喜。",
    "把手机充好电，路上导航会更安心。",
    "人的口味会变，这次的选择不必和上次一样。",
    "做决定前多想一步，往往能少走弯路。",
    "不管最后怎么选，过程轻松愉快就好。",
    "如果临时改了主意，换一个也完全没有问题。",
    "天冷的时候记得添件衣服，别着凉。",
    "偶尔换个节奏，生活会多一点新鲜感。",
    "祝您今天一切顺利，心情舒畅。",
    "有什么想补充的，直接说就可以。",
    "和熟悉的人坐在一起，时间总是过得很快。",
)
"""Sentences that state nothing about any restaurant."""
PADDING_SHARE = 0.3
"""Length that each dose of padding adds."""
_SURNAMES, _WORDS = "钟邵阎施裴", ("隐泉", "望舒", "半亩", "拾光", "云溪", "归巢")
_KITCHENS = ("小馆", "食府", "私房菜", "饭庄", "菜馆")
_CUISINES = ("川菜", "粤菜", "湘菜", "东北菜", "江浙菜", "日本料理", "烧烤", "火锅", "西餐")
_DISHES = ("佛跳墙", "夫妻肺片", "惠灵顿牛排", "葱烧海参", "冬阴功汤", "臭鳜鱼")
_LISTED = re.compile(r"^(\s*)(\d+)([.、．)]\s*)(.+)$")


@dataclass(frozen=True, slots=True)
class Stated:
    """One true claim: which restaurant, what about, in which words of the answer."""

    restaurant: str
    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class Spot:
    """A claim's place: the line of the answer, its words there, and the restaurant's evidence."""

    line: int
    words: str
    facts: Mapping[str, str]


def faulty(item: Item, claims: Sequence[Stated], kind: str, dose: int) -> str | None:
    """The answer with ``dose`` faults of a kind; None where it cannot carry the largest dose (all doses or none)."""
    dice = random.Random(f"{item.item_id} {kind}")
    known = [facts_of(line) for line in item.evidence]
    lines = item.answer.splitlines()
    edits: list[tuple[Spot, str]] = []
    for spot in _spots(lines, claims, kind, known, dice):
        tries = (FAULTS[kind](spot, known, item, dice) for _ in range(20))
        used = {spot.words, *(said for _, said in edits)}
        said = next((one for one in tries if one not in used), None)
        if said is not None:
            edits.append((spot, said))
    if len(edits) < max(DOSES):
        return None
    for spot, said in edits[:dose]:
        lines[spot.line] = lines[spot.line].replace(spot.words, said, 1)
    return "\n".join(lines)


def _spots(
    lines: list[str], claims: Sequence[Stated], kind: str, known: Sequence[Mapping[str, str]], dice: random.Random
) -> list[Spot]:
    """Places for a fault, restaurants in a random order, each restaurant's first claim before any second one."""
    facts = {one["店名"]: one for one in known if "店名" in one}
    homes = {
        name: number
        for number, line in enumerate(lines)
        if (found := _LISTED.match(line))
        and (name := max((n for n in facts if n in found[4][: len(n) + 3]), key=len, default=None))
    }
    rounds: dict[str, int] = {}
    found_spots: list[tuple[int, float, Spot]] = []
    order = {name: dice.random() for name in sorted(homes)}
    whole = kind in WHOLE_ITEM
    for claim in claims:
        home = homes.get(claim.restaurant)
        if home is None or claim.kind != ("name" if whole else kind):
            continue
        words = _LISTED.sub(r"\4", lines[home]) if kind in REWRITTEN else claim.words
        if words in lines[home]:
            turn = rounds[claim.restaurant] = rounds.get(claim.restaurant, -1) + 1
            found_spots.append((turn, order[claim.restaurant], Spot(home, words, facts[claim.restaurant])))
    return [spot for _, _, spot in sorted(found_spots, key=lambda one: one[:2])]


def _name(_: Spot, known: Sequence[Mapping[str, str]], __: Item, dice: random.Random) -> str:
    """A restaurant that the evidence does not hold."""
    taken = {one.get("店名") for one in known}
    while True:
        name = dice.choice(_SURNAMES) + dice.choice(_WORDS) + dice.choice(_KITCHENS)
        if name not in taken:
            return name


def _address(spot: Spot, known: Sequence[Mapping[str, str]], _: Item, dice: random.Random) -> str | None:
    """Another restaurant's address, or another number in the same street."""
    others = [one["地址"] for one in known if one.get("地址", spot.words) != spot.words]
    number = re.search(r"\d+(?=号)", spot.words)
    if number and dice.random() < 0.5:
        return f"{spot.words[: number.start()]}{int(number[0]) + dice.randint(111, 199)}{spot.words[number.end() :]}"
    return dice.choice(others) if others else None


def _rating(spot: Spot, _: Sequence[Mapping[str, str]], __: Item, dice: random.Random) -> str | None:
    truth = float(spot.facts["评分"])
    away = round(dice.uniform(0.6, 1.2), 1)
    return _renumbered(spot.words, f"{truth - away if truth > 3.9 else max(truth, 2.5) + away:.1f}")


def _price(spot: Spot, _: Sequence[Mapping[str, str]], __: Item, dice: random.Random) -> str | None:
    if not re.search(r"\d(?:元|块)", spot.words):
        return None
    truth = float(re.sub(r"[^\d.]", "", spot.facts["人均"]))
    return _renumbered(spot.words, f"{truth * dice.uniform(1.7, 2.4) + 20:.0f}")


def _distance(spot: Spot, _: Sequence[Mapping[str, str]], __: Item, dice: random.Random) -> str | None:
    far = float(spot.facts["距离"].rstrip("米")) * dice.uniform(1.7, 2.2) + 300
    if re.search(r"\d(?:公里|千米|km)", spot.words):
        return _renumbered(spot.words, f"{far / 1000:.1f}")
    return _renumbered(spot.words, f"{far:.0f}") if re.search(r"\d米", spot.words) else None


def _renumbered(words: str, number: str) -> str:
    return re.sub(r"\d+(?:\.\d+)?", number, words, count=1)


def _hours(spot: Spot, _: Sequence[Mapping[str, str]], __: Item, dice: random.Random) -> str | None:
    held = spot.facts.get("营业时间", "")
    free = [time for hour in range(5, 24) if (time := f"{hour:02d}:45") not in held]
    return dice.choice(free) if ":" in spot.words else None


def _dish(spot: Spot, known: Sequence[Mapping[str, str]], item: Item, dice: random.Random) -> str:
    """A dish of another restaurant near by, or one that nobody here serves."""
    own = {dish for dish in spot.facts.get("招牌菜", "").split("、") if dish}
    pool = {dish for one in known for dish in one.get("招牌菜", "").split("、") if dish}.union(_DISHES)
    told = item.answer
    free = [dish for dish in pool if dish not in told and not any(dish in one or one in dish for one in own)]
    return dice.choice(sorted(free))


def _cuisine(spot: Spot, _: Sequence[Mapping[str, str]], item: Item, dice: random.Random) -> str:
    """Right name, and a kitchen that it does not have."""
    wrong = [one for one in _CUISINES if one != spot.facts.get("菜系") and one not in item.question]
    return f"{spot.words.rstrip('。')}，主营{dice.choice(wrong)}。"


def _unfit(spot: Spot, known: Sequence[Mapping[str, str]], item: Item, _: random.Random) -> str | None:
    """A real restaurant of the evidence with true facts that serves another cuisine than the one asked for."""
    others = [one for one in known if one.get("菜系") and one["菜系"] not in item.question and "店名" in one]
    others = [one for one in others if one["店名"] not in item.answer]
    if len(others) < MOST_LISTED:
        return None
    nearest = sorted(others, key=lambda one: float(one.get("距离", "9999米").rstrip("米")))[:MOST_LISTED]
    other = nearest[spot.line % MOST_LISTED]  # lines differ, so that no restaurant is taken twice
    told = ("地址", "评分", "人均", "距离", "营业时间")
    return f"{other['店名']}：" + "，".join(f"{name}{other[name]}" for name in told if name in other) + "。"


Fault = Callable[[Spot, Sequence[Mapping[str, str]], Item, random.Random], str | None]
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


def padded(item: Item, dose: int) -> str:
    """Each dose adds 30 % of the answer's length in sentences without any fact."""
    dice = random.Random(f"{item.item_id} padding")
    sentences, text = itertools.cycle(dice.sample(PADDING, len(PADDING))), ""
    while len(text) < PADDING_SHARE * dose * len(item.answer):
        text += next(sentences)
    return f"{item.answer}\n{text}"


def marked_up(item: Item, dose: int) -> str:
    """Bold names; then a heading and a rule; then a heading over the closing, too."""
    lines = [_LISTED.sub(_bold, line) for line in item.answer.splitlines()]
    if dose > 1:
        lines = ["### 推荐", *lines]
    if dose > 2:
        lines = [*lines[:-1], "### 小结", lines[-1]]
    return "\n".join(lines)


def _bold(found: re.Match[str]) -> str:
    name, mark, rest = found[4].partition("：")
    bare = name.strip("*【】")
    return f"{found[1]}{found[2]}{found[3]}**{bare}**{mark}{rest}" if mark else found[0]


def reordered(item: Item, dose: int) -> str | None:
    """The same list items in another order, numbered anew; None with fewer than three."""
    lines = item.answer.splitlines()
    places = [number for number, line in enumerate(lines) if _LISTED.match(line)]
    if len(places) < 3:
        return None
    texts = [_LISTED.sub(r"\4", lines[place]) for place in places]
    turned = {1: [texts[1], texts[0], *texts[2:]], 2: [*texts[1:], texts[0]], 3: texts[::-1]}[dose]
    for place, old, new in zip(places, texts, turned, strict=True):
        lines[place] = lines[place].removesuffix(old) + new
    return "\n".join(lines)


HARMLESS: dict[str, Callable[[Item, int], str | None]] = {
    "padding": padded,
    "markdown": marked_up,
    "reorder": reordered,
}
