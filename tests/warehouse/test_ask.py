"""What a terminal shows of an answer: a table where it fits, and records one under another before anything would be cut."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from factory.errors import DiskTrouble, UsageError
from warehouse import ask
from warehouse.catalogue import FILE

NAMES = ["run_id", "target", "planned", "accepted", "surplus", "rejected", "pending"]
ROW = ("sandbox-1a2b3c4d", 20, 25, 20, 5, 0, 0)
FITS = 1 + sum(3 + max(len(name), len(str(cell))) for name, cell in zip(NAMES, ROW, strict=True))


@pytest.mark.parametrize(("width", "is_table"), [(FITS, True), (FITS - 1, False)])
def test_no_word_of_an_answer_is_cut(
    width: int, *, is_table: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    ask._table(NAMES, [ROW])
    told = capsys.readouterr().out
    assert "…" not in told
    assert "sandbox-1a2b3c4d" in told
    assert all(name in told for name in NAMES)
    assert ("┃" in told) == is_table


def test_short_words_may_still_take_two_lines_of_a_table(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "24")
    ask._table(["reason", "n"], [("wrong rating of a shop", 3)])
    told = capsys.readouterr().out
    assert "┃" in told
    assert "…" not in told


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """A DATA whose DuckDB file is whole at its head, and in no block of its rows."""
    path = tmp_path / FILE
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table facts as select range as number, hash(range) as noise from range(100000)")
    content = bytearray(path.read_bytes())
    for place in range(12288 + 64, len(content), 4096):
        content[place] ^= 255
    path.write_bytes(content)
    return tmp_path


@pytest.mark.parametrize(
    "question",
    [
        "select * from 'other.parquet'",
        "select * from read_csv('/nonexistent.csv')",
        "attach 'other.duckdb' as other",
        "attach '/etc/passwd' as other",
        "copy (select 1) to '/nonexistent/x.csv'",
        "load no_such_extension",
    ],
)
def test_a_file_that_the_question_names_is_the_questions_trouble(question: str, tmp_path: Path) -> None:
    duckdb.connect(str(tmp_path / FILE)).close()
    with pytest.raises(UsageError, match="The question failed") as told:
        ask.ask(tmp_path, question, "csv")
    assert "REBUILD" not in str(told.value)


def test_damage_of_the_warehouse_is_its_own(damaged: Path) -> None:
    with pytest.raises(DiskTrouble, match="REBUILD=1"):
        ask.ask(damaged, "select sum(noise) from facts", "csv")
    (damaged / FILE).write_bytes(b"no database" * 1000)
    with pytest.raises(DiskTrouble, match="REBUILD=1"):
        ask.ask(damaged, "select 1", "csv")
