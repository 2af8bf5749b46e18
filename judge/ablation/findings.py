"""What the arms say: means, paired differences on the same questions, the slope over the rejected share. Pure.

Two outcomes were chosen before any run: ``wish_kept`` on all held-out questions, as the slope over the rejected share
and as top minus bottom third. Everything else is secondary and carries no correction for being many.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from judge.ablation.results import HELD_OUT, LOSS, Value
from judge.ablation.rows import SHARES, Arm
from judge.statistics.crossed import Crossed, crossed_mean

PRIMARY: Final = "wish_kept"
MEASURES: Final = {
    "wish_kept": ("愿望自洽", "keeps the wish, by its own words"),
    "nothing_right": ("“没有合适的”说对", "right about nothing fitting"),
    "budget_kept": ("所述价格在预算内", "stated prices inside the budget"),
    "radius_kept": ("所述距离在范围内", "stated distances inside the radius"),
    "well_formed": ("格式完整", "well-formed"),
    "ended": ("正常收尾", "ended by itself"),
    "repetition": ("重复率", "repetition"),
    "named": ("列出的餐厅数", "restaurants listed"),
    "exists_near": ("餐厅确在附近", "named restaurant exists near"),
    "in_evidence": ("餐厅在证据中", "named restaurant is in the evidence"),
    "wish_respected": ("满足愿望（查证）", "meets the wish (checked)"),
    "claims_right": ("陈述正确", "claims right"),
    LOSS: ("留出集损失", "loss on verified held-out answers"),
}
"""In the order of the table; the first is primary."""
BASE_MIX, BASE_TIER = "rejected-00", "tier-bottom"
SLOPE = "slope"
"""Change for ten points more of rejected rows"""


@dataclass(frozen=True, slots=True)
class Effect:
    """One contrast of one measure: ``name`` is an arm (minus its family's base) or ``slope``; split: seen, unseen, held-out."""

    measure: str
    name: str
    base: str
    split: str
    effect: Crossed


@dataclass(frozen=True, slots=True)
class Level:
    """One arm's own mean."""

    measure: str
    arm: str
    split: str
    mean: Crossed


@dataclass(frozen=True, slots=True)
class StudyFindings:
    """All numbers of a study."""

    levels: tuple[Level, ...]
    effects: tuple[Effect, ...]

    def level(self, measure: str, arm: str, split: str = "held-out") -> Crossed | None:
        """One arm's mean."""
        return next(
            (row.mean for row in self.levels if (row.measure, row.arm, row.split) == (measure, arm, split)), None
        )

    def effect(self, measure: str, name: str, split: str = "held-out") -> Crossed | None:
        """One contrast."""
        return next(
            (row.effect for row in self.effects if (row.measure, row.name, row.split) == (measure, name, split)), None
        )


Cell = tuple[int, str]
"""(seed, question)"""
Answers = Mapping[str, Mapping[Cell, Value]]
"""Arm to cell to value, of one measure and split"""


def find(values: Sequence[Value], arms: Sequence[Arm]) -> StudyFindings:
    """All numbers; what no arm measured is left out."""
    levels: list[Level] = []
    effects: list[Effect] = []
    for measure in MEASURES:
        for split in (*HELD_OUT, "held-out"):
            answers = _answers(values, measure, split)
            levels += [
                Level(measure, arm.name, split, mean) for arm in arms if (mean := _mean(answers, {arm.name: 1.0}))
            ]
            for name, base, weights in contrasts(arms):
                effect = _mean(answers, weights)
                if effect is not None:
                    effects.append(Effect(measure, name, base, split, effect))
    return StudyFindings(tuple(levels), tuple(effects))


def contrasts(arms: Sequence[Arm]) -> list[tuple[str, str, dict[str, float]]]:
    """(name, base, weight of each arm). The slope's weights are those of least squares over the shares."""
    pairs: list[tuple[str, str, dict[str, float]]] = []
    names = {arm.name for arm in arms}
    mixed = [arm for arm in arms if arm.family == "rejected"]
    if mixed:
        middle = sum(SHARES) / len(SHARES)
        spread = sum((share - middle) ** 2 for share in SHARES)
        slope = {arm.name: 0.1 * (arm.level - middle) / spread for arm in mixed}
        pairs.append((SLOPE, "", slope))
    for base in (BASE_MIX, BASE_TIER):
        family = base.partition("-")[0]
        others = [arm.name for arm in arms if arm.family == family and arm.name != base]
        pairs += [(name, base, {name: 1.0, base: -1.0}) for name in others if base in names]
    return pairs


def _answers(values: Sequence[Value], measure: str, split: str) -> Answers:
    cells: defaultdict[str, dict[Cell, Value]] = defaultdict(dict)
    for value in values:
        if value.measure == measure and split in (value.split, "held-out"):
            cells[value.arm][value.seed, value.question] = value
    return cells


def _mean(answers: Answers, weights: Mapping[str, float]) -> Crossed | None:
    """The mean, over seeds and questions that every arm of the contrast has a value for, of the weighted sum of its arms."""
    if any(not answers.get(arm) for arm in weights):
        return None
    cells = sorted(set.intersection(*(set(answers[arm]) for arm in weights)))
    sums = [sum(weight * answers[arm][cell].value for arm, weight in weights.items()) for cell in cells]
    first = answers[next(iter(weights))]
    if any(first[cell].measure == LOSS for cell in cells):
        return _of_seeds(cells, sums)
    return crossed_mean(sums, [seed for seed, _ in cells], [first[cell].place for cell in cells])


def _of_seeds(cells: Sequence[Cell], sums: Sequence[float]) -> Crossed | None:
    """A validation loss is one number a run and split: its only chance is the seed."""
    by_seed: defaultdict[int, list[float]] = defaultdict(list)
    for (seed, _), value in zip(cells, sums, strict=True):
        by_seed[seed].append(value)
    means = [sum(scores) / len(scores) for scores in by_seed.values()]
    return crossed_mean(means, list(by_seed), ["all"] * len(means))
