"""What to fix next: each weakness of data and model with its share, what it costs, and three items to open.

Data: reasons for which candidates were rejected (share of all candidates, and of all money), and what the accepted samples do
not tell. Model: the links of an answer that fail, by the share of held-out answers in which they do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from judge.report.data import Material
from judge.report.findings import TOLD, Findings
from judge.report.rightness import LINKS, Checked
from judge.statistics.bounded import bounded_mean
from judge.statistics.clustered_mean import MeanWithInterval
from judge.statistics.pairings import HELD_OUT

SHOWN = 3
NOT_TOLD = 0.9
"""A fact that the map has and fewer than nine in ten listed restaurants are told with is a weakness worth naming."""
MODEL_LINKS = (*LINKS, "address_right", "rating_right", "price_right", "distance_right", "well_formed", "ended")


@dataclass(frozen=True, slots=True)
class Weakness:
    """``share``: of candidates (data) or of held-out answers (model) that it concerns; ``items``: ids to open.

    ``kind``: rejected, untold or link; ``name``: stage and reason, a fact, or a measure. ``cost_cny`` None: not known.
    """

    about: str
    kind: str
    name: str
    share: MeanWithInterval
    cases: int
    cost_cny: float | None
    items: tuple[str, ...]


def data_weaknesses(material: Material, findings: Findings) -> tuple[Weakness, ...]:
    """Worst first: what was rejected, by share; then facts that accepted samples leave out."""
    every = Counter[str]()
    for place, _, count in material.slots:
        every[place] += count
    reasons = sorted({what for _, what, _ in material.slots if what != "accepted"})
    spent = [row[7] for row in material.usage]
    total = sum(spent) if spent and None not in spent else None
    made = [_rejected(material, reason, every, total) for reason in reasons]
    untold = [
        Weakness("data", "untold", kind, _share([1.0 - told], ["all"]), 0, None, _without(material, kind))
        for kind, told in findings.told
        if told < NOT_TOLD
    ]
    return (
        *sorted(made, key=lambda weakness: -weakness.share.mean),
        *sorted(untold, key=lambda weakness: -weakness.share.mean),
    )


def accepted_share(material: Material) -> MeanWithInterval | None:
    """Of all candidates; None without any."""
    flags = [(float(what == "accepted"), place) for place, what, count in material.slots for _ in range(count) if place]
    return bounded_mean([flag for flag, _ in flags], [place for _, place in flags])


def _rejected(material: Material, reason: str, every: Counter[str], total: float | None) -> Weakness:
    """Every candidate counts once, 1 where it was rejected for this reason."""
    counts = Counter({place: count for place, what, count in material.slots if what == reason})
    flags = [(float(number < counts[place]), place) for place, count in every.items() for number in range(count)]
    share = _share([flag for flag, _ in flags], [place for _, place in flags])
    examples = [example.candidate_id for example in material.examples if f"{example.stage} {example.reason}" == reason]
    cost = None if total is None else total * share.mean
    return Weakness("data", "rejected", reason, share, counts.total(), cost, tuple(examples[:SHOWN]))


def _without(material: Material, kind: str) -> tuple[str, ...]:
    """Samples with a listed restaurant of which this fact is not told."""
    held = {(row[0], row[1]) for row in material.held if row[2 + TOLD.index(kind)]}
    told = {(sample, poi) for sample, _, poi, stated, _ in material.facts if stated == kind}
    return tuple(sorted({sample for sample, _ in held - told})[:SHOWN])


def model_weaknesses(answers: Sequence[Checked], group: str) -> tuple[Weakness, ...]:
    """Of one origin's held-out answers; worst first."""
    own = [answer for answer in answers if answer.group == group and answer.split in HELD_OUT]
    made = [weak for kind in MODEL_LINKS if (weak := _link(own, kind)) is not None and weak.cases]
    return tuple(sorted(made, key=lambda weakness: (-weakness.share.mean, MODEL_LINKS.index(weakness.name))))


def _link(answers: Sequence[Checked], kind: str) -> Weakness | None:
    there = [answer for answer in answers if kind in answer.values]
    if not there:
        return None
    failing = sorted(
        (answer for answer in there if answer.values[kind] < 1),
        key=lambda answer: (answer.values[kind], answer.completion_id),
    )
    share = _share([float(answer.values[kind] < 1) for answer in there], [answer.place_id for answer in there])
    items = tuple(answer.completion_id for answer in failing[:SHOWN])
    return Weakness("model", "link", kind, share, len(failing), None, items)


def _share(values: Sequence[float], places: Sequence[str]) -> MeanWithInterval:
    share = bounded_mean(values, places)
    if share is None:
        raise AssertionError  # a weakness concerns something
    return share


def opened(weaknesses: Iterable[Weakness]) -> tuple[str, ...]:
    """Every item that the page asks to open, once."""
    return tuple(dict.fromkeys(item for weak in weaknesses for item in weak.items))
