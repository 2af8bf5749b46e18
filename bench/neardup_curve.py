"""Near duplicates on the labelled pairs: recall and precision by threshold, and the share of pairs that bands propose.

Two sets: the one that chose the measure, and the one that was worded after it was fixed (held out). Prints JSON.
"""

from __future__ import annotations

import json
import sys

from factory.commit.neardup import BANDS, NEAR_PERCENT, ROWS
from tests.factory.neardup_pairs import Pair, labelled_pairs, recall_and_precision

THRESHOLDS = range(30, 76, 2)


def summary(pairs: list[Pair]) -> dict[str, object]:
    """One set's curve, and its closest calls."""
    near = sorted(pair.jaccard for pair in pairs if pair.near)
    different = sorted(pair.jaccard for pair in pairs if not pair.near)
    curve = {percent: [round(value, 3) for value in recall_and_precision(pairs, percent)] for percent in THRESHOLDS}
    return {
        "near": len(near),
        "different": len(different),
        "recall_and_precision": curve,
        "least_similar_near": round(near[0], 3),
        "most_similar_different": round(different[-1], 3),
        "near_proposed": sum(pair.proposed for pair in pairs if pair.near),
    }


def main() -> int:
    """Exit status 1 when the held-out pairs miss the bars."""
    pairs = labelled_pairs()
    held_out = [pair for pair in pairs if pair.held_out]
    recall, precision = recall_and_precision(held_out, NEAR_PERCENT)
    proposed = {
        percent: round(1 - (1 - (percent / 100) ** ROWS) ** BANDS, 4) for percent in (10, 20, 40, NEAR_PERCENT, 60)
    }
    figures = {
        "threshold_percent": NEAR_PERCENT,
        "chosen_on": summary([pair for pair in pairs if not pair.held_out]),
        "held_out": summary(held_out),
        "recall": recall,
        "precision": precision,
        "bands_propose": proposed,
    }
    print(json.dumps(figures))
    return int(recall < 0.95 or precision < 0.98)


if __name__ == "__main__":
    sys.exit(main())
