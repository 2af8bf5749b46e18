"""``warehouse.connect``: the DuckDB file of a folder, read-only, for SQL from Python."""

from __future__ import annotations

from pathlib import Path

import duckdb

from factory.commit.working_folder import missing_warehouse
from factory.errors import DiskTrouble
from factory.settings import of_factory, resolve
from factory.settings.reading import texts
from warehouse.catalogue import FILE, connect_file
from warehouse.integrity import unreadable


def connect(data: str | Path | None = None) -> duckdb.DuckDBPyConnection:
    """A read-only connection to the views (``connect().sql("from samples")``); DATA, or ``data``, when no folder is named.

    Other readers, and a run's refreshes, are not in its way: it keeps showing what stood there when it was opened. Raises
    DiskTrouble where there is no warehouse.
    """
    folder = resolve("sql", texts("sql", {"data": data}))[of_factory.DATA]
    path = folder / FILE
    if not path.exists():
        raise DiskTrouble(missing_warehouse(folder))
    try:
        return connect_file(path)
    except duckdb.Error as error:
        raise unreadable(folder, error) from error
