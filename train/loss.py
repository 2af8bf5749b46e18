"""Cross-entropy of trained positions only, without ever holding all logits: chunks, gradients made on the way forward.

The vocabulary matrix product is a quarter of a small model's work, so prompt positions are dropped before it. dW is
accumulated in fp32 whatever the weights are.
"""

from __future__ import annotations

from types import MethodType
from typing import Any

import torch

CHUNK = 1_024
"""Positions a chunk: at 151,936 entries in fp32 a chunk's logits take 0.6 GB."""


class _LinearCrossEntropy(torch.autograd.Function):
    """hidden [A, H], weight [V, H], targets [A] to the sum of -log p."""

    @staticmethod
    def forward(ctx: Any, hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        total = torch.zeros((), dtype=torch.float32, device=hidden.device)
        grad_hidden = torch.empty_like(hidden)
        grad_weight = torch.zeros(weight.shape, dtype=torch.float32, device=weight.device)
        for start in range(0, hidden.shape[0], CHUNK):
            part, wanted = hidden[start : start + CHUNK], targets[start : start + CHUNK, None]
            logits = (part @ weight.T).float()
            told, top = logits.gather(1, wanted), logits.amax(dim=-1, keepdim=True)
            # In place: two more matrices of this size would cost a fifth more time, most of it in touching new memory.
            probs = logits.sub_(top).exp_()
            mass = probs.sum(dim=-1, keepdim=True)
            total += (mass.log() + top - told).sum()
            probs.div_(mass).scatter_add_(1, wanted, torch.full_like(mass, -1.0))
            grad_hidden[start : start + CHUNK] = probs.to(hidden.dtype) @ weight
            grad_weight.addmm_(probs.T, part.float())
        ctx.save_for_backward(grad_hidden, grad_weight.to(weight.dtype))
        return total

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, None]:
        grad_hidden, grad_weight = ctx.saved_tensors
        return grad_hidden * grad, grad_weight * grad, None


def summed_loss(hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Sum of -log p over the targets; divide by the tokens of the whole optimizer step."""
    if not torch.is_grad_enabled():
        return _without_gradients(hidden, weight, targets)
    result: torch.Tensor = _LinearCrossEntropy.apply(hidden, weight, targets)  # type: ignore[no-untyped-call]
    return result


def _without_gradients(hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """The same sum at a third of the work."""
    total = torch.zeros((), dtype=torch.float32, device=hidden.device)
    for start in range(0, hidden.shape[0], CHUNK):
        logits = (hidden[start : start + CHUNK] @ weight.T).float()
        total += torch.nn.functional.cross_entropy(logits, targets[start : start + CHUNK], reduction="sum")
    return total


def give_answer_loss(model: Any) -> None:
    """Let a causal language model take a packed row and return ``{"loss": summed_loss}``; other calls stay as they are.

    The loss has to be made inside the model's own forward, or DDP and FSDP, which wrap that, would not see it.
    """
    plain = model.forward

    def forward(self: Any, *args: Any, **given: Any) -> Any:
        if "targets" not in given:
            return plain(*args, **given)
        trained, targets = given.pop("trained"), given.pop("targets")
        hidden = self.model(*args, use_cache=False, **given).last_hidden_state[0]
        return {"loss": summed_loss(hidden[trained], self.lm_head.weight, targets)}

    model.forward = MethodType(forward, model)
