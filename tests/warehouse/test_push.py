"""``chidian push`` over the wire: dry by default, whole when sent, refused where rights forbid it, a sentence for each refusal."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest

from factory.errors import UsageError
from factory.run.synth import main as synth
from factory.settings import read
from tests.warehouse.hub_server import FakeHub, serve
from warehouse.export import ExportSettings, export
from warehouse.export.manifest import MANIFEST
from warehouse.publishing import main

HUBS = ("hf", "modelscope")
KEYS = ("HF_TOKEN", "MODELSCOPE_API_TOKEN")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("push") / "data"
    assert synth(read("synth", ["--n", "10", "--data", str(data)])) == 0
    return data


@pytest.fixture
def exported(world: Path, tmp_path: Path) -> Path:
    export(world, tmp_path / "out", ExportSettings("iqa"))
    return tmp_path / "out"


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in KEYS:
        monkeypatch.setenv(name, FakeHub().token)


def _push(folder: Path, hub: FakeHub, to: str, *flags: str) -> int:
    return main(
        read("push", ["--repo", "me/food", "--push-to", to, "--push-base-url", hub.address, *flags, str(folder)])
    )


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != MANIFEST}


def _from_elsewhere(folder: Path, **source: Any) -> None:
    """The rows as another map's or another teacher's, written as an export would have."""
    manifest = json.loads((folder / MANIFEST).read_text())
    for name in manifest["sha256"]:
        path = folder / name
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        path.write_bytes(b"".join(orjson.dumps(row | {"source": row["source"] | source}) + b"\n" for row in rows))
        manifest["sha256"][name] = sha256(path.read_bytes()).hexdigest()
    (folder / MANIFEST).write_text(json.dumps(manifest))


@pytest.mark.parametrize("to", HUBS)
def test_without_publish_nothing_is_asked_and_all_of_it_is_told(
    exported: Path, to: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with serve(FakeHub()) as hub:
        assert _push(exported, hub, to) == 0
        assert hub.asked == []
    told = capsys.readouterr().err
    assert all(name in told for name in _files(exported))
    assert all(words in told for words in ("me/food", "private", "invented data", "Nothing was sent"))


@pytest.mark.parametrize("to", HUBS)
def test_what_arrives_is_the_export_to_the_byte_and_not_our_manifest(exported: Path, to: str) -> None:
    with serve(FakeHub()) as hub:
        assert _push(exported, hub, to, "--publish", "1") == 0
        assert hub.files == _files(exported)
        assert hub.private
        assert hub.deleted == (["old.jsonl"] if to == "hf" else [])


@pytest.mark.parametrize("to", HUBS)
@pytest.mark.parametrize(("status", "words"), [(401, "does not take the token"), (404, "knows no me/food")])
def test_a_refusing_hub_is_one_sentence_without_the_token(exported: Path, to: str, status: int, words: str) -> None:
    with serve(FakeHub(refuse=status)) as hub:
        with pytest.raises(UsageError, match=words) as refused:
            _push(exported, hub, to, "--publish", "1")
        assert hub.token not in str(refused.value)


@pytest.mark.parametrize("to", HUBS)
def test_a_missing_token_is_named_before_anything_is_asked(
    exported: Path, to: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in KEYS:
        monkeypatch.delenv(name)
    with serve(FakeHub()) as hub:
        with pytest.raises(UsageError, match="TOKEN"):
            _push(exported, hub, to, "--publish", "1")
        assert hub.asked == []


def test_rows_of_a_map_that_forbids_it_never_go_whatever_is_accepted(exported: Path) -> None:
    _from_elsewhere(exported, map_provider="amap", licence=None)
    with serve(FakeHub()) as hub:
        with pytest.raises(UsageError, match="AMap"):
            _push(exported, hub, "hf", "--publish", "1", "--push-terms", "accepted")
        assert hub.asked == []


@pytest.mark.parametrize(
    "source", [{"teacher": "dashscope/some-model"}, {"map_provider": "open", "licence": "not stated"}]
)
def test_unknown_terms_are_refused_until_somebody_has_read_them(exported: Path, source: dict[str, str]) -> None:
    _from_elsewhere(exported, **source)
    with serve(FakeHub()) as hub:
        with pytest.raises(UsageError, match="PUSH_TERMS=accepted"):
            _push(exported, hub, "hf", "--publish", "1")
        assert hub.asked == []
        assert _push(exported, hub, "hf", "--publish", "1", "--push-terms", "accepted") == 0
        assert hub.files == _files(exported)


def test_a_changed_row_and_a_folder_of_another_kind_are_refused(exported: Path, tmp_path: Path) -> None:
    with serve(FakeHub()) as hub:
        with pytest.raises(UsageError, match="is no export"):
            _push(tmp_path, hub, "hf")
        path = exported / "train.jsonl"
        path.write_text(path.read_text().replace("sandbox", "open", 1))
        with pytest.raises(UsageError, match="not what the export wrote"):
            _push(exported, hub, "hf")
