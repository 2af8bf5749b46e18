"""Does a judge score texts alike in which code finds nothing wrong? How far their scores differ beyond the wandering of calls.

Standard deviation of the items' true means, sqrt(var(m_i) - w^2 mean(1/k_i)): m_i the mean of k_i calls about item i, w^2 the
mean square within items; with the same k throughout it is the one-way random-effects component (MSB - MSW) / k (Searle,
Casella & McCulloch 1992), and 0 where chance explains all. Intervals resample places.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from judge.statistics.bootstrap import Estimate, Floats, Places, estimate, places_of
from judge.statistics.calls import Calls

GROUP = "data"


@dataclass(frozen=True, slots=True)
class Evenness:
    """Of one rubric's totals over sound samples, in points. ``spread`` None: no sample was asked twice."""

    rubric: str
    spread: Estimate


def evenness(calls: Calls, rubric: str, sound: Mapping[str, bool], resamples: int) -> Evenness | None:
    """None without two sound samples that were asked more than once."""
    items = calls.replicated(rubric, GROUP)
    kept = [position for position, item in enumerate(items) if sound.get(item)]
    if len(kept) < 2:
        return None
    places = places_of([calls.items[items[position]].place_id for position in kept], resamples)
    spread = item_spread(calls.table(rubric, GROUP)[kept], places)
    return None if spread is None else Evenness(rubric, spread)


def item_spread(table: Floats, places: Places) -> Estimate | None:
    """Of ``table`` [n, k] with NaN where unscored. None where no item was scored twice."""
    scored = ~np.isnan(table)
    counts = scored.sum(axis=1)
    if (counts >= 2).sum() < 2:
        return None
    table, counts = table[counts >= 1], counts[counts >= 1]
    kept = ~np.isnan(table)
    means = np.where(kept, table, 0.0).sum(axis=1) / counts
    centred = means - means.mean()
    within = (np.where(kept, table - means[:, None], 0.0) ** 2).sum(axis=1)
    columns = np.stack([np.ones_like(means), centred, centred**2, within, counts - 1.0, 1.0 / counts], axis=1)
    sums = places.sums(columns)

    def deviation(drawn: Floats) -> Floats:
        n, first, second, squares, freedom, shares = np.moveaxis(drawn, -1, 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            between = (second - first**2 / n) / (n - 1)
            return np.asarray(np.sqrt(np.maximum(0.0, between - squares / freedom * shares / n)))

    return estimate(float(deviation(sums.sum(axis=0))), deviation(places.weights @ sums), places)
