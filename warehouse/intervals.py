"""95 % intervals of what `chidian runs` shows: pure functions from counts per order to (value, low, high).

Slots of one order share a place, its evidence and one conversation, so orders are the clusters, never slots.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

Z: Final = 1.959964
"""97.5 % point of the normal distribution."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A value with its 95 % interval; the borders are None where the data are too few to say."""

    value: float
    low: float | None
    high: float | None


def wilson(share: float, n: float) -> Interval:
    """Wilson's score interval of a share of ``n`` independent trials (Wilson 1927).

    centre (p + z²/2n) / (1 + z²/n), half width z √(p(1-p)/n + z²/4n²) / (1 + z²/n).
    """
    if n <= 0:
        return Interval(share, None, None)
    square = Z * Z / n
    centre = (share + square / 2) / (1 + square)
    half = Z * math.sqrt(share * (1 - share) / n + square / (4 * n)) / (1 + square)
    return Interval(share, max(0.0, centre - half), min(1.0, centre + half))


def clustered_share(pairs: Sequence[tuple[int, int]]) -> Interval:
    """A share over clusters (successes, trials): Wilson's interval with the effective number of trials.

    p = Σs / Σn; its clustered variance is v = m/(m-1) Σ(sᵢ - p nᵢ)² / (Σn)² over m clusters (the ratio estimator's), and
    n_eff = p(1-p) / v, at most Σn; with v = 0 (all equal) or one cluster, the number of clusters.
    """
    trials = sum(n for _, n in pairs)
    if not trials:
        return Interval(0.0, None, None)
    share = sum(s for s, _ in pairs) / trials
    clusters = len(pairs)
    spread = sum((s - share * n) ** 2 for s, n in pairs)
    if clusters < 2 or spread == 0 or share in (0.0, 1.0):
        return wilson(share, clusters)
    variance = clusters / (clusters - 1) * spread / trials**2
    return wilson(share, min(float(trials), share * (1 - share) / variance))


def ratio(pairs: Sequence[tuple[float, float]]) -> Interval | None:
    """Σa / Σb over clusters (a, b), such as cost per accepted sample: ± z times the ratio estimator's standard error.

    se² = m/(m-1) Σ(aᵢ - R bᵢ)² / (Σb)² (Cochran 1977, 6.3). None without any b.
    """
    whole = sum(b for _, b in pairs)
    if whole <= 0:
        return None
    value = sum(a for a, _ in pairs) / whole
    clusters = len(pairs)
    if clusters < 2:
        return Interval(value, None, None)
    spread = sum((a - value * b) ** 2 for a, b in pairs)
    half = Z * math.sqrt(clusters / (clusters - 1) * spread) / whole
    return Interval(value, max(0.0, value - half), value + half)


def mean(values: Sequence[float]) -> Interval | None:
    """The mean of independent values ± z s/√n; None of none."""
    if not values:
        return None
    n = len(values)
    value = sum(values) / n
    if n < 2:
        return Interval(value, None, None)
    deviation = math.sqrt(sum((each - value) ** 2 for each in values) / (n - 1))
    return Interval(value, value - Z * deviation / math.sqrt(n), value + Z * deviation / math.sqrt(n))
