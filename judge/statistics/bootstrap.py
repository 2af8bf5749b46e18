"""Resampling of whole places: items of one place share their map, so places are what is drawn. Used by every interval here.

A statistic that is a function of sums needs those sums once a place; a resample is then weights times sums (Davison &
Hinkley 1997, 2.4 and 3.8; Cameron & Miller 2015). Undefined resamples are never dropped: they count as beyond either end.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
RESAMPLES = 2_000
SEED = 20_261_123


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number and its 95 % percentile interval over places.

    ``value`` is None where it is undefined (nothing varies); an end is None where more undefined resamples than the tail
    holds (2.5 %) leave it unknown; ``undefined`` is their share of all resamples.
    """

    value: float | None
    low: float | None
    high: float | None
    items: int
    places: int
    undefined: float = 0.0

    @property
    def known(self) -> bool:
        """Whether there is a value and at least one end; with neither end the value says nothing (unless there is one place)."""
        return self.value is not None and (self.places < 2 or self.low is not None or self.high is not None)


@dataclass(frozen=True, slots=True)
class Places:
    """Which place each item is of, and how often each resample drew each place."""

    index: NDArray[np.intp]
    count: int
    weights: Floats
    """[resamples, places]"""

    def sums(self, columns: Floats) -> Floats:
        """``columns`` [items, m] added up by place: [places, m]."""
        added = [np.bincount(self.index, weights=column, minlength=self.count) for column in columns.T]
        return np.stack(added, axis=1)


def draw(places: int, resamples: int = RESAMPLES, seed: int = SEED) -> Floats:
    """[resamples, places]: multinomial counts, each row adds up to ``places``."""
    return np.random.default_rng(seed).multinomial(places, np.full(places, 1 / places), resamples).astype(np.float64)


def places_of(names: Sequence[str], resamples: int = RESAMPLES, seed: int = SEED) -> Places:
    """Raises ValueError without items."""
    if not names:
        raise ValueError("There are no items to resample: give at least one.")
    distinct, index = np.unique(np.asarray(names, dtype=str), return_inverse=True)
    return Places(index.astype(np.intp), len(distinct), draw(len(distinct), resamples, seed))


def estimate(value: float, resampled: Floats, places: Places) -> Estimate:
    """Percentile interval; a NaN resample lies below the low end and above the high end at once, an infinite one where it is."""
    items, undefined = len(places.index), float(1 - np.isfinite(resampled).mean())
    point = value if math.isfinite(value) else None
    if places.count < 2:
        return Estimate(point, None, None, items, places.count, undefined)
    low = _end(np.where(np.isnan(resampled), -np.inf, resampled), 0.025)
    high = _end(np.where(np.isnan(resampled), np.inf, resampled), 0.975)
    return Estimate(point, low, high, items, places.count, undefined)


def _end(resampled: Floats, share: float) -> float | None:
    end = float(np.quantile(resampled, share, method="inverted_cdf"))
    return end if math.isfinite(end) else None


def bootstrap_mean(values: Sequence[float], names: Sequence[str], resamples: int = RESAMPLES) -> Estimate:
    """Mean = sum / count over the drawn places; both are resampled, since places differ in size."""
    places = places_of(names, resamples)
    column = np.asarray(values, dtype=np.float64)
    sums = places.sums(np.stack([np.ones_like(column), column], axis=1))
    drawn = places.weights @ sums
    return estimate(float(column.mean()), drawn[:, 1] / drawn[:, 0], places)
