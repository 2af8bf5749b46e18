"""The labelled pairs of tests/data/neardup_texts.toml: within a place, texts of one need against texts of another."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from factory.commit.neardup import fingerprint

FILE = Path(__file__).parents[1] / "data" / "neardup_texts.toml"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts about one place; ``near``: the label; ``jaccard`` and ``proposed``: what the code says of them."""

    place: str
    held_out: bool
    near: bool
    jaccard: float
    proposed: bool


def labelled_texts() -> list[tuple[str, bool, int, str, str]]:
    """Place, held out, number of the need within the place, question, answer."""
    return [
        (place["name"], place.get("held_out", False), number, *text.split("\n", 1))
        for place in tomllib.loads(FILE.read_text("utf-8"))["place"]
        for number, need in enumerate(place["need"])
        for text in need["texts"]
    ]


def labelled_pairs() -> list[Pair]:
    """Every pair of texts about one place."""
    marked = [(*text[:3], fingerprint(*text[3:])) for text in labelled_texts()]
    return [
        Pair(
            place,
            held_out,
            need == another,
            len(left.grams & right.grams) / len(left.grams | right.grams),
            any(x == y for x, y in zip(left.bands, right.bands, strict=True)),
        )
        for (place, held_out, need, left), (elsewhere, _, another, right) in combinations(marked, 2)
        if place == elsewhere
    ]


def recall_and_precision(pairs: list[Pair], percent: int) -> tuple[float, float]:
    """Of near pairs at a threshold in percent; without bands, so that it is the measure's own."""
    proposed = [pair for pair in pairs if 100 * pair.jaccard >= percent]
    true = sum(pair.near for pair in proposed)
    return true / sum(pair.near for pair in pairs), true / len(proposed) if proposed else 1.0
