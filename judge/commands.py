"""``chidian report`` as it is started: settings in, a status out. The other commands' mains are in the files that do them."""

from __future__ import annotations

from pathlib import Path

from factory.settings import Values
from factory.shown_text import print_line
from judge.config import JudgeSettings, settings_of
from judge.gating import gate_report
from judge.providers import model_of
from judge.report import write_report


def report(values: Values) -> int:
    """The report of what the warehouse holds, asked nobody. Raises UsageError."""
    settings = settings_of(values)
    page = rebuilt(settings)
    print_line(f"report: {page}")
    return gated(settings, page)


def rebuilt(settings: JudgeSettings) -> Path:
    """The report's page, written anew. Raises UsageError without verdicts."""
    second = model_of(settings.second) if settings.second else None
    judge = model_of(settings.judge)
    return write_report(settings.data, settings.name, judge, settings.run, second=second, compare=settings.compare)


def gated(settings: JudgeSettings, page: Path) -> int:
    """0, or 1 where the report does not pass GATE. Raises UsageError."""
    passed = settings.gate is None or gate_report(settings.data, page, settings.gate, settings.gate_against)
    return 0 if passed else 1
