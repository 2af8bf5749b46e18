"""Krippendorff's alpha between replicates or judges: 1 - D_o / D_e, with missing scores allowed; used for report and summary.

D_o = sum_ck o_ck d(c,k) / n, D_e = sum_ck n_c n_k d(c,k) / (n (n-1)); interval: d = (c-k)^2; ordinal: d = (sum of n_g for
g from c to k - (n_c+n_k)/2)^2 (Krippendorff 2004, ch. 11; Hayes & Krippendorff 2007).
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from judge.statistics.bootstrap import Floats


def krippendorff_alpha(table: Floats, level: Literal["ordinal", "interval"]) -> float | None:
    """``table`` [items, raters], NaN where there is no score. None where no two scores of an item differ at all."""
    known = ~np.isnan(table)
    table, known = table[known.sum(axis=1) >= 2], known[known.sum(axis=1) >= 2]
    if not len(table):
        return None
    values = np.unique(table[known])
    counts = np.stack([(table == value).sum(axis=1) for value in values], axis=1).astype(np.float64)
    raters = counts.sum(axis=1)
    share = counts / (raters - 1)[:, None]
    seen = share.T @ counts - np.diag(share.sum(axis=0))
    totals = counts.sum(axis=0)
    distance = _distance(values, totals, level)
    expected = (np.outer(totals, totals) * distance).sum() / (totals.sum() - 1)
    return float(1 - (seen * distance).sum() / expected) if expected > 0 else None


def _distance(values: Floats, totals: Floats, level: Literal["ordinal", "interval"]) -> Floats:
    if level == "interval":
        return np.asarray((values[:, None] - values) ** 2)
    middle = np.cumsum(totals) - totals / 2
    return np.asarray((middle[:, None] - middle) ** 2)
