"""What is not scored, and how far it could move the mean: no score is dropped in silence.

Bounds: every unscored item at 0, or at 10 (Manski 1989): mean_low = sum / planned, mean_high = (sum + 10 unscored) / planned.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

FULL = 10.0
"""The largest total."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """``reasons`` are (why, how many), most frequent first; ``mean`` is over scored questions, in points."""

    planned: int
    scored: int
    reasons: tuple[tuple[str, int], ...]
    mean: float | None
    worst: float
    best: float


def coverage(totals: Sequence[float | None], reasons: Sequence[str]) -> Coverage | None:
    """``reasons`` beside ``totals``; those of scored ones are not read. None where nothing was planned."""
    if not totals:
        return None
    scored = [total for total in totals if total is not None]
    causes = Counter(reason for total, reason in zip(totals, reasons, strict=True) if total is None)
    added, missing = math.fsum(scored), len(totals) - len(scored)
    return Coverage(
        len(totals),
        len(scored),
        tuple(causes.most_common()),
        added / len(scored) if scored else None,
        added / len(totals),
        (added + FULL * missing) / len(totals),
    )
