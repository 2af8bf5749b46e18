"""``make sql``: one read-only question and a table, CSV or JSON; a prompt when no question is given."""

from __future__ import annotations

import csv
import re
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import Any, Final

import duckdb
import orjson
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from factory.errors import UsageError
from factory.record_view import is_long, record_lines, rule
from factory.shown_text import csv_cell, json_shown, print_line, shown
from warehouse.catalogue import FILE, open_reader

FORMATS = ("table", "csv", "json")
_OF_THE_FILE: Final = (
    duckdb.IOException,
    duckdb.FatalException,
    duckdb.InternalException,
    duckdb.SerializationException,
)
"""What DuckDB raises where its file is at fault, and not the question"""
MOST_ROWS = 200
"""A table shows no more; csv and json give everything."""


def ask(data: Path, question: str, form: str) -> None:
    """Run one question and print its answer. Raises UsageError with DuckDB's sentence."""
    with open_reader(data) as connection:
        try:
            cursor = connection.execute(_in_utf8(question))
            names = [column[0] for column in cursor.description or ()]
            rows = cursor.fetchall() if names else []
        except duckdb.Error as error:
            if isinstance(error, _OF_THE_FILE) and not _names_another_file(error, data):
                raise
            raise UsageError(f"The question failed: {str(error).splitlines()[0]}") from error
    if form != "table" and isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # data for programs, whatever the locale
    if form == "table":
        _table(names, rows)
    elif form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(map(csv_cell, names))
        writer.writerows(map(csv_cell, row) for row in rows)
    else:
        body = [dict(zip(names, map(_in_64_bits, row), strict=True)) for row in rows]
        options = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS
        sys.stdout.write(json_shown(orjson.dumps(body, default=str, option=options).decode()) + "\n")


def _names_another_file(error: duckdb.Error, data: Path) -> bool:
    """Whether a file that cannot be read or written is one that the question names: DuckDB quotes its path, or an extension's.

    A damaged block of the warehouse's own is told without a path.
    """
    named = re.findall(r'"([^"\n]+)"', str(error).replace('\\"', '"'))
    own = Path(data / FILE).absolute()
    return isinstance(error, duckdb.IOException) and bool(named) and all(Path(name).absolute() != own for name in named)


def _in_64_bits(cell: Any) -> Any:
    """DuckDB's whole numbers have up to 128 bits; larger ones than JSON readers take are written as text."""
    return str(cell) if isinstance(cell, int) and not -(2**63) <= cell < 2**64 else cell


def _in_utf8(question: str) -> str:
    """Words of the environment that a locale without Chinese left as raw bytes."""
    return question.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _table(names: list[str], rows: list[tuple[Any, ...]]) -> None:
    """Rows that are scanned as a table, rows that are read one record under another."""
    console = Console()
    shown_rows = rows[:MOST_ROWS]
    if _reads_better_as_records(names, shown_rows, console.width):
        for number, row in enumerate(shown_rows, 1):
            lines = [rule(str(number), console.width), *record_lines(list(zip(names, row, strict=True)), console.width)]
            sys.stdout.write("\n".join(lines) + "\n\n")
    else:
        table = Table()
        for name in names:
            table.add_column(Text(shown(name)))
        for row in shown_rows:
            table.add_row(*(Text("" if cell is None else shown(cell, lines=True)) for cell in row))
        console.print(table)
    if len(rows) > MOST_ROWS:
        sys.stderr.write(f"{MOST_ROWS} of {len(rows)} rows shown: FORMAT=csv gives all.\n")


def _reads_better_as_records(names: list[str], rows: list[tuple[Any, ...]], width: int) -> bool:
    """Where a table would break long texts, or cut words such as a run's id."""
    columns = [[name, *(str(row[number]) for row in rows)] for number, name in enumerate(names)]
    words = [[word for text in column for word in text.split() or [""]] for column in columns]
    if _table_width(words) > width:
        return True
    return _table_width(columns) > width and any(is_long(cell) for row in rows for cell in row)


def _table_width(columns: list[list[str]]) -> int:
    """Cells that a table needs to show each of these texts on a line."""
    return 1 + sum(3 + max(map(cell_len, column)) for column in columns)


def prompt(data: Path) -> None:
    """Read questions until the end of input; an error is said and the prompt goes on."""
    sys.stderr.write(
        "SQL, one line each; end with Ctrl-D. Views: samples, ledger, rejects_by_reason, usage, runs, ...\n"
    )
    while True:
        try:
            line = input("sql> ").strip()
        except EOFError:
            return
        if not line:
            continue
        try:
            ask(data, line, "table")
        except UsageError as error:
            print_line(error)
