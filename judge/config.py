"""Settings of one judging: flags, then environment, then defaults; keys are read elsewhere, only when a provider opens."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from factory.config import switch
from factory.errors import UsageError
from judge.instrument import SHIPPED, Instrument
from judge.rubric import ROLES, read_rubric

SANDBOX, SANDBOX_SECOND = "sandbox", "sandbox-2"
NO_SECOND = "none"


@dataclass(frozen=True, slots=True)
class JudgeSettings:
    """One judging. ``rpm``/``tpm`` None: what prices.toml knows of the model; ``ramp_per_s`` caps growth of the ceiling."""

    data: Path
    judge: str
    second: str | None
    replicates: int
    limit: int | None
    """Most questions that this command asks."""
    run: str | None
    seed: int
    budget_cny: float | None
    yes: bool
    dry: bool
    in_flight: int
    ramp_per_s: float
    rpm: float | None
    tpm: float | None
    unit: int
    instrument: Instrument = SHIPPED

    @property
    def name(self) -> str:
        """The folder of shards, commits and reports."""
        return "judge-" + re.sub(r"[^\w.]+", "-", self.judge)


def read_settings(argv: Sequence[str]) -> JudgeSettings:
    """Raises UsageError."""
    env = os.environ
    parser = argparse.ArgumentParser(prog="python -m judge")
    parser.add_argument("--data", default=env.get("DATA") or "data")
    parser.add_argument("--judge", default=env.get("JUDGE") or SANDBOX)
    parser.add_argument("--judge2", default=env.get("JUDGE2") or "")
    parser.add_argument("--replicates", default=env.get("REPLICATES") or "3")
    parser.add_argument("--limit", default=env.get("LIMIT") or "")
    parser.add_argument("--run", default=env.get("RUN") or None)
    parser.add_argument("--seed", default=env.get("SEED") or "0")
    parser.add_argument("--in-flight", default=env.get("IN_FLIGHT") or "200")
    parser.add_argument("--ramp", default=env.get("RAMP") or "50")
    parser.add_argument("--rpm", default=env.get("JUDGE_RPM") or "")
    parser.add_argument("--tpm", default=env.get("JUDGE_TPM") or "")
    parser.add_argument("--unit", default="192", help="verdicts a commit")
    flags = parser.parse_args(list(argv))
    second = flags.judge2 or (SANDBOX_SECOND if flags.judge == SANDBOX else NO_SECOND)
    if second == flags.judge:
        raise UsageError(f"JUDGE2={second} is the same judge as JUDGE: name another, or JUDGE2=none.")
    return JudgeSettings(
        data=Path(flags.data),
        judge=flags.judge,
        second=None if second == NO_SECOND else second,
        replicates=_whole("REPLICATES", flags.replicates),
        limit=_whole("LIMIT", flags.limit) if flags.limit else None,
        run=flags.run,
        seed=_whole("SEED", flags.seed, low=0),
        budget_cny=_amount("BUDGET", env.get("BUDGET")),
        yes=switch(env.get("YES")),
        dry=switch(env.get("DRY")),
        in_flight=_whole("IN_FLIGHT", flags.in_flight),
        ramp_per_s=_amount("RAMP", flags.ramp) or 50.0,
        rpm=_amount("JUDGE_RPM", flags.rpm),
        tpm=_amount("JUDGE_TPM", flags.tpm),
        unit=_whole("--unit", flags.unit),
        instrument=_instrument(env),
    )


def _instrument(env: Mapping[str, str]) -> Instrument:
    """RUBRIC_DATA and RUBRIC_ANSWER name files; JUDGE_MAX_TOKENS, JUDGE_TEMPERATURE, JUDGE_TOP_P and JUDGE_EVIDENCE are numbers."""
    rubrics = dict(SHIPPED.rubrics)
    for role in ROLES:
        if path := env.get(f"RUBRIC_{role.upper()}"):
            rubrics[role] = read_rubric(Path(path), role)
    if len({rubric.language for rubric in rubrics.values()}) > 1:
        raise UsageError(
            "RUBRIC_DATA and RUBRIC_ANSWER differ in language: one call asks both, so bring both in one language."
        )
    return Instrument(
        rubrics,
        _whole("JUDGE_MAX_TOKENS", env.get("JUDGE_MAX_TOKENS") or str(SHIPPED.max_tokens)),
        _share("JUDGE_TEMPERATURE", env.get("JUDGE_TEMPERATURE") or str(SHIPPED.temperature), 2.0),
        _share("JUDGE_TOP_P", env.get("JUDGE_TOP_P") or str(SHIPPED.top_p), 1.0),
        _whole("JUDGE_EVIDENCE", env.get("JUDGE_EVIDENCE") or str(SHIPPED.most_evidence)),
    )


def _share(name: str, text: str, most: float) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise UsageError(f"{name} must be a number from 0 to {most:g}, not {text!r}.") from error
    if not 0 <= value <= most:
        raise UsageError(f"{name} must be a number from 0 to {most:g}, not {text!r}.")
    return value


def _whole(name: str, text: str, *, low: int = 1) -> int:
    if not (text.isascii() and text.isdecimal()) or int(text) < low:
        raise UsageError(f"{name} must be a whole number of at least {low}, not {text!r}.")
    return int(text)


def _amount(name: str, text: str | None) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError as error:
        raise UsageError(f"{name} must be a number above 0, not {text!r}.") from error
    if not 0 < value < float("inf"):
        raise UsageError(f"{name} must be a number above 0, not {text!r}.")
    return value
