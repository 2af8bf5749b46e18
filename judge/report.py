"""The report, from views alone: means with place-clustered intervals, reliability, coverage; JSON and one HTML file.

First part of the planned report. SIMULATED stands wherever a sandbox teacher or judge had a part.
"""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import orjson

from factory.errors import UsageError
from judge.asking import RUBRICS
from judge.statistics.agreement import reliability
from judge.statistics.clustered_mean import clustered_mean

_SCORES = """
select s.split, s.place_id, c.total from scores c join samples s on s.sample_id = c.item_id
where c.rubric = ? and c.judge = ? and c.scored > 0
"""
_REPLICATES = """
select item_id, list(total order by replicate) from verdicts
where rubric = ? and judge = ? and status = 'scored' group by item_id
"""
RELIABLE = 0.75
"""Koo & Li 2016: ICC from 0.75 is good; below, the number is not reliable enough to interpret."""
STYLE = (
    "body{font-family:'PingFang SC','Microsoft YaHei','Noto Sans CJK SC','WenQuanYi Micro Hei',sans-serif;"
    "max-width:60em;margin:2em auto;padding:0 1em}table{border-collapse:collapse}"
    "td,th{border:1px solid #bbb;padding:.3em .6em;text-align:left}.sim{color:#b00;font-weight:bold}"
)


def write_report(data: Path, name: str, judge: str) -> Path:
    """``reports/NAME/report.json`` and ``index.html``. Raises UsageError without verdicts."""
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as connection:
        found = _numbers(connection, judge)
    if not any(row["items"] for row in found["means"]):
        raise UsageError("There are no verdicts yet: run `make judge` first.")
    folder = data / "reports" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").write_bytes(orjson.dumps(found, option=orjson.OPT_INDENT_2))
    (folder / "index.html").write_text(_page(found), encoding="utf-8")
    return folder / "index.html"


def _numbers(connection: duckdb.DuckDBPyConnection, judge: str) -> dict[str, Any]:
    simulated = judge.startswith("sandbox/") or bool(
        connection.execute("select bool_or(simulated) from runs").fetchall()[0][0]
    )
    means = []
    trust = []
    for rubric in RUBRICS:
        rows = connection.execute(_SCORES, [rubric, judge]).fetchall()
        for split in ("train", "seen", "unseen"):
            part = [(total, place) for one, place, total in rows if one == split]
            mean = clustered_mean([total for total, _ in part], [place for _, place in part])
            means.append(
                {
                    "rubric": rubric,
                    "split": split,
                    "items": len(part),
                    "places": mean.clusters if mean else 0,
                    "mean": mean.mean if mean else None,
                    "low": mean.low if mean else None,
                    "high": mean.high if mean else None,
                }
            )
        trust.append(_trust(connection, rubric, judge))
    coverage = connection.execute(
        "select rubric, status, reason, count(*) from verdicts where judge = ? group by all order by all", [judge]
    ).fetchall()
    return {
        "judge": judge,
        "simulated": simulated,
        "means": means,
        "reliability": trust,
        "coverage": [list(row) for row in coverage],
    }


def _trust(connection: duckdb.DuckDBPyConnection, rubric: str, judge: str) -> dict[str, Any]:
    tables = [totals for _, totals in connection.execute(_REPLICATES, [rubric, judge]).fetchall()]
    most = max((len(totals) for totals in tables), default=0)
    full = [totals for totals in tables if len(totals) == most]
    found = reliability(np.array(full, dtype=np.float64)) if most > 1 and len(full) > 1 else None
    usable = found is not None and found.icc_2_1 >= RELIABLE
    return {
        "rubric": rubric,
        "icc_2_1": found.icc_2_1 if found else None,
        "icc_3_k": found.icc_3_k if found else None,
        "items": found.items if found else 0,
        "verdict": "reliable" if usable else "not reliable enough to interpret",
    }


def _page(found: dict[str, Any]) -> str:
    banner = (
        '<p class="sim">SIMULATED 模拟：a sandbox teacher or judge had a part; no conclusion about the real world.</p>'
        if found["simulated"]
        else ""
    )
    means = _table(
        ("rubric 量表", "split", "items", "places", "mean /10", "95 % CI (by place)"),
        [
            (
                row["rubric"],
                row["split"],
                row["items"],
                row["places"],
                _figure(row["mean"]),
                f"{_figure(row['low'])} – {_figure(row['high'])}",
            )
            for row in found["means"]
        ],
    )
    trust = _table(
        ("rubric 量表", "ICC(2,1)", "ICC(3,k)", "items", "verdict 结论"),
        [
            (row["rubric"], _figure(row["icc_2_1"]), _figure(row["icc_3_k"]), row["items"], row["verdict"])
            for row in found["reliability"]
        ],
    )
    coverage = _table(("rubric 量表", "status", "reason", "calls"), found["coverage"])
    return (
        "<!doctype html><html lang=zh><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>Chidian report</title><style>{STYLE}</style><h1>评审报告 Judge report</h1>{banner}"
        f"<p>judge 评审模型: {html.escape(found['judge'])}</p><h2>平均分 Means</h2>{means}<h2>重测信度 Reliability</h2>{trust}"
        f"<h2>覆盖 Coverage</h2>{coverage}</html>"
    )


def _figure(value: float | None) -> str:
    return "undefined" if value is None or value != value else f"{value:.2f}"  # noqa: PLR0124 - NaN differs from itself


def _table(head: tuple[str, ...], rows: list[Any]) -> str:
    cells = "".join(f"<tr>{''.join(f'<td>{html.escape(str(cell))}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><tr>{''.join(f'<th>{html.escape(one)}</th>' for one in head)}</tr>{cells}</table>"
