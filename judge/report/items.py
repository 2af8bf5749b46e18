"""What the report's browser and map show: single items with their claims, evidence, trajectory and verdicts, as plain JSON values.

An order's evidence and trajectory are shared by its samples and stand once. Where all items would make the page too
heavy, those on which judge and verifier disagree most come first, and the page says how many were left out.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import duckdb
import orjson

from judge.report.data import NEWEST, Rejected

BUDGET_BYTES = 6_500_000
"""Of items and orders in the page: N=1000 stays below 10 MB with figures, and a phone still opens it."""
_ITEMS = f"""
select s.sample_id as id, 'sample' as kind, '' as arm, '' as mode, s.question as q, s.answer as a, s.sample_id as sample
from samples s where $run is null or s.run_id = $run
union all
select c.completion_id, 'completion', c.arm, c.mode, c.question, c.answer, c.sample_id
from {NEWEST} c join samples s using (sample_id) where $run is null or s.run_id = $run
"""  # noqa: S608 - a constant
_SAMPLES = """
select sample_id, order_id, place, city, split, feasible, teacher, cuisine, taste, budget_min_cny, budget_max_cny, radius_m,
  party_size, occasion, diet, meal_time, list_transform(recommendations, lambda r: r.poi_id)
from samples where $run is null or run_id = $run
"""
_CLAIMS = """
select c.sample_id, c.poi_id, c.kind, c.stated, c.truth, c.status from claims c join samples s using (sample_id)
where $run is null or s.run_id = $run
"""
_VERDICTS = """
select case when item_kind in ('injected', 'control') then sample_id else item_id end, design, rubric, replicate, judge,
  map_entries(scores), total, status, coalesce(reason, ''), rationale, edit, dose
from verdicts where $run is null or run_id = $run order by edit nulls first, design desc, rubric, judge, replicate, dose
"""
_MEASURES = "select completion_id, kind, value, detail from measures order by all"
_ORDERS = """
select order_id, any_value(evidence), any_value(trajectory) from samples where order_id in (select unnest($orders)) group by 1
"""
_PLACES = """
select s.place_id, any_value(s.place), any_value(s.city), any_value(s.lng), any_value(s.lat),
  case when bool_or(s.split = 'unseen') then 'unseen' else 'in' end, count(*)
from samples s where $run is null or s.run_id = $run group by 1 order by 1
"""
_POIS = """
select s.place_id, e.poi.poi_id, any_value(e.poi.name), any_value(e.poi.lng), any_value(e.poi.lat),
  count(distinct s.sample_id) filter (list_contains(list_transform(s.recommendations, lambda r: r.poi_id), e.poi.poi_id))
from samples s, unnest(s.evidence) as e(poi) where $run is null or s.run_id = $run group by 1, 2 order by 1, 2
"""


@dataclass(frozen=True, slots=True)
class Browsable:
    """``items`` and ``orders`` (id to evidence and trajectory) as JSON values; ``total`` items exist."""

    items: list[dict[str, Any]]
    orders: dict[str, dict[str, Any]]
    total: int


@dataclass(frozen=True, slots=True)
class MapPlace:
    """One place and the pois around it: (name, lng, lat, how often recommended)."""

    place_id: str
    name: str
    city: str
    lng: float
    lat: float
    side: str
    samples: int
    pois: tuple[tuple[str, float, float, int], ...]


def read_items(
    connection: duckdb.DuckDBPyConnection,
    run: str | None,
    judge: str,
    *,
    first: tuple[str, ...] = (),
    rejected: tuple[Rejected, ...] = (),
    budget_bytes: int = BUDGET_BYTES,
) -> Browsable:
    """Items by disagreement, largest first, until the page is full; those of ``first`` and examples of rejects always."""
    bound = {"run": run}
    samples = {row[0]: row[1:] for row in connection.execute(_SAMPLES, bound).fetchall()}
    claims = _grouped(connection.execute(_CLAIMS, bound).fetchall())
    verdicts = _grouped(connection.execute(_VERDICTS, bound).fetchall())
    measures = _grouped(connection.execute(_MEASURES).fetchall())
    items = [
        _item(row, samples[row[6]], claims, verdicts, measures, judge)
        for row in connection.execute(_ITEMS, bound).fetchall()
    ]
    items += [_rejected(reject) for reject in rejected]
    asked = set(first)
    items.sort(key=lambda item: (item["id"] not in asked, -(item["gap"] or 0.0), item["id"]))
    orders = {"": {"evidence": [], "trajectory": []}} | _orders(connection, sorted({item["order"] for item in items}))
    kept, used = _fitting(items, orders, budget_bytes)
    return Browsable(kept, {order: orders[order] for order in used}, len(items))


def _fitting(
    items: list[dict[str, Any]], orders: dict[str, dict[str, Any]], budget: int
) -> tuple[list[dict[str, Any]], list[str]]:
    kept: list[dict[str, Any]] = []
    used: dict[str, None] = {}
    for item in items:
        need = len(orjson.dumps(item))
        if item["order"] not in used:
            need += len(orjson.dumps(orders[item["order"]]))
        if need > budget:
            break
        budget -= need
        kept.append(item)
        used[item["order"]] = None
    return kept, list(used)


def _grouped(rows: list[tuple[Any, ...]]) -> dict[str, list[tuple[Any, ...]]]:
    groups: defaultdict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for row in rows:
        groups[row[0]].append(row[1:])
    return groups


def _item(
    row: tuple[Any, ...],
    sample: tuple[Any, ...],
    claims: dict[str, list[tuple[Any, ...]]],
    verdicts: dict[str, list[tuple[Any, ...]]],
    measures: dict[str, list[tuple[Any, ...]]],
    judge: str,
) -> dict[str, Any]:
    item_id, kind, arm, mode, question, answer, sample_id = row
    order, place, city, split, feasible, teacher, *wish, recommended = sample
    given = verdicts.get(item_id, [])
    stated = claims.get(sample_id, []) if kind == "sample" else []
    checked = [list(row) for row in measures.get(item_id, [])]
    return {
        "id": item_id,
        "kind": kind,
        "arm": arm,
        "mode": mode,
        "q": question,
        "a": answer,
        "order": order,
        "place": place,
        "city": city,
        "split": split,
        "feasible": feasible,
        "by": teacher if kind == "sample" else "",
        "wish": wish,
        "recommended": recommended,
        "claims": [list(row) for row in stated],
        "verdicts": [_verdict(row) for row in given],
        "measures": checked,
        "gap": _gap(kind, [row for row in given if row[3] == judge and row[9] is None], stated, checked),
        "score": {rubric: _average(row[5] for row in given if _is(row, rubric, judge)) for rubric in _RUBRICS},
    }


def _rejected(reject: Rejected) -> dict[str, Any]:
    """A candidate that became no sample: its reason stands where the measures of an answer stand."""
    return {
        "id": reject.candidate_id,
        "kind": "reject",
        "arm": "",
        "mode": "",
        "q": reject.question,
        "a": reject.answer,
        "order": "",
        "place": reject.place_id,
        "city": "",
        "split": "",
        "feasible": True,
        "by": "",
        "wish": [],
        "recommended": [],
        "claims": [],
        "verdicts": [],
        "gap": None,
        "score": dict.fromkeys(_RUBRICS),
        "measures": [[f"{reject.stage} {reject.reason}", None, reject.detail]],
    }


_RUBRICS = ("data", "answer")


def _is(verdict: tuple[Any, ...], rubric: str, judge: str) -> bool:
    return verdict[0] == "standard" and verdict[1] == rubric and verdict[3] == judge and verdict[9] is None


def _verdict(row: tuple[Any, ...]) -> list[Any]:
    design, rubric, replicate, judge, scores, total, status, reason, rationale, edit, dose = row
    marks = [[mark["key"], mark["value"]] for mark in scores or ()]
    return [design, rubric, replicate, judge, marks, total, status, reason, rationale, edit, dose]


def _gap(kind: str, verdicts: list[tuple[Any, ...]], claims: list[tuple[Any, ...]], measures: list[list[Any]]) -> Any:
    """How far apart judge and verifier are, 0 to 1; None where one of the two has not spoken.

    The judge's accuracy (for completions its total) against the share of claims that hold.
    """
    if kind == "sample":
        held = sum(claim[4] in {"verified", "inferable"} for claim in claims) / len(claims) if claims else None
        marks = [
            mark["value"]
            for row in verdicts
            if row[0] == "standard"
            for mark in row[4] or ()
            if mark["key"] == "准确性"
        ]
        judged = _average((mark - 1) / 4 for mark in marks)
    else:
        held = _average(value for name, value, _ in measures if name in {"in_evidence", "claims_right"})
        judged = _average(row[5] / 10 for row in verdicts if row[0] == "standard" and row[5] is not None)
    return None if held is None or judged is None else round(abs(held - judged), 4)


def _average(values: Any) -> float | None:
    given = [value for value in values if value is not None]
    return sum(given) / len(given) if given else None


def _orders(connection: duckdb.DuckDBPyConnection, wanted: list[str]) -> dict[str, dict[str, Any]]:
    return {
        order: {
            "evidence": [_poi(poi) for poi in evidence],
            "trajectory": [_message(message) for message in trajectory],
        }
        for order, evidence, trajectory in connection.execute(_ORDERS, {"orders": wanted}).fetchall()
    }


def _poi(poi: dict[str, Any]) -> list[Any]:
    names = ("poi_id", "name", "cuisine", "address", "rating", "cost_cny", "distance_m", "open_hours", "specialities")
    return [poi[name] for name in names]


def _message(message: dict[str, Any]) -> list[Any]:
    """The system prompt is the versioned file and is left out; tool results are cut, since the evidence stands beside them."""
    content = message["content"] or ""
    if message["role"] == "system":
        content = ""
    elif message["role"] == "tool" and len(content) > 600:
        content = f"{content[:600]} … ({len(content)} 字符 characters)"
    return [message["role"], content, [[call["name"], call["arguments"]] for call in message["tool_calls"] or ()]]


def read_places(connection: duckdb.DuckDBPyConnection, run: str | None) -> tuple[MapPlace, ...]:
    """Every place with samples, and the restaurants that its tools showed."""
    around: defaultdict[str, list[tuple[str, float, float, int]]] = defaultdict(list)
    for place, _, name, lng, lat, times in connection.execute(_POIS, {"run": run}).fetchall():
        around[place].append((name, lng, lat, times))
    rows = connection.execute(_PLACES, {"run": run}).fetchall()
    return tuple(
        MapPlace(place, name, city, lng, lat, side, samples, tuple(around[place]))
        for place, name, city, lng, lat, side, samples in rows
    )
