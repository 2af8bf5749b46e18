"""One GPU, eight minutes: what a model of Qwen3-0.6B's size (random weights) trains at, and whether the fast kernel is right there.

Usage: python bench/device.py [--data DATA] [--minutes 8] [--small]

Trains ``exact`` closed and open in bf16 by ``python -m train run``, a third of the time each, and reads tokens a second and MFU
from its metrics; then holds the gradient of four packed documents, by the variable-length kernel in bf16, against the library's own
eager attention in fp32, one document at a time. Without a GPU only the gradient is checked (by the loop over documents), and the
speeds are "not measured". ``--small``: a tiny shape, to try the script. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from transformers import Qwen3Config, Qwen3ForCausalLM

from train import attention, tokenizer
from train.loss import give_answer_loss
from train.packing import pack, plain
from train.rows import Encoded
from train.speed import step_flops

NOT_MEASURED = "not measured"
LENGTHS = (311, 884, 1_153, 640)
"""Tokens of four documents, as in open rows"""
WHOLE: dict[str, int] = {
    "hidden_size": 1_024,
    "intermediate_size": 3_072,
    "num_hidden_layers": 28,
    "num_attention_heads": 16,
    "num_key_value_heads": 8,
    "head_dim": 128,
}
SMALL: dict[str, int] = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
}


def model_of(shape: dict[str, int], vocabulary: int) -> Any:
    """Random weights, seeded."""
    torch.manual_seed(0)
    return Qwen3ForCausalLM(
        Qwen3Config(vocab_size=vocabulary, tie_word_embeddings=True, max_position_embeddings=4_096, **shape)
    )


def gradient(model: Any, samples: list[Encoded], device: str, *, packed: bool) -> torch.Tensor:
    """Of the token mean: packed in bf16 where the device has the kernel, or one document at a time in fp32."""
    model.set_attn_implementation(attention.NAME if packed else "eager")
    model.zero_grad()
    tokens = sum(row.trained for row in samples)
    with torch.autocast(device, dtype=torch.bfloat16, enabled=packed and device == "cuda"):
        if packed:
            row = {name: value.to(device) if torch.is_tensor(value) else value for name, value in pack(samples).items()}
            (model(**row)["loss"] / tokens).backward()
    if not packed:
        for sample in samples:
            ids = {name: value.to(device) for name, value in plain(sample).items()}
            model(**ids, num_items_in_batch=tokens, use_cache=False)["loss"].backward()
    return torch.cat([weight.grad.float().flatten().cpu() for weight in model.parameters()])


def agreement(shape: dict[str, int], lengths: tuple[int, ...]) -> dict[str, Any]:
    """How far the packed gradient is from the reference, and by which way of attention."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    attention.register()
    model = model_of(shape, 4_096).to(device)
    give_answer_loss(model)
    dice = torch.Generator().manual_seed(5)
    ids = [tuple(torch.randint(1, 4_096, (length,), generator=dice).tolist()) for length in lengths]
    samples = [Encoded(str(place), row, len(row) // 2) for place, row in enumerate(ids)]
    packed, reference = (gradient(model, samples, device, packed=way) for way in (True, False))
    return {
        "way": "varlen kernel, bf16" if device == "cuda" else "loop over documents, fp32",
        "gradient_off_by": float((packed - reference).norm() / reference.norm()),
        "gflop_a_step": round(step_flops(model.config, model.num_parameters(), samples) / 1e9, 1),
    }


def trained(data: Path, model: Path, mode: str, seconds: float) -> dict[str, Any]:
    """Tokens a second and MFU of a run that is stopped after its share of the time."""
    name = f"device-{mode}"
    command = [sys.executable, "-m", "train", "run", "--data", str(data), "--model", str(model), "--mode", mode]
    env = os.environ | {"WANDB_MODE": "disabled"}
    started = time.monotonic()
    with (data / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--name", name, "--save-every", "100000"], env=env, stdout=log, stderr=log
        )
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    metrics = data / "models" / name / "metrics.jsonl"
    lines = [json.loads(line) for line in metrics.read_text().splitlines()] if metrics.exists() else []
    steps = [line for line in lines if "tokens_per_s" in line]
    if not steps:
        return {"failed": (data / f"{name}.log").read_text()[-300:]}
    return {
        "steps": len(steps),
        "tokens_per_s": steps[-1]["tokens_per_s"],
        "mfu": steps[-1].get("mfu"),
        "wall_s": round(time.monotonic() - started, 1),
    }


def speeds(data: Path | None, shape: dict[str, int], minutes: float) -> dict[str, Any]:
    """Both modes, on rows that are made where none are given."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = data or Path(scratch) / "data"
        if data is None:
            command = [sys.executable, "-m", "factory", "synth", "--n", "300", "--data", str(folder)]
            subprocess.run(command, check=True, capture_output=True)
        model = Path(scratch) / "model"
        tokenizer.save(tokenizer.qwen3(), model, max_length=4_096, thinking="train")
        model_of(shape, 151_936).save_pretrained(model)
        return {mode: trained(folder, model, mode, minutes * 20) for mode in ("closed", "open")}


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--small", action="store_true")
    flags = parser.parse_args()
    shape = SMALL if flags.small else WHOLE
    gpu = torch.cuda.is_available()
    report = {
        "device": torch.cuda.get_device_name() if gpu else "cpu",
        "shape": shape,
        "attention": agreement(shape, tuple(length // 16 for length in LENGTHS) if flags.small else LENGTHS),
        "speed": speeds(flags.data, shape, flags.minutes) if gpu else NOT_MEASURED,
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
