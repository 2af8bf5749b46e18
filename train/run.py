"""``python -m train run``: rows from a view, the recipe's steps with transformers' Trainer, a plain checkpoint folder.

Wires what the other files decide: rows.py and template.py give token ids, recipe.py and schedule.py the steps, trainer.py
makes them, watching.py shows them, checkpoints.py keeps them. Runs alone, or with several processes, one a GPU, which share the
samples of each step: ``torchrun --standalone --nproc-per-node 2 -m train run``.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from transformers import PrinterCallback, TrainingArguments
from transformers.utils.logging import disable_progress_bar

from factory.errors import UsageError
from factory.settings import Values
from factory.shown_text import print_line
from train import attention, tokenizer
from train.checkpoints import Checkpoints
from train.config import TrainSettings, settings_of
from train.loss import give_answer_loss
from train.model import DEMONSTRATION, QWEN3, TINY, ModelSettings, load, tiny
from train.portable import end_tokens, write_portable
from train.recipe import Recipe
from train.rows import Division, Encoded, Row, fingerprint, left_out, read_division
from train.schedule import Schedule, schedule
from train.source import contents, cut_source, find_source
from train.template import Template, load_template, texts
from train.trainer import PackedTrainer, ScheduledRows, only
from train.validation import hold
from train.watching import Metrics, TrainingWatcher


@dataclass(frozen=True, slots=True)
class Prepared:
    """A model with its tokenizer, and the data as its token ids."""

    model: Any
    dtype: torch.dtype
    """What the saved weights are in"""
    template: Template
    division: Division
    samples: list[Encoded]
    schedule: Schedule
    owner: ModelSettings
    learning_rate: float
    epochs: int
    source: Path | None
    """The folder that the weights came from"""
    ends: list[int]
    """Ids that end an answer, the trained one first"""


def main(values: Values) -> int:
    """Train and save. Raises UsageError, RunStopped."""
    train(settings_of(values))
    return 0


def train(settings: TrainSettings) -> Path:
    """Run to the end, going on from the last checkpoint of the same configuration; returns the checkpoint folder."""
    main_process = os.environ.get("RANK", "0") == "0"
    ready = prepare(settings)
    folder = settings.data / "models" / (settings.name or _name(settings))
    config = _config(settings, ready)
    checkpoints = Checkpoints(folder)
    if not checkpoints.open(config, writing=main_process):
        _say(
            f"{folder} is trained already: remove it, or give another name, for instance make train "
            f"MODEL_NAME={checkpoints.free_name()}, to train again."
        )
        return folder
    if not settings.model and main_process:
        _say(DEMONSTRATION)
    going_on = checkpoints.newest()
    after = int(going_on.name.rpartition("-")[2]) if going_on else 0
    if after and main_process:
        _say(f"going on after step {after} of {len(ready.schedule.steps)}")
    metrics = Metrics(checkpoints, config, settings.wandb, going_on=going_on) if main_process else None
    trainer = _trainer(settings, ready, checkpoints, metrics)
    trainer.train(resume_from_checkpoint=str(going_on) if going_on else None)
    _finish(trainer, ready, checkpoints, config)
    if metrics is not None:
        metrics.close()
        _say(f"checkpoint: {folder}")
    return folder


def prepare(settings: TrainSettings) -> Prepared:
    """Everything that a run is computed from. Raises UsageError."""
    attention.register()
    disable_progress_bar()
    chosen = settings.recipe
    division = read_division(settings.data, settings.mode, settings.sql, chosen.split, settings.seed, settings.run)
    if settings.sql is None and (pooled := left_out(settings.data, settings.run)):
        _say(
            f"{pooled} samples are left out, since another run has them too or holds them back (view left_out); RUN= takes one run"
        )
    if len(division.train) < chosen.samples_per_step:
        raise UsageError(
            f"Rows to train on: {len(division.train)}; at least {chosen.samples_per_step}, one step, are needed: select more."
        )
    if division.held_out and os.environ.get("RANK", "0") == "0":
        _say(
            f"{division.held_out} of the rows to train on are held-out rows (split seen or unseen): validation losses that count "
            "them measure memory, and `complete` will not ask this checkpoint."
        )
    source = find_source(settings)
    template = _template(source, division, settings.thinking)
    if settings.prune and source:
        source = cut_source(source, template, _all_rows(division), settings.data)
        template = load_template(source, settings.thinking)
    samples = _fitting([template.encode(row) for row in division.train], chosen)
    if source:
        model, dtype = load(source)
    else:
        model, dtype = tiny(template.tokenizer.backend_tokenizer, settings.seed), torch.float32
    ends = _agree(model, template)
    owner = QWEN3 if source else TINY
    steps = schedule(
        samples,
        chosen,
        seed=settings.seed,
        epochs=settings.epochs or owner.epochs,
        tokens=settings.tokens,
        processes=int(os.environ.get("WORLD_SIZE", "1")),
    )
    if chosen.fused_loss:
        give_answer_loss(model)
    else:
        model.set_attn_implementation("sdpa")
    rate = chosen.learning_rate(owner.learning_rate, steps.samples_per_step)
    epochs = settings.epochs or owner.epochs
    return Prepared(model, dtype, template, division, samples, steps, owner, rate, epochs, source, ends)


def _template(source: Path | None, division: Division, thinking: str) -> Template:
    """The model's own tokenizer; Qwen3's for a folder without one; for the tiny model, Qwen3's pruned to the rows."""
    if source and any((source / name).exists() for name in ("tokenizer.json", "tokenizer_config.json", "vocab.json")):
        return load_template(source, thinking)
    words = tokenizer.qwen3() if source else tokenizer.pruned(texts(_all_rows(division)))
    with tempfile.TemporaryDirectory() as folder:
        tokenizer.save(words, Path(folder), max_length=4_096, thinking="train")
        return replace(load_template(Path(folder), thinking), source=None)


def _all_rows(division: Division) -> list[Row]:
    return [*division.train, *(row for held in division.validation.values() for row in held)]


def _agree(model: Any, template: Template) -> list[int]:
    """Model and tokenizer end and pad alike; returns all ids that may end an answer. Raises UsageError on a small vocabulary."""
    if len(template.tokenizer) > model.config.vocab_size:
        raise UsageError(
            f"The tokenizer has {len(template.tokenizer)} words, the model {model.config.vocab_size}: they do not belong together."
        )
    ends = end_tokens(template.tokenizer.eos_token_id, model.generation_config, model.config)
    for config in (model.config, model.generation_config):
        config.eos_token_id = template.tokenizer.eos_token_id
        config.pad_token_id = template.tokenizer.pad_token_id
    model.config.use_cache = False
    return ends


def _fitting(encoded: list[Encoded], chosen: Recipe) -> list[Encoded]:
    kept = [sample for sample in encoded if len(sample.ids) <= chosen.max_length]
    if len(kept) < chosen.samples_per_step:
        raise UsageError(f"Only {len(kept)} rows have at most {chosen.max_length} tokens: select shorter ones.")
    if len(kept) < len(encoded):
        _say(f"{len(encoded) - len(kept)} rows are longer than {chosen.max_length} tokens and are left out")
    return kept


def _name(settings: TrainSettings) -> str:
    base = Path(settings.model).name.removeprefix("package:") if settings.model else "tiny"
    base += "-cut" if settings.prune else ""
    suffix = "" if settings.recipe.name == "exact" else f"-{settings.recipe.name}"
    return f"{base}-{settings.mode}-{settings.seed}{suffix}"


def _config(settings: TrainSettings, ready: Prepared) -> dict[str, Any]:
    """Everything that decides the losses: a run goes on only when all of it is as it was."""
    held_out = [row for rows in ready.division.validation.values() for row in rows]
    return {
        "rows": fingerprint(ready.division.train),
        "trained_held_out": ready.division.held_out,
        "validation_rows": fingerprint(held_out),
        "mode": settings.mode,
        "sql": settings.sql,
        "run": settings.run,
        "model": settings.model or "tiny",
        "model_hash": contents(ready.source) if ready.source else None,
        "hub": settings.hub,
        "prune": settings.prune,
        **({} if settings.precision == "auto" else {"precision": settings.precision}),
        "demonstration": settings.model is None,
        "parameters": ready.model.num_parameters(),
        "vocabulary": len(ready.template.tokenizer),
        "recipe": settings.recipe.name,
        "batching": {name: value for name, value in asdict(settings.recipe).items() if name != "name"},
        "thinking": settings.thinking,
        "seed": settings.seed,
        "epochs": ready.epochs,
        "tokens": settings.tokens,
        "learning_rate": ready.learning_rate,
        "steps": len(ready.schedule.steps),
        "processes": int(os.environ.get("WORLD_SIZE", "1")),
    }


def _trainer(
    settings: TrainSettings, ready: Prepared, checkpoints: Checkpoints, metrics: Metrics | None
) -> PackedTrainer:
    chosen = settings.recipe
    watcher = TrainingWatcher(
        ready.samples,
        ready.schedule,
        hold(ready.division.validation, ready.template, chosen.max_length),
        ready.template,
        metrics,
        fused=chosen.fused_loss,
        demonstration=settings.model is None,
        save_every_s=settings.save_every_s,
    )
    trainer = PackedTrainer(
        checkpoints,
        model=ready.model,
        args=_arguments(settings, ready, checkpoints.folder),
        train_dataset=ScheduledRows(ready.samples, ready.schedule, fused=chosen.fused_loss),
        data_collator=only,
        callbacks=[watcher],
    )
    trainer.remove_callback(PrinterCallback)
    return trainer


def _arguments(settings: TrainSettings, ready: Prepared, folder: Path) -> TrainingArguments:
    """The schedule holds all epochs, so Trainer sees one; master weights are fp32 whatever is computed in."""
    gpu = torch.cuda.is_available()
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    return TrainingArguments(
        output_dir=str(folder),
        per_device_train_batch_size=1,
        gradient_accumulation_steps=ready.schedule.rows_per_step // processes,
        activation_checkpointing=settings.recipe.gradient_checkpointing,
        activation_checkpointing_kwargs={"use_reentrant": False},
        train_sampling_strategy="sequential",
        max_steps=len(ready.schedule.steps),
        learning_rate=ready.learning_rate,
        lr_scheduler_type="linear",
        warmup_steps=min(ready.owner.warmup_steps, len(ready.schedule.steps) // 4),
        adam_beta2=ready.owner.beta2,
        weight_decay=ready.owner.weight_decay,
        max_grad_norm=1.0,
        optim="adamw_torch_fused",
        seed=settings.seed,
        bf16=settings.precision == "bf16" or (gpu and settings.precision == "auto"),
        logging_steps=1,
        logging_nan_inf_filter=False,
        save_strategy="no",
        report_to=[],
        remove_unused_columns=False,
        disable_tqdm=True,
        use_cpu=not gpu,
        ddp_backend=("nccl" if gpu else "gloo") if processes > 1 else None,
        ddp_find_unused_parameters=False,
        dataloader_pin_memory=gpu,
    )


def _finish(trainer: PackedTrainer, ready: Prepared, checkpoints: Checkpoints, config: dict[str, Any]) -> None:
    """A folder that loads without our code: the library's attention, the source's dtype, tokenizer and template."""
    ready.model.set_attn_implementation("sdpa")
    ready.model.config.use_cache = True
    if ready.dtype != torch.float32 and trainer.args.world_size == 1:
        ready.model.to(ready.dtype)
    with checkpoints.trouble("The trained model"):
        trainer.save_final()
        trainer.accelerator.wait_for_everyone()
        if trainer.is_world_process_zero():
            ready.template.save(checkpoints.aside / "final")
            write_portable(checkpoints.aside / "final", ready.ends)
            checkpoints.finish(config | {"source": str(ready.source) if ready.source else None})


def _say(line: str) -> None:
    print_line(line)
