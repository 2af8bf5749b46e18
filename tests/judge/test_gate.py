"""A gate passes on the unfavourable end of an interval alone, names the failing line, and writes what a pipeline reads."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import orjson
import pytest

from factory.errors import UsageError
from judge.gate import change, decide, junit
from judge.gating import gate_report
from judge.report.metrics import Metric

NOW = {"facts_right": Metric(0.93, 0.90, 0.95), "data_score": Metric(8.0, 7.5, 8.4), "drift": Metric(0.1, -0.2, 0.4)}


@pytest.mark.parametrize(
    ("expression", "passes"),
    [
        ("facts_right>=0.9", True),
        ("facts_right > 0.9", False),
        ("facts_right >= 0.91", False),
        ("drift <= 0.4", True),
        ("drift < 0.4", False),
        ("facts_right>=0.9 and data_score>=7", True),
        ("facts_right>=0.9 and data_score>=7.6", False),
        ("facts_right>=0.99 or data_score>=7", True),
        ("facts_right>=0.99 or data_score>=7 and drift<0.1", False),
        ("(facts_right>=0.99 or data_score>=7) and drift<0.5", True),
        ("not drift >= 0.5", True),
        ("not drift >= 0.3", False),
        ("not (facts_right < 0.9 or drift > 0.4)", True),
        ("not (facts_right < 0.91 and drift > 0.3)", False),
        ("drift >= -0.2", True),
        ("model_score >= 0", False),
    ],
)
def test_the_unfavourable_end_decides(expression: str, passes: bool) -> None:  # noqa: FBT001 - parametrised
    assert decide(expression, NOW).passed is passes


def test_a_failing_line_says_which_end_of_what_fell_short_and_what_was_not_measured() -> None:
    gate = decide("facts_right >= 0.91 and model_score > 6 and data_score >= 7", NOW)
    assert [line.reason for line in gate.failing] == [
        "facts_right >= 0.91: facts_right is 0.93, the low end of its interval 0.9",
        "model_score > 6: model_score was not measured",
    ]


def test_a_change_takes_both_intervals_as_independent() -> None:
    then = {"facts_right": Metric(0.90, 0.86, 0.94)}
    moved = change(NOW["facts_right"], then["facts_right"])
    assert moved is not None
    # Down: 3 and 4 hundredths make 5; up: 2 and 4 make the root of 20.
    assert (moved.value, moved.low, moved.high) == (
        pytest.approx(0.03),
        pytest.approx(0.03 - 0.05),
        pytest.approx(0.03 + 20**0.5 / 100),
    )
    assert decide("change(facts_right) >= -0.0201", NOW, then).passed
    assert not decide("change(facts_right) >= -0.0199", NOW, then).passed
    with pytest.raises(UsageError, match="needs an earlier report"):
        decide("change(facts_right) >= 0", NOW)


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "facts_right",
        "facts_right >= high",
        "facts >= 1",
        "facts_right >= 1 data_score",
        "(drift < 1",
        "__import__('os')",
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(expression: str) -> None:
    with pytest.raises(UsageError, match="GATE"):
        decide(expression, NOW)


def test_a_pipeline_gets_junit_and_json_and_a_status(tmp_path: Path) -> None:
    folder = tmp_path / "reports" / "now"
    folder.mkdir(parents=True)
    rows = {name: {"value": metric.value, "low": metric.low, "high": metric.high} for name, metric in NOW.items()}
    (folder / "report.json").write_bytes(orjson.dumps({"metrics": rows}))
    assert gate_report(tmp_path, folder / "index.html", "facts_right>=0.9")
    assert not gate_report(tmp_path, folder / "index.html", "facts_right>=0.9 and data_score>=9")
    suite = ET.fromstring((folder / "gate.xml").read_text(encoding="utf-8"))  # noqa: S314 - our own file
    assert (suite.get("tests"), suite.get("failures")) == ("3", "2")
    assert [case.get("name") for case in suite if case.find("failure") is not None] == [
        "data_score >= 9",
        "facts_right>=0.9 and data_score>=9",
    ]
    assert orjson.loads((folder / "gate.json").read_bytes())["passed"] is False
    assert gate_report(tmp_path, folder / "index.html", "change(facts_right) >= -0.1", "now")
    with pytest.raises(UsageError, match="no such report"):
        gate_report(tmp_path, folder / "index.html", "change(facts_right) >= 0", "never")


def test_what_a_passing_gate_did_not_need_is_skipped_and_not_failed() -> None:
    suite = ET.fromstring(junit(decide("facts_right>=0.99 or data_score>=7", NOW), "r"))  # noqa: S314 - our own text
    assert suite.get("failures") == "0"
    assert suite.find("testcase/failure") is None
    assert suite.find("testcase/skipped") is not None
