"""Parameter recovery: worlds of known true r and halo, judged as our design does; how often the interval of r* holds the truth.

    python bench/judge_recovery.py [--simulations 2000] [--resamples 1000] [--seed 1] > recovery.json

World: true scores of SD 1, a fifth of their variance by place; each call adds noise of SD 0.5 and an error that all its
scores share (halo, SD), new in every call. Worlds outside this model are run at r = 0.3, halo = 1: their coverage is stated
with the mean of r*, which shows the direction of failure.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time

import numpy as np

from judge.statistics.bootstrap import Floats, Places, draw
from judge.statistics.clustered_mean import clustered_mean
from judge.statistics.halo import disattenuated

ITEMS, PLACES, REPLICATES, PLACE_SHARE, NOISE = 1_090, 150, 3, 0.2, 0.5
TRUE_R, HALOS = (0.0, 0.3, 0.6), (0.0, 1.0, 2.0, 4.0)
OUTSIDE = ("ceiling", "item_halo", "missing_low")


def world(rng: np.random.Generator, places: Places, r: float, halo: float) -> tuple[Floats, Floats, Floats]:
    """(x [n, 3], y [n, 3] of separate calls, one same-call pair [n, 2])."""
    mix = np.linalg.cholesky(np.array([[1, r], [r, 1]]))
    by_place = rng.normal(0, math.sqrt(PLACE_SHARE), (PLACES, 2))[places.index]
    true = (by_place + rng.normal(0, math.sqrt(1 - PLACE_SHARE), (ITEMS, 2))) @ mix.T
    calls = [true[:, [side]] + rng.normal(0, math.hypot(NOISE, halo), (ITEMS, REPLICATES)) for side in (0, 1)]
    return calls[0], calls[1], true + rng.normal(0, NOISE, (ITEMS, 2)) + rng.normal(0, halo, (ITEMS, 1))


def bent(rng: np.random.Generator, kind: str, x: Floats, y: Floats) -> tuple[Floats, Floats, Floats]:
    """(x, y, kept [n]) after what the model of r* does not know."""
    kept = np.ones(ITEMS, dtype=bool)
    if kind == "ceiling":
        return np.minimum(x, 0.5), np.minimum(y, 0.5), kept
    if kind == "item_halo":
        shared = rng.normal(0, 1, (ITEMS, 1))
        return x + shared, y + shared, kept
    kept = rng.random(ITEMS) > np.where(x.mean(axis=1) < 0, 0.4, 0.0)
    return x, y, kept


def cell(
    rng: np.random.Generator, places: Places, r: float, halo: float, simulations: int, kind: str
) -> dict[str, object]:
    """One combination: coverage with its Monte-Carlo error, and what was found on average."""
    held = mean_held = unbounded = 0
    stars, same_calls, crosses = [], [], []
    names = [str(number) for number in places.index]
    for _ in range(simulations):
        x, y, same = world(rng, places, r, halo)
        kept_places = places
        if kind != "model":
            x, y, kept = bent(rng, kind, x, y)
            x, y, kept_places = x[kept], y[kept], Places(places.index[kept], PLACES, places.weights)
        else:
            mean = clustered_mean(list(x[:, 0]), names)
            assert mean is not None and mean.low is not None and mean.high is not None  # noqa: PT018 - one fact for mypy
            mean_held += mean.low <= 0 <= mean.high
        estimate = disattenuated(x, y, kept_places)
        star = estimate.r_star
        unbounded += star.low is None or star.high is None
        held += (-math.inf if star.low is None else star.low) <= r <= (math.inf if star.high is None else star.high)
        stars.append(math.nan if star.value is None else star.value)
        crosses.append(estimate.cross_call.value)
        same_calls.append(np.corrcoef(same.T)[0, 1])
    share = held / simulations
    return {
        "world": kind,
        "true_r": r,
        "halo": halo,
        "simulations": simulations,
        "coverage": round(share, 4),
        "monte_carlo_error": round(math.sqrt(share * (1 - share) / simulations), 4),
        "r_star_mean": round(float(np.nanmean(stars)), 4),
        "r_star_median": round(float(np.nanmedian(stars)), 4),
        "cross_call_mean": round(float(np.mean(crosses)), 4),
        "same_call_mean": round(float(np.mean(same_calls)), 4) if kind == "model" else None,
        "clustered_mean_coverage": round(mean_held / simulations, 4) if kind == "model" else None,
        "interval_unbounded": round(unbounded / simulations, 4),
    }


def main() -> None:
    """Print one JSON object; a line a cell goes to standard error."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulations", type=int, default=2_000)
    parser.add_argument("--resamples", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    asked, started = parser.parse_args(), time.monotonic()
    rng = np.random.default_rng(asked.seed)
    places = Places(np.arange(ITEMS) % PLACES, PLACES, draw(PLACES, asked.resamples, asked.seed))
    worlds = [(r, halo, "model") for r in TRUE_R for halo in HALOS] + [(0.3, 1.0, kind) for kind in OUTSIDE]
    cells = []
    for r, halo, kind in worlds:
        cells.append(cell(rng, places, r, halo, asked.simulations, kind))
        print(json.dumps(cells[-1]), file=sys.stderr, flush=True)
    print(
        json.dumps(
            {
                "items": ITEMS,
                "places": PLACES,
                "resamples": asked.resamples,
                "seed": asked.seed,
                "wall_s": round(time.monotonic() - started, 1),
                "cells": cells,
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    main()
