"""The settings of one training as they travel, made from what ``factory/settings`` read. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from factory.errors import UsageError
from factory.settings import Values, of_factory, of_train
from train import recipe
from train.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Wandb:
    """Where W&B writes: ``offline``, ``online`` or ``disabled``."""

    mode: str = "offline"
    project: str = "chidian"


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """One training run. ``model`` is a folder or, with ``hub``, an id; None is the embedded tiny model."""

    data: Path
    mode: str
    sql: str | None
    run: str | None
    """Rows of this factory run only"""
    model: str | None
    hub: str | None
    recipe: Recipe
    thinking: str
    seed: int
    epochs: int | None
    tokens: int | None
    """Stop after about so many trained tokens, whatever the epochs: equal budgets for unequal data"""
    name: str | None
    """Folder under DATA/models"""
    save_every_s: float
    prune: bool = False
    gemma_terms: str | None = None
    precision: str = "auto"
    wandb: Wandb = Wandb()


def settings_of(values: Values) -> TrainSettings:
    """From a command's values. Raises UsageError where two settings do not go together."""
    run, sql = values[of_factory.RUN], values[of_train.SQL]
    model, hub = values[of_train.MODEL], values[of_train.HUB]
    if run and sql:
        raise UsageError("RUN and SQL both choose the rows: write `where run_id = ...` into the SQL instead.")
    if hub and not model:
        raise UsageError("HUB names where MODEL comes from: give MODEL too, such as MODEL=Qwen/Qwen3-0.6B.")
    if values[of_train.PRUNE] and not model:
        raise UsageError(
            "PRUNE=1 cuts a model that was given, and the embedded one has no word too many: give MODEL, too."
        )
    return TrainSettings(
        data=values[of_factory.DATA],
        mode=values[of_train.MODE],
        sql=sql,
        run=run,
        model=model,
        hub=hub,
        recipe=recipe.load(values[of_train.RECIPE]),
        thinking=values[of_train.THINKING],
        seed=values[of_factory.SEED],
        epochs=values[of_train.EPOCHS],
        tokens=values[of_train.TOKENS],
        name=values[of_train.MODEL_NAME],
        save_every_s=values[of_train.SAVE_EVERY_S],
        prune=values[of_train.PRUNE],
        gemma_terms=values[of_train.GEMMA_TERMS],
        precision=values[of_train.PRECISION],
        wandb=Wandb(values[of_train.WANDB_MODE], values[of_train.WANDB_PROJECT]),
    )
