"""What every run answered, read from the study's views and logs: one value a run, question and measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson

from judge.ablation.config import AblateSettings
from judge.ablation.outcomes import WishBounds, stated
from judge.ablation.running import Job
from judge.items import open_views

HELD_OUT: Final = ("seen", "unseen")
LOSS: Final = "validation_loss"
_MEASURES = """
select c.model, c.sample_id, c.split, s.place_id, m.kind, m.value
from completions c join measures m using (completion_id) join samples s on s.sample_id = c.sample_id
where c.split in ('seen', 'unseen') and m.value is not null and c.model = any($models) order by all
"""
_ANSWERS = """
select c.model, c.sample_id, c.split, s.place_id, c.answer, s.budget_min_cny, s.budget_max_cny, s.radius_m, s.feasible
from completions c join samples s on s.sample_id = c.sample_id
where c.split in ('seen', 'unseen') and c.model = any($models) order by all
"""


@dataclass(frozen=True, slots=True)
class Value:
    """One measure of one answer; a validation loss has the split as its question, and no place of its own."""

    arm: str
    seed: int
    question: str
    split: str
    place: str
    measure: str
    value: float


def read_values(settings: AblateSettings, jobs: Sequence[Job]) -> list[Value]:
    """All values of all runs. Raises DiskTrouble, OSError."""
    by_name = {job.name: job for job in jobs}
    with open_views(settings.folder) as connection:
        measured = connection.execute(_MEASURES, {"models": list(by_name)}).fetchall()
        answered = connection.execute(_ANSWERS, {"models": list(by_name)}).fetchall()
    values = [
        Value(by_name[model].arm.name, by_name[model].seed, question, split, place, kind, value)
        for model, question, split, place, kind, value in measured
    ]
    for model, question, split, place, answer, least, most, radius, feasible in answered:
        job = by_name[model]
        asked = WishBounds(least, most, radius, feasible is not False)
        values += [
            Value(job.arm.name, job.seed, question, split, place, kind, value)
            for kind, value in stated(asked, answer).items()
        ]
    for job in jobs:
        values += _losses(settings.folder / "models" / job.name / "metrics.jsonl", job)
    return values


def _losses(path: Path, job: Job) -> list[Value]:
    """The last validation loss of each split: mean -log p of a token of the verified answers to held-out questions."""
    last: dict[str, float] = {}
    for line in path.read_bytes().splitlines():
        last = orjson.loads(line).get(LOSS) or last
    return [
        Value(job.arm.name, job.seed, split, split, split, LOSS, loss)
        for split, loss in last.items()
        if split in HELD_OUT
    ]
