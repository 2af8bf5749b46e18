"""``PRECISION=bf16``: matrix products in half the bits over fp32 weights, near the exact gradient; and looks that cost little."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.train.running import losses, run
from tests.train.test_architectures import MODELS, _flat, _model, _samples
from train import attention
from train.packing import pack
from train.rows import Encoded, Row, Turn
from train.schedule import Schedule
from train.validation import Held
from train.watching import LOOKS, _looks


def _gradient(model: Any, encoded: list[Encoded], *, bf16: bool) -> torch.Tensor:
    model.set_attn_implementation(attention.NAME)
    model.zero_grad()
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
        loss = model(**pack(encoded))["loss"] / sum(row.trained for row in encoded)
    loss.backward()
    return _flat(model)


@pytest.mark.parametrize("name", MODELS)
def test_the_gradient_in_bf16_is_near_the_exact_one_and_not_the_same(name: str) -> None:
    model, encoded = _model(name), _samples((9, 23, 40, 3))
    exact, half = _gradient(model, encoded, bf16=False), _gradient(model, encoded, bf16=True)
    off = float((half - exact).norm() / exact.norm())
    assert 1e-5 < off < 2e-2  # bf16 keeps 8 bits: each product is off by up to 2 ** -8
    assert half.dtype == torch.float32


def _attended(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, window: int | None) -> list[torch.Tensor]:
    """Output and gradients of three documents in one row."""
    given = [tensor.clone().requires_grad_() for tensor in (query, key, value)]
    out, _ = attention.docpack(torch.nn.Identity(), *given, None, sliding_window=window, borders=(0, 5, 36, 60))
    out.float().square().sum().backward()
    return [out, *(tensor.grad for tensor in given if tensor.grad is not None)]


@pytest.mark.parametrize("window", [None, 8])
def test_wide_heads_in_bf16_attend_by_products_as_the_kernel_does(
    monkeypatch: pytest.MonkeyPatch, window: int | None
) -> None:
    monkeypatch.setattr(torch.nn.Identity, "num_key_value_groups", 2, raising=False)
    dice = torch.Generator().manual_seed(1)
    shapes = ((1, 4, 60, 128), (1, 2, 60, 128), (1, 2, 60, 128))
    exact = [torch.randn(shape, generator=dice) for shape in shapes]
    kernel = _attended(*exact, window)
    products: list[bool] = []
    plainly = attention._by_products
    monkeypatch.setattr(attention, "_by_products", lambda *given: products.append(True) or plainly(*given))
    half = _attended(*(tensor.bfloat16() for tensor in exact), window)
    assert len(products) == 3
    for ours, wanted in zip(half, kernel, strict=True):
        assert float((ours.detach().float() - wanted.detach()).norm() / wanted.detach().norm()) < 2e-2


def test_a_run_in_bf16_learns_as_one_in_fp32_does_and_is_another_run(world: Path) -> None:
    for precision in ("fp32", "bf16"):
        done = run(world, TOKENS="1500", PRECISION=precision, MODEL_NAME=f"in-{precision}")
        assert done.status == 0, done.stderr
    exact, half = (losses(world / "models" / f"in-{precision}") for precision in ("fp32", "bf16"))
    assert half != exact
    assert half == pytest.approx(exact, rel=0.02)
    config = json.loads((world / "models" / "in-bf16" / "chidian.json").read_text())
    assert config["precision"] == "bf16"


def _held(tokens: int) -> Held:
    return Held((Encoded("held", (1,) * tokens, tokens // 2),), Row("held", "seen", (Turn("user", "?"),), "."))


@pytest.mark.parametrize(("held_tokens", "looks"), [(1_000, LOOKS), (30_000, 2), (200_000, 1)])
def test_looks_take_at_most_a_tenth_of_a_run_but_there_is_always_one(held_tokens: int, looks: int) -> None:
    # 200 steps of 1,000 tokens, three times as dear as looking: a tenth pays for looking at 60,000 tokens.
    samples = [Encoded("row", (1,) * 1_000, 500)]
    schedule = Schedule(tuple(((0,),) for _ in range(200)))
    assert _looks(samples, schedule, {"seen": _held(held_tokens)}) == looks
