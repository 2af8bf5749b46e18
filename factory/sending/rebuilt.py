"""What a run's calls cost, by its shards: for a DATA whose ``calls.sqlite`` is gone, so that the cap does not start at nothing.

Only the money comes back; the answers are asked for again where an order is not committed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from factory.commit.store import Store, open_store

_CALLS = (
    *("key", "order_id", "step", "purpose", "model", "cost_cny", "input_tokens", "output_tokens"),
    *("refusals", "latency_s"),
)
_VERDICTS = ("item_id", "design", "replicate", "judge", "cost_cny", "input_tokens", "output_tokens")
Row = tuple[Any, ...]


def rows_of(data: Path, run_id: str) -> list[Row]:
    """(key, attempt, run, order, step, purpose, model, cost, tokens in, tokens out, refusals, latency, when) of every call.

    Raises DamagedFile for a shard whose costs cannot be told.
    """
    store, now = open_store(data), datetime.now(UTC).isoformat()
    rebuilt: dict[str, Row] = {}
    for row in _read(store, run_id, "calls", _CALLS):
        whose = (row["order_id"], row["step"], row["purpose"], row["model"])
        tokens = (row.get("input_tokens"), row.get("output_tokens"), row.get("refusals") or 0, row.get("latency_s"))
        rebuilt[row["key"]] = (row["key"], 0, run_id, *whose, row.get("cost_cny"), *tokens, now)
    for number, row in enumerate(_read(store, run_id, "verdicts", _VERDICTS)):
        if row.get("cost_cny") is not None:  # it stands on the first rubric of a question
            key, whose = f"verdict {number}", (row["item_id"], 0, row.get("design") or "", row["judge"])
            tokens = (row.get("input_tokens"), row.get("output_tokens"), 0, None)
            rebuilt[key] = (key, 0, run_id, *whose, row["cost_cny"], *tokens, now)
    return list(rebuilt.values())


def _read(store: Store, run_id: str, kind: str, names: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    for commit in store.commits(run_id):
        for file in commit.files:
            if file.kind == kind:
                yield from store.read(file, names).to_pylist()
