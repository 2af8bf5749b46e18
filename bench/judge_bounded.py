"""Do the intervals of means on a scale hold the truth 95 % of the time? Means per group, differences, pairwise shares; JSON.

    python bench/judge_bounded.py [--simulations 2000] [--seed 1]

Worlds of places with known truths, built so that places differ and values end at their scale:
  totals: 0 to 10 on half points, most near the top; share: of right facts of an answer, most of them 1;
  difference: of two origins on the same questions; pairs: 1, a half or 0 for a pair asked in both orders.
Each over 20, 40 or 150 places of 2 to 10 items. Truths are the means of two million draws. Exit status 1 when a coverage
leaves 0.93 to 0.97 (by 3 Monte Carlo errors more with fewer than 2,000 simulations).
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections import Counter
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from judge.statistics.bounded import bounded_mean
from judge.statistics.clustered_mean import MeanWithInterval, clustered_mean

Floats = NDArray[np.float64]
LOW, HIGH = 0.93, 0.97
PLACES = (20, 40, 150)
DRAWS = 2_000_000


def latent(rng: np.random.Generator, place: NDArray[np.intp], places: int) -> Floats:
    """SD 1, a fifth of the variance the place's."""
    return np.asarray(rng.normal(0, math.sqrt(0.2), places)[place] + rng.normal(0, math.sqrt(0.8), len(place)))


def totals(true: Floats, rng: np.random.Generator) -> Floats:
    """Half points of a judge, mean of three calls, crowded below 10."""
    calls = 8.6 + 1.2 * true[:, None] + rng.normal(0, 0.7, (len(true), 3))
    return np.asarray(np.clip(np.round(2 * calls) / 2, 0, 10).mean(axis=1))


def share(true: Floats, rng: np.random.Generator) -> Floats:
    """Right facts of four, each right with a chance that hangs on the answer."""
    chance = 1 / (1 + np.exp(-(2.2 + true)))
    return np.asarray(rng.binomial(4, chance) / 4)


def difference(true: Floats, rng: np.random.Generator) -> Floats:
    """The same questions answered by two origins: what they share cancels."""
    return share(true, rng) - share(true - 0.6, rng)


def pairs(true: Floats, rng: np.random.Generator) -> Floats:
    """Both orders agree, or the item counts a half."""
    liking = 0.4 + true
    first, second = (liking + rng.normal(0.3 * side, 1.0, len(true)) > 0 for side in (1, -1))
    return np.asarray((first.astype(float) + second.astype(float)) / 2)


CELLS: dict[str, Callable[[Floats, np.random.Generator], Floats]] = {
    "totals": totals,
    "share": share,
    "difference": difference,
    "pairs": pairs,
}


def interval(cell: str, values: Floats, names: list[str]) -> MeanWithInterval | None:
    """As the report takes it."""
    if cell == "difference":
        return clustered_mean(list(values), names)
    return bounded_mean(list(values), names, most=10.0 if cell == "totals" else 1.0)


def main() -> int:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulations", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    asked, started = parser.parse_args(), time.process_time()
    rng = np.random.default_rng(asked.seed)
    truths = {cell: float(make(rng.normal(0, 1, DRAWS), rng).mean()) for cell, make in CELLS.items()}
    held = Counter[tuple[str, int]]()
    for places in PLACES:
        for _ in range(asked.simulations):
            place = np.repeat(np.arange(places), rng.integers(2, 11, places))
            names, true = [str(number) for number in place], latent(rng, place, places)
            for cell, make in CELLS.items():
                mean = interval(cell, make(true, rng), names)
                held[cell, places] += (
                    mean is not None
                    and mean.low is not None
                    and mean.high is not None
                    and mean.low <= truths[cell] <= mean.high
                )
    coverage = {
        f"{cell}, {places} places": held[cell, places] / asked.simulations for cell in CELLS for places in PLACES
    }
    error = math.sqrt(0.95 * 0.05 / asked.simulations)
    slack = 3 * error if asked.simulations < 2_000 else 0.0
    result = {"simulations": asked.simulations, "monte_carlo_error": round(error, 4), "coverage": coverage}
    print(json.dumps(result | {"truths": truths, "cpu_s": round(time.process_time() - started, 1)}))
    return int(any(not LOW - slack <= share <= HIGH + slack for share in coverage.values()))


if __name__ == "__main__":
    sys.exit(main())
