"""Starting weights of the embedded tiny model that can already copy: put in by hand, and said so wherever it is shown.

An answer with evidence in the prompt is mostly copying, which a model of this size finds in pre-training and not in the
few minutes of a demonstration. So it starts with the known circuit of two layers (Olsson et al. 2022, "In-context Learning
and Induction Heads"): a head of the first layer looks one token back and writes what stands there; heads of the second
look for places whose previous token is the present one, and write what stands there. Nothing in it knows of restaurants;
all of it is trained on. Shapes: H hidden, D head.
"""

from __future__ import annotations

import math
from typing import Any, Final

import torch
from torch import Tensor

FAST_PAIRS: Final = 6
"""Pairs of rotary dimensions that turn fast enough to tell one token from the next"""
COPYING_HEADS: Final = 2
SHARPNESS: Final = 2.0
"""Of the norms of queries and keys in the two layers: 1 would leave attention too even to copy"""
NOISE: Final = 0.1
"""What is kept of the random weights under the circuit"""
PREVIOUS_GAIN, COPY_GAIN = 2.0, 4.0
"""How loud both write, over the standard deviation of the embeddings"""


@torch.no_grad()
def give(model: Any) -> None:
    """Write the circuit into a model that has as many key heads as query heads and at least two layers."""
    dim = model.config.head_dim
    embeddings = model.model.embed_tokens.weight
    scale = float(embeddings.std())
    constant = _share_direction(embeddings, scale)
    for layer in model.model.layers:  # queries that resemble keys: tokens look at their like from the first step on
        layer.self_attn.q_proj.weight.add_(layer.self_attn.k_proj.weight)
    first, second = model.model.layers[0].self_attn, model.model.layers[1].self_attn
    read = _orthonormal(len(constant), dim, constant).T  # D x H: what is kept of a token
    write = _orthonormal(len(constant), dim)  # H x D: where the next token finds it
    _look_back(first, constant, float(model.config.rope_parameters["rope_theta"]))
    first.v_proj.weight[:dim] = read
    first.o_proj.weight[:, :dim] = write * (PREVIOUS_GAIN * scale)
    for head in range(COPYING_HEADS):
        _match_and_copy(second, head, read, write, COPY_GAIN * scale)
    for attention in (first, second):
        attention.q_norm.weight.fill_(SHARPNESS)
        attention.k_norm.weight.fill_(SHARPNESS)


def _share_direction(embeddings: Tensor, scale: float) -> Tensor:
    """Give all tokens the same part along one random direction (H), which a query can rely on; returns it."""
    constant = torch.randn(embeddings.shape[1])
    constant /= constant.norm()
    embeddings.sub_((embeddings @ constant)[:, None] * constant)
    embeddings.add_(constant * (0.5 * scale * math.sqrt(len(constant))))
    return constant


def _orthonormal(rows: int, columns: int, besides: Tensor | None = None) -> Tensor:
    """Random orthonormal columns, orthogonal to ``besides``."""
    drawn = torch.randn(rows, columns)
    if besides is not None:
        drawn -= torch.outer(besides, besides @ drawn)
    basis: Tensor = torch.linalg.qr(drawn)[0]
    return basis


def _look_back(attention: Any, constant: Tensor, theta: float) -> None:
    """Head 0: a fixed query, and a key turned one step ahead, whose product is largest at a distance of one token."""
    dim = attention.head_dim
    half = dim // 2
    turn = theta ** (-torch.arange(FAST_PAIRS) / half)
    query, key = torch.zeros(dim), torch.zeros(dim)
    query[:FAST_PAIRS] = 1
    key[:FAST_PAIRS], key[half : half + FAST_PAIRS] = torch.cos(turn), torch.sin(turn)
    for weight, wanted in ((attention.q_proj.weight, query), (attention.k_proj.weight, key)):
        weight[:dim] = 10 * torch.outer(wanted, constant) + NOISE * weight[:dim]


def _match_and_copy(attention: Any, head: int, read: Tensor, write: Tensor, gain: float) -> None:
    """The query reads the present token, the key what the first layer wrote of the one before it.

    The slow pairs compare them, since distance hardly turns these.
    """
    dim = attention.head_dim
    half = dim // 2
    own = slice(head * dim, (head + 1) * dim)
    slow = torch.arange(dim)[torch.arange(dim) % half >= half // 2]
    mixed = _orthonormal(dim, dim)[: len(slow)]
    for weight, wanted in ((attention.q_proj.weight, mixed @ read), (attention.k_proj.weight, mixed @ write.T)):
        weight[own] *= NOISE
        weight[own][slow] += wanted
    directions = _orthonormal(attention.o_proj.weight.shape[0], dim)
    attention.v_proj.weight[own] = directions.T
    attention.o_proj.weight[:, own] = directions * gain
