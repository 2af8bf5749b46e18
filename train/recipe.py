"""Recipes: which samples make a step and how they are computed. One small file each in ``recipes/``.

A recipe owns batching, a model owns learning rate and epochs (model.py): so that either can be changed alone.
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass, fields
from importlib import resources
from typing import Literal

from factory.errors import UsageError

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

    def learning_rate(self, base: float, samples_per_step: float) -> float:
        """The model's rate for steps of so many samples: square-root scaling, which keeps Adam's noise per epoch.

        Source: Malladi et al. 2022, "On the SDEs and Scaling Rules for Adaptive Gradient Algorithms".
        """
        return base * math.sqrt(samples_per_step / self.samples_per_step)


def names() -> list[str]:
    """Names of the recipe files."""
    return sorted(file.name.removesuffix(".toml") for file in _folder().iterdir() if file.name.endswith(".toml"))


def load(name: str) -> Recipe:
    """The recipe of that name. Raises UsageError."""
    if name not in names():
        raise UsageError(f"RECIPE must be one of {', '.join(names())}, not {name!r}.")
    values = tomllib.loads((_folder() / f"{name}.toml").read_text(encoding="utf-8"))
    unknown = set(values) - {field.name for field in fields(Recipe)}
    if unknown:
        raise UsageError(f"recipes/{name}.toml has unknown keys: {', '.join(sorted(unknown))}.")
    return Recipe(name=name, **values)


def _folder() -> resources.abc.Traversable:
    return resources.files("train") / FOLDER
