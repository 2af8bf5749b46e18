"""``chidian report`` as it is started: settings in, a status out. The other commands' mains are in the files that do them."""

from __future__ import annotations

from pathlib import Path

from factory.settings import Values
from factory.shown_text import print_line
from judge.config import JudgeSettings, settings_of
from judge.providers import model_of
from judge.report import write_report


def report(values: Values) -> int:
    """The report of what the warehouse holds, asked nobody. Raises UsageError."""
    print_line(f"report: {rebuilt(settings_of(values))}")
    return 0


def rebuilt(settings: JudgeSettings) -> Path:
    """The report's page, written anew. Raises UsageError without verdicts."""
    second = model_of(settings.second) if settings.second else None
    return write_report(settings.data, settings.name, model_of(settings.judge), settings.run, second=second)
