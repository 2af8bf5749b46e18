"""``chidian verify`` reads our own exports back: every layout, both kinds of file, the trained answer against its evidence."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pyarrow.parquet as pq
import pytest

from factory.run.synth import main as synth
from factory.settings import read
from factory.verifier.command import main as verify
from factory.verifier.exported import unpacked
from factory.verifier.public import verify_row
from warehouse.catalogue import FILE
from warehouse.export import ExportSettings, export
from warehouse.export.layouts import LAYOUTS

N = 30
FIELDS = ("poi_id", "kind", "stated", "truth", "status")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("verify") / "data"
    assert synth(read("synth", ["--n", str(N), "--data", str(data)])) == 0
    return data


def _rows(out: Path) -> list[dict[str, Any]]:
    lines = [json.loads(line) for path in out.glob("*.jsonl") for line in path.read_text().splitlines()]
    return lines + [row for path in out.glob("*.parquet") for row in pq.read_table(path).to_pylist()]


def _stored(world: Path) -> dict[str, Counter[tuple[Any, ...]]]:
    with duckdb.connect(str(world / FILE), read_only=True) as connection:
        rows = connection.execute(f"select sample_id, {', '.join(FIELDS)} from claims").fetchall()
    claims: dict[str, Counter[tuple[Any, ...]]] = {}
    for sample, *claim in rows:
        claims.setdefault(sample, Counter())[tuple(claim)] += 1
    return claims


@pytest.mark.parametrize("files", ["jsonl", "parquet"])
@pytest.mark.parametrize("mode", ["closed", "open"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_row_of_every_layout_has_the_claims_that_the_warehouse_holds(
    world: Path, tmp_path: Path, layout: str, mode: str, files: str
) -> None:
    export(world, tmp_path / "out", ExportSettings(layout, mode, files, proof=True))
    rows, stored = _rows(tmp_path / "out"), _stored(world)
    assert len(rows) == N
    for row in rows:
        plain = unpacked(row)
        assert isinstance(plain, dict)
        result = verify_row(plain)
        assert result.accepted, result.findings
        claims = Counter(tuple(getattr(claim, name) for name in FIELDS) for claim in result.claims)
        assert claims == stored.get(row["sample_id"], Counter())


@pytest.mark.parametrize("files", ["jsonl", "parquet"])
def test_a_folder_is_checked_split_by_split(
    world: Path, tmp_path: Path, files: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    export(world, out, ExportSettings(files=files, proof=True))
    assert verify(read("verify", ["--json", str(out)])) == 0
    assert f"{N} of {N} rows pass" in capsys.readouterr().err


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_lie_in_the_answer_that_is_trained_is_found_though_the_proof_was_left_alone(
    world: Path, tmp_path: Path, layout: str
) -> None:
    export(world, tmp_path / "out", ExportSettings(layout, proof=True))
    text = next(
        line
        for path in (tmp_path / "out").glob("*.jsonl")
        for line in path.read_text(encoding="utf-8").splitlines()
        if json.loads(line)["proof"]["feasible"]
    )
    row = json.loads(text)
    lie = "从没有过的酒楼：评分4.9，人均88元。\n2. "
    changed = json.loads(_with_answer(row, row["proof"]["answer"].replace("1. ", "1. " + lie, 1)))
    plain, altered = unpacked(row), unpacked(changed)
    assert isinstance(plain, dict)
    assert isinstance(altered, dict)
    assert verify_row(plain).accepted
    assert not verify_row(altered).accepted


def _with_answer(row: dict[str, Any], answer: str) -> bytes:
    """The record with another answer where its layout holds it; the proof as it was."""
    before, proof = row["proof"]["answer"], row["proof"]
    trained = {name: value for name, value in row.items() if name != "proof"}
    body = orjson.dumps(trained).replace(orjson.dumps(before)[1:-1], orjson.dumps(answer)[1:-1])
    return orjson.dumps(orjson.loads(body) | {"proof": proof})


def test_another_question_than_the_proofs_is_the_one_that_is_checked(world: Path, tmp_path: Path) -> None:
    export(world, tmp_path / "out", ExportSettings("iqa", proof=True))
    row = _rows(tmp_path / "out")[0]
    plain, other = unpacked(row), unpacked(row | {"question": "附近有什么好吃的？"})
    assert isinstance(plain, dict)
    assert isinstance(other, dict)
    assert plain["question"] == row["proof"]["question"]
    assert other["question"] == "附近有什么好吃的？"


def test_an_export_without_proof_is_told_what_to_do(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export(world, tmp_path / "out", ExportSettings("alpaca"))
    assert verify(read("verify", ["--json", str(tmp_path / "out")])) == 1
    told = capsys.readouterr()
    assert "PROOF=1" in told.out
    assert f"0 of {N} rows pass" in told.err


def test_a_row_of_another_origin_is_left_as_it_is() -> None:
    row = {"question": "q", "answer": "a", "evidence": [], "lng": 1.0, "lat": 2.0}
    assert unpacked(row) is row


def test_a_proof_that_is_bent_is_a_finding_and_no_crash() -> None:
    for proof in ({}, {"evidence": [3], "lng": 1, "lat": 2}, {"evidence": [{"tags": [4]}], "lng": 1, "lat": 2}):
        plain = unpacked({"messages": [7, {"role": "assistant", "content": "好的。"}], "proof": proof})
        assert isinstance(plain, dict)
        assert not verify_row(plain).accepted
