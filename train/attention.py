"""Attention within documents of a packed row, registered with transformers under the name ``docpack``.

An implementation that transformers does not know gets no mask built; the borders reach it as keywords. On a CPU each
document runs through causal SDPA: a dense block mask costs O(T²) there and is slower than not packing at all. On a GPU one
variable-length kernel does all documents; its offsets are made once a row, not once a layer.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import Any

import torch
from torch.nn.attention.varlen import varlen_attn
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface

NAME = "docpack"
_KERNEL_DTYPES = (torch.bfloat16, torch.float16)
"""What the variable-length kernel takes; fp32 on a GPU goes through the loop."""
WIDE_HEAD = 128
"""From this width on a CPU's matrix products in half the bits are faster than its attention kernel: 45 against 95 ms of forward and
backward a document of 884 tokens with four heads of 256 (docs/performance.md); at a width of 64 they are half as fast."""


def docpack(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,  # noqa: ARG001 - the borders say it
    *,
    scaling: float | None = None,
    sliding_window: int | None = None,
    borders: tuple[int, ...] = (),
    offsets: torch.Tensor | None = None,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """Shapes: query [1, H, T, D], key and value [1, K, T, D]; returns [1, T, H, D].

    ``sliding_window`` W: a position sees itself and the W - 1 before it, in its own document (transformers' meaning).
    """
    if query.dtype != value.dtype:  # under autocast the norms of queries and keys give fp32, which no kernel takes
        query, key = query.to(value.dtype), key.to(value.dtype)
    grouped = int(getattr(module, "num_key_value_groups", 1)) > 1
    edges = borders or (0, query.shape[2])
    if offsets is not None and offsets.is_cuda and query.dtype in _KERNEL_DTYPES:
        return _varlen(query, key, value, offsets, edges, scaling, sliding_window, grouped=grouped), None
    parts = []
    products = query.device.type == "cpu" and query.dtype in _KERNEL_DTYPES and query.shape[3] >= WIDE_HEAD
    for start, end in pairwise(edges):
        window = _band(end - start, sliding_window, query.device)
        if products:
            asked, keys, values = (tensor[:, :, start:end] for tensor in (query, key, value))
            parts.append(_by_products(asked, keys, values, window, scaling))
            continue
        parts.append(
            scaled_dot_product_attention(
                query[:, :, start:end],
                key[:, :, start:end],
                value[:, :, start:end],
                attn_mask=window,
                is_causal=window is None,
                scale=scaling,
                enable_gqa=grouped,
            )
        )
    return torch.cat(parts, dim=2).transpose(1, 2), None


def _by_products(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, window: torch.Tensor | None, scaling: float | None
) -> torch.Tensor:
    """Plain attention, [1, H, T, D]: heads that share a key are rows of one matrix. Scores are kept, [H, T, T] in half the bits."""
    _, heads, length, width = query.shape
    shared = key.shape[1]
    rows = (query * (width**-0.5 if scaling is None else scaling)).reshape(1, shared, -1, width)
    scores = (rows @ key.transpose(2, 3)).view(1, heads, length, length)
    seen = _before(length, query.device) if window is None else window
    shares = torch.softmax(scores.masked_fill_(~seen, float("-inf")), dim=-1)
    return (shares.view(1, shared, -1, length) @ value).view(1, heads, length, width)


@lru_cache(maxsize=64)
def _before(length: int, device: torch.device) -> torch.Tensor:
    return torch.ones(length, length, dtype=torch.bool, device=device).tril()


@lru_cache(maxsize=64)
def _band(length: int, window: int | None, device: torch.device) -> torch.Tensor | None:
    """Which position sees which, [T, T], where a document is longer than the window; else causal attention says it.

    Kept, since every layer of a row asks for the same few.
    """
    if window is None or length <= window:
        return None
    ones = torch.ones(length, length, dtype=torch.bool, device=device)
    return ones.tril().triu(1 - window)


def _varlen(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    offsets: torch.Tensor,
    edges: tuple[int, ...],
    scaling: float | None,
    window: int | None,
    *,
    grouped: bool,
) -> torch.Tensor:
    """All documents in one call; the kernel wants [T, H, D]. Window (-1, 0): everything before, nothing after."""
    before = -1 if window is None else window - 1
    longest = max(end - start for start, end in pairwise(edges))
    q, k, v = (tensor[0].transpose(0, 1).contiguous() for tensor in (query, key, value))
    out: Any = varlen_attn(
        q, k, v, offsets, offsets, longest, longest, scale=scaling, window_size=(before, 0), enable_gqa=grouped
    )
    mixed: torch.Tensor = out[None]
    return mixed


def register() -> None:
    """Make ``attn_implementation="docpack"`` known."""
    AttentionInterface.register(NAME, docpack)
