"""The page: template, style and script of this folder put together with findings, charts and items; everything is escaped.

Three walls stand between a restaurant's name and the reader: autoescaping, JSON whose angle brackets are escapes, and a
content policy that runs only this script (by its hash) and loads nothing.
"""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass
from hashlib import sha256
from importlib import resources
from typing import Any

import jinja2
import orjson
from markupsafe import Markup

from factory.shown_text import json_shown, shown
from judge.report import judge_words, telling
from judge.report.data import Material
from judge.report.findings import Findings
from judge.report.first_screen import DATA_WORDS, MODEL_WORDS, TRUST_WORDS, FirstScreen
from judge.report.geography import Overview, around
from judge.report.items import Browsable, MapPlace
from judge.report.reject_words import reject
from judge.report.rightness import Ranked
from judge.report.sides import SideBySide
from judge.report.words import (
    CONCLUSIONS,
    CONTROLS,
    DIMENSIONS,
    EDITS,
    FACTS,
    KINDS,
    MEASURES,
    SPLITS,
    TITLES,
    group_words,
)
from judge.statistics.bootstrap import RESAMPLES
from judge.statistics.calls import ANSWER
from judge.statistics.clustered_mean import MeanWithInterval
from judge.statistics.examination import QUESTIONS
from judge.statistics.pairwise import Preference
from judge.statistics.summary import ALL_HELD_OUT, Distribution, Scored, Summary

_UNSAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


@dataclass(frozen=True, slots=True)
class Contents:
    """What a page shows."""

    material: Material
    findings: Findings
    summary: Summary
    charts: dict[str, dict[str, str]]
    browsable: Browsable
    places: tuple[MapPlace, ...]
    overview: Overview | None
    first: FirstScreen
    ranked: tuple[Ranked, ...]
    sides: tuple[SideBySide, ...]
    preferences: tuple[Preference, ...]
    ablation: Markup | None
    name: str
    judged_on: str


def embedded(value: Any) -> Markup:
    """JSON that cannot end its script element, whatever its strings hold."""
    text = json_shown(orjson.dumps(value).decode())
    for char, escape in _UNSAFE.items():
        text = text.replace(char, escape)
    return Markup(text)  # noqa: S704 - nothing that HTML could read is left in it


def figure(value: float | None, digits: int = 2) -> str:
    """A number for people; a dash where there is none."""
    return "–" if value is None else f"{value:,.{digits}f}"


def _inert(value: Any) -> Any:
    """Every value that a template prints: text of ours that is HTML already, or anything else without what turns or hides text."""
    return value if isinstance(value, Markup) or not isinstance(value, str) else shown(value, lines=True)


def page(contents: Contents) -> str:
    """The whole HTML file."""
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_inert,
        loader=jinja2.PackageLoader("judge.report", "templates"),
    )
    environment.filters["number"] = figure
    environment.filters["p_value"] = p_value
    script = _file("report.js")
    data = {
        "items": contents.browsable.items,
        "places": [around(place) for place in contents.places],
        "dimensions": DIMENSIONS,
        "edits": EDITS | CONTROLS,
        "kinds": KINDS,
    }
    return environment.get_template("page.html.jinja").render(
        c=contents,
        f=contents.findings,
        m=contents.material,
        s=contents.summary,
        first=contents.first,
        ranked=contents.ranked,
        **_tables(contents),
        **_words(contents),
        charts={
            name: {language: Markup(svg) for language, svg in both.items()}  # noqa: S704 - matplotlib escapes its text
            for name, both in contents.charts.items()
        },
        style=Markup(_file("style.css")),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        script_hash=base64.b64encode(sha256(script.encode()).digest()).decode(),
        data=embedded(data),
        orders={order: embedded(value) for order, value in contents.browsable.orders.items()},
        sections=[section for section in SECTIONS if section[0] != "ablation" or contents.ablation],
        resamples=RESAMPLES,
    )


SECTIONS = (
    ("data-maker", "给做数据的人", "Data maker"),
    ("model-maker", "给做模型的人", "Model maker"),
    ("ablation", "因果", "Ablation"),
    ("statistician", "给统计的人", "Statistician"),
    ("halo", "相关与光环", "Halo"),
    ("original", "对照原项目", "Original"),
    ("map", "地图", "Map"),
    ("browser", "逐条", "Items"),
)


def _tables(contents: Contents) -> dict[str, Any]:
    """What the tables look up."""
    summary = contents.summary
    seen = {(truth.rubric, kind.edit): kind for truth in summary.truth for kind in truth.seen}
    judged = {
        scored.group: scored.mean.mean
        for scored in summary.scored
        if (scored.rubric, scored.split) == (ANSWER, ALL_HELD_OUT) and scored.mean is not None
    }
    trusted = contents.first.trust == "holds"
    return {
        "headline": {rubric: _headline(summary, rubric) for rubric in TITLES},
        "bands": {distribution.rubric: _band(distribution) for distribution in summary.distributions},
        "students": any(scored.group != "data" for scored in summary.scored),
        "measured": _pivoted(contents.findings),
        "dependable": {ranked.group: ranked.means.get("dependable") for ranked in contents.ranked},
        "weak_rejects": [weakness for weakness in contents.first.data_next if weakness.kind == "rejected"],
        "seen": seen,
        "response_word": telling.response_word(seen),
        "judged": lambda group: figure(judged.get(group)),
        "judged_note": lambda: "" if trusted else Markup(_NOT_TRUSTED),  # noqa: S704 - our own words
        "reason_of": telling.reason_of(summary.examination),
    }


_NOT_TRUSTED = (
    ' <span class="chip bad"><span class="zh" lang="zh-CN">评审未获信任</span>'
    '<span class="en" lang="en">judge not certified</span></span>'
)


def _words(contents: Contents) -> dict[str, Any]:
    """Words by name, and the functions that make sentences."""
    examination = contents.summary.examination
    return {
        "titles": TITLES,
        "splits": SPLITS,
        "edits": EDITS,
        "kinds": KINDS,
        "measures": MEASURES,
        "dimensions": DIMENSIONS,
        "conclusions": CONCLUSIONS,
        "fact_words": FACTS,
        "data_words": DATA_WORDS,
        "model_words": MODEL_WORDS,
        "trust_words": TRUST_WORDS,
        "questions": QUESTIONS,
        "question_words": judge_words.QUESTION_WORDS,
        "word_words": judge_words.WORD_WORDS,
        "judge_says": judge_words.headline(examination),
        "judge_use": judge_words.use(examination),
        "correlation_words": telling.correlation(contents.summary),
        "check_words": telling.check,
        "group_words": group_words,
        "weakness_words": telling.weakness,
        "step_words": telling.step,
        "about_words": telling.about,
        "reject_words": reject,
        "side_words": telling.measure,
    }


def p_value(p: float | None) -> str:
    """For people: never zero."""
    return "–" if p is None else "< 0.001" if p < 0.001 else f"{p:.3f}"


def _headline(summary: Summary, rubric: str) -> Scored | None:
    """The held-out score of a rubric: the tuned model's performance where there is one, else the reference answers'."""
    held = [scored for scored in summary.scored if (scored.rubric, scored.split) == (rubric, ALL_HELD_OUT)]
    tuned = [scored for scored in held if scored.group.startswith("tuned")]
    return next(iter(tuned or held), None)


def _pivoted(findings: Findings) -> dict[str, Any]:
    """Measures as rows in the order of ``MEASURES``, groups of answers as columns."""
    rows: dict[str, dict[str, MeanWithInterval]] = {kind: {} for kind in MEASURES}
    for measured in findings.measured:
        rows.setdefault(measured.kind, {})[f"{measured.arm} {measured.mode}"] = measured.mean
    groups = sorted({f"{measured.arm} {measured.mode}" for measured in findings.measured})
    return {"groups": groups, "rows": {kind: cells for kind, cells in rows.items() if cells}}


def _band(distribution: Distribution) -> float:
    """Share of the two points that the original's report counts."""
    low = {"data": 8.0, "answer": 7.0}[distribution.rubric]
    return math.fsum(share for half, share in distribution.shares.items() if low <= float(half) <= low + 1)


def _file(name: str) -> str:
    return resources.files("judge.report").joinpath(name).read_text(encoding="utf-8")
