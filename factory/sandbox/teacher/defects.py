"""The mistakes that real models make, planted on purpose: one pure function a kind, on a drafted sample.

Between writing.py and teacher.py. A false fact is written by the same phrases as a true one, so every kind
comes in as many wordings. ``KINDS`` is the table that tests and benches walk through; those of a
whole answer are in defects_json.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from factory.sandbox.teacher.dice import Dice
from factory.sandbox.teacher.matching import MissKind, misses
from factory.sandbox.teacher.phrases_book import phrase_list, phrase_table
from factory.sandbox.teacher.phrases_hours import hours_of_shown
from factory.sandbox.teacher.phrases_item import Emphasis, item_text, short_reason
from factory.sandbox.teacher.reading import Shown
from factory.sandbox.teacher.writing import DraftSample, ListItem, draft_fitting, draft_nothing, write_item
from factory.verifier.hours import clock

BRANCH = re.compile(r"^(.+)[(（]([^()（）]+)[)）]$")
FIRST = phrase_list("defect", "first")
SECOND = phrase_list("defect", "second")
THIRD = phrase_list("defect", "third")
BRANCHES = phrase_list("defect", "branches")
ROADS = phrase_list("defect", "roads")
DISHES = phrase_list("defect", "dishes")
ALSO = phrase_list("defect", "also")
SOUND_ALIKE = phrase_table("defect", "sound_alike")


@dataclass(frozen=True, slots=True)
class DefectScene:
    """What a mistake may draw on: everything shown in the order, and the other samples of the same answer."""

    pois: Sequence[Shown]
    others: Sequence[DraftSample]


Kind = Callable[[DraftSample, DefectScene, Dice], DraftSample | None]
"""A mistake; None when this draft offers no occasion for it."""


def _with_item(draft: DraftSample, place: int, item: ListItem, poi_id: str | None = None) -> DraftSample:
    """The draft with one item changed, in the text and in the structure alike."""
    items, pairs = list(draft.items), list(draft.recommendations)
    items[place] = item
    pairs[place] = (poi_id or item.poi.poi_id, item.reason)
    return replace(draft, items=tuple(items), recommendations=tuple(pairs))


def _misstated(
    draft: DraftSample, dice: Dice, change: Callable[[Shown], Shown | None], fact: str
) -> DraftSample | None:
    """One item written again about a falsified copy of its restaurant; the structured reason sometimes lies along."""
    for place in dice.shuffled(range(len(draft.items))):
        item = draft.items[place]
        false = change(item.poi)
        if false is None:
            continue
        emphasis = Emphasis(must=frozenset({fact}), fits=False, lead=_label_of(draft, item))
        text = item_text(false, draft.voice, dice, emphasis)
        reason = short_reason(false, draft.voice, dice) if dice.chance(0.5) else item.reason
        return _with_item(draft, place, ListItem(item.poi, item.name, text, reason))
    return None


def _label_of(draft: DraftSample, item: ListItem) -> str:
    """A nearest alternative keeps a label, so that the planted mistake is the only one."""
    return "" if draft.feasible or not misses(item.poi, draft.voice.wish) else "并不完全符合要求"


def _other_name(name: str, scene: DefectScene, dice: Dice) -> str:
    """A name that no tool showed: one sound-alike character, or a made-up brand with a branch."""
    shown_names = {poi.name for poi in scene.pois}
    spots = [place for place, sign in enumerate(name) if sign in SOUND_ALIKE and place < (name + "(").index("(")]
    if spots and dice.chance(0.5):
        place = dice.pick(spots)
        alike = name[:place] + dice.pick(SOUND_ALIKE[name[place]]) + name[place + 1 :]
        if alike not in shown_names:
            return alike
    while True:
        made = dice.pick(FIRST) + dice.pick(SECOND) + dice.pick(THIRD)
        made += f"({dice.pick(BRANCHES)})" if dice.chance(0.4) else ""
        if made not in shown_names:
            return made


def invented_restaurant(draft: DraftSample, scene: DefectScene, dice: Dice) -> DraftSample | None:
    """A restaurant that no tool showed: in place of a listed one, or mentioned in the closing prose."""
    if not draft.items or dice.chance(0.25):
        name = _other_name("", scene, dice)
        return replace(draft, closing=dice.pick(ALSO).format(n=name) + draft.closing)
    place = dice.whole(0, len(draft.items) - 1)
    item = draft.items[place]
    poi_id = item.poi.poi_id if dice.chance(0.5) else f"{item.poi.poi_id[:-4]}{dice.whole(1000, 9999)}X"
    return _with_item(draft, place, replace(item, name=_other_name(item.name, scene, dice)), poi_id)


def wrong_branch(draft: DraftSample, scene: DefectScene, dice: Dice) -> DraftSample | None:
    """The right brand with a branch that no tool showed."""
    if not draft.items:
        return None
    shown_names = {poi.name for poi in scene.pois}
    place = dice.whole(0, len(draft.items) - 1)
    item = draft.items[place]
    branch_name = BRANCH.match(item.name)
    brand = branch_name[1] if branch_name else item.name
    shown = [match[2] for match in (BRANCH.match(poi.name) for poi in scene.pois) if match]
    for branch in dice.shuffled([*shown, *BRANCHES]):
        if f"{brand}({branch})" not in shown_names:
            return _with_item(draft, place, replace(item, name=f"{brand}({branch})"))
    return None


def wrong_rating(draft: DraftSample, _scene: DefectScene, dice: Dice) -> DraftSample | None:
    """A rating that is 0.3 to 1.2 off, or stated where none was shown."""

    def change(poi: Shown) -> Shown:
        if poi.rating is None:
            return replace(poi, rating=dice.whole(38, 49) / 10)
        step = dice.whole(3, 12) / 10
        up = poi.rating + step <= 5 and (dice.chance(0.7) or poi.rating - step < 1)
        return replace(poi, rating=round(poi.rating + step if up else max(1.0, poi.rating - step), 1))

    return _misstated(draft, dice, change, "rating")


def wrong_price(draft: DraftSample, _scene: DefectScene, dice: Dice) -> DraftSample | None:
    """A price that is 30 to 60 % off, or stated where none was shown."""

    def change(poi: Shown) -> Shown:
        if poi.cost_cny is None:
            return replace(poi, cost_cny=float(dice.whole(25, 160)))
        factor = dice.pick((0.45, 0.55, 0.65, 1.4, 1.5, 1.6))
        return replace(poi, cost_cny=float(max(5, round(poi.cost_cny * factor) + dice.whole(0, 3))))

    return _misstated(draft, dice, lambda poi: change(poi) if change(poi).cost_cny != poi.cost_cny else None, "price")


def wrong_distance(draft: DraftSample, _scene: DefectScene, dice: Dice) -> DraftSample | None:
    """A distance that is less than half or more than twice the true one, and at least 100 m off."""

    def change(poi: Shown) -> Shown | None:
        if poi.distance_m is None:
            return None
        false = round(poi.distance_m * dice.pick((0.25, 0.35, 0.45, 2.2, 2.8, 3.5))) + dice.whole(1, 9)
        return replace(poi, distance_m=false) if abs(false - poi.distance_m) >= 100 else None

    return _misstated(draft, dice, change, "distance")


def wrong_hours(draft: DraftSample, _scene: DefectScene, dice: Dice) -> DraftSample | None:
    """Opening hours two to four hours off, of a restaurant that is open alike every day or of which only today is known."""

    def change(poi: Shown) -> Shown | None:
        hours = hours_of_shown(poi)
        day = hours.on(None)
        if not day or day == ((0, 24 * 60),):
            return None
        step = 60 * dice.whole(2, 4)
        moved = " ".join(f"{clock((start + step) % 1440)}-{clock((end + step) % 1440)}" for start, end in day)
        return replace(poi, open_hours=moved, open_week=f"每天 {moved}" if hours.week_known else None)

    return _misstated(draft, dice, change, "hours")


def wrong_address(draft: DraftSample, scene: DefectScene, dice: Dice) -> DraftSample | None:
    """Another restaurant's address, another house number, or a street made up."""
    elsewhere = [poi.address for poi in scene.pois if poi.address]

    def change(poi: Shown) -> Shown | None:
        options = [f"{dice.pick(ROADS)}{dice.whole(1, 288)}号"]
        if poi.address:
            options.append(re.sub(r"\d+", lambda number: str(int(number[0]) + dice.whole(3, 60)), poi.address, count=1))
        options += [dice.pick(elsewhere)] if elsewhere else []
        fresh = [text for text in options if text != poi.address]
        return replace(poi, address=dice.pick(fresh)) if fresh else None

    return _misstated(draft, dice, change, "address")


def invented_dish(draft: DraftSample, _scene: DefectScene, dice: Dice) -> DraftSample | None:
    """A dish that the restaurant was not shown to have, alone or beside a true one."""

    def change(poi: Shown) -> Shown:
        dish = dice.pick([dish for dish in DISHES if not any(dish in own or own in dish for own in poi.specialities)])
        return replace(poi, specialities=(dish,))

    return _misstated(draft, dice, change, "dish")


def _unlabelled(
    draft: DraftSample, scene: DefectScene, dice: Dice, kinds: set[MissKind], hide: str
) -> DraftSample | None:
    """Recommends what misses the wish in these ways alone and says nothing of it, or passes over the telling fact."""
    wish = draft.voice.wish
    shown = {item.poi.poi_id for item in draft.items} if draft.feasible else set()
    # Doubtful misses are no mistake: one day off a week may be left unsaid.
    missing = [
        (poi, {miss.kind for miss in misses(poi, wish)})
        for poi in scene.pois
        if poi.poi_id not in shown and all(miss.sure for miss in misses(poi, wish))
    ]
    near = [poi for poi, missed in missing if missed and missed <= kinds]
    if not near:
        return None
    if not draft.feasible:
        chosen = dice.shuffled(near)[:3]
        return draft_fitting(draft.wish_index, draft.voice, draft.question, chosen, few=len(chosen) < 3, dice=dice)
    poi = dice.pick(near)
    if dice.chance(0.3):
        hidden = replace(poi, cost_cny=None) if hide == "price" else replace(poi, distance_m=None)
        text, reason = item_text(hidden, draft.voice, dice), short_reason(hidden, draft.voice, dice)
        item = ListItem(poi, poi.name, text, reason)
    else:
        item = write_item(poi, draft.voice, dice, Emphasis(must=frozenset({hide})))
    return _with_item(draft, dice.whole(0, len(draft.items) - 1), item)


def over_budget(draft: DraftSample, scene: DefectScene, dice: Dice) -> DraftSample | None:
    """A restaurant above the budget, recommended as if it fitted."""
    return _unlabelled(draft, scene, dice, {"over_budget"}, "price")


def outside_radius(draft: DraftSample, scene: DefectScene, dice: Dice) -> DraftSample | None:
    """A restaurant beyond the radius, recommended as if it fitted."""
    return _unlabelled(draft, scene, dice, {"radius"}, "distance")


def text_structure(draft: DraftSample, scene: DefectScene, dice: Dice) -> DraftSample | None:
    """The structured recommendations are not those of the text: one missing, swapped or too many."""
    pairs = list(draft.recommendations)
    named = {poi_id for poi_id, _ in pairs}
    spare = [poi.poi_id for poi in scene.pois if poi.poi_id not in named]
    way = dice.whole(0, 2)
    if way == 0 and pairs:
        pairs.pop(dice.whole(0, len(pairs) - 1))
    elif spare and pairs and way == 1:
        place = dice.whole(0, len(pairs) - 1)
        pairs[place] = (dice.pick(spare), pairs[place][1])
    elif spare:
        pairs.append((dice.pick(spare), "可以一并考虑"))
    else:
        return None
    return replace(draft, recommendations=tuple(pairs))


def near_duplicate(draft: DraftSample, scene: DefectScene, dice: Dice) -> DraftSample | None:
    """Another sample of the same answer set again, with a word changed.

    An earlier one that fits this wish too goes first: only the comparison with that sample can find it out.
    """
    if not scene.others:
        return None
    wish = draft.voice.wish
    earlier = [other for other in scene.others if other.wish_index < draft.wish_index and other.feasible]
    fit = [other for other in earlier if not any(misses(item.poi, wish) for item in other.items)]
    alike = fit or [other for other in scene.others if other.voice.wish.cuisine == wish.cuisine]
    other = dice.pick(alike or list(scene.others))
    asked = other.question
    if dice.chance(0.5):
        asked = dice.pick(("请问，", "你好，", "那个，")) + asked
    end = other.closing if dice.chance(0.5) else other.closing + dice.pick(("希望有帮助。", "供参考。"))
    return replace(other, wish_index=draft.wish_index, question=asked, closing=end)


def false_nothing_fits(draft: DraftSample, scene: DefectScene, dice: Dice) -> DraftSample | None:
    """Says that nothing fits although something does, and offers what misses the wish, or nothing at all."""
    if not draft.feasible:
        return None
    wish = draft.voice.wish
    missing = [poi for poi in scene.pois if poi.cuisine == wish.cuisine and misses(poi, wish)]
    nearest = missing[:4] if dice.chance(0.8) else []
    return draft_nothing(draft.wish_index, draft.voice, draft.question, nearest, dice)


KINDS: dict[str, Kind] = {
    "invented_restaurant": invented_restaurant,
    "wrong_branch": wrong_branch,
    "wrong_rating": wrong_rating,
    "wrong_price": wrong_price,
    "wrong_distance": wrong_distance,
    "wrong_hours": wrong_hours,
    "wrong_address": wrong_address,
    "over_budget": over_budget,
    "outside_radius": outside_radius,
    "invented_dish": invented_dish,
    "text_structure": text_structure,
    "near_duplicate": near_duplicate,
    "false_nothing_fits": false_nothing_fits,
}
"""Mistakes of one sample."""


@dataclass(frozen=True, slots=True)
class Spoiled:
    """A draft with one planted mistake and the kind of it."""

    kind: str
    draft: DraftSample


def spoil(draft: DraftSample, scene: DefectScene, dice: Dice) -> Spoiled:
    """Plant one mistake of a kind that this draft allows; each kind is as likely to be tried first."""
    for kind in dice.shuffled(tuple(KINDS)):
        spoiled = KINDS[kind](draft, scene, dice)
        if spoiled is not None and spoiled != draft:
            return Spoiled(kind, spoiled)
    invented = invented_restaurant(draft, scene, dice)
    if invented is None:
        raise AssertionError("An invented restaurant can stand in any answer, so this line cannot be reached.")
    return Spoiled("invented_restaurant", invented)
