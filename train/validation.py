"""Validation loss by split, and a few answers, while a model learns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch

from factory.plan.split import hash_fraction
from train.attention import NAME
from train.completing import Student, answers
from train.packing import pack, plain
from train.rows import Encoded, Row
from train.template import Template

ROWS_A_SPLIT: Final = 64
"""The first in hash order: a larger data set changes few of them, and six looks cost well under a tenth of the run"""
TOKENS_A_ROW: Final = 2_048
LONGEST_ANSWER: Final = 192


@dataclass(frozen=True, slots=True)
class Held:
    """The rows of one split, encoded, and the one whose question is asked aloud."""

    rows: tuple[Encoded, ...]
    asked: Row


def hold(validation: Mapping[str, Sequence[Row]], template: Template, max_length: int) -> dict[str, Held]:
    """What is looked at while the model learns; splits without a row that fits are left out."""
    held = {}
    for split, rows in validation.items():
        chosen = sorted(rows, key=lambda row: hash_fraction("validation", row.sample_id))[:ROWS_A_SPLIT]
        fitting = tuple(row for row in map(template.encode, chosen) if len(row.ids) <= max_length)
        if fitting:
            held[split] = Held(fitting, chosen[0])
    return held


@torch.no_grad()
def losses(model: Any, held: Mapping[str, Held], device: torch.device, *, fused: bool) -> dict[str, float]:
    """Mean -log p of an answer token by split. Every process must call this: the model may be sharded."""
    was_training = model.training
    model.eval()
    means = {}
    for split, part in held.items():
        total = sum(float(_summed(model, row, device, fused=fused)) for row in _batches(part.rows, single=not fused))
        means[split] = total / sum(sample.trained for sample in part.rows)
    model.train(was_training)
    return means


def _batches(rows: Sequence[Encoded], *, single: bool) -> list[list[Encoded]]:
    """Rows of the model, filled in order."""
    batches: list[list[Encoded]] = []
    room = 0
    for sample in rows:
        if single or len(sample.ids) > room:
            batches.append([])
            room = TOKENS_A_ROW
        batches[-1].append(sample)
        room -= len(sample.ids)
    return batches


def _summed(model: Any, samples: Sequence[Encoded], device: torch.device, *, fused: bool) -> torch.Tensor:
    """Sum of -log p over the answers of one row."""
    tensors = dict(pack(samples)) if fused else plain(samples[0])
    row = {name: value.to(device) if isinstance(value, torch.Tensor) else value for name, value in tensors.items()}
    extra = {} if fused else {"num_items_in_batch": 1, "use_cache": False}
    loss: torch.Tensor = model(**row, **extra)["loss"]
    return loss


def ask(model: Any, template: Template, rows: Sequence[Row]) -> list[str]:
    """Greedy answers, cut at LONGEST_ANSWER tokens."""
    student = Student(model, template.tokenizer, "", "", thinks=True)
    was_training, was_attending = model.training, model.config._attn_implementation  # noqa: SLF001 - as in model.py
    model.eval()
    if was_attending == NAME:
        model.set_attn_implementation("sdpa")  # ours knows no cache
    try:
        generated = answers(student, [template.question(row.turns) for row in rows], LONGEST_ANSWER)
    finally:
        model.set_attn_implementation(was_attending)
        model.train(was_training)
    return [answer.text for answer in generated]
