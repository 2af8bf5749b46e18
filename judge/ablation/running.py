"""Every arm with every seed: train, then answer the held-out questions. What is done already is not done again.

A run is done when its marker stands; before that, ``train run`` goes on from its last checkpoint and ``train complete``
from its last committed answers.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from factory.errors import ChidianError
from factory.shown_text import print_line
from judge.ablation import children
from judge.ablation.config import AblateSettings
from judge.ablation.rows import Arm, select_of, write_rows

TOKENS_PER_S, SECONDS_A_RUN = 4_600, 68.0
"""The embedded model on one core of our machine: trained answer tokens a second; starting, validating and answering."""


@dataclass(frozen=True, slots=True)
class Job:
    """One training run."""

    arm: Arm
    seed: int
    study: str
    """the fingerprint of rows and settings"""

    @property
    def name(self) -> str:
        """The checkpoint's folder."""
        return f"ablate-{self.study}-{self.arm.name}-s{self.seed}"


class StudyProgress:
    """Counts runs and says how long the rest will take, from those that this process has done."""

    def __init__(self, total: int, done: int, tokens: int, at_once: int) -> None:
        self._total, self._done, self._at_once = total, done, at_once
        self._guess_s = tokens / TOKENS_PER_S + SECONDS_A_RUN
        self._took: list[float] = []

    def left_s(self) -> float:
        """Seconds until the last run ends."""
        each = sum(self._took) / len(self._took) if self._took else self._guess_s
        return each * -(-(self._total - self._done) // self._at_once)

    def count(self, job: Job, took_s: float) -> None:
        """One run is done."""
        self._done += 1
        self._took.append(took_s)
        left = f"about {self.left_s() / 60:.0f} min left" if self._done < self._total else "all done"
        say(f"run {self._done} of {self._total} · {job.arm.name}, seed {job.seed} · {took_s:.0f} s · {left}")


def say(line: str) -> None:
    """One line for people."""
    print_line(line)


async def run_all(settings: AblateSettings, jobs: Sequence[Job], lock: int) -> None:
    """As many runs at once as there are cores, one thread each. Raises RunStopped; what is done stays done."""
    for arm in {job.arm.name: job.arm for job in jobs}.values():
        write_rows(arm, rows_file(settings, arm))
    left = [job for job in jobs if not _marker(settings, job).exists()]
    progress = StudyProgress(len(jobs), len(jobs) - len(left), settings.tokens, settings.at_once)
    if left:
        say(
            f"{len(left)} of {len(jobs)} runs are to be made, {settings.at_once} at once: about {progress.left_s() / 60:.0f} min"
        )
    gate = asyncio.Semaphore(settings.at_once)

    async def one(job: Job) -> None:
        async with gate:
            started = time.monotonic()
            await _run(settings, job, lock)
            progress.count(job, time.monotonic() - started)

    try:
        async with asyncio.TaskGroup() as group:
            for job in left:
                group.create_task(one(job))
    except* ChidianError as failed:
        # The first trouble is the one to tell; the group stopped the other runs for it.
        raise failed.exceptions[0] from None


def rows_file(settings: AblateSettings, arm: Arm) -> Path:
    """Where the arm's rows stand."""
    return settings.folder / "rows" / f"{arm.name}.parquet"


def _marker(settings: AblateSettings, job: Job) -> Path:
    return settings.folder / "models" / job.name / "answered"


async def _run(settings: AblateSettings, job: Job, lock: int) -> None:
    data, log = ["--data", str(settings.folder)], settings.folder / "logs" / f"{job.name}.log"
    chosen = ["--model", settings.model] if settings.model else []
    trained = [
        "--sql",
        select_of(rows_file(settings, job.arm)),
        "--tokens",
        str(settings.tokens),
        "--seed",
        str(job.seed),
    ]
    await children.run("train", ["run", *data, "--name", job.name, *trained, *chosen], log, lock)
    folder = settings.folder / "models" / job.name
    await children.run(
        "train",
        ["complete", *data, "--checkpoint", str(folder), "--held-out", "--limit", str(settings.questions)],
        log,
        lock,
    )
    _marker(settings, job).touch()
