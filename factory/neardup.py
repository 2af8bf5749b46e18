"""Exact and near duplicates of texts about one place: digests, Chinese character n-grams, MinHash bands, true Jaccard.

Pure. Bands only propose pairs; the Jaccard of the shingle sets decides, so a proposal costs time, never a sample. DuckDB
computes the same Jaccard over the same shingles (warehouse/dedupe), hence the integer form of the threshold.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from rensa import RMinHash

SHINGLE = 4
"""Characters a shingle: three catch too many stock phrases, five miss edited digits."""
PERMUTATIONS = 128
BANDS = 32
"""32 bands of 4 rows propose a pair of Jaccard 0.7 with probability 1 - (1 - 0.7^4)^32 = 0.9999."""
NEAR_PERCENT = 72
"""Two texts of one place are near duplicates when 100 |A ∩ B| >= 72 |A ∪ B| (evidence: tests/factory/neardup_pairs)."""
_SEED = 20_261_123


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What admission keeps of a text: 16 bytes for exact, 32 band keys for near duplicates."""

    text_hash: bytes
    bands: tuple[int, ...]


def normalise(text: str) -> str:
    """NFKC, lower case, letters and digits only: layout and punctuation make no difference."""
    return "".join(char for char in unicodedata.normalize("NFKC", text).lower() if char.isalnum())


def shingles(question: str, answer: str) -> frozenset[str]:
    """Character n-grams of question and answer, each apart so that no shingle spans both."""
    found: set[str] = set()
    for part in (normalise(question), normalise(answer)):
        found.update(part[i : i + SHINGLE] for i in range(max(1, len(part) - SHINGLE + 1)))
    return frozenset(found)


def fingerprint(question: str, answer: str) -> Fingerprint:
    """Digest and band keys."""
    text = normalise(question) + "\x1f" + normalise(answer)
    sketch = RMinHash(num_perm=PERMUTATIONS, seed=_SEED)
    sketch.update(sorted(shingles(question, answer)))
    rows = np.array(sketch.digest(), dtype=np.uint32).reshape(BANDS, PERMUTATIONS // BANDS)
    bands = tuple(
        int.from_bytes(blake2b(bytes([band]) + row.tobytes(), digest_size=8).digest(), "big")
        for band, row in enumerate(rows)
    )
    return Fingerprint(blake2b(text.encode(), digest_size=16).digest(), bands)


def is_near(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether the Jaccard index of two shingle sets reaches the threshold (integers only: DuckDB must agree)."""
    common = len(one & other)
    return 100 * common >= NEAR_PERCENT * (len(one) + len(other) - common)
