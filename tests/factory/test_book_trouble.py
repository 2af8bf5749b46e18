"""A damaged account book is a sentence with its way back, whatever of it is damaged; and the way back works."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from factory.errors import DamagedFile, DiskTrouble
from factory.sending.call_book import Reservation
from factory.sending.ledger import Ledger


def _book(folder: Path) -> Path:
    Ledger(folder, "sandbox-1", None).close()
    return folder / "calls.sqlite"


def test_a_book_whose_columns_are_others_is_damaged_and_another_begins_once_it_is_deleted(tmp_path: Path) -> None:
    path = _book(tmp_path)
    with closing(sqlite3.connect(path)) as book:
        book.execute("alter table calls rename column run_id to run_ie")
        book.commit()
    with pytest.raises(DamagedFile, match=r"no such column.*delete it"):
        Ledger(tmp_path, "sandbox-1", None)
    path.unlink()
    Ledger(tmp_path, "sandbox-1", None).close()


@pytest.mark.parametrize("ending", ["", "-wal"])
def test_a_folder_in_the_place_of_a_books_file_is_named(tmp_path: Path, ending: str) -> None:
    path = _book(tmp_path)
    place = path.with_name(path.name + ending)
    place.unlink(missing_ok=True)
    place.mkdir()
    with pytest.raises(DamagedFile, match=f"{place.name} is damaged .a folder stands where the file belongs"):
        Ledger(tmp_path, "sandbox-1", None)
    place.rmdir()
    Ledger(tmp_path, "sandbox-1", None).close()


def test_a_word_that_the_book_cannot_hold_is_a_sentence_and_nobody_waits_for_ever(tmp_path: Path) -> None:
    async def reserve(book: Ledger) -> None:
        await asyncio.wait_for(book.reserve(Reservation("k", "\ud800", 0, "p", "m", 0.1)), 10)

    book = Ledger(tmp_path, "sandbox-1", None)
    with pytest.raises(DiskTrouble, match="cannot be written"):
        asyncio.run(reserve(book))
    book.close()


def test_a_file_system_without_locks_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def flock(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(DiskTrouble, match=r"cannot be locked \(No locks available\): choose"):
        Ledger(tmp_path, "sandbox-1", None)
