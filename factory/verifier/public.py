"""``verify_row``: check one row of any origin that brings its evidence. Public, total: a bad row is a refusal with a reason.

Used by the command (command.py) and by ``factory.verify``. Rows have the columns of the samples view or a part of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from factory.records import Candidate, Evidence, Finding, Place, Poi, SearchRecord, Verification, Wish
from factory.verifier.checks import VERSION
from factory.verifier.extracted import Case

_NEEDED: Final = ("question", "answer", "evidence", "lng", "lat")


def verify_row(row: Mapping[str, Any]) -> Verification:
    """Verify one row. Never raises: what cannot be read is a finding of the form ``unreadable_row``."""
    try:
        return _verified(row)
    except _RowError as error:
        return unreadable(str(error))
    except _ODD as error:
        return unreadable(f"The row cannot be read: {type(error).__name__}: {error}.")


@dataclass(frozen=True, slots=True)
class Asked:
    """A row as the verifier is asked about it."""

    candidate: Candidate
    wish: Wish
    place: Place
    evidence: Evidence
    structured: bool
    asking: bool = False
    """a second reader is asked"""

    @property
    def case(self) -> Case:
        """What its answer is checked against."""
        return Case(self.wish, self.place, self.evidence, self.structured, self.asking)

    def check(self, candidate: Candidate) -> Verification:
        """Another answer to the same question, against the same evidence."""
        return self.case.check(candidate)


def asked_of(row: Mapping[str, Any]) -> Asked | None:
    """A row's parts, or ``None`` where it cannot be read: verify_row tells why."""
    try:
        return _asked(row)
    except _UNREADABLE:
        return None


def read_first(row: Mapping[str, Any]) -> tuple[Asked | None, Verification]:
    """A row before a second reader is asked about it: what is wrong by a less sure reading is left to that one. As total as verify_row."""
    asked = asked_of(row)
    if asked is None:
        return None, verify_row(row)
    asked = replace(asked, asking=True)
    try:
        return asked, asked.check(asked.candidate)
    except _ODD as error:
        return None, unreadable(f"The row cannot be read: {type(error).__name__}: {error}.")


class _RowError(Exception):
    """What a row lacks."""


def unreadable(reason: str) -> Verification:
    """The verification of a row that cannot be read."""
    return Verification((), (Finding("structure", "unreadable_row", reason, "form"),), (), (), VERSION)


def score(result: Verification) -> float:
    """A graded score from 0 to 1, made to serve as a reward.

    share × keep: ``share`` is the part of the clauses that are claims, wishes or talk that hold (a clause with a contradicted
    claim counts -1, an unsupported one -0.5, an unread one 0); ``keep`` is 0.5 ** (findings about the wish or the form).
    Clipped at 0; 1.0 exactly for an accepted answer.
    """
    if result.accepted:
        return 1.0
    if not result.clauses:
        return 0.0
    worst: dict[int, float] = {}
    for claim in result.claims:
        loss = {"contradicted": -1.0, "unsupported": -0.5}.get(claim.status)
        if loss is not None:
            worst[claim.clause] = min(worst.get(claim.clause, 1.0), loss)
    points = [
        0.0 if clause.account == "unread" else worst.get(number, 1.0) for number, clause in enumerate(result.clauses)
    ]
    broken = sum(finding.outcome in {"wish", "form"} for finding in result.findings)
    return round(max(0.0, sum(points) / len(points)) * 0.5**broken, 6)


_ODD: Final = (TypeError, ValueError, KeyError, AttributeError, OverflowError, RecursionError)
_UNREADABLE: Final = (_RowError, *_ODD)


def _verified(row: Mapping[str, Any]) -> Verification:
    asked = _asked(row)
    return asked.check(asked.candidate)


def _asked(row: Mapping[str, Any]) -> Asked:
    missing = [name for name in _NEEDED if row.get(name) is None]
    if missing:
        raise _RowError(f"The row lacks {', '.join(missing)}: a check needs the evidence and where the user stands.")
    for name in ("question", "answer"):
        if not isinstance(row[name], str):
            raise _RowError(f"{name} is {type(row[name]).__name__}, not text.")
    pois = tuple(_poi(raw) for raw in row["evidence"])
    place = Place(
        str(row.get("place_id") or ""),
        str(row.get("place") or ""),
        str(row.get("city") or ""),
        None,
        _number(row["lng"], "lng"),
        _number(row["lat"], "lat"),
        row.get("datum") if row.get("datum") in {"GCJ-02", "WGS-84"} else "GCJ-02",  # type: ignore[arg-type]
    )
    wish = _wish(row)
    stated = row.get("recommendations")
    structured = stated is not None
    candidate = Candidate(
        candidate_id=str(row.get("sample_id") or ""),
        order_id=str(row.get("order_id") or ""),
        wish_index=0,
        question=row["question"],
        answer=row["answer"],
        recommendations=tuple((str(one["poi_id"]), str(one.get("reason") or "")) for one in stated or ()),
        feasible=row.get("feasible") is not False,
    )
    return Asked(candidate, wish, place, _evidence(row, pois, wish), structured)


def _wish(row: Mapping[str, Any]) -> Wish:
    return Wish(
        cuisine=str(row.get("cuisine") or ""),
        taste=row.get("taste"),
        budget_min_cny=row.get("budget_min_cny"),
        budget_max_cny=row.get("budget_max_cny"),
        radius_m=int(row.get("radius_m") or 2000),
        party_size=row.get("party_size"),
        occasion=row.get("occasion"),
        diet=row.get("diet"),
        meal_time=row.get("meal_time"),
        needs=tuple(row.get("needs") or ()),
    )


def _evidence(row: Mapping[str, Any], pois: tuple[Poi, ...], wish: Wish) -> Evidence:
    """A row brings no record of its searches."""
    facts = frozenset(
        name for name in ("rating", "cost_cny", "open_hours") if any(getattr(poi, name) is not None for poi in pois)
    )
    # Its own word for "nothing fits" is checked against the pois; "the best around" asks for more (scene.py).
    search = SearchRecord(wish.cuisine or None, wish.radius_m, 1, exhausted=True, covered_m=wish.radius_m)
    return Evidence(
        pois=pois,
        searches=(search,),
        provider=str(row.get("map_provider") or "unknown"),
        datum="GCJ-02" if row.get("datum") != "WGS-84" else "WGS-84",
        licence="",
        attribution="",
        facts=facts,
        fetched_at=datetime.now(UTC),
    )


def _number(raw: Any, name: str) -> float:
    value = float(raw)
    if not math.isfinite(value):
        raise _RowError(f"{name} is {raw}.")
    return value


def _poi(raw: Mapping[str, Any]) -> Poi:
    tags = raw.get("tags") or {}
    pairs: Iterable[Any] = tags.items() if isinstance(tags, Mapping) else tags
    return Poi(
        poi_id=str(raw["poi_id"]),
        name=str(raw["name"]),
        address=raw.get("address"),
        lng=_number(raw["lng"], "lng"),
        lat=_number(raw["lat"], "lat"),
        type=raw.get("type"),
        cuisine=raw.get("cuisine"),
        rating=raw.get("rating"),
        cost_cny=raw.get("cost_cny"),
        distance_m=raw.get("distance_m"),
        open_hours=raw.get("open_hours"),
        tel=raw.get("tel"),
        specialities=tuple(raw.get("specialities") or ()),
        tags=tuple((str(pair[0]), str(pair[1])) for pair in pairs),
        open_week=raw.get("open_week"),
        status=raw.get("status"),
        cuisine_source=raw.get("cuisine_source"),
    )
