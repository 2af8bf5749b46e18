"""Differences on purpose: dose-response of planted errors, tuned against base on the same questions, and what could be detected.

Slope: least squares with cluster-robust CR1 errors, V = G/(G-1) (N-1)/(N-K) (X'X)^-1 (sum X_g'u_g u_g'X_g) (X'X)^-1, t with
G-1 degrees (Cameron & Miller 2015, as statsmodels). Paired: mean of one side minus the other, clustered; clustered sign
test (families.py); d_z = mean / SD. MDE = (z_.975 + z_.80) SE (Bloom 1995). Where nothing varies there is no interval.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from scipy.stats import t

from judge.statistics.clustered_mean import ROUNDING, MeanWithInterval, clustered_mean
from judge.statistics.families import clustered_sign_test, p_of_mean


@dataclass(frozen=True, slots=True)
class Slope:
    """Points (0 to 10) a planted fault; the interval respects places, and is None where no two totals differ."""

    slope: float
    low: float | None
    high: float | None
    items: int
    places: int


@dataclass(frozen=True, slots=True)
class Paired:
    """One side minus the other, in points.

    ``p`` (of the mean) and ``sign_p`` are two-sided and know of places; ``detectable``: smallest true difference seen with
    power 0.8.
    """

    difference: MeanWithInterval
    p: float | None
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
    if float(np.ptp(y)) <= ROUNDING * float(np.abs(y).max()):
        return Slope(0.0, None, None, n, places)
    inverse = np.linalg.inv(design.T @ design)
    fitted = inverse @ design.T @ y
    scores = design * (y - design @ fitted)[:, None]
    by_place = np.stack([np.bincount(group, weights=column) for column in scores.T], axis=1)
    correction = places / (places - 1) * (n - 1) / (n - 2)
    variance = correction * inverse @ by_place.T @ by_place @ inverse
    # Points on a line leave a variance of rounding alone, which may be below zero.
    reach = float(t.ppf(0.975, places - 1)) * math.sqrt(max(0.0, variance[1, 1]))
    return Slope(float(fitted[1]), float(fitted[1]) - reach, float(fitted[1]) + reach, n, places)


def paired(base: Sequence[float], tuned: Sequence[float], names: Sequence[str]) -> Paired | None:
    """Same questions in the same order. None without any."""
    gaps = [after - before for before, after in zip(base, tuned, strict=True)]
    mean = clustered_mean(gaps, names)
    if mean is None:
        return None
    wins, losses = sum(gap > 0 for gap in gaps), sum(gap < 0 for gap in gaps)
    spread = float(np.std(gaps, ddof=1)) if max(gaps) > min(gaps) else 0.0
    error = standard_error(mean)
    return Paired(
        mean,
        p_of_mean(gaps, names),
        wins,
        len(gaps) - wins - losses,
        losses,
        clustered_sign_test(gaps, names)[1],
        mean.mean / spread if spread > 0 else None,
        minimum_detectable(error) if error else None,
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
