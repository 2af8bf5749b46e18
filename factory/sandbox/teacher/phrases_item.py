"""One restaurant in words: its facts in varied order and phrasing, and a reason that ties them to the wish.

Used by writing.py for list items. A fact that the tool did not show is never said; what is not a fact is put as
advice ("可以考虑"), never as a description.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from factory.records import Wish
from factory.sandbox.teacher import phrases
from factory.sandbox.teacher.dice import Dice
from factory.sandbox.teacher.phrases_book import phrase_list, phrase_table
from factory.sandbox.teacher.phrases_facts import (
    against_diet,
    distance_text,
    open_for,
    price_text,
    reads_like_an_order,
)
from factory.sandbox.teacher.phrases_hours import hours_of_shown, hours_text, spans_text
from factory.sandbox.teacher.reading import Shown

ADDRESS = phrase_list("item", "address")
DISTANCE = phrase_list("item", "distance")
RATING = phrase_list("item", "rating")
PRICE = phrase_list("item", "price")
WITHIN = phrase_list("item", "within")
WITHIN_OPEN = phrase_list("item", "within_open")
DISHES = phrase_list("item", "dishes")
CUISINE = phrase_list("item", "cuisine")
BY_RATING = phrase_list("item", "by_rating")
BY_DISTANCE = phrase_list("item", "by_distance")
BY_BUDGET = phrase_list("item", "by_budget")
BY_OCCASION = phrase_list("item", "by_occasion")
BY_MEAL = phrase_list("item", "by_meal")
GENERAL = phrase_list("item", "general")
TAGS = phrase_table("item", "tags")
TASTE_TIPS = phrase_table("item", "taste_tips")


NO_SUBJECT = ("不妨", "可以", "店里", "推荐菜", "周", "支持", "提供", "从", "和")
"""Clauses that do not follow 这家店 well begin so."""


@dataclass(slots=True)
class Voice:
    """What stays the same through one answer, and which reasons it has already used."""

    you: str
    place: str
    wish: Wish
    sparse: bool
    second: bool = False
    """speaks as second_voice.py does"""
    used: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Emphasis:
    """Facts that an item has to say, facts that it leaves to its ``lead``, and whether it may say that it fits."""

    must: frozenset[str] = frozenset()
    skip: frozenset[str] = frozenset()
    fits: bool = True
    lead: str = ""

    def says(self, fact: str, share: float, dice: Dice) -> bool:
        """Whether to say this fact, which is said in ``share`` of the items otherwise."""
        return fact not in self.skip and (fact in self.must or dice.chance(share))


FREELY = Emphasis()


def item_text(poi: Shown, voice: Voice, dice: Dice, emphasis: Emphasis = FREELY) -> str:
    """Everything after the name and its colon, in one to three sentences."""
    groups = [group for group in (_where(poi, voice, dice, emphasis), _score(poi, voice, dice, emphasis)) if group]
    groups = dice.shuffled(groups)
    extras = (
        _hours(poi, voice, dice, emphasis),
        _dish(poi, voice.wish.diet, dice, emphasis),
        _kind(poi, voice, dice, emphasis),
    )
    for extra in dice.shuffled([text for text in extras if text]):
        groups.insert(len(groups) if dice.chance(0.75) else dice.whole(0, len(groups)), extra)
    if emphasis.lead:
        groups.insert(0, emphasis.lead)
    elif groups and dice.chance(0.2) and not groups[0].startswith(NO_SUBJECT) and "：" not in groups[0][:6]:
        groups[0] = dice.pick(("这家店", "这家", "这家餐厅")) + groups[0]
    text = _chained(groups, dice)
    why = reason(poi, voice, dice, hours_said="营业" in text)
    return f"{text}{dice.pick(('，', '。', '，', '；')) if text else ''}{why}。" if why else f"{text}。"


def _chained(groups: list[str], dice: Dice) -> str:
    """Groups joined so that no sentence holds more than three of them."""
    text, length = groups[0] if groups else "", 1
    for group in groups[1:]:
        full = length >= 3 or dice.chance(0.35)
        text += dice.pick(("。", "。", "；")) if full else "，"
        text += group
        length = 1 if full else length + 1
    return text


def _where(poi: Shown, voice: Voice, dice: Dice, emphasis: Emphasis) -> str:
    facts = []
    if poi.address and not reads_like_an_order(poi.address) and emphasis.says("address", 0.96, dice):
        facts.append(dice.pick(ADDRESS).format(a=poi.address))
    if poi.distance_m is not None and emphasis.says("distance", 0.94, dice):
        facts.append(_distance(poi.distance_m, voice, dice, exact="distance" in emphasis.must))
    return "，".join(dice.shuffled(facts))


def _distance(value: int, voice: Voice, dice: Dice, *, exact: bool) -> str:
    text = dice.pick(DISTANCE).format(u=voice.you, p=voice.place, d=distance_text(value, dice))
    if not exact and 150 <= value <= 1500 and dice.chance(0.18):
        # 80 m a minute is the usual walking speed of map services.
        text += f"，{dice.pick(('步行约', '走路约', '步行大约'))}{max(1, round(value / 80))}分钟"
    return text


def _score(poi: Shown, voice: Voice, dice: Dice, emphasis: Emphasis) -> str:
    facts = []
    if poi.rating is not None and emphasis.says("rating", 0.92, dice):
        facts.append(dice.pick(RATING).format(r=f"{poi.rating:.1f}"))
    wish = voice.wish
    asked = wish.budget_min_cny is not None or wish.budget_max_cny is not None
    if poi.cost_cny is not None and emphasis.says("price", 0.95 if asked else 0.75, dice):
        text = dice.pick(PRICE).format(c=price_text(poi.cost_cny, dice, loosely="price" not in emphasis.must))
        if asked and emphasis.fits and "budget" not in voice.used and dice.chance(0.45):
            voice.used.add("budget")
            forms = WITHIN if wish.budget_max_cny is not None else WITHIN_OPEN
            return "，".join([*facts, f"{text}，{dice.pick(forms).format(u=voice.you)}"])
        facts.append(text)
    return "，".join(dice.shuffled(facts))


def _hours(poi: Shown, voice: Voice, dice: Dice, emphasis: Emphasis) -> str:
    share = 0.75 if voice.sparse or voice.wish.meal_time else 0.3
    return hours_text(poi, dice) if emphasis.says("hours", share, dice) else ""


def _dish(poi: Shown, diet: str | None, dice: Dice, emphasis: Emphasis) -> str:
    dishes = [dish for dish in poi.specialities if "dish" in emphasis.must or not against_diet(dish, diet)]
    if not dishes or not emphasis.says("dish", 0.6, dice):
        return ""
    count = min(len(dishes), dice.pick((1, 1, 2, 2, 3)))
    chosen = dice.shuffled(dishes)[:count]
    return dice.pick(DISHES).format(x=("和" if count == 2 and dice.chance(0.5) else "、").join(chosen))


def _kind(poi: Shown, voice: Voice, dice: Dice, emphasis: Emphasis) -> str:
    """The cuisine now and then, the tags that the wish needs, and some others."""
    facts = []
    if poi.cuisine and emphasis.says("cuisine", 0.6 if voice.sparse else 0.12, dice):
        facts.append(
            dice.pick(CUISINE).format(c=poi.cuisine, s=phrases.SHOPS.get(poi.cuisine, (f"{poi.cuisine}馆",))[0])
        )
    asked = {need if "=" in need else f"{need}=yes" for need in voice.wish.needs}
    marks = [mark for mark in ("=".join(tag) for tag in poi.tags) if mark in TAGS]
    facts += [dice.pick(TAGS[mark]) for mark in marks if mark in asked or dice.chance(0.5)]
    return "，".join(facts[:3])


def reason(poi: Shown, voice: Voice, dice: Dice, *, hours_said: bool) -> str:
    """A tie between the facts and the wish, each kind once an answer; empty when all suitable kinds are used."""
    wish = voice.wish
    options: list[tuple[str, tuple[str, ...]]] = []
    if wish.taste in TASTE_TIPS:
        options.append(("taste", TASTE_TIPS[wish.taste]))
    if wish.occasion:
        options.append(("occasion", BY_OCCASION))
    if wish.meal_time and hours_said and open_for(poi, wish.meal_time):
        options.append(("meal", BY_MEAL))
    if poi.rating is not None and poi.rating >= 4:
        options.append(("rating", BY_RATING))
    if poi.distance_m is not None and poi.distance_m <= 700:
        options.append(("distance", BY_DISTANCE))
    if poi.cost_cny is not None and wish.budget_max_cny and poi.cost_cny <= 0.7 * wish.budget_max_cny:
        options.append(("saving", BY_BUDGET))
    options.append(("general", GENERAL))
    fresh = [option for option in options if option[0] not in voice.used]
    if not fresh or dice.chance(0.12):
        return ""
    kind, forms = dice.pick(fresh)
    voice.used.add(kind)
    occasion = wish.occasion or ""
    return dice.pick(forms).format(u=voice.you, o=occasion, m=wish.meal_time)


def short_reason(poi: Shown, voice: Voice, dice: Dice) -> str:
    """The structured reason of a recommendation: two or three facts, exactly as shown."""
    facts = []
    if poi.distance_m is not None:
        facts.append(f"距离{poi.distance_m}米")
    if poi.rating is not None:
        facts.append(f"评分{poi.rating:.1f}")
    if poi.cost_cny is not None:
        facts.append(f"人均{poi.cost_cny:g}元")
    if poi.cuisine and (len(facts) < 2 or dice.chance(0.4)):
        facts.append(f"菜系为{poi.cuisine}")
    same = hours_of_shown(poi).same_every_day
    if same and (voice.wish.meal_time or len(facts) < 2):
        facts.append(f"营业时间{spans_text(same)}")
    return "，".join(dice.shuffled(facts)[:3])
