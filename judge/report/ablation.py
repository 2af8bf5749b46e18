"""The report's section on what data quality does to a model: what ``judge ablate`` left under ``DATA/reports/ablation``."""

from __future__ import annotations

from pathlib import Path

from markupsafe import Markup

SECTION = Path("reports") / "ablation" / "section.html"
"""Written by ``judge ablate``: a fragment of our own making in both languages, everything in it escaped."""


def ablation_section(data: Path) -> Markup | None:
    """The fragment, or None where nothing was ablated."""
    path = data / SECTION
    return Markup(path.read_text(encoding="utf-8")) if path.exists() else None  # noqa: S704 - our own file
