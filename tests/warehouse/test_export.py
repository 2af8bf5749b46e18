"""Exports over a real small run: one prompt in every layout, what loaders read, a folder that is whole or not there."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
import yaml

from factory.errors import UsageError
from factory.run.synth import main as synth
from factory.settings import read
from warehouse.catalogue import FILE
from warehouse.export import ExportSettings, export
from warehouse.export.folder import BOOK, remember, replaced_whole
from warehouse.export.layouts import LAYOUTS
from warehouse.export.manifest import MANIFEST
from warehouse.export.rights import AMAP, INVENTED, ODBL, UNKNOWN, rights_of, strictest
from warehouse.forget import forget

N = 40


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("export") / "data"
    assert synth(read("synth", ["--n", str(N), "--data", str(data)])) == 0
    return data


def _lines(out: Path) -> list[dict[str, Any]]:
    files = sorted(out.glob("*.jsonl"))
    return [json.loads(line) for path in files for line in path.read_text(encoding="utf-8").splitlines()]


def _head(out: Path) -> dict[str, Any]:
    head = (out / "README.md").read_text(encoding="utf-8").split("---\n")[1]
    fields: dict[str, Any] = yaml.safe_load(head)
    return fields


def _turns(record: dict[str, Any]) -> list[str]:
    """System line, user's words and answer of a record in whichever layout."""
    if "messages" in record:
        return [turn["content"] for turn in record["messages"]]
    if "prompt" in record:
        return [turn["content"] for turn in record["prompt"] + record["completion"]]
    if "conversations" in record:
        return [record["system"], *(turn["value"] for turn in record["conversations"])]
    if "output" in record:
        assert record["input"] == ""
        return [record["system"], record["instruction"], record["output"]]
    return [record["system"], record["question"], record["answer"]]


@pytest.mark.parametrize("mode", ["closed", "open"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_holds_the_prompt_and_the_answer_that_are_trained(
    world: Path, tmp_path: Path, layout: str, mode: str
) -> None:
    assert export(world, tmp_path / "out", ExportSettings(layout, mode)) == N
    with duckdb.connect(str(world / FILE), read_only=True) as connection:
        view = "sft_rows" if mode == "closed" else "sft_open_rows"
        rows = connection.execute(f"select sample_id, messages from {view}").fetchall()
    trained = {sample: [turn["content"] for turn in messages] for sample, messages in rows}
    assert {record["sample_id"]: _turns(record) for record in _lines(tmp_path / "out")} == trained


def test_the_head_of_the_card_names_every_file_as_its_split_and_every_column_with_its_type(
    world: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    export(world, out, ExportSettings(proof=True))
    head = _head(out)
    files = {entry["split"]: entry["path"] for entry in head["configs"][0]["data_files"]}
    assert set(files.values()) == {path.name for path in out.glob("*.jsonl")}
    assert next(iter(files)) == "train"
    columns = [feature["name"] for feature in head["dataset_info"]["features"]]
    assert all(list(record) == columns for record in _lines(out))
    assert head["language"] == ["zh"]
    assert head["license_name"] == "invented-data"
    assert "INVENTED DATA" in (out / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("layout", ["messages", "sharegpt", "alpaca", "iqa"])
def test_llama_factory_finds_each_split_by_name(world: Path, tmp_path: Path, layout: str) -> None:
    out = tmp_path / "out"
    export(world, out, ExportSettings(layout))
    listed = json.loads((out / "dataset_info.json").read_text())
    assert {entry["file_name"] for entry in listed.values()} == {path.name for path in out.glob("*.jsonl")}
    assert listed["chidian"]["file_name"] == "train.jsonl"
    record = _lines(out)[0]
    assert set(listed["chidian"]["columns"].values()) <= set(record)


def test_parquet_and_jsonl_hold_the_same_rows(world: Path, tmp_path: Path) -> None:
    export(world, tmp_path / "lines", ExportSettings("sharegpt", proof=True))
    export(world, tmp_path / "columns", ExportSettings("sharegpt", files="parquet", proof=True))
    rows = [row for path in sorted((tmp_path / "columns").glob("*.parquet")) for row in pq.read_table(path).to_pylist()]
    assert rows == _lines(tmp_path / "lines")


def test_an_export_replaces_an_older_one_whole(world: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(world, out, ExportSettings("iqa"))
    (out / "train.jsonl").rename(out / "left_over.jsonl")
    export(world, out, ExportSettings("messages", files="parquet"))
    assert not list(out.glob("*.jsonl"))
    assert not list(tmp_path.glob(".out*"))


def test_a_folder_of_somebody_else_is_refused_and_an_empty_one_is_taken(world: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    export(world, out, ExportSettings())
    (out / MANIFEST).unlink()
    before = sorted(path.name for path in out.iterdir())
    with pytest.raises(UsageError, match="no export wrote"):
        export(world, out, ExportSettings())
    assert sorted(path.name for path in out.iterdir()) == before


_KILLED = """
import os, signal, sys
from pathlib import Path
from warehouse.export import ExportSettings, export, writing
moment, data, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
if moment == "in mid-write":
    dumps, lines = writing.orjson.dumps, []
    def dying(record, **given):
        lines.append(record)
        return die() if len(lines) == 7 else dumps(record, **given)
    writing.orjson = type("orjson", (), {"dumps": dying, "OPT_INDENT_2": writing.orjson.OPT_INDENT_2})
elif moment == "before the files beside the rows":
    writing.card = die
else:
    rename, count = Path.rename, []
    def counting(self, target):
        count.append(self)
        moved = rename(self, target) if moment == "after both renames" or len(count) < 2 else die()
        if moment == "after both renames" and len(count) == 2:
            die()
        return moved
    Path.rename = counting
export(data, out, ExportSettings("alpaca"))
"""


def _contents(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in out.iterdir() if path.name != MANIFEST}


@pytest.mark.parametrize(
    ("moment", "left"),
    [
        ("in mid-write", "older"),
        ("before the files beside the rows", "older"),
        ("between the renames", "none"),
        ("after both renames", "newer"),
    ],
)
def test_an_export_that_was_killed_is_the_older_one_or_the_newer_one_or_not_there(
    world: Path, tmp_path: Path, moment: str, left: str
) -> None:
    out, other = tmp_path / "out", tmp_path / "other"
    export(world, out, ExportSettings("iqa"))
    export(world, other, ExportSettings("alpaca"))
    older, newer = _contents(out), _contents(other)
    done = subprocess.run([sys.executable, "-c", _KILLED, moment, str(world), str(out)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert (_contents(out) if out.exists() else None) == {"older": older, "newer": newer, "none": None}[left]
    export(world, out, ExportSettings("alpaca"))
    assert _contents(out) == newer
    assert not list(tmp_path.glob(".out*"))


def test_two_exports_at_once_are_made_one_after_the_other(world: Path, tmp_path: Path) -> None:
    out, alone = tmp_path / "out", tmp_path / "alone"
    export(world, alone, ExportSettings("alpaca"))
    inside, order = threading.Event(), list[str]()

    def second() -> None:
        inside.wait(30)
        export(world, out, ExportSettings("alpaca"))
        order.append("second")

    with ThreadPoolExecutor() as pool:
        later = pool.submit(second)
        with replaced_whole(out) as folder:
            (folder / "half").write_text("")
            inside.set()
            with pytest.raises(TimeoutError):  # it waits, and touches nothing of ours
                later.result(1.0)
            assert [path.name for path in folder.iterdir()] == ["half"]
            (folder / MANIFEST).write_text("{}")
            order.append("first")
        later.result(60)
    assert order == ["first", "second"]
    assert _contents(out) == _contents(alone)
    assert not list(tmp_path.glob(".out*"))


def test_places_of_exports_that_are_noted_at_once_are_all_noted(world: Path, tmp_path: Path) -> None:
    places = [tmp_path / f"out{number}" for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda place: remember(world, place), places))
    assert {str(place) for place in places} <= set(json.loads((world / BOOK).read_bytes()))


def _other_world(folder: Path, seed: str) -> Path:
    assert synth(read("synth", ["--n", "10", "--seed", seed, "--data", str(folder)])) == 0
    return folder


def test_an_export_of_another_data_takes_the_place_whole_and_is_not_forgotten_with_the_first(tmp_path: Path) -> None:
    first, second = _other_world(tmp_path / "first", "0"), _other_world(tmp_path / "second", "0")
    out = tmp_path / "out"
    export(first, out, ExportSettings())
    export(second, out, ExportSettings("iqa"))
    [run] = {record["source"]["run_id"] for record in _lines(out)}
    assert all("question" in record for record in _lines(out))
    assert not any(str(out) in line for line in forget(first, run))
    assert len(_lines(out)) == 10
    assert any(str(out) in line for line in forget(second, run))
    assert not out.exists()


def test_forget_reaches_what_a_killed_export_left_aside(tmp_path: Path) -> None:
    data, out = _other_world(tmp_path / "data", "0"), tmp_path / "out"
    for moment in ("in mid-write", "between the renames"):
        export(data, out, ExportSettings())
        [run] = {record["source"]["run_id"] for record in _lines(out)}
        subprocess.run([sys.executable, "-c", _KILLED, moment, str(data), str(out)], check=False)
        assert list(tmp_path.glob(".out*"))
    forget(data, run)
    assert not list(tmp_path.glob("*out*"))


def test_forget_removes_the_exports_that_hold_the_run_and_no_others(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert synth(read("synth", ["--n", "10", "--data", str(data)])) == 0
    assert synth(read("synth", ["--n", "10", "--seed", "1", "--data", str(data)])) == 0
    with duckdb.connect(str(data / FILE), read_only=True) as connection:
        first, second = (row[0] for row in connection.execute("select run_id from runs order by run_id").fetchall())
    for name, run in (("pooled", None), ("first", first), ("second", second)):
        export(data, tmp_path / name, ExportSettings(run=run))
    gone = forget(data, first)
    assert any("pooled" in line for line in gone)
    assert not (tmp_path / "pooled").exists()
    assert not (tmp_path / "first").exists()
    assert (tmp_path / "second" / "README.md").exists()


def test_rights_bind_by_the_strictest_of_the_rows() -> None:
    assert rights_of("amap", None) == AMAP
    assert rights_of("sandbox", "whatever") == INVENTED
    assert rights_of("open", "ODbL-1.0 (share-alike …)") == ODBL
    assert rights_of("open", "not stated") == UNKNOWN
    assert strictest([INVENTED, ODBL]) == ODBL
    assert strictest([ODBL, UNKNOWN]) == UNKNOWN
    assert strictest([UNKNOWN, AMAP]) == AMAP


def test_the_claims_of_an_exported_row_stand_in_the_order_of_its_answer(world: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    shutil.copyfile(world / FILE, data / FILE)
    with duckdb.connect(str(data / FILE)) as connection:  # threads may give a view's rows in any order
        connection.execute("create table told as from claims")
        connection.execute("create or replace view claims as from told order by rowid desc")
        kept = dict(connection.execute("select sample_id, claims from samples_shard").fetchall())
    export(data, tmp_path / "out", ExportSettings(proof=True))
    lines = _lines(tmp_path / "out")
    assert len(lines) == N
    assert all(line["proof"]["claims"] == kept[line["sample_id"]] for line in lines)
