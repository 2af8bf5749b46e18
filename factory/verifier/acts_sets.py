"""Acts that relate restaurants: comparison, likeness, superlative, 只有它, 除了."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from factory.records import ClaimStatus, Poi
from factory.verifier.by_day import compared_by_days, extreme_by_days
from factory.verifier.deciding import (
    amount_status,
    difference_status,
    extreme_status,
    share_status,
    show,
    value,
    worst,
)
from factory.verifier.groups import bases, best_of_some, described, set_words
from factory.verifier.lexer import ROLES, Token
from factory.verifier.numbers import Quantity
from factory.verifier.references import restaurants, the_set
from factory.verifier.scene import Said, State, UnreadError, field_of, scale_of, unit_field


def compare(said: Said, state: State) -> None:
    """比第二家近410米, 人均比上一家高约28%."""
    tokens = said.all("r")
    if any("MOST" in ROLES[token.char] for token in tokens):
        name, up = scale_of(
            [token for token in tokens if "MOST" not in ROLES[token.char]],
            field_of((*said.all("f"), *said.all("f2"))),
            state,
        )
        others = extremes(state.scene.listed, name, highest=up)
    elif any(
        ROLES[token.char] & {"N", "ORD", "THIS", "LASTONE", "PREVONE", "NEXTONE", "FORMER", "LATTER", "BRANCH"}
        for token in tokens
    ):
        if any("N" in ROLES[token.char] for token in tokens):
            tokens = tuple(token for token in tokens if "ORD" not in ROLES[token.char])  # 比第二近的某某
        others = other_than(restaurants_or_other((*tokens, *said.all("r2")), state), state)
    else:
        others = the_set(tokens, state)
    named = field_of((*said.all("f2"), *said.all("f"))) or unit_field(said.all("a"))
    name, up = scale_of(said.all("v"), named, state)
    state.reference = others
    _relate(said, state, name, others, up=up)


def restaurants_or_other(tokens: Sequence[Token], state: State) -> tuple[Poi, ...]:
    """Whom a comparison names; 它 is then the one that was named before the subject."""
    if all("THIS" in ROLES[token.char] for token in tokens):
        own = state.who()
        before = [poi for poi in reversed(state.scene.mentioned) if poi not in own]
        if len(own) != 1 or not before:
            raise UnreadError
        return (before[0],)
    return restaurants(tokens, state)


def other_than(others: tuple[Poi, ...], state: State) -> tuple[Poi, ...]:
    """The same, if the subject is none of them."""
    if state.subject is not None and set(others) & set(state.subject):
        raise UnreadError
    return others


def compare_on(said: Said, state: State) -> None:
    """但远872米: goes on with the reference of the sentence."""
    tokens = said.all("v")
    name, up = (
        scale_of(tokens, field_of(said.all("f")) or unit_field(said.all("a")), state)
        if tokens
        else (unit_field(said.all("a")) or state.field or "", True)
    )
    if state.reference:
        _relate(said, state, name, state.reference, up=up)
        return
    if state.bound and said.has("a"):
        against_bound(said, state, state.bound, up=up)
        return
    raise UnreadError


def _minutes(token: Token, own: float, other: float) -> ClaimStatus:
    """晚一个小时: how much later."""
    stated: Quantity = token.value
    away = abs(own - other)
    slack = 10.0 if stated.about or not stated.exact else 1.0
    return "inferable" if stated.low - slack <= away <= stated.high + slack else "contradicted"


def _relate(said: Said, state: State, name: str, others: Sequence[Poi], *, up: bool) -> None:
    amount = said.all("a")
    party = state.party or state.scene.wish.party_size or 1
    rows: list[tuple[Poi, ClaimStatus, str | None]] = []
    for poi in state.who():
        statuses: list[ClaimStatus] = []
        for other in others:
            if other.poi_id == poi.poi_id:
                raise UnreadError
            if name in {"open", "close"} and (value(poi, name) is None or value(other, name) is None):
                statuses.append(
                    compared_by_days(
                        said, state, (poi, other), name, partial(_related, name=name, amount=amount, up=up)
                    )
                )
                continue
            own, beside = value(poi, name), value(other, name)
            status = _related(own, beside, name, amount, up=up)
            if status == "contradicted" and name == "price" and party > 1 and own and beside:
                together = _related(own * party, beside * party, name, amount, up=up)
                status = together if together != "contradicted" else status  # 六个人比去某某少花144元
            statuses.append(status)
        truth = f"{show(poi, name) or '没有数据'}，{others[0].name}{show(others[0], name) or '没有数据'}"
        rows.append((poi, worst(statuses), truth))
    state.say("comparison", said.text, rows)
    state.field = name


def _related(own: float | None, other: float | None, name: str, amount: tuple[Token, ...], *, up: bool) -> ClaimStatus:
    if own is None or other is None:
        return "unsupported"
    if (own <= other) if up else (own >= other):
        return "contradicted"
    if not amount:
        return "verified"
    token = amount[0]
    stated: Quantity = token.value
    roles = ROLES[token.char]
    if "PCT" in roles or "TIMES" in roles:
        tenths = token.text.endswith("成")
        scaled = Quantity(stated.low * 10, stated.high * 10, stated.exact, stated.about) if tenths else stated
        if "TIMES" in roles and "多" in token.text:
            scaled = Quantity(stated.low, stated.low + 0.99, exact=False)
        return share_status(scaled, own, other, more=up, times="TIMES" in roles)
    if "MIN" in roles and name in {"open", "close"}:
        return _minutes(token, own, other)
    wanted = {"M": "price", "L": "distance", "S": "rating", "MIN": "distance"}
    kind = next((field for role, field in wanted.items() if role in roles), name)
    if kind != name or "MIN" in roles:
        return "unsupported" if "MIN" in roles else "contradicted"
    return difference_status(name, stated, abs(own - other), scale=max(own, other))


def against_bound(
    said: Said, state: State, name: str, *, up: bool, stated: float | None = None, lower: bool = False
) -> None:
    """Against the wish's bound or a number that is named: over or under it, by an amount if one is said."""
    wish = state.scene.wish
    if stated is not None:
        bound: float | None = stated
    elif name == "distance":
        bound = float(wish.radius_m)
    else:
        top = wish.budget_max_cny if wish.budget_max_cny is not None else wish.budget_min_cny
        low = wish.budget_min_cny if wish.budget_min_cny is not None else wish.budget_max_cny
        bound = low if lower else top
    if bound is None:
        raise UnreadError
    rows: list[tuple[Poi, ClaimStatus, str | None]] = [
        (
            poi,
            _related(value(poi, name), float(bound), name, said.all("a"), up=up),
            f"{show(poi, name) or '没有数据'}，要求{bound:g}",
        )
        for poi in state.who()
    ]
    state.say("fit", said.text, rows, "budget" if name == "price" else "radius")
    state.field = name
    state.bound = name


def compare_wish(said: Said, state: State) -> None:
    """比预算上限低20元, 比150米远了405米, 比您要求的远."""
    tokens = (*said.all("r"), *said.all("f2"))
    number = next((token for token in tokens if ROLES[token.char] & {"M", "L"}), None)
    named = field_of((*said.all("f"), *said.all("f2")))
    if number is not None:
        named = "price" if "M" in ROLES[number.char] else "distance"
    elif any(ROLES[token.char] & {"BUDGET", "UPPER", "LOWER"} for token in tokens):
        named = "price"
    elif any("RADIUS" in ROLES[token.char] for token in tokens):
        named = "distance"
    name, up = scale_of(said.all("v"), named, state)
    lower = any("LOWER" in ROLES[token.char] for token in tokens)
    if not lower and not up and name == "price" and not any("UPPER" in ROLES[token.char] for token in tokens):
        low = state.scene.wish.budget_min_cny
        lower = low is not None and all((poi.cost_cny or 0) < low for poi in state.who())
    stated = None
    if number is not None:
        stated = number.value.high if number.value.low == 0 else number.value.low
    against_bound(said, state, name, up=up, stated=stated, lower=lower)


def same(said: Said, state: State) -> None:
    """评分和第四家一样; 差不多 within the tolerance of 约."""
    loose = any(
        token.text in {"差不多", "相近", "接近", "相当", "旗鼓相当", "不相上下", "相仿"} for token in said.of("SAME")
    )
    name = field_of((*said.all("f"), *said.all("f2"))) or (
        "distance" if said.of("FAR") or said.of("NEAR") or said.of("DIST") else state.field
    )
    if name is None:
        raise UnreadError
    tokens = said.all("r")
    if not tokens:
        sets = [
            token
            for token in said.tokens[said.piece.start : said.piece.end]
            if ROLES[token.char] & {"CNT", "THESE", "FIRST", "LAST", "OTHER"}
        ]
        pois = state.subject = the_set(sets, state) if sets else state.who()
        others, pois = pois[:1], pois[1:]
    else:
        pois = state.who()
        is_set = not any(
            ROLES[token.char] & {"N", "ORD", "THIS", "PREVONE", "NEXTONE", "LASTONE", "FORMER", "LATTER", "BRANCH"}
            for token in tokens
        )
        others = the_set(tokens, state) if is_set else restaurants(tokens, state)
    rows: list[tuple[Poi, ClaimStatus, str | None]] = []
    for poi in pois:
        statuses = [_alike(value(poi, name), value(other, name), name, loose=loose) for other in others if other != poi]
        rows.append((poi, worst(statuses), f"{show(poi, name)}，{others[0].name}{show(others[0], name)}"))
    if not rows:
        raise UnreadError
    state.say("comparison", said.text, rows)
    state.field = name


def _alike(own: float | None, other: float | None, name: str, *, loose: bool) -> ClaimStatus:
    if own is None or other is None:
        return "unsupported"
    return amount_status(name, Quantity(own, own, exact=not loose, about=loose), other)


def extremes(pois: Sequence[Poi], name: str, *, highest: bool) -> tuple[Poi, ...]:
    """The restaurants of a set with its highest or lowest value, ties too. Raises UnreadError where a value is missing."""
    numbers = [(value(poi, name), poi) for poi in pois]
    if not numbers or any(number is None for number, _ in numbers):
        raise UnreadError
    edge = (max if highest else min)(number for number, _ in numbers if number is not None)
    return tuple(poi for number, poi in numbers if number == edge)


def _clock_scale(said: Said, state: State) -> tuple[str, bool]:
    """The field and the direction of 最晚 and 最早, which 打烊 turns to closing."""
    name, up = scale_of(said.all("v"), None, state)
    return ("close" if name == "open" and (said.of("CLOSE") or said.of("UNTIL")) else name), up


def _of_one(said: Said) -> Said:
    """最近的三家 are three. Raises UnreadError."""
    at = next((n for n, token in enumerate(said.tokens) if "MOST" in ROLES[token.char]), len(said.tokens))
    if any("CNT" in ROLES[token.char] and token.value.low > 1 for token in said.tokens[at:]):
        raise UnreadError
    return said


def superlative(said: Said, state: State) -> None:
    """三家里最近, 评分和人均都是最低的, 打烊最晚; in opening and closing without a subject it picks one out."""
    among, world = among_of(_of_one(said), state)
    if state.subject is not None and len(state.subject) > 1 and not (said.has("g") or said.has("g2")):
        among = state.subject  # 三家里它最近
        state.subject = (state.item,) if state.item else None
    if said.has("n"):
        state.subject = restaurants(said.all("n"), state)
    elif world and state.item is None and not state.fresh:
        sets = [
            token
            for token in said.tokens[said.piece.start : said.piece.end]
            if ROLES[token.char] & {"CNT", "THESE", "FIRST", "LAST"}
        ]
        if sets:
            state.subject = the_set(sets, state)  # 这三家都是附近最好的
    fields = [found for found in (field_of(said.all("f")), field_of(said.all("f2"))) if found]
    if said.has("k"):
        pairs = [_clock_scale(said, state)]
    elif len(fields) == 2:
        pairs = [scale_of(said.all("v"), found, state) for found in fields]
    else:
        pairs = [scale_of(said.all("v"), fields[0] if fields else None, state)]
    if not said.of("MOST") and len(among) != 2:
        raise UnreadError
    state.extreme = pairs[0]
    if (state.subject is None or state.described) and state.item is None and not said.has("t") and not said.has("n"):
        if len(pairs) > 1:
            raise UnreadError
        state.subject = extremes(told(among, pairs[0][0], state), pairs[0][0], highest=pairs[0][1])
        state.field, state.described = pairs[0][0], True
        return
    for poi in state.who():
        if state.fresh and not _own_values(said, poi):
            raise UnreadError
        for name, up in pairs:
            if len(among) < 2 and not world:
                raise UnreadError
            found = extreme_status(poi, told(among, name, state), name, highest=up, known=state.known_only)
            radius = float(state.scene.wish.radius_m) if any("L" in ROLES[one.char] for one in said.tokens) else None
            told_radius = radius is not None and any(
                one.value.high <= radius for one in said.tokens if "L" in ROLES[one.char]
            )
            if (
                world
                and not told_radius
                and found == "verified"
                and not state.scene.covers(state.scene.wish.cuisine, radius)
            ):
                found = "unsupported"
            guessed = state.item is None and not state.fresh and not said.has("n") and state.carried
            open_set = found != "verified" and not _set_is_told(said)
            if (
                open_set
                and found == "unsupported"
                and not world
                and state.item is None
                and name not in {"open", "close"}
            ):
                raise UnreadError  # of those whose value is known, perhaps
            if open_set and (guessed or best_of_some(poi, name, state, highest=up)):
                raise UnreadError  # 标价最高也就102元, after somebody else
            best = _best(among, name, highest=up)
            truth = f"{show(poi, name) or '没有数据'}，{best.name}{show(best, name)}" if best else show(poi, name)
            if found == "unsupported" and name in {"open", "close"} and extreme_by_days(poi, among, name, highest=up):
                found = "inferable"
            if found == "unsupported" and name in {"open", "close"}:
                raise UnreadError  # 这几家里开门最早: of those whose hours are known, perhaps
            state.say("superlative", said.text, [(poi, found, truth)])
            state.field = name


def _own_values(said: Said, poi: Poi) -> bool:
    """某某685米最远: a distance behind the name is its own, and no circle, unless 内 says so."""
    words = (*said.all("g"), *said.all("g2"))
    if any(ROLES[token.char] & {"WITHIN", "IN", "ROUND", "PLACE"} for token in words):
        return True
    own = [token.value for token in words if "L" in ROLES[token.char] and token.value.exact]
    return all(amount_status("distance", stated, value(poi, "distance")) == "verified" for stated in own)


def _set_is_told(said: Said) -> bool:
    """Whether a superlative names its set by what cannot be taken for another: 五家里, 两公里内."""
    words = (*said.all("g"), *said.all("g2"))
    return any(ROLES[token.char] & {"CNT", "L", "ALLSET"} for token in words)


def told(among: Sequence[Poi], name: str, state: State) -> tuple[Poi, ...]:
    """A set without the restaurants whose gap in a field the text has told: 暂无评分; of more than the list, those with a value."""
    if among != state.scene.listed:
        among = [poi for poi in among if value(poi, name) is not None] or among
    return tuple(poi for poi in among if (poi.poi_id, name) not in state.scene.absent)


def _best(among: Sequence[Poi], name: str, *, highest: bool) -> Poi | None:
    rows = [poi for poi in among if value(poi, name) is not None]
    return (max if highest else min)(rows, key=lambda poi: value(poi, name) or 0.0, default=None)


def except_(said: Said, state: State) -> None:
    """除了第四家: what follows is said of the others."""
    state.excluded = restaurants(said.all("s"), state)
    state.subject = None


def among_of(said: Said, state: State) -> tuple[tuple[Poi, ...], bool]:
    """The set of a superlative, one of those that may be meant, and whether the evidence must have seen all of it."""
    tokens = set_words(said)
    scene = state.scene
    group = described(tokens, state)
    rows = [tuple(poi for poi in base if all(test(poi) for test in group.tests)) for base in bases(group, scene)]
    if not tokens and len(scene.listed) > 1:
        rows = [*state.scope, scene.listed, *rows]
    among = state.choose([row for row in rows if row and (len(row) > 1 or group.tests or group.anywhere)])
    near = tokens and bool(frozenset().union(*(ROLES[token.char] for token in tokens)) & {"ROUND", "PLACE", "L"})
    return among, bool(near) and among != scene.listed


def sole(said: Said, state: State) -> None:
    """三家里只有它…: what follows holds of the subject alone."""
    tokens = said.all("g")
    state.sole_among = the_set(tokens, state) if tokens else state.scene.listed
    if said.has("s"):
        state.subject = restaurants(said.all("s"), state)
    state.one()
