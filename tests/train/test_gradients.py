"""A packed row gives the gradient of its samples one by one, on every attention path; the fused loss gives the plain one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import Qwen3ForCausalLM

from train import attention, tokenizer
from train.loss import CHUNK, give_answer_loss, summed_loss
from train.model import tiny
from train.packing import pack, plain
from train.rows import Encoded, Row, Turn
from train.template import load_template, texts

TEXTS = [
    ("我在清华大学，想吃川菜。", "推荐蜀味轩，评分4.6，人均78元。"),
    ("我在北京站附近，想吃火锅，人均一百以内。", "可以去老灶台，距离约340米，人均92元，招牌菜有毛肚。"),
    ("西湖边有什么江浙菜？", "楼外小厨不错，评分4.2。"),
    ("想吃日本料理，两个人，晚餐。", "月厨割烹，人均329元，营业到22:00，距离1.3公里。"),
]


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> tuple[Qwen3ForCausalLM, list[Encoded]]:
    attention.register()
    rows = [Row(str(i), "train", (Turn("user", q),), a) for i, (q, a) in enumerate(TEXTS)]
    words, folder = tokenizer.pruned(texts(rows)), tmp_path_factory.mktemp("words")
    tokenizer.save(words, folder, max_length=512)
    template = load_template(folder, "off")
    model = tiny(words, 3)
    give_answer_loss(model)
    return model, [template.encode(row) for row in rows]


def _gradient(model: Any, batches: list[list[Encoded]], path: str, *, positions: bool = True) -> torch.Tensor:
    """Of the token mean over all batches, through our loss and the attention of that name."""
    model.set_attn_implementation(path)
    model.zero_grad()
    tokens = sum(sample.trained for batch in batches for sample in batch)
    for batch in batches:
        row: dict[str, Any] = dict(pack(batch))
        if not positions:
            row = {name: value for name, value in row.items() if name in {"input_ids", "trained", "targets"}}
        (model(**row)["loss"] / tokens).backward()
    return _flat(model)


def _reference(model: Any, encoded: list[Encoded]) -> torch.Tensor:
    """The original's way: one sample a micro-batch, the library's own loss over all logits, its own attention."""
    model.set_attn_implementation("sdpa")
    model.zero_grad()
    tokens = sum(sample.trained for sample in encoded)
    for sample in encoded:
        model(**plain(sample), num_items_in_batch=tokens)["loss"].backward()
    return _flat(model)


def _flat(model: Any) -> torch.Tensor:
    return torch.cat([parameter.grad.flatten() for parameter in model.parameters() if parameter.grad is not None])


def _relative(gradient: torch.Tensor, reference: torch.Tensor) -> float:
    return float((gradient - reference).norm() / reference.norm())


@pytest.mark.parametrize("path", [attention.NAME, "sdpa", "eager"])
def test_one_row_of_four_has_the_gradient_of_four_micro_batches(
    samples: tuple[Qwen3ForCausalLM, list[Encoded]], path: str
) -> None:
    model, encoded = samples
    assert _relative(_gradient(model, [encoded], path), _reference(model, encoded)) <= 1e-5


@pytest.mark.parametrize("path", [attention.NAME, "sdpa", "eager"])
def test_without_borders_and_positions_the_gradient_is_far_off(
    samples: tuple[Qwen3ForCausalLM, list[Encoded]], path: str
) -> None:
    model, encoded = samples
    assert _relative(_gradient(model, [encoded], path, positions=False), _reference(model, encoded)) > 0.1


def test_micro_batches_of_unequal_length_add_up(samples: tuple[Qwen3ForCausalLM, list[Encoded]]) -> None:
    model, encoded = samples
    parts = _gradient(model, [encoded[:1], encoded[1:]], attention.NAME)
    assert _relative(parts, _reference(model, encoded)) <= 1e-5


def test_the_fused_loss_is_the_plain_cross_entropy_with_its_gradients() -> None:
    torch.manual_seed(0)
    hidden = torch.randn(2_500, 48, requires_grad=True)
    weight = torch.randn(777, 48, requires_grad=True)
    targets = torch.randint(0, 777, (2_500,))
    plain_loss = torch.nn.functional.cross_entropy(hidden @ weight.T, targets, reduction="sum")
    wanted = torch.autograd.grad(plain_loss, (hidden, weight))
    fused = summed_loss(hidden, weight, targets)
    ours = torch.autograd.grad(fused, (hidden, weight))
    with torch.no_grad():
        assert float(summed_loss(hidden, weight, targets)) == pytest.approx(float(fused.detach()), rel=1e-6)
    assert abs(float((fused - plain_loss).detach())) / float(plain_loss.detach()) <= 1e-6
    assert all(_relative(gradient, reference) <= 1e-5 for gradient, reference in zip(ours, wanted, strict=True))


def test_under_bf16_the_vocabulary_gradient_is_added_up_in_fp32() -> None:
    """24 chunks: added up in bf16, each addition would round to 8 bits again; in fp32 one rounding at the end remains."""
    torch.manual_seed(0)
    hidden = torch.randn(24 * CHUNK, 16).bfloat16().requires_grad_()
    weight = torch.randn(64, 16).bfloat16().requires_grad_()
    targets = torch.randint(0, 64, (24 * CHUNK,))
    exact = torch.nn.functional.cross_entropy((hidden.double() @ weight.double().T), targets, reduction="sum")
    (wanted,) = torch.autograd.grad(exact, weight)
    (ours,) = torch.autograd.grad(summed_loss(hidden, weight, targets), weight)
    rounding = 2.0**-8
    parts = [
        torch.autograd.grad(summed_loss(h, weight, t), weight)[0]
        for h, t in zip(hidden.split(CHUNK), targets.split(CHUNK), strict=True)
    ]
    in_bf16 = parts[0].clone()
    for part in parts[1:]:
        in_bf16 += part
    assert _relative(ours.float(), wanted.float()) <= rounding
    assert _relative(ours.float(), wanted.float()) < 0.5 * _relative(in_bf16.float(), wanted.float())


def test_only_answer_tokens_are_trained(samples: tuple[Qwen3ForCausalLM, list[Encoded]]) -> None:
    _, encoded = samples
    row = pack(encoded)
    assert len(row["targets"]) == sum(sample.trained for sample in encoded)
    expected = [token for sample in encoded for token in sample.ids[sample.answer_start :]]
    assert row["targets"].tolist() == expected


def test_a_folder_of_the_whole_vocabulary_is_what_a_hub_gives(tmp_path: Path) -> None:
    words = tokenizer.qwen3()
    tokenizer.save(words, tmp_path, max_length=512)
    template = load_template(tmp_path, "off")
    assert (len(template.tokenizer), template.tokenizer.eos_token_id, template.tokenizer.pad_token_id) == (
        151_669,
        151_645,
        151_643,
    )


def test_under_autocast_every_attention_path_gets_the_dtype_that_kernels_take(monkeypatch: pytest.MonkeyPatch) -> None:
    """Qwen3's norms of queries and keys give fp32 under autocast, which no kernel of a GPU takes."""
    taken: list[tuple[torch.dtype, ...]] = []
    real = attention.scaled_dot_product_attention

    def watched(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, **options: Any) -> torch.Tensor:
        taken.append((query.dtype, key.dtype, value.dtype))
        return real(query, key, value, **options)

    monkeypatch.setattr(attention, "scaled_dot_product_attention", watched)
    query, key = torch.randn(1, 2, 6, 8), torch.randn(1, 2, 6, 8)
    value = torch.randn(1, 2, 6, 8).bfloat16()
    attention.docpack(torch.nn.Module(), query, key, value, None, borders=(0, 2, 6))
    assert taken == [(torch.bfloat16,) * 3] * 2
