"""Everything that the report says about the judge's scores, from rows of the verdicts view; the formulas are in their own files.

Headline: the data score of a sample against the answer score of a completion to its question, held-out questions only. The pair
of both rubrics on one and the same text is kept apart, and the single call for both rubrics only measures the halo.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from judge.statistics.agreement import Reliability, reliability
from judge.statistics.bootstrap import RESAMPLES, Estimate, places_of
from judge.statistics.calls import Calls, VerdictRow, calls_of
from judge.statistics.clustered_mean import MeanWithInterval, clustered_mean
from judge.statistics.comparison import Paired, Slope, dose_slope, paired
from judge.statistics.correlation import Correlations, correlations
from judge.statistics.coverage import Coverage, coverage
from judge.statistics.halo import Disattenuated, Halo, disattenuated, halo
from judge.statistics.krippendorff import krippendorff_alpha
from judge.statistics.truth import auroc

DATA, ANSWER = "data_v1", "answer_v1"
HELD_OUT = ("seen", "unseen")
HALO_NOT_VALIDITY = "halo, not validity"
HALO_AND_SIGNAL = "halo inflates a correlation that remains without it"
NO_HALO = "no halo shown"
TOO_FEW = "too few crossed items to measure the halo"


@dataclass(frozen=True, slots=True)
class Pairing:
    """Two scores joined on sample_id: means of scored replicates; ``free_of_noise`` from items with every replicate."""

    name: str
    items: int
    left_out: int
    """Pairs without a score on one side."""
    correlations: Correlations | None
    free_of_noise: Disattenuated | None


@dataclass(frozen=True, slots=True)
class Trust:
    """Of one rubric, over samples and completions: test-retest, agreement of replicates and of judges."""

    rubric: str
    reliability: Reliability | None
    alpha_replicates: float | None
    alpha_judges: float | None
    auroc: Estimate | None
    """Score against the verifier: sound above faulty."""


@dataclass(frozen=True, slots=True)
class Control:
    """Mean of one kind of control, and its gap to the samples it was made of."""

    edit: str
    mean: MeanWithInterval | None
    gap: MeanWithInterval | None


@dataclass(frozen=True, slots=True)
class Summary:
    """Keys: coverage and means by (kind or arm, rubric, split); headline and train by arm; slopes by edit."""

    judge: str
    replicates: int
    coverage: Mapping[tuple[str, str, str], Coverage]
    means: Mapping[tuple[str, str, str], MeanWithInterval]
    headline: Mapping[str, Pairing]
    train: Mapping[str, Pairing]
    same_text: Pairing
    halo: Halo | None
    conclusion: str
    trust: tuple[Trust, ...]
    tuned_against_base: Paired | None
    slopes: Mapping[str, Slope | None]
    controls: tuple[Control, ...]


def summarise(
    rows: Sequence[VerdictRow], judge: str, sound: Mapping[str, bool], *, resamples: int = RESAMPLES
) -> Summary:
    """``judge``: whose scores; ``sound``: by item_id, whether the verifier found nothing wrong. Pure and seeded."""
    calls = calls_of(rows, judge)
    texts = [(one, one) for one, row in calls.items.items() if row.item_kind == "sample"]
    same_text = _pairing("one text", calls, texts, resamples)
    found = _halo(calls, resamples)
    return Summary(
        judge,
        calls.replicates,
        _by_group(rows, judge, lambda group: coverage([r.total for r in group], [_why(r) for r in group])),
        _means(calls),
        _by_arm(calls, HELD_OUT, resamples),
        _by_arm(calls, ("train",), resamples),
        same_text,
        found,
        conclude(found, same_text.free_of_noise),
        tuple(_trust(rows, calls, rubric, sound, resamples) for rubric in (DATA, ANSWER)),
        _tuned_against_base(calls),
        {edit: _slope(calls, edit) for edit in _edits(calls, "injected")},
        tuple(_control(calls, edit) for edit in _edits(calls, "control")),
    )


def conclude(found: Halo | None, noise_free: Disattenuated | None) -> str:
    """Halo is shown where its interval excludes zero; validity where that of r* does. An unknown end shows nothing."""
    if found is None or found.halo.low is None:
        return TOO_FEW
    if found.halo.low <= 0:
        return NO_HALO
    low = noise_free.r_star.low if noise_free else None
    return HALO_AND_SIGNAL if low is not None and low > 0 else HALO_NOT_VALIDITY


def _why(row: VerdictRow) -> str:
    return row.reason or ("cannot_judge" if row.status == "scored" else row.status)


def _group(row: VerdictRow) -> tuple[str, str, str]:
    return (row.arm or row.item_kind, row.rubric, row.split)


def _by_group(
    rows: Iterable[VerdictRow], judge: str, count: Callable[[list[VerdictRow]], Coverage | None]
) -> dict[tuple[str, str, str], Coverage]:
    groups: defaultdict[tuple[str, str, str], list[VerdictRow]] = defaultdict(list)
    for row in rows:
        if row.judge == judge and row.design == "standard":
            groups[_group(row)].append(row)
    counted = {key: count(group) for key, group in sorted(groups.items())}
    return {key: one for key, one in counted.items() if one is not None}


def _means(calls: Calls) -> dict[tuple[str, str, str], MeanWithInterval]:
    groups: defaultdict[tuple[str, str, str], tuple[list[float], list[str]]] = defaultdict(lambda: ([], []))
    for (item, design, rubric), _scored in sorted(calls.totals.items()):
        row, mean = calls.items[item], calls.mean(item, rubric)
        if design == "standard" and mean is not None:
            values, names = groups[row.arm or row.item_kind, rubric, row.split]
            values.append(mean)
            names.append(row.place_id)
    made = {key: clustered_mean(values, names) for key, (values, names) in groups.items()}
    return {key: one for key, one in made.items() if one is not None}


def _by_arm(calls: Calls, splits: tuple[str, ...], resamples: int) -> dict[str, Pairing]:
    pairs: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for item, row in sorted(calls.items.items()):
        if row.item_kind == "completion" and row.split in splits:
            pairs[row.arm or ""].append((row.sample_id, item))
    return {arm: _pairing(f"data and {arm} answer", calls, found, resamples) for arm, found in pairs.items()}


def _pairing(name: str, calls: Calls, pairs: list[tuple[str, str]], resamples: int) -> Pairing:
    """``pairs``: (item whose data score, item whose answer score) is meant."""
    x, y, names = [], [], []
    tables: list[tuple[list[float], list[float], str]] = []
    for data, answer in pairs:
        first, second, place = calls.mean(data, DATA), calls.mean(answer, ANSWER), calls.items[answer].place_id
        if first is None or second is None:
            continue
        x.append(first)
        y.append(second)
        names.append(place)
        all_x, all_y = calls.complete(data, DATA), calls.complete(answer, ANSWER)
        if all_x and all_y:
            tables.append((all_x, all_y, place))
    star = None
    if calls.replicates > 1 and len(tables) > 2:
        table_x, table_y, kept = zip(*tables, strict=True)
        star = disattenuated(np.asarray(table_x), np.asarray(table_y), places_of(kept, resamples))
    return Pairing(name, len(x), len(pairs) - len(x), correlations(x, y, names, resamples), star)


def _halo(calls: Calls, resamples: int) -> Halo | None:
    """Single calls against single calls, on the samples that have all of both designs."""
    crossed = [
        (same_x, same_y, x, y, row.place_id)
        for item, row in sorted(calls.items.items())
        if (same_x := calls.legacy(item, DATA)) is not None
        and (same_y := calls.legacy(item, ANSWER)) is not None
        and (x := calls.complete(item, DATA))
        and (y := calls.complete(item, ANSWER))
    ]
    if len(crossed) < 3:
        return None
    same_x_all, same_y_all, x_all, y_all, names = zip(*crossed, strict=True)
    scores = [np.asarray(one, dtype=np.float64) for one in (same_x_all, same_y_all, x_all, y_all)]
    return halo(scores[0], scores[1], scores[2], scores[3], places_of(names, resamples))


def _trust(rows: Sequence[VerdictRow], calls: Calls, rubric: str, sound: Mapping[str, bool], resamples: int) -> Trust:
    table = calls.table(rubric, ("sample", "completion"))
    judges = [calls_of(rows, one) for one in sorted({row.judge for row in rows})]
    shared = [[one.mean(item, rubric) for one in judges] for item in sorted(calls.items)]
    between = np.asarray([[np.nan if mean is None else mean for mean in row] for row in shared], dtype=np.float64)
    known = [
        (mean, sound[item], calls.items[item].place_id)
        for item in sorted(sound)
        if (mean := calls.mean(item, rubric)) is not None
    ]
    return Trust(
        rubric,
        reliability(table[~np.isnan(table).any(axis=1)]),
        krippendorff_alpha(table, "interval"),
        krippendorff_alpha(between, "interval") if len(judges) > 1 else None,
        auroc([k[0] for k in known], [k[1] for k in known], [k[2] for k in known], resamples) if known else None,
    )


def _tuned_against_base(calls: Calls) -> Paired | None:
    """On held-out questions that both arms answered and the judge scored."""
    arms: defaultdict[str, dict[str, float]] = defaultdict(dict)
    place: dict[str, str] = {}
    for item, row in sorted(calls.items.items()):
        mean = calls.mean(item, ANSWER)
        if row.item_kind == "completion" and row.split in HELD_OUT and mean is not None:
            arms[row.arm or ""][row.sample_id] = mean
            place[row.sample_id] = row.place_id
    both = sorted(arms["base"].keys() & arms["tuned"].keys())
    return paired([arms["base"][s] for s in both], [arms["tuned"][s] for s in both], [place[s] for s in both])


def _edits(calls: Calls, kind: str) -> list[str]:
    return sorted({row.edit for row in calls.items.values() if row.item_kind == kind and row.edit})


def _edited(calls: Calls, kind: str, edit: str) -> list[tuple[VerdictRow, float]]:
    found = [
        (row, calls.mean(item, DATA))
        for item, row in sorted(calls.items.items())
        if row.item_kind == kind and row.edit == edit
    ]
    return [(row, mean) for row, mean in found if mean is not None]


def _slope(calls: Calls, edit: str) -> Slope | None:
    """Dose 0 is the sample itself."""
    planted = _edited(calls, "injected", edit)
    points = [(float(row.dose or 0), mean, row.place_id) for row, mean in planted]
    for sample, place in sorted({(row.sample_id, row.place_id) for row, _ in planted}):
        if (mean := calls.mean(sample, DATA)) is not None:
            points.append((0.0, mean, place))
    return dose_slope([p[0] for p in points], [p[1] for p in points], [p[2] for p in points])


def _control(calls: Calls, edit: str) -> Control:
    found = _edited(calls, "control", edit)
    gaps = [(mean - own, row.place_id) for row, mean in found if (own := calls.mean(row.sample_id, DATA)) is not None]
    return Control(
        edit,
        clustered_mean([mean for _, mean in found], [row.place_id for row, _ in found]),
        clustered_mean([gap for gap, _ in gaps], [place for _, place in gaps]),
    )
