"""Planted errors are errors and harmless edits are none: the verifier says so, and the simulated judge sees it in the facts."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from factory.records import Claim, Evidence, Place, Poi
from factory.verifier import read_claims
from judge.asking import Ask, Item, facts_of, messages
from judge.edits import edited_items
from judge.faults import FAULTS
from judge.harmless import HARMLESS
from judge.instrument import MOST_EVIDENCE
from judge.items import Selection, read_items
from judge.planted import DOSES
from judge.sandbox_judge import Look, look
from tests.keyless import CLEAN

SELECTION = Selection(None, 0)
RELATIONS = {"comparison", "superlative", "quantifier", "count", "order", "total", "fit", "open_at", "absence"}
"""Claims that are wrong as well when a fact that they rest on is changed: of them an answer holds as many as its voice makes."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    made = [sys.executable, "-m", "factory", "synth"]
    subprocess.run(made, env={**CLEAN, "DATA": str(folder), "N": "240"}, check=True, stderr=subprocess.DEVNULL)
    return folder


@pytest.fixture(scope="module")
def edits(data: Path) -> dict[str, dict[int, list[Item]]]:
    planted: dict[str, dict[int, list[Item]]] = defaultdict(lambda: defaultdict(list))
    for item in edited_items(data, SELECTION):
        if item.kind == "injected":
            _, kind, dose = item.item_id.split("~")
            planted[kind][int(dose)].append(item)
    return planted


@pytest.fixture(scope="module")
def verified(data: Path) -> dict[str, tuple[Evidence, Place]]:
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as connection:
        rows = connection.execute(
            "select sample_id, evidence, place_id, place, city, null, lng, lat, datum from samples"
        ).fetchall()
    return {sample: (_evidence(pois), Place(*place)) for sample, pois, *place in rows}


def _evidence(pois: list[dict[str, Any]]) -> Evidence:
    fields = {"specialities": (), "tags": ()}
    made = tuple(Poi(**(poi | fields | {"specialities": tuple(poi["specialities"] or ())})) for poi in pois)
    return Evidence(made, (), "", "GCJ-02", "", "", frozenset(), datetime.now(UTC))


def _look(item: Item) -> Look:
    return look(messages(Ask(item, "standard", "data", ("data",), 0), 0)[1].content)


def test_every_kind_is_made_at_every_dose_of_the_same_samples(edits: dict[str, dict[int, list[Item]]]) -> None:
    assert set(edits) == {*FAULTS, *HARMLESS}
    for doses in edits.values():
        samples = [[item.sample_id for item in doses[dose]] for dose in DOSES]
        assert samples[0] == samples[1] == samples[2]
        assert len(samples[0]) >= 3, [kind for kind, row in edits.items() if row is doses]


def test_the_verifier_finds_each_planted_fault_and_nothing_in_harmless_edits(
    edits: dict[str, dict[int, list[Item]]], verified: dict[str, tuple[Evidence, Place]]
) -> None:
    def unsupported(item: Item) -> list[Claim]:
        claims = read_claims(item.question, item.answer, *verified[item.sample_id])
        return [claim for claim in claims if claim.status in {"unsupported", "contradicted"}]

    for kind, doses in edits.items():
        for dose, items in doses.items():
            wrong = [unsupported(item) for item in items]
            # An unfit restaurant's facts are true; it is not what was asked for.
            if kind in HARMLESS or kind == "unfit":
                assert not any(wrong), (
                    kind,
                    [(item.answer, claims) for item, claims in zip(items, wrong, strict=True) if claims],
                )
            else:
                plain = [[claim for claim in claims if claim.kind not in RELATIONS - {kind}] for claims in wrong]
                assert all(len(claims) >= dose for claims in plain), (kind, dose)
                other = [
                    (item.answer, claim)
                    for item, claims in zip(items, plain, strict=True)
                    for claim in claims
                    # "more than the one before" loses what it rests on when that one is replaced; what is left of a wrong
                    # address may be read as something else in the same clause
                    # where a name was changed, the closing's words of that name are of another restaurant
                    if claim.kind != kind
                    and not (
                        kind == "name"
                        and claim.clause > max((named.clause for named in claims if named.kind == kind), default=0)
                    )
                    and "上一家" not in item.answer
                    and claim.clause not in {planted.clause for planted in claims if planted.kind == kind}
                ]
                assert not other, (kind, other)


def test_the_simulated_judge_counts_faults_by_the_facts(data: Path, edits: dict[str, dict[int, list[Item]]]) -> None:
    clean = {item.sample_id: _look(item) for item in read_items(data, SELECTION, []) if item.kind == "sample"}
    assert not [look for look in clean.values() if look.invented or look.wrong or look.missed]
    for kind, doses in edits.items():
        for dose, items in doses.items():
            for item in items:
                seen = _look(item)
                count = seen.invented + seen.wrong + seen.missed
                if kind in HARMLESS:
                    assert replace(seen, told=0.0) == replace(clean[item.sample_id], told=0.0)
                    assert seen.told == pytest.approx(clean[item.sample_id].told)
                else:
                    # A restaurant that serves something else may also be too far away.
                    assert dose - 1 <= count <= dose * (2 if kind == "unfit" else 1), (kind, dose, item.answer)


def test_a_fault_that_the_evidence_holds_is_no_fault(edits: dict[str, dict[int, list[Item]]]) -> None:
    """The simulated judge knows facts, not edits: beside evidence that says what the edit says it finds nothing."""
    for dose, items in edits["rating"].items():
        for item in items:
            assert _look(item).wrong == dose
            assert (
                _look(replace(item, evidence=tuple(_agreeing(line, item.answer) for line in item.evidence))).wrong == 0
            )


def _agreeing(line: str, answer: str) -> str:
    """A line of evidence with the rating that the answer states for this restaurant."""
    name = facts_of(line)["店名"]
    told = next((spoken for spoken in answer.splitlines() if name in spoken), "").replace(name, "")
    stated = re.search(r"评分\D{0,5}(\d\.\d)|(\d\.\d)分?的(?:综合)?评分", told)
    return re.sub(r"评分：[\d.]+", f"评分：{stated[1] or stated[2]}", line) if stated else line


def test_a_judge_sees_all_evidence_or_is_told_how_much_is_missing(
    data: Path, verified: dict[str, tuple[Evidence, Place]]
) -> None:
    counts = {sample: len({poi.poi_id for poi in evidence.pois}) for sample, (evidence, _) in verified.items()}
    assert MOST_EVIDENCE > max(counts.values()) > 20
    for most in (MOST_EVIDENCE, 20):
        shown = [item for item in read_items(data, SELECTION, [], most) if item.kind == "sample"]
        assert all(item.restaurants == counts[item.item_id] for item in shown)
        assert all(len(item.evidence) == min(most, item.restaurants) for item in shown)
        for item in shown:
            names = {facts_of(line)["店名"] for line in item.evidence}
            held = {poi.name for poi in verified[item.item_id][0].pois}
            assert all(name in names for name in held if name in item.answer)
