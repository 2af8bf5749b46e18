"""``python -m factory verify FILE``: check rows of any origin that bring their evidence; print claims and findings."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table
from rich.text import Text

from factory.errors import UsageError
from factory.records import Candidate, Evidence, Place, Poi, SearchRecord, Verification, Wish
from factory.settings import Values, of_factory
from factory.shown_text import json_shown, shown
from factory.verifier.checks import verify


def main(values: Values) -> int:
    """0: all pass; 1: some fail. Raises UsageError on a file that cannot be read."""
    file = values[of_factory.FILE]
    if file is None:
        raise UsageError("Name the file to check: chidian verify FILE (JSONL or Parquet).")
    failed = total = 0
    for number, row in enumerate(_rows(file), 1):
        result = verify_row(row, number)
        total += 1
        failed += not result.accepted
        (_print_json if values[of_factory.JSON] else _print_table)(row, result, number)
    if not total:
        raise UsageError(f"{file} holds no rows.")
    sys.stderr.write(f"{total - failed} of {total} rows pass.\n")
    return 1 if failed else 0


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    try:
        if path.suffix == ".parquet":
            yield from pq.read_table(path).to_pylist()
            return
        for line in path.read_bytes().splitlines():
            if line.strip():
                yield orjson.loads(line)
    except (OSError, pa.ArrowException, orjson.JSONDecodeError) as error:
        raise UsageError(f"{path} cannot be read as JSONL or Parquet ({type(error).__name__}: {error}).") from error


def verify_row(row: dict[str, Any], number: int) -> Verification:
    """Verify one row with the columns of the samples view. Raises UsageError when it lacks what checking needs."""
    missing = [name for name in ("question", "answer", "evidence", "lng", "lat") if row.get(name) is None]
    if missing:
        raise UsageError(
            f"Row {number} lacks {', '.join(missing)}: a check needs the evidence and where the user stands."
        )
    pois = tuple(_poi(one) for one in row["evidence"])
    facts = frozenset(
        name for name in ("rating", "cost_cny", "open_hours") if any(getattr(poi, name) is not None for poi in pois)
    )
    radius = int(row.get("radius_m") or 2000)
    cuisine = str(row.get("cuisine") or "")
    evidence = Evidence(
        pois=pois,
        # A row from elsewhere cannot prove its searches; its own word for "nothing fits" is then checked against the pois.
        searches=(SearchRecord(cuisine or None, radius, 1, exhausted=True, covered_m=radius),),
        provider=str(row.get("map_provider") or "unknown"),
        datum=row.get("datum") or "GCJ-02",
        licence="",
        attribution="",
        facts=facts,
        fetched_at=datetime.now(UTC),
    )
    place = Place(
        str(row.get("place_id") or ""),
        str(row.get("place") or ""),
        str(row.get("city") or ""),
        None,
        row["lng"],
        row["lat"],
        evidence.datum,
    )
    by_name = {poi.name: poi.poi_id for poi in pois}
    stated = row.get("recommendations") or [{"poi_id": one} for name, one in by_name.items() if name in row["answer"]]
    wish = Wish(
        cuisine=cuisine,
        taste=row.get("taste"),
        budget_min_cny=row.get("budget_min_cny"),
        budget_max_cny=row.get("budget_max_cny"),
        radius_m=radius,
        diet=row.get("diet"),
        needs=tuple(row.get("needs") or ()),
    )
    candidate = Candidate(
        candidate_id=str(row.get("sample_id") or number),
        order_id=str(row.get("order_id") or ""),
        wish_index=0,
        question=row["question"],
        answer=row["answer"],
        recommendations=tuple((str(one["poi_id"]), str(one.get("reason") or "")) for one in stated),
        feasible=row.get("feasible") is not False,
    )
    return verify(candidate, wish=wish, place=place, evidence=evidence)


def _poi(row: dict[str, Any]) -> Poi:
    tags = row.get("tags") or {}
    pairs = tags.items() if isinstance(tags, dict) else tags
    return Poi(
        poi_id=str(row["poi_id"]),
        name=str(row["name"]),
        address=row.get("address"),
        lng=row["lng"],
        lat=row["lat"],
        type=row.get("type"),
        cuisine=row.get("cuisine"),
        rating=row.get("rating"),
        cost_cny=row.get("cost_cny"),
        distance_m=row.get("distance_m"),
        open_hours=row.get("open_hours"),
        tel=row.get("tel"),
        specialities=tuple(row.get("specialities") or ()),
        tags=tuple((str(key), str(value)) for key, value in pairs),
    )


def _print_json(row: dict[str, Any], result: Verification, number: int) -> None:
    body = {
        "row": row.get("sample_id") or number,
        "accepted": result.accepted,
        "findings": [{"stage": one.stage, "reason": one.reason, "detail": one.detail} for one in result.findings],
        "claims": [
            {"poi_id": one.poi_id, "kind": one.kind, "stated": one.stated, "truth": one.truth, "status": one.status}
            for one in result.claims
        ],
    }
    sys.stdout.write(json_shown(orjson.dumps(body).decode()) + "\n")


def _print_table(row: dict[str, Any], result: Verification, number: int) -> None:
    console = Console()
    verdict = "passes" if result.accepted else "FAILS"
    table = Table(
        "kind",
        "stated",
        "truth",
        "status",
        title=Text(shown(f"{row.get('sample_id') or number}: {verdict}")),
        title_justify="left",
    )
    for one in result.claims:
        table.add_row(*(Text(shown(cell)) for cell in (one.kind, one.stated, one.truth or "-", one.status)))
    console.print(table)
    for finding in result.findings:
        console.print(Text(shown(f"  {finding.reason}: {finding.detail}")))
