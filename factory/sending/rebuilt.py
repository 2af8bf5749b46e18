"""What a run's calls cost, by its shards: for a DATA whose ``calls.sqlite`` is gone, so that the cap does not start at nothing.

Only the money comes back; the answers are asked for again where an order is not committed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

_CALLS = ("key", "order_id", "step", "purpose", "model", "cost_cny", "input_tokens", "output_tokens", "refusals", "latency_s")
Row = tuple[Any, ...]


def rows_of(data: Path, run_id: str) -> list[Row]:
    """(key, attempt, run, order, step, purpose, model, cost, tokens in, tokens out, refusals, latency, when) of every call."""
    home, now = data / "shards" / run_id, datetime.now(UTC).isoformat()
    found = {row[0]: row for row in _of_calls(home, run_id, now)}
    return [*found.values(), *_of_verdicts(home, run_id, now)]


def _of_calls(home: Path, run_id: str, now: str) -> Iterator[Row]:
    for row in _read(home / "calls", _CALLS):
        key, order, step, purpose, model, cost, tokens_in, tokens_out, refusals, latency = (row.get(name) for name in _CALLS)
        yield key, 0, run_id, order or "", step or 0, purpose or "", model or "", cost, tokens_in, tokens_out, refusals or 0, latency, now


def _of_verdicts(home: Path, run_id: str, now: str) -> Iterator[Row]:
    names = ("item_id", "judge", "design", "replicate", "cost_cny", "input_tokens", "output_tokens")
    for number, row in enumerate(_read(home / "verdicts", names)):
        if row.get("cost_cny") is not None:  # it stands on the first rubric of a question
            key = f"verdict {number} {row['item_id']}"
            tokens = (row.get("input_tokens"), row.get("output_tokens"))
            yield key, 0, run_id, row["item_id"], 0, row.get("design") or "", row["judge"], row["cost_cny"], *tokens, 0, None, now


def _read(folder: Path, names: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.glob("*.parquet")):
        try:
            held = pq.read_schema(path).names
            yield from pq.read_table(path, columns=[name for name in names if name in held]).to_pylist()
        except (pa.ArrowException, OSError):  # a damaged shard is the warehouse's to tell
            continue
