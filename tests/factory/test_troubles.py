"""A trouble of the machine that no step has a sentence for is one sentence at the end; a mistake of ours stays a traceback."""

from __future__ import annotations

import errno
import os

import pytest

from factory.command import guarded


def _raises(number: int) -> int:
    raise OSError(number, os.strerror(number), "/data/shards/a.parquet")


@pytest.mark.parametrize(
    ("number", "way_back"),
    [(errno.ENOSPC, "make room"), (errno.EROFS, "make its folder writable"), (errno.EMFILE, "allow more open files")],
)
def test_a_trouble_of_the_disk_is_one_sentence_with_its_way_back(
    number: int, way_back: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert guarded(lambda: _raises(number)) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("error: /data/shards/a.parquet could not be used")
    assert way_back in line


def test_another_error_of_the_system_is_raised_as_it_is() -> None:
    with pytest.raises(IsADirectoryError):
        guarded(lambda: _raises(errno.EISDIR))


def test_a_reader_that_has_seen_enough_is_no_trouble(capfd: pytest.CaptureFixture[str]) -> None:
    with capfd.disabled():
        kept = os.dup(1)
        try:
            assert guarded(lambda: _raises(errno.EPIPE)) == 0
        finally:
            os.dup2(kept, 1)
            os.close(kept)
