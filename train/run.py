"""``python -m train run``: rows from a view, the recipe's steps with transformers' Trainer, a plain checkpoint folder.

Recipe ``exact``: the four samples of each of the original's steps stand in one row, each seeing only itself; the gradient
is that of four micro-batches, the work a fraction.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import torch
from tokenizers import Tokenizer
from transformers import Trainer, TrainerCallback, TrainingArguments

from factory.errors import RunStopped, UsageError
from train import attention, tokenizer
from train.loss import summed_loss
from train.model import DEMONSTRATION, QWEN3, TINY, ModelSettings, load, tiny
from train.packing import PackedRow, pack
from train.rows import MODES, Encoded, Row, encode, fingerprint, read_rows

SAMPLES_PER_STEP = 4
MAX_LENGTH = 2_048


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """One training run."""

    data: Path
    mode: str
    sql: str | None
    model: Path | None
    seed: int
    epochs: int | None
    tokens: int | None = None
    """Stop after about so many trained tokens, whatever the epochs: equal budgets for unequal data"""
    name: str | None = None
    """Folder under DATA/models"""


class PackedTrainer(Trainer):  # type: ignore[misc]  # transformers ships no types
    """Trainer whose batch is one packed row and whose loss is the fused one."""

    def compute_loss(self, model: Any, inputs: dict[str, Any], *_: Any, **__: Any) -> torch.Tensor:
        """Mean -log p over the trained tokens of the whole step."""
        hidden = model.model(
            input_ids=inputs["input_ids"],
            position_ids=inputs["position_ids"],
            borders=tuple(inputs["borders"]),
            use_cache=False,
        ).last_hidden_state[0]
        loss = summed_loss(hidden[inputs["trained"]], model.lm_head.weight, inputs["targets"]) / len(inputs["targets"])
        if not torch.isfinite(loss):
            raise RunStopped("The loss is not a number: lower the learning rate, or look at the rows of this step.")
        return loss


class _Log(TrainerCallback):  # type: ignore[misc]  # transformers ships no types
    """Metrics as JSONL, and plain progress lines."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **_: Any) -> None:  # noqa: ARG002 - the library's signature
        """One line a logged step."""
        with self._path.open("ab") as file:
            file.write(orjson.dumps({"step": state.global_step, **(logs or {})}) + b"\n")
        if logs and "loss" in logs:
            sys.stderr.write(f"step {state.global_step}/{state.max_steps} · loss {logs['loss']}\n")


def collate(samples: Sequence[Encoded]) -> dict[str, Any]:
    """One packed row of a step's samples."""
    row: PackedRow = pack(samples)
    return {
        "input_ids": row.input_ids,
        "position_ids": row.position_ids,
        "borders": list(row.borders),
        "trained": row.trained,
        "targets": row.targets,
    }


def main(argv: Sequence[str]) -> int:
    """Train and save. Raises UsageError, RunStopped."""
    env = os.environ
    parser = argparse.ArgumentParser(prog="python -m train run", description="Fine-tune on a SQL view.")
    parser.add_argument("--data", type=Path, default=Path(env.get("DATA") or "data"))
    parser.add_argument("--mode", default=env.get("MODE") or "closed")
    parser.add_argument("--sql", default=env.get("SQL") or None)
    parser.add_argument("--model", default=env.get("MODEL") or None)
    parser.add_argument("--seed", type=int, default=int(env.get("SEED") or 0))
    parser.add_argument("--epochs", type=int, default=int(env["EPOCHS"]) if env.get("EPOCHS") else None)
    parser.add_argument("--tokens", type=int, default=None, help="stop after about so many trained answer tokens")
    parser.add_argument("--name", default=None, help="checkpoint folder under DATA/models")
    flags = parser.parse_args(list(argv))
    if flags.name and Path(flags.name).name != flags.name:
        raise UsageError(f"--name is one folder name under DATA/models, not {flags.name!r}.")
    if flags.tokens is not None and flags.tokens < 1:
        raise UsageError(f"--tokens must be at least 1, not {flags.tokens}.")
    if (env.get("RECIPE") or "exact") != "exact" or env.get("HUB"):
        raise UsageError("Built so far is RECIPE=exact with a local MODEL=folder: leave RECIPE and HUB out.")
    if flags.mode not in MODES:
        raise UsageError(f"MODE must be one of {', '.join(MODES)}, not {flags.mode!r}.")
    model = Path(flags.model) if flags.model else None
    train(TrainSettings(flags.data, flags.mode, flags.sql, model, flags.seed, flags.epochs, flags.tokens, flags.name))
    return 0


def train(settings: TrainSettings) -> Path:
    """Run to the end, going on from the last checkpoint of the same configuration; returns the checkpoint folder."""
    attention.register()
    rows = read_rows(settings.data, settings.sql or f"from {MODES[settings.mode][0]} order by sample_id")
    if len(rows) < SAMPLES_PER_STEP:
        raise UsageError(f"There are {len(rows)} rows to train on; at least {SAMPLES_PER_STEP} are needed.")
    held_out = read_rows(settings.data, f"from {MODES[settings.mode][1]} order by sample_id")
    words = tokenizer.qwen3() if settings.model else tokenizer.pruned(_texts(rows + held_out))
    encoded = _fitting([encode(row, words) for row in rows])
    model = load(settings.model) if settings.model else tiny(words, settings.seed)
    owner = QWEN3 if settings.model else TINY
    name = settings.name or f"{'qwen3' if settings.model else 'tiny'}-{settings.mode}-{settings.seed}"
    out = settings.data / "models" / name
    config = _config(settings, owner, rows)
    going_on = _same_run(out, config)
    if not settings.model:
        sys.stderr.write(DEMONSTRATION + "\n")
    trainer = PackedTrainer(
        model=model,
        args=_arguments(out, settings, owner, _steps(encoded, settings.tokens)),
        train_dataset=encoded,
        data_collator=collate,
        callbacks=[_Log(out / "metrics.jsonl")],
    )
    trainer.train(resume_from_checkpoint=going_on)
    model.config._attn_implementation = "sdpa"  # noqa: SLF001 - the folder must load without our attention
    model.config.use_cache = True
    model.save_pretrained(out)
    _save_tokenizer(words, settings, out)
    sys.stderr.write(f"checkpoint: {out}\n")
    return out


def _texts(rows: list[Row]) -> list[str]:
    return [text for row in rows for text in (row.prompt, row.answer)]


def _fitting(encoded: list[Encoded]) -> list[Encoded]:
    kept = [one for one in encoded if len(one.ids) <= MAX_LENGTH]
    if len(kept) < len(encoded):
        sys.stderr.write(f"{len(encoded) - len(kept)} rows are longer than {MAX_LENGTH} tokens and are left out\n")
    if len(kept) < SAMPLES_PER_STEP:
        raise UsageError(f"Only {len(kept)} rows have at most {MAX_LENGTH} tokens: select shorter ones.")
    return kept


def _steps(encoded: list[Encoded], tokens: int | None) -> int:
    """Optimizer steps for a budget of trained tokens; -1 without one (the epochs decide)."""
    if tokens is None:
        return -1
    trained = sum(len(one.ids) - one.answer_start for one in encoded)
    return max(1, round(tokens * len(encoded) / (trained * SAMPLES_PER_STEP)))


def _config(settings: TrainSettings, owner: ModelSettings, rows: list[Row]) -> dict[str, Any]:
    return {
        "rows": fingerprint(rows),
        "mode": settings.mode,
        "model": str(settings.model or "tiny"),
        "seed": settings.seed,
        "epochs": settings.epochs or owner.epochs,
        "tokens": settings.tokens,
        "learning_rate": owner.learning_rate,
        "recipe": "exact",
        "sql": settings.sql,
        "thinking": "off",
        "demonstration": settings.model is None,
    }


def _same_run(out: Path, config: dict[str, Any]) -> bool:
    """Whether a checkpoint of this configuration is there. Raises UsageError when it is another's."""
    path = out / "chidian.json"
    if path.exists() and any(out.glob("checkpoint-*")):
        known = orjson.loads(path.read_bytes())
        changed = [name for name, value in config.items() if known.get(name) != value]
        if changed:
            raise UsageError(
                f"{out} was begun with another {', '.join(changed)}: remove that folder, or undo the change."
            )
        return True
    out.mkdir(parents=True, exist_ok=True)
    path.write_bytes(orjson.dumps(config, option=orjson.OPT_INDENT_2))
    return False


def _arguments(out: Path, settings: TrainSettings, owner: ModelSettings, steps: int) -> TrainingArguments:
    return TrainingArguments(
        output_dir=str(out),
        per_device_train_batch_size=SAMPLES_PER_STEP,
        max_steps=steps,
        num_train_epochs=settings.epochs or owner.epochs,
        learning_rate=owner.learning_rate,
        lr_scheduler_type="linear",
        warmup_steps=20,
        max_grad_norm=1.0,
        optim="adamw_torch_fused",
        seed=settings.seed,
        data_seed=settings.seed,
        logging_steps=10,
        save_strategy="steps",
        save_steps=200,
        save_total_limit=1,
        report_to=[],
        remove_unused_columns=False,
        dataloader_drop_last=True,
        disable_tqdm=True,
        use_cpu=not torch.cuda.is_available(),
    )


def _save_tokenizer(words: Tokenizer, settings: TrainSettings, out: Path) -> None:
    if settings.model and (settings.model / "tokenizer.json").exists():
        for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
            if (settings.model / name).exists():
                (out / name).write_bytes((settings.model / name).read_bytes())
    else:
        tokenizer.save(words, out, max_length=MAX_LENGTH * 2)
