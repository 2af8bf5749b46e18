"""Recipes: which samples make a step and how they are computed. One small file each in ``recipes/``.

A recipe owns batching, a model owns learning rate and epochs (model.py): so that either can be changed alone.
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass, fields, replace
from importlib import resources
from typing import TYPE_CHECKING, Literal

from factory.errors import UsageError

if TYPE_CHECKING:
    from train.model import ModelSettings

FOLDER = "recipes"


@dataclass(frozen=True, slots=True)
class Recipe:
    """One way to batch. Lengths in tokens."""

    name: str
    samples_per_step: int
    """Samples of one optimizer step; with ``budget`` packing, the number that the model's learning rate was chosen for"""
    packing: Literal["none", "step", "budget"]
    """``none``: a sample is a row; ``step``: the samples of a step are one row; ``budget``: a row is filled to ``row_tokens``"""
    fused_loss: bool
    """Ours, on answer positions only; else the library's, over all logits"""
    gradient_checkpointing: bool
    max_length: int
    """Longer rows are left out, and counted"""
    split: Literal["place", "random"]
    """``place``: the views' own; ``random``: four fifths of all rows, whatever their place"""
    row_tokens: int = 0

    def scaled(self, owner: ModelSettings, samples_per_step: float) -> ModelSettings:
        """The model's settings for steps of so many samples; only a budget makes steps of another size than they were chosen for.

        The square-root rule keeps Adam's path per sample: with k times the samples a step, the rate grows with sqrt(k) and 1 - beta
        with k (Malladi et al. 2022, "On the SDEs and Scaling Rules for Adaptive Gradient Algorithms"); warm-up has as many
        samples as before, and the decay grows with sqrt(k), so that an epoch decays as much.
        """
        if self.packing != "budget":
            return owner
        k = samples_per_step / self.samples_per_step
        return replace(
            owner,
            learning_rate=owner.learning_rate * math.sqrt(k),
            beta1=max(0.0, 1 - k * (1 - owner.beta1)),
            beta2=max(0.0, 1 - k * (1 - owner.beta2)),
            warmup_steps=round(owner.warmup_steps / k),
            weight_decay=owner.weight_decay * math.sqrt(k),
        )


def known() -> list[str]:
    """Names of the recipe files."""
    return sorted(one.name.removesuffix(".toml") for one in _folder().iterdir() if one.name.endswith(".toml"))


def load(name: str) -> Recipe:
    """The recipe of that name. Raises UsageError."""
    if name not in known():
        raise UsageError(f"RECIPE must be one of {', '.join(known())}, not {name!r}.")
    values = tomllib.loads((_folder() / f"{name}.toml").read_text(encoding="utf-8"))
    unknown = set(values) - {one.name for one in fields(Recipe)}
    if unknown:
        raise UsageError(f"recipes/{name}.toml has unknown keys: {', '.join(sorted(unknown))}.")
    return Recipe(name=name, **values)


def _folder() -> resources.abc.Traversable:
    return resources.files("train") / FOLDER
