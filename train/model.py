"""The student: a local model folder, or an embedded tiny Qwen3 that is trained from scratch as a demonstration."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM, Qwen3Config, Qwen3ForCausalLM

from factory.errors import UsageError
from train import attention
from train.tokenizer import END, PAD

DEMONSTRATION = "DEMONSTRATION: an embedded tiny Qwen3 trained from scratch; it shows the pipeline, not quality"


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """A model owns its learning rate and epochs; recipes own batching."""

    learning_rate: float
    epochs: int


TINY = ModelSettings(learning_rate=2.5e-3, epochs=4)
QWEN3 = ModelSettings(learning_rate=1e-4, epochs=8)


def tiny(tokenizer: Tokenizer, seed: int) -> Qwen3ForCausalLM:
    """Qwen3's architecture at hidden 192, 4 layers, over a pruned vocabulary."""
    torch.manual_seed(seed)
    config = Qwen3Config(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=192,
        intermediate_size=512,
        num_hidden_layers=4,
        num_attention_heads=3,
        num_key_value_heads=1,
        head_dim=64,
        max_position_embeddings=4096,
        tie_word_embeddings=True,
        eos_token_id=tokenizer.token_to_id(END),
        pad_token_id=tokenizer.token_to_id(PAD),
        use_cache=False,
    )
    config._attn_implementation = attention.NAME  # noqa: SLF001 - transformers' documented way before construction
    return Qwen3ForCausalLM(config)


def load(folder: Path) -> Qwen3ForCausalLM:
    """A model folder. Raises UsageError that says what to put there."""
    if not (folder / "config.json").exists():
        raise UsageError(
            f"MODEL={folder} is no model folder: download Qwen/Qwen3-0.6B (config.json, model.safetensors, tokenizer.json) there "
            "with a hub's own client, then give that folder."
        )
    try:
        model = AutoModelForCausalLM.from_pretrained(folder, attn_implementation=attention.NAME, dtype=torch.float32)
    except (OSError, ValueError) as error:
        raise UsageError(f"MODEL={folder} cannot be loaded: {str(error).splitlines()[0]}") from error
    return model
