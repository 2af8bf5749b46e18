"""Many comparisons at once: Holm's rule over a family named beforehand, and a sign test that knows of places.

Holm (1979): p-values in rising order, each times the number not yet decided, never falling; refuse while below the level.
Sign test of clustered pairs: the mean of the signs of the differences that are not 0, its clustered error with t of C - 1
degrees of freedom (the intercept alone by least squares with CR1 errors); Dixon & Mood's exact test takes pairs of one
place for independent and is too sure of itself (Datta & Satten 2008).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from scipy.stats import t

from judge.statistics.clustered_mean import MeanWithInterval, clustered_error, clustered_mean


def holm(p_values: Sequence[float | None]) -> tuple[float | None, ...]:
    """Adjusted p-values in the order given; None stays None and is no member of the family."""
    order = sorted((p, position) for position, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    highest = 0.0
    for rank, (p, position) in enumerate(order):
        highest = max(highest, min(1.0, p * (len(order) - rank)))
        adjusted[position] = highest
    return tuple(adjusted)


def p_of_mean(values: Sequence[float], clusters: Sequence[str], *, null: float = 0.0) -> float | None:
    """Two-sided, of the mean against ``null``; None with one place or where nothing varies."""
    mean = clustered_mean(values, clusters)
    if mean is None or mean.clusters < 2:
        return None
    error = clustered_error(values, clusters)
    if error <= 0.0:
        return None
    return 2.0 * float(t.sf(abs(mean.mean - null) / error, mean.clusters - 1))


def clustered_sign_test(gaps: Sequence[float], clusters: Sequence[str]) -> tuple[MeanWithInterval | None, float | None]:
    """(mean sign of the non-zero differences, two-sided p). p is None without a difference, and with a single place.

    Where all signs agree there is no error to divide by: then each place is one toss of a coin, p = 2 (1/2)^C.
    """
    signs = [(math.copysign(1.0, gap), cluster) for gap, cluster in zip(gaps, clusters, strict=True) if gap != 0]
    values, names = [sign for sign, _ in signs], [name for _, name in signs]
    mean = clustered_mean(values, names)
    if mean is None or mean.clusters < 2:
        return mean, None
    return mean, 2.0 * 0.5**mean.clusters if abs(mean.mean) == 1.0 else p_of_mean(values, names)
