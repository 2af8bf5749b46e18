"""A training's folder says when a file of it is not what was written, and how to go on."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from factory.errors import DamagedFile
from train.checkpoints import Checkpoints
from train.curve import read_metrics
from train.record import CONFIG, FILES, check_files, checksums, read_record, write_record

RECORD = {"mode": "closed", "seed": 3}


def _flip(path: Path, number: int) -> None:
    body = bytearray(path.read_bytes())
    body[number] ^= 1
    path.write_bytes(body)


def test_a_record_is_read_as_it_was_written_and_a_folder_without_one_has_none(tmp_path: Path) -> None:
    assert read_record(tmp_path) == {}
    write_record(tmp_path, RECORD)
    assert read_record(tmp_path) == RECORD


def test_a_record_of_an_older_training_has_no_checksum_and_is_read(tmp_path: Path) -> None:
    (tmp_path / CONFIG).write_bytes(orjson.dumps(RECORD))
    assert read_record(tmp_path) == RECORD


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"null", b"\xff\xfe", b'{"mode":"closed"'])
def test_a_record_of_another_shape_is_told_with_its_way_back(tmp_path: Path, body: bytes) -> None:
    (tmp_path / CONFIG).write_bytes(body)
    with pytest.raises(DamagedFile, match=f"{CONFIG} is damaged .*remove that folder and train again: {tmp_path}"):
        read_record(tmp_path)


def test_a_changed_value_of_a_record_is_told(tmp_path: Path) -> None:
    write_record(tmp_path, RECORD)
    path = tmp_path / CONFIG
    path.write_bytes(path.read_bytes().replace(b'"seed": 3', b'"seed": 4'))
    with pytest.raises(DamagedFile, match="does not fit its checksum"):
        read_record(tmp_path)


def test_a_file_that_a_training_left_is_checked_to_its_last_byte(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"w" * 100)
    record = {**RECORD, FILES: checksums(tmp_path, ["model.safetensors"])}
    check_files(tmp_path, record)
    _flip(tmp_path / "model.safetensors", 99)
    with pytest.raises(DamagedFile, match="not what the training wrote"):
        check_files(tmp_path, record)
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(DamagedFile, match="it is gone"):
        check_files(tmp_path, record)


def _with_checkpoint(folder: Path) -> Checkpoints:
    checkpoints = Checkpoints(folder)
    assert checkpoints.open(RECORD, writing=True)
    (folder / "metrics.jsonl").write_bytes(b'{"step":1,"loss":2.0}\n')
    written = checkpoints.aside / "checkpoint-1"
    written.mkdir(parents=True)
    (written / "weights").write_bytes(b"w" * 1000)
    checkpoints.keep(1)
    return checkpoints


def test_a_flipped_bit_keeps_a_checkpoint_from_being_gone_on_from(tmp_path: Path) -> None:
    checkpoints = _with_checkpoint(tmp_path / "run")
    assert checkpoints.newest() == tmp_path / "run" / "checkpoint-1"
    _flip(tmp_path / "run" / "checkpoint-1" / "weights", 500)
    assert checkpoints.newest() is None


def test_a_checkpoint_holds_the_metrics_up_to_its_step(tmp_path: Path) -> None:
    newest = _with_checkpoint(tmp_path / "run").newest()
    assert newest is not None
    (tmp_path / "run" / "metrics.jsonl").unlink()
    assert read_metrics(newest / "metrics.jsonl") == [{"step": 1, "loss": 2.0}]


def test_checkpoints_whose_record_is_gone_belong_to_nobody(tmp_path: Path) -> None:
    checkpoints = _with_checkpoint(tmp_path / "run")
    (tmp_path / "run" / CONFIG).unlink()
    with pytest.raises(DamagedFile, match="nothing says what the checkpoints beside it belong to"):
        checkpoints.open(RECORD, writing=True)


def test_lines_that_are_no_steps_are_left_out_of_a_curve(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_bytes(b'{"step":1,"loss":2.0}\n[]\n{"loss":1}\n\xff\n{"step":2,"loss":1.0}\n{"step":3,"lo')
    assert [step["step"] for step in read_metrics(path)] == [1, 2]
