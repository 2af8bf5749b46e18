"""What a recipe costs beside the original and TRL's SFTTrainer: CPU seconds a real token, peak memory, and time to equal loss.

Every arm is a process of its own over the same rows, seed and threads; arms take turns in rounds and the median counts, since
CPU seconds too move with what else the machine does. A real token is a token of a sample: padding is nobody's work.
TRL is measured where it is installed (``pip install --target FOLDER --no-deps trl datasets dill multiprocess xxhash``,
then ``PYTHONPATH=FOLDER``), at several settings of which the best is compared. Both vocabularies: the embedded tiny model,
and one of the whole 151,936 words.

    python bench/train_speed.py --data DATA            # ratios (a DATA folder with a few hundred samples; made if left out)
    python bench/train_speed.py --data DATA --loss     # and time to the original's validation loss
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from transformers import PrinterCallback, Qwen3Config, Qwen3ForCausalLM, TrainerCallback

from train import recipe, tokenizer
from train.checkpoints import Checkpoints
from train.config import TrainSettings, Wandb
from train.run import Prepared, _arguments, prepare
from train.trainer import PackedTrainer, ScheduledRows, only
from train.validation import hold, losses

OURS = ("original", "original-kept", "exact", "fast")
"""original-kept is the original without gradient checkpointing: what it would cost with all activations kept."""
PEERS = ("trl-1x4", "trl-4x1", "trl-packed")
VOCABULARIES = ("embedded", "full")
SHARES = (0.25, 0.35, 0.5, 0.7, 1.0)
"""Of the original's trained tokens, each with its whole schedule: how soon does a recipe reach the original's last loss?"""


def settings(data: Path, recipe_name: str, model: Path | None, tokens: int) -> TrainSettings:
    """As ``python -m train run`` would have them."""
    chosen = recipe.load(recipe_name.removesuffix("-kept"))
    if recipe_name.endswith("-kept"):
        chosen = replace(chosen, gradient_checkpointing=False)
    return TrainSettings(
        data=data,
        mode="closed",
        sql=None,
        run=None,
        model=str(model) if model else None,
        hub=None,
        recipe=chosen,
        thinking="off",
        seed=0,
        epochs=None,
        tokens=tokens,
        name="bench",
        save_every_s=1e9,
        wandb=Wandb("disabled"),
    )


def whole_vocabulary(folder: Path) -> Path:
    """A folder as a hub gives it: Qwen3's tokenizer and a small random model over all 151,936 words."""
    if not (folder / "config.json").exists():
        tokenizer.save(tokenizer.qwen3(), folder, max_length=4_096, thinking="train")
        torch.manual_seed(0)
        config = Qwen3Config(
            vocab_size=151_936,
            hidden_size=256,
            intermediate_size=768,
            num_hidden_layers=4,
            num_attention_heads=4,
            num_key_value_heads=2,
            head_dim=64,
            tie_word_embeddings=True,
            max_position_embeddings=4_096,
        )
        Qwen3ForCausalLM(config).save_pretrained(folder)
    return folder


class Clock:
    """Trainer callback: process CPU seconds and real tokens, from the end of the second step on."""

    def __init__(self, tokens_of_step: list[int]) -> None:
        outer = self
        self.tokens_of_step, self.start, self.end, self.tokens = tokens_of_step, 0.0, 0.0, 0

        class Callback(TrainerCallback):  # type: ignore[misc]
            """Marks."""

            def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
                """The first two steps warm caches and allocate."""
                if state.global_step == 2:
                    outer.start = time.process_time()
                elif state.global_step > 2:
                    outer.end = time.process_time()
                    outer.tokens += outer.tokens_of_step[state.global_step - 1]

        self.callback = Callback()

    def figures(self) -> dict[str, float]:
        """CPU seconds per 1,000 real tokens, and the process's peak."""
        assert self.tokens, "too few steps to time: give more --tokens"
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return {"cpu_s_per_1k": (self.end - self.start) / self.tokens * 1_000, "peak_mib": round(peak)}


def ours(data: Path, name: str, model: Path | None, tokens: int) -> dict[str, float]:
    """One recipe, through the trainer that users get."""
    chosen = settings(data, name, model, tokens)
    ready = prepare(chosen)
    sizes = [sum(len(ready.samples[i].ids) for row in step for i in row) for step in ready.schedule.steps]
    clock = Clock(sizes)
    with tempfile.TemporaryDirectory() as out:
        trainer = PackedTrainer(
            Checkpoints(Path(out)),
            model=ready.model,
            args=_arguments(chosen, ready, Path(out)),
            train_dataset=ScheduledRows(ready.samples, ready.schedule, fused=chosen.recipe.fused_loss),
            data_collator=only,
            callbacks=[clock.callback],
        )
        trainer.remove_callback(PrinterCallback)
        before = time.process_time()
        trainer.train()
        total = time.process_time() - before
    figures = {**clock.figures(), "train_cpu_s": round(total, 2)}
    return figures if model else {**figures, "validation_loss": validation_loss(ready, chosen)}


def validation_loss(ready: Prepared, chosen: TrainSettings) -> float:
    """Over all answer tokens that are held out, seen and unseen together."""
    held = hold(ready.division.validation, ready.template, chosen.recipe.max_length)
    loss_of = losses(ready.model, held, torch.device("cpu"), fused=chosen.recipe.fused_loss)
    weights = {name: sum(row.trained for row in held[name].rows) for name in loss_of}
    return sum(loss_of[name] * weights[name] for name in loss_of) / sum(weights.values())


def trl(data: Path, name: str, model: Path | None, tokens: int) -> dict[str, float]:
    """SFTTrainer over the very token ids and masks that ours trains on; gradient checkpointing off, its chunked loss."""
    from datasets import Dataset  # noqa: PLC0415 - an optional peer
    from trl import SFTConfig, SFTTrainer  # noqa: PLC0415 - as above

    ready = prepare(settings(data, "original", model, tokens))
    order = [i for step in ready.schedule.steps for row in step for i in row]
    rows = [ready.samples[i] for i in order]
    lengths = [len(row.ids) for row in rows]
    table = Dataset.from_dict(
        {
            "input_ids": [list(row.ids) for row in rows],
            "completion_mask": [[int(at >= row.answer_start) for at in range(len(row.ids))] for row in rows],
        }
    )
    packed = name == "trl-packed"
    batch = {"trl-1x4": (1, 4), "trl-4x1": (4, 1), "trl-packed": (1, 1)}[name]
    with tempfile.TemporaryDirectory() as out:
        arguments = SFTConfig(
            output_dir=out,
            per_device_train_batch_size=batch[0],
            gradient_accumulation_steps=batch[1],
            packing=packed,
            max_length=1_280 if packed else 2_048,
            completion_only_loss=True,
            activation_checkpointing=False,
            bf16=False,
            use_cpu=True,
            train_sampling_strategy="sequential",
            num_train_epochs=1,
            learning_rate=ready.learning_rate,
            optim="adamw_torch_fused",
            max_grad_norm=1.0,
            report_to=[],
            save_strategy="no",
            disable_tqdm=True,
            logging_steps=1_000_000,
            dataloader_pin_memory=False,
        )
        trainer = SFTTrainer(
            model=ready.model, args=arguments, train_dataset=table, processing_class=ready.template.tokenizer
        )
        trainer.remove_callback(PrinterCallback)
        sizes = (
            [len(ids) for ids in trainer.train_dataset["input_ids"]]
            if packed
            else [sum(lengths[at : at + 4]) for at in range(0, len(lengths), 4)]
        )
        clock = Clock(sizes)
        trainer.add_callback(clock.callback)
        trainer.train()
    return clock.figures()


def _arm(data: Path, arm: str, vocabulary: str, tokens: int, folder: Path) -> dict[str, float]:
    """Start one arm as a process of its own."""
    command = [sys.executable, __file__, "--data", str(data), "--arm", arm, "--tokens", str(tokens)]
    if vocabulary == "full":
        command += ["--model", str(folder)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "WANDB_MODE": "disabled"}
    )
    if done.returncode:
        raise SystemExit(f"{arm} ({vocabulary}) failed:\n{done.stderr[-2_000:]}")
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    print(f"{vocabulary} {arm}: {figures}", file=sys.stderr, flush=True)
    return figures


def speed(data: Path, vocabulary: str, arms: tuple[str, ...], tokens: int, rounds: int, folder: Path) -> dict[str, Any]:
    """Medians over rounds, and ratios to the original and to TRL's best."""
    runs: dict[str, list[dict[str, float]]] = {arm: [] for arm in arms}
    for _ in range(rounds):
        for arm in arms:
            runs[arm].append(_arm(data, arm, vocabulary, tokens, folder))
    cost = {
        arm: statistics.median(figures["cpu_s_per_1k"] for figures in figures_of) for arm, figures_of in runs.items()
    }
    peak = {arm: max(figures["peak_mib"] for figures in figures_of) for arm, figures_of in runs.items()}
    peers = [cost[arm] for arm in arms if arm in PEERS]
    return {
        "cpu_s_per_1k_tokens": {arm: round(value, 4) for arm, value in cost.items()},
        "peak_mib": peak,
        "exact_over": {arm: round(cost["exact"] / value, 3) for arm, value in cost.items() if arm != "exact"},
        "exact_over_best_trl": round(cost["exact"] / min(peers), 3) if peers else None,
    }


def equal_loss(data: Path, tokens: int, folder: Path) -> dict[str, Any]:
    """CPU seconds of the original to its last validation loss; of exact and fast until they are as low, interpolated."""
    reference = _arm(data, "original", "embedded", tokens, folder)
    wanted = reference["validation_loss"]
    figures: dict[str, Any] = {"original_loss": round(wanted, 4), "original_cpu_s": reference["train_cpu_s"]}
    for arm in ("exact", "fast"):
        points: list[tuple[float, float]] = []
        for share in SHARES:
            measured = _arm(data, arm, "embedded", int(tokens * share), folder)
            points.append((measured["train_cpu_s"], measured["validation_loss"]))
            if points[-1][1] <= wanted:
                break
        reached = _crossing(points, wanted)
        figures[arm] = {
            "points": points,
            "over_original": round(reached / reference["train_cpu_s"], 3) if reached else None,
        }
    return figures


def _crossing(points: list[tuple[float, float]], wanted: float) -> float | None:
    """CPU seconds at which the loss passes ``wanted``, on the line between the runs on either side."""
    before: tuple[float, float] | None = None
    for seconds, loss in points:
        if loss <= wanted:
            if before is None:
                return seconds
            share = (before[1] - wanted) / (before[1] - loss)
            return before[0] + share * (seconds - before[0])
        before = (seconds, loss)
    return None


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description="What a recipe costs.")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--arm")
    parser.add_argument("--model", type=Path)
    parser.add_argument("--tokens", type=int, default=24_000, help="trained tokens an arm")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--vocabulary", default="both", help="embedded, full, both or none")
    parser.add_argument("--loss", action="store_true", help="time to equal validation loss, too (minutes)")
    parser.add_argument("--loss-tokens", type=int, default=300_000)
    flags = parser.parse_args()
    if flags.arm:
        trainer_of = trl if flags.arm in PEERS else ours
        print(json.dumps(trainer_of(flags.data, flags.arm, flags.model, flags.tokens)))
        return
    with tempfile.TemporaryDirectory() as scratch:
        data = flags.data or _made(Path(scratch) / "data")
        folder = whole_vocabulary(Path(scratch) / "whole")
        peers = PEERS if importlib.util.find_spec("trl") else ()
        wanted = {"both": VOCABULARIES, "none": ()}.get(flags.vocabulary, (flags.vocabulary,))
        figures: dict[str, Any] = {
            name: speed(
                data, name, OURS + peers, flags.tokens // (1 if name == "embedded" else 2), flags.rounds, folder
            )
            for name in wanted
        }
        if flags.loss:
            figures["equal_loss"] = equal_loss(data, flags.loss_tokens, folder)
    print(json.dumps(figures))


def _made(data: Path) -> Path:
    command = [sys.executable, "-m", "factory", "synth"]
    subprocess.run(command, env={**os.environ, "DATA": str(data), "N": "400"}, check=True, capture_output=True)
    return data


if __name__ == "__main__":
    main()
