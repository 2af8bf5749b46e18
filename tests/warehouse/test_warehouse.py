"""The DuckDB file over a real small run: views, refresh, rebuild, export, forget, checks that can fail."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from factory.errors import UsageError
from factory.sending.ledger import Ledger
from tests.keyless import CLEAN
from warehouse import loading
from warehouse.catalogue import FILE, check, refresh
from warehouse.forget import forget

CONTRACT = [
    *(
        "sample_id",
        "run_id",
        "order_id",
        "instruction",
        "question",
        "answer",
        "place_id",
        "place",
        "city",
        "adcode",
        "lng",
        "lat",
    ),
    *(
        "datum",
        "cuisine",
        "taste",
        "budget_min_cny",
        "budget_max_cny",
        "radius_m",
        "party_size",
        "occasion",
        "diet",
        "meal_time",
    ),
    *(
        "feasible",
        "recommendations",
        "evidence",
        "trajectory",
        "evidence_hash",
        "fetched_at",
        "map_provider",
        "licence",
    ),
    *("attribution", "teacher", "prompt_version", "input_tokens", "output_tokens", "cost_cny", "created_at", "split"),
]


@pytest.fixture
def world(tmp_path: Path) -> Path:
    data = tmp_path / "data"
    done = subprocess.run(
        [sys.executable, "-m", "factory", "synth"],
        env={**CLEAN, "DATA": str(data), "N": "60"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return data


def _ask(data: Path, question: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(data / FILE), read_only=True) as connection:
        return connection.execute(question).fetchall()


def test_an_empty_folder_gets_empty_views(tmp_path: Path) -> None:
    assert refresh(tmp_path) == 0
    for view in (
        "samples",
        "claims",
        "rejects",
        "ledger",
        "usage",
        "runs",
        "coverage",
        "sft_train",
        "sft_open_validation",
        "scores",
    ):
        assert _ask(tmp_path, f"select count(*) from {view}") == [(0,)]


def test_the_views_hold_their_contract(world: Path) -> None:
    assert [row[0] for row in _ask(world, "describe samples")][: len(CONTRACT)] == CONTRACT
    assert _ask(world, "select count(*) from samples where map_provider = 'sandbox' and licence like '%invented%'") == [
        (60,)
    ]
    assert _ask(world, "select count(*) from claims where status = 'unsupported'") == [(0,)]
    split = _ask(world, "select (select count(*) from sft_train) + (select count(*) from sft_validation)")
    assert split == [(60,)]


def test_open_rows_show_at_most_eight_and_all_recommended(world: Path) -> None:
    rows = _ask(
        world,
        "select messages[2].content, list_transform(s.recommendations, lambda r: r.name) from "
        "(from sft_open_train union all by name from sft_open_validation) join samples s using (sample_id)",
    )
    assert len(rows) == 60
    for content, names in rows:
        assert isinstance(content, str)
        assert isinstance(names, list)
        block = content.split("\n\n附近的餐厅：\n")[1].splitlines()
        assert len(block) <= 8
        assert all(any(line.startswith(name) for line in block) for name in names)


def test_a_rebuild_equals_the_refreshed_file(world: Path) -> None:
    question = "select * exclude (created_at) from samples order by sample_id"
    before = _ask(world, question)
    assert refresh(world) == 0
    assert refresh(world, rebuild=True) > 0
    assert _ask(world, question) == before


def test_a_refresh_replaces_the_file_under_a_reader(world: Path) -> None:
    with duckdb.connect(str(world / FILE), read_only=True) as reader:
        refresh(world, rebuild=True)
        assert reader.execute("select count(*) from samples").fetchall() == [(60,)]


def test_checks_find_a_planted_row(world: Path) -> None:
    assert all(count == 0 for _, count, _ in check(world))
    with duckdb.connect(str(world / FILE)) as connection:
        connection.execute("insert into states select * from states limit 1")
    assert {name: count for name, count, _ in check(world)}["unique_samples"] == 1


def test_forget_removes_a_run_everywhere(world: Path) -> None:
    run = str(_ask(world, "select run_id from runs")[0][0])
    assert forget(world, run)
    assert _ask(world, "select count(*) from samples") == [(0,)]
    left = [
        path for path in world.rglob("*") if run in path.name or (path.is_file() and run.encode() in path.read_bytes())
    ]
    assert not left


def test_forget_beside_a_run_at_work_says_who_is_there_and_removes_nothing(tmp_path: Path) -> None:
    plan = tmp_path / "plan" / "sandbox-1.json"
    plan.parent.mkdir()
    plan.write_text("{}")
    ledger = Ledger(tmp_path, "sandbox-1", None)
    with pytest.raises(UsageError, match=f"process {os.getpid()}"):
        forget(tmp_path, "sandbox-1")
    assert plan.exists()
    ledger.close()
    assert forget(tmp_path, "sandbox-1")
    assert not plan.exists()


def test_a_file_whose_rows_know_fewer_facts_of_a_restaurant_grows_with_the_schema(tmp_path: Path) -> None:
    statements = (Path(loading.__file__).parent / "tables.sql").read_text(encoding="utf-8")
    older = "struct(poi_id varchar, name varchar)[]"
    with duckdb.connect(str(tmp_path / "old.duckdb")) as connection:
        connection.execute(f"create table orders_shard (order_id varchar, evidence {older})")
        connection.execute("insert into orders_shard values ('o', [{'poi_id': 'SBX1', 'name': '甲'}])")
        for _ in range(2):
            loading.create_tables(connection, statements)
        row = connection.execute("select evidence[1].name, evidence[1].open_week from orders_shard").fetchone()
    assert row == ("甲", None)
