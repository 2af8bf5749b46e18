"""Attention within documents of a packed row, registered with transformers under the name ``docpack``.

An implementation that transformers does not know gets no mask built; the borders reach it as a keyword. On a CPU each
document runs through causal SDPA; a dense block mask costs O(T²) and is slower than not packing at all.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface

NAME = "docpack"


def docpack(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,  # noqa: ARG001 - the borders say it
    *,
    scaling: float | None = None,
    borders: tuple[int, ...] = (),
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """Shapes: query [1, H, T, D], key and value [1, K, T, D]; returns [1, T, H, D]."""
    groups = int(getattr(module, "num_key_value_groups", 1))
    edges = borders or (0, query.shape[2])
    parts = [
        scaled_dot_product_attention(
            query[:, :, start:end],
            key[:, :, start:end],
            value[:, :, start:end],
            is_causal=True,
            scale=scaling,
            enable_gqa=groups > 1,
        )
        for start, end in pairwise(edges)
    ]
    return torch.cat(parts, dim=2).transpose(1, 2), None


def register() -> None:
    """Make ``attn_implementation="docpack"`` known."""
    AttentionInterface.register(NAME, docpack)
