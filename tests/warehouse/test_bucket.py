"""Exports into a bucket and out of one, ``forget``, and the judge's commands where DATA is a URL, over a real S3 server."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from factory.commit.bucket import Bucket
from factory.commit.local_store import LocalStore
from factory.commit.store import open_store
from factory.commit.working_folder import working_folder
from factory.errors import DiskTrouble, UsageError
from factory.run.synth import main as synth
from factory.settings import read
from judge.ablation.config import settings_of as ablation_settings
from judge.ablation.study import share_samples
from judge.commands import report
from judge.run import main as judge
from tests.s3_server import BUCKET, s3_server
from warehouse.catalogue import refresh
from warehouse.commands import compact_runs, export_samples
from warehouse.export.manifest import MANIFEST
from warehouse.forget import forget

N = 20
URL, OUT = f"s3://{BUCKET}/world", f"s3://{BUCKET}/given/away"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder from which a run was made into the bucket."""
    folder = tmp_path_factory.mktemp("first")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        with s3_server(patch):
            assert synth(read("synth", ["--n", str(N), "--data", URL])) == 0
            yield folder


@pytest.fixture
def here(served: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the run, where commands are given."""
    monkeypatch.chdir(served)
    return working_folder(URL)


def _files(url: str) -> dict[str, bytes]:
    bucket = Bucket(url)
    return {item.name: bucket.get(item.name) or b"" for item in bucket.list("")}


def _export(*more: str) -> None:
    assert export_samples(read("export", ["--data", URL, *more])) == 0


@pytest.mark.usefixtures("here")
def test_an_export_in_a_bucket_is_the_one_in_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _export("--out", str(tmp_path / "export"))
    _export("--out", OUT)
    assert OUT in capsys.readouterr().err
    away, local = _files(OUT), {path.name: path.read_bytes() for path in (tmp_path / "export").iterdir()}
    assert away.keys() == local.keys()
    rows = [name for name in local if name.endswith(".jsonl")]
    assert rows
    assert all(away[name] == local[name] for name in rows)
    manifest = json.loads(away[MANIFEST])
    assert not manifest.get("unfinished")
    assert sum(manifest["rows"].values()) <= N


@pytest.mark.usefixtures("here")
def test_another_export_takes_its_place_and_leaves_none_of_it(tmp_path: Path) -> None:
    _export("--out", OUT, "--files", "jsonl")
    _export("--out", OUT, "--files", "parquet")
    names = _files(OUT).keys()
    assert not [name for name in names if name.endswith(".jsonl")]
    assert [name for name in names if name.endswith(".parquet")]
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("here")
def test_what_no_export_wrote_is_not_replaced_nor_data_itself() -> None:
    place = f"s3://{BUCKET}/mine"
    Bucket(place).put("notes.txt", b"mine")
    for url in (place, URL, f"s3://{BUCKET}"):
        with pytest.raises(UsageError, match="no export wrote"):
            _export("--out", url)
    assert _files(place) == {"notes.txt": b"mine"}


@pytest.mark.usefixtures("here")
def test_an_export_that_dies_says_that_it_is_unfinished_and_the_next_one_mends_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _export("--out", OUT, "--files", "jsonl")
    put, count = Bucket.put, iter(range(100))

    def dying(bucket: Bucket, name: str, body: bytes) -> None:
        if bucket.url == OUT and next(count) == 2:
            raise KeyboardInterrupt
        put(bucket, name, body)

    with monkeypatch.context() as patch:
        patch.setattr(Bucket, "put", dying)
        with pytest.raises(KeyboardInterrupt):
            _export("--out", OUT, "--files", "parquet")
    assert json.loads(_files(OUT)[MANIFEST])["unfinished"]
    _export("--out", OUT, "--files", "parquet")
    names = _files(OUT).keys()
    assert "unfinished" not in json.loads(_files(OUT)[MANIFEST])
    assert not [name for name in names if name.endswith(".jsonl")]


@pytest.mark.usefixtures("served")
def test_a_machine_that_has_no_warehouse_is_told_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DiskTrouble, match=f"chidian warehouse --data {URL}"):
        _export("--out", str(tmp_path / "export"))
    for command in (lambda: judge(read("judge", ["--data", URL])), lambda: report(read("report", ["--data", URL]))):
        with pytest.raises(UsageError, match=f"chidian warehouse --data {URL}"):
            command()
    assert refresh(working_folder(URL)) >= 1
    _export("--out", str(tmp_path / "export"))


def test_judging_into_a_bucket_is_read_on_another_machine(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert judge(read("judge", ["--data", URL, "--limit", "4"])) == 0
    assert "judge-sandbox" in open_store(here).runs()
    monkeypatch.chdir(tmp_path)
    refresh(working_folder(URL))
    assert report(read("report", ["--data", URL])) == 0
    assert list((working_folder(URL) / "reports").rglob("*.html"))


async def _shared(data: str) -> Path:
    settings = ablation_settings(read("ablate", ["--data", data]))
    await share_samples(settings)
    return settings.folder


def test_a_study_has_the_samples_of_a_bucket(here: Path) -> None:
    folder = asyncio.run(_shared(URL))
    for run in open_store(here).runs():
        if run.startswith("sandbox"):
            assert LocalStore(folder).units(run) == open_store(here).units(run)
            for commit in LocalStore(folder).commits(run):
                for file in commit.files:
                    with LocalStore(folder).local(file):
                        pass
    shutil.rmtree(folder)


def test_forgetting_reaches_packs_and_exports_from_another_machine(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _export("--out", OUT)
    run = next(run for run in open_store(here).runs() if run.startswith("sandbox"))
    assert compact_runs(read("compact", ["--data", URL])) == 0
    monkeypatch.chdir(tmp_path)
    data = working_folder(URL)
    data.mkdir(parents=True)
    gone = forget(data, run)
    assert f"the export {OUT}" in gone
    assert not _files(OUT)
    left = [name for name in _files(URL) if f"/{run}" in name]
    assert left == []
