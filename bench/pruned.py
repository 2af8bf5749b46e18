"""A model cut to the words that the rows need beside the whole one: the same words, the same logits, how much smaller and faster.

Usage: GEMMA_TERMS=accepted python bench/pruned.py DATA package:gemma3-270m [--mode open] [--rows 2] [--questions 4] [--most 48]

Every row's token ids are mapped (train, seen and unseen); the logits of kept words are compared on ``--rows`` rows; both models
answer ``--questions`` held-out questions greedily, ``--most`` tokens each: an answer differs where the whole model wanted a word
that was cut away, and every first difference is looked at. CPU seconds, since a shared machine's clock says little. Prints one
JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from train_speed import settings
from transformers import AutoModelForCausalLM

from train.pruning import KEPT
from train.rows import Row, read_division
from train.source import cut_source, find_source
from train.template import Template, load_template


def ids_agree(whole: Template, cut: Template, kept: list[int], rows: list[Row]) -> int:
    """Rows whose ids, mapped back, are the whole tokenizer's, with the same tokens trained."""
    pairs = ((whole.encode(row), cut.encode(row)) for row in rows)
    return sum(
        tuple(kept[number] for number in small.ids) == large.ids and small.answer_start == large.answer_start
        for large, small in pairs
    )


@torch.inference_mode()
def logits_differ(whole: Any, cut: Any, kept: list[int], rows: list[tuple[int, ...]]) -> tuple[float, float, float]:
    """The largest difference over the kept words; CPU seconds of the whole model and of the cut one."""
    old, largest, seconds = torch.tensor(kept), 0.0, [0.0, 0.0]
    for row in rows:
        small = torch.tensor([row])
        made = []
        for place, (model, ids) in enumerate(((whole, old[small]), (cut, small))):
            started = time.process_time()
            made.append(model(ids).logits)
            seconds[place] += time.process_time() - started
        largest = max(largest, float((made[0][..., old] - made[1]).abs().max()))
    return largest, seconds[0], seconds[1]


@torch.inference_mode()
def greedy(model: Any, ids: list[int], most: int, end: int) -> list[int]:
    """Tokens until the end word, which is among them."""
    written: list[int] = []
    given, cache = torch.tensor([ids]), None
    while len(written) < most and end not in written:
        out = model(given, past_key_values=cache, use_cache=True, logits_to_keep=1)
        written.append(int(out.logits[0, -1].argmax()))
        given, cache = torch.tensor([[written[-1]]]), out.past_key_values
    return written


def answers_differ(
    whole: Any, cut: Any, words: Template, kept: list[int], questions: list[Row], most: int
) -> dict[str, int]:
    """Answers, those that differ, and those of them whose first other word was cut away."""
    known, end = set(kept), words.tokenizer.eos_token_id
    differ = by_cut = 0
    for row in questions:
        asked = words.question(row.turns)
        small = [kept[number] for number in greedy(cut, asked, most, end)]
        large = greedy(whole, [kept[number] for number in asked], most, kept[end])
        first = next((place for place, pair in enumerate(zip(large, small, strict=False)) if pair[0] != pair[1]), None)
        differ += first is not None
        by_cut += first is not None and large[first] not in known
    return {"answers": len(questions), "differ": differ, "whole_wanted_a_cut_word": by_cut}


def megabytes(folder: Path) -> float:
    """Of its weights."""
    return round(sum(path.stat().st_size for path in folder.glob("*.safetensors")) / 1e6, 1)


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("model")
    parser.add_argument("--mode", default="open")
    parser.add_argument("--rows", type=int, default=2)
    parser.add_argument("--questions", type=int, default=4)
    parser.add_argument("--most", type=int, default=48)
    flags = parser.parse_args()
    chosen = replace(
        settings(flags.data, "exact", None, 1),
        mode=flags.mode,
        model=flags.model,
        gemma_terms=os.environ.get("GEMMA_TERMS"),
    )
    source = find_source(chosen)
    assert source is not None
    division = read_division(flags.data, flags.mode, None, "place", 0)
    held_out = [row for rows in division.validation.values() for row in rows]
    large = load_template(source, "off")
    folder = cut_source(source, large, [*division.train, *held_out], flags.data)
    small, kept = load_template(folder, "off"), json.loads((folder / KEPT).read_text())
    whole, cut = (AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32).eval() for path in (source, folder))
    encoded = [small.encode(row).ids for row in division.train[: flags.rows]]
    largest, whole_s, cut_s = logits_differ(whole, cut, kept, encoded)
    tokens = sum(map(len, encoded))
    rows = [*division.train, *held_out]
    report = {
        "model": flags.model,
        "words": [large.tokenizer.vocab_size, len(kept)],
        "parameters_million": [round(model.num_parameters() / 1e6, 1) for model in (whole, cut)],
        "megabytes": [megabytes(source), megabytes(folder)],
        "rows": len(rows),
        "ids_map_one_to_one": ids_agree(large, small, kept, rows),
        "largest_logit_difference": largest,
        "tokens_per_cpu_s": [round(tokens / whole_s, 1), round(tokens / cut_s, 1)],
        **answers_differ(whole, cut, small, kept, held_out[: flags.questions], flags.most),
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
