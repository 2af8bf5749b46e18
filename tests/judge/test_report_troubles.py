"""The judge's reader and writer on a disk in trouble: sentences with a way back."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from factory.errors import DiskTrouble, UsageError
from judge.items import open_views
from judge.report.write import _put


def test_a_warehouse_that_is_whole_is_read_and_one_that_is_not_names_its_way_back(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    with pytest.raises(UsageError, match="run `make synth` first"), open_views(tmp_path):
        pass
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table samples as select 1 as one")
    with open_views(tmp_path) as connection:
        assert connection.execute("from samples").fetchall() == [(1,)]
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(DiskTrouble, match="make warehouse REBUILD=1"), open_views(tmp_path):
        pass


def test_a_report_takes_the_place_of_whatever_stands_there_and_leaves_nothing_aside(tmp_path: Path) -> None:
    folder = tmp_path / "reports" / "judge"
    (folder / "report.json" / "below").mkdir(parents=True)
    _put(folder, {"report.json": b"{}", "index.html": b"<html></html>"})
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "report.json": b"{}",
        "index.html": b"<html></html>",
    }


def test_a_report_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "reports").write_bytes(b"a file")
    with pytest.raises(DiskTrouble, match=r"The report cannot be written .*run `make report`"):
        _put(tmp_path / "reports" / "judge", {"index.html": b""})
