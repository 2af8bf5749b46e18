"""Two runs in one DATA: each keeps its own samples; a pool of both repeats nothing and trains on nothing that is held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from factory.commit.commit import Commit, CommitKind
from factory.commit.neardup import FINGERPRINT_VERSION, fingerprint
from factory.commit.schema import SHARDS
from factory.commit.store import open_store
from warehouse.catalogue import FILE, check, refresh

QUESTION, ANSWER = "想在五道口吃川菜，人均六十左右，有推荐吗？", "推荐蜀香小馆，距您三百米，人均58元，招牌水煮鱼。"
OTHER_QUESTION, OTHER_ANSWER = (
    "望京附近有没有安静的日料店？",
    "可以去京桥寿司，步行八百米，人均一百六十元，晚上十点打烊。",
)


@dataclass(frozen=True, slots=True)
class Made:
    """One sample as these tests make it."""

    sample_id: str
    question: str = QUESTION
    answer: str = ANSWER
    split: str = "train"
    place: str = "五道口"
    taste: str = "喜欢辣"


def _commit(data: Path, run: str, samples: Sequence[Made], unit: str = "U00000000") -> None:
    store = open_store(data)
    files = store.put(
        run,
        unit,
        {
            "samples": pa.Table.from_pylist([_sample(run, made) for made in samples], schema=SHARDS["samples"]),
            "orders": pa.Table.from_pylist([_order(run, made) for made in samples], schema=SHARDS["orders"]),
        },
    )
    ids = tuple(made.sample_id for made in samples)
    assert store.commit_if_absent(
        Commit(run, unit, CommitKind.ORDERS, datetime.now(UTC), files, admitted=ids, first_order=0, orders=len(ids))
    )
    refresh(data)


def _sample(run: str, made: Made) -> dict[str, Any]:
    prints = fingerprint(made.question, made.answer)
    return {
        "sample_id": made.sample_id, "run_id": run, "order_id": f"o-{made.sample_id}", "question": made.question,
        "answer": made.answer, "place_id": made.place, "cuisine": "川菜", "taste": made.taste, "split": made.split,
        "text_hash": prints.text_hash, "grams": sorted(prints.grams), "near_bands": list(prints.bands),
        "gram_bits": prints.gram_bits, "fingerprint_version": FINGERPRINT_VERSION,
    }  # fmt: skip


def _order(run: str, made: Made) -> dict[str, Any]:
    return {"order_id": f"o-{made.sample_id}", "run_id": run, "place_id": made.place, "slots": 1, "map_provider": "osm"}


def _ask(data: Path, question: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(data / FILE), read_only=True) as connection:
        return connection.execute(question).fetchall()


def _pool(data: Path) -> list[str]:
    return [row[0] for row in _ask(data, "select sample_id from sft_rows where pooled order by 1")]


def test_each_run_keeps_what_another_has_too_and_a_pool_has_it_once(tmp_path: Path) -> None:
    _commit(tmp_path, "a", [Made("a1")])
    _commit(tmp_path, "b", [Made("b1"), Made("b2", OTHER_QUESTION, OTHER_ANSWER)])
    assert _ask(tmp_path, "select run_id, count(*) from samples group by 1 order by 1") == [("a", 1), ("b", 2)]
    assert _pool(tmp_path) == ["a1", "b2"]
    assert _ask(tmp_path, "select sample_id, reason, twin, twin_run_id from left_out") == [("b1", "exact", "a1", "a")]
    assert _ask(tmp_path, "select sample_id from sft_train order by 1") == [("a1",), ("b2",)]
    assert not [name for name, count, _ in check(tmp_path) if count and name != "recommended_is_evidence"]


def test_of_a_pair_the_held_out_row_stays_whichever_came_first(tmp_path: Path) -> None:
    _commit(tmp_path, "a", [Made("a1", split="train")])
    _commit(tmp_path, "b", [Made("b1", split="seen", taste="清淡口味")])
    assert _pool(tmp_path) == ["b1"]
    assert _ask(tmp_path, "select sample_id from sft_validation") == [("b1",)]


@pytest.mark.parametrize(
    ("other", "trained"),
    [
        (Made("b1", OTHER_QUESTION, OTHER_ANSWER, split="seen"), []),
        (Made("b1", OTHER_QUESTION, OTHER_ANSWER, split="seen", taste="清淡口味"), ["a1"]),
        (Made("b1", OTHER_QUESTION, OTHER_ANSWER, split="unseen", taste="清淡口味"), []),
        (Made("b1", OTHER_QUESTION, OTHER_ANSWER, split="unseen", place="望京"), ["a1"]),
    ],
    ids=["same wish", "another wish", "same place", "another place"],
)
def test_no_pool_trains_on_a_wish_or_a_place_that_a_run_holds_back(
    tmp_path: Path, other: Made, trained: list[str]
) -> None:
    _commit(tmp_path, "a", [Made("a1")])
    _commit(tmp_path, "b", [other])
    assert [row[0] for row in _ask(tmp_path, "select sample_id from sft_train")] == trained
    assert not [rows for name, rows, _ in check(tmp_path) if name == "pooled_training_is_apart" and rows]


def test_near_duplicates_of_two_runs_are_one_in_a_pool(tmp_path: Path) -> None:
    _commit(tmp_path, "a", [Made("a1")])
    _commit(tmp_path, "b", [Made("b1", answer=ANSWER.replace("推荐", "可以试试"))])
    assert _ask(tmp_path, "select sample_id, reason from left_out") == [("b1", "near")]
    assert _ask(tmp_path, "select count(*) from samples") == [(2,)]


def test_a_later_run_is_compared_with_all_that_stand(tmp_path: Path) -> None:
    for run in "abc":
        _commit(tmp_path, run, [Made(f"{run}1")])
    assert _pool(tmp_path) == ["a1"]
    refresh(tmp_path, rebuild=True)
    assert _pool(tmp_path) == ["a1"]
