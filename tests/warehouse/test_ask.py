"""What a terminal shows of an answer: a table where it fits, and records one under another before anything would be cut."""

from __future__ import annotations

import pytest

from warehouse import ask

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
