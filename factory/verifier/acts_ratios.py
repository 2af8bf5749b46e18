"""Acts of ratios between two restaurants: 人均是第三家的1.6倍, 路程不到某某的一半."""

from __future__ import annotations

from dataclasses import replace

from factory.records import ClaimStatus
from factory.verifier.acts_sets import restaurants_or_other
from factory.verifier.deciding import show, value
from factory.verifier.numbers import Quantity
from factory.verifier.scene import Said, State, UnreadError, field_of


def ratio(said: Said, state: State) -> None:
    """人均是第三家的1.6倍."""
    named = field_of((*said.all("f"), *said.all("f2")))
    others = restaurants_or_other(said.all("r"), state)
    poi = state.one()
    if len(others) != 1 or poi in others:
        raise UnreadError
    fields = [named] if named else [one for one in (state.field, "price", "distance") if one]
    statuses = [_times(said, value(poi, one), value(others[0], one)) for one in fields]
    held = next((place for place, status in enumerate(statuses) if status == "inferable"), 0)
    if named is None and statuses[held] != "inferable":
        raise UnreadError  # 差不多是某某的两倍: of what, it does not say
    name, status = fields[held], statuses[held]
    truth = f"{show(poi, name) or '没有数据'}，{others[0].name}{show(others[0], name) or '没有数据'}"
    state.say("comparison", said.text, [(poi, status, truth)])
    state.field = name


def _times(said: Said, own: float | None, other: float | None) -> ClaimStatus:
    token = said.all("a")[0]
    if own is None or not other:
        return "unsupported"
    stated: Quantity = token.value
    high = stated.low + 0.99 if "多" in token.text or said.of("MANY") else stated.high
    slack = 0.1 * max(1.0, stated.low) if stated.about or said.of("ABOUT") else 0.05 * min(1.0, stated.low)
    if said.has("u"):  # 不到某某的四分之一
        high, stated = stated.low, replace(stated, low=0.5 * stated.low)
    return "inferable" if stated.low - slack <= own / other <= high + slack else "contradicted"
