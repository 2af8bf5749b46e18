"""What the verifier makes of the sandbox teacher's two voices: true drafts over a run's own evidence, without any planted mistake.

Usage: python bench/voices.py DATA [SAMPLES]. Prints, for each voice, the share accepted as written and its masked clauses that were
refused, most frequent first: every one of them is a true sentence, so that a finding other than not_understood is false.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from factory.records import Candidate, Evidence, Place, Poi, SearchRecord, Verification, Wish
from factory.sandbox.teacher import writing
from factory.sandbox.teacher.dice import Dice
from factory.sandbox.teacher.reading import Shown
from factory.verifier import verify

WISH = "cuisine, taste, budget_min_cny, budget_max_cny, radius_m, party_size, occasion, diet, meal_time, style, needs"


def rows(data: Path, most: int) -> list[dict[str, Any]]:
    """Wishes with the evidence of their orders."""
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as connection:
        cursor = connection.execute(
            f"select {WISH}, place_id, place, city, lng, lat, evidence from samples order by sample_id limit ?", [most]
        )
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def judged(row: dict[str, Any]) -> tuple[Verification, str]:
    """One true draft of the voice in force, verified; and its text's masking words."""
    pois = tuple(
        Poi(
            **{name: poi[name] for name in Poi.__slots__ if name not in {"typecode", "specialities", "tags"}},
            specialities=tuple(poi["specialities"] or ()),
            tags=tuple((poi["tags"] or {}).items()),
        )
        for poi in row["evidence"]
    )
    place = Place(row["place_id"], row["place"], row["city"], None, row["lng"], row["lat"], "GCJ-02")
    wish = Wish(**{name: row[name] for name in WISH.split(", ") if name != "needs"}, needs=tuple(row["needs"] or ()))
    shown = [Shown(**{name: getattr(poi, name) for name in Shown.__slots__}) for poi in pois]
    draft = writing.write(0, wish, place.name, shown, Dice(row["place_id"], str(wish)))
    searches = tuple(SearchRecord(cuisine, 5000, 1, exhausted=True, covered_m=5000) for cuisine in (wish.cuisine, None))
    evidence = Evidence(pois, searches, "sandbox", "GCJ-02", "", "", frozenset(), datetime.now(UTC))
    candidate = Candidate("c", "o", 0, draft.question, draft.answer, draft.recommendations, draft.feasible)
    names = "|".join(re.escape(poi.name) for poi in pois)
    return verify(candidate, wish=wish, place=place, evidence=evidence), f"{names}|{re.escape(place.name)}"


def main() -> None:
    """Both voices over the same wishes."""
    data, most = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 150
    drawn = rows(data, most)
    for voice, share in (("first", 0.0), ("second", 1.0)):
        writing.SECOND_SHARE = share
        refused: Counter[tuple[str, str, str]] = Counter()
        accepted = wrong = 0
        for row in drawn:
            result, names = judged(row)
            accepted += result.accepted
            wrong += any(finding.outcome != "not_understood" for finding in result.findings)
            for finding in result.findings:
                text = re.sub(r"\d+(?:\.\d+)?", "#", re.sub(names, "N", finding.clause or finding.detail))
                refused[finding.outcome, finding.reason, text] += 1
        clauses = {"accepted": accepted / len(drawn), "with a false finding": wrong / len(drawn)}
        print(json.dumps({"voice": voice, "drafts": len(drawn), **clauses}))
        for (outcome, reason, text), count in refused.most_common(40):
            print(f"{count:5d} {outcome:15s} {reason:20s} {text}")


if __name__ == "__main__":
    main()
