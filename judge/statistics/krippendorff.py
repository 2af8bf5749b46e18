"""Krippendorff's alpha between replicates or judges: 1 - D_o / D_e, with missing scores allowed.

D_o = sum_ck o_ck d(c,k) / n, D_e = sum_ck n_c n_k d(c,k) / (n (n-1)); interval: d = (c-k)^2; ordinal: d = (sum of n_g for
g from c to k - (n_c+n_k)/2)^2 (Krippendorff 2004, ch. 11; Hayes & Krippendorff 2007). Coincidences add up over items, so
resamples of places are exact. From 0.667 tentative, from 0.8 good (Krippendorff 2004, ch. 11.4).
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from judge.statistics.bootstrap import Estimate, Floats, Places, estimate

Level = Literal["ordinal", "interval"]


def krippendorff_alpha(table: Floats, level: Level, places: Places) -> Estimate | None:
    """``table`` [items, raters], NaN where there is no score; items with one score say nothing. None without a pair."""
    rated = ~np.isnan(table)
    rated &= rated.sum(axis=1, keepdims=True) >= 2
    if not rated.any():
        return None
    sums, alpha = (
        (_moments(table, rated), _interval) if level == "interval" else (_coincidences(table, rated), _ordinal)
    )
    by_place = places.sums(sums)
    return estimate(float(alpha(by_place.sum(axis=0)[None])[0]), alpha(places.weights @ by_place), places)


def _moments(table: Floats, rated: NDArray[np.bool_]) -> Floats:
    """[items, (scores, sum, squares, squared differences within the item over its scores less one)]."""
    scores = np.where(rated, table - table[rated].mean(), 0.0)
    n, total, squares = rated.sum(axis=1), scores.sum(axis=1), (scores**2).sum(axis=1)
    return np.stack([n, total, squares, 2 * (n * squares - total**2) / np.maximum(n - 1, 1)], axis=1)


def _interval(sums: Floats) -> Floats:
    n, total, squares, within = sums.T
    return _ratio(within / n, 2 * (n * squares - total**2) / (n * (n - 1)))


def _coincidences(table: Floats, rated: NDArray[np.bool_]) -> Floats:
    """[items, v scores of each value, then v times v coincidences]; few values, as dimensions have."""
    values = np.unique(table[rated])
    counts = np.stack([((table == value) & rated).sum(axis=1) for value in values], axis=1).astype(np.float64)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True) - 1, 1)
    seen = share[:, :, None] * counts[:, None, :] - share[:, :, None] * np.eye(len(values))
    return np.concatenate([counts, seen.reshape(len(table), -1)], axis=1)


def _ordinal(sums: Floats) -> Floats:
    size = math.isqrt(sums.shape[1])  # v + v^2 columns
    totals, seen = sums[:, :size], sums[:, size:].reshape(-1, size, size)
    middle = np.cumsum(totals, axis=1) - totals / 2
    distance = (middle[:, :, None] - middle[:, None, :]) ** 2
    n = totals.sum(axis=1)
    expected = np.einsum("bc,bk,bck->b", totals, totals, distance) / (n * (n - 1))
    return _ratio((seen * distance).sum(axis=(1, 2)) / n, expected)


def _ratio(seen: Floats, expected: Floats) -> Floats:
    """1 - D_o / D_e; NaN where no two scores differ."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(expected > 1e-12, 1 - seen / expected, np.nan))
