"""Settings of one ablation: flags, then environment, then defaults."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from factory.errors import UsageError
from factory.settings import Values, of_factory, of_judge, of_train

TOKENS: Final = 200_000
LEAST_TOKENS: Final = 20_000
"""Less buys no arm of enough different rows."""


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


def settings_of(values: Values) -> AblateSettings:
    """From a command's values. Raises UsageError."""
    tokens = values[of_train.TOKENS] or TOKENS
    if tokens < LEAST_TOKENS:
        raise UsageError(
            f"TOKENS must be at least {LEAST_TOKENS} in an ablation, not {tokens}: less buys no different rows."
        )
    return AblateSettings(
        data=values[of_factory.DATA],
        tokens=tokens,
        seeds=values[of_judge.SEEDS],
        questions=values[of_judge.QUESTIONS],
        defects=values[of_judge.ABLATE_DEFECTS],
        model=values[of_train.MODEL],
        at_once=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
    )
