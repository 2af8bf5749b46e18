"""A damaged file of a finished DATA is named by check with its way back, and the way back is one (all of it: bench/damage.py)."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from factory.errors import ChidianError
from tests.keyless import CLEAN
from warehouse import catalogue
from warehouse.catalogue import FILE, check, refresh_file

KEPT = {
    "samples": "shards/*/samples/*.parquet",
    "rejects": "shards/*/rejects/*.parquet",
    "orders": "shards/*/orders/*.parquet",
    "calls": "shards/*/calls/*.parquet",
    "commit": "commits/*/*.json",
    "plan": "plan/sandbox-*.json",
    "cells": "plan/cells.json",
    "world": "plan/world.json",
}
MADE_AGAIN = {"map": "map.sqlite", "index": "admission.sqlite", "warehouse": FILE}
WAYS = ("bit", "half", "empty", "folder", "other JSON")


def _run(room: str, word: str, data: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", room, word],
        env={**CLEAN, "DATA": str(data), **settings},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One finished run of two units."""
    data = tmp_path_factory.mktemp("whole") / "data"
    for n in ("5", "20"):
        done = _run("factory", "synth", data, N=n, AGENTS="1")
        assert done.returncode == 0, done.stderr
    return data


def _harm(path: Path, way: str) -> None:
    body, dice = bytearray(path.read_bytes()), random.Random(f"{path.name} {way}")
    if way == "bit":
        body[dice.randrange(len(body))] ^= 1 << dice.randrange(8)
    elif way == "half":
        body = body[: len(body) // 2]
    elif way == "empty":
        body.clear()
    elif way == "folder":
        path.unlink()
        path.mkdir()
        return
    else:
        body = bytearray(b"[]")
    path.write_bytes(body)


def _copy(whole: Path, tmp_path: Path, pattern: str) -> tuple[Path, Path]:
    data = tmp_path / "data"
    shutil.copytree(whole, data)
    return data, min(data.glob(pattern))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", KEPT)
def test_check_names_what_is_damaged_and_what_to_do(whole: Path, tmp_path: Path, kind: str, way: str) -> None:
    data, path = _copy(whole, tmp_path, KEPT[kind])
    _harm(path, way)
    sentences = [first for name, count, first in check(data) if count and name == "files_are_whole"]
    assert any(sentence.startswith(f"{path} is damaged (") for sentence in sentences)
    assert all("delete" in sentence for sentence in sentences)


@pytest.mark.parametrize("way", ["half", "empty", "other JSON"])
@pytest.mark.parametrize("kind", MADE_AGAIN)
def test_what_can_be_made_again_is_made_again_or_says_how(whole: Path, tmp_path: Path, kind: str, way: str) -> None:
    data, path = _copy(whole, tmp_path, MADE_AGAIN[kind])
    _harm(path, way)
    told = any(count for _, count, _ in check(data))
    assert told or (
        way == "empty" and kind != "warehouse"
    )  # to SQLite an empty file is a database, and these are caches
    refresh_file(data)
    with duckdb.connect(str(data / FILE), read_only=True) as connection:
        assert connection.execute("select count(*), count(distinct sample_id) from samples").fetchall() == [(20, 20)]


def test_a_failed_rebuild_names_the_shard_and_never_advises_itself(whole: Path, tmp_path: Path) -> None:
    data, path = _copy(whole, tmp_path, KEPT["orders"])
    _harm(path, "half")
    with pytest.raises(ChidianError) as trouble:
        refresh_file(data, rebuild=True)
    assert str(path) in str(trouble.value)
    assert "REBUILD" not in str(trouble.value)


def test_the_way_back_from_a_damaged_shard_gives_the_same_samples(whole: Path, tmp_path: Path) -> None:
    data, path = _copy(whole, tmp_path, KEPT["samples"])
    _harm(path, "bit")
    with duckdb.connect(str(data / FILE), read_only=True) as connection:
        before = connection.execute("select sample_id, question, answer from samples order by 1").fetchall()
    for commit in data.glob(f"commits/*/{path.stem.rpartition('-')[0]}.json"):
        commit.unlink()
    done = _run("factory", "synth", data, N="20")
    assert done.returncode == 0, done.stderr
    assert "have lost their commit" in done.stderr
    with duckdb.connect(str(data / FILE), read_only=True) as connection:
        assert connection.execute("select sample_id, question, answer from samples order by 1").fetchall() == before
        paid = connection.execute("select sum(calls), sum(replayed) from usage").fetchall()
    assert paid[0][1] > 0  # made from kept answers
    assert not any(count for _, count, _ in check(data))


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_a_locale_without_chinese_gets_answers_and_no_traceback(whole: Path, form: str) -> None:
    ascii_only = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}
    asked = subprocess.run(
        [sys.executable, "-m", "warehouse", "sql"],
        env={**CLEAN, **ascii_only, "DATA": str(whole), "FORMAT": form, "Q": "select '北京' as city"},
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert asked.returncode == 0, asked.stderr
    assert ("\\u5317" if form == "table" else "北京").encode() in asked.stdout


def test_a_refresh_that_is_made_twice_tells_why(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory that does not suffice, or a file that it cannot go on from: what is done again is not done in silence."""
    data, path = _copy(whole, tmp_path, FILE)
    monkeypatch.setattr(catalogue, "MEMORY_MB", (2, 1024))
    assert refresh_file(data, rebuild=True).again.startswith("with 1024 MB: ")
    monkeypatch.undo()
    assert refresh_file(data, rebuild=True).again == ""
    with duckdb.connect(str(path)) as connection:
        connection.execute("update layout set version = 0")
    assert refresh_file(data).again.startswith("anew: ")
