"""A preview pays for three orders, commits nothing, and the run that follows takes every one of those answers again."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Any

import duckdb

from tests.keyless import run_factory

PRICED = {"PRICE_IN": "2", "PRICE_OUT": "8", "K": "2", "SEED": "4"}


def _booked(data: Path) -> dict[tuple[str, int], tuple[Any, ...]]:
    """The ledger's answers by call and attempt: status, cost in CNY, when settled."""
    with sqlite3.connect(data / "calls.sqlite") as book:
        rows = book.execute("select key, attempt, status, cost_cny, settled_at from calls")
        return {(key, attempt): tuple(rest) for key, attempt, *rest in rows}


def _replayed(data: Path) -> int:
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as connection:
        [(total,)] = connection.execute("select sum(replayed)::bigint from usage").fetchall()
    return int(total)


def test_a_preview_commits_nothing_and_the_run_that_follows_pays_for_none_of_its_answers_again(tmp_path: Path) -> None:
    shown = run_factory("preview", tmp_path, **PRICED)
    assert shown.returncode == 0, shown.stderr
    assert "Nothing was committed" in shown.stderr
    left = {path.name for path in tmp_path.iterdir()}
    assert not left & {"commits", "shards", "admission.sqlite", "warehouse.duckdb"}, left
    previewed = _booked(tmp_path)
    assert len(previewed) >= 6  # three orders of at least a search and an answer
    assert all(status == "kept" and cost > 0 for status, cost, _ in previewed.values())
    told = re.search(r"(\d+) calls \(([\d.]+) CNY\), 0 answers kept from before", shown.stderr)
    assert told is not None, shown.stderr
    assert int(told[1]) == len(previewed)
    assert abs(float(told[2]) - sum(cost for _, cost, _ in previewed.values())) < 1e-3

    made = run_factory("synth", tmp_path, N="12", **PRICED)
    assert made.returncode == 0, made.stderr
    after = _booked(tmp_path)
    assert {call: after[call] for call in previewed} == previewed
    assert (
        len({key for key, _ in after}) == len(after) > len(previewed)
    )  # no call was made twice, and there were others
    assert _replayed(tmp_path) == len(previewed)


def test_after_a_preview_with_another_seed_nothing_is_taken_again(tmp_path: Path) -> None:
    assert run_factory("preview", tmp_path, **PRICED).returncode == 0
    made = run_factory("synth", tmp_path, N="6", **{**PRICED, "SEED": "5"})
    assert made.returncode == 0, made.stderr
    assert _replayed(tmp_path) == 0
