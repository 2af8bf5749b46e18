"""Shops whose hours differ by day, compared with each other: who opens earlier, closes later, by how much. What holds on most days holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from factory.records import ClaimStatus, Poi
from factory.verifier.days import weekdays
from factory.verifier.hours import Day, closes, hours_of, opens
from factory.verifier.lexer import ROLES
from factory.verifier.scene import Said, State, UnreadError

Related = Callable[[float, float], ClaimStatus]


def compared_by_days(said: Said, state: State, both: tuple[Poi, Poi], name: str, related: Related) -> ClaimStatus:
    """晚一个小时, of shops whose hours differ by day: on the days that are meant, or on most. Raises UnreadError."""
    words = [token.text for token in said.tokens if "DAY" in ROLES[token.char]] or list(state.days)
    meant = {day for word in words for day in weekdays(word)}
    edge = closes if name == "close" else opens
    held: list[bool] = []
    for place, (mine, theirs) in enumerate(zip(*map(_week, both), strict=True)):
        if mine and theirs and (not meant or place in meant):
            own, beside = edge(mine), edge(theirs)
            held.append(related(float(own or 0), float(beside or 0)) in {"verified", "inferable"})
    if not held or not (all(held) if meant else 2 * sum(held) > len(held)):
        raise UnreadError
    return "inferable"


def extreme_by_days(poi: Poi, among: Sequence[Poi], name: str, *, highest: bool) -> bool:
    """收得最晚, of shops whose hours differ by day: the latest on most days, among those whose hours are known."""
    edge = closes if name == "close" else opens
    held: list[bool] = []
    for day in range(7):
        rows = {one: edge(week[day] or ()) for one in among if (week := _week(one))[day]}
        numbers = [number for number in rows.values() if number is not None]
        own = rows.get(poi)
        if own is not None and len(numbers) > 1:
            held.append(own == (max if highest else min)(numbers))
    return bool(held) and 2 * sum(held) > len(held)


def _week(poi: Poi) -> list[Day | None]:
    """A week's hours; where the map tells today's alone, these on each day."""
    hours = hours_of(poi)
    return [day if day is not None else hours.today for day in hours.days]
