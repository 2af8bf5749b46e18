"""A damaged account book is a sentence with its way back, whatever of it is damaged; and the way back works."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from factory.commit.admission import Admission
from factory.errors import DamagedFile, DiskTrouble
from factory.maps.kept import KeptAnswers
from factory.sending.call_book import Reservation
from factory.sending.ledger import Ledger
from factory.sqlite_file import open_file, open_to_read
from warehouse.catalogue import check


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


def _blurred(path: Path) -> Iterator[int]:
    """The file with one letter of its schema that is no text any more, one after the other; tells which."""
    with closing(open_file(path)) as book:
        book.execute("pragma wal_checkpoint(truncate)")
    raw = path.read_bytes()
    begin = raw.index(b"CREATE TABLE") - 20
    for place in range(begin, begin + 400, 9):
        for ending in ("-wal", "-shm"):
            path.with_name(path.name + ending).unlink(missing_ok=True)
        path.write_bytes(raw[:place] + b"\xee" + raw[place + 1 :])
        yield place


def test_a_schema_that_is_no_text_is_damage_with_its_way_back_to_whoever_opens_the_book(tmp_path: Path) -> None:
    damaged = told = 0
    for _ in _blurred(_book(tmp_path)):
        with suppress(DamagedFile):
            Ledger(tmp_path, "sandbox-1", None).close()
            damaged -= 1
        damaged += 1
        [(_, count, first), *_] = check(tmp_path)
        told += count
        assert not count or "calls.sqlite" in first
    assert damaged > 30
    assert told > 10


def test_a_map_with_such_a_schema_is_damaged_and_an_index_of_admission_is_made_again(tmp_path: Path) -> None:
    KeptAnswers(tmp_path).close()
    told = []
    for _ in _blurred(tmp_path / "map.sqlite"):
        try:
            KeptAnswers(tmp_path).close()
        except DiskTrouble as error:
            told.append(str(error))
    assert len(told) > 20
    assert all(re.search(r"map.sqlite .*delete (it|this file)", words) for words in told)
    Admission(tmp_path, "run").close()
    for _ in _blurred(tmp_path / "admission.sqlite"):
        Admission(tmp_path, "run").close()


def test_every_way_to_say_something_to_such_a_file_ends_in_an_error_of_sqlite(tmp_path: Path) -> None:
    path = _book(tmp_path)
    with closing(open_file(path)) as book:
        book.execute("pragma wal_checkpoint(truncate)")
    raw = path.read_bytes()
    path.write_bytes(raw.replace(b"tablecalls", b"tablecal\xees"))
    with closing(open_to_read(path)) as book, pytest.raises(sqlite3.DatabaseError, match=r"malformed .*cal\ufffds"):
        book.execute("select 1 from calls")
    with closing(open_file(path)) as book:
        with pytest.raises(sqlite3.DatabaseError, match="malformed"):
            book.executescript("select 1 from calls")
        with pytest.raises(sqlite3.DatabaseError, match="malformed"):
            book.executemany("delete from calls where key = ?", [("a",)])
    path.write_bytes(raw)
    with closing(open_to_read(path)) as book:
        assert book.execute("select count(*) from calls").fetchone() == (0,)


def test_a_kept_call_whose_key_is_no_text_any_more_is_asked_again_and_the_others_are_not(tmp_path: Path) -> None:
    async def pay(book: Ledger, key: str) -> None:
        number = await book.reserve(Reservation(key, "order", 0, "agent", "m", 0.1))
        figures = {
            "input_tokens": 1,
            "output_tokens": 1,
            "cost_cny": 0.1,
            "worst_cny": 0.1,
            "refusals": 0,
            "latency_s": 0.1,
        }
        await book.keep(key, number, raw=key.encode(), **figures)

    async def pay_both() -> None:
        book = Ledger(tmp_path, "sandbox-1", None)
        await asyncio.gather(pay(book, "a" * 32), pay(book, "b" * 32))
        book.close()

    async def look() -> list[bytes | None]:
        book = Ledger(tmp_path, "sandbox-1", None)
        kept = [await book.replay(key * 32) for key in "abc"]
        spent, _ = book.spent()
        assert spent == pytest.approx(0.2)
        book.close()
        return [answer.raw if answer else None for answer in kept]

    asyncio.run(pay_both())
    assert asyncio.run(look()) == [b"a" * 32, b"b" * 32, None]
    path = tmp_path / "calls.sqlite"
    path.write_bytes(path.read_bytes().replace(b"b" * 31, b"b" * 30 + b"\xee"))
    assert asyncio.run(look()) == [b"a" * 32, None, None]
