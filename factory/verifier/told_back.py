"""Whether what a token of a clause says comes back in a second reader's claim that quotes it: one check a role. Pure; for quotes.py."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from factory.records import Wish
from factory.verifier.fit import meal_of
from factory.verifier.lexer import ROLES, Token
from factory.verifier.numbers import Quantity
from factory.verifier.script import fold
from factory.verifier.told import Told
from factory.verifier.told_hours import weekdays
from factory.verifier.told_names import Ground, tokens_of
from factory.verifier.told_rulings import Ruling
from factory.verifier.told_turns import COUNTED, is_loose


@dataclass(frozen=True, slots=True)
class Quoted:
    """A claim with the stretch of the folded clause that it quotes, and how it was decided (None: an unverifiable one)."""

    told: Told
    start: int
    end: int
    ruling: Ruling | None


_HEDGED: Final = re.compile(
    "约|大概|左右|上下|近|差不多|接近|多|来|几|出头|不|没|至少|最少|最多|超|以|内|起|低|高|少|大于|小|过|满|估|才|只|够|开外|之|出了|圈|(?<!公)里(?![程路地])"
)
"""What may make a number of a quote more or less than it says."""


def has_kind(told: Told, kinds: frozenset[str]) -> bool:
    """Whether a claim or a condition of it is of one of these kinds."""
    return told.kind in kinds or any(has_kind(one, kinds) for one in told.where)


def _numbers(covering: Sequence[Quoted]) -> set[float]:
    return {number for one in covering for number in one.told.numbers}


def _bounds(covering: Sequence[Quoted], ground: Ground) -> set[float]:
    """The wish's own bounds, where a claim lies to them: 比200米多出185米."""
    asked = any(_WHETHER.search(fold(one.told.quote)) for one in covering)  # 问问是否够200元
    if not asked and not any(
        has_kind(one.told, frozenset({"gap", "fits", "miss", "nothing_fits", "most"})) for one in covering
    ):
        return set()
    wish = ground.scene.wish
    bounds = [float(bound) for bound in (wish.radius_m, wish.budget_min_cny, wish.budget_max_cny) if bound is not None]
    heads = {1, wish.party_size or 1, *(one.told.people or 1 for one in covering)}
    return {bound * count for bound in bounds for count in heads}  # 离150元的总预算, of three guests


_LI: Final = re.compile("[一二两三四五六七八九半\\d]里")
_WHETHER: Final = re.compile("是否|是不是|能不能|够不够|会不会|在不在|到不到|有没有到")


def _is_place_of(token: Token, covering: Sequence[Quoted], ground: Ground) -> bool:
    """3和4中午都开: a bare number that is the place in the list of one who is spoken of."""
    place = token.value.low
    if "NUM" not in ROLES[token.char] or place != token.value.high or not 0 < place <= len(ground.scene.listed):
        return False
    spoken = {poi for one in covering if one.ruling is not None for poi in one.ruling.of}
    return place == int(place) and ground.scene.listed[int(place) - 1] in spoken


def _amount_told(token: Token, covering: Sequence[Quoted], _quoted: Sequence[Quoted], ground: Ground) -> bool:
    stated: Quantity = token.value
    if _is_place_of(token, covering, ground):
        return True
    numbers = _numbers(covering) | _bounds(covering, ground)
    if any(_LI.search(fold(one.told.quote)) for one in covering):
        numbers |= {number / 500 for number in numbers}  # 一点六里
    numbers |= {60 * number for number in numbers} if "MIN" in ROLES[token.char] else set()
    ends = {end for end in (stated.low, stated.high) if end not in {0.0, float("inf")}} or {stated.low}
    if ROLES[token.char] & {"PCT", "TIMES"}:
        ends |= (
            {end + 0.5 for end in ends}
            | {end * factor for end in ends for factor in (10, 100, 0.1, 0.01)}
            | {end + 1 for end in ends}
        )
    if not any(abs(end - number) < 0.02 or abs(end - 1000 * number) < 0.02 for end in ends for number in numbers):
        within = stated.low < stated.high < float("inf") and any(
            stated.low <= number <= 1.02 * stated.high for number in numbers
        )
        return within or any(token.text in one.told.words for one in covering)
    away = re.search("(?:米|公里|里)外$", token.text)  # 在1962米外 is where it lies
    if not away and (stated.low == 0.0 or stated.high == float("inf")) and all(_is_value(one.told) for one in covering):
        return False  # 1000米内 is no distance of 1000 metres
    if not stated.exact or any(_HEDGED.search(fold(one.told.quote)) for one in covering):
        return True
    return any(_states_exactly(one.told) for one in covering)


def _is_value(told: Told) -> bool:
    """Whether a claim states one exact value of a restaurant."""
    return told.kind in {"rating", "price", "distance", "walk"} and told.value is not None and told.value.exact


def _states_exactly(told: Told) -> bool:
    """Whether a claim keeps an exact number exact: 411米 may not become 约411米, which more values satisfy."""
    amounts = [amount for amount in (told.value, told.number, told.times, told.percent) if amount is not None]
    return all(
        amount.exact or (amount.low != amount.high and told.kind == "span") or _is_range(amount) for amount in amounts
    )


def _is_range(amount: Quantity) -> bool:
    return 0.0 < amount.low < amount.high < float("inf")


_CONDITIONS_COUNTED: Final = re.compile("[一二三四五六七八两0-9]+[条项点样]")
_OF_THE_WISH: Final = frozenset({"nothing_fits", "miss", "fits"})


def _conditions_of(wish: Wish) -> int:
    """How many things a wish asks for."""
    asked = (wish.cuisine, wish.taste, wish.budget_max_cny or wish.budget_min_cny, wish.radius_m, wish.meal_time)
    return sum(map(bool, (*asked, wish.diet, *wish.needs)))


def _count_told(token: Token, covering: Sequence[Quoted], quoted: Sequence[Quoted], ground: Ground) -> bool:
    stated: Quantity = token.value
    of_wish = any(one.told.kind in _OF_THE_WISH and not one.told.conditions for one in covering)
    if of_wish and _CONDITIONS_COUNTED.fullmatch(token.text) and stated.low == _conditions_of(ground.scene.wish):
        return True  # 这三条没能凑齐: the guest's own
    if re.search("小时|钟头", token.text):
        numbers = _numbers(covering)
        return any(abs(factor * stated.low - number) < 1 for factor in (1, 60) for number in numbers)
    sizes = {float(size) for one in covering if one.ruling is not None for size in one.ruling.sizes}
    names = {float(len(one.told.names)) for one in covering} | {float(len(quoted))}
    listed = ground.scene.listed
    spoken = {poi for one in covering if one.ruling is not None for poi in one.ruling.of}
    places = {float(place) for place, poi in enumerate(listed, 1) if poi in spoken}  # 二号某某
    if all(one.told.kind in _OF_NO_NUMBER for one in covering):
        told = any(stated.low <= number <= stated.high for number in _numbers(covering))
        return told or stated.low <= max(len(listed), len(ground.mentioned))  # 剩下两家里我投某某
    if _OF_DAYS.search(token.text):
        days = {len(weekdays(one.told.days)) for one in covering}
        return bool(days - {0}) and (
            bool(re.search("几", token.text)) or any(stated.low <= day <= stated.high for day in days)
        )
    conditions = (
        {float(len(one.told.where) + extra) for one in covering for extra in (0, -1)}
        | {float(len(cond.conditions)) for one in covering for cond in (one.told, *one.told.where)}
        if _OF_CONDITIONS.search(token.text)
        else set()
    )
    allowed = _numbers(covering) | sizes | names | places | conditions | {1.0}
    return any(stated.low <= number <= stated.high for number in allowed)


_OF_NO_NUMBER: Final = frozenset({"pick", "unsaid", "ask", "wish"})
_OF_DAYS: Final = re.compile("[天日]$")
_OF_CONDITIONS: Final = re.compile("[条项样头点个]$")


def _people_told(token: Token, covering: Sequence[Quoted], _quoted: Sequence[Quoted], ground: Ground) -> bool:
    stated: Quantity = token.value
    return "几" in token.text or any(
        stated.low <= number <= stated.high
        for party in (float(ground.scene.wish.party_size or 1),)
        for number in _numbers(covering) | {party, party - 1, 1.0}  # 寿星和六位客人, of seven
    )


def _rank_told(token: Token, covering: Sequence[Quoted], _quoted: Sequence[Quoted], ground: Ground) -> bool:
    if any(one.told.rank == token.value or float(token.value) in one.told.numbers for one in covering):
        return True
    if re.match("第二[家个]", token.text) and any(one.told.kind in {"only", "count"} for one in covering):
        return True  # 再没有第二家
    if any(one.told.kind == "pick" for one in covering):
        return True  # 放第二位: the writer's own order
    rows = (ground.scene.listed, ground.mentioned)
    pois = {row[token.value - 1] for row in rows if 0 < token.value <= len(row)}
    return any(one.ruling is not None and pois & set(one.ruling.of) for one in covering)


def _time_told(token: Token, covering: Sequence[Quoted], _quoted: Sequence[Quoted], _ground: Ground) -> bool:
    told = {minute for one in covering for minute in one.told.minutes}
    return all(any(minute % 1440 in told for minute in clock.readings()) for clock in token.value)


_DAYS_WORDS: Final = "一两三四五六七"
_DAYS_COUNTED: Final = re.compile(f"([{_DAYS_WORDS}])天")


def _day_told(token: Token, covering: Sequence[Quoted], _quoted: Sequence[Quoted], _ground: Ground) -> bool:
    named = weekdays(token.text)
    if any(one.told.kind == "wish" and token.text in one.told.words for one in covering):
        return True
    told = [one.told for one in covering] + [cond for one in covering for cond in one.told.where]
    counted = _DAYS_COUNTED.search(token.text)
    if not named and counted is not None:
        told_days = {len(weekdays(one.days)) for one in told if one.days}
        return not told_days or _DAYS_WORDS.index(counted[1]) + 1 in told_days  # 那三天 of three named days
    if not named:
        return True  # 今天, 当天: the day that is meant when none is named
    days = frozenset().union(*(weekdays(words) for one in told for words in (one.days, one.other_days) if words))
    if any(re.search("除了?", one.quote) for one in told):
        return named <= days or not named & days  # 除周一外: of the other days
    if any(one.kind == "absent" and "只" in one.quote for one in told):
        days |= frozenset(range(7)) - days  # 只列了周一到周五: of the others there is nothing
    return named <= days or (len(named) == 7 and any(not one.days for one in told))


def _meal_told(token: Token, covering: Sequence[Quoted], _quoted: Sequence[Quoted], ground: Ground) -> bool:
    meal = meal_of(token.text)
    words = " ".join(one.told.words for one in covering)
    own = meal is not None and meal == meal_of(ground.scene.wish.meal_time)
    return own or meal is None or token.text in words or meal in words or any(one.told.minutes for one in covering)


def _cuisine_told(token: Token, covering: Sequence[Quoted], _quoted: Sequence[Quoted], ground: Ground) -> bool:
    words = " ".join(one.told.words for one in covering)
    if token.text in words or str(token.value) in words or token.value == ground.scene.wish.cuisine:
        return True
    own = fold(ground.scene.wish.diet or "")  # 对海鲜过敏不友好: a miss of the diet
    return token.text in own and any(one.told.kind == "miss" and "diet" in one.told.conditions for one in covering)


def _text_told(token: Token, covering: Sequence[Quoted], _quoted: Sequence[Quoted], _ground: Ground) -> bool:
    words = " ".join(one.told.words for one in covering)
    digits = re.sub(r"\D", "", token.text)
    return token.text in words or (len(digits) > 4 and digits in re.sub(r"\D", "", words))


def _street_told(token: Token, covering: Sequence[Quoted], quoted: Sequence[Quoted], ground: Ground) -> bool:
    """A street with what the lexer took for its beginning: 逸里在明林西路."""
    if _text_told(token, covering, quoted, ground):
        return True
    if any(name == "place" and str(at) in token.text for one in covering for name, at in one.told.wished):
        return True  # 游古文化街, where the guest is
    for one in covering:
        spoken = one.ruling.of if one.ruling is not None else ()
        called = re.sub(r"\d*$", "", _CALLED.sub("", token.text))
        if called and any(called in fold(poi.name) for poi in spoken):
            return True  # 叫中山路步行街店
        stated = fold("".join(one.told.names))
        before, is_in, after = token.text.partition(stated) if stated else ("", "", "")
        if one.told.kind == "address" and is_in and not after:
            rest = tokens_of(before, ground)
            return all(
                is_loose(part) or (part.value and "N" in ROLES[part.char] and set(part.value.pois) & set(spoken))
                for part in rest
            )
    return False


_CALLED: Final = re.compile("^(?:叫做?|名叫|是)")


def _name_told(token: Token, covering: Sequence[Quoted], _quoted: Sequence[Quoted], ground: Ground) -> bool:
    spoken = {poi for one in covering if one.ruling is not None for poi in one.ruling.of} | {ground.item}
    return any(poi in spoken for poi in token.value.pois) or any(_text_in(token, one.told) for one in covering)


def _text_in(token: Token, told: Told) -> bool:
    return told.kind in {"brand", "count", "address", "named", "label"} and token.text in told.words


def _feature_told(_token: Token, covering: Sequence[Quoted], _quoted: Sequence[Quoted], _ground: Ground) -> bool:
    kinds = frozenset(
        {
            "tag",
            "absent",
            "present",
            "wish",
            "dish",
            "dish_is",
            "cuisine",
            "miss",
            "fits",
            "unsaid",
            "website",
            "label",
            "note",
        }
    )
    return any(has_kind(one.told, kinds) for one in covering)


def _never(_token: Token, _covering: Sequence[Quoted], _quoted: Sequence[Quoted], _ground: Ground) -> bool:
    return False


CHECKS: Final[dict[str, Callable[[Token, Sequence[Quoted], Sequence[Quoted], Ground], bool]]] = {
    **dict.fromkeys(COUNTED, _amount_told),
    "CNT": _count_told,
    "OTH": _count_told,
    "PPL": _people_told,
    "ORD": _rank_told,
    "T": _time_told,
    "TR": _time_told,
    "DAY": _day_told,
    "MEAL": _meal_told,
    "CU": _cuisine_told,
    "D": _text_told,
    "A": _text_told,
    "STREET": _text_told,
    "STREETLIKE": _street_told,
    "PHONE": _text_told,
    "N": _name_told,
    "FEAT": _feature_told,
    "NAMELIKE": _never,
}
"""By role: whether what a token says comes back in a claim that quotes it."""
