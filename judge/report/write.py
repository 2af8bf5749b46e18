"""``DATA/reports/NAME``: the page, ``report.json`` and the charts as PNG, each written aside and put in place."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb
import orjson

from factory.errors import DiskTrouble, UsageError
from factory.run.timeline import Timeline, read_timeline
from judge.harmless import HARMLESS
from judge.items import open_views
from judge.report import figures, judge_words
from judge.report.ablation import ablation_section
from judge.report.data import Run, read_material
from judge.report.findings import find
from judge.report.first_screen import first_screen, leading
from judge.report.geography import overview
from judge.report.items import read_items, read_places
from judge.report.metrics import metrics
from judge.report.next_steps import accepted_share, data_weaknesses, model_weaknesses, opened
from judge.report.page import Contents, page
from judge.report.rightness import checked, ranking, rightness
from judge.report.sides import compared, read_sides, warned
from judge.statistics.pairwise import preferences
from judge.statistics.summary import Summary, summarise

_JUDGED_ON = "select strftime(max(created_at), '%Y-%m-%d') from verdicts where judge = $judge"


def write_report(
    data: Path,
    name: str,
    judge: str,
    run: str | None = None,
    *,
    second: str | None = None,
    compare: tuple[str, str] | None = None,
) -> Path:
    """Write all of it and return the page's path; ``run``: one factory run only. Raises UsageError without verdicts, DiskTrouble.

    ``second``: the model id of the judge beside it; others that were asked in this folder at other times have no part.
    ``compare``: two sides that stand beside each other; by default the student against every other origin of answers.
    """
    with open_views(data) as connection:
        material = read_material(connection, data, run, judge)
        findings = find(material, judge, second)
        if not findings.asked:
            raise UsageError("There are no verdicts yet: run `make judge` first.")
        timeline = _timeline(connection, material.runs)
        answers = checked(material.measures)
        ranked = ranking(answers)
        student = leading(ranked)
        weak = (
            data_weaknesses(material, findings),
            model_weaknesses(answers, student.group) if student else (),
        )
        browsable = read_items(connection, run, judge, first=opened([*weak[0], *weak[1]]), rejected=material.examples)
        places = read_places(connection, run)
        [(judged_on,)] = connection.execute(_JUDGED_ON, {"judge": judge}).fetchall()
        named = [compare] if compare else [(_slashed(left), _slashed(other)) for left, other in compared(ranked)]
        sides = tuple(read_sides(connection, left, right, run, judge) for left, right in named)
    summary = summarise(
        material.rows,
        judge,
        material.sound,
        second=second,
        harmless=frozenset(HARMLESS),
        rightness=rightness(answers),
        pairs=material.pairs,
    )
    screen = first_screen(findings, summary, ranked, accepted_share(material), *weak)
    drawings = figures.charts(summary, material.losses, timeline)
    contents = Contents(
        material,
        findings,
        summary,
        figures.rendered(drawings),
        browsable,
        places,
        overview(places),
        screen,
        ranked,
        tuple(warned(side, summary.evidence.favours) for side in sides),
        preferences(material.pairs),
        ablation_section(data),
        name,
        judged_on,
    )
    files = figures.pictures(drawings, simulated=findings.simulated)
    files["report.json"] = orjson.dumps(_numbers(contents), option=orjson.OPT_INDENT_2)
    files["index.html"] = page(contents).encode("utf-8", "replace")
    return _put(data / "reports" / name, files) / "index.html"


def _slashed(group: str) -> str:
    return group.replace(" ", "/", 1)


def _numbers(contents: Contents) -> dict[str, Any]:
    """Everything that the page says in numbers, for programs; ``conclusion`` is its first sentence."""
    zh, en = judge_words.headline(contents.summary.examination)
    use_zh, use_en = judge_words.use(contents.summary.examination)
    return {
        "conclusion": {"overall": contents.summary.examination.overall, "zh": zh, "en": en, "use": [use_zh, use_en]},
        "metrics": {name: asdict(metric) for name, metric in metrics(contents).items()},
        "first_screen": asdict(contents.first),
        "ranking": [asdict(part) for part in contents.ranked],
        "sides": [asdict(part) for part in contents.sides],
        "preferences": [asdict(part) for part in contents.preferences],
        "scores": summary_json(contents.summary),
        "findings": asdict(contents.findings),
    }


def summary_json(summary: Summary) -> dict[str, Any]:
    """The summary as JSON values, with what the page concludes; the points of scatter plots stay in the page."""
    numbers = asdict(summary)
    for pairing in (*numbers["headline"], *numbers["by_split"], numbers["same_text"]):
        del pairing["points"]
    numbers["evidence"] = {
        name: numbers["evidence"][name] for name in ("answering", "loss", "sways", "favours", "drift")
    }
    return numbers


def _timeline(connection: duckdb.DuckDBPyConnection, runs: tuple[Run, ...]) -> Timeline | None:
    """The largest run's."""
    largest = max(runs, key=lambda run: run.accepted, default=None)
    return read_timeline(connection, largest.run_id) if largest else None


def _put(folder: Path, files: dict[str, bytes]) -> Path:
    """Each file aside, then in its place, the page last. Raises DiskTrouble."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            path, aside = folder / name, folder / f".{name}.aside"
            try:
                aside.write_bytes(content)
                if path.is_dir():
                    shutil.rmtree(path)  # whatever it is, it is no file of a report
                aside.replace(path)
            finally:
                aside.unlink(missing_ok=True)
    except OSError as error:
        raise DiskTrouble(
            f"The report cannot be written to {folder} ({error.strerror or error}): make room or repair what that names, then run "
            "`make report`; verdicts are as they were."
        ) from error
    return folder
