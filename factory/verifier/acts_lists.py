"""Acts about a list as a whole: its order, values one by one, ranks, differences, totals and averages."""

from __future__ import annotations

from factory.records import ClaimStatus, Poi
from factory.verifier import rules
from factory.verifier.acts_sets import among_of, told
from factory.verifier.deciding import amount_status, difference_status, extreme_status, show, value
from factory.verifier.lexer import ROLES, Token
from factory.verifier.numbers import Quantity
from factory.verifier.references import restaurants, the_set
from factory.verifier.scene import Said, State, UnreadError, field_of, scale_of, unit_field


def order(said: Said, state: State) -> None:
    """按距离由近到远排列: the order of the list."""
    name = field_of(said.all("f"))
    if (said.has("u") or said.has("d")) and name is not None:  # 人均依次往上走
        first, last = (name, said.has("d")), (name, said.has("u"))
    elif not said.has("v") and not said.has("w") and name is not None:  # 按距离排好: the best first
        first = (name, name == "rating")
        last = (name, name != "rating")
    elif said.has("l"):  # 一家比一家低: later ones are lower
        last = scale_of(said.all("w"), name, state)
        first = (last[0], not last[1])
    elif not said.has("w"):  # 评分高的放前面
        first = scale_of(said.all("v"), name, state)
        last = (first[0], not first[1])
    else:
        first, last = scale_of(said.all("v"), name, state), scale_of(said.all("w"), name, state)
    if first[0] != last[0] or first[1] == last[1]:
        raise UnreadError
    numbers = [value(poi, first[0]) for poi in state.scene.listed]
    if first[0] in {"open", "close"} and None in numbers:  # at other times on other days
        raise UnreadError
    listed = "，".join(show(poi, first[0]) or "没有数据" for poi in state.scene.listed)
    known = [number for number in numbers if number is not None]
    status = in_order(numbers, known, up=first[1])
    state.sorted_by = first
    if any("EACHW" in ROLES[token.char] for token in said.tokens):
        return  # the names that follow are in this order, not the list
    if len(numbers) < 2:
        raise UnreadError
    state.world("order", said.text, listed, status)


def order_names(said: Said, state: State) -> None:
    """依次是 A、B、C: the names in the order that was said before; each with its value, if one is given."""
    names = said.of("N")
    pois = restaurants(names, state)
    amounts = [
        token for token in said.tokens[said.piece.start : said.piece.end] if ROLES[token.char] & {"M", "S", "L", "NUM"}
    ]
    if len(pois) != len(names) or (amounts and len(amounts) != len(pois)) or (not amounts and state.sorted_by is None):
        raise UnreadError
    for poi, token in zip(pois, amounts, strict=False):
        name = unit_field([token]) or (state.sorted_by[0] if state.sorted_by else state.field)
        if name is None:
            raise UnreadError
        state.say(
            name,
            f"{poi.name}{token.text}",
            [(poi, amount_status(name, token.value, value(poi, name)), show(poi, name))],
        )
    if state.sorted_by is None:
        return
    name, up = state.sorted_by
    numbers = [value(poi, name) for poi in pois]
    known = [number for number in numbers if number is not None]
    shown = "，".join(show(poi, name) or "没有数据" for poi in pois)
    state.world("order", said.text, shown, in_order(numbers, known, up=up))


def in_order(numbers: list[float | None], known: list[float], *, up: bool) -> ClaimStatus:
    """Whether a list is in an order; whose value the map has not got may stand at its end."""
    if known != sorted(known, reverse=up):
        return "contradicted"
    if len(known) == len(numbers):
        return "verified"
    return "inferable" if len(known) > 1 and None not in numbers[: len(known)] else "unsupported"


def ordered(said: Said, state: State) -> None:
    """由近到远是A、B、C: the names in that order, each with its value, if one is given."""
    name, up = scale_of(said.all("v"), field_of(said.all("f")), state)
    last, down = scale_of(said.all("w"), field_of(said.all("f")), state)
    if name != last or up == down:
        raise UnreadError
    state.sorted_by = (name, up)
    order_names(said, state)
    state.subject, state.fresh = restaurants([*said.of("N"), *said.of("BRANCH")], state), True


_SUMS = frozenset(
    {
        "总共",
        "一共",
        "合计",
        "总计",
        "共计",
        "加起来",
        "算下来",
        "吃下来",
        "总价",
        "总花费",
        "总消费",
        "总额",
        "结账",
        "买单",
        "总费用",
        "全算下来",
        "一顿下来",
    }
)


def total(said: Said, state: State) -> None:
    """五个人预计620元: the price a head times the people."""
    people = said.all("p")
    if any(token.text.startswith(("每个人", "每人", "每位", "人均")) for token in said.tokens):
        raise UnreadError  # 按标价每个人吃下来约140元 is a price
    together = any(token.text in {"下来", "算下来", "吃下来"} for token in said.of("TOTAL")) and said.of("YOU")
    if not people and not together and not any(token.text in _SUMS for token in said.of("TOTAL")):
        raise UnreadError  # 要99块 is a price
    count = int(people[0].value.low) if people else state.party or state.scene.wish.party_size
    if not count:
        raise UnreadError
    stated: Quantity = said.all("v")[0].value
    wish = state.scene.wish
    if stated.exact and stated.low in {count * bound for bound in (wish.budget_min_cny, wish.budget_max_cny) if bound}:
        raise UnreadError  # 总共五百 may be all that the guests would spend
    rows: list[tuple[Poi, ClaimStatus, str | None]] = []
    for poi in state.who():
        if poi.cost_cny is None:
            rows.append((poi, "unsupported", None))
            continue
        truth = poi.cost_cny * count
        away = abs(stated.low - truth)
        if stated.exact:
            status: ClaimStatus = "inferable" if away < count + 1e-9 else "contradicted"
        elif stated.about:
            status = (
                "inferable" if away <= max(rules.TOTAL_ABOUT_SHARE * truth, rules.TOTAL_ABOUT_LEAST) else "contradicted"
            )
        else:
            status = "inferable" if stated.holds(truth) else "contradicted"
        if status == "contradicted" and any(
            token.text in {"大概", "大约", "预计", "差不多", "估计"} for token in said.of("TOTAL")
        ):
            status = (
                "inferable"
                if away <= max(rules.TOTAL_ABOUT_SHARE * truth, rules.TOTAL_ABOUT_LEAST)
                and (stated.exact or stated.about)
                else status
            )
        rows.append((poi, status, f"{count}人{truth:g}元"))
    state.say("total" if count > 1 else "price", said.text, rows)


def sums(said: Said, state: State) -> None:
    """四人大约496元和692元: a total for each of a set, in its order."""
    people = int(said.all("p")[0].value.low)
    tokens = [token for token in said.all("v") if "M" in ROLES[token.char]]
    late = tuple(dict.fromkeys(reversed(state.scene.mentioned)))[: len(tokens)][::-1]
    sure = state.subject if state.subject and len(state.subject) > 1 else ()
    pois = sure or state.choose([row for row in (state.scene.listed, late) if len(row) == len(tokens)])
    if len(pois) != len(tokens) or state.item is not None:
        raise UnreadError
    about = bool(said.of("ABOUT")) or any(token.value.about for token in tokens)
    rows: list[tuple[Poi, ClaimStatus, str | None]] = []
    for poi, token in zip(pois, tokens, strict=True):
        together = None if poi.cost_cny is None else poi.cost_cny * people
        rows.append((poi, _sum_status(token.value, together, people, about=about), f"{people}人{together or 0:g}元"))
    state.unsure = state.unsure or not sure
    state.say("total", said.text, rows)


def _sum_status(stated: Quantity, truth: float | None, people: int, *, about: bool) -> ClaimStatus:
    if truth is None:
        return "unsupported"
    away = abs(stated.low - truth)
    room = max(rules.TOTAL_ABOUT_SHARE * truth, rules.TOTAL_ABOUT_LEAST) if about else people + 0.0
    return (
        "inferable"
        if (stated.holds(truth) if not stated.exact and not stated.about else away <= room)
        else "contradicted"
    )


def average(said: Said, state: State) -> None:
    """三家平均人均27元: the mean over the set, each value known."""
    token = said.all("v")[0]
    name = field_of((*said.all("f"), *said.of("PRICE"), *said.of("RATING"))) or (
        "price" if "M" in ROLES[token.char] else "rating"
    )
    sets = [
        one for one in said.tokens[said.piece.start : said.piece.end] if ROLES[one.char] & {"CNT", "THESE", "ALLSET"}
    ]
    pois = (
        the_set(sets, state)
        if sets
        else state.subject
        if state.subject and len(state.subject) > 1
        else state.scene.listed
    )
    numbers = [value(poi, name) for poi in pois]
    if len(pois) < 2 or any(number is None for number in numbers):
        state.world("total", said.text, None, "unsupported")
        return
    mean = sum(number for number in numbers if number is not None) / len(numbers)
    stated = token.value
    status = amount_status(name, stated, mean)
    state.world("total", said.text, f"平均{mean:.1f}", status)


def distribute(said: Said, state: State) -> None:
    """人均分别是61元、80元和99元: value by value, in the order of the set."""
    tokens = [token for token in said.all("v") if ROLES[token.char] & {"M", "S", "NUM", "L"}]
    name = field_of(said.all("f")) or unit_field(tokens) or state.field
    if any("L" in ROLES[token.char] for token in tokens):
        name = "distance"
    late = tuple(dict.fromkeys(reversed(state.scene.mentioned)))[: len(tokens)][::-1]
    sure = state.subject if state.subject and len(state.subject) > 1 else ()
    pois = sure or state.choose([row for row in (state.scene.listed, late) if len(row) == len(tokens)])
    state.unsure = state.unsure or not sure
    units = {unit_field([token]) for token in tokens} - {None}
    if name is None or len(pois) != len(tokens) or state.item is not None or len(units) > 1 or units - {name}:
        raise UnreadError
    rows = [
        (poi, amount_status(name, token.value, value(poi, name)), show(poi, name))
        for poi, token in zip(pois, tokens, strict=True)
    ]
    state.say(name, said.text, rows)
    state.field = name


def difference(said: Said, state: State) -> None:
    """两家相差38元: between the two that were named last."""
    for token in (*said.all("a"), *said.all("a2")):
        _differ(token, said, state)


def spread(said: Said, state: State) -> None:
    """前三家只差几十米: the highest of a set less its lowest."""
    token = said.all("a")[0]
    name = unit_field([token])
    pois = the_set(said.all("g"), state)
    numbers = [number for poi in pois if (number := value(poi, name or "")) is not None]
    if name is None or len(numbers) < max(2, len(pois)):
        raise UnreadError
    status = difference_status(name, token.value, max(numbers) - min(numbers), scale=max(numbers))
    if status == "contradicted" and state.unsure:
        raise UnreadError
    state.world("comparison", said.text, f"相差{max(numbers) - min(numbers):g}", status)
    state.subject = pois


def _differ(token: Token, said: Said, state: State) -> None:
    """One difference between two; where the two were not named here, it may hold or stay unread."""
    kind = {"M": "price", "L": "distance", "S": "rating"}
    name = next(field for role, field in kind.items() if role in ROLES[token.char])
    pois = (
        state.subject
        if state.subject and len(state.subject) == 2
        else tuple(dict.fromkeys(reversed(state.scene.mentioned)))[:2]
    )
    if len(pois) != 2 and len(state.scene.listed) == 2:
        pois = state.scene.listed
    if len(pois) != 2:
        raise UnreadError
    first, second = (value(poi, name) for poi in pois)
    truth = "，".join(f"{poi.name}{show(poi, name) or '没有数据'}" for poi in pois)
    if first is None or second is None:
        state.world("comparison", said.text, truth, "unsupported")
        return
    status = difference_status(name, token.value, abs(first - second), scale=max(first, second))
    numbers = [number for poi in state.scene.listed if (number := value(poi, name)) is not None]
    if status == "contradicted" and numbers and state.extreme is not None:  # 最高的…，最低的…，中间差31元
        spread = max(numbers) - min(numbers)
        status = difference_status(name, token.value, spread, scale=max(numbers))
    two = any(ROLES[one.char] & {"CNT", "THESE", "ALL"} or one.text == "相差" for one in said.tokens)
    sure = bool(state.subject and len(state.subject) == 2) or (two and len(state.scene.listed) == 2)
    if status == "contradicted" and not sure:
        raise UnreadError
    state.world("comparison", said.text, truth, status)


def second(said: Said, state: State) -> None:
    """次之: just one of the listed is better by what was said before."""
    if state.extreme is None:
        raise UnreadError
    name, up = state.extreme
    poi = state.one()
    own = value(poi, name)
    others = [value(one, name) for one in state.scene.listed if one != poi]
    if own is None or any(other is None for other in others):
        state.say("superlative", said.text, [(poi, "unsupported", show(poi, name))])
        return
    better = sum((other > own) if up else (other < own) for other in others if other is not None)
    state.say("superlative", said.text, [(poi, "verified" if better == 1 else "contradicted", show(poi, name))])


def rank(said: Said, state: State) -> None:
    """评分排第二: ranks count from the best, the nearest, the cheapest of the set that is named, or of the list."""
    try:
        _rank(said, state)
    except UnreadError as error:
        raise OneMeaningError from error


def _rank(said: Said, state: State) -> None:
    name = field_of(said.all("f")) or state.field
    if name not in {"rating", "price", "distance"}:
        raise UnreadError
    if state.subject is not None and len(state.subject) > 1 and state.item is not None:
        state.subject = None
    poi = state.one()
    among = among_of(said, state)[0] if said.has("g") else state.scene.listed
    if poi not in among or any(token.value.low != len(among) for token in said.all("g") if "CNT" in ROLES[token.char]):
        raise UnreadError
    own = value(poi, name)
    others = [value(one, name) for one in among if one != poi]
    status: ClaimStatus = "unsupported"
    if own is not None and all(other is not None for other in others):
        up = (name == "rating") != said.has("r")  # 倒数第二
        better = sum((other > own) if up else (other < own) for other in others if other is not None)
        status = "verified" if better + 1 == said.all("v")[0].value else "contradicted"
    state.say("superlative", said.text, [(poi, status, show(poi, name))])


class OneMeaningError(UnreadError):
    """Its words mean nothing else: without 第二, 第二近 would be read as 近."""


def nth(said: Said, state: State) -> None:
    """第二近: how many of the set come before it; 第二家近 is the second restaurant. Raises OneMeaningError."""
    try:
        _nth(said, state)
    except UnreadError as error:
        if said.all("v")[0].text[-1] in "家个间名位项处店条行":
            raise
        raise OneMeaningError from error


def _nth(said: Said, state: State) -> None:
    name, up = scale_of(said.all("w"), field_of(said.all("f")), state)
    among, _ = among_of(said, state)
    if said.has("n"):
        state.subject, state.fresh = restaurants(said.all("n"), state), True
    poi = state.one()
    own = value(poi, name)
    others = [value(other, name) for other in among if other != poi]
    if own is None or poi not in among:
        raise UnreadError
    better = sum((other > own) if up else (other < own) for other in others if other is not None)
    status: ClaimStatus = "inferable" if better + 1 == said.all("v")[0].value else "contradicted"
    if status == "contradicted" and (not said.has("n") and (state.item is None or state.unsure)):
        raise UnreadError  # 第二近：某某: of the one that follows
    state.say("superlative", said.text, [(poi, status, show(poi, name))])
    state.field = name


def edge_word(said: Said, state: State) -> None:
    """评分垫底, 距离居首: the worst and the best of a set."""
    name = field_of(said.all("f")) or state.field
    if name not in {"rating", "price", "distance"}:
        raise UnreadError
    among, _ = among_of(said, state)
    best = name == "rating"
    highest = best if said.of("TOPW") else not best
    poi = state.one()
    status = (
        extreme_status(poi, told(among, name, state), name, highest=highest, known=True)
        if poi in among
        else "contradicted"
    )
    state.say("superlative", said.text, [(poi, status, show(poi, name))])


def except_absent(said: Said, state: State) -> None:
    """除了某某没标时间: of that one the gap is told, what follows is said of the others."""
    names = {
        "HOURS": "hours",
        "PRICE": "price",
        "RATING": "rating",
        "DIST": "distance",
        "FOOD": "dish",
        "CONTACT": "phone",
    }
    pois = restaurants(said.all("s"), state)
    for token in said.all("f"):
        name = next((field for role, field in names.items() if role in ROLES[token.char]), None)
        if name is None:
            raise UnreadError
        rows: list[tuple[Poi, ClaimStatus, str | None]] = [
            (poi, "verified" if show(poi, name) is None else "contradicted", show(poi, name)) for poi in pois
        ]
        state.say("absence", said.text, rows)
        state.scene.absent |= {(poi.poi_id, name) for poi in pois}
    state.excluded, state.subject, state.lost = pois, None, False
