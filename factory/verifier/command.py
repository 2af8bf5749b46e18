"""``python -m factory verify FILE``: check rows of any origin that bring their evidence; print claims, findings and the account."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table
from rich.text import Text

from factory.errors import UsageError
from factory.records import Verification
from factory.settings import Values, of_factory
from factory.shown_text import json_shown, shown
from factory.verifier.exported import unpacked
from factory.verifier.public import asked_of, score, unreadable, verify_row
from factory.verifier.severing import Shortened, once_cut


def main(values: Values) -> int:
    """0: all pass; 1: some fail or cannot be read. Raises UsageError on a file that holds no rows at all."""
    file = values[of_factory.FILE]
    if file is None:
        raise UsageError(
            "Name the file to check: chidian verify FILE (JSONL, a JSON array, Parquet, or an export's folder)."
        )
    failed = total = 0
    for number, (row, result, short) in enumerate(_verified(values, file), 1):
        total += 1
        failed += not result.accepted
        name = (row.get("sample_id") if isinstance(row, dict) else None) or number
        (_print_json if values[of_factory.JSON] else _print_table)(name, result, short)
    if not total:
        raise UsageError(f"{file} holds no rows.")
    sys.stderr.write(f"{total - failed} of {total} rows pass.\n")
    return 1 if failed else 0


def _verified(values: Values, file: Path) -> Iterator[tuple[dict[str, Any] | str, Verification, Shortened | None]]:
    """Rows with their verification and how they pass once cut, in order; with READER once all of them are read."""
    unread = (row for path in _files(file) for row in _rows(path))
    rows = (unpacked(row) if isinstance(row, dict) else row for row in unread)
    if values[of_factory.READER] is None:
        for row in rows:
            result = verify_row(row) if isinstance(row, dict) else unreadable(row)
            asked = None if result.accepted or isinstance(row, str) else asked_of(row)
            yield row, result, once_cut(asked.candidate, result, asked.case) if asked is not None else None
        return
    from factory.run.file_reading import read_rows  # noqa: PLC0415 - the transport is needed with READER alone

    everything = list(rows)
    for row, (result, short) in zip(everything, read_rows(values, everything), strict=True):
        yield row, result, short


def _files(path: Path) -> list[Path]:
    """The file itself; of a folder, such as an export, every file that holds rows."""
    if not path.is_dir():
        return [path]
    return sorted(file for kind in ("*.jsonl", "*.parquet") for file in path.glob(kind))


def _rows(path: Path) -> Iterator[dict[str, Any] | str]:
    """Rows in order; one that is no object is the sentence that says so."""
    try:
        if path.suffix == ".parquet":
            yield from pq.read_table(path).to_pylist()
            return
        content = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    except (OSError, pa.ArrowException) as error:
        raise UsageError(
            f"{path} cannot be read as JSONL, JSON or Parquet ({type(error).__name__}: {error})."
        ) from error
    if content.lstrip()[:1] == b"[":
        try:
            rows = orjson.loads(content)
        except orjson.JSONDecodeError as error:
            raise UsageError(f"{path} cannot be read as a JSON array ({error}).") from error
        yield from (_object(row) for row in rows)
        return
    for number, line in enumerate(content.split(b"\n"), 1):
        if line.strip():
            try:
                row = _object(orjson.loads(line))
            except orjson.JSONDecodeError as error:
                row = f"Line {number} cannot be read as JSON ({error})."
            yield row


def _object(row: Any) -> dict[str, Any] | str:
    return row if isinstance(row, dict) else f"The row is {type(row).__name__}, not an object."


def _print_json(name: Any, result: Verification, short: Shortened | None) -> None:
    coverage = Counter(clause.account for clause in result.clauses)
    body = {
        "row": name,
        "accepted": result.accepted,
        "score": score(result),
        "findings": [
            {
                "stage": one.stage,
                "outcome": one.outcome,
                "reason": one.reason,
                "clause": one.clause,
                "detail": one.detail,
            }
            for one in result.findings
        ],
        "claims": [
            {
                "poi_id": one.poi_id,
                "kind": one.kind,
                "stated": one.stated,
                "truth": one.truth,
                "status": one.status,
                "clause": one.clause,
            }
            for one in result.claims
        ],
        "clauses": [
            {
                "part": one.part,
                "scope": one.scope,
                "text": one.text,
                "account": one.account,
                "detachable": one.detachable,
            }
            for one in result.clauses
        ],
        "coverage": {account: coverage[account] for account in ("claim", "wish", "talk", "unread")},
        "once_cut": None if short is None else {"answer": short.text, "cut": short.cut},
        "verifier": result.verifier,
    }
    sys.stdout.write(json_shown(orjson.dumps(body).decode()) + "\n")


def _print_table(name: Any, result: Verification, short: Shortened | None) -> None:
    console = Console()
    verdict = "passes" if result.accepted else "FAILS"
    title = Text(shown(f"{name}: {verdict}"))
    table = Table("kind", "stated", "truth", "status", title=title, title_justify="left")
    for one in result.claims:
        table.add_row(*(Text(shown(cell)) for cell in (one.kind, one.stated, one.truth or "-", one.status)))
    console.print(table)
    for finding in result.findings:
        console.print(Text(shown(f"  {finding.reason}: {finding.detail}")))
    if short is not None:
        console.print(Text(shown(f"  passes without: {'; '.join(short.cut)}")))
