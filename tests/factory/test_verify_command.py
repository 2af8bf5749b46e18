"""``python -m factory verify FILE``: rows of any origin, JSONL or Parquet, with claims and findings for people and machines."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import orjson
import pytest

from tests.factory.test_synth import _run
from tests.keyless import CLEAN


def _verify(file: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "factory", "verify", *flags, str(file)],
        env=CLEAN,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Samples of a small run with what a check needs, as Parquet."""
    data = tmp_path_factory.mktemp("data")
    assert _run("factory", "synth", data, N="12").returncode == 0
    file = data / "rows.parquet"
    columns = (
        "question, answer, evidence, lng, lat, datum, place, city, cuisine, taste, diet, meal_time, party_size, occasion, "
        "radius_m, budget_min_cny, budget_max_cny"
    )
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as connection:
        connection.execute(f"copy (select {columns} from samples where feasible) to '{file}'")
    return file


def test_our_own_samples_pass_and_every_claim_is_told(exported: Path) -> None:
    done = _verify(exported, "--json")
    assert done.returncode == 0, done.stderr + done.stdout
    told = [orjson.loads(line) for line in done.stdout.splitlines()]
    assert told
    assert all(result["accepted"] and result["claims"] and not result["findings"] for result in told)


def test_a_lie_in_a_row_from_elsewhere_is_found_in_a_table_and_in_the_status(exported: Path, tmp_path: Path) -> None:
    row = duckdb.sql(f"from '{exported}' limit 1").to_arrow_table().to_pylist()[0]
    row["answer"] = row["answer"].replace("1. ", "1. 从没有过的酒楼：评分4.9。\n2. ", 1)
    file = tmp_path / "rows.jsonl"
    file.write_bytes(orjson.dumps(row))
    done = _verify(file)
    assert done.returncode == 1
    assert "从没有过的酒楼" in done.stdout
    assert "0 of 1 rows pass" in done.stderr


@pytest.mark.parametrize(("words", "passes"), [("肠粉吃着像云彩糊了嗓子", True), ("第一家人均9999元", False)])
def test_a_row_tells_how_it_would_pass_once_cut(exported: Path, tmp_path: Path, words: str, passes: bool) -> None:  # noqa: FBT001
    """Only where nothing but what was not understood stands against it."""
    row = duckdb.sql(f"from '{exported}' limit 1").to_arrow_table().to_pylist()[0]
    whole = row["answer"]
    row["answer"] = f"{whole.rstrip()}{words}。"
    file = tmp_path / "rows.jsonl"
    file.write_bytes(orjson.dumps(row))
    [told] = [orjson.loads(line) for line in _verify(file, "--json").stdout.splitlines()]
    assert not told["accepted"]
    assert told["once_cut"] == ({"answer": whole.rstrip(), "cut": [words]} if passes else None)
    assert (words in _verify(file).stdout.partition("passes without:")[2]) is passes


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"not json", "cannot be read as JSON"),
        (b"3", "not an object"),
        (b'{"question": "q"}', "lacks answer, evidence, lng, lat"),
        (b'{"question": "q", "answer": "a", "evidence": [3], "lng": 1, "lat": 2}', "cannot be read"),
        (b'{"question": "q", "answer": 4, "evidence": [], "lng": 1, "lat": 2}', "not text"),
    ],
)
def test_a_row_that_cannot_be_read_is_an_object_with_its_reason(tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_bytes(content + b"\n" + content)
    done = _verify(file, "--json")
    assert done.returncode == 1, done.stderr
    told = [orjson.loads(line) for line in done.stdout.splitlines()]
    assert len(told) == 2
    for row in told:
        assert row["accepted"] is False
        assert words in row["findings"][0]["detail"]
        assert row["coverage"] == {"claim": 0, "wish": 0, "talk": 0, "unread": 0}
    assert "Traceback" not in done.stderr


def test_a_json_array_is_read_as_its_rows(exported: Path, tmp_path: Path) -> None:
    rows = duckdb.sql(f"from '{exported}' limit 3").to_arrow_table().to_pylist()
    file = tmp_path / "rows.json"
    file.write_bytes(orjson.dumps(rows))
    told = [orjson.loads(line) for line in _verify(file, "--json").stdout.splitlines()]
    assert [row["accepted"] for row in told] == [True, True, True]
    assert all(row["coverage"]["claim"] > 0 and row["coverage"]["unread"] == 0 for row in told)


def test_an_empty_file_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_bytes(b"")
    done = _verify(file)
    assert done.returncode == 2
    assert "holds no rows" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    done = _verify(tmp_path / "nowhere.parquet")
    assert done.returncode == 2
    assert "cannot be read" in done.stderr
