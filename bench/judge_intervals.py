"""Do our 95 % intervals hold the truth 95 % of the time? Worlds of places with known truths, many times; JSON.

    python bench/judge_intervals.py [--simulations 2000] [--resamples 1000] [--seed 1]

One world: 1,090 items at 150 places, a fifth of the variance by place, three replicates with noise of SD 0.5. Truths: mean 0;
slope -1 a dose; ICC(2,1) and interval alpha 1 / 1.25; Pearson r 0.3; AUROC Phi(1 / sqrt(2.5)) of items a point apart; sensitivity
0.8, specificity 0.9 and their kappa. Exit status 1 when a coverage leaves 0.93 to 0.97.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections import Counter
from collections.abc import Iterator
from statistics import NormalDist

import numpy as np

from judge.statistics.agreement import reliability
from judge.statistics.bootstrap import Floats, places_of
from judge.statistics.clustered_mean import clustered_mean
from judge.statistics.comparison import dose_slope
from judge.statistics.correlation import pearson
from judge.statistics.krippendorff import krippendorff_alpha
from judge.statistics.truth import auroc, decisions

ITEMS, PLACES, REPLICATES, PLACE_SHARE, NOISE = 1_090, 150, 3, 0.2, 0.5
R, SENSITIVITY, SPECIFICITY, FAULTY = 0.3, 0.8, 0.9, 0.25
LOW, HIGH = 0.93, 0.97
NAMES = [str(item % PLACES) for item in range(ITEMS)]
Interval = tuple[str, float, float | None, float | None]


def scores(rng: np.random.Generator) -> Floats:
    """True scores of SD 1, [items]: a fifth of the variance is the place's."""
    index = np.arange(ITEMS) % PLACES
    by_place = rng.normal(0, math.sqrt(PLACE_SHARE), PLACES)[index]
    return np.asarray(by_place + rng.normal(0, math.sqrt(1 - PLACE_SHARE), ITEMS))


def kappa() -> float:
    """Of a judge with this sensitivity and specificity, faults at this share."""
    hit, alarm = FAULTY * SENSITIVITY, (1 - FAULTY) * (1 - SPECIFICITY)
    agreed = hit + (1 - FAULTY) * SPECIFICITY
    flagged = hit + alarm
    chance = flagged * FAULTY + (1 - flagged) * (1 - FAULTY)
    return (agreed - chance) / (1 - chance)


def intervals(rng: np.random.Generator, resamples: int, seed: int) -> Iterator[Interval]:
    """(statistic, truth, low, high) of one world."""
    true = scores(rng)
    mean = clustered_mean(list(true), NAMES)
    assert mean is not None
    yield "mean", 0.0, mean.low, mean.high
    doses = rng.integers(0, 4, ITEMS)
    slope = dose_slope(list(doses), list(true - doses), NAMES)
    assert slope is not None
    yield "slope", -1.0, slope.low, slope.high
    table = true[:, None] + rng.normal(0, NOISE, (ITEMS, REPLICATES))
    places = places_of(NAMES, resamples, seed)
    agreed = reliability(table, places)
    assert agreed is not None
    icc = 1 / (1 + NOISE**2)
    yield "icc_2_1", icc, agreed.icc_2_1.low, agreed.icc_2_1.high
    alpha = krippendorff_alpha(table, "interval", places)
    assert alpha is not None
    yield "alpha", icc, alpha.low, alpha.high
    other = R * true + math.sqrt(1 - R**2) * scores(rng)
    interval = pearson(true, other, places)
    yield "pearson", R, interval.low, interval.high
    faulty = rng.random(ITEMS) < FAULTY
    area = auroc(list(table[:, 0] - faulty), list(~faulty), NAMES, resamples)
    assert area is not None
    yield "auroc", NormalDist().cdf(1 / math.sqrt(2 * (1 + NOISE**2))), area.low, area.high
    flagged = rng.random(ITEMS) < np.where(faulty, SENSITIVITY, 1 - SPECIFICITY)
    decided = decisions(list(flagged), list(faulty), NAMES, resamples)
    assert decided is not None
    for name, truth, interval in (
        ("sensitivity", SENSITIVITY, decided.sensitivity),
        ("specificity", SPECIFICITY, decided.specificity),
        ("kappa", kappa(), decided.kappa),
    ):
        yield name, truth, interval.low, interval.high


def main() -> int:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulations", type=int, default=2_000)
    parser.add_argument("--resamples", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    asked, started = parser.parse_args(), time.monotonic()
    rng, held = np.random.default_rng(asked.seed), Counter[str]()
    for _ in range(asked.simulations):
        for name, truth, low, high in intervals(rng, asked.resamples, asked.seed):
            held[name] += low is not None and high is not None and low <= truth <= high
    coverage = {name: round(count / asked.simulations, 4) for name, count in held.items()}
    error = math.sqrt(0.95 * 0.05 / asked.simulations)
    band = (LOW - 3 * error, HIGH + 3 * error) if asked.simulations < 2_000 else (LOW, HIGH)
    print(
        json.dumps(
            {
                "simulations": asked.simulations,
                "items": ITEMS,
                "places": PLACES,
                "monte_carlo_error": round(error, 4),
                "coverage": coverage,
                "wall_s": round(time.monotonic() - started, 1),
            }
        )
    )
    return int(any(not band[0] <= share <= band[1] for share in coverage.values()))


if __name__ == "__main__":
    sys.exit(main())
