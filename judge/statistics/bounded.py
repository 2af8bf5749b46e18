"""Intervals of means on a scale that ends (a share, a total of 0 to 10): they stay on it, and do not vanish at its ends.

Score interval of Wilson (1927) with the effective number n = p (1-p) / SE^2 of independent items, where p is the mean
brought to 0..1 and SE its clustered error (Korn & Graubard 1998; Dean & Pagano 2015), and Student's quantile t for C - 1
degrees of freedom in the place of the normal one:

  (p + t^2/2n  ±  t sqrt(p (1-p) / n + t^2 / 4n^2)) / (1 + t^2/n)

Where all values are the same end of the scale, SE is 0 and n is taken as the number of places: nothing is known of spread
within them. Where all are the same value inside the scale, nothing varies to tell, and there is no interval.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from scipy.stats import t

from judge.statistics.clustered_mean import MeanWithInterval, clustered_error, clustered_mean

ROUNDING = 1e-12


def bounded_mean(
    values: Sequence[float], clusters: Sequence[str], *, least: float = 0.0, most: float = 1.0
) -> MeanWithInterval | None:
    """The mean of values between ``least`` and ``most``, with a 95 % interval that stays there. None without values.

    Values beyond either end are on another scale: their interval is that of clustered_mean.
    """
    plain = clustered_mean(values, clusters)
    if plain is None or plain.clusters < 2 or min(values) < least or max(values) > most:
        return plain
    share = min(1.0, max(0.0, (plain.mean - least) / (most - least)))
    error = clustered_error(values, clusters) / (most - least)
    if error <= ROUNDING:
        if ROUNDING < share < 1 - ROUNDING:
            return replace(plain, low=None, high=None)
        share, effective = float(round(share)), float(plain.clusters)
    else:
        effective = share * (1 - share) / error**2
    low, high = wilson(share, effective, float(t.ppf(0.975, plain.clusters - 1)))
    return replace(plain, low=least + low * (most - least), high=least + high * (most - least))


def wilson(share: float, n: float, quantile: float) -> tuple[float, float]:
    """Both ends, within 0 and 1."""
    square = quantile**2 / n
    middle = (share + square / 2) / (1 + square)
    reach = quantile * math.sqrt(share * (1 - share) / n + square / (4 * n)) / (1 + square)
    return max(0.0, middle - reach), min(1.0, middle + reach)
