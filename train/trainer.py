"""transformers' Trainer over a schedule of packed rows: token mean over the whole step, checkpoints that are never torn.

Its cost over a bare loop was measured before it was kept: docs/decisions/0006-trainer-over-a-written-schedule.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import torch
from torch.utils.data import Dataset
from transformers import Trainer

from train.checkpoints import Checkpoints
from train.packing import pack, plain
from train.rows import Encoded
from train.schedule import Schedule, trained_tokens


class ScheduledRows(Dataset[dict[str, Any]]):
    """Item k is the run's k-th row, of all steps and epochs in their order, with the trained tokens of its step."""

    def __init__(self, samples: Sequence[Encoded], schedule: Schedule, *, fused: bool) -> None:
        self._samples = samples
        self._rows = list(chain.from_iterable(schedule.steps))
        self._tokens = [trained_tokens(step, samples) for step in schedule.steps]
        self._per_step = schedule.rows_per_step
        self._fused = fused

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, number: int) -> dict[str, Any]:
        row = [self._samples[i] for i in self._rows[number]]
        tensors = dict(pack(row)) if self._fused else plain(row[0])
        return {**tensors, "step_tokens": self._tokens[number // self._per_step]}


def only(batch: list[dict[str, Any]]) -> dict[str, Any]:
    """A batch is one row."""
    [row] = batch
    return row


class PackedTrainer(Trainer):  # type: ignore[misc]  # transformers ships no types
    """Trainer whose loss is a step's summed -log p over that step's trained tokens."""

    loss_is_scaled_for_ga = True
    """Trainer must not divide by the accumulation again"""

    def __init__(self, checkpoints: Checkpoints, **given: Any) -> None:
        super().__init__(**given)
        self._checkpoints = checkpoints

    def compute_loss(self, model: Any, inputs: dict[str, Any], *_: Any, **__: Any) -> torch.Tensor:
        """This row's share of the step's token mean, times the processes, since these average their gradients."""
        tokens = inputs.pop("step_tokens")
        if "labels" in inputs:
            share = model(**inputs, num_items_in_batch=tokens, use_cache=False)["loss"]
        else:
            share = model(**inputs)["loss"] / tokens
        loss: torch.Tensor = share * self.args.world_size
        return loss

    def _get_output_dir(self, trial: Any) -> str:  # noqa: ARG002 - the library's signature
        return str(self._checkpoints.aside)

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        """Aside, fsynced, renamed. Raises DiskTrouble; the last whole checkpoint stays."""
        with self._checkpoints.trouble(f"The checkpoint of step {self.state.global_step}"):
            super()._save_checkpoint(model, trial)
            self.accelerator.wait_for_everyone()
            if self.is_world_process_zero():
                self._checkpoints.keep(self.state.global_step)

    def save_final(self) -> None:
        """Weights and configuration, aside, for Checkpoints.finish. Every process takes part."""
        folder = self._checkpoints.aside / "final"
        self.save_model(str(folder))
        (folder / "training_args.bin").unlink(missing_ok=True)
