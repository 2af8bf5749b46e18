"""Acts about the wish: its echoes, what is within or beyond it, fits and misses, nothing fits, counts of what was found."""

from __future__ import annotations

from typing import Final

from factory.records import ClaimStatus, Poi
from factory.verifier.acts_hours import say_of_days
from factory.verifier.acts_sets import against_bound
from factory.verifier.deciding import amount_status, show, value
from factory.verifier.lexer import ROLES, Token
from factory.verifier.numbers import Quantity
from factory.verifier.references import restaurants
from factory.verifier.scene import Said, State, UnreadError, field_of, unit_field

MISS_KINDS: Final = {"price": "budget", "distance": "radius"}


def bounds(state: State) -> tuple[int | None, int | None]:
    """The budget's bounds."""
    wish = state.scene.wish
    return wish.budget_min_cny, wish.budget_max_cny


def _target(said: Said, state: State) -> str:
    """Whether a bound is the budget's or the radius'."""
    roles = frozenset().union(*(ROLES[token.char] for token in said.all("t"))) if said.all("t") else frozenset()
    named = field_of(said.all("f"))
    if "INR" in roles and named in {None, "distance"}:
        return "distance"
    if roles & {"BUDGET", "PRICE", "INB"} or any("BUDGET" in ROLES[token.char] for token in said.all("f")):
        return "price"
    if roles & {"RADIUS", "DIST"} and named is None and state.field == "price" and not roles & {"DIST"}:
        return "price"  # 989块，不在你要的范围
    if roles & {"RADIUS", "DIST"}:
        if named is None and state.field == "price" and any(token.text in {"范围", "区间"} for token in said.all("t")):
            state.unsure = True
            return "price"  # 989元，不在你要的范围
        return "price" if named == "price" else "distance"
    units = frozenset().union(*(ROLES[token.char] for token in said.all("a"))) if said.all("a") else frozenset()
    field = state.field if state.field in {"price", "distance"} else None  # after a rating, too
    found = named or ("price" if "M" in units else "distance" if "L" in units else field)
    if found is None and roles & {"YOU", "COND"} and state.everyone:
        state.unsure = True
        return "price"  # 全部低于您的要求
    if found is None and roles & {"UPPER", "LOWER"} and bounds(state)["LOWER" not in roles] is not None:
        return "price"  # 没超你说的上限
    under = any(ROLES[token.char] & {"UNDER", "LOW"} for token in said.all("v"))
    if found is None and under and "COND" in roles and any(bounds(state)):
        return "price"  # 全部低于您的要求: nobody is too near
    if found is None and not said.all("t"):  # 都超支
        state.unsure = True
        return "price"
    if found not in {"price", "distance"}:
        raise UnreadError
    return found


def inside(poi: Poi, name: str, state: State) -> ClaimStatus:
    """Whether a restaurant keeps the budget or the radius."""
    truth = value(poi, name)
    if truth is None:
        return "unsupported"
    if name == "distance":
        return "verified" if truth <= state.scene.wish.radius_m else "contradicted"
    low, high = bounds(state)
    if low is None and high is None:
        return "unsupported"
    return "verified" if (low is None or truth >= low) and (high is None or truth <= high) else "contradicted"


def _truth(poi: Poi, name: str, state: State) -> str:
    low, high = bounds(state)
    asked = (
        f"{state.scene.wish.radius_m}米"
        if name == "distance"
        else f"{low or 0}到{high}元"
        if high is not None
        else f"{low}元以上"
    )
    return f"{show(poi, name) or '没有数据'}，要求{asked}"


def beyond(said: Said, state: State) -> None:
    """超出预算, 低于预算, 超出了250米的范围, 没有超出预算, 不在范围内."""
    name = _target(said, state)
    token = said.all("v")[0]
    roles = ROLES[token.char]
    tokens = said.all("t")
    lower_named = any("LOWER" in ROLES[one.char] for one in tokens)
    upper_named = any("UPPER" in ROLES[one.char] for one in tokens)
    aims = frozenset().union(*(ROLES[one.char] for one in tokens)) if tokens else frozenset()
    if roles & {"MISSW"} and not aims & {"BUDGET", "RADIUS", "COND", "PRICE"} and "范围" not in said.text:
        raise UnreadError  # 不太合您…: what, the sentence goes on to say
    if roles & {"NOT", "MISSW"}:
        rows: list[tuple[Poi, ClaimStatus, str | None]] = [
            (poi, _opposite(inside(poi, name, state)), _truth(poi, name, state)) for poi in state.who()
        ]
        state.say("fit", said.text, rows, MISS_KINDS[name])
        state.field = name
        return
    over = bool(roles & {"EXCEED", "HIGH", "NOTEXCEED"}) and not roles & {"UNDER", "LOW", "NOTUNDER"}
    denied = bool(roles & {"NOTEXCEED", "NOTUNDER"})
    low, high = (None, float(state.scene.wish.radius_m)) if name == "distance" else bounds(state)
    if over:
        bound = low if lower_named else high if high is not None else low
    else:
        bound = high if upper_named else low if low is not None else high
    if bound is None:
        raise UnreadError
    stated = next(iter(said.all("a")), None)
    named = said.of("YOU") or said.of("UPPER") or said.of("LOWER") or said.of("BUDGET")
    if stated is not None and named and not said.of("BY") and _own_bound(stated, name, state):
        _threshold(said, state, name, stated.value.low, over=over, denied=denied)  # 低于您说的100元
        return
    if said.has("a"):
        against_bound(said, state, name, up=over, lower=bound == low and low is not None and not over)
        return
    _threshold(said, state, name, bound, over=over, denied=denied)
    state.bound = name


def _opposite(status: ClaimStatus) -> ClaimStatus:
    flipped: dict[ClaimStatus, ClaimStatus] = {"verified": "contradicted", "contradicted": "verified"}
    return flipped.get(status, status)


def within(said: Said, state: State) -> None:
    """在预算之内, 符合预算, 价位对得上, 距离没问题."""
    if any(ROLES[token.char] & {"ONLY", "NOT", "NOFIT"} for token in said.tokens[said.piece.end :]):
        raise UnreadError  # 标价合适的只有一家, 预算内的没有
    if state.subject is None and state.item is None and any("CU" in ROLES[token.char] for token in said.tokens):
        raise UnreadError  # 预算50以内的粤菜: a heading
    if any(ROLES[token.char] & {"DIST", "NEAR", "FAR", "FROM"} for token in said.tokens) and said.of("BUDGET"):
        raise UnreadError  # 离预算最近
    name = _target(said, state)
    pois = state.scene.listed if state.subject is None and state.item is None else state.who()
    if not pois:
        raise UnreadError
    rows = [(poi, inside(poi, name, state), _truth(poi, name, state)) for poi in pois]
    state.say("fit", said.text, rows)
    state.field = name


def best_pick(said: Said, state: State) -> None:
    """最合适: at least it fits; that nothing suits better is the writer's opinion."""
    rows: list[tuple[Poi, ClaimStatus, str | None]] = []
    for poi in state.who():
        missed = [miss for miss in state.scene.misses(poi) if miss.sure] if not said.of("CRITX") else []
        rows.append(
            (
                poi,
                "contradicted" if missed and not state.scene.says_nothing else "inferable",
                "、".join(miss.kind for miss in missed) or None,
            )
        )
    state.say("fit", said.text, rows)


def _own_bound(stated: Token, name: str, state: State) -> bool:
    """Whether an amount is one of the wish's own bounds."""
    wished = (float(state.scene.wish.radius_m),) if name == "distance" else bounds(state)
    return stated.value.low == stated.value.high and stated.value.low in wished


def _threshold(said: Said, state: State, name: str, bound: float, *, over: bool, denied: bool) -> None:
    rows: list[tuple[Poi, ClaimStatus, str | None]] = []
    for poi in state.who():
        truth = value(poi, name)
        if truth is None:
            rows.append((poi, "unsupported", None))
            continue
        holds = truth > bound if over else truth < bound
        if denied:
            holds = truth <= bound if over else truth >= bound
        rows.append((poi, "verified" if holds else "contradicted", _truth(poi, name, state)))
    state.say("fit", said.text, rows, MISS_KINDS[name])
    state.field = name


_BY_HOW_MUCH: Final = frozenset({"超", "超了", "超出", "超出了", "超标", "超额"})


def threshold(said: Said, state: State) -> None:
    """达不到人均200元: a value against a number that is named."""
    token = said.all("a")[0]
    budget = "price" if said.of("BUDGET") or said.of("UPPER") or said.of("LOWER") else state.field
    name = field_of(said.all("f")) or unit_field([token]) or budget
    if name is None:
        raise UnreadError
    roles = ROLES[said.all("v")[0].char]
    bound = token.value.low
    if said.all("v")[0].text in _BY_HOW_MUCH and bound not in {*bounds(state), float(state.scene.wish.radius_m)}:
        raise UnreadError  # 超17元 tells by how much
    over = bool(roles & {"EXCEED", "NOTEXCEED"}) and "UNDER" not in roles
    rows: list[tuple[Poi, ClaimStatus, str | None]] = []
    for poi in state.who():
        truth = value(poi, name)
        status: ClaimStatus = "unsupported"
        if truth is not None:
            holds = truth > bound if over else truth < bound
            if roles & {"NOTEXCEED", "NOTUNDER"}:
                holds = truth <= bound if over else truth >= bound
            status = "inferable" if holds else "contradicted"
        rows.append((poi, status, show(poi, name)))
    own = set(bounds(state)) | {float(state.scene.wish.radius_m)}
    state.say(name, said.text, rows, MISS_KINDS.get(name) if bound in own else None)
    state.field = name


def at_bound(said: Said, state: State) -> None:
    """正好是预算上限."""
    if any(token.text == "以下" for token in said.tokens[said.piece.end :]):
        raise UnreadError  # 在下限以下
    low, high = bounds(state)
    bound = low if any("LOWER" in ROLES[token.char] for token in said.all("v")) else high
    if bound is None:
        raise UnreadError
    rows: list[tuple[Poi, ClaimStatus, str | None]] = []
    for poi in state.who():
        room = 0.05 * bound if said.of("ABOUT") else 1.0
        near = poi.cost_cny is not None and abs(poi.cost_cny - bound) <= room
        if any(token.text in {"达到", "达", "够"} for token in said.of("COP")) and bound == low:
            near = poi.cost_cny is not None and poi.cost_cny >= bound
        rows.append((poi, "verified" if near else "contradicted", _truth(poi, "price", state)))
    state.say("fit", said.text, rows)


def fits(said: Said, state: State) -> None:
    """符合要求: no miss of the wish that the evidence shows."""
    if state.subject is None and state.item is None:
        state.scene.says_fit = True
        return  # the list that follows is checked against the wish as a whole
    rows: list[tuple[Poi, ClaimStatus, str | None]] = []
    for poi in state.who():
        missed = [miss for miss in state.scene.misses(poi) if miss.sure]
        status: ClaimStatus = (
            "verified"
            if not missed
            else "unsupported"
            if all(miss.side == "unknown" for miss in missed)
            else "contradicted"
        )
        rows.append((poi, status, "、".join(miss.kind for miss in missed) or None))
    state.say("fit", said.text, rows)


def cannot(said: Said, state: State) -> None:
    """赶不上: shut for the meal that was asked, or not open at all; 周一别去: on that day."""
    if said.of("DAY"):
        state.unsure = True
        say_of_days(said, state, lambda day: "contradicted" if day else "inferable", "open_at", "hours")
        return
    rows: list[tuple[Poi, ClaimStatus, str | None]] = []
    kinds: set[str] = set()
    for poi in state.who():
        held = {miss.kind for miss in state.scene.misses(poi)} & {"hours", "closed"}
        if not held and state.scene.wish.meal_time is None:
            raise UnreadError
        kinds |= held
        rows.append((poi, "inferable" if held else "contradicted", show(poi, "hours")))
    if not all(status == "inferable" for _, status, _ in rows) and state.item is None:
        raise UnreadError
    state.say("open_at", said.text, rows, min(kinds, default=None))


def fitting_name(said: Said, state: State) -> None:
    """价位达标的某某: it keeps the budget or the radius; the sentence goes on about it."""
    pois = restaurants(said.all("n"), state)
    roles = frozenset().union(*(ROLES[token.char] for token in said.all("f")))
    name = "price" if roles & {"PRICE", "BUDGET"} else "distance"
    state.subject, state.fresh = pois, True
    state.say("fit", said.text, [(poi, inside(poi, name, state), _truth(poi, name, state)) for poi in pois])


_NAMED_BY: Final = {
    "budget": {"BUDGET", "PRICE"}, "radius": {"RADIUS", "DIST", "INR"}, "cuisine": {"CUIS"}, "hours": {"SLOT"}
}  # fmt: skip
_TASTY: Final = frozenset({"SPICY", "MILD", "HEAVY", "SWEET", "MEATY", "HEALTHY", "VEGGY", "LIKE", "TASTE", "TASTEF"})


def misses(said: Said, state: State) -> None:
    """不符合的是距离: that very condition is missed; without one, any is."""
    names = []
    for token in (
        *said.all("f"),
        *said.of("BUDGET"),
        *said.of("RADIUS"),
        *said.of("CUIS"),
        *said.of("PRICE"),
        *said.of("DIST"),
    ):
        roles = ROLES[token.char]
        names.append(next((name for name, named in _NAMED_BY.items() if roles & named), ""))
    wanted = {name for name in names if name}
    if any(ROLES[token.char] & {"MEATY", "SPICY", "MILD", "SWEET", "HEALTHY"} for token in said.tokens):
        raise UnreadError  # 不太合您想多吃肉的意思
    if any("IF" in ROLES[token.char] for token in said.tokens):
        return  # 如果都不合适 states nothing
    if (
        not wanted
        and not said.has("n")
        and (not said.of("COND") or any(ROLES[token.char] & _TASTY for token in said.tokens))
    ):
        raise UnreadError  # 跟吃肉的心思差一点
    counted = next((token.value for token in said.all("n")), None)  # 预算和距离两项都不符合
    if counted is not None and wanted and not counted.low <= len(wanted) <= counted.high:
        raise UnreadError
    only = bool(said.of("ONLY"))
    rows: list[tuple[Poi, ClaimStatus, str | None]] = []
    for poi in state.who():
        held = {miss.kind for miss in state.scene.misses(poi)}
        good = wanted <= held if wanted else bool(held)
        if counted is not None and not wanted and not counted.low <= len(held) <= counted.high:
            raise UnreadError  # which ones are counted, nobody can tell
        if only and wanted and held - wanted - {"hours", "diet"}:
            good = False
        rows.append(
            (
                poi,
                "verified" if good else "contradicted",
                "、".join(f"{show(poi, name)}" for name in ("price", "distance")) or None,
            )
        )
    for kind in wanted or {"budget", "radius", "cuisine", "hours", "diet"}:
        state.say("fit", said.text, rows, kind)
        if not wanted or len(wanted) > 1:
            state.verdicts.pop()
    if not wanted or len(wanted) > 1:
        state.say("fit", said.text, rows)
    if len(wanted) == 1:
        state.field = {"budget": "price", "radius": "distance"}.get(wanted.pop(), state.field)


def _budget(state: State) -> list[Quantity]:
    """The budget as an amount; empty without one."""
    low, high = bounds(state)
    if low is None and high is None:
        return []
    return [Quantity(low or 0.0, high if high is not None else float("inf"), exact=False)]


def nothing(said: Said, state: State) -> None:
    """没有完全符合要求的餐厅; with other numbers than the wish's, or 没有 alone, the evidence must hold none of that kind."""
    scene = state.scene
    full = bool(
        said.of("COND")
        or said.of("MEET")
        or said.of("SIMUL")
        or any("符合" in t.text or "满足" in t.text or "合适" in t.text for t in said.of("NOFIT"))
    )
    lengths = [token.value for token in said.of("L")]
    money = [token.value for token in said.of("M")]
    if any(ROLES[token.char] & {"NUM", "M", "L", "BUDGET"} for token in said.tokens[: said.piece.start]):
        raise UnreadError  # a bound that another frame took
    if said.of("BUDGET") and not full:
        money = _budget(state)
    if not full and not lengths and not money and not said.of("CU"):
        raise UnreadError
    if not (said.of("CU") or said.of("SHOP") or said.of("COND") or money or full):
        raise UnreadError
    if full:
        scene.says_nothing = True
    radius = max((one.high for one in lengths), default=float(scene.wish.radius_m))
    cuisine = next((token.value for token in said.of("CU")), scene.wish.cuisine)
    if full and not money and radius == scene.wish.radius_m:
        return
    pois = scene.of_cuisine(cuisine, radius)
    elsewhere = {"closed", "hours"} if said.of("MEAL") or said.of("OPENV") else {"closed"} if full else set()
    asked = money or ([] if not full else None)
    left = [
        poi
        for poi in pois
        if (
            all(amount_status("price", one, poi.cost_cny) in {"verified", "inferable"} for one in money)
            and not {miss.kind for miss in scene.misses(poi)} & elsewhere
            if asked is not None
            else not scene.misses(poi)
        )
    ]
    if left and not (lengths or money or said.of("PLACE") or said.of("ROUND")):
        raise UnreadError  # 东北菜没有: under a condition that was said before
    if left:
        state.world(
            "absence",
            said.text,
            f"{left[0].name}{show(left[0], 'distance')}，人均{show(left[0], 'price') or '未知'}",
            "contradicted",
        )
        return
    state.world(
        "absence",
        said.text,
        None,
        "inferable" if scene.covers(cuisine, radius) or radius <= scene.wish.radius_m else "unsupported",
    )
    for poi in scene.listed if money else ():
        scene.said.setdefault(poi.poi_id, set()).add("budget")  # for those that miss it: said once for all
    if money or radius == scene.wish.radius_m:
        scene.says_nothing = scene.says_nothing or cuisine == scene.wish.cuisine
