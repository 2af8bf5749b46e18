"""The student: a local model folder, or an embedded tiny Qwen3 that is trained from scratch as a demonstration."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM, Qwen3Config, Qwen3ForCausalLM

from factory.errors import UsageError
from train import attention, copying
from train.tokenizer import END, PAD

DEMONSTRATION = "DEMONSTRATION: an embedded tiny Qwen3 trained from scratch; it shows the pipeline, not quality"


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """A model owns how it learns; recipes own batching."""

    learning_rate: float
    epochs: int
    warmup_steps: int = 20
    beta2: float = 0.999
    """AdamW's memory of squared gradients: about 1 / (1 - beta2) steps"""
    weight_decay: float = 0.0


TINY = ModelSettings(learning_rate=2.5e-3, epochs=8, warmup_steps=50, beta2=0.98, weight_decay=0.1)
"""Found on another data set than the one reported: docs/decisions/0007"""
QWEN3 = ModelSettings(learning_rate=1e-4, epochs=8)
EMBEDDING_STD = 0.08
"""Four times the library's: the tied embedding is also the output, which must be sharp before it can be right"""


def tiny(tokenizer: Tokenizer, seed: int) -> Qwen3ForCausalLM:
    """Qwen3's architecture at hidden 192, 4 layers, over a pruned vocabulary; it starts with heads that copy (copying.py)."""
    torch.manual_seed(seed)
    config = Qwen3Config(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=192,
        intermediate_size=512,
        num_hidden_layers=4,
        num_attention_heads=3,
        num_key_value_heads=3,
        head_dim=64,
        max_position_embeddings=4096,
        rope_parameters={"rope_type": "default", "rope_theta": 1e6},
        tie_word_embeddings=True,
        eos_token_id=tokenizer.token_to_id(END),
        pad_token_id=tokenizer.token_to_id(PAD),
        use_cache=False,
    )
    config._attn_implementation = attention.NAME  # noqa: SLF001 - transformers' documented way before construction
    model = Qwen3ForCausalLM(config)
    with torch.no_grad():
        model.model.embed_tokens.weight.mul_(EMBEDDING_STD / config.initializer_range)
    copying.give(model)
    return model


def load(folder: Path) -> tuple[Qwen3ForCausalLM, torch.dtype]:
    """A model folder with fp32 master weights, and the dtype its weights came in. Raises UsageError."""
    try:
        model, loading = AutoModelForCausalLM.from_pretrained(
            folder, attn_implementation=attention.NAME, dtype="auto", local_files_only=True, output_loading_info=True
        )
    except (OSError, ValueError, SafetensorError) as error:
        raise UsageError(
            f"MODEL={folder} cannot be loaded: {str(error).strip().splitlines()[0]} "
            "It must hold config.json and all *.safetensors of a causal language model."
        ) from error
    if missing := loading["missing_keys"]:  # transformers would fill them with random numbers and only warn
        raise UsageError(
            f"MODEL={folder} lacks {len(missing)} weights, {min(missing)} among them: "
            "fetch all its *.safetensors again."
        )
    came_in: torch.dtype = model.dtype
    return model.float(), came_in
