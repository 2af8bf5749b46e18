"""Last step of ``make train``: what the student's figures stand beside, said first. Reads the warehouse's views.

Baselines answer the same questions: the program that copies the three nearest that fit, the one that draws three by chance, the
teacher's verified answer, and the weights before training where there were any. Differences are paired by question; their
intervals draw whole places (summary.py), since answers about one place share its restaurants.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from factory.run.refresh import Refresher
from factory.settings import Values, of_factory, of_train
from factory.shown_text import print_line
from train.answering import TRAIN_SAMPLE
from train.arms import TEACHER, Brought, answer
from train.baselines import PROGRAMS
from train.completing import identity, newest, trained_held_out
from train.measuring import open_data
from train.summary import MeanOverPlaces, interval

MEASURES: Final = {
    "claims_right": "facts right",
    "exists_near": "named restaurants that exist",
    "wish_respected": "wish kept",
}
NAMES: Final = {
    "base": "its untuned self",
    "copy": "the program that copies the three nearest that fit",
    "random": "three by chance",
    "teacher": "the teacher's verified answer",
}
_OWN: Final = """
select s.place_id, m.value, c.sample_id from measures m join completions c using (completion_id) join samples s using (sample_id)
where c.checkpoint = ? and c.arm = 'tuned' and c.split = ? and m.kind = ? and m.value is not null order by c.sample_id
"""
_THEIRS: Final = """
select c.sample_id, c.arm, arg_max(m.value, c.created_at) from measures m join completions c using (completion_id)
where m.kind = ? and m.value is not null and (c.arm in ('copy', 'random', 'teacher') or c.checkpoint = ?) group by all
"""


@dataclass(frozen=True, slots=True)
class Beside:
    """One measure of the student beside one baseline: the paired difference, student minus baseline."""

    measure: str
    baseline: str
    difference: MeanOverPlaces

    @property
    def verdict(self) -> str:
        """``beats``, ``is beaten by``, or ``is not told apart from`` where the interval holds 0 or cannot be made."""
        low, high = self.difference.low, self.difference.high
        if low is None or high is None or low <= 0.0 <= high:
            return "is not told apart from"
        return "beats" if low > 0.0 else "is beaten by"


def beside(pairs: Sequence[tuple[str, float, float, str]], measure: str) -> list[Beside]:
    """Rows (place, student's value, baseline's value, baseline) of one measure, compared baseline by baseline."""
    arms = sorted({arm for *_, arm in pairs}, key=list(NAMES).index)
    return [
        Beside(measure, arm, interval([(place, mine - theirs) for place, mine, theirs, name in pairs if name == arm]))
        for arm in arms
    ]


def paragraph(student: str, split: str, own: dict[str, MeanOverPlaces], compared: Sequence[Beside]) -> list[str]:
    """What is said first: the student's own figures, then each baseline with what it is better or worse at."""
    figures = " · ".join(f"{MEASURES[kind]} {value}" for kind, value in own.items())
    any_own = next(iter(own.values()))
    lines = [f"{student} on {any_own.n} questions of {any_own.places} places ({split}): {figures}."]
    for verdict, mark in (("beats", "+"), ("is beaten by", "-"), ("is not told apart from", "=")):
        for arm, name in NAMES.items():
            parts = [
                f"{MEASURES[row.measure]} {row.difference.mean:+.3f}"
                + ("" if row.difference.low is None else f" [{row.difference.low:+.3f}, {row.difference.high:+.3f}]")
                for row in compared
                if row.baseline == arm and row.verdict == verdict
            ]
            if parts:
                lines.append(f"  {mark} {verdict} {name}: {', '.join(parts)}")
    return lines


def stand(data: Path, checkpoint: str, base: str | None) -> list[str]:
    """The paragraph of one checkpoint (``name@identity``), on unseen places, else on seen ones; empty without answers.

    ``base``: the checkpoint of the weights before training, where they were asked.
    """
    with open_data(data) as connection:
        for split in ("unseen", "seen"):
            own: dict[str, MeanOverPlaces] = {}
            compared: list[Beside] = []
            for kind in MEASURES:
                mine = connection.execute(_OWN, [checkpoint, split, kind]).fetchall()
                if not mine:
                    continue
                own[kind] = interval([(place, value) for place, value, _ in mine])
                theirs: dict[str, list[tuple[str, float]]] = {}
                for sample, arm, value in connection.execute(_THEIRS, [kind, base]).fetchall():
                    theirs.setdefault(sample, []).append((arm, value))
                pairs = [(place, value, other, arm) for place, value, key in mine for arm, other in theirs.get(key, ())]
                compared += beside(pairs, kind)
            if own:
                return paragraph(checkpoint.partition("@")[0], split, own, compared)
    return []


def main(values: Values) -> int:
    """Bring the baselines' answers, then say how the newest checkpoint stands beside them. Raises UsageError, DiskTrouble."""
    data, mode = values[of_factory.DATA], values[of_train.MODE]
    folder = newest(data, mode)
    if trained_held_out(folder):
        return 0
    run = values[of_factory.RUN]
    for arm in (*PROGRAMS, TEACHER):
        answer(Brought(data, arm, arm, "open", values[of_train.LIMIT], TRAIN_SAMPLE, run))
    asyncio.run(Refresher(data).refresh())
    with open_data(data) as connection:
        [(base,)] = connection.execute(
            "select arg_max(checkpoint, created_at) from completions where arm = 'base' and mode = ?", [mode]
        ).fetchall()
    for line in stand(data, f"{folder.resolve().name}@{identity(folder)}", base):
        print_line(line)
    return 0
