"""What of a second reader's extraction may be believed: its quotes are the clause's own words and leave nothing of it out. Pure.

Every number, time, day, name and negation of a clause must come back in a claim that quotes it, so that a reader can lose
nothing on the way to the evidence, by mistake or because the clause told it to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from factory.verifier.clauses import TYPED
from factory.verifier.fit import meal_of
from factory.verifier.lexer import INERT, MAYBE_INERT, ROLES, Token
from factory.verifier.numbers import Quantity
from factory.verifier.script import fold
from factory.verifier.told import CONDITION, NOTHING, UNVERIFIABLE, Told
from factory.verifier.told_hours import weekdays
from factory.verifier.told_names import Ground, tokens_of
from factory.verifier.told_rulings import Ruling

_LOOSE: Final = re.compile(
    "(?:因为|所以|不过|但是|可是|而且|并且|另外|此外|至于|其中|其实|如果|要是|的话|就是|只是|可惜|好在|倒是|反正|总之|然后|同样|顺便|再说|虽然|尽管|当然|毕竟|大概|估计|"
    "也|还|又|就|很|挺|蛮|真|可|是|有|在|和|跟|与|及|而|但|则|才|再|倒|却|那|这|它|他|她|您|你|我|们|家|店|里|着|了|过|的|地|得|吧|啊|哦|呀|嘛|哈|呢|啦|咯|哟|来|去|到|想|要|会|能|给|把|被|让|个|若|且|"
    r"[\s,.。;:、!?()“”\"'·~…\-—|/])+"
)
"""Words without content of their own: all that may be left over beside the quotes."""
_HEDGED: Final = re.compile(
    "约|大概|左右|上下|近|差不多|接近|多|来|几|出头|不|没|至少|最少|最多|超|以|内|起|低|高|少|大于|小|过|满|估|才|只|够|开外|之|(?<!公)里(?![程路地])"
)
"""What may make a number of a quote more or less than it says."""
_COUNTED: Final = frozenset({"M", "L", "MIN", "S", "NUM", "PCT", "TIMES"})
_DENYING: Final = frozenset({"NOT", "ABSENT", "NOFIT", "NONE", "NOTFINE", "NOTEXCEED", "NOTUNDER"})
_DENIALS: Final = frozenset(
    {
        "absent", "shut_at", "day_off", "miss", "nothing_fits", "break", "no_break", "all_day", "closed", "gap", "compare", "only", "count", "most", "fits", "wish", "vague", "phone", UNVERIFIABLE,
    }
)  # fmt: skip
"""Kinds that a negation may be said with; any other must carry ``not`` or a bound."""
_RELATIONS: Final[dict[str, frozenset[str]]] = {
    "THAN": frozenset({"compare", "gap", "most", "only", "count", "order", UNVERIFIABLE}),
    "MOST": frozenset({"most", "pick", "span", "only", "count", "order", "compare", "gap", UNVERIFIABLE}),
    "ABSENT": frozenset(
        {
            "absent",
            "compare",
            "present",
            "count",
            "only",
            "most",
            "dish",
            "tag",
            "miss",
            "nothing_fits",
            "wish",
            "gap",
            "shut_at",
            "closed",
            UNVERIFIABLE,
        }
    ),
    "SOLE": frozenset({"only", "count", UNVERIFIABLE}),
    "AVG": frozenset({"average", "price", "total", UNVERIFIABLE}),
}
_DECIDABLE: Final = _COUNTED | {"T", "TR", "PHONE", "RATING", "PRICE", "DIST", "HOURS", "ADDR", "A", "STREETLIKE"}
"""What stands in no quote that is called unverifiable: it is decided or stays unread, but is never called groundless."""


_IF: Final = re.compile(
    r"^(?:那|那么|不过|但|但是|所以|而|可|至于|要|只)?(?:你|您|咱|你们|您们|咱们|大家|各位|[一二三四五六七八九十两]+个?[人位])?"
    r"(?:若|如果|要是|倘若|假如|万一|真要|真想|真卡|实在|坚持|执意|想|要|只要|肯|愿意|愿|还得|还要|还想|舍得|图|嫌|接受|不介意|不在乎|非得?要|能)|若|如果|要是|倘若|假如|的话$"
)
"""How a condition of the guest's begins or ends."""
_OF_SHOPS: Final = frozenset(
    {
        "N", "A", "STREET", "D", "BRANCH", "ORD", "PHONE", "T", "TR", "S", "FEAT", "STREETLIKE", "NAMELIKE", "UNPROVABLE", "REPUT", "STAFF", "SELF",
        "ABSENT", "NONE", "SOLE", "THAN", "OTHER", "FORMER", "LATTER", "LASTONE", "PREVONE", "NEXTONE", "ALLSET",
    }
)  # fmt: skip
"""What stands in no condition of the guest's own: 想试试店里的辣酱 presupposes a shop's."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """A claim with the stretch of the folded clause that it quotes, and how it was decided (None: an unverifiable one)."""

    told: Told
    start: int
    end: int
    ruling: Ruling | None


def place(clause: str, told: Told) -> tuple[int, int] | None:
    """Where a quote stands in the folded clause; ``None``: the words are not the clause's own."""
    flat, quote = fold(clause), fold(told.quote).strip(",.。;:!?、 ")
    start = flat.find(quote) if quote else -1
    return None if start < 0 else (start, start + len(quote))


def doubt(clause: str, quoted: Sequence[Quoted], ground: Ground) -> str:
    """Why an extraction may not be believed, in a few words; empty: it may."""
    tokens = tokens_of(clause, ground)
    if not quoted:
        return "no claims"
    if any(one.told.kind == NOTHING for one in quoted):
        return NOTHING
    for token in tokens:
        covering = [one for one in quoted if one.start < token.end and token.start < one.end]
        if not covering:
            if not _loose(token):
                return f"left out: {token.text}"
            continue
        if all(one.told.kind == CONDITION for one in covering):
            hard = ROLES[token.char] & _OF_SHOPS and token.text != "实在" and "FEAT" not in ROLES[token.char]
            if hard or not _IF.search(fold(clause)):
                return f"no condition of the guest's: {token.text}"
            continue
        unprovable = all(one.told.kind == UNVERIFIABLE for one in covering)
        if unprovable and ROLES[token.char] & _DECIDABLE:
            return f"decidable: {token.text}"
        reason = "" if unprovable else _untold(token, covering, quoted, tokens, ground)
        if reason:
            return f"{reason}: {token.text}"
    return ""


def _loose(token: Token) -> bool:
    """Whether a token may be left over beside the quotes."""
    roles = ROLES[token.char]
    if _LOOSE.fullmatch(token.text) or token.char == INERT or roles & {"SEP", "COLON", "THIS"}:
        return True
    return token.char in MAYBE_INERT and not roles & TYPED


def _untold(
    token: Token, covering: Sequence[Quoted], quoted: Sequence[Quoted], tokens: Sequence[Token], ground: Ground
) -> str:
    """What of a token no claim that quotes it tells."""
    roles = ROLES[token.char]
    for role, check in _CHECKS.items():
        if role in roles and not check(token, covering, quoted, ground):
            return "untold"
    kinds_of = {one.told.kind for one in covering}
    if "UNPROVABLE" in roles and "FEAT" not in roles and token.text not in _SCENERY and not kinds_of & _UNPROVED:
        return "unproved"
    if (roles & _FIELDS and kinds_of <= {"pick"}) or (roles & _SERVING and kinds_of <= _OF_THE_WHOLE):
        return "more than a pick"
    for role, kinds in _RELATIONS.items():
        if (
            role in roles
            and not _of_the_guest(token, tokens)
            and not any(_has_kind(one.told, kinds) for one in covering)
        ):
            return "relation"
    if roles & _DENYING and not any(_denies(one.told) for one in covering):
        return "negation"
    bare = roles & {"ONLY"} and not any(ROLES[one.char] & (_COUNTED | {"T", "TR", "CNT"}) for one in tokens)
    if bare and not any(_has_kind(one.told, _ONLY_KINDS) for one in covering):
        return "only"
    return ""


def _of_the_guest(token: Token, tokens: Sequence[Token]) -> bool:
    """最在意的, 拿来比: a relation of the guest's own or of the writer's, not of restaurants."""
    after = "".join(one.text for one in tokens if one.start >= token.end)
    return (not after and "THAN" in ROLES[token.char]) or _GUEST.match(after) is not None


_GUEST: Final = re.compile(
    "在意|看重|想|爱|关心|怕|喜欢|担心|惦记|介意|要紧|妙|难得|关键|重要|应景|对味|宝贵|近(?:都|老|总|一直)|较|一比"
)
_SCENERY: Final = frozenset({"湖边", "河边", "江边", "夜景", "舒服", "热闹", "讲究", "实在", "饮料"})
"""Words of that role which say nothing of a shop where they stand beside a claim: 从湖边过去大约22分钟."""
_FIELDS: Final = frozenset({"RATING", "PRICE", "DIST", "HOURS", "ADDR", "REPUT", "FEAT", "DISHN", "OPENV", "FOOD"})
_SERVING: Final = frozenset({"OPENV", "OPENS", "CLOSE", "REST", "UNTIL", "SAME", "OFFAL", "SEAFOOD", "D"})
_OF_THE_WHOLE: Final = frozenset({"pick", "fits", "miss", "nothing_fits"})
"""Kinds that tell no time and no dish."""
_UNPROVED: Final = frozenset(
    {UNVERIFIABLE, CONDITION, "wish", "tag", "absent", "present", "address", "city", "dish", "dish_is", "cuisine", "vague", "closed", "brand", "only", "count", "phone"}
)  # fmt: skip
"""Kinds that a word which no map proves may stand with: any other would leave it unsaid."""
_ONLY_KINDS: Final = frozenset({"only", "count", "nothing_fits", "miss", "fits", "gap", "wish", UNVERIFIABLE})


def _has_kind(told: Told, kinds: frozenset[str]) -> bool:
    return told.kind in kinds or any(_has_kind(one, kinds) for one in told.where)


def _denies(told: Told) -> bool:
    return told.denied or told.kind in _DENIALS or told.sign in {"<", "<=", ">", ">="} or any(map(_denies, told.where))


def _numbers(covering: Sequence[Quoted]) -> set[float]:
    return {number for one in covering for number in one.told.numbers}


def _bounds(covering: Sequence[Quoted], ground: Ground) -> set[float]:
    """The wish's own bounds, where a claim lies to them: 比200米多出185米."""
    if not any(_has_kind(one.told, frozenset({"gap", "fits", "miss", "nothing_fits"})) for one in covering):
        return set()
    wish = ground.scene.wish
    return {float(bound) for bound in (wish.radius_m, wish.budget_min_cny, wish.budget_max_cny) if bound is not None}


def _amount_told(token: Token, covering: Sequence[Quoted], _quoted: Sequence[Quoted], ground: Ground) -> bool:
    stated: Quantity = token.value
    numbers = _numbers(covering) | _bounds(covering, ground)
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
    if (stated.low == 0.0 or stated.high == float("inf")) and all(_is_value(one.told) for one in covering):
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


def _count_told(token: Token, covering: Sequence[Quoted], quoted: Sequence[Quoted], ground: Ground) -> bool:
    stated: Quantity = token.value
    sizes = {float(size) for one in covering if one.ruling is not None for size in one.ruling.sizes}
    names = {float(len(one.told.names)) for one in covering} | {float(len(quoted))}
    listed = ground.scene.listed
    spoken = {poi for one in covering if one.ruling is not None for poi in one.ruling.of}
    places = {float(place) for place, poi in enumerate(listed, 1) if poi in spoken}  # 二号某某
    allowed = _numbers(covering) | sizes | names | places | {1.0}
    return any(stated.low <= number <= stated.high for number in allowed)


def _people_told(token: Token, covering: Sequence[Quoted], _quoted: Sequence[Quoted], ground: Ground) -> bool:
    stated: Quantity = token.value
    return any(
        stated.low <= number <= stated.high
        for number in _numbers(covering) | {float(ground.scene.wish.party_size or 1), 1.0}
    )


def _rank_told(token: Token, covering: Sequence[Quoted], _quoted: Sequence[Quoted], ground: Ground) -> bool:
    if any(one.told.rank == token.value or float(token.value) in one.told.numbers for one in covering):
        return True
    rows = (ground.scene.listed, ground.mentioned)
    pois = {row[token.value - 1] for row in rows if 0 < token.value <= len(row)}
    return any(one.ruling is not None and pois & set(one.ruling.of) for one in covering)


def _time_told(token: Token, covering: Sequence[Quoted], _quoted: Sequence[Quoted], _ground: Ground) -> bool:
    told = {minute for one in covering for minute in one.told.minutes}
    return all(any(minute % 1440 in told for minute in clock.readings()) for clock in token.value)


def _day_told(token: Token, covering: Sequence[Quoted], _quoted: Sequence[Quoted], _ground: Ground) -> bool:
    named = weekdays(token.text)
    told = [one.told for one in covering] + [cond for one in covering for cond in one.told.where]
    if not named:
        return True  # 今天, 当天: the day that is meant when none is named
    days = frozenset().union(*(weekdays(one.days) for one in told if one.days))
    return named <= days or (len(named) == 7 and any(not one.days for one in told))


def _meal_told(token: Token, covering: Sequence[Quoted], _quoted: Sequence[Quoted], ground: Ground) -> bool:
    meal = meal_of(token.text)
    words = " ".join(one.told.words for one in covering)
    own = meal is not None and meal == meal_of(ground.scene.wish.meal_time)
    return own or meal is None or token.text in words or meal in words or any(one.told.minutes for one in covering)


def _cuisine_told(token: Token, covering: Sequence[Quoted], _quoted: Sequence[Quoted], ground: Ground) -> bool:
    words = " ".join(one.told.words for one in covering)
    return token.text in words or str(token.value) in words or token.value == ground.scene.wish.cuisine


def _text_told(token: Token, covering: Sequence[Quoted], _quoted: Sequence[Quoted], _ground: Ground) -> bool:
    words = " ".join(one.told.words for one in covering)
    digits = re.sub(r"\D", "", token.text)
    return token.text in words or (len(digits) > 4 and digits in re.sub(r"\D", "", words))


def _street_told(token: Token, covering: Sequence[Quoted], quoted: Sequence[Quoted], ground: Ground) -> bool:
    """A street with what the lexer took for its beginning: 逸里在明林西路."""
    if _text_told(token, covering, quoted, ground):
        return True
    for one in covering:
        stated = fold("".join(one.told.names))
        before, is_in, after = token.text.partition(stated) if stated else ("", "", "")
        if one.told.kind == "address" and is_in and not after:
            rest = tokens_of(before, ground)
            spoken = one.ruling.of if one.ruling is not None else ()
            return all(
                _loose(part) or (part.value and "N" in ROLES[part.char] and set(part.value.pois) & set(spoken))
                for part in rest
            )
    return False


def _name_told(token: Token, covering: Sequence[Quoted], _quoted: Sequence[Quoted], ground: Ground) -> bool:
    spoken = {poi for one in covering if one.ruling is not None for poi in one.ruling.of} | {ground.item}
    return any(poi in spoken for poi in token.value.pois) or any(_text_in(token, one.told) for one in covering)


def _text_in(token: Token, told: Told) -> bool:
    return told.kind in {"brand", "count", "address"} and token.text in told.words


def _feature_told(_token: Token, covering: Sequence[Quoted], _quoted: Sequence[Quoted], _ground: Ground) -> bool:
    kinds = frozenset({"tag", "absent", "present", "wish", "dish", "dish_is", "cuisine", "miss", "fits"})
    return any(_has_kind(one.told, kinds) for one in covering)


def _never(_token: Token, _covering: Sequence[Quoted], _quoted: Sequence[Quoted], _ground: Ground) -> bool:
    return False


_CHECKS: Final[dict[str, Callable[[Token, Sequence[Quoted], Sequence[Quoted], Ground], bool]]] = {
    **dict.fromkeys(_COUNTED, _amount_told),
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
