"""What an answer got right: the factory's verifier run over a student's text, against what the maps said of that place.

Used by completing.py, which commits the measures with the answers. Pure but for ``Grounds``, which reads the views.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

import duckdb

from factory.commit.working_folder import missing_warehouse
from factory.errors import UsageError
from factory.records import Claim, Evidence, Place, Poi, Wish
from factory.verifier.account import Account, Listed, read_answer
from factory.verifier.fit import sure_misses
from factory.verifier.reading import claims_of, located
from factory.verifier.script import fold_text
from warehouse.catalogue import open_reader

RIGHT_KINDS: Final = ("address", "rating", "distance", "price")
HOLDS: Final = frozenset({"verified", "inferable"})
WINDOW: Final = 20
"""Characters of a stretch that counts as repeated when it stood before: a full clause, no fixed phrase."""
Measures = dict[str, tuple[float, str]]
"""Kind to (value, a word for people). A share of nothing is left out."""

_SAMPLES = """
select sample_id, run_id, place_id, place, city, lng, lat, datum, cuisine, taste, budget_min_cny, budget_max_cny, radius_m,
  diet, meal_time, needs, feasible, evidence_hash, list_transform(evidence, lambda e: e.poi_id) as shown
from samples where sample_id in (select unnest(?::varchar[]))
"""
_KNOWN = """
select distinct on (e.poi_id) e.* from samples s, unnest(s.evidence) as u(e) where s.place_id = ?
order by e.poi_id, s.order_id
"""
_TRAINED = "select distinct r.poi_id from samples s, unnest(s.recommendations) as u(r) where s.split = 'train'"


@dataclass(frozen=True, slots=True)
class AnswerGround:
    """What a completion is measured against."""

    run_id: str
    evidence_hash: str | None
    place: Place
    wish: Wish
    feasible: bool
    nearby: Evidence
    """all that any sample's searches showed near this place"""
    shown: frozenset[str]
    """poi ids of this sample's own evidence"""
    trained: frozenset[str]
    """poi ids that training answers recommend"""


@contextmanager
def open_data(data: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse, read-only. Raises UsageError when there is none, DiskTrouble when it cannot be read."""
    path = data / "warehouse.duckdb"
    if not path.exists():
        raise UsageError(missing_warehouse(data))
    with open_reader(data) as connection:
        yield connection


@dataclass(slots=True)
class Grounds:
    """Grounds by sample; what is known of a place is read once."""

    data: Path
    _places: dict[str, Evidence] = field(default_factory=dict)
    _trained: frozenset[str] | None = None

    def __enter__(self) -> Self:
        """Nothing is held open between reads: a refresh replaces the file."""
        return self

    def __exit__(self, *_: object) -> None:
        """Forget what was read."""
        self._places.clear()

    def of(self, samples: Sequence[str]) -> dict[str, AnswerGround]:
        """The ground of each sample."""
        with open_data(self.data) as connection:
            if self._trained is None:
                self._trained = frozenset(row[0] for row in connection.execute(_TRAINED).fetchall())
            rows = _dicts(connection.execute(_SAMPLES, [list(samples)]))
            for row in rows:
                place = str(row["place_id"])
                if place not in self._places:
                    self._places[place] = _evidence(_dicts(connection.execute(_KNOWN, [place])), row)
            return {str(row["sample_id"]): self._ground(row) for row in rows}

    def _ground(self, row: dict[str, Any]) -> AnswerGround:
        place = _place(row)
        names = ("cuisine", "taste", "budget_min_cny", "budget_max_cny", "radius_m", "diet", "meal_time")
        wish = Wish(**{name: row[name] for name in names}, needs=tuple(row["needs"] or ()))
        return AnswerGround(
            run_id=str(row["run_id"]),
            evidence_hash=row["evidence_hash"],
            place=place,
            wish=wish,
            feasible=row["feasible"] is not False,
            nearby=self._places[place.place_id],
            shown=frozenset(row["shown"] or ()),
            trained=self._trained or frozenset(),
        )


def _dicts(cursor: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _place(row: dict[str, Any]) -> Place:
    return Place(
        str(row["place_id"]), row["place"] or "", row["city"] or "", None, row["lng"], row["lat"], row["datum"]
    )


def _evidence(rows: list[dict[str, Any]], sample: dict[str, Any]) -> Evidence:
    """Every restaurant known near a place, with distances from it."""
    names = [name for name in Poi.__slots__ if name not in ("typecode", "specialities", "tags")]
    pois = tuple(
        Poi(
            **{name: fields[name] for name in names},
            specialities=tuple(fields["specialities"] or ()),
            tags=tuple((fields["tags"] or {}).items()),
        )
        for fields in rows
    )
    facts = frozenset(name for name in ("rating", "cost_cny") if any(getattr(poi, name) is not None for poi in pois))
    place = _place(sample)
    return located(Evidence(pois, (), "", place.datum, "", "", facts, datetime.now(UTC)), place)


def measure(ground: AnswerGround, answer: str, *, ended: bool) -> Measures:
    """All measures of one answer. Claims about a restaurant that nobody knows are wrong claims."""
    account = read_answer(answer, ground.nearby, ground.wish, ground.place, ground.shown)
    items = account.listed
    bound = [item.poi for item in items if item.poi]
    claims = [claim for claim in claims_of(account) if claim.kind in RIGHT_KINDS]
    measures: Measures = {
        "well_formed": (float(_well_formed(answer, account)), ""),
        "ended": (float(ended), ""),
        "named": (float(len(items)), "、".join(item.head for item in items)),
        "wish_respected": (_respected(ground, account), ""),
        "repetition": (repetition(answer), ""),
    }
    if items:
        unknown = "、".join(item.head for item in items if item.poi is None)
        measures["exists_near"] = (len(bound) / len(items), unknown)
        measures["in_evidence"] = (sum(poi.poi_id in ground.shown for poi in bound) / len(items), "")
    if bound:
        measures["poi_in_training"] = (sum(poi.poi_id in ground.trained for poi in bound) / len(bound), "")
    return measures | _right(claims, ground.trained)


def _right(claims: Sequence[Claim], trained: frozenset[str]) -> Measures:
    """Shares of right claims by kind, and together; a share of no claims is undefined and left out, neither 0 nor 1."""
    groups = {kind: [claim for claim in claims if claim.kind == kind] for kind in RIGHT_KINDS}
    shares = {f"{kind}_right": _share(group) for kind, group in groups.items() if group}
    if claims:
        shares["claims_right"] = _share(claims)
    shares["right_claims"] = (float(sum(claim.status in HOLDS for claim in claims)), f"of {len(claims)}")
    for name, inside in (("claims_right_poi_trained", True), ("claims_right_poi_new", False)):
        group = [claim for claim in claims if claim.poi_id is not None and (claim.poi_id in trained) is inside]
        if group:
            shares[name] = _share(group)
    return shares


def _share(claims: Sequence[Claim]) -> tuple[float, str]:
    """Of at least one claim, with the first wrong one in words."""
    right = sum(claim.status in HOLDS for claim in claims)
    wrong = next((f"{claim.stated}≠{claim.truth}" for claim in claims if claim.status not in HOLDS), "")
    return (right / len(claims), wrong)


def _well_formed(answer: str, account: Account) -> bool:
    """An opening sentence, then items that each say a name and something of it, or plain words that nothing fits."""
    opened = any(clause.part == "opening" for clause in account.clauses)
    scopes = [clause.scope for clause in account.clauses if clause.part == "item"]
    heads = len({*scopes}) if account.listed else 0
    listed = bool(account.listed) and bool(scopes) and len(scopes) >= 2 * heads
    bare = not account.listed and account.says_nothing
    return opened and (listed or bare) and "<|" not in answer and "\ufffd" not in answer


def _respected(ground: AnswerGround, account: Account) -> float:
    """Share of named restaurants that meet the wish; where nothing fits, whether the answer says so."""
    if account.says_nothing:
        return float(not ground.feasible)
    items: Sequence[Listed] = account.listed
    if not items:
        return 0.0
    return sum(item.poi is not None and not sure_misses(item.poi, ground.wish) for item in items) / len(items)


def repetition(answer: str) -> float:
    """Share of 20-character stretches that stood in the answer before."""
    text = fold_text(answer).text.replace("\n", "")
    windows = [text[i : i + WINDOW] for i in range(len(text) - WINDOW + 1)]
    return 1 - len(set(windows)) / len(windows) if windows else 0.0
