"""Troubles with DATA: full, read-only, vanished, taken by another run, of an older version: one sentence, nothing torn."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import orjson
import pyarrow.parquet as pq
import pytest

from tests.factory.test_synth import _ask, _run
from tests.keyless import CLEAN

SINCE_CHECKSUMS = ("checksum", "shards", "kind")
NEWEST = ("grams", "near_bands", "gram_bits", "fingerprint_version")
"""Columns of samples that the first version did not write."""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 6 MB, where this machine lets us mount one."""
    where = tmp_path / "disk"
    where.mkdir()
    mount = shutil.which("mount")
    made = mount and subprocess.run([mount, "-t", "tmpfs", "-o", "size=6m", "tmpfs", where], check=False)
    if not made or made.returncode:
        pytest.skip("no disk can be mounted here: run as root to test a full one")
    yield where
    subprocess.run(["umount", "-l", where], check=True)  # lazily: a refresh may still be ending


def _remount(disk: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", disk], check=True)


def _start(data: Path, n: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "factory", "synth"],
        env={**CLEAN, "DATA": str(data), "N": str(n)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def _wait_for_commits(data: Path, child: subprocess.Popen[str], count: int) -> None:
    while child.poll() is None and len(list((data / "commits").glob("*/*.json"))) < count:
        time.sleep(0.01)


def _is_whole(data: Path) -> None:
    """Every file under a final name can be read, every database is sound, nothing lies aside."""
    for path in (data / "shards").rglob("*.parquet"):
        pq.read_table(path)
    for name in ("calls.sqlite", "admission.sqlite", "map.sqlite"):
        with closing(sqlite3.connect(data / name)) as base:
            assert base.execute("pragma integrity_check").fetchone() == ("ok",)
    assert not list(data.rglob("*.aside"))
    assert _run("warehouse", "check", data).returncode == 0


def _one_sentence(errors: str) -> str:
    assert "Traceback" not in errors
    [error] = [line for line in errors.splitlines() if line.startswith("error: ")]
    return error


def test_a_full_disk_stops_with_a_sentence_and_goes_on_when_there_is_room(small_disk: Path) -> None:
    data = small_disk / "data"
    done = _run("factory", "synth", data, N="5000")
    assert done.returncode == 1
    assert "cannot be" in _one_sentence(done.stderr)
    _remount(small_disk, "size=300m")
    again = _run("factory", "synth", data, N="80")
    assert again.returncode == 0, again.stderr
    assert _ask(data, "select count(*) from samples") == [(80,)]
    _is_whole(data)


def test_a_read_only_disk_is_said_before_anything_is_paid(small_disk: Path) -> None:
    _remount(small_disk, "ro")
    done = _run("factory", "synth", small_disk / "data", N="10")
    assert done.returncode == 1
    assert "Read-only file system" in _one_sentence(done.stderr)


@pytest.mark.parametrize("way", ["moved", "deleted"])
def test_a_folder_that_vanishes_stops_the_run_and_is_not_made_anew(tmp_path: Path, way: str) -> None:
    data, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    with _start(data, 20_000) as child:
        _wait_for_commits(data, child, 1)
        if way == "moved":
            data.rename(elsewhere)
        else:
            shutil.rmtree(data, ignore_errors=True)
        _, errors = child.communicate(timeout=60)
    assert child.returncode == 1, errors
    assert "was moved, deleted or unmounted" in _one_sentence(errors) or "cannot be" in _one_sentence(errors)
    assert not (data / "commits").exists()
    if way == "moved":
        elsewhere.rename(data)
        committed = sum(len(orjson.loads(path.read_bytes())["admitted"]) for path in data.glob("commits/*/*.json"))
        again = _run("factory", "synth", data, N=str(committed + 10))
        assert again.returncode == 0, again.stderr
        assert _ask(data, "select count(*), count(distinct sample_id) from samples") == [(committed + 10,) * 2]
        _is_whole(data)


def test_a_second_run_on_the_same_folder_says_who_is_there(tmp_path: Path) -> None:
    with _start(tmp_path, 400) as first:
        _wait_for_commits(tmp_path, first, 1)
        second = _run("factory", "synth", tmp_path, N="400")
        _, errors = first.communicate(timeout=60)
    assert second.returncode == 2
    assert f"Another run (process {first.pid})" in _one_sentence(second.stderr)
    assert first.returncode == 0, errors
    assert _ask(tmp_path, "select count(*) from samples") == [(400,)]


def test_shards_of_the_first_version_are_read_and_gone_on_from(tmp_path: Path) -> None:
    assert _run("factory", "synth", tmp_path, N="20").returncode == 0
    before = _ask(tmp_path, "select sample_id from samples order by 1")
    for shard in tmp_path.glob("shards/*/samples/*.parquet"):
        pq.write_table(pq.read_table(shard).drop_columns(list(NEWEST)), shard)
    for commit in tmp_path.glob("commits/*/*.json"):
        old = {name: value for name, value in orjson.loads(commit.read_bytes()).items() if name not in SINCE_CHECKSUMS}
        commit.write_bytes(orjson.dumps(old | {"schema_version": 1}))
    for path in (*tmp_path.glob("warehouse.duckdb*"), *tmp_path.glob("admission.sqlite*")):
        path.unlink()
    done = _run("factory", "synth", tmp_path, N="40")
    assert done.returncode == 0, done.stderr
    assert _ask(tmp_path, "select count(*) from samples") == [(40,)]
    assert set(before) <= set(_ask(tmp_path, "select sample_id from samples"))
    _is_whole(tmp_path)
