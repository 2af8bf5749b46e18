"""What orders of a teacher took so far in this DATA, for the estimate of the next ones: from the views to plan/estimate.py."""

from __future__ import annotations

from pathlib import Path

import duckdb

from factory.plan.estimate import MeasuredOrders

LEAST_ORDERS = 20
"""Orders that are too few to speak for others."""
_TOOK = """
with mine as (select run_id from runs where teacher = $teacher),
slots as (select sum(planned) as planned, sum(accepted + surplus) as through from ledger where run_id in (from mine)),
asked as (
  select count(distinct order_id) as orders, count(*) as calls, sum(input_tokens) as tokens_in, sum(output_tokens) as tokens_out,
    avg(latency_s) as call_s
  from calls where run_id in (from mine) and not replayed
)
select orders, planned, through, calls, tokens_in, tokens_out, call_s from slots, asked
"""


def measured(data: Path, teacher: str, k: int) -> MeasuredOrders | None:
    """Rates of this teacher at ``k`` wishes an order; None where too little ran, or the file cannot be read."""
    path = data / "warehouse.duckdb"
    if not path.exists():
        return None
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            row = connection.execute(_TOOK, {"teacher": teacher}).fetchone()
    except duckdb.Error:
        return None  # an older file without these views: the estimate then rests on the averages
    if row is None or (row[0] or 0) < LEAST_ORDERS or not row[1] or not row[2] or row[4] is None or row[5] is None:
        return None
    orders, planned, through, calls, tokens_in, tokens_out, call_s = row
    if round(planned / orders) != k:
        return None
    return MeasuredOrders(
        orders=int(orders),
        accepted_per_slot=float(through / planned),
        calls_per_order=float(calls / orders),
        input_per_order=float(tokens_in / orders),
        output_per_order=float(tokens_out / orders),
        call_s=call_s,
    )
