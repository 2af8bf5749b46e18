"""Differences on purpose: dose-response of planted errors, tuned against base on the same questions, and what could be detected.

Slope: least squares with cluster-robust CR1 errors, V = G/(G-1) (N-1)/(N-K) (X'X)^-1 (sum X_g'u_g u_g'X_g) (X'X)^-1, t with
G-1 degrees (Cameron & Miller 2015, as statsmodels). Paired: mean of tuned - base, clustered; exact sign test on non-ties
(Dixon & Mood 1946); d_z = mean / SD. MDE = (z_.975 + z_.80) SE (Bloom 1995).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from scipy.stats import binomtest, t

from judge.statistics.clustered_mean import MeanWithInterval, clustered_mean

NEGLIGIBLE = 0.2
"""Points on 0 to 10; a single half step of one of five dimensions moves the total by 0.5."""


@dataclass(frozen=True, slots=True)
class Slope:
    """Points (0 to 10) a planted fault; the interval respects places."""

    slope: float
    low: float
    high: float
    items: int
    places: int

    @property
    def shown(self) -> bool:
        """Whether the interval excludes zero."""
        return self.low > 0 or self.high < 0

    @property
    def negligible(self) -> bool:
        """Whether the whole interval lies within a fifth of a point: not only not shown, but shown to be small."""
        return self.low >= -NEGLIGIBLE and self.high <= NEGLIGIBLE


@dataclass(frozen=True, slots=True)
class Paired:
    """Tuned minus base, in points; ``sign_p`` is two-sided; ``detectable``: smallest true difference seen with power 0.8."""

    difference: MeanWithInterval
    wins: int
    ties: int
    losses: int
    sign_p: float | None
    d_z: float | None
    detectable: float | None


def dose_slope(doses: Sequence[float], totals: Sequence[float], names: Sequence[str]) -> Slope | None:
    """None with fewer than two places or doses."""
    _, group = np.unique(np.asarray(names, dtype=str), return_inverse=True)
    places, n = len(set(names)), len(doses)
    if places < 2 or len(set(doses)) < 2 or n < 3:
        return None
    design = np.column_stack([np.ones(n), np.asarray(doses, dtype=np.float64)])
    y = np.asarray(totals, dtype=np.float64)
    inverse = np.linalg.inv(design.T @ design)
    fitted = inverse @ design.T @ y
    scores = design * (y - design @ fitted)[:, None]
    by_place = np.stack([np.bincount(group, weights=column) for column in scores.T], axis=1)
    correction = places / (places - 1) * (n - 1) / (n - 2)
    variance = correction * inverse @ by_place.T @ by_place @ inverse
    reach = float(t.ppf(0.975, places - 1)) * math.sqrt(variance[1, 1])
    return Slope(float(fitted[1]), float(fitted[1]) - reach, float(fitted[1]) + reach, n, places)


def paired(base: Sequence[float], tuned: Sequence[float], names: Sequence[str]) -> Paired | None:
    """Same questions in the same order. None without any."""
    gaps = [after - before for before, after in zip(base, tuned, strict=True)]
    mean = clustered_mean(gaps, names)
    if mean is None:
        return None
    wins, losses = sum(gap > 0 for gap in gaps), sum(gap < 0 for gap in gaps)
    sign_p = float(binomtest(wins, wins + losses).pvalue) if wins + losses else None
    spread = float(np.std(gaps, ddof=1)) if len(gaps) > 1 else 0.0
    error = standard_error(mean)
    return Paired(
        mean,
        wins,
        len(gaps) - wins - losses,
        losses,
        sign_p,
        mean.mean / spread if spread > 0 else None,
        None if error is None else minimum_detectable(error),
    )


def minimum_detectable(error: float, *, power: float = 0.8, level: float = 0.95, freedom: float | None = None) -> float:
    """Smallest true effect that a two-sided test at ``level`` finds with ``power``, in the units of ``error``.

    With few degrees of ``freedom`` the quantiles are Student's, as in the test itself (Bloom 1995).
    """
    if freedom is not None:
        return float(t.ppf(0.5 + level / 2, freedom) + t.ppf(power, freedom)) * error
    normal = NormalDist()
    return (normal.inv_cdf(0.5 + level / 2) + normal.inv_cdf(power)) * error


def standard_error(mean: MeanWithInterval) -> float | None:
    """Back from a 95 % interval; None with one place."""
    if mean.low is None or mean.high is None:
        return None
    return (mean.high - mean.low) / 2 / float(t.ppf(0.975, mean.clusters - 1))
