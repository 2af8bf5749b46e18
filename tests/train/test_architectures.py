"""Other architectures than Qwen3 pack as rightly: the gradient of four samples in a row is that of four micro-batches."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers import (
    Gemma3ForCausalLM,
    Gemma3TextConfig,
    LlamaConfig,
    LlamaForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from train import attention
from train.loss import give_answer_loss
from train.packing import pack, plain
from train.rows import Encoded

WINDOW = 8
_SMALL = {
    "vocab_size": 97,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 128,
}


def _qwen3() -> Qwen3ForCausalLM:
    return Qwen3ForCausalLM(Qwen3Config(**_SMALL, num_hidden_layers=2, head_dim=8, tie_word_embeddings=False))


def _llama() -> LlamaForCausalLM:
    return LlamaForCausalLM(LlamaConfig(**_SMALL, num_hidden_layers=2, tie_word_embeddings=True))


def _gemma3() -> Gemma3ForCausalLM:
    kinds = ["sliding_attention", "full_attention", "sliding_attention"]
    return Gemma3ForCausalLM(
        Gemma3TextConfig(**_SMALL, num_hidden_layers=3, head_dim=8, sliding_window=WINDOW, layer_types=kinds)
    )


MODELS = {"qwen3": _qwen3, "llama": _llama, "gemma3": _gemma3}


def _samples(lengths: tuple[int, ...]) -> list[Encoded]:
    dice = torch.Generator().manual_seed(5)
    ids = [tuple(torch.randint(1, 97, (length,), generator=dice).tolist()) for length in lengths]
    return [Encoded(str(place), row, len(row) // 3) for place, row in enumerate(ids)]


def _model(name: str) -> Any:
    torch.manual_seed(3)
    attention.register()
    model: Any = MODELS[name]()
    give_answer_loss(model)
    return model


def _flat(model: Any) -> torch.Tensor:
    return torch.cat([parameter.grad.flatten() for parameter in model.parameters() if parameter.grad is not None])


def _packed(model: Any, encoded: list[Encoded]) -> torch.Tensor:
    model.set_attn_implementation(attention.NAME)
    model.zero_grad()
    (model(**pack(encoded))["loss"] / sum(row.trained for row in encoded)).backward()
    return _flat(model)


def _reference(model: Any, encoded: list[Encoded]) -> torch.Tensor:
    """The library's own loss and attention, one sample a micro-batch."""
    model.set_attn_implementation("eager")
    model.zero_grad()
    tokens = sum(row.trained for row in encoded)
    for row in encoded:
        model(**plain(row), num_items_in_batch=tokens)["loss"].backward()
    return _flat(model)


@pytest.mark.parametrize("lengths", [(5, 7, 6, 8), (9, 23, 40, 3)], ids=["within the window", "beyond it"])
@pytest.mark.parametrize("name", MODELS)
def test_a_packed_row_has_the_gradient_of_its_samples(name: str, lengths: tuple[int, ...]) -> None:
    model, encoded = _model(name), _samples(lengths)
    packed, reference = _packed(model, encoded), _reference(model, encoded)
    assert float((packed - reference).norm() / reference.norm()) <= 1e-5


def test_without_its_window_a_sliding_layer_is_far_off(monkeypatch: pytest.MonkeyPatch) -> None:
    model, encoded = _model("gemma3"), _samples((9, 23, 40, 3))
    reference = _reference(model, encoded)
    monkeypatch.setattr(attention, "_band", lambda *_: None)
    packed = _packed(model, encoded)
    assert float((packed - reference).norm() / reference.norm()) > 1e-2


def test_a_window_shows_itself_and_the_positions_before_it() -> None:
    band = attention._band(5, 3, torch.device("cpu"))
    assert band is not None
    assert [row.nonzero().flatten().tolist() for row in band] == [[0], [0, 1], [0, 1, 2], [1, 2, 3], [2, 3, 4]]
    assert attention._band(3, 3, torch.device("cpu")) is None
