"""What views and exports show hangs on the rows alone, never on the order in which they came or in which threads return them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from warehouse.catalogue import FILE, refresh
from warehouse.export.rights import rights_of, strictest

AT = "2026-11-28 08:00:00"
Row = dict[str, Any]


def _rejects() -> list[Row]:
    return [
        {
            "run_id": "r",
            "candidate_id": f"c{number}",
            "stage": "grounding",
            "reason": reason,
            "detail": f"detail {number}",
        }
        for number, reason in enumerate(("price", "hours", "price", "hours", "dish"))
    ]


def _attempts() -> list[Row]:
    finding = {"outcome": "contradicted", "clause": ""}
    return [
        {
            "run_id": "r",
            "candidate_id": f"c{number}",
            "attempt": 1,
            "findings": [{**finding, "reason": reason, "detail": f"detail {number}"}],
        }
        for number, reason in enumerate(("price", "hours", "price", "hours"))
    ]


def _verdicts() -> list[Row]:
    asked = {"item_id": "s", "design": "standard", "rubric": "data", "replicate": 0, "judge": "j", "status": "scored"}
    return [{**asked, "total": float(number), "request_id": f"q{number}", "created_at": AT} for number in range(3)]


def _pairs() -> list[Row]:
    asked = {"left_id": "a", "right_id": "b", "first_shown": "left", "rubric": "pair", "replicate": 0, "judge": "j"}
    shown = {**asked, "rubric_hash": "h0", "status": "scored", "created_at": AT}
    return [{**shown, "outcome": outcome, "request_id": f"q{outcome}"} for outcome in ("left", "right", "tie")]


def _rubrics() -> list[Row]:
    return [{"judge": "j", "prompt": "pair", "rubric_hash": f"h{number}", "created_at": AT} for number in range(3)]


SHARDS: dict[str, Callable[[], list[Row]]] = {
    "rejects": _rejects,
    "attempts": _attempts,
    "verdicts": _verdicts,
    "pairs": _pairs,
    "rubrics": _rubrics,
}
VIEWS = ("rejects_by_reason", "returns_by_reason", "all_verdicts", "pairs", "rubrics where in_force")


def _insert(connection: duckdb.DuckDBPyConnection, kind: str, row: Row) -> None:
    marks = ", ".join("?" * len(row))
    connection.execute(f"insert into {kind}_shard ({', '.join(row)}) values ({marks})", list(row.values()))


def _shown(data: Path, *, backwards: bool) -> list[list[tuple[Any, ...]]]:
    refresh(data, rebuild=True)
    with duckdb.connect(str(data / FILE)) as connection:
        for kind, rows in SHARDS.items():
            for row in sorted(rows(), key=str, reverse=backwards):
                _insert(connection, kind, row)
        return [connection.execute(f"from {view}").fetchall() for view in VIEWS]


def test_views_show_the_same_in_whatever_order_their_rows_came(tmp_path: Path) -> None:
    forwards, backwards = _shown(tmp_path, backwards=False), _shown(tmp_path, backwards=True)
    assert all(forwards)
    assert forwards == backwards


def test_a_places_pages_are_all_that_its_orders_read(tmp_path: Path) -> None:
    refresh(tmp_path)
    with duckdb.connect(str(tmp_path / FILE)) as connection:
        for order, pages, pois in (("o1", 3, ("a", "b")), ("o2", 3, ("b", "c")), ("o3", 1, ())):
            row = {"order_id": order, "run_id": "r", "place_id": "p", "place": "甲", "city": "乙市"}
            evidence = [{"poi_id": poi} for poi in pois]
            _insert(connection, "orders", {**row, "pages": pages, "truncated": order == "o3", "evidence": evidence})
        assert connection.execute("from coverage").fetchall() == [("r", "p", "甲", "乙市", 3, 7, True)]


@pytest.mark.parametrize("second", ["cc-by-4.0", "apache-2.0", "cdla-permissive-2.0"])
def test_of_two_equally_strict_licences_the_same_one_binds_whichever_is_named_first(second: str) -> None:
    one, other = rights_of("open", "Apache-2.0 of a table"), rights_of("open", second)
    assert strictest([one, other]) == strictest([other, one])
