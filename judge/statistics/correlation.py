"""Correlations of two scores with intervals over places: Pearson, Spearman, Kendall's tau-b, and within and between places.

Pearson r = Sxy / sqrt(Sxx Syy); Spearman: r of mid-ranks; tau-b = S / sqrt(Tx Ty), S = sum of sign(xi-xj) sign(yi-yj),
T = pairs that are not tied (Kendall 1945). Within: r of deviations from the place's mean; between: r of place means (Snijders
& Bosker 2012, ch. 3). Resamples are exact: ranks are taken anew under the weights, tau's pairs are kept by pair of places.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from judge.statistics.bootstrap import RESAMPLES, Estimate, Floats, Places, estimate, places_of

_BLOCK = 256


@dataclass(frozen=True, slots=True)
class Correlations:
    """All of one pairing of scores, every one with its interval."""

    pearson: Estimate
    spearman: Estimate
    kendall: Estimate
    within: Estimate
    between: Estimate


def correlations(
    x: Sequence[float], y: Sequence[float], names: Sequence[str], resamples: int = RESAMPLES
) -> Correlations | None:
    """None with fewer than three pairs."""
    if len(x) < 3:
        return None
    places = places_of(names, resamples)
    first, second = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    return Correlations(
        pearson(first, second, places),
        spearman(first, second, places),
        kendall(first, second, places),
        *within_between(first, second, places),
    )


def pearson(x: Floats, y: Floats, places: Places) -> Estimate:
    """R from six sums a place."""
    sums = places.sums(_moments(x - x.mean(), y - y.mean()))
    return estimate(float(from_moments(sums.sum(axis=0))), from_moments(places.weights @ sums), places)


def spearman(x: Floats, y: Floats, places: Places) -> Estimate:
    """R of mid-ranks, ranked anew in every resample."""
    whole = _rank_correlation(x, y, np.ones((1, len(x))))[0]
    blocks = [
        _rank_correlation(x, y, places.weights[start : start + _BLOCK][:, places.index])
        for start in range(0, len(places.weights), _BLOCK)
    ]
    return estimate(float(whole), np.concatenate(blocks), places)


def kendall(x: Floats, y: Floats, places: Places) -> Estimate:
    """tau-b from three matrices [place, place]; memory grows with items times a block, not with items squared."""
    concordance, free_x, free_y = np.zeros((3, places.count, places.count))
    member = np.zeros((len(x), places.count))
    member[np.arange(len(x)), places.index] = 1
    for start in range(0, len(x), _BLOCK):
        rows = slice(start, start + _BLOCK)
        sign_x, sign_y = np.sign(x[rows, None] - x), np.sign(y[rows, None] - y)
        by_place = member[rows].T
        concordance += by_place @ (sign_x * sign_y @ member)
        free_x += by_place @ (np.abs(sign_x) @ member)
        free_y += by_place @ (np.abs(sign_y) @ member)

    def tau(weights: Floats) -> Floats:
        pairs, x_pairs, y_pairs = (
            np.einsum("bi,bi->b", weights @ matrix, weights) for matrix in (concordance, free_x, free_y)
        )
        return _ratio(pairs, x_pairs * y_pairs)

    return estimate(float(tau(np.ones((1, places.count)))[0]), tau(places.weights), places)


def within_between(x: Floats, y: Floats, places: Places) -> tuple[Estimate, Estimate]:
    """(within, between): deviations pooled over places; place means, each place once."""
    sums = places.sums(_moments(x - x.mean(), y - y.mean()))
    n, sx, sy, sxx, syy, sxy = sums.T
    inner = np.stack([sxx - sx * sx / n, syy - sy * sy / n, sxy - sx * sy / n], axis=1)
    inner[n == 1] = 0
    means = _moments(sx / n, sy / n)

    def within(drawn: Floats) -> Floats:
        return _ratio(drawn[..., 2], drawn[..., 0] * drawn[..., 1])

    return (
        estimate(float(within(inner.sum(axis=0))), within(places.weights @ inner), places),
        estimate(float(from_moments(means.sum(axis=0))), from_moments(places.weights @ means), places),
    )


def mismatched(
    x: Sequence[float], y: Sequence[float], names: Sequence[str], resamples: int = RESAMPLES
) -> Estimate | None:
    """Negative control: each x with the next item's y of the same place; r within places must be about 0.

    None with fewer than three items in places of two or more. With m items a place chance alone gives -1/(m-1), not 0.
    """
    shared: defaultdict[str, list[int]] = defaultdict(list)
    for position, name in enumerate(names):
        shared[name].append(position)
    moved = {
        item: ones[(turn + 1) % len(ones)]
        for ones in shared.values()
        if len(ones) > 1
        for turn, item in enumerate(ones)
    }
    if len(moved) < 3:
        return None
    places = places_of([names[item] for item in moved], resamples)
    first, second = np.asarray([x[item] for item in moved]), np.asarray([y[item] for item in moved.values()])
    return within_between(first, second, places)[0]


def from_moments(drawn: Floats) -> Floats:
    """R of sums [..., (n, x, y, xx, yy, xy)]; NaN where a score does not vary."""
    n, x, y, xx, yy, xy = np.moveaxis(drawn, -1, 0)
    spread_x, spread_y = _spread(xx, x, n), _spread(yy, y, n)
    return _ratio(xy - x * y / n, spread_x * spread_y)


def _spread(squares: Floats, total: Floats, n: Floats) -> Floats:
    """Sum of squared deviations; rounding of a constant is not spread."""
    spread = squares - total * total / n
    return np.asarray(np.where(spread > 1e-12 * squares, spread, 0.0))


def _moments(x: Floats, y: Floats) -> Floats:
    return np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], axis=1)


def _ratio(over: Floats, under_squared: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(under_squared > 0, over / np.sqrt(under_squared), np.nan))


def _rank_correlation(x: Floats, y: Floats, weights: Floats) -> Floats:
    """``weights`` [resamples, items] are how often each item was drawn."""
    middle = (weights.sum(axis=1, keepdims=True) + 1) / 2
    first, second = _ranks(x, weights) - middle, _ranks(y, weights) - middle
    products = [
        np.einsum("bi,bi,bi->b", weights, left, two)
        for left, two in ((first, second), (first, first), (second, second))
    ]
    return _ratio(products[0], products[1] * products[2])


def _ranks(values: Floats, weights: Floats) -> Floats:
    _, level = np.unique(values, return_inverse=True)
    order = np.argsort(level, kind="stable")
    starts = np.flatnonzero(np.diff(level[order], prepend=-1))
    held = np.add.reduceat(weights[:, order], starts, axis=1)
    return np.asarray((np.cumsum(held, axis=1) - held + (held + 1) / 2)[:, level])
