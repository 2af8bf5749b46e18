"""Acts over described sets: how many there are, that there is none, who alone belongs, who belongs (groups.py says which sets)."""

from __future__ import annotations

from typing import Final

from factory.records import ClaimStatus, Poi
from factory.verifier.clock import Clock
from factory.verifier.deciding import amount_status, value
from factory.verifier.groups import Group, described, members, sizes
from factory.verifier.hours import DAY_MIN
from factory.verifier.lexer import ROLES, Token
from factory.verifier.references import restaurants
from factory.verifier.scene import Said, State, UnreadError, field_of, scale_of, unit_field
from factory.verifier.script import fold


def _around(said: Said, taken: tuple[Token, ...]) -> list[Token]:
    """The frame's tokens but for those of the slots that are no description."""
    return [token for token in said.tokens[said.piece.start : said.piece.end] if token not in taken]


def _group(said: Said, state: State, taken: tuple[Token, ...]) -> Group:
    if state.item is not None or any("IF" in ROLES[token.char] for token in said.tokens):
        raise UnreadError
    return described(_around(said, taken), state)


def count_of(said: Said, state: State) -> None:
    """12家中超过100元的只有三家, 一公里内共五家江浙菜: as many as one of the sets that can be meant holds."""
    token = said.all("v")[0]
    stated = token.value
    rest = (*said.tokens[: said.piece.start], *said.tokens[said.piece.end :])
    if stated.low != stated.high or any(ROLES[token.char] & CONDITIONS for token in rest):
        raise UnreadError
    fits = bool(said.of("MEET") or said.of("COND"))
    if state.everyone and not fits:
        raise UnreadError  # 五家都…: said of each
    group = _group(said, state, (token,))
    rows = members(group, state.scene)
    number = int(stated.low)
    held: ClaimStatus = "inferable" if _may_be(number, said, state, group, rows, fits=fits) else "contradicted"
    told = state.scene.items and (fits or (not group.tests and (said.of("THESE") or said.of("ADVISE"))))
    if held == "contradicted" and not told:
        raise UnreadError  # of a set that nobody can tell
    state.world("count", said.text, f"查到{len(rows[0]) if rows else 0}家", held)
    state.group = group.tests
    fitting = [row for row in rows if len(row) == number]
    if held == "inferable" and fitting:
        state.subject = fitting[0]


_CHOSEN: Final = frozenset({"FIND", "CHOOSE", "THESE", "ADVISE", "FOR", "FOLLOW"})


def _may_be(number: int, said: Said, state: State, group: Group, rows: list[tuple[Poi, ...]], *, fits: bool) -> bool:
    """Whether there may be so many: in a set that can be meant, among the listed where they were chosen, of those that fit.

    Of those that fit last, since that asks of all the evidence.
    """
    scene = state.scene
    found = sizes(rows)
    chosen = any(ROLES[token.char] & _CHOSEN and token.text != "就" for token in said.tokens)
    if not group.tests:
        found.add(scene.items)
    if chosen and all(test(poi) for poi in scene.listed for test in group.tests):
        found |= {len(scene.listed), scene.items}
    if number in found:
        return True
    kept = [scene.misses(poi) for poi in scene.evidence.pois if all(test(poi) for test in group.tests)]
    likely = sum(not any(miss.sure for miss in missed) for missed in kept)
    if sum(not missed for missed in kept) <= number <= likely:  # 附近就两家: that fit
        return True
    listed = number in (scene.items, len(scene.listed))
    return fits and listed and not any(miss.sure for poi in scene.listed for miss in scene.misses(poi))


CONDITIONS: Final = frozenset({"MEAL", "PERIOD", "SESSION", "T", "TR", "M", "L", "S", "BUDGET", "PRICE", "RATING", "OPENV", "REST", "PRICED", "INB", "INR", "OUTR"})  # fmt: skip
"""Words of conditions: a count beside them, read without them, would be of another set."""
_PLACES: Final = frozenset({"PLACE", "ROUND", "L", "IN", "AT", "YOU", "WITHIN", "FIND", "DATA", "SHOP"})


def none_of(said: Said, state: State) -> None:
    """没有一家标价在100到200元, 早上开门的一家也没有: one of the sets that can be meant is empty."""
    if state.fresh:
        raise UnreadError  # 它是日本料理不是江浙菜
    if (
        said.of("COND")
        or said.of("SIMUL")
        or any("符合" in token.text or "满足" in token.text for token in said.of("NOFIT"))
        or (said.of("MEET") and not (said.of("PRICE") or said.of("M") or said.of("BUDGET")))
    ):
        raise UnreadError  # of the whole wish, which "nothing" reads
    if any(word in token.text for token in said.all("x") for word in ("符合", "满足", "达标", "合适")):
        raise UnreadError
    if said.has("q") and said.all("q")[0].value.low != 1:
        raise UnreadError
    group = _group(said, state, (*said.all("x"), *said.all("q")))
    if not group.tests or all(ROLES[token.char] & _PLACES for token in _around(said, said.all("x"))):
        _none_within(said, state)
        return
    rows = members(group, state.scene)
    if all(rows):
        raise UnreadError  # none of the sets that may be meant is empty
    state.world("absence", said.text, None, "inferable")
    _tells_misses(said, state, group)
    state.subject = None
    state.lost = True


def _none_within(said: Said, state: State) -> None:
    """150米内没有: of what is asked for, if that is so; of what else, the words before it tell."""
    scene = state.scene
    radius = max((token.value.high for token in said.of("L")), default=0.0)
    if not radius or scene.of_cuisine(scene.wish.cuisine, radius) or not scene.covers(scene.wish.cuisine, radius):
        raise UnreadError
    state.world("absence", said.text, None, "inferable")
    scene.says_nothing = scene.says_nothing or radius >= scene.wish.radius_m
    for poi in scene.listed:
        scene.said.setdefault(poi.poi_id, set()).add("radius")
    state.subject, state.lost = None, True


def _tells_misses(said: Said, state: State, group: Group) -> None:
    """50元以内的川菜没有: with the wish's own bounds it says that nothing fits, and of each that is listed what it misses."""
    scene, wish = state.scene, state.scene.wish
    own = {wish.budget_min_cny, wish.budget_max_cny, wish.radius_m}
    amounts = [*said.of("M"), *said.of("L")]
    kinds = {"budget"} if said.of("M") or said.of("BUDGET") or said.of("INB") or said.of("PRICED") else set()
    kinds |= {"radius"} if said.of("L") or said.of("RADIUS") or said.of("INR") else set()
    kinds |= {"hours"} if said.of("MEAL") or said.of("PERIOD") else set()
    bounded = all({token.value.low, token.value.high} & own for token in amounts)
    if not kinds or not bounded or any(scene.misses(poi) == () for poi in scene.evidence.pois):
        return
    scene.says_nothing = True
    for poi in scene.listed:
        if not all(test(poi) for test in group.tests):
            scene.said.setdefault(poi.poi_id, set()).update(kinds)


def sole_of(said: Said, state: State) -> None:
    """标价合适的只有某某一家, 唯一不超50元的是某某: the set holds nobody else."""
    taken = (*said.all("n"), *said.all("x"))
    group = _group(said, state, taken)
    pois = restaurants(said.all("n"), state) if said.has("n") else (state.one(),)
    if not group.tests:
        raise UnreadError
    rows = members(group, state.scene)
    good = any(set(row) == set(pois) for row in rows)
    _say_of_names(said, state, pois, "inferable" if good else "contradicted")
    if good:  # the others miss what makes the set
        roles = frozenset().union(*(ROLES[token.char] for token in said.tokens))
        kinds = {"budget"} if roles & {"PRICE", "M", "BUDGET"} else set()
        kinds |= {"radius"} if roles & {"L", "RADIUS"} else set()
        kinds |= {"hours"} if roles & {"MEAL", "PERIOD", "OPENV"} else set()
        own = roles & {"EXCEED", "UNDER", "MISSW", "NOT"}
        for poi in state.scene.listed:
            if (poi in pois) == bool(own):
                state.scene.said.setdefault(poi.poi_id, set()).update(kinds)


def _say_of_names(said: Said, state: State, pois: tuple[Poi, ...], status: ClaimStatus) -> None:
    """What holds of one of the sets that may be meant; what holds of none stays unread, since nobody can tell which."""
    if status == "contradicted":
        raise UnreadError
    state.say("superlative", said.text, [(poi, status, None) for poi in pois])
    state.subject = pois


def subject_group(said: Said, state: State) -> None:
    """有标价的都…, 圈外那三家也都…: what follows is said of each of the set."""
    if state.item is not None or state.fresh or not state.everyone or said.piece.end == len(said.tokens):
        raise UnreadError  # nothing follows that could be said of them
    group = _group(said, state, ())
    if not group.tests:
        raise UnreadError
    state.subject, state.fresh = state.choose([row for row in members(group, state.scene) if row]), True


def these_are(said: Said, state: State) -> None:
    """分别是某某和某某: they keep what was said of the set before."""
    names = said.all("n")
    pois = restaurants(names, state)
    if state.group:
        good = all(test(poi) for poi in pois for test in state.group)
        _say_of_names(said, state, pois, "inferable" if good else "contradicted")
    state.subject = pois


def members_of(said: Said, state: State) -> None:
    """没标价的有某某和某某, 分别是某某、某某: each that is named belongs to the set."""
    names = said.all("n")
    counted = [token for token in said.tokens[said.piece.start : said.piece.end] if "CNT" in ROLES[token.char]]
    group = _group(said, state, (*names, *counted))
    pois = restaurants(names, state)
    if not group.tests:
        raise UnreadError
    good = all(test(poi) for poi in pois for test in group.tests)
    if counted and good:
        good = len(pois) == int(counted[0].value.low)
    _say_of_names(said, state, pois, "inferable" if good else "contradicted")


def extreme_time(said: Said, state: State) -> None:
    """最早也要11点, 最晚的开到十点半: the earliest opening or the latest closing of a set."""
    token = said.all("a")[0]
    early = any("EARLY" in ROLES[one.char] for one in said.all("v"))
    name = "open" if early else "close"
    taken = (
        token,
        *said.all("v"),
        *said.of("MOST"),
        *said.of("OPENS"),
        *said.of("CLOSE"),
        *said.of("UNTIL"),
        *said.of("WAIT"),
        *said.of("OPENV"),
    )
    plain = _around(said, taken)
    group = described(plain, state)
    if state.item is not None:
        raise UnreadError
    clock: Clock = token.value[0]
    status: ClaimStatus = "contradicted"
    rows = [state.subject] if state.subject and len(state.subject) > 1 else members(group, state.scene)
    for row in rows:
        numbers = [number for poi in row if (number := value(poi, name)) is not None]
        if numbers and any(
            round((min if early else max)(numbers)) % DAY_MIN == minute % DAY_MIN for minute in clock.readings()
        ):
            status = "inferable"
    if status == "contradicted":
        raise UnreadError
    state.world("superlative", said.text, None, status)


def set_value(said: Said, state: State) -> None:
    """评分最高是4.6: the highest of a set, whoever has it; that one is then spoken of."""
    if state.item is not None or (state.subject is not None and len(state.subject) == 1 and state.fresh):
        raise UnreadError
    token = said.all("v")[0]
    name, up = scale_of(said.all("w"), field_of(said.all("f")) or unit_field([token]), state)
    group = described([one for one in said.all("g") if not ROLES[one.char] & {"COP", "THIS"}], state)
    rows = [state.subject] if state.subject and len(state.subject) > 1 else members(group, state.scene)
    if not said.has("g"):
        rows = [state.scene.listed, *rows]
    for row in rows:
        numbers = [(number, poi) for poi in row if (number := value(poi, name)) is not None]
        if not numbers:
            continue
        edge = (max if up else min)(number for number, _ in numbers)
        if amount_status(name, token.value, edge) in {"verified", "inferable"}:
            state.world("superlative", said.text, None, "inferable")
            state.subject = tuple(poi for number, poi in numbers if number == edge)
            state.field, state.described = name, True
            return
    raise UnreadError


def address_of(said: Said, state: State) -> None:
    """一家是某路的某某: the branch of that name which stands there."""
    token = said.all("v")[0]
    named = next(one for one in said.all("n") if "N" in ROLES[one.char])
    here = [poi for poi in named.value.pois if token.text in fold(poi.address or "")]
    if len(here) != 1:
        raise UnreadError
    state.subject, state.fresh = (here[0],), True
    state.say("address", said.text, [(here[0], "inferable", here[0].address)])


def scope(said: Said, state: State) -> None:
    """两公里内的川菜里: a set of which the sentence then tells the best."""
    if state.scene.mentioned and said.of("FINE") and said.of("AT") and (said.of("PRICE") or said.of("DIST")):
        raise UnreadError  # 价钱正好在你要的区间里, of one who was named
    group = _group(said, state, ())
    rows = [row for row in members(group, state.scene) if row]
    if not rows:
        raise UnreadError
    state.scope = tuple(rows)
    if len(rows[0]) > 1 and not state.fresh:
        state.subject = None


_ARE: Final = frozenset({"都是", "是", "同是", "同为", "均是", "皆是", "全是", "均为"})


def brand_is(said: Said, state: State) -> None:
    """都是某某, 同是某某: of one brand."""
    token = said.all("n")[0]
    pois = state.subject or ()
    if len(pois) < 2:
        pois = tuple(dict.fromkeys(reversed(state.scene.mentioned)))[:2]
        state.unsure = True
    if len(pois) < 2 or not any(one.text in _ARE for one in said.tokens):
        raise UnreadError
    state.say(
        "name", said.text, [(poi, "verified" if poi in token.value.pois else "contradicted", poi.name) for poi in pois]
    )
    state.subject = pois
