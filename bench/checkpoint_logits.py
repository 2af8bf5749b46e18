"""One checkpoint, two generations of transformers: are its logits, its end tokens and its prompt the same without our code?

Usage: python bench/checkpoint_logits.py DATA FOLDER --other PYTHON [--tokenizer FOLDER]

PYTHON is the interpreter of an environment with transformers 4.57 and torch. Small Qwen3 sources are made (tied and untied, one
file and shards, fp32 and bf16), trained for a few steps on DATA's rows by ``python -m train run``, and then asked by this
environment and by the other. ``--tokenizer`` is a folder with a published Qwen3 tokenizer, else the one that is built here.
Prints one JSON line a checkpoint: the largest difference of logits, and whether prompt, ends and defaults agree.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ASK = """
import json, sys, torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig
folder, out = sys.argv[1], sys.argv[2]
words = AutoTokenizer.from_pretrained(folder)
model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
system, user = "你是一个美食推荐专家，请根据用户的问题给出回答。", "我在武汉大学，想吃川菜，人均50到100元，有什么推荐？"
turns = [{"role": "system", "content": system}, {"role": "user", "content": user}]
text = words.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
ids = words(text, add_special_tokens=False, return_tensors="pt")["input_ids"]
with torch.no_grad():
    logits = model(ids).logits[0].float()
    written = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=24)[0, ids.shape[1]:].tolist()
torch.save(logits, out)
defaults = GenerationConfig.from_pretrained(folder).to_diff_dict()
print(json.dumps({"prompt": ids[0].tolist(), "written": written, "ends": defaults.get("eos_token_id"),
  "sample": defaults.get("do_sample", False),
  "temperature": defaults.get("temperature")}))
"""
ARMS = (
    ("tied-fp32", True, "float32", "10GB"),
    ("untied-bf16", False, "bfloat16", "10GB"),
    ("tied-bf16-shards", True, "bfloat16", "12MB"),
    ("untied-fp32-shards", False, "float32", "12MB"),
)


def make_source(folder: Path, *, tied: bool, dtype: str, shard: str, words: Path | None) -> None:
    """A Qwen3 of two layers over the whole vocabulary, with sampling defaults such as the published model's."""
    import torch  # noqa: PLC0415 - the other environment does not import this file
    from transformers import GenerationConfig, Qwen3Config, Qwen3ForCausalLM  # noqa: PLC0415 - as above

    from train import tokenizer  # noqa: PLC0415 - as above

    torch.manual_seed(7)
    config = Qwen3Config(
        vocab_size=151_936,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=32,
        max_position_embeddings=40_960,
        rope_parameters={"rope_type": "default", "rope_theta": 1e6},
        tie_word_embeddings=tied,
        eos_token_id=151_645,
        bos_token_id=151_643,
    )
    model = Qwen3ForCausalLM(config).to(getattr(torch, dtype))
    model.generation_config = GenerationConfig(
        do_sample=True, temperature=0.6, top_p=0.95, top_k=20, eos_token_id=[151_645, 151_643], pad_token_id=151_643
    )
    model.save_pretrained(folder, max_shard_size=shard)
    if words is None:
        tokenizer.save(tokenizer.qwen3(), folder, max_length=40_960, thinking="train")
        return
    for path in words.iterdir():
        if path.suffix in {".json", ".jinja", ".txt"} and path.name != "config.json":
            shutil.copyfile(path, folder / path.name)


def ask(python: str, folder: Path, out: Path) -> dict[str, object]:
    """The checkpoint as one environment sees it, without our code."""
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [python, "-W", "ignore", "-c", ASK, str(folder), str(out)],
        capture_output=True,
        text=True,
        env=clean,
        cwd="/",
        check=False,
    )
    if done.returncode:
        return {"error": done.stderr.strip().splitlines()[-1]}
    answer: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return answer


def main() -> None:
    """Make, train, ask twice, compare."""
    import torch  # noqa: PLC0415 - as above

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--other", required=True)
    parser.add_argument("--tokenizer", type=Path, default=None)
    flags = parser.parse_args()
    data, folder = flags.data.absolute(), flags.folder.absolute()
    for name, tied, dtype, shard in ARMS:
        source = folder / name
        source.mkdir(parents=True, exist_ok=True)
        make_source(source, tied=tied, dtype=dtype, shard=shard, words=flags.tokenizer)
        trained = data / "models" / f"logits-{name}"
        shutil.rmtree(trained, ignore_errors=True)
        command = [sys.executable, "-m", "train", "run", "--data", str(data), "--model", str(source)]
        subprocess.run([*command, "--tokens", "800", "--name", trained.name], check=True, capture_output=True)
        here, there = (
            ask(python, trained, folder / f"{name}-{label}.pt")
            for label, python in (("here", sys.executable), ("other", flags.other))
        )
        report: dict[str, object] = {"checkpoint": name, "here": here.get("error"), "other": there.get("error")}
        if not (report["here"] or report["other"]):
            logits = [torch.load(folder / f"{name}-{label}.pt") for label in ("here", "other")]
            report |= {key: here[key] == there[key] for key in ("prompt", "written", "ends", "sample", "temperature")}
            report |= {
                "largest_difference": float((logits[0] - logits[1]).abs().max()),
                "spread": float(logits[0].std()),
                "ends_are": here["ends"],
            }
        print(json.dumps(report), flush=True)


if __name__ == "__main__":
    main()
