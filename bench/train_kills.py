"""SIGKILLs of ``python -m train run`` at random moments and at the edge of an epoch: the losses are those of a run left alone.

One run is left alone, another is killed and begun again, with a checkpoint after every step; then their metrics must be equal,
losses and gradient norms bit for bit, and so must the trained weights. After the last kill the newest checkpoint is damaged too.
Prints JSON, exit status 1 when anything differs.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, Protocol

CLEAN = {name: value for name, value in os.environ.items() if not name.endswith(("_KEY", "_SECRET", "_TOKEN"))}
QUIET = {"WANDB_MODE": "disabled", "OMP_NUM_THREADS": "1"}
CLOCKED = {"tokens_per_s", "mfu"}
"""What a second run of the same may have otherwise"""
LONGEST_S = 600.0


class Process(Protocol):
    """What is needed of a subprocess.Popen."""

    def poll(self) -> int | None:
        """Its exit status, None while it runs."""

    def kill(self) -> None:
        """SIGKILL."""

    def wait(self) -> int:
        """Its exit status."""


Start = Callable[[Sequence[str], dict[str, str]], Process]
"""Begin ``python -m train`` with these words and variables"""


def start(words: Sequence[str], env: dict[str, str]) -> Process:
    """As a user does."""
    command = [sys.executable, "-m", "train", *words]
    return subprocess.Popen(command, env={**CLEAN, **env}, stderr=subprocess.DEVNULL)


def lines(folder: Path) -> list[dict[str, Any]]:
    """The whole lines of metrics.jsonl, without what a clock says."""
    path = folder / "metrics.jsonl"
    whole = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
    return [{name: value for name, value in json.loads(line).items() if name not in CLOCKED} for line in whole]


def trained_until(folder: Path) -> int:
    """The last step in the metrics."""
    return max((line["step"] for line in lines(folder)), default=0)


def checkpoint(folder: Path) -> int:
    """The step of the newest checkpoint, 0 without one."""
    return max((int(folder_inside.name.rpartition("-")[2]) for folder_inside in folder.glob("checkpoint-*")), default=0)


def kill_when(process: Process, reached: Callable[[], bool], moment_s: float) -> bool:
    """SIGKILL so long after ``reached``; False when the run ended before."""
    give_up = time.monotonic() + LONGEST_S
    while process.poll() is None and not reached():
        assert time.monotonic() < give_up, "the run does not come to that step"
        time.sleep(0.002)
    time.sleep(moment_s)
    if process.poll() is not None:
        return False
    process.kill()
    process.wait()
    return True


def damage(folder: Path) -> None:
    """Cut the newest checkpoint's largest file in half, as a broken disk might."""
    newest = folder / f"checkpoint-{checkpoint(folder)}"
    largest = max(newest.iterdir(), key=lambda file: file.stat().st_size)
    os.truncate(largest, largest.stat().st_size // 2)


def weights(folder: Path) -> str:
    """A hash of them."""
    return blake2b((folder / "model.safetensors").read_bytes(), digest_size=8).hexdigest()


def scene(data: Path, *, kills: int, rows: int, epochs: int, seed: int, start: Start = start) -> dict[str, Any]:
    """One run alone, one killed; ``rows`` is a multiple of 4, so that an epoch ends where a step does."""
    dice = random.Random(seed)
    env = {
        **QUIET,
        "DATA": str(data),
        "EPOCHS": str(epochs),
        "SQL": f"from sft_train order by sample_id limit {rows}",
    }
    alone, killed = data / "models" / "alone", data / "models" / "killed"
    assert start(["run", "--name", "alone"], env).wait() == 0
    edge, steps = rows // 4, rows // 4 * epochs
    goals = sorted(dice.sample([step for step in range(1, steps - 1) if step != edge], kills))
    outcome: dict[str, Any] = {"killed_after": [], "went_on_after": [], "amid_a_save": 0, "at_the_edge": 0}
    for goal in sorted([*goals, edge]):
        process = start(["run", "--name", "killed", "--save-every", "0"], env)
        at_edge = goal == edge
        done = kill_when(
            process,
            (lambda: checkpoint(killed) == edge) if at_edge else (lambda goal=goal: trained_until(killed) >= goal),
            0.0 if at_edge else dice.uniform(0.0, 0.15),
        )
        assert done, "the run ended before its kill"
        outcome["killed_after"].append(trained_until(killed))
        outcome["went_on_after"].append(checkpoint(killed))
        outcome["amid_a_save"] += (killed / "aside").exists() and any((killed / "aside").iterdir())
        outcome["at_the_edge"] += checkpoint(killed) == edge
    damage(killed)
    assert start(["run", "--name", "killed"], env).wait() == 0
    ours, theirs = lines(killed), lines(alone)
    differing = [line for line, other in zip(ours, theirs, strict=False) if line != other]
    return {
        **outcome,
        "kills": len(outcome["killed_after"]),
        "steps": steps,
        "lines": len(theirs),
        "lines_differing": len(differing) + abs(len(ours) - len(theirs)),
        "weights_equal": weights(killed) == weights(alone),
    }


def main() -> int:
    """Exit status 1 when something differs."""
    parser = argparse.ArgumentParser(description="Kills of a training.")
    parser.add_argument(
        "--kills", type=int, default=10, help="at random steps; one at the edge of an epoch comes on top"
    )
    parser.add_argument("--rows", type=int, default=40)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    flags = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        made = [sys.executable, "-m", "factory", "synth"]
        env = {**CLEAN, "DATA": folder, "N": "60"}
        subprocess.run(made, env=env, check=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        outcome = scene(Path(folder), kills=flags.kills, rows=flags.rows, epochs=flags.epochs, seed=flags.seed)
    print(json.dumps(outcome))
    return int(outcome["lines_differing"] != 0 or not outcome["weights_equal"] or not outcome["at_the_edge"])


if __name__ == "__main__":
    sys.exit(main())
