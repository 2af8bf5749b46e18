"""Settings of one ablation: flags, then environment, then defaults."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from factory.errors import UsageError

TOKENS, SEEDS, QUESTIONS = 200_000, 3, 60
LEAST_TOKENS: Final = 20_000
"""Less buys no arm of enough different rows."""
DEFECTS: Final = 0.8
"""Share of the sandbox teacher's candidates that hold a planted mistake in the run that makes rejects; its usual is 0.12."""


@dataclass(frozen=True, slots=True)
class AblateSettings:
    """``tokens``: trained answer tokens an arm; ``questions``: most held-out questions a split; ``model`` None: the tiny one."""

    data: Path
    tokens: int
    seeds: int
    questions: int
    defects: float
    model: str | None
    at_once: int

    @property
    def folder(self) -> Path:
        """The study's own world: nothing of it enters the user's views, models or verdicts."""
        return self.data / "ablation"


def read_settings(argv: Sequence[str]) -> AblateSettings:
    """Raises UsageError."""
    env = os.environ
    parser = argparse.ArgumentParser(
        prog="python -m judge ablate", description="Does data quality cause model quality?"
    )
    parser.add_argument("--data", type=Path, default=Path(env.get("DATA") or "data"))
    parser.add_argument("--tokens", default=env.get("TOKENS") or str(TOKENS), help="trained answer tokens of each run")
    parser.add_argument("--seeds", default=env.get("SEEDS") or str(SEEDS), help="training runs of each arm")
    parser.add_argument("--questions", default=str(QUESTIONS), help="most questions a split")
    parser.add_argument(
        "--defects", type=float, default=DEFECTS, help="defect share of the sandbox run that makes rejects"
    )
    parser.add_argument("--model", default=env.get("MODEL") or None, help="a folder; default: the embedded tiny Qwen3")
    flags = parser.parse_args(list(argv))
    if not 0 < flags.defects <= 1:
        raise UsageError(f"--defects must be above 0 and at most 1, not {flags.defects:g}.")
    return AblateSettings(
        data=flags.data,
        tokens=_whole("TOKENS", flags.tokens, low=LEAST_TOKENS),
        seeds=_whole("SEEDS", flags.seeds),
        questions=_whole("--questions", flags.questions),
        defects=flags.defects,
        model=flags.model,
        at_once=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
    )


def _whole(name: str, text: str, *, low: int = 1) -> int:
    if not (text.isascii() and text.isdecimal()) or int(text) < low:
        raise UsageError(f"{name} must be a whole number of at least {low}, not {text!r}.")
    return int(text)
