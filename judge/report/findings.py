"""The report's numbers that are no judge's: what code measured, what it cost, how diverse and consistent the texts are.

They stand beside the judge's scores and are never blended with them; the formulas are in judge/statistics. A number that
cannot be had is None, and the page says why.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from judge.report.data import Material
from judge.statistics.bounded import bounded_mean
from judge.statistics.clustered_mean import MeanWithInterval, clustered_mean
from judge.statistics.corpus import Contradictions, Diversity, contradictions, copied, diversity, stretches_of
from judge.statistics.pairings import HELD_OUT

TOLD = ("address", "rating", "price", "distance", "hours")
"""Facts that the map gives of a restaurant and a useful answer tells."""
COUNTS = ("named", "right_claims")
"""Measures that count; all others are shares."""
CHANGING = ("name", "address", "rating", "price", "hours", "cuisine")
"""Facts that two rows of one place must not state differently; a distance hangs on where the user stands."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One deterministic measure of completions to held-out questions."""

    kind: str
    mode: str
    arm: str
    mean: MeanWithInterval


@dataclass(frozen=True, slots=True)
class Corpus:
    """Texts of one group (data, or an arm's held-out answers) taken together, and how far answers repeat training answers."""

    group: str
    diversity: Diversity
    copied: MeanWithInterval | None
    """Share of eight-character stretches that stand in a training answer; None for the data itself."""


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything that the page says in numbers and no judge said."""

    simulated: bool
    claims: int
    verified: int
    inferable: int
    unsupported: int
    facts_a_restaurant: MeanWithInterval | None
    """Of five: address, rating, price, distance, hours."""
    told: tuple[tuple[str, float], ...]
    """Share of recommended restaurants of which each is told, where the evidence holds it."""
    restaurants_a_recommendation: float | None
    """Different restaurants over recommendations: 1 when none is recommended twice."""
    contradictions: Contradictions
    corpora: tuple[Corpus, ...]
    measured: tuple[Measured, ...]
    cost_per_accepted_cny: float | None
    tokens_per_accepted: float | None
    judge_cost_cny: float | None
    asked: int
    unscored: int


def find(material: Material, judge: str, second: str | None = None) -> Findings:
    """All of it. ``judge``: whose calls are counted; ``second``: the judge that stands beside it."""
    accepted = sum(run.accepted for run in material.runs)
    costs = [row[7] for row in material.usage]
    tokens = sum((row[5] or 0) + (row[6] or 0) for row in material.usage)
    by_status = {
        status: sum(n for _, standing, n in material.claims if standing == status) for _, status, _ in material.claims
    }
    asked = [row for row in material.coverage if row[0] == judge]
    judge_costs = [row[7] for row in asked if row[7] is not None]
    return Findings(
        simulated=any(name.startswith("sandbox/") for name in (judge, second or ""))
        or any(run.simulated for run in material.runs),
        claims=sum(by_status.values()),
        verified=by_status.get("verified", 0),
        inferable=by_status.get("inferable", 0),
        unsupported=sum(count for status, count in by_status.items() if status not in {"verified", "inferable"}),
        facts_a_restaurant=_told(material),
        told=_told_by_kind(material),
        restaurants_a_recommendation=_share_of_different(material.recommended),
        contradictions=contradictions(
            (place, poi, kind, value) for _, place, poi, kind, value in material.facts if kind in CHANGING
        ),
        corpora=tuple(_corpora(material)),
        measured=tuple(_measured(material)),
        cost_per_accepted_cny=None if None in costs or not accepted else sum(costs) / accepted,
        tokens_per_accepted=tokens / accepted if accepted else None,
        judge_cost_cny=sum(judge_costs) if judge_costs else None,
        asked=sum(row[6] for row in asked),
        unscored=sum(row[6] for row in asked if row[4] != "scored"),
    )


def _told(material: Material) -> MeanWithInterval | None:
    told: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
    for sample, place, poi, kind, _ in material.facts:
        told[place, sample, poi].add(kind)
    counts = [len(kinds.intersection(TOLD)) for kinds in told.values()]
    return bounded_mean(counts, [place for place, _, _ in told], most=float(len(TOLD)))


def _told_by_kind(material: Material) -> tuple[tuple[str, float], ...]:
    """Of the recommended restaurants whose evidence holds the fact; a fact that no evidence holds is left out."""
    stated = {(sample, poi, kind) for sample, _, poi, kind, _ in material.facts}
    shares = []
    for position, kind in enumerate(TOLD):
        held = [(row[0], row[1]) for row in material.held if row[2 + position]]
        if held:
            shares.append((kind, sum((sample, poi, kind) in stated for sample, poi in held) / len(held)))
    return tuple(shares)


def _share_of_different(recommended: tuple[tuple[str, str], ...]) -> float | None:
    return len({poi for _, poi in recommended}) / len(recommended) if recommended else None


def _corpora(material: Material) -> Iterable[Corpus]:
    trained = [text.answer for text in material.texts if (text.group, text.split) == ("data", "train")]
    seen = frozenset(stretch for answer in trained for stretch in stretches_of(answer))
    for group in sorted({text.group for text in material.texts}, key=lambda name: (name != "data", name)):
        texts = [text for text in material.texts if text.group == group and (group == "data" or text.split in HELD_OUT)]
        # Held-out reference answers show how much a sound answer repeats of what training holds anyway.
        shares = [(copied(text.answer, seen), text.place_id) for text in texts if text.split in HELD_OUT]
        measured = [(share, place) for share, place in shares if share is not None]
        yield Corpus(
            group,
            diversity(
                [text.question for text in texts], [text.answer for text in texts], [text.place_id for text in texts]
            ),
            bounded_mean([share for share, _ in measured], [place for _, place in measured]),
        )


def _measured(material: Material) -> Iterable[Measured]:
    groups: defaultdict[tuple[str, str, str], list[tuple[float, str]]] = defaultdict(list)
    for measure in material.measures:
        if measure.split in HELD_OUT:
            groups[measure.kind, measure.mode, measure.arm].append((float(measure.value), measure.place_id))
    for (kind, mode, arm), rows in sorted(groups.items()):
        values, places = [value for value, _ in rows], [place for _, place in rows]
        mean = clustered_mean(values, places) if kind in COUNTS else bounded_mean(values, places)
        if mean is not None:
            yield Measured(kind, mode, arm, mean)
