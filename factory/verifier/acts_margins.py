"""Margins: how far a value lies from the wish's bound or from another restaurant's value: 超50元, 离100元还差25元, 便宜59元.

Who says 差6元 rarely says from what. Every bound and every other restaurant that can be meant is tried: the statement holds when
one of them gives the amount, and is wrong when none does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from factory.records import ClaimStatus, Poi
from factory.verifier.deciding import amount_status, difference_status, show, value
from factory.verifier.lexer import ROLES, Token
from factory.verifier.numbers import Quantity
from factory.verifier.references import restaurants
from factory.verifier.scene import Said, State, UnreadError, field_of, unit_field

_LEFT_OVER: Final = frozenset("剩 剩下 余 余下 富余 结余 富裕 余量 余地 只剩 仅剩".split())  # noqa: SIM905 - eleven words
_BEYOND: Final = frozenset("超 超了 超出 超过 超支 越出 远出".split())  # noqa: SIM905 - seven words
_DOWN: Final = _LEFT_OVER | frozenset(
    "分低 少花 少 少了 低 低了 低出 便宜 便宜了 省 省下 能省 省出 不足 近 近了 少走".split()  # noqa: SIM905 - seventeen words
)
_UP: Final = _BEYOND | frozenset(
    "分高 多 多了 多出 多付 多花 多掏 高 高出 高了 贵 贵了 贵出 远 远了 多走".split()  # noqa: SIM905 - sixteen words
)
_FIELD: Final = {"近": "distance", "近了": "distance", "远": "distance", "远了": "distance", "多走": "distance", "少走": "distance", "便宜": "price", "贵": "price", "省": "price"}  # fmt: skip
_BOUND_ONLY: Final = _LEFT_OVER | _BEYOND | {"缺口"}
"""Words that speak of a bound, not of another restaurant."""


@dataclass(frozen=True, slots=True)
class _Mark:
    """Something that a value may be measured from. ``people``: totals are compared; ``kind``: the wish's condition, if it is one."""

    number: float
    people: int = 1
    kind: str | None = None
    below: bool = False
    """a lower bound"""


def margin(said: Said, state: State) -> None:
    """差6元, 超您的50元17元, 还剩三百四十一米."""
    token = said.all("a")[0]
    if said.piece.start and "MOST" in ROLES[said.tokens[said.piece.start - 1].char]:
        raise UnreadError  # 最高的173元
    name = unit_field([token]) or field_of(said.all("f")) or state.field
    word = said.all("d")[0].text if said.has("d") else ""
    if word in {"分高", "分低"}:
        name = "rating"
    if name not in {"price", "distance", "rating"} or _FIELD.get(word, name) != name:
        raise UnreadError
    if (
        not said.has("n")
        and state.subject is not None
        and len(state.subject) > 1
        and word in {"差", "相差", "差了", "差出"}
    ):
        raise UnreadError  # between the two, not to a bound
    own_value = not said.has("n") and all(
        amount_status(name, token.value, value(poi, name)) == "verified" for poi in state.who()
    )
    if own_value and word in {"近", "远", ""}:
        raise UnreadError  # 远883米 is how far it is
    behind = next(iter(said.all("b")), None)
    if behind is not None and _is_bound(token, name, state) and not _is_bound(behind, name, state):
        raise UnreadError  # 差6元没到200: another frame's order
    if said.has("n"):
        state.subject = restaurants(said.all("n"), state)
    if said.has("d") and word in _BEYOND and not said.has("b") and _is_bound(token, name, state):
        own = [(poi, value(poi, name)) for poi in state.who()]
        if all(number is not None and number > token.value.low for _, number in own):  # 超出你们的1000米
            kind = "budget" if name == "price" else "radius"
            state.say("fit", said.text, [(poi, "inferable", show(poi, name)) for poi, _ in own], kind)
            return
    named = _named_bounds(said, state, name)
    if not said.has("d") and not any(mark.kind for mark in named):
        raise UnreadError
    rows: list[tuple[Poi, ClaimStatus, str | None]] = []
    kinds: set[str] = set()
    for poi in state.who():
        marks = named or _marks(poi, name, word, state)
        if named and not any(mark.kind for mark in named) and any(mark.number == value(poi, name) for mark in named):
            marks = _marks(poi, name, word, state)  # 52块超了两块: its own value, and by how much
        if not marks:
            raise UnreadError
        status = _status(poi, name, token.value, word, marks, kinds)
        rows.append((poi, status, f"{show(poi, name) or '没有数据'}"))
    guessed = not named and word not in _BOUND_ONLY and not state.reference
    if guessed and name == "rating" and any(status == "contradicted" for _, status, _ in rows):
        raise UnreadError  # 评分高0.3: than whose, it does not say
    state.say("fit" if kinds or named else "comparison", said.text, rows, min(kinds, default=None))
    state.field = name


def _is_bound(token: Token, name: str, state: State) -> bool:
    """Whether an amount is the wish's own bound."""
    numbers = {mark.number for mark in _wish_marks(state, name) if mark.people == 1}
    return bool(ROLES[token.char] & {"M", "L", "NUM"}) and bool({token.value.low, token.value.high} & numbers)


def _status(poi: Poi, name: str, stated: Quantity, word: str, marks: list[_Mark], kinds: set[str]) -> ClaimStatus:
    own = value(poi, name)
    if own is None:
        return "unsupported"
    best: ClaimStatus = "contradicted"
    for mark in marks:
        away = own * mark.people - mark.number
        if (word in _UP and away <= 0) or (word in _DOWN and away >= 0):
            continue
        status = difference_status(name, stated, abs(away), scale=max(own * mark.people, mark.number))
        if status != "contradicted":
            if mark.kind and (away < 0) == mark.below:
                kinds.add(mark.kind)
            best = status
    return best


def _named_bounds(said: Said, state: State, name: str) -> list[_Mark]:
    """The bound that the clause itself names, as an amount or as 预算, 上限, 范围."""
    if said.all("b") and not said.has("d") and not ROLES[said.all("b")[0].char] & ROLES[said.all("a")[0].char]:
        raise UnreadError  # 471米、171元 are two values
    tokens = [*said.all("b"), *(t for t in said.of("BUDGET") + said.of("UPPER") + said.of("LOWER") + said.of("RADIUS"))]
    if not tokens:
        return []
    own = _wish_marks(state, name)
    amounts = [token for token in tokens if ROLES[token.char] & {"M", "L", "NUM"}]
    if amounts:
        return _of_amounts(amounts, own)
    roles = frozenset().union(*(ROLES[token.char] for token in tokens))
    if "LOWER" in roles:
        own = [mark for mark in own if mark.below]
    elif "UPPER" in roles:
        own = [mark for mark in own if not mark.below]
    if not own:
        raise UnreadError  # a bound that the wish does not set
    return own


def _of_amounts(amounts: list[Token], own: list[_Mark]) -> list[_Mark]:
    numbers = {x for token in amounts for x in (token.value.low, token.value.high) if x not in {0.0, float("inf")}}
    return [mark for mark in own if mark.number in numbers] or [_Mark(number) for number in sorted(numbers)]


def _wish_marks(state: State, name: str) -> list[_Mark]:
    wish = state.scene.wish
    if name == "rating":
        return []
    if name == "distance":
        return [_Mark(float(wish.radius_m), kind="radius")]
    party = state.party or wish.party_size or 1
    marks: list[_Mark] = []
    for bound, below in ((wish.budget_max_cny, False), (wish.budget_min_cny, True)):
        if bound is not None:
            marks.append(_Mark(float(bound), kind="budget", below=below))
            if party > 1:
                marks.append(_Mark(float(bound * party), party, kind="budget", below=below))
    return marks


def _marks(poi: Poi, name: str, word: str, state: State) -> list[_Mark]:
    """What may be meant where the clause names nothing: the wish's bounds, and the restaurants that were spoken of."""
    marks = _wish_marks(state, name)
    if word in _BOUND_ONLY:
        return marks
    party = state.party or state.scene.wish.party_size or 1
    others = [*(state.reference or ()), *list(dict.fromkeys(reversed(state.scene.mentioned)))[:3]]
    if len(state.scene.listed) == len({poi, *state.scene.listed[:2]}):
        others += state.scene.listed
    beside: list[_Mark] = []
    for other in dict.fromkeys(others):
        number = value(other, name)
        if other != poi and number is not None:
            beside.append(_Mark(number))
            if party > 1 and name == "price":
                beside.append(_Mark(number * party, party))
    return beside if beside and word in _OF_ANOTHER else marks + beside


_OF_ANOTHER: Final = frozenset("分高 分低 便宜 便宜了 贵 贵了 贵出 近 近了 远 远了 少走 多走".split())  # noqa: SIM905 - twelve words
"""Words that compare with a restaurant, where one was spoken of."""


def online(said: Said, state: State) -> None:
    """刚好压线: the price is the budget's bound, or the distance the radius."""
    name = field_of(said.all("f")) or ("price" if said.of("BUDGET") else state.field) or "price"
    if name not in {"price", "distance"}:
        raise UnreadError
    marks = [mark.number for mark in _wish_marks(state, name) if mark.people == 1]
    rows: list[tuple[Poi, ClaimStatus, str | None]] = []
    for poi in state.who():
        own = value(poi, name)
        near = own is not None and any(abs(own - mark) <= max(1.0, 0.02 * mark) for mark in marks)
        rows.append((poi, "inferable" if near else "contradicted", show(poi, name)))
    state.say("fit", said.text, rows)


def far_from_bound(said: Said, state: State) -> None:
    """离您的预算太远: out of it."""
    name = "distance" if said.of("RADIUS") else "price"
    marks = [mark for mark in _wish_marks(state, name) if mark.people == 1]
    amounts = [token for token in said.all("b") if "M" in ROLES[token.char]]
    if amounts:
        marks = [mark for mark in _of_amounts(amounts, marks) if mark.kind]
    if not marks:
        raise UnreadError
    rows: list[tuple[Poi, ClaimStatus, str | None]] = []
    for poi in state.who():
        own = value(poi, name)
        out = own is not None and any(own < mark.number if mark.below else own > mark.number for mark in marks)
        rows.append((poi, "inferable" if out else "contradicted", show(poi, name)))
    state.say("fit", said.text, rows, "budget" if name == "price" else "radius")


def bound_ratio(said: Said, state: State) -> None:
    """是您预算上限的四倍多: a value in terms of a bound."""
    amounts = said.of("M") + said.of("L")
    name = field_of(said.all("f")) or unit_field(amounts) or ("distance" if said.of("RADIUS") else "price")
    marks = [mark for mark in _wish_marks(state, name) if mark.people == 1]
    if amounts:
        marks = [mark for mark in _of_amounts(list(amounts), marks) if mark.kind]
    if said.of("UPPER") or said.of("LOWER"):
        marks = [mark for mark in marks if mark.below == bool(said.of("LOWER"))]
    if not marks:
        raise UnreadError
    token = said.all("a")[0]
    stated: Quantity = token.value
    high = stated.low + 0.99 if "多" in token.text or said.of("MANY") else stated.high
    slack = 0.1 * max(1.0, stated.low) if stated.about or said.of("ABOUT") else 0.05
    rows: list[tuple[Poi, ClaimStatus, str | None]] = []
    for poi in state.who():
        own = value(poi, name)
        status: ClaimStatus = "unsupported"
        if own is not None:
            held = any(stated.low - slack <= own / mark.number <= high + slack for mark in marks)
            status = "inferable" if held else "contradicted"
        rows.append((poi, status, show(poi, name)))
    over = all((value(poi, name) or 0.0) > mark.number for poi, _, _ in rows for mark in marks)
    state.say("fit", said.text, rows, ("budget" if name == "price" else "radius") if over else None)
    state.field = name
