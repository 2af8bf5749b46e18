"""Everything that is seen of a run while it goes: metrics as JSONL, progress lines, wandb, validation, answers, the curve.

Also decides when to save, since that is a matter of time. Only the main process writes.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

import orjson
import torch
from transformers import TrainerCallback

from factory.errors import RunStopped, UsageError
from factory.shown_text import print_line
from train import curve, validation
from train.checkpoints import METRICS, Checkpoints
from train.config import Wandb
from train.record import write_whole
from train.rows import Encoded
from train.schedule import Schedule
from train.speed import Meter, peak_flops, step_flops
from train.template import Template
from train.validation import Held

LOOKS, STEPS_A_LOOK = 6, 25
"""Validations in a run, evenly, the last after the last step; fewer in a run so short that they would be most of it"""
LOOKS_SHARE: Final = 0.1
PASSES: Final = 3
"""What a token costs in training over what it costs when it is only looked at: backward is two forwards"""
SAY_EVERY_S: Final = 5.0
SAVE_COST: Final = 20
"""A save waits for this many times as long as the last one took: at most a twentieth of the run goes into saving"""


class Metrics:
    """``metrics.jsonl``, and the same lines to wandb."""

    def __init__(
        self, checkpoints: Checkpoints, config: Mapping[str, Any], wandb: Wandb, *, going_on: Path | None
    ) -> None:
        """The checkpoint's lines are kept: steps behind ``going_on`` are about to be made again. Raises DiskTrouble."""
        self._checkpoints = checkpoints
        self._path = checkpoints.folder / METRICS
        with checkpoints.trouble("The metrics"):
            kept = curve.read_metrics(going_on / METRICS) if going_on else []
            write_whole(self._path, b"".join(orjson.dumps(line) + b"\n" for line in kept))
        self._run = _wandb_run(checkpoints.folder, config, wandb)

    def add(self, line: dict[str, Any]) -> None:
        """One line; ``step`` is among it. Raises DiskTrouble."""
        with self._checkpoints.trouble("The metrics"), self._path.open("ab") as file:
            file.write(orjson.dumps(line) + b"\n")
        if self._run is not None:
            self._run.log({name: value for name, value in line.items() if name != "step"}, step=line["step"])

    def draw(self, *, demonstration: bool) -> None:
        """The curve so far. Raises DiskTrouble."""
        with self._checkpoints.trouble("The loss curve"):
            curve.draw(self._checkpoints.folder, demonstration=demonstration)

    def close(self) -> None:
        """Let wandb write what it holds."""
        if self._run is not None:
            self._run.finish()


def _looks(samples: Sequence[Encoded], schedule: Schedule, held: Mapping[str, Held]) -> int:
    """How often the held-out rows are looked at: together they take at most a tenth of the run's time."""
    trained = sum(len(samples[i].ids) for step in schedule.steps for row in step for i in row)
    looked_at = sum(len(row.ids) for split in held.values() for row in split.rows)
    affordable = int(LOOKS_SHARE * PASSES * trained / looked_at) if looked_at else LOOKS
    return max(1, min(LOOKS, len(schedule.steps) // STEPS_A_LOOK, affordable))


def _wandb_run(folder: Path, config: Mapping[str, Any], chosen: Wandb) -> Any:
    """A run of wandb inside the run's folder; None when it is disabled. Raises UsageError."""
    os.environ["WANDB_MODE"] = chosen.mode  # wandb reads the variable too, and cannot take an empty one
    if chosen.mode == "disabled":
        return None
    import wandb  # noqa: PLC0415 - a second to import

    try:
        return wandb.init(
            project=chosen.project,
            name=folder.name,
            dir=str(folder),
            mode=chosen.mode,  # type: ignore[arg-type]  # one of its words
            config=dict(config),
            settings=wandb.Settings(silent=True, console="off"),
        )
    except wandb.Error as error:
        reason = str(error).strip().splitlines()[0]
        raise UsageError(
            f"wandb does not start ({reason}): log in, or leave WANDB_MODE out, which means offline."
        ) from error


class TrainingWatcher(TrainerCallback):  # type: ignore[misc]  # transformers ships no types
    """Trainer's callback. ``metrics`` is None in the processes that only work."""

    def __init__(
        self,
        samples: list[Encoded],
        schedule: Schedule,
        held: Mapping[str, Held],
        template: Template,
        metrics: Metrics | None,
        *,
        fused: bool,
        demonstration: bool,
        save_every_s: float,
    ) -> None:
        self._samples, self._schedule, self._held, self._template = samples, schedule, held, template
        self._metrics, self._fused, self._demonstration = metrics, fused, demonstration
        self._save_every_s, self._save_took_s = save_every_s, 0.0
        total = len(schedule.steps)
        looks = _looks(samples, schedule, held)
        self._looks = {round(total * (i + 1) / looks) for i in range(looks)}
        sizes = [sum(map(len, step)) for step in schedule.steps]
        self._epochs = [done / len(samples) for done in accumulate(sizes)]
        self._meter = Meter(peak_flops())
        self._saved_at = time.monotonic()
        self._said_at = 0.0

    def on_train_begin(self, args: Any, state: Any, control: Any, **given: Any) -> None:  # noqa: ARG002 - the library's
        """The clock starts after loading."""
        self._parameters = int(given["model"].num_parameters())
        self._meter = Meter(_all(peak_flops(), args.world_size))
        self._saved_at = time.monotonic()

    def on_step_end(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        """Count, look, and say whether to save."""
        step = [self._samples[i] for row in self._schedule.steps[state.global_step - 1] for i in row]
        model = given["model"]
        self._meter.step(sum(len(sample.ids) for sample in step), step_flops(model.config, self._parameters, step))
        control.should_log = True
        control.should_save = self._time_to_save(args) and state.global_step < state.max_steps

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **given: Any) -> None:  # noqa: ARG002
        """One step's line. Raises RunStopped on a loss that is no number, before anything of it is saved."""
        state.log_history.clear()
        if not logs or "loss" not in logs:
            return
        self._write(state.global_step, state.max_steps, logs)
        if not (math.isfinite(logs["loss"]) and math.isfinite(logs.get("grad_norm", 0.0))):
            raise RunStopped(
                f"The loss of step {state.global_step} is not a number: lower the learning rate or look at the rows of this "
                "step. Nothing of it was saved; the same command goes on from the last checkpoint."
            )
        if state.global_step in self._looks:
            self._look(args, state.global_step, given["model"])

    def on_save(self, args: Any, state: Any, control: Any, **given: Any) -> None:  # noqa: ARG002 - the library's
        """A save costs time; the next one waits accordingly."""
        self._save_took_s = time.monotonic() - self._began_save
        self._saved_at = time.monotonic()
        self._meter.pause(self._save_took_s)

    def _time_to_save(self, args: Any) -> bool:
        """The main process's clock decides for all; 0 seconds mean after every step, whatever that costs."""
        self._began_save = time.monotonic()
        wait = max(self._save_every_s, SAVE_COST * self._save_took_s) if self._save_every_s else 0.0
        due = self._began_save - self._saved_at >= wait
        if args.world_size > 1:
            told = torch.tensor([due], device=args.device, dtype=torch.int32)
            torch.distributed.broadcast(told, src=0)
            due = bool(told.item())
        return due

    def _write(self, step: int, total: int, logs: Mapping[str, float]) -> None:
        if self._metrics is None:
            return
        mfu, rate = self._meter.mfu(), self._meter.tokens_per_s()
        line = {
            "step": step,
            "epoch": round(self._epochs[step - 1], 4),
            "loss": logs["loss"],
            "grad_norm": logs.get("grad_norm"),
            "learning_rate": logs.get("learning_rate"),
            "tokens_per_s": round(rate, 1),
            **({"mfu": round(mfu, 4)} if mfu is not None else {}),
        }
        self._metrics.add(line)
        if time.monotonic() - self._said_at >= SAY_EVERY_S or step == total:
            self._said_at = time.monotonic()
            left = self._meter.left_s(total - step)
            used = f" · MFU {mfu:.0%}" if mfu is not None else ""
            _say(
                f"step {step}/{total} · epoch {self._epochs[step - 1]:.2f} · loss {logs['loss']:.4f} · "
                f"{rate:,.0f} tokens/s{used} · {_duration(left)} left"
            )

    def _look(self, args: Any, step: int, model: Any) -> None:
        """Validation loss of each split, one answer of each, and the curve so far."""
        start = time.monotonic()
        losses = validation.losses(model, self._held, args.device, fused=self._fused)
        if self._metrics is not None:
            if losses:
                self._metrics.add({"step": step, "validation_loss": losses})
                _say(" · ".join(f"validation {split} {loss:.4f}" for split, loss in losses.items()))
                if not args.fsdp:
                    self._ask(self._metrics, step, model)
            self._metrics.draw(demonstration=self._demonstration)
        self._meter.pause(time.monotonic() - start)

    def _ask(self, metrics: Metrics, step: int, model: Any) -> None:
        rows = [held.asked for held in self._held.values()]
        for row, answer in zip(rows, validation.ask(model, self._template, rows), strict=True):
            question = row.turns[-1].content
            metrics.add({"step": step, "split": row.split, "question": question, "answer": answer})
            _say(f"  {row.split}: {question[-60:]!r} → {answer[:100]!r}")


def _all(peak: float | None, processes: int) -> float | None:
    return None if peak is None else peak * processes


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _say(line: str) -> None:
    print_line(line)
