"""Mean with a confidence interval that respects clusters (places): items of one place share their map.

SE = (1/n) sqrt(C/(C-1) sum_c (sum_{i in c} (s_i - mean))^2), t quantile with C-1 degrees of freedom
(Cameron & Miller 2015; Miller 2024, arXiv 2411.00640, appendix A).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.stats import t

ROUNDING = 1e-12
"""Of the largest value: two values that are closer are the same number, computed in two ways."""


@dataclass(frozen=True, slots=True)
class MeanWithInterval:
    """``low`` and ``high`` are None with fewer than two clusters: no spread can be known."""

    mean: float
    low: float | None
    high: float | None
    items: int
    clusters: int


def clustered_mean(values: Sequence[float], clusters: Sequence[str], *, level: float = 0.95) -> MeanWithInterval | None:
    """None without values: the mean of nothing is undefined, not zero."""
    if not values:
        return None
    mean = math.fsum(values) / len(values)
    count = len(set(clusters))
    if count < 2:
        return MeanWithInterval(mean, None, None, len(values), count)
    reach = float(t.ppf(0.5 + level / 2, count - 1)) * clustered_error(values, clusters)
    return MeanWithInterval(mean, mean - reach, mean + reach, len(values), count)


def clustered_error(values: Sequence[float], clusters: Sequence[str]) -> float:
    """SE of the mean, of at least two clusters; exactly 0 where no two values differ."""
    if max(values) - min(values) <= ROUNDING * max(map(abs, values)):
        return 0.0
    mean = math.fsum(values) / len(values)
    sums: defaultdict[str, float] = defaultdict(float)
    for value, cluster in zip(values, clusters, strict=True):
        sums[cluster] += value - mean
    return math.sqrt(len(sums) / (len(sums) - 1) * math.fsum(total * total for total in sums.values())) / len(values)
