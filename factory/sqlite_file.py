"""SQLite files, which may be damaged: whatever is wrong with one is a ``sqlite3.Error``.

SQLite tells of a damaged schema in the file's own words, and Python's module reads them as UTF-8: where they are none, it raises
UnicodeDecodeError instead, from any statement.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any


class _Connection(sqlite3.Connection):
    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        try:
            return super().execute(sql, parameters)
        except UnicodeDecodeError as error:
            raise _damage(error) from error

    def executemany(self, sql: str, parameters: Any, /) -> sqlite3.Cursor:
        try:
            return super().executemany(sql, parameters)
        except UnicodeDecodeError as error:
            raise _damage(error) from error

    def executescript(self, sql_script: str, /) -> sqlite3.Cursor:
        try:
            return super().executescript(sql_script)
        except UnicodeDecodeError as error:
            raise _damage(error) from error


def _damage(error: UnicodeDecodeError) -> sqlite3.DatabaseError:
    """SQLite's sentence, or the name of a column, with a mark for what is no text in it."""
    words = error.object.decode(errors="replace")
    return sqlite3.DatabaseError(words if "malformed" in words else f"malformed: {words}")


def open_file(path: Path) -> sqlite3.Connection:
    """To read and write, each statement a transaction of its own, from any thread."""
    return sqlite3.connect(path, check_same_thread=False, isolation_level=None, factory=_Connection)


def open_to_read(path: Path) -> sqlite3.Connection:
    """Only to read; it must be there."""
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, factory=_Connection)
