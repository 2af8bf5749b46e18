"""Test-retest reliability of replicates: ICC(2,1) and ICC(3,k) from the two-way ANOVA (Shrout & Fleiss 1979).

ICC(2,1) = (MSR - MSE) / (MSR + (k-1) MSE + k (MSC - MSE) / n); ICC(3,k) = (MSR - MSE) / MSR. Rows are items, columns are
replicates; every item needs every replicate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Reliability:
    """Single-call and mean-of-k reliability; NaN where the items do not differ at all."""

    icc_2_1: float
    icc_3_k: float
    items: int
    replicates: int


def reliability(table: NDArray[np.float64]) -> Reliability | None:
    """``table`` [n, k]. None with fewer than two items or replicates."""
    n, k = table.shape
    if n < 2 or k < 2:
        return None
    grand = table.mean()
    rows = k * ((table.mean(axis=1) - grand) ** 2).sum() / (n - 1)
    columns = n * ((table.mean(axis=0) - grand) ** 2).sum() / (k - 1)
    residual = table - table.mean(axis=1, keepdims=True) - table.mean(axis=0, keepdims=True) + grand
    error = (residual**2).sum() / ((n - 1) * (k - 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        single = (rows - error) / (rows + (k - 1) * error + k * (columns - error) / n)
        mean_of_k = (rows - error) / rows
    return Reliability(float(single), float(mean_of_k), n, k)
