"""Exact and near duplicates of texts about one place: digests, Chinese character n-grams, MinHash bands, true Jaccard.

Pure. Bands only propose pairs; the Jaccard index of the n-gram sets decides, so a proposal costs time, never a sample.
N-grams are 32-bit numbers that stand in the shards: DuckDB compares the very sets that admission compared
(warehouse/dedupe). Why these n-grams and this threshold: docs/decisions/0004-near-duplicates.md; the labelled pairs:
tests/data/neardup_texts.toml; the curve: bench/neardup_curve.py.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from hashlib import blake2b, shake_256
from typing import Final
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

FINGERPRINT_VERSION: Final = 3
"""Raised when anything here changes what a text's fingerprint is. It stands in shards and in the index: fingerprints of another
version are made again from the text, by admission and by the warehouse."""
NEAR_PERCENT: Final = 52
"""Two texts of one place are near duplicates when 100 |A ∩ B| >= 52 |A ∪ B|."""
BANDS: Final = 42
ROWS: Final = 3
"""42 bands of 3 minima propose a pair of Jaccard J with probability 1 - (1 - J^3)^42: 0.998 at the threshold, 0.9999 at
0.58, which most labelled paraphrases reach; 0.054 at 0.11, where two answers about one place usually stand."""
GRAM_BITS: Final = 1024
"""Of the hashed set that stands for a text's n-grams."""

_CIRCLED = re.compile("[①-⑳]")
_MARKER = re.compile(
    r"^[^\w\n]*(?:\d{1,2}[.、):](?!\d)|[一二三四五六七八九十]{1,2}[、).:]|\d\ufe0f?\u20e3)", re.MULTILINE
)
"""The number of a list item: it changes when items change places."""
_KILOMETRES = re.compile(r"(\d+(?:\.\d+)?)(?:公里|千米|km)")
_METRES = re.compile(r"(\d)m(?![a-z])")
_LATIN = re.compile("[a-z\u00df-\u024f]+")
_BREAK = re.compile(r"[\W_]+")
_FRAME_CHARS = "约您你我们在的是有和与或到至为了这那也都就很距离元块钱分家个位给请吧吗呢哦"
_FRAME_WORDS = "位于 地址 评分 人均 消费 营业 时间 推荐 招牌 适合 可以 大约 大概 左右"
"""Words that every answer is framed with and that a paraphrase changes first: they end a clause, as punctuation does."""

# Texts are compared as UTF-16 units in arrays; tables say of each unit what the regular expressions above would.
_IS_WORD: Final[NDArray[np.bool_]] = np.array([chr(unit).isalnum() for unit in range(2**16)])
_IS_WORD[0xD800:0xE000] = True  # halves of rare characters
_IS_FACT: Final[NDArray[np.bool_]] = _IS_WORD.copy()
_IS_FACT[[ord(char) for char in _FRAME_CHARS]] = False
_IS_FACT[ord("a") : ord("z") + 1] = _IS_FACT[0xDF:0x250] = False  # Latin words are taken whole
_FRAME_PAIRS: Final[NDArray[np.uint32]] = np.array(
    sorted(ord(word[0]) << 16 | ord(word[1]) for word in _FRAME_WORDS.split()), np.uint32
)


def _dice(name: str, *shape: int) -> NDArray[np.uint64]:
    """Random constants of 64 bits that no library's next version may change: keys made with them stand in shards."""
    return np.frombuffer(shake_256(name.encode()).digest(8 * math.prod(shape)), "<u8").reshape(shape)


_FACTORS: Final = _dice("factors", BANDS * ROWS, 1) | np.uint64(1)
_OFFSETS: Final = _dice("offsets", BANDS * ROWS, 1)
_MIXERS: Final = _dice("mixers", BANDS, ROWS) | np.uint64(1)
_SALTS: Final = _dice("salts", BANDS)


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What dedupe keeps of a text: 16 bytes for exact, n-grams and band keys (32 bits each) for near duplicates.

    ``gram_bits``: the n-grams as a hashed set of 1,024 bits, from which DuckDB sees at once that most pairs share too few.
    """

    text_hash: bytes
    grams: frozenset[int]
    bands: tuple[int, ...]
    gram_bits: bytes


def normalise(text: str) -> str:
    """NFKC, lower case, letters and digits only: layout and punctuation make no difference."""
    return _BREAK.sub("", unicodedata.normalize("NFKC", text).lower())


def _folded(text: str) -> str:
    """NFKC and lower case; a circled number is followed by a point, so that it stays the number of a list item."""
    return unicodedata.normalize("NFKC", _CIRCLED.sub(r"\g<0>.", text)).lower()


def _units(text: str) -> NDArray[np.uint16]:
    return np.frombuffer(text.encode("utf-16-le", "surrogatepass"), "<u2")


def grams(question: str, answer: str) -> frozenset[int]:
    """Pairs of neighbouring characters of what question and answer say, each pair the number of two UTF-16 units.

    A Latin word is one n-gram, since any two texts share most pairs of letters. Left out, and a border as punctuation is:
    list numbers and frame words. Kilometres are metres.
    """
    return _grams(_folded(f"{question}\n{answer}"))


def _grams(folded: str) -> frozenset[int]:
    plain = _KILOMETRES.sub(lambda match: f"{round(float(match[1]) * 1000)}米", _MARKER.sub("\n", folded))
    units = _units(_METRES.sub(r"\1米", plain)).astype(np.uint32)
    pairs = units[:-1] << 16 | units[1:]
    fact = _IS_FACT[units]
    framed = np.flatnonzero(_FRAME_PAIRS[_FRAME_PAIRS.searchsorted(pairs) % len(_FRAME_PAIRS)] == pairs)
    fact[framed] = False
    fact[framed + 1] = False
    words = frozenset(crc32(word.encode()) for word in _LATIN.findall(plain))
    return words.union(pairs[fact[:-1] & fact[1:]].tolist())


def fingerprint(question: str, answer: str) -> Fingerprint:
    """Digest, n-grams and band keys."""
    folded = _folded(f"{question}\n{answer}")
    units = _units(folded)
    words = units[_IS_WORD[units]].tobytes()
    grams = _grams(folded)
    return Fingerprint(blake2b(words, digest_size=16).digest(), grams, bands(grams), gram_bits(grams))


def bands(grams: AbstractSet[int]) -> tuple[int, ...]:
    """Band keys: MinHash by multiply-shift hashes ((a x + b) mod 2^64, upper half), three minima to a key of 32 bits."""
    if not grams:
        return (0,) * BANDS
    numbers = np.fromiter(grams, np.uint64, len(grams))
    hashes = _FACTORS * numbers
    hashes += _OFFSETS
    minima = (hashes.min(axis=1) >> np.uint64(32)).reshape(BANDS, ROWS)  # the least has the least upper half
    keys = ((minima * _MIXERS).sum(axis=1) + _SALTS) >> np.uint64(32)
    return tuple(keys.tolist())


def gram_bits(grams: AbstractSet[int]) -> bytes:
    """1,024 bits, one set for each n-gram (some share one): Fibonacci hashing of 32-bit numbers to 10 bits."""
    bits = np.zeros(GRAM_BITS, np.uint8)
    bits[(np.fromiter(grams, np.uint32, len(grams)) * np.uint32(2_654_435_769)) >> np.uint32(22)] = 1
    return np.packbits(bits).tobytes()


def may_be_near(own: Fingerprint, bits: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Of texts whose ``gram_bits`` are the rows of ``bits`` (n, 16), which can reach the threshold.

    An n-gram whose bit the other has not set, the other has not: that bounds what is common; and a text has at least as many
    n-grams as bits. Of the pairs that a band proposes it leaves fewer than one in a hundred.
    """
    size = len(own.grams)
    common = size - np.bitwise_count(np.frombuffer(own.gram_bits, np.uint64) & ~bits).sum(axis=1, dtype=np.int64)
    others = np.bitwise_count(bits).sum(axis=1, dtype=np.int64)
    near: NDArray[np.bool_] = 100 * common >= NEAR_PERCENT * (size + others - common)
    return near


def is_near(grams: AbstractSet[int], other: AbstractSet[int]) -> bool:
    """Whether the Jaccard index of two n-gram sets reaches the threshold (integers only: DuckDB must agree)."""
    common = len(grams & other)
    return 100 * common >= NEAR_PERCENT * (len(grams) + len(other) - common)
