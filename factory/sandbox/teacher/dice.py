"""Seeded choices for the sandbox teacher: one ``Dice`` per (request, wish), rolled from a hash.

Everything that the teacher varies is rolled here, so that the same request always gets the same answer.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """A small, fast generator whose state is a function of the words it was made from."""

    __slots__ = ("_random",)

    def __init__(self, *words: object) -> None:
        digest = blake2b("\x1f".join(map(str, words)).encode(), digest_size=8).digest()
        self._random = random.Random(int.from_bytes(digest, "big")).random

    def pick(self, options: Sequence[T]) -> T:
        """One of the options, each as likely; ``options`` must not be empty."""
        return options[int(self._random() * len(options))]

    def chance(self, share: float) -> bool:
        """True in ``share`` of the rolls."""
        return self._random() < share

    def whole(self, low: int, high: int) -> int:
        """A whole number from ``low`` to ``high``, both included."""
        return low + int(self._random() * (high - low + 1))

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """The options in a random order."""
        return sorted(options, key=lambda _: self._random())

    def weighted(self, options: Sequence[T], weights: Sequence[float], count: int) -> list[T]:
        """``count`` different options, drawn without replacement with these weights (Efraimidis and Spirakis, 2006)."""
        keyed = [(self._random() ** (1.0 / weight), place) for place, weight in enumerate(weights)]
        keyed.sort(reverse=True)
        return [options[place] for _, place in keyed[:count]]
