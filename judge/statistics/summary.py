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

from judge.statistics.bootstrap import RESAMPLES, Estimate, places_of
from judge.statistics.calls import ANSWER, DATA, Calls, VerdictRow, calls_of
from judge.statistics.clustered_mean import MeanWithInterval, clustered_mean
from judge.statistics.comparison import Paired, paired
from judge.statistics.coverage import Coverage, coverage
from judge.statistics.halo import Halo
from judge.statistics.krippendorff import krippendorff_alpha
from judge.statistics.pairings import HELD_OUT, Pairing, by_group, conclude, halo_of, same_text
from judge.statistics.trust import Trust, Truth, trust_of, truth_of
from judge.statistics.validity import Control, Response, controls, responses

ALL_HELD_OUT = "held-out"
SPLITS = ("train", *HELD_OUT)
FULL = 10.0


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
class Dimension:
    """One dimension of held-out items of a group on 1 to 5, and whether replicates agree on it (ordinal alpha)."""

    rubric: str
    group: str
    name: str
    mean: MeanWithInterval
    alpha: Estimate | None


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
    dimensions: tuple[Dimension, ...]
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

    @property
    def leading(self) -> Pairing:
        """The pairing that is told first: the tuned model's, closed before open as the original asked; else the last."""
        return next((one for one in self.headline if one.group.startswith("tuned")), self.headline[-1])


def summarise(
    rows: Sequence[VerdictRow],
    judge: str,
    sound: Mapping[str, bool],
    *,
    second: str | None = None,
    harmless: frozenset[str] = frozenset(),
    resamples: int = RESAMPLES,
) -> Summary:
    """Pure and seeded.

    ``second``: a judge to compare with, where it was asked; ``sound``: by item_id, whether the verifier finds nothing wrong;
    ``harmless``: edits that change no fact.
    """
    calls = calls_of(rows, judge)
    other = calls_of(rows, second) if second and any(row.judge == second for row in rows) else None
    one_text = same_text(calls, SPLITS, resamples)
    found = halo_of(calls, resamples)
    headline = by_group(calls, HELD_OUT, resamples)
    apart = [by_group(calls, (split,), resamples) for split in SPLITS]
    return Summary(
        judge=judge,
        second=second if other else None,
        replicates=calls.replicates,
        scored=tuple(_scored(calls, [row for row in rows if row.judge == judge and row.design == "standard"])),
        legacy=tuple(_legacy([row for row in rows if row.judge == judge and row.design == "legacy"])),
        dimensions=tuple(_dimensions(calls, resamples)),
        distributions=tuple(_distributions(calls)),
        headline=headline or (same_text(calls, HELD_OUT, resamples),),
        by_split=tuple(one for pairings in apart for one in pairings)
        or tuple(same_text(calls, (split,), resamples) for split in SPLITS),
        same_text=one_text,
        halo=found,
        conclusion=conclude(found, one_text.free_of_noise),
        trust=tuple(trust_of(calls, other, rubric, resamples) for rubric in (DATA, ANSWER)),
        truth=tuple(one for rubric in (DATA, ANSWER) if (one := truth_of(calls, rubric, sound, resamples))),
        compared=tuple(_compared(calls)),
        responses=responses(calls, harmless),
        controls=controls(calls),
    )


def _scored(calls: Calls, rows: Iterable[VerdictRow]) -> Iterable[Scored]:
    groups: defaultdict[tuple[str, str, str], list[VerdictRow]] = defaultdict(list)
    for row in rows:
        if row.item_kind in {"sample", "completion"}:
            groups[row.rubric, row.group, row.split].append(row)
            if row.split in HELD_OUT:
                groups[row.rubric, row.group, ALL_HELD_OUT].append(row)
    order = (*SPLITS, ALL_HELD_OUT)
    for key in sorted(groups, key=lambda one: (one[1] != "data", one[1], one[0] == ANSWER, order.index(one[2]))):
        items = {row.item_id: row for row in groups[key]}
        means = [
            (mean, row.place_id)
            for item, row in sorted(items.items())
            if (mean := calls.mean(item, key[0])) is not None
        ]
        yield _of(key, groups[key], means)


def _legacy(rows: Sequence[VerdictRow]) -> Iterable[Scored]:
    for rubric in (DATA, ANSWER):
        ours = [row for row in rows if row.rubric == rubric]
        if ours:
            yield _of((rubric, "legacy", "all"), ours, [(r.total, r.place_id) for r in ours if r.total is not None])


def _of(key: tuple[str, str, str], rows: Sequence[VerdictRow], means: Sequence[tuple[float, str]]) -> Scored:
    counted = coverage([row.total for row in rows], [_why(row) for row in rows])
    if counted is None:
        raise AssertionError  # a group has rows
    values = [mean for mean, _ in means]
    return Scored(
        *key,
        counted,
        clustered_mean(values, [place for _, place in means]),
        min(values, default=None),
        max(values, default=None),
    )


def _why(row: VerdictRow) -> str:
    return row.reason or ("cannot_judge" if row.status == "scored" else row.status)


def _dimensions(calls: Calls, resamples: int) -> Iterable[Dimension]:
    held = [(item, row) for item, row in sorted(calls.items.items()) if row.split in HELD_OUT]
    for rubric in (DATA, ANSWER):
        names = dict.fromkeys(name for marks in _marks_of(calls, rubric) for name in marks)
        places = [calls.items[item].place_id for item in calls.replicated(rubric)]
        groups = sorted({row.group for _, row in held if row.item_kind in {"sample", "completion"}})
        for name in names:
            alpha = krippendorff_alpha(calls.mark_table(rubric, name), "ordinal", places_of(places, resamples))
            for group in groups:
                marks = [
                    (mark, row.place_id)
                    for item, row in held
                    if row.group == group
                    and row.item_kind in {"sample", "completion"}
                    and (mark := calls.mark(item, rubric, name)) is not None
                ]
                mean = clustered_mean([mark for mark, _ in marks], [place for _, place in marks])
                if mean is not None:
                    yield Dimension(rubric, group, name, mean, alpha)


def _marks_of(calls: Calls, rubric: str) -> Iterable[Mapping[str, float]]:
    for item in calls.replicated(rubric):
        yield from calls.marks.get((item, rubric), {}).values()


def _distributions(calls: Calls) -> Iterable[Distribution]:
    """The judge's own grid: single calls, not means of replicates."""
    for rubric in (DATA, ANSWER):
        scored = [calls.totals[item, "standard", rubric] for item in calls.replicated(rubric)]
        kinds = [calls.items[item].item_kind for item in calls.replicated(rubric)]
        values = [total for one, kind in zip(scored, kinds, strict=True) if kind == "sample" for total in one.values()]
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
        found = paired([base[s][0] for s in both], [tuned[s][0] for s in both], [base[s][1] for s in both])
        if found is not None:
            yield Compared(mode, found)
