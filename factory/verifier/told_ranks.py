"""A reader's claims that hold restaurants against each other: comparisons, extremes, orders. Pure; told_sets.py has the table."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from factory.records import ClaimStatus, Poi
from factory.verifier import rules
from factory.verifier.deciding import amount_status, difference_status, share_status, show, value, worst
from factory.verifier.hours import DAY_MIN, WEEKDAYS, hours_of
from factory.verifier.numbers import Quantity
from factory.verifier.script import fold
from factory.verifier.told import Told, is_multiple
from factory.verifier.told_facts import of_one
from factory.verifier.told_hours import HOURS_KINDS, weekdays
from factory.verifier.told_names import GOOD, Ground, Pois, Sets, sets_of
from factory.verifier.told_rulings import Ruling


def fact_value(poi: Poi, fact: str, days: str = "") -> float | None:
    """A value that can be held against another's; of opening hours those of the days (all on which it is open), where they are alike."""
    if fact in {"dish_count", "dish"}:
        return float(len(poi.specialities)) or None
    if fact == "hours":
        return _open_minutes(poi, days)
    own = value(poi, fact)
    named = weekdays(days) if days and fact in _CLOCKS else frozenset()
    if (own is not None and not named) or fact not in _CLOCKS:
        return own
    hours = hours_of(poi)
    days_meant = [hours.days[day] for day in sorted(named)] if named and hours.week_known else hours.possible()
    open_days = [day for day in days_meant if day]
    edges = {float(day[0][0] if fact == "open" else day[-1][1]) for day in open_days}
    return edges.pop() if len(edges) == 1 else None


def _open_minutes(poi: Poi, words: str) -> float | None:
    """How long it is open on a day, on the mean of those that are named or known: 时间最宽, 周五周六多开一小时."""
    hours, named = hours_of(poi), weekdays(words) if words else frozenset()
    meant = [hours.days[number] for number in sorted(named)] if named else hours.possible()
    days = [day for day in meant if day]
    return sum(end - start for day in days for start, end in day) / len(days) if days else None


def days_of(told: Told) -> str:
    """The days that a claim or one of its conditions names."""
    return told.days or next((one.days for one in told.where if one.days), "")


def compare(told: Told, ground: Ground) -> Ruling | None:
    """Each of one set against each of another: more, less, the same, by how much."""
    own, other = sets_of(told.of, ground, told.apart), sets_of(told.other, ground, told.apart) if told.other else None
    if own is None or other is None or told.fact not in _COMPARED:
        return None
    fixed = own.fixed and other.fixed
    first: Ruling | None = None
    for pois in own.rows:
        for others in other.rows:
            apart = others if told.other_days else tuple(poi for poi in others if poi not in pois)
            if not apart:
                continue
            answers = [_against(told, poi, one) for poi in pois for one in apart]
            found = [answer for answer in answers if answer is not None]
            if len(found) < len(answers):
                return None
            truth = "，".join(f"{poi.name}{show(poi, told.fact) or '没有数据'}" for poi in (*pois, *apart)[:4])
            ruling = Ruling(
                "comparison", pois[0].poi_id if len(pois) == 1 else None, truth, worst(found), (*pois, *apart),
                frozenset({len(pois), len(apart), len(pois) + len(apart)}),
            )  # fmt: skip
            if ruling.status in GOOD:
                return ruling
            first = first or ruling
    return first if fixed else None


_COMPARED: Final = frozenset(
    {"rating", "price", "distance", "open", "close", "walk", "address", "hours", "dish", "dish_count"}
)
_CLOCKS: Final = frozenset({"open", "close"})
_IN_MINUTES: Final = _CLOCKS | {"hours"}


def _against(told: Told, poi: Poi, other: Poi) -> ClaimStatus | None:
    """One value against another: more, less or the same; by an amount, a share, or as a multiple."""
    fact = "distance" if told.fact == "walk" else told.fact
    if fact == "address":
        return _addresses(told, poi, other)
    days = told.days or ("" if told.other_days else days_of(told))
    mine, theirs = fact_value(poi, fact, days), fact_value(other, fact, told.other_days or days)
    if theirs is None and told.other_days and told.value is None and fact in _CLOCKS:
        theirs = _outermost(other, told, fact)
        if poi == other and mine is not None and mine == theirs:
            return None  # 周末更晚, where Friday is as late: nobody said which days are the others
    if mine is None or theirs is None:
        if fact not in _CLOCKS or not (hours_of(poi).known and hours_of(other).known):
            return "unsupported"
        return None if days or told.other_days else _on_days_alike(told, poi, other)
    return _amounts(told, fact, mine, theirs)


def _outermost(poi: Poi, told: Told, fact: str) -> float | None:
    """最晚的一天是周六: of the other days the one that comes nearest to it."""
    edges = [edge for name in _DAYS if name in told.other_days and (edge := fact_value(poi, fact, name)) is not None]
    return (max if told.direction == "more" else min)(edges, default=None)


def _addresses(told: Told, poi: Poi, other: Poi) -> ClaimStatus | None:
    """Whether two addresses are written alike."""
    if told.direction not in {"same", "differs"}:
        return None
    if not poi.address or not other.address:
        return "unsupported"
    alike = fold(poi.address) == fold(other.address)
    return "verified" if alike == (told.direction == "same") else "contradicted"


def _on_days_alike(told: Told, poi: Poi, other: Poi) -> ClaimStatus | None:
    """比某某晚一个小时, said of no day: wrong where it holds on none, right where it does on as many as a wish asks for."""
    answers: list[ClaimStatus | None] = []
    for name in _DAYS:
        mine, theirs = fact_value(poi, told.fact, name), fact_value(other, told.fact, name)
        if mine is not None and theirs is not None:
            answers.append(_amounts(told, told.fact, mine, theirs))
    good = sum(answer in GOOD for answer in answers)
    if not good:
        return "contradicted" if answers and None not in answers else None
    return "inferable" if good * 7 >= len(answers) * rules.MEAL_DAYS_LEAST else None


_DAYS: Final = tuple(f"周{day}" for day in WEEKDAYS)


def _amounts(told: Told, fact: str, mine: float, theirs: float) -> ClaimStatus | None:
    if told.times is not None:
        return _multiple(told.times, mine, theirs)
    if told.direction == "differs" and told.value is not None and fact not in _IN_MINUTES:
        away = abs(mine - theirs) * (told.people or 1 if fact == "price" else 1)
        return _of_a_party(told, fact, away, difference_status(fact, told.value, away, scale=max(mine, theirs)))
    if told.direction == "differs":
        return "verified" if abs(mine - theirs) > _alike(told, fact, mine) else "contradicted"
    if told.direction == "same":
        away = abs(mine - theirs)
        if told.sign == "~" and _alike(told, fact, mine) < away <= _DOUBTFUL * _alike(told, fact, mine):
            return None  # 价钱几乎没差别, of 51 and 57 yuan
        return "verified" if away <= _alike(told, fact, mine) else "contradicted"
    if told.direction not in {"more", "less"}:
        return None
    if (mine <= theirs) if told.direction == "more" else (mine >= theirs):
        return "contradicted"
    if told.percent is not None:
        return share_status(told.percent, mine, theirs, more=told.direction == "more", times=False)
    if told.value is None:
        return "verified"
    away = abs(mine - theirs) * (told.people or 1 if fact == "price" else 1)  # 五个人省出100元
    if told.fact == "walk":
        away = away / rules.WALK_M_PER_MIN
        return "inferable" if abs(away - told.value.low) <= max(2.0, 0.4 * away) else "contradicted"
    if fact in _IN_MINUTES:
        hours = told.value.low < _HOURS_MOST and (told.value.low % 1 or _HOUR.search(fold(told.quote)))
        away = away / 60 if hours else away  # 晚一个半小时 as 1.5
        near = told.value.about and abs(away - told.value.low) <= (0.25 if hours else 15)
        return "inferable" if told.value.holds(away) or near else "contradicted"
    status = difference_status(fact, told.value, away, scale=max(mine, theirs))
    return _of_a_party(told, fact, away, status)


def _of_a_party(told: Told, fact: str, away: float, status: ClaimStatus) -> ClaimStatus:
    """A difference for a party of a price a head that is rounded to yuan."""
    rounded = fact == "price" and told.people and told.value and told.value.exact
    return "inferable" if rounded and told.value and abs(told.value.low - away) <= (told.people or 1) else status


_HOURS_MOST: Final = 12
_HOUR: Final = re.compile("小时|钟头")


_DOUBTFUL: Final = 2.0
"""Times what is surely nearly the same: further apart, nobody would call two values that."""


def _alike(told: Told, fact: str, truth: float) -> float:
    """How far two values that are called the same may lie apart; 差不多 rounds more."""
    if told.sign != "~":
        return {"rating": 1e-6, "price": 0.5}.get(fact, 10.0 if fact == "distance" else 1e-6)
    return {"rating": 0.1, "price": max(5.0, 0.1 * truth), "distance": max(50.0, 0.12 * truth)}.get(fact, 15.0)


def _multiple(stated: Quantity, mine: float, theirs: float) -> ClaimStatus:
    """约是福街的1.7倍, 价格只有一半: one value as a multiple of the other."""
    if theirs <= 0:
        return "unsupported"
    return "inferable" if is_multiple(stated, mine / theirs) else "contradicted"


def among_of(told: Told, ground: Ground) -> Sets | None:
    """The sets that an extreme or a count is taken of: the claim's own, else the listed, else all that the map showed."""
    if any(one.kind == "cuisine" for cond in told.where for one in (cond, *cond.where)):
        return Sets((ground.scene.evidence.pois,), fixed=False)  # 十家湘菜川菜里: of more than the wish's own
    if told.among:
        return sets_of(told.among, ground, told.apart)
    rows = [row for word in ("listed", "area") if (sets := sets_of((word,), ground, told.apart)) for row in sets.rows]
    return Sets(tuple(dict.fromkeys(rows)), fixed=False) if rows else None


@dataclass(frozen=True, slots=True)
class Split:
    """A set by some conditions: those that surely keep them, those whose value the map has not got, those that nobody can tell."""

    sure: Pois
    missing: Pois
    open: Pois

    @property
    def unknown(self) -> Pois:
        """All that may or may not keep them."""
        return self.missing + self.open


def split_by(told: Told, pois: Pois, ground: Ground) -> Split:
    """Whom of a set the conditions of a claim hold for."""
    sure: list[Poi] = []
    missing: list[Poi] = []
    open_: list[Poi] = []
    for poi in pois:
        answers = [(one, of_one(one, poi, ground)) for one in told.where]
        if any(status is None and one.kind == "vague" for one, status in answers):
            continue  # 便宜的只有某某: the others are not called so
        statuses = [status for _, status in answers if status is not None]
        if (told.labelled and "unsupported" in statuses) or "contradicted" in statuses:
            continue
        if told.labelled and any(status is None and one.kind in HOURS_KINDS for one, status in answers):
            continue  # 能确定开的只有某某: of the others it is not told
        doubtful = [one.kind in HOURS_KINDS for one, status in answers if status not in GOOD]
        if not doubtful:
            sure.append(poi)
        elif len(statuses) == len(answers) and not all(doubtful):
            missing.append(poi)  # whose price is not told is not among those of 100 to 200, whenever it opens
        else:
            open_.append(poi)
    return Split(tuple(sure), tuple(missing), tuple(open_))


def most(told: Told, ground: Ground) -> Ruling | None:
    """The most or least of a set, or the n-th of it, with its value where that is told."""
    own = sets_of(told.of, ground) if told.of or ground.item is not None or ground.named else None
    among = among_of(told, ground)
    fact = "distance" if told.fact == "walk" else told.fact
    if among is None or fact not in _COMPARED or told.end not in {"most", "least"}:
        return None
    first: Ruling | None = None
    for row in among.rows:
        pois = (own.rows[0] if own is not None else ()) or _leaders(row, fact, told)
        members = (
            row
            if told.among and among.fixed and all(poi in row for poi in pois)
            else tuple(dict.fromkeys((*row, *pois)))
        )
        if told.where:
            split = split_by(told, members, ground)
            if split.open or (split.missing and (among.fixed or row == ground.scene.listed)):
                continue  # of more than the list, those whose value is known are meant
            members = split.sure
            pois = pois if own is not None else _leaders(members, fact, told)
        strict = among.fixed or row == ground.scene.listed  # of more than the list, those with a value are meant
        least = 1 if told.where else 2  # an extreme of two, or of those that keep a condition
        if not pois or not set(pois) <= set(members) or len(members) < least:
            continue
        if fact in _CLOCKS and not days_of(told) and any(_varies(poi, fact) for poi in members):
            held = all(_is_edge(told, poi, members, fact) for poi in pois) and _value_held(told, pois, fact)
            if not held:
                continue
            return Ruling("superlative", pois[0].poi_id, None, "inferable", pois, frozenset({len(members), len(row)}))
        status = worst(_extreme(told, poi, members, fact) for poi in pois)
        if (
            status in GOOD
            and not told.labelled
            and not _at_the_end(told, pois)
            and strict
            and _missing(members, fact, told, ground)
        ):
            status = (
                "unsupported"  # 已知 and 标价的 leave those without a value out, and so does a gap that the text tells
            )
        if status in GOOD and not _value_held(told, pois, fact):
            status = "contradicted"
        truth = "，".join(f"{poi.name}{show(poi, fact) or '没有数据'}" for poi in members[:4])
        ruling = Ruling("superlative", pois[0].poi_id, truth, status, pois, frozenset({len(members), len(row)}))
        if status in GOOD:
            return ruling
        first = first or ruling
    sure = among.fixed or (bool(told.among) and first is not None and first.status == "contradicted")
    return first if sure else None


def _varies(poi: Poi, fact: str) -> bool:
    """Whether a shop opens or closes at other times on other days."""
    return hours_of(poi).week_known and fact_value(poi, fact) is None


def _edge_of(poi: Poi, fact: str, *, latest: bool) -> float | None:
    """A shop's latest or earliest opening or closing of any day."""
    days = [day for day in hours_of(poi).possible() if day]
    edges = [float(day[0][0] if fact == "open" else day[-1][1]) for day in days]
    return (max if latest else min)(edges, default=None)


def _is_edge(told: Told, poi: Poi, members: Pois, fact: str) -> bool:
    """是四家里关门最晚的, of days that differ: nobody's latest day is later."""
    latest = told.end == "most"
    own = _edge_of(poi, fact, latest=latest)
    others = [edge for one in members if one != poi and (edge := _edge_of(one, fact, latest=latest)) is not None]
    return own is not None and told.rank == 1 and all(own >= other if latest else own <= other for other in others)


def _at_the_end(told: Told, pois: Pois) -> bool:
    """Whether nothing can be above: a rating of 5."""
    return told.fact == "rating" and told.end == "most" and all((poi.rating or 0) >= _HIGHEST for poi in pois)


_HIGHEST: Final = 5.0


def _missing(members: Pois, fact: str, told: Told, ground: Ground) -> bool:
    """Whether a value of a set is missing that the text has not called missing."""
    return any(fact_value(poi, fact, days_of(told)) is None and poi.poi_id not in ground.gaps for poi in members)


def _leaders(row: Pois, fact: str, told: Told) -> Pois:
    """Whom an extreme without a name speaks of: 最高的人均151元."""
    numbers = sorted(
        {number for poi in row if (number := fact_value(poi, fact, days_of(told))) is not None},
        reverse=told.end == "most",
    )
    if len(numbers) < told.rank:
        return ()
    return tuple(poi for poi in row if fact_value(poi, fact, days_of(told)) == numbers[told.rank - 1])


def _extreme(told: Told, poi: Poi, members: Pois, fact: str) -> ClaimStatus:
    highest = told.end == "most"
    own = fact_value(poi, fact, days_of(told))
    if own is None:
        return "unsupported"
    before = sum(
        1
        for one in members
        if (number := fact_value(one, fact, days_of(told))) is not None and (number > own if highest else number < own)
    )
    return "verified" if before == told.rank - 1 else "contradicted"


def _value_held(told: Told, pois: Pois, fact: str) -> bool:
    """Whether the value that stands with an extreme is that one's: 最高的人均151元, 最晚的开到24:00."""
    if fact in _CLOCKS:
        return not told.minutes or all(
            round(fact_value(poi, fact, days_of(told)) or 0) % DAY_MIN in told.minutes for poi in pois
        )
    if told.value is None:
        return True
    return all(amount_status(fact, told.value, value(poi, fact)) in GOOD for poi in pois)


def order(told: Told, ground: Ground) -> Ruling | None:
    """The order of the list, or of the names in the claim."""
    sets = sets_of(told.of or ("listed",), ground)
    if sets is None or told.fact not in _COMPARED or told.direction not in {"asc", "desc"}:
        return None
    pois = sets.rows[0]
    numbers = [value(poi, told.fact) for poi in pois]
    held = [number for number in numbers if number is not None]
    truth = "，".join(show(poi, told.fact) or "没有数据" for poi in pois)
    if len(held) < 2:
        return None
    good = held == sorted(held, reverse=told.direction == "desc")
    return Ruling(
        "order",
        None,
        truth,
        "contradicted" if not good else "verified" if len(held) == len(numbers) else "unsupported",
        pois,
    )
