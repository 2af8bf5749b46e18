"""Reading for those who measure: students' answers, planted errors, the truth of judges. The same grammar as the verifier's.

What verify() (checks.py) asks of an answer stands there; here an answer is read without asking whether it may be accepted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from factory.geo import whole_metres
from factory.records import Claim, Evidence, Place, Poi, Wish
from factory.verifier.account import Account, read_answer

ANY_WISH: Final = Wish("", None, None, None, 2000)
"""What is asked of an answer that is read for its facts alone."""
OF_A_WISH: Final = frozenset({"fit", "wish", "count"})
"""Kinds of claims that only a wish can decide."""
_NOWHERE: Final = Place("", "", "", None, 0.0, 0.0, "GCJ-02")


def located(evidence: Evidence, place: Place) -> Evidence:
    """The same evidence with every distance recomputed from coordinates."""
    return replace(
        evidence,
        pois=tuple(_located(poi, whole_metres(place.lng, place.lat, poi.lng, poi.lat)) for poi in evidence.pois),
    )


def _located(poi: Poi, metres: int) -> Poi:
    """A copy only where the map's own distance differs."""
    return poi if poi.distance_m == metres else replace(poi, distance_m=metres)


def claims_of(account: Account) -> tuple[Claim, ...]:
    """The claims of an account, each with the number of its clause."""
    return tuple(
        Claim(verdict.poi_id, verdict.kind, verdict.stated, verdict.truth, verdict.status, clause)
        for clause, verdict in account.verdicts
    )


def read_claims(question: str, answer: str, evidence: Evidence, place: Place) -> tuple[Claim, ...]:  # noqa: ARG001 - a question states a wish, not facts
    """Claims of any answer against evidence alone, without a wish that could be met or echoed.

    Names that the evidence does not hold are unsupported name claims; what is said of them is left out.
    """
    account = read_answer(answer, located(evidence, place), ANY_WISH, place, frozenset())
    return tuple(
        claim
        for claim in claims_of(account)
        if claim.kind not in OF_A_WISH and (claim.kind == "name" or account.clauses[claim.clause].scope != "unknown")
    )


def named_restaurants(answer: str, known: Sequence[Poi]) -> tuple[tuple[str, str | None], ...]:
    """(name as listed, poi id or None) of each listed restaurant, against every restaurant known near the place."""
    account = read_answer(answer, evidence_of(known), ANY_WISH, _NOWHERE, frozenset())
    return tuple((one.head, one.poi.poi_id if one.poi else None) for one in account.listed)


def stated_facts(answer: str) -> tuple[tuple[tuple[str, str], ...], bool]:
    """((kind, words) of every fact that an answer states of anybody, whether it says that nothing fits).

    For answers whose restaurants nobody knows: a closed student invents them.
    """
    account = read_answer(answer, evidence_of(()), ANY_WISH, _NOWHERE, frozenset())
    facts = tuple((verdict.kind, verdict.stated) for _, verdict in account.verdicts)
    return facts, account.says_nothing


def evidence_of(pois: Sequence[Poi]) -> Evidence:
    """Evidence made of restaurants alone, with no record of any search."""
    return Evidence(tuple(pois), (), "", "GCJ-02", "", "", frozenset(), datetime.now(UTC))
