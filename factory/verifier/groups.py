"""Sets of restaurants as texts describe them: 三家里, 一公里内的川菜, 标价在100元以内的店, 没标价的两家, 中午开着的. Pure.

A description is a row of conditions; which restaurants it is about (the listed, all of the kind within the radius, all that the
evidence holds) is seldom said, so that every base that fits the words is offered (``State.choose``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from factory.records import Poi
from factory.verifier import rules
from factory.verifier.clock import Clock
from factory.verifier.deciding import amount_status, extreme_status, value
from factory.verifier.fit import meal_of
from factory.verifier.hours import hours_of, overlap_min
from factory.verifier.lexer import ROLES, Token
from factory.verifier.numbers import Quantity
from factory.verifier.scene import Said, Scene, State, UnreadError
from factory.verifier.script import fold

Test = Callable[[Poi], bool]
PARTS: Final = {
    "早上": (390, 570), "早晨": (390, 570), "早": (390, 570), "上午": (480, 690), "中午": (660, 810), "午市": (660, 810), "下午": (840, 1020), "午后": (810, 1020), "傍晚": (1020, 1140), "晚上": (1080, 1260),
    "晚市": (1020, 1230), "早市": (390, 570), "夜里": (1290, 1440), "深夜": (1350, 1560), "半夜": (1410, 1560), "凌晨": (1440, 1740), "午间": (660, 810), "晚间": (1080, 1260), "夜间": (1260, 1440),
}  # fmt: skip
_PLAIN: Final = frozenset(
    [
        "PLACE",
        "ROUND",
        "AT",
        "IN",
        "YOU",
        "SHOP",
        "HAVE",
        "COP",
        "FIND",
        "ME",
        "DATA",
        "THESE",
        "ALLSET",
        "ALL",
        "SURE",
        "CAN",
        "FROM",
        "DIST",
        "RATING",
        "PRICE",
        "OPENV",
        "EAT",
        "WITHIN",
        "COND",
        "MEET",
        "FINE",
        "SLOT",
        "CNT",
        "FOR",
        "OUT",
        "BUDGET",
        "RADIUS",
        "SIMUL",
        "ONLY",
        "SOLE",
        "TOTAL",
        "PERHEAD",
        "CUIS",
        "NEED",
        "WITH",
        "LIKE",
        "HOURS",
        "ABOUT",
        "FIRST",
        "LAST",
        "ORD",
        "ENTERW",
        "TAG",
    ]
)
_KNOWN_FIELDS: Final = {"PRICE": "price", "RATING": "rating", "REPUT": "rating", "HOURS": "open", "CONTACT": "phone", "FOOD": "dish", "DISHN": "dish"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Group:
    """What a description says: conditions, the number that it names for the whole, and whether it speaks of the listed."""

    tests: tuple[Test, ...]
    number: int | None
    listed: bool
    anywhere: bool
    """it names its own circle or kind, so that the wish's need not hold"""


def described(tokens: Sequence[Token], state: State) -> Group:
    """Read a description. Raises UnreadError at a word that it cannot place."""
    description = _Description(tuple(tokens), state)
    for place in range(len(tokens)):
        description.take(place)
    if description.denied or description.over:
        raise UnreadError
    return Group(tuple(description.tests), description.number, description.listed, description.anywhere)


_COMPARED: Final = ("NOTEXCEED", "NOTUNDER", "EXCEED", "UNDER")
_SERVING: Final = frozenset({"OPENV", "EAT", "FINE", "CAN", "HOURS", "REST", "CUIS"})


@dataclass(slots=True)
class _Description:
    """A description while its words are read one by one."""

    tokens: tuple[Token, ...]
    state: State
    tests: list[Test] = field(default_factory=list)
    number: int | None = None
    listed: bool = False
    anywhere: bool = False
    denied: bool = False
    over: str | None = None
    """the relation in which the next amount stands"""

    def any_of(self, *names: str) -> bool:
        """Whether a word of one of these classes is in the description."""
        return any(ROLES[token.char] & frozenset(names) for token in self.tokens)

    def roles_at(self, place: int) -> frozenset[str]:
        """The classes of a word, none beyond the ends."""
        return ROLES[self.tokens[place].char] if 0 <= place < len(self.tokens) else frozenset()

    def take(self, place: int) -> None:
        """Read one word."""
        token, roles = self.tokens[place], self.roles_at(place)
        self.listed = self.listed or "THESE" in roles
        if roles & set(_COMPARED) and "BY" not in roles and self.roles_at(place + 1) & _MEASURED:
            self.over = next(name for name in _COMPARED if name in roles)
            return
        if roles & {"NOT", "ABSENT", "NOFIT"}:
            self._deny(place)
            return
        test = self._value(token, roles) or self._condition(token, roles)
        if test is not None:
            self.tests.append(_not(test) if self.denied else test)
            self.denied = False
        elif "CNT" in roles and token.value.low == token.value.high and token.value.low > 1:
            self.number = int(token.value.low)
        elif not roles & _PLAIN and not roles & {"REST", "INERT"}:
            raise UnreadError

    def _deny(self, place: int) -> None:
        """没标价, 没有评分 are conditions of their own; any other denial turns what follows."""
        roles = self.roles_at(place)
        fields = [name for role, name in _KNOWN_FIELDS.items() if role in self.roles_at(place + 1)]
        if "ABSENT" in roles and not fields:
            fields = [name for role, name in _KNOWN_FIELDS.items() if role in self.roles_at(place - 1)]
        if fields and ("ABSENT" in roles or self.tokens[place].text == "没有"):
            self.tests.append(_unknown(fields[0]))
        else:
            self.denied = not self.denied

    def _value(self, token: Token, roles: frozenset[str]) -> Test | None:
        """The condition of an amount, a cuisine, a dish."""
        if "CU" in roles:
            self.anywhere = True
            return _cuisine(token.value)
        if "L" in roles:
            self.anywhere = True
            return _amount("distance", token.value, None)
        money = "M" in roles or ("NUM" in roles and (self.over or self.any_of("PRICE", "PRICED", "BUDGET", "PERHEAD")))
        name = "price" if money else "rating" if "S" in roles else None
        if name is not None:
            over, self.over = self.over, None
            return _amount(name, token.value, over)
        return _listing(token.text) if "D" in roles else None

    def _condition(self, token: Token, roles: frozenset[str]) -> Test | None:
        """The condition of a word: within the budget or the radius, priced, open, fitting."""
        wish = self.state.scene.wish
        if "INB" in roles:
            return _in_budget(self.state)
        if roles & {"INR", "OUTR"}:
            self.anywhere = True
            within = _amount("distance", Quantity(0.0, float(wish.radius_m), exact=False), None)
            return within if "INR" in roles else _not(within)
        if "PRICED" in roles:
            return _not(_unknown("price"))
        if roles & {"MEAL", "PERIOD", "SESSION", "T"} and self.any_of(*_SERVING):
            test = _open_at(token)
            return _not(test) if self.any_of("REST") else test
        if "BUDGET" in roles and (self.over or token.text[-1] in "内里" or self.any_of("MEET", "FINE", "IN", "WITHIN")):
            over, self.over = self.over, None
            return _in_budget(self.state) if over in {None, "NOTEXCEED"} else _not(_in_budget(self.state))
        if "FEAT" in roles or ("ENTERW" in roles and not self.any_of("FEAT")):
            key = "wheelchair" if "ENTERW" in roles else str(token.value)
            if not any(key == name for poi in self.state.scene.evidence.pois for name, _ in poi.tags):
                raise UnreadError
            return lambda poi: dict(poi.tags).get(key) in _TAGGED
        if roles & set(_KNOWN_FIELDS) and token.text not in {"营业", "开放"} and self._written(token):
            return _not(_unknown(_KNOWN_FIELDS[next(role for role in _KNOWN_FIELDS if role in roles)]))
        if roles & {"MEET", "FINE"} and not self.any_of("BUDGET", "INB", "M"):
            if self.any_of("PRICE", "PRICED"):
                return _in_budget(self.state)
            return _fitting(self.state.scene)
        return None

    def _written(self, token: Token) -> bool:
        """写明时间的: whether the field is said to be told."""
        place = self.tokens.index(token)
        return any(
            0 <= near < len(self.tokens) and self.tokens[near].text[:1] in "写标注列登留给有附"
            for near in (place - 1, place + 1)
        )


_TAGGED: Final = frozenset({"yes", "only", "wlan", "wifi", "required", "recommended", "designated"})
_MEASURED: Final = frozenset({"M", "L", "S", "PRICE", "BUDGET"})


def _fitting(scene: Scene) -> Test:
    """A function of its own, as below: a test that holds the description that holds it would be a cycle, with all evidence in it."""
    return lambda poi: not [miss for miss in scene.misses(poi) if miss.sure]


def _unknown(name: str) -> Test:
    if name == "open":  # hours that differ by day are hours
        return lambda poi: not (poi.open_hours or poi.open_week)
    if name in {"phone", "dish"}:
        return lambda poi: not (poi.tel if name == "phone" else poi.specialities)
    return lambda poi: value(poi, name) is None


def _listing(dish: str) -> Test:
    return lambda poi: any(dish in fold(served) for served in poi.specialities)


def bases(group: Group, scene: Scene) -> list[tuple[Poi, ...]]:
    """The restaurants that a description may be about, the likeliest first."""
    wish = scene.wish
    kind = tuple(scene.of_cuisine(wish.cuisine, float("inf")))
    near = tuple(scene.of_cuisine(wish.cuisine, wish.radius_m))
    around = tuple(scene.of_cuisine("", wish.radius_m))
    mentioned = tuple(dict.fromkeys(scene.mentioned))
    mixed = (
        [] if wish.cuisine and kind else [around, scene.evidence.pois]
    )  # who asks for one cuisine is not told of all
    rows = [scene.listed, near, kind, *mixed, mentioned]
    if group.anywhere and not group.listed:
        rows = [near, kind, *mixed, *([scene.listed] if group.number is not None else [])]
    found = [row for row in rows if row and (group.number is None or len(row) == group.number)]
    return list(dict.fromkeys(found))


def members(group: Group, scene: Scene) -> list[tuple[Poi, ...]]:
    """The sets that a description may mean; empty ones too."""
    if group.number is not None:  # 12家中超过100元的: the number may be the base's or the outcome's
        plain = Group(group.tests, None, group.listed, group.anywhere)
        narrowed = [row for row in members(plain, scene) if len(row) == group.number]
        rows = [tuple(poi for poi in base if all(test(poi) for test in group.tests)) for base in bases(group, scene)]
        return list(dict.fromkeys([*rows, *narrowed]))
    rows = [tuple(poi for poi in base if all(test(poi) for test in group.tests)) for base in bases(group, scene)]
    return list(dict.fromkeys(rows))


_SETS: Final = frozenset({"CNT", "L", "ROUND", "THESE", "ALLSET"})
_OF_SETS: Final = _SETS | {"IN", "WITHIN", "CU", "SHOP", "PRICED", "PLACE"}


def set_words(said: Said) -> list[Token]:
    """The words of an extreme's set: what its frame found last, and before it all that names one (在五家当中离成都南站最近)."""
    tokens = [token for token in (*said.all("g"), *said.all("g2")) if not ROLES[token.char] & {"COP", "THIS"}]
    words = said.tokens[said.piece.start : said.piece.end]
    at = next((n for n, token in enumerate(words) if "MOST" in ROLES[token.char]), len(words))
    if all(token in tokens for token in words[:at] if ROLES[token.char] & _SETS):
        return tokens
    end = next((n for n, token in enumerate(words[:at]) if "DIST" in ROLES[token.char]), at)
    return [token for token in words[:end] if ROLES[token.char] & _OF_SETS]


def set_of(tokens: Sequence[Token], state: State) -> tuple[Poi, ...]:
    """The set that a description means, one of several (``State.choose``)."""
    return state.choose([row for row in members(described(tokens, state), state.scene) if row])


def _not(test: Test) -> Test:
    return lambda poi: not test(poi)


def _cuisine(word: str) -> Test:
    return lambda poi: poi.cuisine == word


def _amount(name: str, stated: Quantity, over: str | None) -> Test:
    if over in {"EXCEED", "NOTUNDER"}:
        return lambda poi: (value(poi, name) or 0.0) >= stated.low + (1e-9 if over == "EXCEED" else 0.0)
    if over in {"UNDER", "NOTEXCEED"}:
        return lambda poi: (
            (own := value(poi, name)) is not None
            and (own < stated.high or (over == "NOTEXCEED" and own == stated.high))
        )
    if name == "distance" and stated.exact:  # 一公里的店: within it
        return lambda poi: (value(poi, name) or 0.0) <= stated.high
    return lambda poi: amount_status(name, stated, value(poi, name)) in {"verified", "inferable"}


def _in_budget(state: State) -> Test:
    low, high = state.scene.wish.budget_min_cny, state.scene.wish.budget_max_cny
    if low is None and high is None:
        raise UnreadError
    return lambda poi: (
        poi.cost_cny is not None and (low is None or poi.cost_cny >= low) and (high is None or poi.cost_cny <= high)
    )


def _open_at(token: Token) -> Test:
    if "T" in ROLES[token.char]:
        clock: Clock = token.value[0]
        return lambda poi: any(
            overlap_min(day, (minute, minute + 1)) > 0
            for day in hours_of(poi).possible()[:1]
            for minute in clock.readings()
        )
    window = PARTS.get(token.text) or (rules.MEAL_WINDOWS.get(meal_of(token.text) or ""))
    if window is None:
        raise UnreadError
    return lambda poi: any(overlap_min(day, window) >= rules.OPEN_LEAST_MIN for day in hours_of(poi).possible()[:1])


def best_of_some(poi: Poi, name: str, state: State, *, highest: bool) -> bool:
    """Whether a restaurant is the best of one of the sets that a superlative without a set may mean.

    Of those that fit, that are open for the meal, that do not rest, that were named last.
    """
    scene = state.scene
    fitting = [one for one in scene.listed if not scene.misses(one)]
    kinds = [{miss.kind for miss in scene.misses(one)} for one in scene.evidence.pois]
    cuisine = [
        (one, row) for one, row in zip(scene.evidence.pois, kinds, strict=True) if one.cuisine == scene.wish.cuisine
    ]
    rows = [fitting, list(dict.fromkeys(reversed(scene.mentioned)))[:2]]
    for left_out in ({"closed"}, {"closed", "hours"}, {"closed", "radius"}, {"closed", "hours", "radius"}, {"budget"}):
        rows.append([one for one, row in cuisine if not row & left_out])
        rows.append([one for one in scene.listed if not {miss.kind for miss in scene.misses(one)} & left_out])
    return any(
        poi in row and len(row) > 1 and extreme_status(poi, row, name, highest=highest, known=True) == "verified"
        for row in rows
    )


def sizes(rows: Iterable[Sequence[Poi]]) -> set[int]:
    """How many each set holds."""
    return {len(row) for row in rows}
