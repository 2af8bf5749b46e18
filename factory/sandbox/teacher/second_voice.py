"""A second voice of the sandbox teacher: it compares the restaurants it lists, chooses between them, totals and gives reasons.

Beside phrases_item.py and phrases_frame.py, from which it shares no sentence; writing.py decides which voice an answer has. All
that it states follows from what was shown: a superlative only where every listed restaurant gives the value and one alone holds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from factory.sandbox.teacher import phrases
from factory.sandbox.teacher.dice import Dice
from factory.sandbox.teacher.matching import MissedWish
from factory.sandbox.teacher.phrases_book import phrases_of
from factory.sandbox.teacher.phrases_facts import against_diet, open_for, reads_like_an_order
from factory.sandbox.teacher.phrases_frame import label
from factory.sandbox.teacher.phrases_hours import hours_text
from factory.sandbox.teacher.phrases_item import Voice
from factory.sandbox.teacher.reading import Shown

SAY = phrases_of("second.toml", "second")


@dataclass(frozen=True, slots=True)
class Spoken:
    """The parts of an answer in this voice; ``texts`` run parallel to the restaurants, in the order in which they are listed."""

    pois: tuple[Shown, ...]
    opening: str
    texts: tuple[str, ...]
    closing: str


def speak(chosen: Sequence[Shown], voice: Voice, dice: Dice) -> Spoken:
    """An answer that recommends these restaurants, all of which fit."""
    order, pois = _order(chosen, dice)
    opening = _said("opening_one" if len(pois) == 1 else f"opening_{order}", voice, dice, n=len(pois))
    texts = tuple(_item(place, pois, voice, dice) for place in range(len(pois)))
    return Spoken(tuple(pois), opening, texts, _choice(pois, voice, dice))


def speak_nothing(
    nearest: Sequence[Shown], missing: Sequence[Sequence[MissedWish]], voice: Voice, dice: Dice
) -> Spoken:
    """An answer that says that nothing fits and by how much the nearest miss; ``missing`` runs parallel to ``nearest``."""
    texts = []
    for poi, row in zip(nearest, missing, strict=True):
        missed = "，".join(_missed(poi, miss, voice, dice) for miss in row)
        texts.append(f"{_facts(poi, voice, dice)}。{missed}。" if missed else f"{_facts(poi, voice, dice)}。")
    ends = _said("ends", voice, dice)
    return Spoken(tuple(nearest), _said("opening_none", voice, dice, n=len(nearest)), tuple(texts), ends)


def _said(form: str, voice: Voice, dice: Dice, **holes: object) -> str:
    wish = voice.wish
    given: dict[str, object] = {
        "u": voice.you,
        "p": voice.place,
        "c": wish.cuisine,
        "m": wish.meal_time,
        "k": wish.party_size,
    }
    given |= {"r": phrases.metres(wish.radius_m, dice)} | holes
    if isinstance(given.get("n"), int):
        given["n"] = phrases.number(int(str(given["n"])), dice)
    return dice.pick(SAY[form]).format(**given)


def _order(chosen: Sequence[Shown], dice: Dice) -> tuple[str, list[Shown]]:
    """By distance, rating or price where all give it and no two are equal; else as they came."""
    keys = {"near": "distance_m", "rated": "rating", "cheap": "cost_cny"}
    for name in dice.shuffled(tuple(keys)):
        values = [getattr(poi, keys[name]) for poi in chosen]
        if len(chosen) > 1 and None not in values and len(set(values)) == len(values):
            return name, sorted(chosen, key=lambda poi: getattr(poi, keys[name]), reverse=name == "rated")
    return "any", list(chosen)


def _facts(poi: Shown, voice: Voice, dice: Dice) -> str:
    if None not in (poi.rating, poi.cost_cny, poi.distance_m):
        return _said("facts", voice, dice, x=f"{poi.rating:.1f}", y=f"{poi.cost_cny:g}", z=poi.distance_m)
    phrases = [
        f"评分{poi.rating:.1f}" if poi.rating is not None else "",
        f"人均{poi.cost_cny:g}元" if poi.cost_cny is not None else "",
        f"离{voice.you}{poi.distance_m}米" if poi.distance_m is not None else "",
    ]
    return "，".join(part for part in phrases if part)


def _item(place: int, pois: Sequence[Shown], voice: Voice, dice: Dice) -> str:
    poi = pois[place]
    sentences = [_facts(poi, voice, dice)]
    if poi.address and not reads_like_an_order(poi.address) and dice.chance(0.8):
        sentences[0] = f"{poi.address}，{sentences[0]}" if dice.chance(0.5) else f"{sentences[0]}，地址{poi.address}"
    relations = [*_tops(place, pois, voice, dice), *_against_last(place, pois, voice, dice)]
    if relations:
        sentences.append("，".join(dice.shuffled(relations)[:2]))
    rest = [*_sums(poi, voice, dice), *_open(poi, voice, dice), *_dishes(poi, voice, dice)]
    if rest:
        sentences.append("，".join(dice.shuffled(rest)[:2]))
    return "。".join(sentences) + "。"


def _only(pois: Sequence[Shown], fact: str, *, most: bool) -> int | None:
    """Which restaurant alone holds the highest or lowest value, where all give it."""
    values = [getattr(poi, fact) for poi in pois]
    if len(pois) < 2 or None in values:
        return None
    top = max(values) if most else min(values)
    return values.index(top) if values.count(top) == 1 else None


def _tops(place: int, pois: Sequence[Shown], voice: Voice, dice: Dice) -> list[str]:
    phrases = []
    for form, why, fact, most in (
        ("nearest", "because_near", "distance_m", False),
        ("best", "because_best", "rating", True),
        ("cheapest", "because_cheap", "cost_cny", False),
    ):
        if _only(pois, fact, most=most) == place and dice.chance(0.75):
            reason = f"，{_said(why, voice, dice)}" if dice.chance(0.4) else ""
            phrases.append(_said(form, voice, dice, n=len(pois)) + reason)
    return phrases


def _against_last(place: int, pois: Sequence[Shown], voice: Voice, dice: Dice) -> list[str]:
    if place == 0 or not dice.chance(0.7):
        return []
    poi, last = pois[place], pois[place - 1]
    phrases = []
    for fact, less, more in (
        ("distance_m", "nearer", "farther"),
        ("cost_cny", "cheaper", "dearer"),
        ("rating", "rated_down", "rated_up"),
    ):
        mine, theirs = getattr(poi, fact), getattr(last, fact)
        if mine is not None and theirs is not None and mine != theirs:
            amount = f"{abs(mine - theirs):.1f}" if fact == "rating" else f"{abs(mine - theirs):g}"
            phrases.append(_said(less if mine < theirs else more, voice, dice, x=amount))
    return phrases


def _sums(poi: Shown, voice: Voice, dice: Dice) -> list[str]:
    wish = voice.wish
    if poi.cost_cny is None:
        return []
    phrases = []
    if (wish.party_size or 0) > 1 and dice.chance(0.6):
        phrases.append(_said("total", voice, dice, x=f"{poi.cost_cny * (wish.party_size or 0):g}"))
    if wish.budget_max_cny and poi.cost_cny < wish.budget_max_cny and dice.chance(0.4):
        phrases.append(_said("spare", voice, dice, x=f"{wish.budget_max_cny - poi.cost_cny:g}"))
    return phrases


def _open(poi: Shown, voice: Voice, dice: Dice) -> list[str]:
    meal = voice.wish.meal_time
    if meal and open_for(poi, meal) and dice.chance(0.5):
        return [_said("meal", voice, dice)]
    hours = hours_text(poi, dice) if dice.chance(0.4) else ""
    return [hours] if hours else []


def _dishes(poi: Shown, voice: Voice, dice: Dice) -> list[str]:
    dishes = [dish for dish in poi.specialities if not against_diet(dish, voice.wish.diet)]
    return [f"招牌菜有{'、'.join(dishes[:2])}"] if dishes and dice.chance(0.4) else []


def _missed(poi: Shown, miss: MissedWish, voice: Voice, dice: Dice) -> str:
    wish = voice.wish
    if miss.kind == "over_budget":
        return _said("over", voice, dice, x=f"{(poi.cost_cny or 0) - (wish.budget_max_cny or 0):g}")
    if miss.kind == "under_budget":
        return _said("under", voice, dice, x=f"{(wish.budget_min_cny or 0) - (poi.cost_cny or 0):g}")
    if miss.kind == "radius" and poi.distance_m is not None:
        return _said("beyond", voice, dice, x=poi.distance_m - wish.radius_m)
    return label(poi, miss, voice, dice)


def _choice(pois: Sequence[Shown], voice: Voice, dice: Dice) -> str:
    """The closing: which to take for which reason, or the span of prices."""
    near, best, cheap = (
        _only(pois, "distance_m", most=False),
        _only(pois, "rating", most=True),
        _only(pois, "cost_cny", most=False),
    )
    options: list[str] = [_said("ends", voice, dice)]
    if near is not None and near == best:
        options = [_said("choose_one", voice, dice, a=pois[near].name)]
    elif near is not None and best is not None:
        names = {"a": pois[near].name, "b": pois[best].name, "x": pois[near].distance_m}
        options = [_said("choose_two", voice, dice, **names, y=f"{pois[best].rating:.1f}")]
    if cheap is not None and best is not None and cheap != best:
        names = {"a": pois[cheap].name, "b": pois[best].name, "x": f"{pois[cheap].cost_cny:g}"}
        options.append(_said("choose_cheap", voice, dice, **names, y=f"{pois[best].rating:.1f}"))
    costs = [poi.cost_cny for poi in pois if poi.cost_cny is not None]
    if len(costs) == len(pois) > 1 and min(costs) < max(costs):
        low, high = min(costs), max(costs)
        options.append(_said("span", voice, dice, n=len(pois), x=f"{low:g}", y=f"{high:g}", z=f"{high - low:g}"))
    sentence = dice.pick(options)
    return sentence + (_said("ends", voice, dice) if dice.chance(0.3) and sentence != options[0] else "")
