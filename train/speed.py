"""How fast a run goes: tokens a second, time left, and on a GPU the share of the card's peak that it uses (MFU)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import torch

from train.rows import Encoded

PEAK_TFLOPS: Final = {
    "B200": 2_250,
    "H200": 989,
    "H100": 989,
    "H800": 989,
    "A100": 312,
    "A800": 312,
    "L40S": 362,
    "4090": 165,
}
"""Dense bf16 by a word of the device's name, from NVIDIA's data sheets; an unknown card gets no MFU."""
MEMORY: Final = 20
"""Steps that a rate is the mean of"""


def step_flops(config: Any, parameters: int, samples: Sequence[Encoded]) -> float:
    """FLOPs of forward and backward: 6 a matrix weight and token, the vocabulary only where loss is, causal attention.

    The attention of a document of n tokens is 2 products of n²/2 x width multiply-adds a layer, three times with backward.
    """
    vocabulary = config.vocab_size * config.hidden_size
    body = parameters - vocabulary * (1 if config.tie_word_embeddings else 2)
    width = config.num_attention_heads * getattr(config, "head_dim", config.hidden_size // config.num_attention_heads)
    tokens = sum(len(sample.ids) for sample in samples)
    squares = sum(len(sample.ids) ** 2 for sample in samples)
    trained = sum(sample.trained for sample in samples)
    flops: float = 6.0 * (body * tokens + vocabulary * trained + config.num_hidden_layers * width * squares)
    return flops


def peak_flops() -> float | None:
    """The card's peak a second, or None: no card, or one that is not in the table."""
    if not torch.cuda.is_available():
        return None
    name = torch.cuda.get_device_name()
    return next((value * 1e12 for word, value in PEAK_TFLOPS.items() if word in name), None)


class Meter:
    """Rates over the last steps. Real tokens: there is no padding anywhere."""

    def __init__(self, peak: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._peak, self._clock = peak, clock
        self._marks: list[tuple[float, int, float]] = [(clock(), 0, 0.0)]

    def step(self, tokens: int, flops: float) -> None:
        """One optimizer step is done."""
        _, before, spent = self._marks[-1]
        self._marks = [*self._marks[-MEMORY:], (self._clock(), before + tokens, spent + flops)]

    def pause(self, seconds: float) -> None:
        """Time that went elsewhere (validation, saving) does not count."""
        self._marks = [(at + seconds, tokens, flops) for at, tokens, flops in self._marks]

    def tokens_per_s(self) -> float:
        """Over all processes."""
        (start, first, _), (end, last, _) = self._marks[0], self._marks[-1]
        return (last - first) / max(end - start, 1e-9)

    def left_s(self, steps: int) -> float:
        """Seconds for so many more steps."""
        return (self._marks[-1][0] - self._marks[0][0]) / max(len(self._marks) - 1, 1) * steps

    def mfu(self) -> float | None:
        """Share of the peak of all cards, between 0 and 1."""
        if self._peak is None:
            return None
        (start, _, first), (end, _, last) = self._marks[0], self._marks[-1]
        return (last - first) / max(end - start, 1e-9) / self._peak
