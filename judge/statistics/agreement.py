"""Test-retest reliability of replicates: ICC(2,1) and ICC(3,k) from the two-way ANOVA (Shrout & Fleiss 1979).

ICC(2,1) = (MSR - MSE) / (MSR + (k-1) MSE + k (MSC - MSE) / n); ICC(3,k) = (MSR - MSE) / MSR. Rows are items, columns are
replicates; every item needs every replicate. SEM = SD sqrt(1 - ICC(2,1)), smallest detectable change 1.96 sqrt(2) SEM (Weir
2005): two single scores of one item that lie further apart differ by more than the judge's own unsteadiness.

An ICC compares that unsteadiness with how much the items differ; where they hardly differ it is low for any judge. The
wandering of single calls stands alone: the SD within items, sqrt(sum_i SS_i / sum_i (k_i - 1)) (Bland & Altman 1996).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from judge.statistics.bootstrap import Estimate, Floats, Places, estimate


@dataclass(frozen=True, slots=True)
class Reliability:
    """Of a single call, and of the mean of k; values are None where the items do not differ at all. SEM in points."""

    icc_2_1: Estimate
    icc_3_k: Estimate
    sem: float | None
    detectable_change: float | None
    items: int
    replicates: int


def reliability(table: Floats, places: Places) -> Reliability | None:
    """``table`` [n, k]. None with fewer than two items or replicates."""
    n, k = table.shape
    if n < 2 or k < 2:
        return None
    centred = table - table.mean()
    squares = np.column_stack([(centred**2).sum(axis=1), centred.mean(axis=1) ** 2])
    sums = places.sums(np.column_stack([np.ones(n), centred, squares]))
    whole, drawn = _iccs(sums.sum(axis=0), k), _iccs(places.weights @ sums, k)
    single, mean_of_k = (estimate(float(icc), resampled, places) for icc, resampled in zip(whole, drawn, strict=True))
    sem = None
    if single.value is not None:
        sem = float(table.std(ddof=1)) * math.sqrt(max(0.0, 1 - single.value))
    return Reliability(single, mean_of_k, sem, None if sem is None else 1.96 * math.sqrt(2) * sem, n, k)


def _iccs(sums: Floats, k: int) -> tuple[Floats, Floats]:
    """(ICC(2,1), ICC(3,k)) of sums [..., (n, k columns, squares, squared means)]; NaN where items do not differ."""
    n, columns, squares, means = sums[..., 0], sums[..., 1 : k + 1], sums[..., k + 1], sums[..., k + 2]
    grand = columns.sum(axis=-1) ** 2 / (n * k)
    between = k * means - grand
    replicates = (columns**2).sum(axis=-1) / n - grand
    with np.errstate(invalid="ignore", divide="ignore"):
        rows = np.where(between > 1e-12 * np.maximum(squares, 1e-300), between / (n - 1), np.nan)
        error = (squares - grand - between - replicates) / ((n - 1) * (k - 1))
        single = (rows - error) / (rows + (k - 1) * error + k * (replicates / (k - 1) - error) / n)
        return np.asarray(single), np.asarray((rows - error) / rows)


def wandering(table: Floats, places: Places) -> Estimate | None:
    """SD of single calls within items, in points, of ``table`` [n, k] with NaN where unscored. None without a repeated item."""
    scored = ~np.isnan(table)
    counts = scored.sum(axis=1)
    kept = counts >= 2
    if not kept.any():
        return None
    means = np.where(scored, table, 0.0).sum(axis=1) / np.maximum(counts, 1)
    squares = (np.where(scored, table - means[:, None], 0.0) ** 2).sum(axis=1)
    sums = places.sums(np.stack([np.where(kept, squares, 0.0), np.where(kept, counts - 1.0, 0.0)], axis=1))

    def deviation(drawn: Floats) -> Floats:
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.sqrt(drawn[..., 0] / drawn[..., 1]))

    return estimate(float(deviation(sums.sum(axis=0))), deviation(places.weights @ sums), places)
