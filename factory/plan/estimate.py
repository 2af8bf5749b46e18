"""What a run will take before anything is paid: orders, calls, tokens, money, time under the limits, and what binds.

Pure. ``DRY=1`` prints it, and a run with a real teacher prints it first. The averages are fits to sandbox runs at
K=5 and K=10 (docs/experiments.md, 2026-11-24); tokens are the sandbox's character-based estimate.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from factory.plan.orders import Plan

ACCEPTED_PER_SLOT = 0.99
LLM_CALLS_PER_ORDER = 3.24
LLM_CALLS_PER_WISH = 0.098
INPUT_TOKENS_PER_ORDER = 3_324
INPUT_TOKENS_PER_WISH = 965
OUTPUT_TOKENS_PER_ORDER = 95
OUTPUT_TOKENS_PER_WISH = 363
PAGES_PER_SEARCH = 1.5
CALL_S = 6.0
"""Seconds that a call of a large hosted model takes; only the latency-bound time rests on it."""


@dataclass(frozen=True, slots=True)
class Rates:
    """The limits in force: None means that none is known."""

    teacher_rpm: int | None
    teacher_tpm: int | None
    map_qps: float | None
    map_month: int | None
    map_month_used: int
    """searches of the month that are gone already"""
    agents: int
    price_in: float | None
    price_out: float | None


@dataclass(frozen=True, slots=True)
class MeasuredOrders:
    """What orders of the same teacher and size took before: repairs and the second reader are in it."""

    orders: int
    accepted_per_slot: float
    calls_per_order: float
    input_per_order: float
    output_per_order: float
    call_s: float | None


def averages(k: int) -> MeasuredOrders:
    """What an order of ``k`` wishes takes where nothing was measured."""
    return MeasuredOrders(
        orders=0,
        accepted_per_slot=ACCEPTED_PER_SLOT,
        calls_per_order=LLM_CALLS_PER_ORDER + k * LLM_CALLS_PER_WISH,
        input_per_order=INPUT_TOKENS_PER_ORDER + k * INPUT_TOKENS_PER_WISH,
        output_per_order=OUTPUT_TOKENS_PER_ORDER + k * OUTPUT_TOKENS_PER_WISH,
        call_s=CALL_S,
    )


@dataclass(frozen=True, slots=True)
class RunEstimate:
    """Totals for the slots still to open; money in CNY (None: price unknown), time in seconds."""

    samples: int
    slots: int
    orders: int
    llm_calls: int
    input_tokens: int
    output_tokens: int
    map_searches: int
    cost_cny: float | None
    time_s: dict[str, float]
    capacity: int
    situations: int | None = None
    """(place, cuisine, need) that the map is known to answer; None where it is not known beforehand"""
    measured: MeasuredOrders | None = None
    """the orders on which the estimate rests; None: on averages of the sandbox"""

    @property
    def binds(self) -> str:
        """The limit that takes longest."""
        return max(self.time_s, key=lambda name: self.time_s[name])


def estimate(
    plan: Plan,
    wanted: int,
    first_order: int,
    rates: Rates,
    *,
    took: MeasuredOrders | None = None,
    call_s: float | None = None,
) -> RunEstimate:
    """``wanted`` further accepted samples from order ``first_order`` on; ``took``: what such orders took before."""
    took = took or averages(plan.k)
    orders = math.ceil(wanted / took.accepted_per_slot / plan.k)
    slots = min(orders * plan.k, plan.capacity - first_order * plan.k)
    share = slots / plan.k
    orders = math.ceil(share)
    calls = round(share * took.calls_per_order)
    tokens_in, tokens_out = round(share * took.input_per_order), round(share * took.output_per_order)
    call_s = call_s or took.call_s or CALL_S
    searches = round(_searches(plan, first_order, orders) * PAGES_PER_SEARCH)
    time_s = {"latency": calls * call_s / max(1, min(rates.agents, orders))}
    if rates.teacher_rpm:
        time_s["teacher requests"] = calls / rates.teacher_rpm * 60
    if rates.teacher_tpm:
        time_s["teacher tokens"] = (tokens_in + tokens_out) / rates.teacher_tpm * 60
    if rates.map_qps:
        time_s["map requests a second"] = searches / rates.map_qps
    cost = None
    if rates.price_in is not None and rates.price_out is not None:
        cost = (tokens_in * rates.price_in + tokens_out * rates.price_out) / 1e6
    return RunEstimate(
        wanted,
        slots,
        orders,
        calls,
        tokens_in,
        tokens_out,
        searches,
        cost,
        time_s,
        plan.capacity,
        plan.situations if plan.here else None,
        took if took.orders else None,
    )


def _searches(plan: Plan, first_order: int, orders: int) -> int:
    """Distinct (place, cuisine) that the orders ask for: the rest is answered from what is kept."""
    asked: set[tuple[str, str]] = set()
    for index in range(first_order, first_order + orders):
        order = plan.order(index)
        asked.update((order.place.place_id, wish.cuisine) for wish in order.wishes)
    return len(asked)


def lines(expected: RunEstimate, rates: Rates) -> list[str]:
    """The estimate as people read it."""
    cost = (
        "unknown (give PRICE_IN and PRICE_OUT)" if expected.cost_cny is None else f"about {expected.cost_cny:.2f} CNY"
    )
    month = ""
    if rates.map_month and expected.map_searches > rates.map_month - rates.map_month_used:
        used = f", {rates.map_month_used} of it used" if rates.map_month_used else ""
        month = f" (the month's quota is {rates.map_month}{used}: it will not do this month)"
    return [
        f"further samples {expected.samples}, candidate slots {expected.slots}, orders {expected.orders}"
        + (
            f", at the rates of {expected.measured.orders} orders of this teacher in this DATA"
            if expected.measured
            else ""
        ),
        f"LLM calls {expected.llm_calls}, tokens {expected.input_tokens:,} in and {expected.output_tokens:,} out, cost {cost}",
        f"map searches about {expected.map_searches}{month}",
        "time: "
        + ", ".join(f"{name} {seconds:.0f} s" for name, seconds in expected.time_s.items())
        + f"; {expected.binds} binds",
        _room(expected) + _shortage(expected),
    ]


def _room(expected: RunEstimate) -> str:
    if expected.situations is None:
        return f"the plan can give {expected.capacity:,} distinct candidates in all"
    often = expected.slots / max(1, expected.situations)
    return (
        f"the map answers {expected.situations:,} situations (place, cuisine, need), so that each is asked about "
        f"{often:.1f} times, for other company, meals and tastes"
    )


def _shortage(expected: RunEstimate) -> str:
    """Said before anything is paid, when the plan will be exhausted before N."""
    likely = math.floor(
        expected.slots * (expected.measured.accepted_per_slot if expected.measured else ACCEPTED_PER_SLOT)
    )
    if likely >= expected.samples:
        return ""
    return f": that is about {likely:,} further samples, too few; give more PLACES, another SEED, or a smaller N"
