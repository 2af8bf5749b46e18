"""``chidian report`` as it is started: settings in, a status out. The other commands' mains are in the files that do them."""

from __future__ import annotations

from factory.settings import Values
from factory.shown_text import print_line
from judge.config import settings_of
from judge.providers import model_of
from judge.report import write_report


def report(values: Values) -> int:
    """The report of what the warehouse holds, asked nobody. Raises UsageError."""
    settings = settings_of(values)
    second = model_of(settings.second) if settings.second else None
    where = write_report(settings.data, settings.name, model_of(settings.judge), settings.run, second=second)
    print_line(f"report: {where}")
    return 0
