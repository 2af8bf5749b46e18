"""How much of a correlation is the call and not the items: same-call against cross-call r, the halo, and disattenuated r*.

halo = r(both scores of one call) - r(one call each), on the same items (Thorndike 1920; Campbell & Fiske 1959).
r* = r(means of k) / sqrt(ICC(3,k)x ICC(3,k)y) (Spearman 1904; Shrout & Fleiss 1979). r* may exceed 1 and is not clipped;
where an ICC is not positive r* has no value. Intervals resample places, the whole ratio at once; a resample without a
positive ICC counts as the limit towards zero reliability, sign(r) times infinity, so such an interval may be open.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from judge.statistics.bootstrap import Estimate, Floats, Places, estimate
from judge.statistics.correlation import from_moments


@dataclass(frozen=True, slots=True)
class Halo:
    """Single calls against single calls; ``halo`` is same minus cross, resampled as one."""

    same_call: Estimate
    cross_call: Estimate
    halo: Estimate


@dataclass(frozen=True, slots=True)
class Disattenuated:
    """Means of replicates: what correlates, how reliable each side is, and what would correlate without noise."""

    cross_call: Estimate
    reliability_x: Estimate
    reliability_y: Estimate
    r_star: Estimate


def halo(same_x: Floats, same_y: Floats, x: Floats, y: Floats, places: Places) -> Halo:
    """``same_*`` [n]: one call's two scores; ``x`` [n, j], ``y`` [n, k]: single calls of each rubric on the same items.

    The cross-call r is the mean of the j times k correlations of single calls: the same-call r has one replicate too.
    """
    same, same_drawn = _pair(same_x, same_y, places)
    pairs = [_pair(first, second, places) for first in x.T for second in y.T]
    cross = float(np.mean([value for value, _ in pairs]))
    cross_drawn = np.mean([drawn for _, drawn in pairs], axis=0)
    return Halo(
        estimate(same, same_drawn, places),
        estimate(cross, cross_drawn, places),
        estimate(same - cross, same_drawn - cross_drawn, places),
    )


def disattenuated(x: Floats, y: Floats, places: Places) -> Disattenuated:
    """``x`` [n, j], ``y`` [n, k]: replicates of each rubric, at least two. Raises ValueError with fewer."""
    if x.shape[1] < 2 or y.shape[1] < 2:
        raise ValueError("Reliability needs at least two replicates of each rubric: judge again with more.")
    sums = places.sums(np.concatenate([_table(x - x.mean()), _table(y - y.mean()), _product(x, y)], axis=1))
    columns = (x.shape[1], y.shape[1])
    whole, drawn = _ratios(sums.sum(axis=0), columns), _ratios(places.weights @ sums, columns)
    made = [estimate(float(value), resampled, places) for value, resampled in zip(whole, drawn, strict=True)]
    return Disattenuated(made[0], made[1], made[2], made[3])


def _pair(x: Floats, y: Floats, places: Places) -> tuple[float, Floats]:
    first, second = x - x.mean(), y - y.mean()
    ones = np.ones_like(first)
    sums = places.sums(np.stack([ones, first, second, first**2, second**2, first * second], axis=1))
    return float(from_moments(sums.sum(axis=0))), from_moments(places.weights @ sums)


def _table(scores: Floats) -> Floats:
    """Columns whose sums give both mean squares: each replicate, all squares, squares of the item's mean."""
    return np.column_stack([scores, (scores**2).sum(axis=1), scores.mean(axis=1) ** 2])


def _product(x: Floats, y: Floats) -> Floats:
    return np.column_stack([(x - x.mean()).mean(axis=1) * (y - y.mean()).mean(axis=1), np.ones(len(x))])


def _ratios(drawn: Floats, columns: tuple[int, int]) -> tuple[Floats, Floats, Floats, Floats]:
    """(r of means, ICC(3,k) of x, of y, r*) of sums [..., m]."""
    j, k = columns
    n, product = drawn[..., -1], drawn[..., -2]
    mean_x, spread_x, noise_x = _squares(drawn[..., : j + 2], n, j)
    mean_y, spread_y, noise_y = _squares(drawn[..., j + 2 : j + k + 4], n, k)
    with np.errstate(invalid="ignore", divide="ignore"):
        r = (product - n * mean_x * mean_y) / np.sqrt(spread_x * spread_y)
        icc_x, icc_y = 1 - noise_x / spread_x, 1 - noise_y / spread_y
        star = np.where((icc_x > 0) & (icc_y > 0), r / np.sqrt(np.abs(icc_x * icc_y)), r * np.inf)
    return r, icc_x, icc_y, np.asarray(star)


def _squares(sums: Floats, n: Floats, k: int) -> tuple[Floats, Floats, Floats]:
    """(grand mean, squares between items' means, squares of noise in them): MSR / k and MSE / k, times n - 1."""
    means = sums[..., :k] / n[..., None]
    grand = means.mean(axis=-1)
    between = sums[..., k + 1] - n * grand**2
    columns = n * ((means - grand[..., None]) ** 2).sum(axis=-1)
    noise = (sums[..., k] - k * sums[..., k + 1] - columns) / (k - 1) / k
    return grand, between, noise
