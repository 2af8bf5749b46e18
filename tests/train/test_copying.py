"""The tiny model's starting weights copy before any training, from any seed, and hold no other knowledge."""

from __future__ import annotations

import pytest
import torch

from train import attention, copying, tokenizer
from train.model import tiny

LETTERS = "".join(chr(0x4E00 + number) for number in range(400))
RUN = 100


def _copied(seed: int) -> float:
    """Share of random tokens that are foretold when their sequence stands there a second time."""
    attention.register()
    model = tiny(tokenizer.pruned([LETTERS]), seed)
    model.set_attn_implementation("sdpa")
    once = torch.randperm(model.config.vocab_size, generator=torch.Generator().manual_seed(seed))[:RUN]
    with torch.no_grad():
        logits = model(torch.cat([once, once])[None]).logits[0]
    return float((logits[RUN:-1].argmax(-1) == once[1:]).float().mean())


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_sequence_seen_once_is_copied_and_without_the_circuit_it_is_not(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _copied(seed) > 0.2
    monkeypatch.setattr(copying, "give", lambda _: None)
    assert _copied(seed) < 0.05


def test_the_same_seed_gives_the_same_weights() -> None:
    words = tokenizer.pruned([LETTERS])
    first, second = tiny(words, 5).state_dict(), tiny(words, 5).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)
