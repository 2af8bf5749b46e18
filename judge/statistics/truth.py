"""The judge against what the verifier knows: AUROC of a score, sensitivity, specificity and Cohen's kappa of its calls.

AUROC = P(score of a sound item > score of a faulty one) + half of the ties = (R1 - n1 (n1+1)/2) / (n1 n0) with mid-ranks (Mann &
Whitney 1947; Hanley & McNeil 1982). kappa = (p_o - p_e) / (1 - p_e) of observed and chance agreement (Cohen 1960).
Sensitivity: share of faulty items that the judge flags; specificity: share of sound ones that it does not.

Within style, only pairs of one style are compared: sum_s of the pairs won over sum_s of the pairs (the stratified statistic
of van Elteren 1960 with weights n1 n0), so that a judge that dislikes how one model writes is not taken to see its faults.
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
    flags, bad = np.asarray(flagged, dtype=bool), np.asarray(faulty, dtype=bool)
    if bad.all() or not bad.any():
        return None
    places = places_of(names, resamples)
    sums = places.sums(np.stack([flags & bad, ~flags & bad, flags & ~bad, ~flags & ~bad], axis=1).astype(np.float64))
    whole, drawn = _shares(sums.sum(axis=0)), _shares(places.weights @ sums)
    made = [estimate(float(share), many, places) for share, many in zip(whole, drawn, strict=True)]
    return Decisions(int((~bad).sum()), int(bad.sum()), *made)


def _shares(counts: Floats) -> tuple[Floats, Floats, Floats]:
    """(sensitivity, specificity, kappa) of [..., (hit, miss, false alarm, quiet)]."""
    hit, miss, alarm, quiet = np.moveaxis(counts, -1, 0)
    n = hit + miss + alarm + quiet
    chance = ((hit + miss) * (hit + alarm) + (alarm + quiet) * (miss + quiet)) / n**2
    with np.errstate(invalid="ignore", divide="ignore"):
        return hit / (hit + miss), quiet / (alarm + quiet), ((hit + quiet) / n - chance) / (1 - chance)


def auroc(
    scores: Sequence[float],
    sound: Sequence[bool],
    names: Sequence[str],
    resamples: int = RESAMPLES,
    *,
    styles: Sequence[str] | None = None,
) -> Estimate | None:
    """None where no style has both sound and faulty items. Pairs are kept by pair of places, so resamples are exact."""
    good, values = np.asarray(sound, dtype=bool), np.asarray(scores, dtype=np.float64)
    _, style = np.unique(np.asarray(styles or [""] * len(values), dtype=str), return_inverse=True)
    mixed = [kind for kind in range(style.max(initial=-1) + 1) if len(set(good[style == kind])) == 2]
    if not mixed:
        return None
    kept = np.isin(style, mixed)
    good, values, style = good[kept], values[kept], style[kept]
    places = places_of([name for name, keep in zip(names, kept, strict=True) if keep], resamples)
    levels, level = np.unique(values, return_inverse=True)

    def area(weights: Floats) -> Floats:
        won, pairs = np.zeros(len(weights)), np.zeros(len(weights))
        for kind in mixed:
            held, own = np.zeros((2, places.count, len(levels))), style == kind
            np.add.at(held, (good[own].astype(int), places.index[own], level[own]), 1.0)
            bad_at, good_at = weights @ held[0], weights @ held[1]
            below = np.cumsum(bad_at, axis=1) - bad_at / 2
            won += (good_at * below).sum(axis=1)
            pairs += bad_at.sum(axis=1) * good_at.sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(won / pairs)

    return estimate(float(area(np.ones((1, places.count)))[0]), area(places.weights), places)
