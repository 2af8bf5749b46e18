"""Does a judge score later calls as it scored the first? The slope of totals over the order in which calls were answered.

Least squares of the total on the rank of its call (0 the first, 1 the last) with a constant for every kind of item (rubric,
design, group, edit, dose) and, where a sample was edited in many ways that are asked at different times, for every sample:
what is compared is the same text early and late. Both are swept out by turns until nothing moves, which is least squares
with those constants (Frisch & Waugh 1933; Guimaraes & Portugal 2010). Clustered CR1 errors without the correction for the
constants, t of places - 1 degrees. The slope is in points between the first call and the last.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t

from judge.statistics.bootstrap import Floats
from judge.statistics.calls import VerdictRow
from judge.statistics.comparison import Slope

SWEEPS = 500
STILL = 1e-13
LEAST_FREE = 0.5
"""Share of the calls that must be left once the constants are paid for: a first few dozen questions are of nearly as many kinds
and samples, and what fits them all leaves no error to measure drift by."""


def drift(rows: Sequence[VerdictRow]) -> Slope | None:
    """Of one judge's standard calls.

    None without times, with fewer than two places, with too few calls for the constants, or where all came at once.
    """
    timed = sorted(
        (row for row in rows if row.design == "standard" and row.total is not None and row.asked_at is not None),
        key=lambda row: (row.asked_at or 0.0, row.item_id, row.rubric, row.replicate),
    )
    places = sorted({row.place_id for row in timed})
    if len(places) < 2 or len({row.asked_at for row in timed}) < 3:
        return None
    rank = np.linspace(0.0, 1.0, len(timed))
    kinds = _codes([f"{row.rubric} {row.group} {row.item_kind} {row.edit} {row.dose}" for row in timed])
    edited = {row.sample_id for row in timed if row.edit is not None}
    # Only samples with edits have calls at many times; the others would lose all that they can tell.
    samples = _codes([f"{row.rubric} {row.sample_id if row.sample_id in edited else ''}" for row in timed])
    constants = int(kinds.max()) + int(samples.max()) + 1
    if len(timed) - constants - 1 < LEAST_FREE * len(timed):
        return None
    totals = np.asarray([row.total for row in timed], dtype=np.float64)
    x, y = _swept(rank, (kinds, samples)), _swept(totals, (kinds, samples))
    return _slope(x, y, _codes([row.place_id for row in timed]))


def _codes(names: Sequence[str]) -> NDArray[np.intp]:
    return np.unique(np.asarray(names, dtype=str), return_inverse=True)[1].astype(np.intp)


def _swept(values: Floats, factors: Sequence[NDArray[np.intp]]) -> Floats:
    """What is left of ``values`` once the mean of every level of every factor is taken out."""
    left: Floats = values - values.mean()
    for _ in range(SWEEPS):
        before = left
        for factor in factors:
            means = np.bincount(factor, weights=left) / np.maximum(np.bincount(factor), 1)
            left = np.asarray(left - means[factor])
        if float(np.abs(left - before).max()) < STILL:
            break
    return left


def _slope(x: Floats, y: Floats, place: NDArray[np.intp]) -> Slope | None:
    spread, count = float(x @ x), int(place.max()) + 1
    if spread <= STILL:
        return None
    slope = float(x @ y) / spread
    left = y - slope * x
    if float(np.abs(left).max()) <= STILL * max(1.0, float(np.abs(y).max())) and abs(slope) <= STILL:
        return Slope(0.0, None, None, len(x), count)
    by_place = np.bincount(place, weights=x * left)
    correction = count / (count - 1) * (len(x) - 1) / (len(x) - 2)
    reach = float(t.ppf(0.975, count - 1)) * math.sqrt(correction * float(by_place @ by_place)) / spread
    return Slope(slope, slope - reach, slope + reach, len(x), count)
