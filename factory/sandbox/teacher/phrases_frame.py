"""The frame of an answer: its opening and closing sentence, and the labels of what misses a wish.

Used by writing.py. Frames state nothing about single restaurants, except the labels, which say the fact that
misses the wish.
"""

from __future__ import annotations

from collections.abc import Sequence

from factory.records import Wish
from factory.sandbox.teacher import phrases
from factory.sandbox.teacher.dice import Dice
from factory.sandbox.teacher.matching import MissedWish, is_meal
from factory.sandbox.teacher.phrases_book import phrase_list, phrase_table
from factory.sandbox.teacher.phrases_facts import distance_text
from factory.sandbox.teacher.phrases_hours import days_off, hours_stated
from factory.sandbox.teacher.phrases_item import Voice
from factory.sandbox.teacher.reading import Shown

BEFORE = phrase_list("frame", "before")
BEFORE_WISH = phrase_list("frame", "before_wish")
BEFORE_MEAL = phrase_list("frame", "before_meal")
BEFORE_PARTY = phrase_list("frame", "before_party")
CORE = phrase_list("frame", "core")
CORE_FEW = phrase_list("frame", "core_few")
AREA = phrase_list("frame", "area")
NONE = phrase_list("frame", "none")
NEAREST = phrase_list("frame", "nearest")
NOTHING = phrase_list("frame", "nothing")
CLOSE = phrase_list("frame", "close")
CLOSE_ONE = phrase_list("frame", "close_one")
CLOSE_SPARSE = phrase_list("frame", "close_sparse")
CLOSE_PARTY = phrase_list("frame", "close_party")
CLOSE_OCCASION = phrase_list("frame", "close_occasion")
CLOSE_MEAL = phrase_list("frame", "close_meal")
WIDEN_ANY = phrase_list("frame", "widen_any")
DIET_TIPS = phrase_table("frame", "diet_tips")
WIDEN = phrase_table("frame", "widen")


def opening(voice: Voice, count: int, *, few: bool, dice: Dice) -> str:
    """The sentence before a list of fitting restaurants; ``few`` when these are all that fit."""
    wish = voice.wish
    lead, core = dice.pick(_leads(wish)), dice.pick(CORE_FEW if few else CORE)
    if "{c}" in lead:
        core = core.replace("家{c}", "家")
    area = dice.pick(AREA if voice.place not in lead and "{p}" not in lead else ("附近", "{r}以内", "周边"))
    text = _filled(lead + core, voice, dice, count, area)
    ends = ("：", "：", "，具体如下：", "。") if "供" in text else ("：", "：", "，供{u}参考：", "，具体如下：", "。")
    return text + dice.pick(ends).format(u=voice.you)


def _leads(wish: Wish) -> list[str]:
    leads = list(BEFORE)
    leads += BEFORE_WISH * 2 if wish.occasion else ()
    leads += BEFORE_MEAL * 2 if wish.meal_time else ()
    leads += BEFORE_PARTY if (wish.party_size or 0) > 1 else ()
    return leads


def nothing_fits(voice: Voice, count: int, dice: Dice) -> str:
    """The sentence that says plainly that nothing fits, and leads to ``count`` alternatives."""
    tail = dice.pick(NEAREST if count else NOTHING)
    return _filled(dice.pick(NONE) + tail, voice, dice, count, dice.pick(AREA))


def closing(voice: Voice, count: int, dice: Dice) -> str:
    """The sentence after the list, tied to the wish."""
    wish = voice.wish
    plain = CLOSE_ONE if count == 1 else CLOSE_SPARSE if voice.sparse else CLOSE
    pool = list(plain)
    pool += CLOSE_PARTY * 3 if (wish.party_size or 0) > 2 else ()
    pool += CLOSE_OCCASION * 2 if wish.occasion and wish.occasion not in {"游玩途中", "一个人吃饭"} else ()
    pool += CLOSE_MEAL * 2 if wish.meal_time else ()
    tips = [dice.pick(pool)]
    if wish.diet in DIET_TIPS:
        tips = [dice.pick(DIET_TIPS[wish.diet]), *(tips if dice.chance(0.4) else ())]
    elif dice.chance(0.15):
        tips.append(dice.pick(plain))
    return _filled("".join(dict.fromkeys(tips)), voice, dice, 0, "")


def closing_alternatives(voice: Voice, missing: Sequence[Sequence[MissedWish]], dice: Dice) -> str:
    """The sentence after the nearest alternatives: which condition would have to give."""
    kinds = {miss.kind for row in missing for miss in row}
    pool = list(WIDEN_ANY)
    if len(kinds) == 1:
        pool = list(WIDEN.get(kinds.pop(), WIDEN_ANY)) * 2 + pool
    tip = dice.pick(pool)
    if voice.wish.diet in DIET_TIPS:
        tip += dice.pick(DIET_TIPS[voice.wish.diet])
    return _filled(tip, voice, dice, 0, "")


def label(poi: Shown, miss: MissedWish, voice: Voice, dice: Dice) -> str:
    """What this restaurant misses, with the fact that shows it."""
    u, wish = voice.you, voice.wish
    price = f"人均{poi.cost_cny:g}元" if poi.cost_cny is not None else ""
    if miss.kind == "cuisine":
        other = f"做的是{poi.cuisine}，" if is_meal(poi.cuisine) else ""
        return other + dice.pick((f"不是{u}想吃的{wish.cuisine}", f"并不是{wish.cuisine}", f"菜系不是{wish.cuisine}"))
    if miss.kind == "radius":
        # Rounded, 1023 m would look like the kilometre that it misses.
        far = poi.distance_m or 0
        distance = distance_text(far, dice) if far > 1.3 * wish.radius_m else f"{far}米"
        near = (
            f"，超出了{u}要求的范围",
            f"，超过了{u}说的距离",
            f"，比{u}要求的远",
            "，超出了距离要求",
            f"，不在{u}要求的范围内",
        )
        return dice.pick(("距离", f"离{u}", f"距{u}")) + distance + dice.pick(near)
    if miss.kind == "over_budget":
        return price + dice.pick((f"，超出了{u}的预算", "，超出预算", f"，高于{u}的预算", "，超预算了"))
    if miss.kind == "under_budget":
        return price + dice.pick((f"，低于{u}的预算", "，低于预算区间", f"，没有达到{u}想要的价位"))
    if miss.kind == "price_unknown":
        return dice.pick(("地图上没有人均价格，无法确认是否符合预算", "没有查到人均价格，预算是否合适还不能确定"))
    if miss.kind == "hours":
        some = days_off(poi, voice.wish.meal_time or "")
        return _shut_at_meal(poi, voice, dice) if some is None else some
    if miss.kind == "closed":
        return "目前暂停营业" if miss.detail == "resting" else "已经关闭"
    if miss.kind == "diet":
        return _against_diet(miss, voice, dice)
    return dice.pick(
        (f"没有标明是否{phrases.need(miss.detail, dice)}，无法确认", f"{phrases.need(miss.detail, dice)}这一点没有标注")
    )


def _shut_at_meal(poi: Shown, voice: Voice, dice: Dice) -> str:
    """That it does not serve the meal, with the hours that show it."""
    meal = voice.wish.meal_time
    no = dice.pick((f"{meal}时段不营业", f"{meal}时间不营业", f"{meal}那个点不营业"))
    return f"{hours_stated(poi, dice)}，{no}，不符合{voice.you}的用餐时间"


def _against_diet(miss: MissedWish, voice: Voice, dice: Dice) -> str:
    diet = voice.wish.diet
    if miss.where == "proof":
        return dice.pick((f"地图没有标明是否{diet}，无法确认", f"没有{diet}标注，不能确认符合要求"))
    if miss.where == "dish":
        return f"招牌菜有{miss.detail}，不符合{diet}的要求"
    return (
        f"店名里就有“{miss.detail}”，不符合{diet}的要求"
        if miss.where == "name"
        else f"做的是{miss.detail}，不符合{diet}的要求"
    )


def _filled(text: str, voice: Voice, dice: Dice, count: int, area: str) -> str:
    """Fill a frame: {u} you, {p} place, {c} cuisine, {o} occasion, {m} meal, {n} restaurants, {k} people, {a} area."""
    wish = voice.wish
    radius = phrases.metres(wish.radius_m, dice)
    filled = text.format(
        u=voice.you,
        p=voice.place,
        c=wish.cuisine,
        o=wish.occasion,
        m=wish.meal_time,
        n=phrases.number(count, dice),
        k=phrases.number(wish.party_size or 0, dice),
        a=area.format(p=voice.place, r=radius),
        r=radius,
    )
    # A line that opens with "1.5公里" would look like a list item.
    return f"在{filled}" if filled[1:2] == "." and filled[0].isdigit() else filled
