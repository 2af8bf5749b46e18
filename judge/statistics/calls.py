"""Verdicts of one judge, found by item, design and rubric with their replicates kept apart; what summary.py counts on.

A row is the verdicts view joined with its sample's place and split by sample_id.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from judge.statistics.bootstrap import Floats

DATA, ANSWER = "data", "answer"


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """``total``: 0 to 10, None when unscored or cannot_judge; ``scores``: 1 to 5 a dimension, None for cannot_judge.

    ``arm``: base, tuned or a name that was brought, for a completion; ``mode`` what it was given (closed, open); ``edit`` and
    ``dose``: for injected items and controls; ``asked_at``: when the call was answered, in seconds, for drift alone.
    """

    item_id: str
    item_kind: str
    sample_id: str
    place_id: str
    split: str
    arm: str | None
    mode: str | None
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
    asked_at: float | None = None

    @property
    def group(self) -> str:
        """What is compared with what: data, or the answers of one arm in one mode."""
        return f"{self.arm} {self.mode}" if self.item_kind == "completion" else "data"

    @property
    def original(self) -> bool:
        """A sample or a completion, as against what was made from one on purpose."""
        return self.item_kind in {"sample", "completion"}


@dataclass(frozen=True, slots=True)
class Calls:
    """``items``: one row of each item, by item_id; ``totals``: replicate → total, scored ones only."""

    items: Mapping[str, VerdictRow]
    totals: Mapping[tuple[str, str, str], Mapping[int, float]]
    marks: Mapping[tuple[str, str], Mapping[int, Mapping[str, float]]]
    """(item, rubric) of the standard design → replicate → dimension → 1 to 5."""
    replicates: int
    """Replicates of the standard design, scored or not."""

    def mean(self, item: str, rubric: str) -> float | None:
        """Over the scored replicates of the standard design."""
        scored = self.totals.get((item, "standard", rubric))
        return sum(scored.values()) / len(scored) if scored else None

    def complete(self, item: str, rubric: str) -> list[float] | None:
        """All standard replicates in order, None if one is unscored: replicate 1 is never taken for replicate 0."""
        scored = self.totals.get((item, "standard", rubric), {})
        return [scored[turn] for turn in range(self.replicates)] if len(scored) == self.replicates else None

    def legacy(self, item: str, rubric: str) -> float | None:
        """The one score of the single call for both rubrics."""
        return self.totals.get((item, "legacy", rubric), {}).get(0)

    def mark(self, item: str, rubric: str, dimension: str) -> float | None:
        """Mean of one dimension over the replicates that gave it."""
        given = [marks[dimension] for marks in self.marks.get((item, rubric), {}).values() if dimension in marks]
        return sum(given) / len(given) if given else None

    def replicated(self, rubric: str, group: str | None = None) -> list[str]:
        """Samples and completions with a score of this rubric: those that are asked more than once; of one group, or all."""
        scored = {item for item, design, asked in self.totals if (design, asked) == ("standard", rubric)}
        rows = [(item, self.items[item]) for item in sorted(scored)]
        return [item for item, row in rows if row.original and group in {None, row.group}]

    def groups(self, rubric: str) -> list[str]:
        """Data first, then each arm and mode that this rubric scored."""
        held = {self.items[item].group for item in self.replicated(rubric)}
        return sorted(held, key=lambda group: (group != "data", group))

    def table(self, rubric: str, group: str | None = None) -> Floats:
        """[items of ``replicated``, replicates] of totals, NaN where unscored."""
        scored = [self.totals[item, "standard", rubric] for item in self.replicated(rubric, group)]
        rows = [[turns.get(replicate, np.nan) for replicate in range(self.replicates)] for turns in scored]
        return np.asarray(rows, dtype=np.float64).reshape(len(rows), self.replicates)

    def mark_table(self, rubric: str, dimension: str, group: str | None = None) -> Floats:
        """The same of one dimension."""
        marks = [self.marks.get((item, rubric), {}) for item in self.replicated(rubric, group)]
        rows = [[turns.get(turn, {}).get(dimension, np.nan) for turn in range(self.replicates)] for turns in marks]
        return np.asarray(rows, dtype=np.float64).reshape(len(rows), self.replicates)


def calls_of(rows: Iterable[VerdictRow], judge: str) -> Calls:
    """Index the rows of one judge."""
    items: dict[str, VerdictRow] = {}
    totals: defaultdict[tuple[str, str, str], dict[int, float]] = defaultdict(dict)
    marks: defaultdict[tuple[str, str], dict[int, Mapping[str, float]]] = defaultdict(dict)
    highest = 0
    for row in rows:
        if row.judge != judge:
            continue
        items[row.item_id] = row
        if row.design == "standard":
            highest = max(highest, row.replicate + 1)
            given = {name: value for name, value in row.scores.items() if value is not None}
            marks[row.item_id, row.rubric][row.replicate] = given
        if row.total is not None:
            totals[row.item_id, row.design, row.rubric][row.replicate] = row.total
    return Calls(items, dict(totals), dict(marks), highest)
