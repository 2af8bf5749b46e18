"""Small shards packed into big files: readers see each row exactly once, whatever dies between, in a folder and a bucket."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from factory.commit import compaction
from factory.commit.commit import Commit, CommitKind, ShardFile
from factory.commit.compaction import Compacted
from factory.commit.local_store import LocalStore
from factory.commit.object_store import ObjectStore
from factory.commit.parquet_join import Joint, NotJoinableError, footer_bytes, footer_of
from factory.commit.schema import SHARDS
from factory.commit.shard import parquet_bytes
from factory.commit.store import open_packable
from factory.commit.working_folder import working_folder
from factory.errors import DamagedFile, DiskTrouble, UsageError
from factory.run.folder_lock import hold_folder
from tests.s3_server import BUCKET, s3_server
from warehouse.catalogue import refresh
from warehouse.compacting import compact

RUN = "sandbox-1"
Store = LocalStore | ObjectStore
STEPS = ("write", "get", "create", "drop")


class KilledError(Exception):
    """What stands for a SIGKILL: nothing after it is done."""


@pytest.fixture(params=["folder", "bucket"])
def data(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A DATA of either kind."""
    monkeypatch.chdir(tmp_path)
    if request.param == "folder":
        (tmp_path / "data").mkdir()
        yield tmp_path / "data"
        return
    with s3_server(monkeypatch):
        yield working_folder(f"s3://{BUCKET}/packed")


@pytest.fixture(autouse=True)
def _no_power_cuts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting for the disk would be most of these tests' time."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


def _open(data: Path) -> Store:
    store = open_packable(data)
    assert isinstance(store, LocalStore | ObjectStore)
    return store


def _rows(kind: str, first: int, count: int) -> pa.Table:
    given: dict[str, list[Any]] = {"run_id": [RUN] * count}
    for name in ("sample_id", "order_id", "key", "question", "answer"):
        given[name] = [f"{name} {number}" for number in range(first, first + count)]
    columns = [pa.array(given.get(field.name, [None] * count), field.type) for field in SHARDS[kind]]
    return pa.Table.from_arrays(columns, schema=SHARDS[kind])


def _fill(store: Store, first: int, units: int, rows: int = 3) -> None:
    for unit in range(first, first + units):
        tables = {kind: _rows(kind, unit * rows, rows) for kind in ("samples", "calls")}
        files = store.put(RUN, f"U{unit:08d}", tables)
        ids = tuple(f"sample_id {number}" for number in range(unit * rows, (unit + 1) * rows))
        when = datetime.fromtimestamp(unit, UTC)
        assert store.commit_if_absent(
            Commit(RUN, f"U{unit:08d}", CommitKind.ORDERS, when, files, ids, first_order=unit, orders=1)
        )


def _seen(store: Store, kind: str = "samples") -> list[str]:
    """A column of all shards of a kind, by both ways of reading them."""
    read, local = list[str](), list[str]()
    column = {"samples": "sample_id", "calls": "key"}[kind]
    for commit in store.commits(RUN):
        file = commit.file(kind)
        assert file is not None
        read += store.read(file, [column])[column].to_pylist()
        with store.local(file) as path:
            local += pq.read_table(path)[column].to_pylist()
    assert read == local
    return read


def _wanted(rows: int, kind: str = "samples") -> list[str]:
    return [f"{ {'samples': 'sample_id', 'calls': 'key'}[kind] } {number}" for number in range(rows)]


def test_shards_become_one_file_a_kind_and_nobody_sees_it(data: Path) -> None:
    store = _open(data)
    _fill(store, 0, 12)
    before, reader = [commit.files for commit in store.commits(RUN)], _open(data)
    assert _seen(reader) == _wanted(36)
    done = compaction.compact(store, RUN, 10**8)
    assert (done.files_before, done.files_after, done.packs) == (24, 2, 2)
    assert [commit.files for commit in store.commits(RUN)] == before
    for kind in ("samples", "calls"):
        assert _seen(store, kind) == _seen(reader, kind) == _seen(_open(data), kind) == _wanted(36, kind)
    assert compaction.compact(store, RUN, 10**8).packs == 0
    assert store.sweep(RUN) == 0


def test_a_pack_is_a_parquet_file_for_everybody(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    _fill(store, 0, 9)
    compaction.compact(store, RUN, 10**8)
    [path] = (tmp_path / "shards" / RUN / "samples").glob("*.parquet")
    counted = duckdb.sql(f"select count(*), count(distinct sample_id) from '{path}'").fetchall()
    assert counted == [(27, 27)]
    assert pq.read_table(path)["sample_id"].to_pylist() == _wanted(27)


def test_files_are_as_big_as_asked_for_and_a_few_left_over_wait(data: Path) -> None:
    store = _open(data)
    _fill(store, 0, 20)
    sizes = store.sizes(RUN)
    target = 6 * max(size for name, size in sizes.items() if "/samples/" in name)
    compaction.compact(store, RUN, target)
    packs = [pack for pack in store.packs(RUN) if pack.kind == "samples"]
    assert all(len(pack.members) >= 6 and pack.size >= target for pack in packs)
    waiting = 20 - sum(len(pack.members) for pack in packs)
    assert 0 < waiting < compaction.FEWEST
    assert _seen(store) == _wanted(60)


def test_a_small_pack_is_packed_again_with_what_came_after_it(data: Path) -> None:
    store = _open(data)
    _fill(store, 0, 10)
    compaction.compact(store, RUN, 10**8)
    reader = _open(data)
    assert _seen(reader) == _wanted(30)  # it knows the first packs
    _fill(store, 10, compaction.FEWEST)
    compaction.compact(store, RUN, 10**8)
    assert len(store.packs(RUN)) == len(store.sizes(RUN)) == 2
    assert _seen(reader) == _seen(store) == _wanted(54)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_between_any_two_steps_each_row_is_seen_once(data: Path, step: str, moment: str) -> None:
    counts = iter(range(10**6))
    store = _open(data)
    _fill(store, 0, 10)
    compaction.compact(store, RUN, 10**8)
    _fill(store, 10, compaction.FEWEST)  # what is packed now replaces a pack, too
    for at in range(4):
        dying, counts = _open(data), iter(range(10**6))
        calls = counts

        def killed(call: Callable[..., Any], *given: Any, at: int = at, calls: Iterator[int] = calls) -> Any:
            is_last = next(calls) == at
            if is_last and moment == "before":
                raise KilledError
            done = call(*given)
            if is_last:
                raise KilledError
            return done

        whole = getattr(dying, step)
        setattr(dying, step, lambda *given, whole=whole, killed=killed: killed(whole, *given))
        try:
            compaction.compact(dying, RUN, 10**8)
        except KilledError:
            assert _seen(_open(data)) == _seen(store) == _wanted(54)
    compaction.compact(store, RUN, 10**8)
    assert _seen(_open(data)) == _wanted(54)
    assert {pack.file for pack in store.packs(RUN)} <= store.sizes(RUN).keys()


def test_a_warehouse_that_is_built_before_within_and_after_holds_the_same(data: Path) -> None:
    store = _open(data)
    _fill(store, 0, 9)
    assert refresh(data) == 9
    [(name, done)] = compact(data, None, 10**8)
    assert (name, done.packs) == (RUN, 2)
    assert refresh(data) == 0
    _fill(store, 9, 1)
    assert refresh(data) == 1
    assert refresh(data, rebuild=True) == 10
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as connection:
        rows = connection.execute("select sample_id from samples_shard order by rowid").fetchall()
    assert [row[0] for row in rows] == _wanted(30)


def test_a_changed_byte_in_a_pack_is_told_with_its_file(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    _fill(store, 0, 9)
    compaction.compact(store, RUN, 10**8)
    [path] = (tmp_path / "shards" / RUN / "samples").glob("*.parquet")
    body = bytearray(path.read_bytes())
    body[40] ^= 1
    path.write_bytes(body)
    first, *others = (commit.file("samples") for commit in _open(tmp_path).commits(RUN))
    assert first is not None
    with pytest.raises(DamagedFile, match=f"{path.name}.*checksum"):
        store.read(first, ["sample_id"])
    for file in others:
        assert file is not None
        assert store.read(file, ["sample_id"]).num_rows == 3


def test_a_record_that_is_damaged_or_gone_is_told(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    _fill(store, 0, 9)
    compaction.compact(store, RUN, 10**8)
    for path in (tmp_path / "packs" / RUN).glob("*.json"):
        path.write_bytes(path.read_bytes().replace(b"samples", b"sampled"))
    [file, *_] = (commit.file("samples") for commit in _open(tmp_path).commits(RUN))
    assert file is not None
    with pytest.raises(DamagedFile, match=r"packs/.*checksum"):
        _open(tmp_path).read(file, ["sample_id"])
    for path in (tmp_path / "packs" / RUN).glob("*.json"):
        path.unlink()
    with pytest.raises(DamagedFile, match="it is gone"):
        _open(tmp_path).read(file, ["sample_id"])


def test_a_file_that_does_not_read_back_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = LocalStore(tmp_path)
    _fill(store, 0, 9)
    write = LocalStore.write
    monkeypatch.setattr(LocalStore, "write", lambda self, name, body: write(self, name, body[:-1]))
    with pytest.raises(DiskTrouble, match="read back"):
        compaction.compact(store, RUN, 10**8)
    assert len(store.sizes(RUN)) == 18
    assert _seen(store) == _wanted(27)


def test_who_works_in_a_folder_is_not_packed_under(tmp_path: Path) -> None:
    _fill(LocalStore(tmp_path), 0, 9)
    with hold_folder(tmp_path), pytest.raises(UsageError, match="Another run"):
        list(compact(tmp_path, None, 10**8))
    with pytest.raises(UsageError, match="no run sandbox-2"):
        list(compact(tmp_path, "sandbox-2", 10**8))
    assert [done for _, done in compact(tmp_path, RUN, 10**8)] == [
        Compacted(18, 2, 2, sum(LocalStore(tmp_path).sizes(RUN).values()))
    ]


def _joined(bodies: list[bytes]) -> tuple[bytes, list[int]]:
    joint = Joint()
    for body in bodies:
        joint.add(body, footer_of(body))
    return joint.whole(), [start for start, _ in joint.parts]


def test_only_files_with_the_same_columns_are_joined() -> None:
    plain = parquet_bytes(pa.table({"a": [1, 2]}))
    whole, starts = _joined([plain, parquet_bytes(pa.table({"a": [3]}))])
    assert pq.read_table(pa.BufferReader(whole))["a"].to_pylist() == [1, 2, 3]
    assert whole[starts[0] :].startswith(plain)
    with pytest.raises(NotJoinableError, match="columns"):
        _joined([plain, parquet_bytes(pa.table({"a": ["3"]}))])
    with pytest.raises(NotJoinableError, match="no Parquet"):
        _joined([b"PAR1 and nothing else"])
    with pytest.raises(NotJoinableError, match="cut off"):
        footer_of(b"PAR1" + footer_bytes(footer_of(plain))[:40] + (40).to_bytes(4, "little") + b"PAR1")


@pytest.mark.parametrize("kind", sorted(SHARDS))
def test_every_kind_of_footer_is_written_as_it_was_read(kind: str) -> None:
    body = parquet_bytes(SHARDS[kind].empty_table())
    size = int.from_bytes(body[-8:-4], "little")
    assert footer_bytes(footer_of(body)) == body[-8 - size :]


def test_shards_of_an_older_layout_stay_apart(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    _fill(store, 0, 9)
    for unit in range(9, 18):
        rows = _rows("samples", unit * 3, 3).drop_columns(["answer"])
        files: tuple[ShardFile, ...] = store.put(RUN, f"U{unit:08d}", {"samples": rows})
        store.commit_if_absent(Commit(RUN, f"U{unit:08d}", CommitKind.ORDERS, datetime.now(UTC), files))
    compaction.compact(store, RUN, 10**8)
    assert sorted(len(pack.members) for pack in store.packs(RUN)) == [9, 9, 9]
    assert _seen(store) == _wanted(54)
