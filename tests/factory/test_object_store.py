"""Runs in an object store, over the wire to a real S3 server: one coordinator, exactly what was asked for, money that holds."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from factory.commit import bucket as bucket_module
from factory.commit import store_lease
from factory.commit.bucket import Bucket
from factory.commit.commit import Commit, CommitKind
from factory.commit.object_store import ObjectStore
from factory.commit.schema import table
from factory.commit.store import open_store
from factory.commit.working_folder import store_url, working_folder
from factory.errors import DamagedFile, DiskTrouble, RunStopped, UsageError
from factory.run.folder_lock import Hold, hold_folder
from factory.sending.call_book import Reservation
from factory.sending.ledger import Ledger
from tests.s3_server import BUCKET, Bend, s3_server

URL = f"s3://{BUCKET}/a world"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def bend() -> Bend:
    return Bend()


@pytest.fixture
def data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, bend: Bend) -> Iterator[Path]:
    """The working folder of a store that is served."""
    monkeypatch.chdir(tmp_path)
    with s3_server(monkeypatch, bend):
        yield working_folder(URL)


def _lease(hold: Hold) -> store_lease.StoreLease:
    assert hold.lease is not None
    return hold.lease


def _commit(unit: str, run: str = "sandbox-1", **changed: object) -> Commit:
    plain = {"kind": CommitKind.ORDERS, "created_at": datetime.now(UTC), "first_order": 0, "orders": 1}
    return Commit(run_id=run, unit=unit, **{**plain, **changed})  # type: ignore[arg-type]


@pytest.mark.parametrize("url", ["s3://bucket", "s3://bucket/a", "s3://bucket/a b/c", "gs://b-1/千/x", "az://c/%2F"])
def test_a_url_and_its_working_folder_name_each_other(url: str) -> None:
    assert store_url(working_folder(url)) == url
    assert store_url(Path.cwd() / working_folder(url)) == url


@pytest.mark.parametrize("url", ["http://host/x", "s3://", "s3:///x", "s3://bad bucket/x", "ftp://host/x"])
def test_a_url_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="/"):
        working_folder(url)


def test_a_plain_folder_is_of_no_store() -> None:
    assert store_url(Path("data")) is None
    assert store_url(Path("s3/bucket/x")) is None


def test_shards_and_commits_come_back_as_they_were_put(data: Path) -> None:
    store = open_store(data)
    files = store.put("sandbox-1", "U00000000", {"calls": table("calls", []), "rejects": table("rejects", [])})
    commit = _commit("U00000000", files=files)
    assert store.commit_if_absent(commit)
    assert not store.commit_if_absent(_commit("U00000000"))
    again = ObjectStore(URL, data)
    assert again.runs() == ["sandbox-1"]
    assert [commit.files for commit in again.commits("sandbox-1")] == [files]
    assert again.read(files[0], ["key"]).num_rows == 0
    with again.local(files[1]) as path:
        assert path.stat().st_size > 0
    assert not path.exists()
    assert again.sweep("sandbox-1") == 0
    again.forget("sandbox-1")
    assert again.runs() == []
    assert not list(Bucket(URL).list("shards"))


def test_a_shard_that_was_changed_or_is_gone_is_named(data: Path) -> None:
    store = open_store(data)
    first, second = store.put("sandbox-1", "U00000000", {"calls": table("calls", []), "rejects": table("rejects", [])})
    store.commit_if_absent(_commit("U00000000", files=(first, second)))
    Bucket(URL).put(first.name, b"PAR1")
    Bucket(URL).drop([second.name])
    with pytest.raises(DamagedFile, match="checksum"):
        store.read(first, ["key"])
    with pytest.raises(DamagedFile, match=f"{second.name}.*gone"), store.local(second):
        pass


def test_of_two_hundred_racing_commits_twenty_count(data: Path) -> None:
    stores = [ObjectStore(URL, data) for _ in range(8)]
    with ThreadPoolExecutor(16) as pool:
        won = list(
            pool.map(
                lambda number: stores[number % 8].commit_if_absent(
                    _commit(f"U{number % 20:08d}", created_at=datetime.fromtimestamp(number, UTC))
                ),
                range(200),
            )
        )
    assert sum(won) == 20
    assert len(open_store(data).units("sandbox-1")) == 20


@pytest.mark.usefixtures("data")
def test_a_put_whose_answer_was_lost_is_known_for_ours(bend: Bend) -> None:
    lost = iter(["after"])
    bend.fails = lambda environ: next(lost, None) if environ["REQUEST_METHOD"] == "PUT" else None
    assert Bucket(URL).create("commits/x", b"ours")
    bend.fails = lambda _: None
    assert not Bucket(URL).create("commits/x", b"theirs")


def test_a_store_that_ignores_conditions_is_refused(data: Path, bend: Bend) -> None:
    hold_folder(data).close()
    bend.conditions = False
    with pytest.raises(UsageError, match="x-oss-forbid-overwrite"):
        hold_folder(data)


def test_a_bucket_that_is_not_there_and_a_store_that_is_down_are_told(
    data: Path, bend: Bend, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="no bucket for s3://nowhere"):
        hold_folder(working_folder("s3://nowhere/x"))
    monkeypatch.setattr(bucket_module, "GIVE_UP_S", 0.0)
    bend.fails = lambda _: "before"
    with pytest.raises(DiskTrouble, match="cannot be reached"):
        hold_folder(data)


def test_a_second_coordinator_hears_who_the_first_one_is(data: Path, tmp_path: Path) -> None:
    with hold_folder(data), pytest.raises(UsageError, match=f"process {os.getpid()}"):
        _held_elsewhere(tmp_path / "elsewhere")
    _held_elsewhere(tmp_path / "elsewhere")  # it was let go


def _held_elsewhere(folder: Path) -> None:
    """Take the store in another process, as another machine would."""
    folder.mkdir(exist_ok=True)
    code = (
        "import sys; from factory.run.folder_lock import hold_folder; from factory.commit.working_folder import working_folder\n"
        "from factory.errors import UsageError\n"
        f"try: hold_folder(working_folder({URL!r})).close()\n"
        "except UsageError as error: print(error)"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, env=env, capture_output=True, text=True, check=True)
    if done.stdout:
        raise UsageError(done.stdout)


def test_what_a_replaced_coordinator_commits_is_seen_by_nobody(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_lease, "BEAT_S", 3_600.0)
    sleeper, other = ObjectStore(URL, data), working_folder(URL)
    with hold_folder(data):
        assert sleeper.commit_if_absent(_commit("U00000000"))
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.chdir(tmp_path / "elsewhere")
        monkeypatch.setattr(store_lease, "DEAD_AFTER_S", -1.0)
        with hold_folder(other):
            monkeypatch.chdir(tmp_path)  # the first one wakes up
            with pytest.raises(RunStopped, match="taken over"):
                sleeper.commit_if_absent(_commit("U00000001"))
            monkeypatch.chdir(tmp_path / "elsewhere")
            assert open_store(other).units("sandbox-1") == ["U00000000"]
            assert open_store(other).commit_if_absent(_commit("U00000001"))
            assert open_store(other).units("sandbox-1") == ["U00000000", "U00000001"]


def test_money_that_a_lost_folder_may_have_spent_is_spent(data: Path) -> None:
    async def reserve(book: Ledger, times: int) -> None:
        for number in range(times):
            await book.reserve(Reservation(f"k{number}", "o", 0, "p", "m", 0.1))

    book = Ledger(data, "sandbox-1", 20.0)
    asyncio.run(reserve(book, 5))
    book.close()
    book = Ledger(data, "sandbox-1", 20.0)
    assert book.spent()[0] == pytest.approx(0.5)  # its own book knows
    book.close()
    shutil.rmtree(data)
    book = Ledger(data, "sandbox-1", 20.0)
    assert 0.5 <= book.spent()[0] <= 0.5 + 0.05 * 20.0 + 1e-9
    book.close()
    book = Ledger(data, "sandbox-1", 20.0)
    assert 0.5 <= book.spent()[0] <= 0.5 + 0.05 * 20.0 + 1e-9  # and once only
    book.close()


def test_more_is_asked_of_the_lease_before_a_call_has_to_wait_for_it(data: Path) -> None:
    """In steps of 5 % of 20 CNY: what half a step leaves is raised while calls go on, never by more than a step beyond them."""

    async def spend() -> list[float]:
        granted = book._granted
        await granted.cover(0.2)
        first = granted._cny
        await granted.cover(0.6)  # more than half is left
        quiet = granted._raising
        await granted.cover(0.8)
        ahead = granted._raising
        assert quiet is None
        assert ahead is not None
        assert granted._cny == first  # the call did not wait
        await ahead
        return [first, granted._cny]

    book = Ledger(data, "sandbox-1", 20.0)
    assert asyncio.run(spend()) == pytest.approx([1.2, 1.8])
    book.close()


@pytest.mark.usefixtures("data")
def test_a_run_goes_on_in_another_folder_to_exactly_n_through_a_store_that_fails(tmp_path: Path, bend: Bend) -> None:
    count = iter(range(10**9))
    bend.fails = lambda _: ("before", "after")[next(count) % 2] if next(count) % 40 == 0 else None
    _chidian(tmp_path / "one", "factory", "synth", "--n", "30")
    shutil.rmtree(tmp_path / "one")
    _chidian(tmp_path / "two", "factory", "synth", "--n", "50")
    counted = _chidian(
        tmp_path / "two",
        *("warehouse", "sql", "select count(*), count(distinct sample_id) from samples", "--format", "csv"),
    )
    assert "50,50" in counted.stdout
    _chidian(tmp_path / "two", "warehouse", "check")


def _chidian(folder: Path, room: str, *words: str) -> subprocess.CompletedProcess[str]:
    folder.mkdir(exist_ok=True)
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", room, *words, "--data", URL]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=150)
    assert done.returncode == 0, done.stderr
    return done


def test_what_a_coordinator_does_in_the_moment_of_its_replacement_is_not_lost(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_lease, "BEAT_S", 3_600.0)
    monkeypatch.setattr(store_lease, "DEAD_AFTER_S", -1.0)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    sleeper, claim, moments = ObjectStore(URL, data), Bucket.create, iter(["the claim"])
    grant = store_lease.Grant("book", 7.0)

    def create(bucket: Bucket, name: str, body: bytes) -> bool:
        if name == "lease/00000002.json" and next(moments, None):
            monkeypatch.chdir(tmp_path)  # it wakes up between the other one's list and claim
            assert sleeper.commit_if_absent(_commit("U00000001"))
            _lease(first).grant("sandbox-1", grant)
            monkeypatch.chdir(elsewhere)
        return claim(bucket, name, body)

    with hold_folder(data) as first:
        assert sleeper.commit_if_absent(_commit("U00000000"))
        monkeypatch.setattr(Bucket, "create", create)
        monkeypatch.chdir(elsewhere)
        with hold_folder(working_folder(URL)) as second:
            assert open_store(working_folder(URL)).units("sandbox-1") == ["U00000000", "U00000001"]
            assert _lease(second).granted("sandbox-1") == grant
            with pytest.raises(RunStopped, match="taken over"):
                _lease(first).grant("sandbox-1", grant)
            monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("data")
def test_a_money_grant_that_comes_after_the_replacement_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_lease, "BEAT_S", 3_600.0)
    create, moments = Bucket.create, iter(["the beat"])

    def slow(bucket: Bucket, name: str, body: bytes) -> bool:
        if name.startswith("lease/00000001/") and next(moments, None):  # replaced while the beat is on its way
            assert create(bucket, "lease/00000002.json", b'{"holder": {}, "accepted": {}, "grants": {}}')
        return create(bucket, name, body)

    with hold_folder(working_folder(URL)) as hold:
        monkeypatch.setattr(Bucket, "create", slow)
        with pytest.raises(RunStopped, match="taken over"):
            _lease(hold).grant("sandbox-1", store_lease.Grant("book", 7.0))


@pytest.mark.usefixtures("data")
def test_a_holder_in_another_container_of_this_machine_is_not_taken_for_dead() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    holder = {**store_lease._myself(), "pid": ended.pid}
    _held_by({**holder, "processes": "pid:[1]"})
    with pytest.raises(UsageError, match="is working in"):
        hold_folder(working_folder(URL))
    _held_by(holder)
    hold_folder(working_folder(URL)).close()


def _held_by(holder: dict[str, object]) -> None:
    taken = {"holder": holder, "accepted": {}, "grants": {}}
    Bucket(URL).put("lease/00000001.json", orjson.dumps(taken))
