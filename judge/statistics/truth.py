"""The judge against what the verifier knows: AUROC of a score, sensitivity, specificity and Cohen's kappa of its calls.

AUROC = P(score of a sound item > score of a faulty one) + half of the ties = (R1 - n1 (n1+1)/2) / (n1 n0) with mid-ranks (Mann &
Whitney 1947; Hanley & McNeil 1982). kappa = (p_o - p_e) / (1 - p_e) of observed and chance agreement (Cohen 1960).
Sensitivity: share of faulty items that the judge flags; specificity: share of sound ones that it does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from judge.statistics.bootstrap import RESAMPLES, Estimate, Floats, estimate, places_of


@dataclass(frozen=True, slots=True)
class Decisions:
    """What the judge flags against what is faulty."""

    sound: int
    faulty: int
    sensitivity: Estimate
    specificity: Estimate
    kappa: Estimate


def decisions(
    flagged: Sequence[bool], faulty: Sequence[bool], names: Sequence[str], resamples: int = RESAMPLES
) -> Decisions | None:
    """None without sound or without faulty items. Four counts a place, so resamples are exact."""
    said, bad = np.asarray(flagged, dtype=bool), np.asarray(faulty, dtype=bool)
    if bad.all() or not bad.any():
        return None
    places = places_of(names, resamples)
    sums = places.sums(np.stack([said & bad, ~said & bad, said & ~bad, ~said & ~bad], axis=1).astype(np.float64))
    whole, drawn = _shares(sums.sum(axis=0)), _shares(places.weights @ sums)
    made = [estimate(float(one), many, places) for one, many in zip(whole, drawn, strict=True)]
    return Decisions(int((~bad).sum()), int(bad.sum()), *made)


def _shares(counts: Floats) -> tuple[Floats, Floats, Floats]:
    """(sensitivity, specificity, kappa) of [..., (hit, miss, false alarm, quiet)]."""
    hit, miss, alarm, quiet = np.moveaxis(counts, -1, 0)
    n = hit + miss + alarm + quiet
    chance = ((hit + miss) * (hit + alarm) + (alarm + quiet) * (miss + quiet)) / n**2
    with np.errstate(invalid="ignore", divide="ignore"):
        return hit / (hit + miss), quiet / (alarm + quiet), ((hit + quiet) / n - chance) / (1 - chance)


def auroc(
    scores: Sequence[float], sound: Sequence[bool], names: Sequence[str], resamples: int = RESAMPLES
) -> Estimate | None:
    """None where all items are sound or all faulty. Pairs are kept by pair of places, so resamples are exact."""
    good = np.asarray(sound, dtype=bool)
    if good.all() or not good.any():
        return None
    places, values = places_of(names, resamples), np.asarray(scores, dtype=np.float64)
    levels, level = np.unique(values, return_inverse=True)
    held = np.zeros((2, places.count, len(levels)))
    np.add.at(held, (good.astype(int), places.index, level), 1.0)

    def area(weights: Floats) -> Floats:
        bad_at, good_at = weights @ held[0], weights @ held[1]
        below = np.cumsum(bad_at, axis=1) - bad_at / 2
        pairs = bad_at.sum(axis=1) * good_at.sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray((good_at * below).sum(axis=1) / pairs)

    return estimate(float(area(np.ones((1, places.count)))[0]), area(places.weights), places)
