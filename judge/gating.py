"""The gate at the end of a judging or a report: reads the report's numbers, says how it went, writes JUnit and JSON."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path

import orjson

from factory.errors import UsageError
from factory.shown_text import print_line
from judge.gate import Gate, decide, junit
from judge.report.metrics import Metric

GATE_JSON, GATE_XML, REPORT = "gate.json", "gate.xml", "report.json"


def gate_report(data: Path, page: Path, expression: str, against: str | None = None) -> bool:
    """Whether the report beside ``page`` passes; ``against``: an earlier report's folder or its report.json. Raises UsageError."""
    now = read_metrics(page.parent / REPORT)
    then = read_metrics(_earlier(data, against)) if against else None
    gate = decide(expression, now, then)
    (page.parent / GATE_JSON).write_bytes(orjson.dumps(asdict(gate), option=orjson.OPT_INDENT_2))
    (page.parent / GATE_XML).write_text(junit(gate, page.parent.name), encoding="utf-8")
    _say(gate, page.parent)
    return gate.passed


def _say(gate: Gate, folder: Path) -> None:
    for line in gate.failing:
        print_line(f"gate: FAILED {line.reason}")
    if gate.passed:
        print_line(f"gate: passed {gate.expression}")
    print_line(f"gate: {folder / GATE_XML}, {folder / GATE_JSON}")


def _earlier(data: Path, against: str) -> Path:
    """A path, or the name of a folder under DATA/reports."""
    for path in (Path(against), data / "reports" / re.sub(r"[/\\]", "-", against)):
        if path.is_file():
            return path
        if (path / REPORT).is_file():
            return path / REPORT
    raise UsageError(f"GATE_AGAINST={against}: there is no such report; name a folder under {data / 'reports'}.")


def read_metrics(path: Path) -> dict[str, Metric]:
    """The numbers of a report.json. Raises UsageError where it has none."""
    try:
        rows = orjson.loads(path.read_bytes())["metrics"]
        return {name: Metric(row["value"], row["low"], row["high"]) for name, row in rows.items()}
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{path} is no report with numbers for a gate: make it again with `make report`.") from error
