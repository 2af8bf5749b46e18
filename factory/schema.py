"""Arrow schemas of every shard, and pure functions from records to tables.

Shards are the truth of ``DATA``; the warehouse can be rebuilt from them. ``SCHEMA_VERSION`` stands in each commit, and
readers cast older files up. 128-bit hashes are 16 bytes, since DuckDB writes HUGEINT to Parquet as DOUBLE.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from factory.neardup import Fingerprint, normalise
from factory.records import (
    CallRecord,
    Candidate,
    Message,
    OrderOutcome,
    Poi,
    Recommendation,
    Split,
    Verification,
    Wish,
)

SCHEMA_VERSION = 1
STUDENT_SYSTEM = "你是一个美食推荐专家，请根据用户的问题给出回答。"
"""The system line of the original recipe's training data."""

_TIME = pa.timestamp("us")
"""UTC without a zone mark: DuckDB's Python client would ask for a further package to show zones."""
RECOMMENDATION = pa.struct(
    [
        ("poi_id", pa.string()),
        ("name", pa.string()),
        ("address", pa.string()),
        ("rating", pa.float64()),
        ("cost_cny", pa.float64()),
        ("distance_m", pa.int32()),
        ("reason", pa.string()),
    ]
)
CLAIM = pa.struct(
    [
        ("poi_id", pa.string()),
        ("kind", pa.string()),
        ("stated", pa.string()),
        ("truth", pa.string()),
        ("status", pa.string()),
    ]
)
POI = pa.struct(
    [
        ("poi_id", pa.string()),
        ("name", pa.string()),
        ("address", pa.string()),
        ("lng", pa.float64()),
        ("lat", pa.float64()),
        ("type", pa.string()),
        ("cuisine", pa.string()),
        ("rating", pa.float64()),
        ("cost_cny", pa.float64()),
        ("distance_m", pa.int32()),
        ("open_hours", pa.string()),
        ("tel", pa.string()),
        ("specialities", pa.list_(pa.string())),
        ("tags", pa.map_(pa.string(), pa.string())),
    ]
)
TOOL_CALL = pa.struct([("id", pa.string()), ("name", pa.string()), ("arguments", pa.string())])
MESSAGE = pa.struct(
    [
        ("role", pa.string()),
        ("content", pa.string()),
        ("tool_calls", pa.list_(TOOL_CALL)),
        ("tool_call_id", pa.string()),
        ("name", pa.string()),
    ]
)
SEARCH = pa.struct(
    [
        ("cuisine", pa.string()),
        ("radius_m", pa.int32()),
        ("pages", pa.int32()),
        ("exhausted", pa.bool_()),
        ("covered_m", pa.int32()),
    ]
)
PLAIN_MESSAGE = pa.struct([("role", pa.string()), ("content", pa.string())])

SAMPLES = pa.schema(
    [
        ("sample_id", pa.string()),
        ("run_id", pa.string()),
        ("order_id", pa.string()),
        ("instruction", pa.string()),
        ("question", pa.string()),
        ("answer", pa.string()),
        ("place_id", pa.string()),
        ("cuisine", pa.string()),
        ("taste", pa.string()),
        ("budget_min_cny", pa.int32()),
        ("budget_max_cny", pa.int32()),
        ("radius_m", pa.int32()),
        ("party_size", pa.int32()),
        ("occasion", pa.string()),
        ("diet", pa.string()),
        ("meal_time", pa.string()),
        ("needs", pa.list_(pa.string())),
        ("style", pa.string()),
        ("feasible", pa.bool_()),
        ("recommendations", pa.list_(RECOMMENDATION)),
        ("claims", pa.list_(CLAIM)),
        ("split", pa.string()),
        ("text_hash", pa.binary(16)),
        ("bands", pa.list_(pa.uint64())),
        ("normal_question", pa.string()),
        ("normal_answer", pa.string()),
        ("created_at", _TIME),
    ]
)
REJECTS = pa.schema(
    [
        ("run_id", pa.string()),
        ("order_id", pa.string()),
        ("candidate_id", pa.string()),
        ("stage", pa.string()),
        ("reason", pa.string()),
        ("detail", pa.string()),
        ("question", pa.string()),
        ("answer", pa.string()),
        ("messages", pa.list_(PLAIN_MESSAGE)),
        ("place_id", pa.string()),
        ("split", pa.string()),
        ("created_at", _TIME),
    ]
)
ORDERS = pa.schema(
    [
        ("order_id", pa.string()),
        ("run_id", pa.string()),
        ("order_index", pa.int64()),
        ("place_id", pa.string()),
        ("place", pa.string()),
        ("city", pa.string()),
        ("adcode", pa.string()),
        ("lng", pa.float64()),
        ("lat", pa.float64()),
        ("datum", pa.string()),
        ("slots", pa.int32()),
        ("state", pa.string()),
        ("failure", pa.string()),
        ("evidence", pa.list_(POI)),
        ("searches", pa.list_(SEARCH)),
        ("facts", pa.list_(pa.string())),
        ("trajectory", pa.list_(MESSAGE)),
        ("evidence_hash", pa.string()),
        ("fetched_at", _TIME),
        ("map_provider", pa.string()),
        ("licence", pa.string()),
        ("attribution", pa.string()),
        ("teacher", pa.string()),
        ("prompt_version", pa.string()),
        ("pages", pa.int32()),
        ("truncated", pa.bool_()),
        ("input_tokens", pa.int64()),
        ("output_tokens", pa.int64()),
        ("cost_cny", pa.float64()),
        ("created_at", _TIME),
    ]
)
CALLS = pa.schema(
    [
        ("key", pa.string()),
        ("run_id", pa.string()),
        ("order_id", pa.string()),
        ("step", pa.int32()),
        ("purpose", pa.string()),
        ("model", pa.string()),
        ("status", pa.string()),
        ("replayed", pa.bool_()),
        ("input_tokens", pa.int64()),
        ("output_tokens", pa.int64()),
        ("cost_cny", pa.float64()),
        ("refusals", pa.int32()),
        ("latency_s", pa.float64()),
        ("started_at", _TIME),
    ]
)
COMPLETIONS = pa.schema(
    [
        ("completion_id", pa.string()),
        ("sample_id", pa.string()),
        ("run_id", pa.string()),
        ("split", pa.string()),
        ("mode", pa.string()),
        ("arm", pa.string()),
        ("model", pa.string()),
        ("checkpoint", pa.string()),
        ("question", pa.string()),
        ("answer", pa.string()),
        ("messages", pa.list_(PLAIN_MESSAGE)),
        ("finish_reason", pa.string()),
        ("evidence_hash", pa.string()),
        ("created_at", _TIME),
    ]
)
MEASURES = pa.schema(
    [("completion_id", pa.string()), ("kind", pa.string()), ("value", pa.float64()), ("detail", pa.string())]
)
VERDICTS = pa.schema(
    [
        ("item_id", pa.string()),
        ("item_kind", pa.string()),
        ("run_id", pa.string()),
        ("arm", pa.string()),
        ("design", pa.string()),
        ("rubric", pa.string()),
        ("replicate", pa.int32()),
        ("judge", pa.string()),
        ("scores", pa.map_(pa.string(), pa.float64())),
        ("total", pa.float64()),
        ("status", pa.string()),
        ("reason", pa.string()),
        ("evidence_hash", pa.string()),
        ("input_tokens", pa.int64()),
        ("output_tokens", pa.int64()),
        ("cost_cny", pa.float64()),
        ("request_id", pa.string()),
        ("created_at", _TIME),
    ]
)
SHARDS: dict[str, pa.Schema] = {
    "samples": SAMPLES,
    "rejects": REJECTS,
    "orders": ORDERS,
    "calls": CALLS,
    "completions": COMPLETIONS,
    "measures": MEASURES,
    "verdicts": VERDICTS,
}


def table(kind: str, rows: Sequence[dict[str, Any]]) -> pa.Table:
    """Rows of one kind as a table with that kind's schema."""
    return pa.Table.from_pylist(list(rows), schema=SHARDS[kind])


def sample_row(
    outcome: OrderOutcome, candidate: Candidate, verification: Verification, fingerprint: Fingerprint, now: datetime
) -> dict[str, Any]:
    """One verified candidate; whether it is admitted is the commit's word."""
    order, index = outcome.order, candidate.wish_index
    return {
        "sample_id": candidate.candidate_id,
        "run_id": order.run_id,
        "order_id": order.order_id,
        "instruction": candidate.instruction,
        "question": candidate.question,
        "answer": candidate.answer,
        "place_id": order.place.place_id,
        **_wish_columns(order.wishes[index]),
        "feasible": candidate.feasible,
        "recommendations": [_recommendation(one) for one in verification.recommendations],
        "claims": [
            {"poi_id": one.poi_id, "kind": one.kind, "stated": one.stated, "truth": one.truth, "status": one.status}
            for one in verification.claims
        ],
        "split": order.splits[index],
        "text_hash": fingerprint.text_hash,
        "bands": list(fingerprint.bands),
        # Normalised texts, so that DuckDB's audit sees the very characters that admission compared.
        "normal_question": normalise(candidate.question),
        "normal_answer": normalise(candidate.answer),
        "created_at": now,
    }


def reject_row(
    outcome: OrderOutcome, index: int, stage: str, reason: str, detail: str, candidate: Candidate | None, now: datetime
) -> dict[str, Any]:
    """One candidate slot that gave no sample; ``candidate`` is None where none was written."""
    order = outcome.order
    split: Split = order.splits[index]
    return {
        "run_id": order.run_id,
        "order_id": order.order_id,
        "candidate_id": f"{order.order_id}-{index}",
        "stage": stage,
        "reason": reason,
        "detail": detail,
        "question": candidate.question if candidate else None,
        "answer": candidate.answer if candidate else None,
        "messages": _chat(candidate.question, candidate.answer) if candidate else None,
        "place_id": order.place.place_id,
        "split": split,
        "created_at": now,
    }


def order_row(outcome: OrderOutcome, teacher: str, prompt_version: str, now: datetime) -> dict[str, Any]:
    """An order with its evidence and trajectory, once."""
    order, evidence = outcome.order, outcome.evidence
    costs = [call.cost_cny for call in outcome.calls]
    return {
        "order_id": order.order_id,
        "run_id": order.run_id,
        "order_index": order.index,
        "place_id": order.place.place_id,
        "place": order.place.name,
        "city": order.place.city,
        "adcode": order.place.adcode,
        "lng": order.place.lng,
        "lat": order.place.lat,
        "datum": order.place.datum,
        "slots": len(order.wishes),
        "state": outcome.state,
        "failure": outcome.failure[1] if outcome.failure else None,
        "evidence": [_poi(one) for one in evidence.pois] if evidence else [],
        "searches": [
            {
                "cuisine": one.cuisine,
                "radius_m": one.radius_m,
                "pages": one.pages,
                "exhausted": one.exhausted,
                "covered_m": one.covered_m,
            }
            for one in (evidence.searches if evidence else ())
        ],
        "facts": sorted(evidence.facts) if evidence else [],
        "trajectory": [_message(one) for one in outcome.trajectory],
        "evidence_hash": evidence.evidence_hash if evidence else None,
        "fetched_at": evidence.fetched_at if evidence else None,
        "map_provider": evidence.provider if evidence else None,
        "licence": evidence.licence if evidence else None,
        "attribution": evidence.attribution if evidence else None,
        "teacher": teacher,
        "prompt_version": prompt_version,
        "pages": outcome.pages,
        "truncated": outcome.truncated,
        "input_tokens": sum(call.input_tokens or 0 for call in outcome.calls),
        "output_tokens": sum(call.output_tokens or 0 for call in outcome.calls),
        # One unknown price makes the order's cost unknown, not smaller.
        "cost_cny": None if None in costs else sum(cost for cost in costs if cost is not None),
        "created_at": now,
    }


def call_row(run_id: str, call: CallRecord) -> dict[str, Any]:
    """One LLM call."""
    return {"run_id": run_id} | {name: getattr(call, name) for name in CallRecord.__slots__}


def _wish_columns(wish: Wish) -> dict[str, Any]:
    names = (
        "cuisine",
        "taste",
        "budget_min_cny",
        "budget_max_cny",
        "radius_m",
        "party_size",
        "occasion",
        "diet",
        "meal_time",
        "style",
    )
    return {name: getattr(wish, name) for name in names} | {"needs": list(wish.needs)}


def _recommendation(one: Recommendation) -> dict[str, Any]:
    return {name: getattr(one, name) for name in Recommendation.__slots__}


def _poi(one: Poi) -> dict[str, Any]:
    row = {name: getattr(one, name) for name in Poi.__slots__ if name != "typecode"}
    return row | {"specialities": list(one.specialities), "tags": list(one.tags)}


def _message(one: Message) -> dict[str, Any]:
    return {
        "role": one.role,
        "content": one.content,
        "tool_calls": [{"id": call.id, "name": call.name, "arguments": call.arguments} for call in one.tool_calls],
        "tool_call_id": one.tool_call_id,
        "name": one.name,
    }


def _chat(question: str, answer: str) -> list[dict[str, str]]:
    return [
        {"role": "system", "content": STUDENT_SYSTEM},
        {"role": "user", "content": question},
        {"role": "assistant", "content": answer},
    ]


def now_utc() -> datetime:
    """The clock of rows."""
    return datetime.now(UTC)
