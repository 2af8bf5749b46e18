"""A packed row gives the gradient of its samples one by one; the fused loss gives the plain one; contamination shows."""

from __future__ import annotations

import pytest
import torch
from transformers import Qwen3ForCausalLM

from train import attention, tokenizer
from train.loss import summed_loss
from train.model import tiny
from train.packing import pack
from train.rows import Encoded, Row, encode

TEXTS = [
    ("我在清华大学，想吃川菜。", "推荐蜀味轩，评分4.6，人均78元。"),
    ("我在北京站附近，想吃火锅，人均一百以内。", "可以去老灶台，距离约340米，人均92元，招牌菜有毛肚。"),
    ("西湖边有什么江浙菜？", "楼外小厨不错，评分4.2。"),
    ("想吃日本料理，两个人，晚餐。", "月厨割烹，人均329元，营业到22:00，距离1.3公里。"),
]


@pytest.fixture(scope="module")
def samples() -> tuple[Qwen3ForCausalLM, list[Encoded]]:
    attention.register()
    words = tokenizer.pruned([text for pair in TEXTS for text in pair] + ["<|im_start|>user\nassistant system"])
    rows = [
        Row(str(i), "train", f"<|im_start|>user\n{q}<|im_end|>\n<|im_start|>assistant\n", a)
        for i, (q, a) in enumerate(TEXTS)
    ]
    return tiny(words, 3), [encode(row, words) for row in rows]


def _gradient(model: Qwen3ForCausalLM, batches: list[list[Encoded]], *, positions: bool = True) -> torch.Tensor:
    model.zero_grad()
    tokens = sum(len(one.ids) - one.answer_start for batch in batches for one in batch)
    for batch in batches:
        row = pack(batch)
        extra = {"position_ids": row.position_ids, "borders": row.borders} if positions else {}
        hidden = model.model(input_ids=row.input_ids, use_cache=False, **extra).last_hidden_state[0]
        (summed_loss(hidden[row.trained], model.lm_head.weight, row.targets) / tokens).backward()
    return torch.cat([parameter.grad.flatten() for parameter in model.parameters() if parameter.grad is not None])


def _relative(one: torch.Tensor, other: torch.Tensor) -> float:
    return float((one - other).norm() / other.norm())


def test_one_row_of_four_has_the_gradient_of_four_micro_batches(
    samples: tuple[Qwen3ForCausalLM, list[Encoded]],
) -> None:
    model, encoded = samples
    reference = _gradient(model, [[one] for one in encoded])
    assert _relative(_gradient(model, [encoded]), reference) <= 1e-5


def test_without_borders_and_positions_the_gradient_is_far_off(samples: tuple[Qwen3ForCausalLM, list[Encoded]]) -> None:
    model, encoded = samples
    reference = _gradient(model, [[one] for one in encoded])
    assert _relative(_gradient(model, [encoded], positions=False), reference) > 0.1


def test_micro_batches_of_unequal_length_add_up(samples: tuple[Qwen3ForCausalLM, list[Encoded]]) -> None:
    model, encoded = samples
    assert _relative(_gradient(model, [encoded[:1], encoded[1:]]), _gradient(model, [encoded])) <= 1e-5


def test_the_fused_loss_is_the_plain_cross_entropy_with_its_gradients() -> None:
    torch.manual_seed(0)
    hidden = torch.randn(2_500, 48, requires_grad=True)
    weight = torch.randn(777, 48, requires_grad=True)
    targets = torch.randint(0, 777, (2_500,))
    plain = torch.nn.functional.cross_entropy(hidden @ weight.T, targets, reduction="sum")
    wanted = torch.autograd.grad(plain, (hidden, weight))
    fused = summed_loss(hidden, weight, targets)
    found = torch.autograd.grad(fused, (hidden, weight))
    assert abs(float((fused - plain).detach())) / float(plain.detach()) <= 1e-6
    assert all(_relative(one, other) <= 1e-5 for one, other in zip(found, wanted, strict=True))


def test_only_answer_tokens_are_trained(samples: tuple[Qwen3ForCausalLM, list[Encoded]]) -> None:
    _, encoded = samples
    row = pack(encoded)
    assert len(row.targets) == sum(len(one.ids) - one.answer_start for one in encoded)
    expected = [token for one in encoded for token in one.ids[one.answer_start :]]
    assert row.targets.tolist() == expected
