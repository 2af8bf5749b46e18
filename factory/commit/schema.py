"""Arrow schemas of every shard; rows.py makes the rows.

Shards are the truth of ``DATA``; the warehouse can be rebuilt from them. ``SCHEMA_VERSION`` stands in each commit, and
readers cast older files up. 128-bit hashes are 16 bytes, since DuckDB writes HUGEINT to Parquet as DOUBLE.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

SCHEMA_VERSION = 3
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
CLAUSE = pa.struct([("part", pa.string()), ("scope", pa.string()), ("text", pa.string()), ("account", pa.string())])
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
        ("open_week", pa.string()),
        ("status", pa.string()),
        ("cuisine_source", pa.string()),
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
        ("clauses", pa.list_(CLAUSE)),
        ("cut", pa.list_(pa.string())),
        ("unread_share", pa.float64()),
        ("split", pa.string()),
        ("text_hash", pa.binary(16)),
        ("grams", pa.list_(pa.uint32())),
        ("near_bands", pa.list_(pa.uint32())),
        ("gram_bits", pa.binary(128)),
        ("fingerprint_version", pa.int32()),
        ("verifier", pa.string()),
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
        ("twin", pa.string()),
        ("text_hash", pa.binary(16)),
        ("grams", pa.list_(pa.uint32())),
        ("fingerprint_version", pa.int32()),
        ("verifier", pa.string()),
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
        ("prompt_hash", pa.string()),
        ("vocabulary_hash", pa.string()),
        ("request_hash", pa.string()),
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
FINDING = pa.struct(
    [("outcome", pa.string()), ("reason", pa.string()), ("clause", pa.string()), ("detail", pa.string())]
)
ATTEMPTS = pa.schema(
    [
        ("run_id", pa.string()),
        ("order_id", pa.string()),
        ("candidate_id", pa.string()),
        ("attempt", pa.int32()),
        ("question", pa.string()),
        ("answer", pa.string()),
        ("accepted", pa.bool_()),
        ("findings", pa.list_(FINDING)),
        ("cut", pa.list_(pa.string())),
        ("created_at", _TIME),
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
        ("sample_id", pa.string()),
        ("rationale", pa.string()),
        ("rubric_hash", pa.string()),
    ]
)
PAIRS = pa.schema(
    [
        ("left_id", pa.string()),
        ("right_id", pa.string()),
        ("left_arm", pa.string()),
        ("right_arm", pa.string()),
        ("sample_id", pa.string()),
        ("run_id", pa.string()),
        ("first_shown", pa.string()),
        ("rubric", pa.string()),
        ("replicate", pa.int32()),
        ("judge", pa.string()),
        ("outcome", pa.string()),
        ("status", pa.string()),
        ("reason", pa.string()),
        ("rationale", pa.string()),
        ("left_chars", pa.int32()),
        ("right_chars", pa.int32()),
        ("rubric_hash", pa.string()),
        ("evidence_hash", pa.string()),
        ("input_tokens", pa.int64()),
        ("output_tokens", pa.int64()),
        ("cost_cny", pa.float64()),
        ("request_id", pa.string()),
        ("created_at", _TIME),
    ]
)
RUBRICS = pa.schema(
    [
        ("judge", pa.string()),
        ("prompt", pa.string()),
        ("rubric_hash", pa.string()),
        ("name", pa.string()),
        ("language", pa.string()),
        ("low", pa.int32()),
        ("high", pa.int32()),
        ("dimensions", pa.list_(pa.string())),
        ("text", pa.string()),
        ("created_at", _TIME),
    ]
)
SHARDS: dict[str, pa.Schema] = {
    "samples": SAMPLES,
    "rejects": REJECTS,
    "orders": ORDERS,
    "calls": CALLS,
    "attempts": ATTEMPTS,
    "completions": COMPLETIONS,
    "measures": MEASURES,
    "verdicts": VERDICTS,
    "pairs": PAIRS,
    "rubrics": RUBRICS,
}


def table(kind: str, rows: Sequence[dict[str, Any]]) -> pa.Table:
    """Rows of one kind as a table with that kind's schema."""
    return pa.Table.from_pylist(list(rows), schema=SHARDS[kind])
