"""The question of a sample: a user's own words for one wish, in the wish's style.

Used by writing.py. Each style is one function from clauses to text; the clauses come from phrases.py. Every
question says where, what, taste and budget, and what else the wish holds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from factory.records import Wish
from factory.sandbox.teacher import phrases
from factory.sandbox.teacher.dice import Dice
from factory.sandbox.teacher.phrases_book import phrase_list, phrase_table

WHERE = phrase_list("question", "where")
WANT = phrase_list("question", "want")
WANT_MEAL = phrase_list("question", "want_meal")
ASKS = phrase_list("question", "asks")
HELLO = phrase_list("question", "hello")
PLEASE = phrase_list("question", "please")
THANKS = phrase_list("question", "thanks")
EXCLAIM = phrase_list("question", "exclaim")
CRAVE = phrase_list("question", "crave")
CHAT_ASKS = phrase_list("question", "chat_asks")
PLAIN_LEADS = phrase_list("question", "plain_leads")
DECIDE = phrase_list("question", "decide")
LIST_HEADS = phrase_list("question", "list_heads")
LEADS = phrase_table("question", "leads")


@dataclass(frozen=True, slots=True)
class Clauses:
    """One wish in clauses, before a style orders them."""

    who: str
    place: str
    cuisine: str
    shop: str
    meal: str | None
    moment: str | None
    conditions: tuple[str, ...]
    people: tuple[str, ...]


def question(wish: Wish, place: str, dice: Dice) -> str:
    """The user's question; an unknown style is put plainly."""
    return STYLES.get(wish.style, _plain)(_clauses(wish, place, dice), wish, dice)


def _clauses(wish: Wish, place: str, dice: Dice) -> Clauses:
    who = "我们" if (wish.party_size or 1) > 1 else "我"
    taste = phrases.taste(wish, dice)
    diet = phrases.diet(wish, dice)
    person = dice.pick(("我", "", "我")) if who == "我" else dice.pick(("大家", "我们", "", "大家都"))
    conditions = [
        f"{person}{taste}" if taste and "，" not in taste else taste,
        phrases.budget(wish, dice),
        phrases.radius(wish, dice),
        f"{dice.pick(('我', '有人', '另外')) if who == '我们' else dice.pick(('我', '另外', ''))}{diet}"
        if diet
        else None,
        *(phrases.need(need, dice) for need in wish.needs),
    ]
    people = [phrases.occasion(wish, dice), phrases.party(wish, dice)]
    if wish.party_size == 1 and wish.occasion in {"一个人吃饭", "情侣约会"}:
        people = people[:1]
    return Clauses(
        who=who,
        place=place,
        cuisine=wish.cuisine,
        shop=phrases.shop(wish.cuisine, dice),
        meal=dice.pick(phrases.MEALS.get(wish.meal_time, (wish.meal_time,))) if wish.meal_time else None,
        moment=dice.pick(phrases.MOMENTS.get(wish.meal_time, ("",))) if wish.meal_time else None,
        conditions=tuple(dice.shuffled([clause for clause in conditions if clause])),
        people=tuple(clause for clause in people if clause),
    )


def _want(clauses: Clauses, dice: Dice) -> str:
    forms = WANT_MEAL if clauses.meal else WANT
    return dice.pick(forms).format(c=clauses.cuisine, s=clauses.shop, m=clauses.meal, t=clauses.moment)


def _where(clauses: Clauses, dice: Dice) -> str:
    return dice.pick(WHERE).format(i=clauses.who, p=clauses.place)


def _joined(clauses: tuple[str, ...] | list[str], dice: Dice) -> str:
    """Clauses in one or two sentences."""
    if len(clauses) > 3 and dice.chance(0.5):
        cut = dice.whole(2, len(clauses) - 1)
        return "，".join(clauses[:cut]) + "。" + "，".join(clauses[cut:])
    return "，".join(clauses)


def _plain(clauses: Clauses, _wish: Wish, dice: Dice) -> str:
    rest = dice.shuffled([*clauses.conditions, "，".join(clauses.people)] if clauses.people else clauses.conditions)
    head = f"{_where(clauses, dice)}{dice.pick(('，', '，', '。', '，'))}{_want(clauses, dice)}"
    return f"{head}，{_joined(rest, dice)}{dice.pick(('，', '。', '，'))}{dice.pick(ASKS)}"


def _chatty(clauses: Clauses, _wish: Wish, dice: Dice) -> str:
    crave = dice.pick(CRAVE).format(c=clauses.cuisine)
    meal = f"{clauses.meal}" if clauses.meal else ""
    wanted = f"{meal}{crave}"
    people = f"{'，'.join(clauses.people)}，" if clauses.people else ""
    tone = dice.pick(("！", "～", "，", "。", "，"))
    first = f"{dice.pick(EXCLAIM)}{_where(clauses, dice)}，{people}{wanted}{tone}"
    return (
        f"{first}{_joined(clauses.conditions, dice)}{dice.pick(('就行', '就好', '', '', '哈'))}，{dice.pick(CHAT_ASKS)}"
    )


def _terse(clauses: Clauses, _wish: Wish, dice: Dice) -> str:
    where = dice.pick(("我在{p}", "人在{p}", "我在{p}附近", "{p}附近", "坐标{p}", "在{p}")).format(p=clauses.place)
    what = (
        f"{clauses.meal}{dice.pick(('吃', '想吃'))}{clauses.cuisine}"
        if clauses.meal
        else dice.pick(("想吃", "找", "吃")) + clauses.cuisine
    )
    mark = dice.pick(("，", "，", "、", " ", "；"))
    ask = dice.pick(
        ("求推荐。", "推荐几家。", "去哪？", "有推荐吗？", "哪家合适？", "列几家。", "有哪些？", "给个建议。")
    )
    return f"{mark.join([where, what, *clauses.people, *clauses.conditions])}{'，' if mark == '、' else mark}{ask}"


def _polite(clauses: Clauses, _wish: Wish, dice: Dice) -> str:
    people = (
        f"{dice.pick(('这次是', '主要是', '是')) if len(clauses.people) > 1 else ''}{'，'.join(clauses.people)}"
        if clauses.people
        else ""
    )
    rest = dice.shuffled([*clauses.conditions, people] if people else clauses.conditions)
    please = dice.pick(PLEASE)
    thanks = dice.pick(THANKS)
    if please.endswith("吗"):
        thanks = "？" + thanks.lstrip("，？")
    body = f"{dice.pick(HELLO)}{_where(clauses, dice)}，{_want(clauses, dice)}"
    return f"{body}{dice.pick(('。', '，'))}{_joined(rest, dice)}{dice.pick(('。', '，'))}{please}{thanks}"


def _story(clauses: Clauses, wish: Wish, dice: Dice) -> str:
    size = wish.party_size or 0
    count = f"{phrases.number(size, dice)}个人" if size > 1 else "我一个人" if size == 1 else ""
    lead = dice.pick(LEADS.get(wish.occasion or "", PLAIN_LEADS)).format(p=clauses.place, n=count)
    lead = lead.replace("，，", "，").rstrip("，")
    decide = dice.pick(DECIDE).format(c=clauses.cuisine, s=clauses.shop)
    meal = dice.pick(("{}", "这顿{}")).format(clauses.meal) if clauses.meal else ""
    ask = dice.pick(ASKS)
    return f"{lead}{dice.pick(('，', '。'))}{meal}{decide}。{_joined(clauses.conditions, dice)}{dice.pick(('，', '。'))}{ask}"


def _list(clauses: Clauses, wish: Wish, dice: Dice) -> str:
    head = f"{_where(clauses, dice)}，{dice.pick(LIST_HEADS)}"
    rows = dice.shuffled(_rows(clauses, wish, dice))
    keyed = [f"{key}：{value}" for key, value in rows]
    form = dice.whole(0, 3)
    if form == 0:
        return f"{head}：{'；'.join(keyed)}。{dice.pick(ASKS)}"
    if form == 1:
        short = [f"{key}{value}" if key == "想吃" else value for key, value in rows]
        return f"{head}：{'，'.join(f'{place}）{row}' for place, row in enumerate(short, 1))}。{dice.pick(ASKS)}"
    marked = [f"{place}. {row}" if form == 2 else f"- {row}" for place, row in enumerate(keyed, 1)]
    return "\n".join([f"{head}{dice.pick(('：', ''))}", *marked, dice.pick(ASKS)])


def _rows(clauses: Clauses, wish: Wish, dice: Dice) -> list[tuple[str, str]]:
    """The wish as keys and values."""
    taste, diet, low, high = (
        phrases.taste(wish, dice),
        phrases.diet(wish, dice),
        wish.budget_min_cny,
        wish.budget_max_cny,
    )
    asked = low is not None or high is not None
    rows = [
        ("想吃", clauses.cuisine),
        ("口味", taste),
        (dice.pick(("预算", "价位")), f"人均{phrases.span(low, high, dice)}" if asked else None),
        (dice.pick(("距离", "范围")), f"{phrases.metres(wish.radius_m, dice)}{dice.pick(('以内', '内', '之内'))}"),
        (dice.pick(("人数", "几个人")), f"{wish.party_size}人" if wish.party_size else None),
        ("场合", wish.occasion),
        (dice.pick(("时间", "哪一顿")), clauses.meal),
        (dice.pick(("饮食", "忌口")) if wish.diet not in {"素食", "清真"} else "饮食", diet),
        *(("另外", phrases.need(need, dice)) for need in wish.needs),
    ]
    return [(key, value) for key, value in rows if value]


STYLES: dict[str, Callable[[Clauses, Wish, Dice], str]] = {
    "plain": _plain,
    "chatty": _chatty,
    "terse": _terse,
    "polite": _polite,
    "story": _story,
    "list": _list,
}
"""How each style of factory/plan/vocabulary.py is put."""
