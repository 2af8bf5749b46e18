"""``chidian verdicts``: what judges said, as Parquet and CSV files for others' tools: verdicts, scores, pairs and rubrics.

Written aside and put in place whole: a folder of an earlier export is replaced, a folder that is none is refused. Tables are
streamed out of the warehouse's views; in CSV, maps and lists are JSON, and no cell is a formula.
"""

from __future__ import annotations

import csv
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import orjson

from factory.commit.working_folder import local_out
from factory.errors import DiskTrouble, UsageError
from factory.settings import Values, of_factory, of_warehouse
from factory.shown_text import csv_cell, print_line
from judge.items import open_views

NOTE: Final = "judge-export.json"
"""By this file an earlier export is known."""
BATCH: Final = 2_000
TABLES: Final = {
    "verdicts": "select * from all_verdicts where $run is null or run_id = $run "
    "order by created_at, item_id, rubric, replicate, judge, design, rubric_hash",
    "scores": "select * from scores where $run is null or run_id = $run order by item_id, rubric, judge, design",
    "pairs": "select * from pairs where $run is null or run_id = $run "
    "order by left_id, right_id, first_shown, replicate, judge, rubric, created_at",
    "rubrics": "select * from rubrics where $run is null or true order by all",
}
"""File name to what it holds; verdicts of earlier rubrics are told by ``rubric_hash``."""


@dataclass(frozen=True, slots=True)
class Written:
    """One table's rows."""

    name: str
    rows: int


def export(data: Path, out: Path, run: str | None) -> list[Written]:
    """Raises UsageError when there is nothing to write or ``out`` holds something else, DiskTrouble."""
    if out.exists() and any(out.iterdir()) and not (out / NOTE).exists():
        raise UsageError(f"{out} holds something else than an export of verdicts: name another folder with OUT=.")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
        try:
            written = _write(data, aside, run)
            if not written[0].rows and not written[2].rows:
                raise UsageError("There are no verdicts yet: run `make judge` first.")
            (aside / NOTE).write_bytes(orjson.dumps({file.name: file.rows for file in written} | {"run": run}))
            aside.chmod(0o755)
            if out.exists():
                shutil.rmtree(out)
            aside.rename(out)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    except OSError as error:
        raise DiskTrouble(f"{out}: the export cannot be written ({error.strerror or error}).") from error
    return written


def _write(data: Path, folder: Path, run: str | None) -> list[Written]:
    written = []
    with open_views(data) as connection:
        for name, sql in TABLES.items():
            connection.execute(f"create or replace temp table exported as {sql}", {"run": run})
            connection.execute(
                "copy exported to ? (format parquet, compression zstd)", [str(folder / f"{name}.parquet")]
            )
            written.append(Written(name, _csv(connection, folder / f"{name}.csv")))
    return written


def _csv(connection: duckdb.DuckDBPyConnection, path: Path) -> int:
    """Rows written. The mark at the beginning tells Excel that the text is UTF-8."""
    cursor = connection.execute("select * from exported")
    names = [column[0] for column in cursor.description or ()]
    count = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        for row in _rows(cursor):
            writer.writerow(_cell(value) for value in row)
            count += 1
    return count


def _rows(cursor: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    while batch := cursor.fetchmany(BATCH):
        yield from batch


def _cell(value: Any) -> object:
    if isinstance(value, dict | list):
        return csv_cell(orjson.dumps(value).decode())
    return csv_cell(value)


def main(values: Values) -> int:
    """Into OUT, without it ``verdicts`` under DATA/reports. Raises UsageError, DiskTrouble."""
    data, run = values[of_factory.DATA], values[of_factory.RUN]
    out = local_out(values[of_warehouse.OUT] or data / "reports" / "verdicts", "verdicts")
    for file in export(data, out, run):
        print_line(f"{file.name}: {file.rows} rows")
    print_line(f"Parquet and CSV: {out}")
    return 0
