"""What judges said leaves as Parquet and CSV, whole or not at all, and as inert text."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from factory.commit.commit import Commit, CommitKind
from factory.commit.store import open_store
from factory.errors import UsageError
from judge.asking import Ask
from judge.export import NOTE, TABLES, export
from judge.in_force import put_in_force, rows
from judge.instrument import SHIPPED
from judge.parsing import Verdict
from judge.rubric import DATA
from judge.verdicts import Outcome, tables
from tests.judge.judge_wire import ITEM
from warehouse.catalogue import refresh

FORMULA = "=HYPERLINK(1)\nzweite, Zeile"


@pytest.fixture
def judged(tmp_path: Path) -> Path:
    store, data = open_store(tmp_path / "data"), tmp_path / "data"
    data.mkdir()
    refresh(data)
    put_in_force(store, data, "judge-m", rows("m", SHIPPED))
    verdict = Verdict((("准确性", 5.0),), 9.5, "scored", "", FORMULA)
    outcomes = [
        Outcome(Ask(ITEM, "standard", DATA, (DATA,), turn), (verdict,), "m", 9, 9, 0.5, "r", replayed=False)
        for turn in range(2)
    ]
    files = store.put("judge-m", "U000100", tables(outcomes))
    store.commit_if_absent(Commit("judge-m", "U000100", CommitKind.VERDICTS, datetime.now(UTC), files))
    refresh(data)
    return data


def test_both_forms_hold_the_same_rows_and_no_cell_is_a_formula(judged: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert {file.name: file.rows for file in export(judged, out, None)} == {
        "verdicts": 2,
        "scores": 1,
        "pairs": 0,
        "rubrics": 3,
    }
    assert {path.name for path in out.iterdir()} == {
        NOTE,
        *(f"{name}.{form}" for name in TABLES for form in ("csv", "parquet")),
    }
    sql = f"select scores['准确性'], total, rationale, replicate from '{out}/verdicts.parquet' order by replicate"
    assert duckdb.sql(sql).fetchall() == [(5.0, 9.5, FORMULA, 0), (5.0, 9.5, FORMULA, 1)]
    with (out / "verdicts.csv").open(encoding="utf-8-sig", newline="") as file:
        read = list(csv.DictReader(file))
    assert [row["rationale"] for row in read] == [f"'{FORMULA}"] * 2
    assert {row["scores"] for row in read} == {'{"准确性":5.0}'}
    assert {row["total"] for row in read} == {"9.5"}
    assert {row["rubric_hash"] for row in read} == {SHIPPED.digest(DATA)}


def test_an_earlier_export_is_replaced_whole_and_another_folder_is_left_alone(judged: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(judged, out, None)
    (out / "left-over.csv").write_text("old", encoding="utf-8")
    export(judged, out, None)
    assert not (out / "left-over.csv").exists()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="another folder"):
        export(judged, mine, None)
    assert [path.name for path in mine.iterdir()] == ["thesis.txt"]


def test_nothing_to_write_is_a_sentence(judged: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no verdicts"):
        export(judged, tmp_path / "out", "another-run")
    assert not (tmp_path / "out").exists()
