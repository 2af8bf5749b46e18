"""Verdicts of one judge, found by item, design and rubric with their replicates kept apart; what summary.py counts on.

A row is the verdicts view joined with its sample's place and split by sample_id.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from judge.statistics.bootstrap import Floats


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """``total``: 0 to 10, None when unscored or cannot_judge; ``scores``: 1 to 5 a dimension, None for cannot_judge.

    ``arm``: base or tuned for a completion (of one mode); ``edit`` and ``dose``: for injected items and controls.
    """

    item_id: str
    item_kind: str
    sample_id: str
    place_id: str
    split: str
    arm: str | None
    design: str
    rubric: str
    replicate: int
    judge: str
    total: float | None
    status: str
    reason: str | None
    edit: str | None
    dose: int | None
    scores: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Calls:
    """``items``: one row of each item, by item_id; ``totals``: replicate → total, scored ones only."""

    items: Mapping[str, VerdictRow]
    totals: Mapping[tuple[str, str, str], Mapping[int, float]]
    replicates: int
    """Replicates of the standard design, scored or not."""

    def mean(self, item: str, rubric: str) -> float | None:
        """Over the scored replicates of the standard design."""
        scored = self.totals.get((item, "standard", rubric))
        return sum(scored.values()) / len(scored) if scored else None

    def complete(self, item: str, rubric: str) -> list[float] | None:
        """All standard replicates in order, None if one is unscored: replicate 1 is never taken for replicate 0."""
        scored = self.totals.get((item, "standard", rubric), {})
        return [scored[one] for one in range(self.replicates)] if len(scored) == self.replicates else None

    def legacy(self, item: str, rubric: str) -> float | None:
        """The one score of the single call for both rubrics."""
        return self.totals.get((item, "legacy", rubric), {}).get(0)

    def table(self, rubric: str, kinds: tuple[str, ...]) -> Floats:
        """[items, replicates] of totals, NaN where unscored, for items of ``kinds``."""
        rows = [
            [scored.get(one, np.nan) for one in range(self.replicates)]
            for (item, design, asked), scored in sorted(self.totals.items())
            if design == "standard" and asked == rubric and self.items[item].item_kind in kinds
        ]
        return np.asarray(rows, dtype=np.float64).reshape(len(rows), self.replicates)


def calls_of(rows: Iterable[VerdictRow], judge: str) -> Calls:
    """Index the rows of one judge."""
    items: dict[str, VerdictRow] = {}
    totals: defaultdict[tuple[str, str, str], dict[int, float]] = defaultdict(dict)
    highest = 0
    for row in rows:
        if row.judge != judge:
            continue
        items[row.item_id] = row
        if row.design == "standard":
            highest = max(highest, row.replicate + 1)
        if row.total is not None:
            totals[row.item_id, row.design, row.rubric][row.replicate] = row.total
    return Calls(items, dict(totals), highest)
