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
from judge.report.data import Material
from judge.report.findings import Findings
from judge.report.geography import Overview, around
from judge.report.items import Browsable, MapPlace
from judge.report.words import CONCLUSIONS, CONTROLS, DIMENSIONS, EDITS, MEASURES, MODES, SPLITS, TITLES, group_words
from judge.statistics.bootstrap import RESAMPLES
from judge.statistics.clustered_mean import MeanWithInterval
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
    """What a template prints: text of ours that is HTML already, or anything else without what turns or hides text."""
    return value if isinstance(value, Markup) or not isinstance(value, str) else shown(value, lines=True)


def page(contents: Contents) -> str:
    """The whole HTML file."""
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_inert
    )
    environment.filters["number"] = figure
    script = _file("report.js")
    data = {
        "items": contents.browsable.items,
        "places": [around(place) for place in contents.places],
        "dimensions": DIMENSIONS,
        "edits": EDITS | CONTROLS,
    }
    return environment.from_string(_file("page.html.jinja")).render(
        c=contents,
        f=contents.findings,
        m=contents.material,
        s=contents.summary,
        truth={one.rubric: one for one in contents.summary.truth},
        headline={rubric: _headline(contents.summary, rubric) for rubric in TITLES},
        bands={one.rubric: _band(one) for one in contents.summary.distributions},
        students=any(one.group != "data" for one in contents.summary.scored),
        titles=TITLES,
        splits=SPLITS,
        edits=EDITS,
        modes=MODES,
        measures=MEASURES,
        measured=_pivoted(contents.findings),
        dimensions=DIMENSIONS,
        conclusions=CONCLUSIONS,
        group_words=group_words,
        resamples=RESAMPLES,
        charts={
            name: {language: Markup(svg) for language, svg in both.items()}  # noqa: S704 - matplotlib escapes its text
            for name, both in contents.charts.items()
        },
        style=Markup(_file("style.css")),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        script_hash=base64.b64encode(sha256(script.encode()).digest()).decode(),
        data=embedded(data),
        orders={order: embedded(value) for order, value in contents.browsable.orders.items()},
    )


def _headline(summary: Summary, rubric: str) -> Scored | None:
    """The held-out score of a rubric: the tuned model's performance where there is one, else the reference answers'."""
    held = [one for one in summary.scored if (one.rubric, one.split) == (rubric, ALL_HELD_OUT)]
    tuned = [one for one in held if one.group.startswith("tuned")]
    return next(iter(tuned or held), None)


def _pivoted(findings: Findings) -> dict[str, Any]:
    """Measures as rows in the order of ``MEASURES``, groups of answers as columns."""
    rows: dict[str, dict[str, MeanWithInterval]] = {kind: {} for kind in MEASURES}
    for one in findings.measured:
        rows.setdefault(one.kind, {})[f"{one.arm} {one.mode}"] = one.mean
    groups = sorted({f"{one.arm} {one.mode}" for one in findings.measured})
    return {"groups": groups, "rows": {kind: cells for kind, cells in rows.items() if cells}}


def _band(one: Distribution) -> float:
    """Share of the two points that the original's report counts."""
    low = {"data": 8.0, "answer": 7.0}[one.rubric]
    return math.fsum(share for half, share in one.shares.items() if low <= float(half) <= low + 1)


def _file(name: str) -> str:
    return resources.files("judge.report").joinpath(name).read_text(encoding="utf-8")
