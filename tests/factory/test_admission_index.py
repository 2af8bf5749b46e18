"""The index of admission: a whole one is gone on with, and one with a changed row is made again from the commits."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from factory.commit.admission import ROWS, Admission
from factory.commit.commit import Commit, CommitKind, ShardFile
from factory.commit.local_store import LocalStore
from factory.commit.schema import table

TEXTS = (("吃什么？", "推荐蜀香小馆，距您三百米。"), ("喝什么？", "可以去桥边茶馆，步行八百米，晚上十点打烊。"))


class _CountingStore(LocalStore):
    """Counts the shards that are read."""

    def __init__(self, data: Path) -> None:
        super().__init__(data)
        self.reads = 0

    def read(self, file: ShardFile, columns: Sequence[str]) -> pa.Table:
        self.reads += 1
        return super().read(file, columns)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two units that the index has seen."""
    store = LocalStore(tmp_path)
    for number, (question, answer) in enumerate(TEXTS):
        unit, sample = f"U{number:08d}", f"s-{number}"
        rows = table("samples", [{"sample_id": sample, "place_id": "p", "question": question, "answer": answer}])
        files = store.put("run", unit, {"samples": rows})
        commit = Commit("run", unit, CommitKind.ORDERS, datetime(2026, 11, 28, tzinfo=UTC), files, admitted=(sample,))
        assert store.commit_if_absent(commit)
    assert _reads_of_catching_up(tmp_path) == len(TEXTS)
    return tmp_path


def _reads_of_catching_up(data: Path) -> int:
    store = _CountingStore(data)
    with closing(Admission(data, "run")) as admission:
        admission.catch_up(store)
    return store.reads


def test_a_whole_index_is_gone_on_with(data: Path) -> None:
    assert _reads_of_catching_up(data) == 0


@pytest.mark.parametrize(
    "harm",
    [
        "update admitted set grams = x'00' where number = 1",
        "delete from bands where number = 2",
        "delete from admitted where number = 2",
        "insert into admitted (run_id, sample_id, text_hash, grams) values ('run', 'more', x'01', x'00')",
    ],
)
def test_an_index_with_a_changed_row_is_made_again(data: Path, harm: str) -> None:
    with closing(sqlite3.connect(data / "admission.sqlite", isolation_level=None)) as index:
        index.execute(harm)
    assert _reads_of_catching_up(data) == len(TEXTS)
    assert _reads_of_catching_up(data) == 0


def test_each_row_of_the_check_is_found_by_its_key(data: Path) -> None:
    """Found by the run alone, each of a million rows would walk the other million."""
    with closing(sqlite3.connect(data / "admission.sqlite")) as index:
        steps = [row[3] for row in index.execute(f"explain query plan {ROWS}", ("run",))]
    assert any(step.startswith("SEARCH a USING INTEGER PRIMARY KEY") for step in steps), steps
