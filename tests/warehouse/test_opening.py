"""The DuckDB file as readers open it: damaged, or held by a program that writes, each is its own sentence."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from factory.errors import DiskTrouble
from warehouse.ask import ask
from warehouse.catalogue import FILE, open_reader, refresh

HEADERS = 12_288
"""Bytes of a DuckDB file before its first block."""
WRITER = """
import duckdb, sys
client = duckdb.connect(sys.argv[1])
client.execute("create table notes as select 1 as note")
print("open", flush=True)
sys.stdin.readline()
"""


def test_a_file_with_a_damaged_block_is_to_be_made_anew(tmp_path: Path) -> None:
    refresh(tmp_path)
    file = tmp_path / FILE
    body = bytearray(file.read_bytes())
    body[HEADERS + 100 :: 4096] = bytes(len(body[HEADERS + 100 :: 4096]))
    file.write_bytes(body)
    with pytest.raises(DiskTrouble, match=r"cannot be read \(.*checksum.*REBUILD=1"), open_reader(tmp_path) as reader:
        reader.execute("from loaded").fetchall()


def test_a_file_that_a_client_writes_into_is_told_and_its_notes_are_left_alone(tmp_path: Path) -> None:
    refresh(tmp_path)
    command = [sys.executable, "-c", WRITER, str(tmp_path / FILE)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "open\n"
        assert (tmp_path / f"{FILE}.wal").exists()
        with pytest.raises(DiskTrouble, match="held open for writing"), open_reader(tmp_path):
            pass
        assert (tmp_path / f"{FILE}.wal").exists()
        writer.communicate("\n")
    with duckdb.connect(str(tmp_path / FILE)) as client:
        assert client.execute("from notes").fetchall() == [(1,)]


@pytest.mark.parametrize(("number", "told"), [(2**64 - 1, 2**64 - 1), (2**64, str(2**64)), (-(2**63), -(2**63))])
def test_a_number_that_json_readers_cannot_take_is_written_as_text(
    number: int, told: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refresh(tmp_path)
    ask(tmp_path, f"select {number}::hugeint as n", "json")
    assert json.loads(capsys.readouterr().out) == [{"n": told}]
