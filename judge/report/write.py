"""``DATA/reports/NAME``: the page, ``report.json`` and the charts as PNG, each written aside and put in place."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb
import orjson

from factory.errors import UsageError
from factory.run.timeline import Timeline, read_timeline
from judge.harmless import HARMLESS
from judge.report import figures
from judge.report.ablation import ablation_section
from judge.report.data import Run, read_material
from judge.report.findings import find
from judge.report.geography import overview
from judge.report.items import read_items, read_places
from judge.report.page import Contents, page
from judge.statistics.summary import Summary, summarise

_JUDGED_ON = "select strftime(max(created_at), '%Y-%m-%d') from verdicts where judge = $judge"


def write_report(data: Path, name: str, judge: str, run: str | None = None, *, second: str | None = None) -> Path:
    """Write all of it and return the page's path; ``run``: one factory run only. Raises UsageError without verdicts.

    ``second``: the model id of the judge beside it; others that were asked in this folder at other times have no part.
    """
    warehouse = data / "warehouse.duckdb"
    if not warehouse.exists():
        raise UsageError(f"There is no {warehouse}: run `make synth` first.")
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        material = read_material(connection, data, run)
        findings = find(material, judge, second)
        if not findings.asked:
            raise UsageError("There are no verdicts yet: run `make judge` first.")
        timeline = _timeline(connection, material.runs)
        browsable = read_items(connection, run, judge)
        places = read_places(connection, run)
        [(judged_on,)] = connection.execute(_JUDGED_ON, {"judge": judge}).fetchall()
    summary = summarise(material.rows, judge, material.sound, second=second, harmless=frozenset(HARMLESS))
    drawings = figures.charts(summary, material.losses, timeline)
    contents = Contents(
        material,
        findings,
        summary,
        figures.rendered(drawings),
        browsable,
        places,
        overview(places),
        ablation_section(data),
        name,
        judged_on,
    )
    numbers = {"scores": summary_json(summary), "findings": asdict(findings)}
    folder = data / "reports" / name
    folder.mkdir(parents=True, exist_ok=True)
    for file, picture in figures.pictures(drawings, simulated=findings.simulated).items():
        _put(folder / file, picture)
    _put(folder / "report.json", orjson.dumps(numbers, option=orjson.OPT_INDENT_2))
    _put(folder / "index.html", page(contents).encode("utf-8", "replace"))
    return folder / "index.html"


def summary_json(summary: Summary) -> dict[str, Any]:
    """The summary as JSON values, with what the page concludes; the points of scatter plots stay in the page."""
    numbers = asdict(summary)
    for pairing in (*numbers["headline"], *numbers["by_split"], numbers["same_text"]):
        del pairing["points"]
    for row, trust in zip(numbers["trust"], summary.trust, strict=True):
        row["reliable"] = trust.reliability.reliable if trust.reliability else None
    for row, response in zip(numbers["responses"], summary.responses, strict=True):
        row["shown"] = response.slope.shown if response.slope else None
        row["negligible"] = response.slope.negligible if response.slope else None
    return numbers


def _timeline(connection: duckdb.DuckDBPyConnection, runs: tuple[Run, ...]) -> Timeline | None:
    """The largest run's."""
    largest = max(runs, key=lambda run: run.accepted, default=None)
    return read_timeline(connection, largest.run_id) if largest else None


def _put(path: Path, content: bytes) -> None:
    aside = path.with_name(f".{path.name}.aside")
    aside.write_bytes(content)
    aside.replace(path)
