"""A reader's claims about several restaurants: comparisons, extremes, counts, orders, sums; each decided against the evidence. Pure.

What a claim names is fixed; listed, others and area may mean several sets: one for which the claim holds is enough, and where it
holds for none, nobody can tell (decision 40).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from factory.records import ClaimStatus, Poi
from factory.verifier import rules
from factory.verifier.deciding import difference_status, show, value, worst
from factory.verifier.fit import is_known_to_fit, may_fit
from factory.verifier.nothing_fits import says_known
from factory.verifier.numbers import Quantity
from factory.verifier.script import fold
from factory.verifier.told import ASK, CONDITION, Told
from factory.verifier.told_facts import is_of_one, of_one
from factory.verifier.told_names import AREA, GOOD, LISTED, OTHERS, Ground, Sets, sets_of
from factory.verifier.told_ranks import Split, among_of, compare, most, order, split_by
from factory.verifier.told_rulings import KIND_OF, Ruling
from factory.verifier.told_wish import echo, limit_of


def decide(told: Told, ground: Ground) -> Ruling | None:
    """A claim against the evidence; ``None`` where what it means cannot be told."""
    kind = KIND_OF.get(told.kind, told.kind)
    if told.kind == "wish":
        status, truth = echo(told, ground.scene.wish, ground.scene.place, ground.question)
        return None if status not in GOOD else Ruling("wish", None, truth, status)  # 三位: of whom, nobody can tell
    if told.kind in {CONDITION, ASK}:
        return Ruling("wish", None, None, "inferable")  # quotes.py asks whether it is one
    if told.kind == "gap" and told.mean:
        return _gap_of_mean(told, ground)
    if is_of_one(told.kind):
        return _of_each(told, kind, ground)
    decider = SET_KINDS.get(told.kind)
    if decider is None:
        return None
    return _turned(told, ground, decider) if told.denied and told.kind in _DENIABLE else decider(told, ground)


_DENIABLE: Final = frozenset({"most", "only", "order", "compare", "total", "average", "span"})


def _turned(told: Told, ground: Ground, decider: Callable[[Told, Ground], Ruling | None]) -> Ruling | None:
    """却不是最近的: a set's claim denied; where the claim could not be told, neither can its denial."""
    ruling = decider(replace(told, denied=False), ground)
    if ruling is None:
        return None
    turned: ClaimStatus = "contradicted" if ruling.status in GOOD else "unsupported"
    return replace(ruling, status="inferable" if ruling.status == "contradicted" else turned)


def _of_each(told: Told, kind: str, ground: Ground) -> Ruling | None:
    """What is stated of one restaurant, or of each of a set: 都, 三家都."""
    sets = sets_of(told.of, ground, told.apart)
    if sets is None and told.kind in {"dish", "dish_is"} and ground.scene.listed:
        sets = Sets(tuple((poi,) for poi in ground.scene.listed), fixed=False)  # of whom, the dish tells
    if sets is None and told.kind in {"fits", "unsaid"}:
        sets = Sets((ground.scene.listed,), fixed=False) if ground.scene.listed else None
    if sets is None:
        return None
    first: Ruling | None = None
    for pois in sets.rows:
        answers = [(poi, of_one(told, poi, ground)) for poi in pois]
        rows = [(poi, status) for poi, status in answers if status is not None]
        if len(rows) < len(answers) or not rows:
            continue
        status = worst(status for _, status in rows)
        wrong = [(poi, one) for poi, one in rows if one == status][:3]
        field = {"closes": "hours", "opens": "hours"}.get(told.kind, kind)
        truth = "，".join(f"{poi.name if len(rows) > 1 else ''}{_truth(told, field, poi)}" for poi, _ in wrong)
        if status == "verified" and is_area(told.of) and not _covered(told, ground):
            status = "unsupported"
        ruling = Ruling(
            kind if len(rows) == 1 else "quantifier",
            rows[0][0].poi_id if len(rows) == 1 else None,
            truth,
            status,
            pois,
            frozenset({len(pois)}),
        )
        if status in GOOD:
            return ruling
        first = first or ruling
    guessed = ground.item is None and not ground.named and told.kind == "note" and len(told.of) > 1
    if first is None or guessed or _is_anothers(told, ground):
        return None
    return first if sets.fixed or _surely(told) else None


def _is_anothers(told: Told, ground: Ground) -> bool:
    """Whether what does not hold of whom the reader has worked out holds of another that the text names: a guess is never called wrong."""
    if ground.item is not None or ground.named or len(told.of) != 1 or told.of[0].lower() in LISTED | OTHERS | AREA:
        return False
    parts = [replace(told, names=(name,)) for name in told.names] if told.kind in {"dish", "dish_is"} else [told]
    rare = told.kind in _RARELY_SHARED and not told.denied and (told.value is None or told.value.exact)
    return rare and all(any(of_one(part, poi, ground) in GOOD for poi in ground.mentioned) for part in parts)


_RARELY_SHARED: Final = frozenset({"dish", "dish_is", "rating", "price", "distance", "address", "phone"})
"""Kinds of which two restaurants seldom have the same."""


def _surely(told: Told) -> bool:
    """Whether a set can only be the listed: three of them that all do what none does is wrong of any set."""
    return bool(told.of) and told.of[0].lower() == "listed" and told.kind in {"rating", "price", "distance"}


def _truth(told: Told, field: str, poi: Poi) -> str:
    if told.kind in {"gap", "fits", "miss"}:
        return f"{show(poi, 'price') or '价格未知'}、{show(poi, 'distance') or '距离未知'}"
    if told.kind == "tag":
        return "、".join(f"{key}={held}" for key, held in poi.tags) or "没有数据"
    name = {"open_at": "hours", "absence": told.fact or "hours"}.get(field, field)
    return show(poi, name) or "没有数据"


def is_area(names: Sequence[str]) -> bool:
    """Whether a claim speaks of all that the map showed."""
    return len(names) == 1 and names[0].lower() in AREA


def _covered(told: Told, ground: Ground) -> bool:
    """Whether the searches have seen everything that a statement about all of the kind speaks of."""
    wish = ground.scene.wish
    far = max((one.value.high for one in told.where if one.kind == "distance" and one.value is not None), default=0.0)
    wide = far if 0 < far < float("inf") else float(wish.radius_m)
    return ground.scene.covers(wish.cuisine, min(wide, float(wish.radius_m)))


# --- sets ----------------------------------------------------------------------------------------------------------------


def _only(told: Told, ground: Ground) -> Ruling | None:
    """唯一, 只有: it keeps the conditions and no other does."""
    own, among = sets_of(told.of, ground), among_of(told, ground)
    if own is None or among is None or not told.where:
        return None
    pois, seen = own.rows[0], False
    for row in among.rows:
        split = split_by(told, tuple(dict.fromkeys((*row, *pois))), ground)
        if set(split.sure) == set(pois) and not split.open:
            whole = row == ground.scene.listed or _covered(told, ground)
            return Ruling(
                "superlative",
                pois[0].poi_id,
                None,
                "inferable" if whole else "unsupported",
                pois,
                frozenset({len(row), len(pois)}),
            )
        seen = True
    if not seen or not own.fixed:
        return None
    wrong = worst(of_one(one, poi, ground) or "verified" for one in told.where for poi in pois)
    if wrong == "contradicted":
        return Ruling("superlative", pois[0].poi_id, _truth(told.where[0], told.where[0].kind, pois[0]), wrong, pois)
    return None


def _count(told: Told, ground: Ground) -> Ruling | None:
    """How many keep the conditions; none is 0. Of the sets that may be meant one must have that many."""
    stated, among = told.number, among_of(told, ground)
    if stated is None or among is None:
        return None
    listed_only = bool(told.among) and not is_area(told.among)
    rows = among.rows
    if _LEFT.search(fold(told.quote)):  # 剩下的四家价位都不合
        spoken = [frozenset(ground.mentioned[:count]) for count in range(len(ground.mentioned), 0, -1)]
        left = (tuple(poi for poi in row if poi not in gone) for row in rows for gone in spoken)
        rows = tuple(dict.fromkeys((*left, *rows)))
    ways = [told]
    if _ABLE.search(fold(told.quote)):  # 能开到23:30的有三家: then, or later
        until = tuple(replace(one, sign=">=") if one.kind == "closes" else one for one in told.where)
        ways.append(replace(told, where=until))
    for row, way in ((row, way) for row in rows for way in ways):
        split = split_by(way, row, ground) if told.where else Split(row, (), ())
        number = len(split.sure)
        if split.open or not (stated.holds(number) or (stated.about and abs(number - stated.low) <= 1)):
            continue
        if not listed_only and row != ground.scene.listed and not _covered(told, ground):
            continue
        parts = {len(split_by(replace(told, where=(one,)), row, ground).sure) for one in told.where}
        sizes = frozenset({len(row), number, *parts})  # 开着的七家没有一家上百: seven keep the one condition
        return Ruling("absence" if number == 0 else "count", None, None, "inferable", split.sure, sizes)
    fits = sum(not ground.scene.misses(poi) for poi in ground.scene.evidence.pois)
    if not told.where and not told.among and stated.exact and stated.low == fits:
        return Ruling("count", None, None, "inferable", (), frozenset({fits}))
    if among.fixed or (listed_only and len(among.rows) == 1):
        split = split_by(told, among.rows[0], ground) if told.where else Split(among.rows[0], (), ())
        if not split.unknown:
            return Ruling("count", None, f"{len(split.sure)}家", "contradicted", among.rows[0])
    return None


_ABLE: Final = re.compile("能[开到坐吃撑营]|可以?[开到坐]")
_LEFT: Final = re.compile("剩下|剩余|其余|其他|另外|别的|余下")


def _total(told: Told, ground: Ground) -> Ruling | None:
    """The price a head times the guests, of each that is meant; ``together``: of all of them in one sum."""
    sets = sets_of(told.of, ground, told.apart)
    people = told.people or (1 if told.together else ground.scene.wish.party_size)
    if sets is None or told.value is None or not people:
        return None
    pois = sets.rows[0]
    prices = [poi.cost_cny for poi in pois if poi.cost_cny is not None]
    if len(prices) < len(pois):
        return Ruling("total", pois[0].poi_id if len(pois) == 1 else None, None, "unsupported", pois)
    truths = [sum(prices) * people] if told.together else [price * people for price in prices]
    status = worst(_sum_status(told.value, truth, people) for truth in truths)
    shown = "、".join(f"{people}人{truth:g}元" for truth in truths)
    return Ruling("total", pois[0].poi_id if len(pois) == 1 else None, shown, status, pois, frozenset({len(pois)}))


def _sum_status(stated: Quantity, truth: float, people: int) -> ClaimStatus:
    away = abs(stated.low - truth)
    if stated.exact:
        return "inferable" if away < people + 1e-9 else "contradicted"
    if stated.about:
        near = max(rules.TOTAL_ABOUT_SHARE * truth, rules.TOTAL_ABOUT_LEAST)
        return "inferable" if away <= near else "contradicted"
    return "inferable" if stated.holds(truth) else "contradicted"


def _average(told: Told, ground: Ground) -> Ruling | None:
    return _of_numbers(told, ground, lambda numbers: (sum(numbers) / len(numbers),))


def _span(told: Told, ground: Ground) -> Ruling | None:
    """人均从42元到151元: the least and the most of a set."""
    return _of_numbers(told, ground, lambda numbers: (min(numbers), max(numbers)))


def _of_numbers(told: Told, ground: Ground, over: Callable[[list[float]], tuple[float, ...]]) -> Ruling | None:
    sets = sets_of(told.of or ("listed",), ground, told.apart) or sets_of(("area",), ground, told.apart)
    stated = told.value
    if sets is None or stated is None or told.fact not in {"rating", "price", "distance"}:
        return None
    for pois in sets.rows:
        numbers = [number for poi in pois if (number := value(poi, told.fact)) is not None]
        if not numbers:
            continue
        truths, least_m = over(numbers), 10.0
        if len(truths) > 1 and stated.low in {0.0, stated.high}:
            truths, least_m = (truths[1] - truths[0],), 3.0  # 三家挤在35米的差距里: worked out, not walked
            stated = replace(stated, high=stated.low or stated.high, low=stated.low or stated.high, exact=True)
        exact = {"rating": 0.05, "price": 1.0}.get(told.fact, max(least_m, 0.03 * truths[-1]))
        near = max(exact, {"rating": 0.1, "price": 0.05 * truths[-1]}.get(told.fact, 0.05 * truths[-1]))
        slack = near if stated.about else exact
        ends = (stated.low, stated.high) if len(truths) > 1 else (stated.low,)
        good = all(abs(end - truth) <= slack + 1e-9 for end, truth in zip(ends, truths, strict=True))
        if len(truths) == 1 and not stated.exact and not stated.about:
            good = stated.holds(truths[0])
        if good and len(numbers) == len(pois):
            return Ruling(KIND_OF[told.kind], None, None, "inferable", pois, frozenset({len(pois)}))
        if sets.fixed:
            shown = "到".join(f"{truth:.1f}" for truth in truths)
            return Ruling(KIND_OF[told.kind], None, shown, "contradicted" if not good else "unsupported", pois)
    return None


def _gap_of_mean(told: Told, ground: Ground) -> Ruling | None:
    """略超的两家平均65元, 比上限高15元: the mean of a set against a bound of the wish."""
    sets, wish = sets_of(told.of or ("listed",), ground, told.apart), ground.scene.wish
    fact = "distance" if told.bound == "radius" else "price"
    limit = limit_of(told, wish)
    if sets is None or limit is None or told.value is None or told.direction not in {"over", "under"}:
        return None
    for pois in sets.rows:
        numbers = [number for poi in pois if (number := value(poi, fact)) is not None]
        if not numbers or len(numbers) < len(pois):
            continue
        away = (sum(numbers) / len(numbers) - limit) * (1 if told.direction == "over" else -1)
        status = difference_status(fact, told.value, away, scale=limit) if away > 0 else "contradicted"
        if status in GOOD or sets.fixed:
            return Ruling("fit", None, f"平均{limit + away:g}", status, pois, frozenset({len(pois)}))
    return None


def _nothing_fits(told: Told, ground: Ground) -> Ruling | None:
    """没有完全符合要求的: no restaurant of the evidence is known to fit; of those that might, the words must leave it open."""
    pois, wish = ground.scene.evidence.pois, ground.scene.wish
    fitting = [poi for poi in pois if is_known_to_fit(poi, wish)]
    if fitting:
        return Ruling("absence", None, "、".join(poi.name for poi in fitting[:3]), "contradicted")
    likely = [poi for poi in pois if may_fit(poi, wish)]
    if likely and not says_known(told.quote) and not any(poi.poi_id in ground.gaps for poi in likely):
        return None
    return Ruling("absence", None, None, "inferable")


def _pick(told: Told, ground: Ground) -> Ruling | None:
    """我站逸里, 某某我没列: whom the writer chooses or only names says no more of it; of a closed one the text must tell that."""
    sets = sets_of(told.of, ground)
    if sets is None or not sets.fixed:
        return None
    closed = any(miss.kind == "closed" for poi in sets.rows[0] for miss in ground.scene.misses(poi))
    if closed and not ground.tells_closed:
        return None
    return Ruling("fit", sets.rows[0][0].poi_id, None, "inferable", sets.rows[0])


SET_KINDS: Final[dict[str, Callable[[Told, Ground], Ruling | None]]] = {
    "compare": compare,
    "most": most,
    "only": _only,
    "count": _count,
    "order": order,
    "total": _total,
    "average": _average,
    "span": _span,
    "nothing_fits": _nothing_fits,
    "pick": _pick,
}
