"""What a checkpoint's measures say: means by split with intervals over places, and what evidence in the prompt adds.

Reads the warehouse's views after completing.py has refreshed them. Places are the unit of chance: answers about one
place share its restaurants, so that a bootstrap draws whole places.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from factory.shown_text import shown
from train.measuring import open_data

DRAWS = 2_000
SPLITS = ("train", "seen", "unseen")
FIRST = ("ended", "exists_near", "in_evidence", "named", "well_formed")
"""Measures of form and of names stand above those of facts."""
_MEASURES = """
select m.kind, c.arm, c.mode, c.split, s.place_id, m.value from measures m join completions c using (completion_id)
join samples s using (sample_id) where c.checkpoint = ? order by m.completion_id
"""
_PAIRS = """
with of_modes as (
  select c.sample_id, c.mode, s.place_id, m.value, c.checkpoint, c.created_at
  from completions c join measures m using (completion_id) join samples s using (sample_id)
  where c.arm = ? and c.split = 'unseen' and m.kind = ? and c.model = any(?)
), newest as (
  select model, arg_max(checkpoint, created_at) as checkpoint from completions where arm = ? group by model
)
select o.place_id, o.value - c.value from of_modes o join of_modes c using (sample_id)
where o.mode = 'open' and c.mode = 'closed' and o.checkpoint in (select checkpoint from newest)
  and c.checkpoint in (select checkpoint from newest) order by o.sample_id
"""


@dataclass(frozen=True, slots=True)
class MeanOverPlaces:
    """A mean with its 95 % interval over places; the interval is None where fewer than two places answer."""

    mean: float
    low: float | None
    high: float | None
    n: int
    places: int

    def __str__(self) -> str:
        """As it stands in the table."""
        span = "" if self.low is None else f" [{self.low:.3f}, {self.high:.3f}]"
        return f"{self.mean:.3f}{span}"


def interval(values: Sequence[tuple[str, float]], seed: int = 0) -> MeanOverPlaces:
    """The mean of (place, value) with a percentile bootstrap that draws places."""
    sums: dict[str, list[float]] = {}
    for place, value in values:
        total = sums.setdefault(place, [0.0, 0.0])
        total[0] += value
        total[1] += 1
    table = np.array(list(sums.values()))
    mean = float(table[:, 0].sum() / table[:, 1].sum())
    if len(table) < 2:
        return MeanOverPlaces(mean, None, None, len(values), len(table))
    drawn = table[np.random.default_rng(seed).integers(0, len(table), (DRAWS, len(table)))].sum(1)
    low, high = np.percentile(drawn[:, 0] / drawn[:, 1], (2.5, 97.5))
    return MeanOverPlaces(mean, float(low), float(high), len(values), len(table))


def print_summary(data: Path, model: str, identity: str) -> None:
    """One table for this very checkpoint, and the paired difference where its other mode was trained too."""
    with open_data(data) as connection:
        rows = connection.execute(_MEASURES, [f"{model}@{identity}"]).fetchall()
    groups: dict[tuple[str, str], dict[str, dict[str, list[tuple[str, float]]]]] = {}
    for kind, arm, mode, split, place, value in rows:
        groups.setdefault((arm, mode), {}).setdefault(kind, {}).setdefault(split, []).append((place, value))
    console = Console(width=120)
    for (arm, mode), kinds in sorted(groups.items()):
        table = Table(
            "measure",
            *SPLITS,
            title=Text(shown(f"{model} · {arm} · {mode}: mean [95 % over places]")),
            title_justify="left",
        )
        counts = [kinds["ended"].get(split, []) for split in SPLITS]
        table.add_row(
            "answers (places)", *(f"{len(values)} ({len({place for place, _ in values})})" for values in counts)
        )
        for kind, splits in sorted(kinds.items(), key=lambda item: (item[0] not in FIRST, item[0])):
            table.add_row(
                Text(shown(kind)), *(str(interval(splits[split])) if split in splits else "-" for split in SPLITS)
            )
        console.print(table)
        for kind in ("right_claims", "claims_right"):
            gain = open_minus_closed(data, model, arm, kind)
            if gain:
                console.print(
                    f"open minus closed, unseen, {kind} a sample: {gain} · {gain.n} pairs, {gain.places} places"
                )


def open_minus_closed(data: Path, model: str, arm: str, kind: str) -> MeanOverPlaces | None:
    """The paired difference on unseen places between this model's two modes, newest checkpoints; None without pairs."""
    twins = [re.sub(r"-(?:open|closed)(?=-|$)", f"-{mode}", model, count=1) for mode in ("open", "closed")]
    with open_data(data) as connection:
        pairs = connection.execute(_PAIRS, [arm, kind, twins, arm]).fetchall()
    return interval(pairs) if pairs else None
