"""A commit's record and the files it names: read as written, or refused with the file and the way back."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pyarrow as pa
import pytest

from factory.commit.commit import Commit, CommitKind, DamagedCommitError, ShardFile, from_json, to_json
from factory.commit.schema import SHARDS
from factory.commit.store import open_store
from factory.errors import DamagedFile, UsageError
from factory.settings import read

WHEN = datetime(2026, 11, 28, 9, 30, tzinfo=UTC)
UNIT = Commit(
    run_id="run",
    unit="U00000000",
    kind=CommitKind.ORDERS,
    created_at=WHEN,
    files=(ShardFile("samples", "shards/run/samples/U00000000-0.parquet", 2, "00ff"),),
    admitted=("a", "b"),
    surplus=("c",),
    counts=(("accepted", 2), ("surplus", 1)),
    first_order=0,
    orders=3,
)
PROMOTION = Commit(
    "run",
    "P000001",
    CommitKind.PROMOTION,
    WHEN,
    admitted=("c",),
    dropped=("d",),
    twins=("a",),
    from_units=("U00000000",),
)
ANSWERS = Commit("completions-x", "id-tuned-closed-00000", CommitKind.COMPLETIONS, WHEN, answered=("a", "b"))


@pytest.mark.parametrize("commit", [UNIT, PROMOTION, ANSWERS], ids=lambda commit: commit.kind)
def test_a_commit_is_read_as_it_was_written(commit: Commit) -> None:
    assert from_json(to_json(commit), commit.run_id, commit.unit) == commit


@pytest.mark.parametrize("commit", [UNIT, PROMOTION, ANSWERS], ids=lambda commit: commit.kind)
def test_no_flipped_bit_and_no_missing_end_goes_unnoticed(commit: Commit) -> None:
    body = to_json(commit)
    for bit in range(8 * len(body)):
        flipped = bytearray(body)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(DamagedCommitError):
            from_json(bytes(flipped), commit.run_id, commit.unit)
    for length in range(len(body)):
        with pytest.raises(DamagedCommitError):
            from_json(body[:length], commit.run_id, commit.unit)


@pytest.mark.parametrize(
    "body", [b"[]", b"null", b"{}", b"7", b'"x"', b"", b"{", b'{"unit": 3}', b'{"schema_version": 99}']
)
def test_other_shapes_are_no_commits(body: bytes) -> None:
    with pytest.raises(DamagedCommitError):
        from_json(body, "run", "U00000000")


def test_a_commit_of_another_unit_is_refused_under_this_name() -> None:
    with pytest.raises(DamagedCommitError):
        from_json(to_json(UNIT), "run", "U00000001")


OLD = {
    "schema_version": 2,
    "unit": "U00000000",
    "run_id": "run",
    "first_order": 0,
    "orders": 3,
    "files": {"samples": "shards/run/samples/U00000000-0.parquet"},
    "admitted": ["a", "b"],
    "surplus": ["c"],
    "counts": {"accepted": 2, "surplus": 1},
    "created_at": WHEN.isoformat(),
}


def test_commits_from_before_checksums_and_kinds_are_still_read() -> None:
    read = from_json(orjson.dumps(OLD), "run", "U00000000")
    assert read == replace(UNIT, files=(ShardFile("samples", UNIT.files[0].name),), schema_version=2)
    gone = {"unit": "P000001", "files": {}, "dropped": ["c"], "admitted": [], "surplus": [], "counts": {"surplus": -1}}
    assert from_json(orjson.dumps({**OLD, **gone}), "run", "P000001").kind is CommitKind.PROMOTION
    answers = {"files": {"completions": "x", "measures": "y"}, "samples": ["a"], "created_at": WHEN.isoformat()}
    assert from_json(orjson.dumps(answers), "r", "p-00000").answered == ("a",)
    verdicts = {"files": {"verdicts": "x"}, "created_at": WHEN.isoformat()}
    assert from_json(orjson.dumps(verdicts), "r", "U000000").kind is CommitKind.VERDICTS


def test_surplus_grows_by_units_and_shrinks_by_promotions() -> None:
    assert (UNIT.surplus_change, PROMOTION.surplus_change) == (1, -2)


def _shard(tmp_path: Path) -> Commit:
    store = open_store(tmp_path)
    rows = pa.Table.from_pylist([{"sample_id": name} for name in "ab"], schema=SHARDS["samples"])
    commit = replace(UNIT, files=store.put("run", "U00000000", {"samples": rows}))
    assert store.commit_if_absent(commit)
    return commit


def test_the_first_commit_of_a_unit_wins(tmp_path: Path) -> None:
    commit = _shard(tmp_path)
    store = open_store(tmp_path)
    assert not store.commit_if_absent(replace(commit, admitted=("z",)))
    assert (store.runs(), store.units("run"), list(store.commits("run"))) == (["run"], ["U00000000"], [commit])


def test_a_shard_is_read_when_its_bytes_are_those_that_were_written(tmp_path: Path) -> None:
    shard = _shard(tmp_path).files[0]
    store = open_store(tmp_path)
    assert store.read(shard, ["sample_id", "no_such_column"]).to_pylist() == [{"sample_id": "a"}, {"sample_id": "b"}]
    with store.local(shard) as path:
        assert path.exists()


@pytest.mark.parametrize("how", ["bit", "cut", "gone", "folder", "rows"])
def test_a_damaged_shard_names_itself_and_the_commit_to_delete(tmp_path: Path, how: str) -> None:
    shard = _shard(tmp_path).files[0]
    path = tmp_path / shard.name
    body = bytearray(path.read_bytes())
    if how == "bit":
        body[random.Random(7).randrange(len(body))] ^= 4
        path.write_bytes(body)
    elif how == "cut":
        path.write_bytes(body[: len(body) // 2])
    elif how == "rows":  # a commit of another shard
        shard = replace(shard, rows=3)
    else:
        path.unlink()
        if how == "folder":
            path.mkdir()
    store = open_store(tmp_path)
    with pytest.raises(DamagedFile) as trouble:
        store.read(shard, ["sample_id"])
    assert trouble.value.file == str(path)
    assert str(tmp_path / "commits" / "run" / "U00000000.json") in trouble.value.remedy
    with pytest.raises(DamagedFile), store.local(shard):
        pass


def test_a_damaged_commit_names_itself(tmp_path: Path) -> None:
    _shard(tmp_path)
    path = tmp_path / "commits" / "run" / "U00000000.json"
    path.write_bytes(path.read_bytes().replace(b'"a"', b'"e"'))
    with pytest.raises(DamagedFile, match="checksum") as trouble:
        list(open_store(tmp_path).commits("run"))
    assert trouble.value.file == str(path)


@pytest.mark.parametrize(
    ("run", "shard", "command"),
    [
        ("sandbox-1", "samples", "make synth"),
        ("completions-tiny", "completions", "make train"),
        ("completions-tiny", "measures", "make train"),
        ("judge-sandbox", "verdicts", "make judge"),
        ("judge-sandbox", "pairs", "make judge"),
        ("judge-sandbox", "rubrics", "make judge"),
    ],
)
def test_what_is_damaged_names_the_command_that_makes_it_again(
    tmp_path: Path, run: str, shard: str, command: str
) -> None:
    store = open_store(tmp_path)
    files = store.put(run, "U00000000", {shard: SHARDS[shard].empty_table()})
    store.commit_if_absent(replace(UNIT, run_id=run, files=files))
    (tmp_path / files[0].name).unlink()
    with pytest.raises(DamagedFile, match=f"run (the same )?`{command}` again"):
        store.read(files[0], ["run_id"])
    (tmp_path / "commits" / run / "U00000000.json").write_bytes(b"{}")
    with pytest.raises(DamagedFile, match=f"run (the same )?`{command}` again"):
        store.commit(run, "U00000000")


def test_forgetting_a_run_leaves_the_others(tmp_path: Path) -> None:
    commit = _shard(tmp_path)
    store = open_store(tmp_path)
    store.commit_if_absent(replace(commit, run_id="other", files=()))
    assert len(store.forget("run")) == 2
    assert store.runs() == ["other"]


def test_a_store_of_an_unknown_kind_is_refused_with_a_sentence() -> None:
    with pytest.raises(UsageError, match=r"DATA must be .* URL that begins with s3://.* not 'gopher://somewhere/data'"):
        read("synth", ["--data", "gopher://somewhere/data"])
