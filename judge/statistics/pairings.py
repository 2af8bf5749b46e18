"""Data quality against model performance: in separate calls, in one call, and without the noise of a call.

Two scores are joined on sample_id: a sample's data score with the score of an answer to its question. The pair of both
rubrics on one text is kept apart, and the single call for both rubrics only measures the halo.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from judge.statistics.bootstrap import Estimate, places_of
from judge.statistics.calls import ANSWER, DATA, Calls
from judge.statistics.correlation import Correlations, correlations, mismatched
from judge.statistics.halo import Disattenuated, Halo, disattenuated, halo

HELD_OUT = ("seen", "unseen")
HALO_NOT_VALIDITY = "halo, not validity"
HALO_AND_SIGNAL = "halo inflates a correlation that remains without it"
NO_HALO = "no halo shown"
BELOW = "one call correlates less than separate calls, which a halo cannot do"
TOO_FEW = "too few crossed items to measure the halo"


@dataclass(frozen=True, slots=True)
class Pairing:
    """Two scores of ``group``, means of scored replicates; ``free_of_noise`` from items with every replicate.

    ``points``: (data score, performance) of every pair; ``wrong_pairs``: r within places once the pairs are mixed up, about 0.
    """

    group: str
    splits: tuple[str, ...]
    items: int
    left_out: int
    """Pairs without a score on one side."""
    correlations: Correlations | None
    free_of_noise: Disattenuated | None
    wrong_pairs: Estimate | None
    points: tuple[tuple[float, float], ...]


def by_group(calls: Calls, splits: tuple[str, ...], resamples: int) -> tuple[Pairing, ...]:
    """One pairing for every arm and mode that answered questions of ``splits``."""
    pairs: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for item, row in sorted(calls.items.items()):
        if row.item_kind == "completion" and row.split in splits:
            pairs[row.group].append((row.sample_id, item))
    return tuple(pairing(group, splits, calls, pairs_here, resamples) for group, pairs_here in sorted(pairs.items()))


def same_text(calls: Calls, splits: tuple[str, ...], resamples: int) -> Pairing:
    """Both rubrics on the sample itself, each in its own call."""
    samples = [item for item, row in sorted(calls.items.items()) if row.item_kind == "sample" and row.split in splits]
    return pairing("data", splits, calls, [(sample, sample) for sample in samples], resamples)


def pairing(
    group: str, splits: tuple[str, ...], calls: Calls, pairs: Sequence[tuple[str, str]], resamples: int
) -> Pairing:
    """``pairs``: (item whose data score, item whose answer score) is meant."""
    points: list[tuple[float, float]] = []
    names: list[str] = []
    tables: list[tuple[list[float], list[float], str]] = []
    for data, answer in pairs:
        first, second, place = calls.mean(data, DATA), calls.mean(answer, ANSWER), calls.items[answer].place_id
        if first is None or second is None:
            continue
        points.append((first, second))
        names.append(place)
        all_x, all_y = calls.complete(data, DATA), calls.complete(answer, ANSWER)
        if all_x and all_y:
            tables.append((all_x, all_y, place))
    star = None
    if calls.replicates > 1 and len(tables) > 2:
        table_x, table_y, kept = zip(*tables, strict=True)
        star = disattenuated(np.asarray(table_x), np.asarray(table_y), places_of(kept, resamples))
    x, y = [score for score, _ in points], [score for _, score in points]
    return Pairing(
        group,
        splits,
        len(points),
        len(pairs) - len(points),
        correlations(x, y, names, resamples),
        star,
        mismatched(x, y, names, resamples),
        tuple(points),
    )


def halo_of(calls: Calls, resamples: int) -> Halo | None:
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
    scores = [np.asarray(column, dtype=np.float64) for column in (same_x_all, same_y_all, x_all, y_all)]
    return halo(scores[0], scores[1], scores[2], scores[3], places_of(names, resamples))


def conclude(halo: Halo | None, noise_free: Disattenuated | None) -> str:
    """Halo is shown where its interval excludes zero; validity where that of r* does. An unknown end shows nothing."""
    if halo is None or halo.halo.low is None or noise_free is None:  # without replicates the judge's noise is not known
        return TOO_FEW
    if halo.halo.high is not None and halo.halo.high < 0:
        return BELOW
    if halo.halo.low <= 0:
        return NO_HALO
    low = noise_free.r_star.low
    return HALO_AND_SIGNAL if low is not None and low > 0 else HALO_NOT_VALIDITY
