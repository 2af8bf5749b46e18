"""Gemma 3 270M, pruned, trained open on two cores within an evening's hour: does it get facts right, and what does it beat?

Usage: GEMMA_TERMS=accepted python bench/gemma.py --data DATA [--minutes 40] [--n 1000] [--limit 100] [--tiny-minutes 8]

Makes DATA where it is not there; trains the embedded tiny student for ``--tiny-minutes`` and Gemma for ``--minutes`` (the tokens
that fit are found by a few steps of each, timed), both with their evidence in the prompt; asks both, and Gemma as it was before,
up to ``--limit`` held-out questions a split; brings copy-three, three by chance and the teacher's answers. Each step is a command
of its own and is not repeated where its result lies in DATA, so that an interrupted run goes on. Prints what is beaten first, then
one JSON object: figures on unseen places with intervals over places, paired differences, seconds of each step.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from train.measuring import open_data
from train.standing import MEASURES, Beside
from train.summary import MeanOverPlaces, interval

PILOT_TOKENS = 4_000
"""Trained tokens of the steps that are timed: four or five of them"""
GEMMA = {"MODEL": "package:gemma3-270m", "PRUNE": "1", "PRECISION": "bf16"}
LENGTHS = """
select sum(length(messages[1].content) + length(messages[2].content)), sum(length(messages[3].content)) from sft_open_train
"""
ARMS = ("gemma", "untuned", "tiny", "copy", "random", "teacher")
ANSWERS = """
select c.sample_id, s.place_id, c.arm, c.model, m.kind, m.value from measures m join completions c using (completion_id)
join samples s using (sample_id) where c.split = 'unseen' and c.mode = 'open' and m.value is not null order by c.sample_id
"""


def command(data: Path, *words: str, **settings: str) -> float:
    """Seconds of one command; what it prints goes on to stderr. Ends the bench where it fails."""
    env = os.environ | settings | {"DATA": str(data), "WANDB_MODE": "disabled"}
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-m", *words], env=env, stdout=sys.stderr.fileno(), check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(words)} ended with status {done.returncode}: see above.")
    return round(time.monotonic() - started, 1)


def affordable(data: Path, name: str, minutes: float, **settings: str) -> str:
    """Trained tokens that fit into so many minutes, by a pilot's pace; kept in DATA, so that a run that goes on has the same."""
    kept = data / f"bench-{name}-tokens.json"
    if not kept.exists():
        pilot = f"{name}-pilot"
        command(data, "train", "run", MODE="open", TOKENS=str(PILOT_TOKENS), MODEL_NAME=pilot, **settings)
        lines = [json.loads(line) for line in (data / "models" / pilot / "metrics.jsonl").read_text().splitlines()]
        pace = [line["tokens_per_s"] for line in lines if "tokens_per_s" in line][-1]
        with open_data(data) as connection:
            [(asked, answered)] = connection.execute(LENGTHS).fetchall()
        # Characters stand for tokens: what counts is the share that is trained. A tenth goes into looks, saving and loading.
        tokens = int(pace * minutes * 60 * 0.9 * answered / (asked + answered))
        kept.write_text(json.dumps({"tokens_per_s": pace, "trained_tokens": tokens}))
    return str(json.loads(kept.read_text())["trained_tokens"])


def untuned(data: Path, checkpoint: str) -> str:
    """The folder that a checkpoint's weights came from."""
    return str(json.loads((data / "models" / checkpoint / "chidian.json").read_text())["source"])


def answers(data: Path) -> dict[str, dict[str, dict[str, tuple[str, float]]]]:
    """Arm to measure to sample to (place, value)."""
    found: dict[str, dict[str, dict[str, tuple[str, float]]]] = {arm: {} for arm in ARMS}
    with open_data(data) as connection:
        rows = connection.execute(ANSWERS).fetchall()
    for sample, place, arm, model, kind, value in rows:
        name = {"base": "untuned", "tuned": model}.get(arm, arm)
        if kind in MEASURES and name in found:
            found[name].setdefault(kind, {})[sample] = (place, value)
    return found


def compared(found: dict[str, dict[str, dict[str, tuple[str, float]]]]) -> list[Beside]:
    """Gemma beside every other arm, question by question."""
    results = []
    for arm in ARMS[1:]:
        for measure in MEASURES:
            mine, theirs = found["gemma"].get(measure, {}), found[arm].get(measure, {})
            pairs = [(place, value - theirs[sample][1]) for sample, (place, value) in mine.items() if sample in theirs]
            if pairs:
                results.append(Beside(measure, arm, interval(pairs)))
    return results


def say(figures: dict[str, dict[str, MeanOverPlaces]], results: list[Beside]) -> None:
    """What is beaten and what is not, then each arm's figures; to stderr, for people."""
    lines = [f"gemma {one.verdict} {one.baseline}: {MEASURES[one.measure]} {one.difference}" for one in results]
    for arm, measures in figures.items():
        told = " · ".join(f"{MEASURES[measure]} {value} (n={value.n})" for measure, value in measures.items())
        lines.append(f"{arm}: {told}")
    sys.stderr.write("\n".join(lines) + "\n")


def main() -> int:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--tiny-minutes", type=float, default=8)
    parser.add_argument("--n", type=int, default=1_000)
    parser.add_argument("--limit", type=int, default=100, help="most questions a split")
    flags = parser.parse_args()
    data, asking = flags.data.absolute(), {"MODE": "open", "HELD_OUT": "1", "LIMIT": str(flags.limit)}
    took: dict[str, float] = {}
    if not (data / "warehouse.duckdb").exists():
        took["synth"] = command(data, "factory", "synth", N=str(flags.n))
    for name, minutes, settings in (("tiny", flags.tiny_minutes, {}), ("gemma", flags.minutes, GEMMA)):
        tokens = affordable(data, name, minutes, **settings)
        took[f"{name} trained"] = command(data, "train", "run", MODE="open", TOKENS=tokens, MODEL_NAME=name, **settings)
        took[f"{name} asked"] = command(data, "train", "complete", CHECKPOINT=str(data / "models" / name), **asking)
    before = untuned(data, "gemma")
    took["untuned asked"] = command(data, "train", "complete", CHECKPOINT=before, ARM="base", **asking)
    for arm in ("copy", "random", "teacher"):
        took[arm] = command(data, "train", "complete", FROM=arm, **asking)
    found = answers(data)
    figures = {
        arm: {measure: interval(list(rows.values())) for measure, rows in kinds.items()} for arm, kinds in found.items()
    }
    results = compared(found)
    say(figures, results)
    report: dict[str, Any] = {
        "unseen": {arm: {name: asdict(value) for name, value in kinds.items()} for arm, kinds in figures.items()},
        "gemma_less": [asdict(one) | {"verdict": one.verdict} for one in results],
        "tokens": {name: json.loads((data / f"bench-{name}-tokens.json").read_text()) for name in ("tiny", "gemma")},
        "wall_s": took,
    }
    print(json.dumps(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
