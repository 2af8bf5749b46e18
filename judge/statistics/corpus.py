"""Deterministic counterparts of the dimensions that one item cannot show: diversity, repetition, contradiction, copying.

Pure, of texts and claims; they stand beside the judge's scores and are never blended with them. distinct-n: different
n-grams over all n-grams (Li et al. 2016), of characters, since Chinese has no spaces; it falls as a corpus grows, so it is
taken over equal draws. Near duplicates are admission's own (factory/commit/neardup.py).
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from factory.commit.neardup import grams, is_near, normalise

SAME_SIZE = 200
"""Texts of each draw for distinct-n."""
COPIED = 8
"""Characters of a stretch that counts as copied when it stands in a training answer."""


@dataclass(frozen=True, slots=True)
class Diversity:
    """Of one group of texts.

    ``near``: share of texts with a near duplicate in their place; ``nearest``: mean over texts of the largest Jaccard with
    another of the place; both None where no place has two texts.
    """

    texts: int
    drawn: int
    distinct_2: float | None
    distinct_4: float | None
    near: float | None
    nearest: float | None


def diversity(questions: Sequence[str], answers: Sequence[str], places: Sequence[str]) -> Diversity:
    """Texts in the same order as their places."""
    drawn = random.Random(len(answers)).sample(list(answers), min(SAME_SIZE, len(answers)))
    sets: defaultdict[str, list[frozenset[int]]] = defaultdict(list)
    for question, answer, place in zip(questions, answers, places, strict=True):
        sets[place].append(grams(question, answer))
    shared = [ones for ones in sets.values() if len(ones) > 1]
    near = [any(is_near(text, two) for two in ones if two is not text) for ones in shared for text in ones]
    nearest = [max(_jaccard(text, two) for two in ones if two is not text) for ones in shared for text in ones]
    return Diversity(
        len(answers),
        len(drawn),
        distinct(drawn, 2),
        distinct(drawn, 4),
        sum(near) / len(near) if near else None,
        sum(nearest) / len(nearest) if nearest else None,
    )


def _jaccard(left: frozenset[int], two: frozenset[int]) -> float:
    common = len(left & two)
    return common / (len(left) + len(two) - common)


def distinct(texts: Iterable[str], n: int) -> float | None:
    """Different over all character n-grams; None without any."""
    counted: Counter[str] = Counter()
    for text in map(normalise, texts):
        counted.update(text[i : i + n] for i in range(len(text) - n + 1))
    return len(counted) / counted.total() if counted else None


@dataclass(frozen=True, slots=True)
class Contradictions:
    """Facts (a restaurant's address, rating …) that at least two rows of one place state, and how many of them differ."""

    compared: int
    contradicted: int


def contradictions(facts: Iterable[tuple[str, str, str, str]]) -> Contradictions:
    """``facts``: (place, restaurant, kind, value) a row; one row states each of its facts once."""
    values: defaultdict[tuple[str, str, str], list[str]] = defaultdict(list)
    for place, restaurant, kind, value in facts:
        values[place, restaurant, kind].append(value)
    several = [stated for stated in values.values() if len(stated) > 1]
    return Contradictions(len(several), sum(len(set(stated)) > 1 for stated in several))


def copied(answer: str, seen: frozenset[str]) -> float | None:
    """Share of an answer's stretches of eight characters that stand in ``seen``; None where it is shorter."""
    stretches = stretches_of(answer)
    return sum(stretch in seen for stretch in stretches) / len(stretches) if stretches else None


def stretches_of(text: str) -> list[str]:
    """All stretches of eight letters and digits."""
    plain = normalise(text)
    return [plain[i : i + COPIED] for i in range(len(plain) - COPIED + 1)]
