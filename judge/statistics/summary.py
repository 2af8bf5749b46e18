"""Everything that the report says about a judge's scores, from rows of the verdicts view; the formulas are in their own files.

Headline: the data score of a sample against the answer score of a completion to its question, held-out questions only; where
there is no student yet, both scores of the reference answer, each from its own call.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from judge.statistics.answering import answering, why
from judge.statistics.bootstrap import RESAMPLES, Estimate, places_of
from judge.statistics.bounded import bounded_mean
from judge.statistics.calls import ANSWER, DATA, Calls, VerdictRow, calls_of
from judge.statistics.clustered_mean import MeanWithInterval
from judge.statistics.comparison import Paired, paired
from judge.statistics.coverage import Coverage, coverage
from judge.statistics.drift import drift
from judge.statistics.evenness import evenness
from judge.statistics.examination import Examination, JudgeEvidence, examine
from judge.statistics.halo import Halo
from judge.statistics.krippendorff import krippendorff_alpha
from judge.statistics.pairings import HELD_OUT, Pairing, by_group, conclude, halo_of, same_text
from judge.statistics.pairwise import PairRow, first_shown
from judge.statistics.swaying import favours, sways
from judge.statistics.trust import Trust, Truth, trust_of, truth_of
from judge.statistics.validity import FULL, Control, Response, controls, pooled_loss, responses

RUBRICS = (DATA, ANSWER)
ALL_HELD_OUT = "held-out"
SPLITS = ("train", *HELD_OUT)


@dataclass(frozen=True, slots=True)
class Scored:
    """Scores of one rubric for one group and split (``held-out``: seen and unseen together). Coverage counts calls."""

    rubric: str
    group: str
    split: str
    coverage: Coverage
    mean: MeanWithInterval | None
    least: float | None
    most: float | None


@dataclass(frozen=True, slots=True)
class DimensionScores:
    """One dimension of held-out items of a group on 1 to 5, and whether replicates agree on it (ordinal alpha)."""

    rubric: str
    group: str
    name: str
    mean: MeanWithInterval
    alpha: Estimate | None
    """Of this group's items alone."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """Single calls on samples: share of each half point, quartiles, shares at both ends, bits of the scale in use."""

    rubric: str
    calls: int
    shares: Mapping[str, float]
    quartiles: tuple[float, float, float]
    floor: float
    ceiling: float
    entropy_bits: float


@dataclass(frozen=True, slots=True)
class Compared:
    """Tuned against base on the same held-out questions, in one mode."""

    mode: str
    total: Paired


@dataclass(frozen=True, slots=True)
class Summary:
    """Of one judge, with a second one where it was asked."""

    judge: str
    second: str | None
    replicates: int
    scored: tuple[Scored, ...]
    legacy: tuple[Scored, ...]
    dimensions: tuple[DimensionScores, ...]
    distributions: tuple[Distribution, ...]
    headline: tuple[Pairing, ...]
    by_split: tuple[Pairing, ...]
    """The same pairings on training questions, seen places and unseen neighbourhoods apart."""
    same_text: Pairing
    """Both rubrics on samples of all splits: what the halo is compared with."""
    halo: Halo | None
    conclusion: str
    trust: tuple[Trust, ...]
    truth: tuple[Truth, ...]
    compared: tuple[Compared, ...]
    responses: tuple[Response, ...]
    controls: tuple[Control, ...]
    evidence: JudgeEvidence
    examination: Examination

    @property
    def leading(self) -> Pairing:
        """The pairing that is told first: the tuned model's, closed before open as the original asked; else the last."""
        return next((pairing for pairing in self.headline if pairing.group.startswith("tuned")), self.headline[-1])


def summarise(
    rows: Sequence[VerdictRow],
    judge: str,
    sound: Mapping[str, bool],
    *,
    second: str | None = None,
    harmless: frozenset[str] = frozenset(),
    rightness: Mapping[str, tuple[float, ...]] | None = None,
    pairs: Sequence[PairRow] = (),
    resamples: int = RESAMPLES,
) -> Summary:
    """Pure and seeded.

    ``second``: a judge to compare with, where it was asked; ``sound``: by item_id, whether the verifier finds nothing wrong;
    ``harmless``: edits that change no fact; ``rightness``: by completion, what code measured; ``pairs``: its pairwise calls.
    """
    calls = calls_of(rows, judge)
    other = calls_of(rows, second) if second and any(row.judge == second for row in rows) else None
    one_text = same_text(calls, SPLITS, resamples)
    halo = halo_of(calls, resamples)
    headline = by_group(calls, HELD_OUT, resamples)
    apart = [by_group(calls, (split,), resamples) for split in SPLITS]
    own = [row for row in rows if row.judge == judge]
    evidence = _evidence(calls, other, own, sound, harmless, rightness or {}, pairs, resamples)
    return Summary(
        judge=judge,
        second=second if other else None,
        replicates=calls.replicates,
        scored=tuple(_scored(calls, [row for row in rows if row.judge == judge and row.design == "standard"])),
        legacy=tuple(_legacy([row for row in rows if row.judge == judge and row.design == "legacy"])),
        dimensions=tuple(_dimensions(calls, resamples)),
        distributions=tuple(_distributions(calls)),
        headline=headline or (same_text(calls, HELD_OUT, resamples),),
        by_split=tuple(pairing for pairings in apart for pairing in pairings)
        or tuple(same_text(calls, (split,), resamples) for split in SPLITS),
        same_text=one_text,
        halo=halo,
        conclusion=conclude(halo, one_text.free_of_noise),
        trust=evidence.trust,
        truth=evidence.truth,
        compared=tuple(_compared(calls)),
        responses=evidence.responses,
        controls=evidence.controls,
        evidence=evidence,
        examination=examine(evidence, RUBRICS),
    )


def _evidence(
    calls: Calls,
    second: Calls | None,
    rows: Sequence[VerdictRow],
    sound: Mapping[str, bool],
    harmless: frozenset[str],
    rightness: Mapping[str, tuple[float, ...]],
    pairs: Sequence[PairRow],
    resamples: int,
) -> JudgeEvidence:
    """``rows``: of this judge alone."""
    trust = tuple(
        trust_of(calls, second, rubric, group, resamples) for rubric in RUBRICS for group in calls.groups(rubric)
    )
    answered = responses(calls, harmless)
    faults = frozenset(response.edit for response in answered if not response.harmless)
    wander = {rubric: value for rubric in RUBRICS if (value := _wandering(trust, rubric)) is not None}
    origins = {item: row.group for item, row in calls.items.items() if row.item_kind == "completion"}
    return JudgeEvidence(
        answering=tuple(share for rubric in RUBRICS if (share := answering(rows, rubric, sound))),
        truth=tuple(truth for rubric in RUBRICS if (truth := truth_of(calls, rubric, sound, resamples))),
        loss={rubric: loss for rubric in RUBRICS if (loss := pooled_loss(calls, rubric, faults))},
        responses=answered,
        controls=controls(calls),
        trust=trust,
        sways=sways(calls, harmless, wander),
        favours=favours(calls, ANSWER, rightness, origins),
        evenness=tuple(even for rubric in RUBRICS if (even := evenness(calls, rubric, sound, resamples))),
        first_shown=tuple(shown for shown in (first_shown(pairs),) if shown is not None),
        drift=drift(rows),
        spread={rubric: spread for rubric in RUBRICS if (spread := _spread(rows, rubric))},
    )


def _wandering(trust: Sequence[Trust], rubric: str) -> float | None:
    """Of the data, else of the first group."""
    return next(
        (judged.wandering.value for judged in trust if judged.rubric == rubric and judged.wandering is not None), None
    )


def _spread(rows: Sequence[VerdictRow], rubric: str) -> tuple[float, float] | None:
    """(SD, mean) of all totals of single calls."""
    totals = [row.total for row in rows if row.rubric == rubric and row.design == "standard" and row.total is not None]
    return (float(np.std(totals)), math.fsum(totals) / len(totals)) if totals else None


def _scored(calls: Calls, rows: Iterable[VerdictRow]) -> Iterable[Scored]:
    groups: defaultdict[tuple[str, str, str], list[VerdictRow]] = defaultdict(list)
    for row in rows:
        if row.item_kind in {"sample", "completion"}:
            groups[row.rubric, row.group, row.split].append(row)
            if row.split in HELD_OUT:
                groups[row.rubric, row.group, ALL_HELD_OUT].append(row)
    order = (*SPLITS, ALL_HELD_OUT)
    for key in sorted(
        groups, key=lambda named: (named[1] != "data", named[1], named[0] == ANSWER, order.index(named[2]))
    ):
        items = {row.item_id: row for row in groups[key]}
        means = [
            (mean, row.place_id)
            for item, row in sorted(items.items())
            if (mean := calls.mean(item, key[0])) is not None
        ]
        yield _of(key, groups[key], means)


def _legacy(rows: Sequence[VerdictRow]) -> Iterable[Scored]:
    for rubric in RUBRICS:
        ours = [row for row in rows if row.rubric == rubric]
        if ours:
            yield _of((rubric, "legacy", "all"), ours, [(r.total, r.place_id) for r in ours if r.total is not None])


def _of(key: tuple[str, str, str], rows: Sequence[VerdictRow], means: Sequence[tuple[float, str]]) -> Scored:
    counted = coverage([row.total for row in rows], [why(row) for row in rows])
    if counted is None:
        raise AssertionError  # a group has rows
    values = [mean for mean, _ in means]
    return Scored(
        *key,
        counted,
        bounded_mean(values, [place for _, place in means], most=FULL),
        min(values, default=None),
        max(values, default=None),
    )


def _dimensions(calls: Calls, resamples: int) -> Iterable[DimensionScores]:
    held = [(item, row) for item, row in sorted(calls.items.items()) if row.split in HELD_OUT]
    for rubric in RUBRICS:
        names = dict.fromkeys(name for marks in _marks_of(calls, rubric) for name in marks)
        groups = sorted({row.group for _, row in held if row.original})
        for name in names:
            for group in groups:
                marks = [
                    (mark, row.place_id)
                    for item, row in held
                    if row.group == group and row.original and (mark := calls.mark(item, rubric, name)) is not None
                ]
                mean = bounded_mean([mark for mark, _ in marks], [place for _, place in marks], least=1.0, most=5.0)
                if mean is not None:
                    yield DimensionScores(rubric, group, name, mean, _agreed(calls, rubric, name, group, resamples))


def _agreed(calls: Calls, rubric: str, name: str, group: str, resamples: int) -> Estimate | None:
    places = [calls.items[item].place_id for item in calls.replicated(rubric, group)]
    table = calls.mark_table(rubric, name, group)
    return krippendorff_alpha(table, "ordinal", places_of(places, resamples)) if places else None


def _marks_of(calls: Calls, rubric: str) -> Iterable[Mapping[str, float]]:
    for item in calls.replicated(rubric):
        yield from calls.marks.get((item, rubric), {}).values()


def _distributions(calls: Calls) -> Iterable[Distribution]:
    """The judge's own grid: single calls, not means of replicates."""
    for rubric in RUBRICS:
        scored = [calls.totals[item, "standard", rubric] for item in calls.replicated(rubric)]
        kinds = [calls.items[item].item_kind for item in calls.replicated(rubric)]
        values = [
            total for turns, kind in zip(scored, kinds, strict=True) if kind == "sample" for total in turns.values()
        ]
        if values:
            shares = {
                grid: count / len(values) for grid, count in sorted(Counter(round(2 * v) / 2 for v in values).items())
            }
            first, middle, third = np.quantile(values, [0.25, 0.5, 0.75])
            yield Distribution(
                rubric,
                len(values),
                {f"{grid:g}": share for grid, share in shares.items()},
                (float(first), float(middle), float(third)),
                shares.get(0.0, 0.0),
                shares.get(FULL, 0.0),
                -sum(share * math.log2(share) for share in shares.values()),
            )


def _compared(calls: Calls) -> Iterable[Compared]:
    """On held-out questions that both arms answered and the judge scored."""
    arms: defaultdict[tuple[str, str], dict[str, tuple[float, str]]] = defaultdict(dict)
    for item, row in sorted(calls.items.items()):
        mean = calls.mean(item, ANSWER)
        if row.item_kind == "completion" and row.split in HELD_OUT and mean is not None:
            arms[row.mode or "", row.arm or ""][row.sample_id] = (mean, row.place_id)
    for mode in sorted({mode for mode, _ in arms}):
        base, tuned = arms[mode, "base"], arms[mode, "tuned"]
        both = sorted(base.keys() & tuned.keys())
        difference = paired([base[s][0] for s in both], [tuned[s][0] for s in both], [base[s][1] for s in both])
        if difference is not None:
            yield Compared(mode, difference)
