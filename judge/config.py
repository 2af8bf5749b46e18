"""The settings of one judging as they travel. Keys come from the environment alone and stay out of ``repr``."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from factory.errors import UsageError
from factory.llm.endpoint import keys_in
from factory.llm.prices import Price, given_price
from factory.llm.request_extra import check_limit, read_extra
from factory.sending.addresses import checked_url
from factory.settings import Values, of_factory, of_judge, of_train
from judge.instrument import SHIPPED, Instrument
from judge.rubric import ANSWER, DATA, PAIR, ROLES, read_rubric

SANDBOX, SANDBOX_SECOND = "sandbox", "sandbox-2"
NO_SECOND = "none"


@dataclass(frozen=True, slots=True)
class JudgeWire:
    """How judges are reached. ``price`` None: what prices.toml and litellm know; ``extra``: fields of each request body."""

    base_url: str | None = None
    second_base_url: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    price: Price | None = None
    give_up_s: float = 100.0
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What there is, by the variable's name; each endpoint gets its own or none"""


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
    drain_s: float
    in_flight: int
    ramp_per_s: float
    rpm: float | None
    tpm: float | None
    unit: int
    instrument: Instrument = SHIPPED
    pairs: str | None = None
    """Two arms to compare answer by answer."""
    compare: tuple[str, str] | None = None
    """Two sides that the report sets side by side."""
    gate: str | None = None
    gate_against: str | None = None
    wire: JudgeWire = JudgeWire()

    @property
    def name(self) -> str:
        """The folder of shards, commits and reports."""
        return "judge-" + re.sub(r"[^\w.]+", "-", self.judge)


def settings_of(values: Values, environ: Mapping[str, str] | None = None) -> JudgeSettings:
    """From a command's values. Raises UsageError where two settings do not go together."""
    env = os.environ if environ is None else environ
    judge = values[of_judge.JUDGE]
    second = values[of_judge.JUDGE2] or (SANDBOX_SECOND if judge == SANDBOX else NO_SECOND)
    if second == judge:
        raise UsageError(f"JUDGE2={second} is the same judge as JUDGE: name another, or JUDGE2=none.")
    return JudgeSettings(
        data=values[of_factory.DATA],
        judge=judge,
        second=None if second == NO_SECOND else second,
        replicates=values[of_judge.REPLICATES],
        limit=values[of_train.LIMIT],
        run=values[of_factory.RUN],
        seed=values[of_factory.SEED],
        budget_cny=values[of_factory.BUDGET],
        yes=values[of_factory.YES],
        dry=values[of_factory.DRY],
        drain_s=values[of_factory.DRAIN_S],
        in_flight=values[of_judge.IN_FLIGHT],
        ramp_per_s=values[of_judge.RAMP],
        rpm=values[of_judge.JUDGE_RPM],
        tpm=values[of_judge.JUDGE_TPM],
        unit=values[of_judge.JUDGE_UNIT],
        instrument=_instrument(values),
        pairs=values[of_judge.PAIRS],
        compare=_sides(values[of_judge.COMPARE]),
        gate=values[of_judge.GATE],
        gate_against=values[of_judge.GATE_AGAINST],
        wire=_wire(values, env),
    )


def _sides(text: str | None) -> tuple[str, str] | None:
    """Raises UsageError."""
    if text is None:
        return None
    left, _, right = (part.strip() for part in text.partition(":"))
    if not left or not right or left == right:
        raise UsageError(f"COMPARE={text}: name two sides that differ, such as tuned/closed:base/closed.")
    return left, right


def _wire(values: Values, environ: Mapping[str, str]) -> JudgeWire:
    """Raises UsageError on fields that cannot be sent, and on half a price."""
    extra = read_extra("JUDGE_EXTRA", values[of_judge.JUDGE_EXTRA])
    check_limit("JUDGE_EXTRA", extra, is_capped=values[of_factory.BUDGET] is not None)
    own = (values[of_judge.JUDGE_PRICE_IN], values[of_judge.JUDGE_PRICE_OUT], values[of_judge.JUDGE_PRICE_CACHED])
    shared = (values[of_factory.PRICE_IN], values[of_factory.PRICE_OUT], values[of_factory.PRICE_CACHED])
    return JudgeWire(
        checked_url("JUDGE_BASE_URL", values[of_judge.JUDGE_BASE_URL]),
        checked_url("JUDGE2_BASE_URL", values[of_judge.JUDGE2_BASE_URL]),
        extra,
        given_price(*own, "JUDGE_") or given_price(*shared),
        values[of_factory.GIVE_UP_S],
        keys_in(environ, of_judge.JUDGE_API_KEY.name),
    )


def _instrument(values: Values) -> Instrument:
    """What is asked and how. Raises UsageError on rubrics that cannot be read or do not go together."""
    rubrics = dict(SHIPPED.rubrics)
    brought = {DATA: of_judge.RUBRIC_DATA, ANSWER: of_judge.RUBRIC_ANSWER, PAIR: of_judge.RUBRIC_PAIR}
    for role, path in ((role, values[setting]) for role, setting in brought.items()):
        if path is not None:
            rubrics[role] = read_rubric(path, role)
    if len({rubrics[role].language for role in ROLES}) > 1:
        raise UsageError(
            "RUBRIC_DATA and RUBRIC_ANSWER differ in language: one call asks both, so bring both in one language."
        )
    return Instrument(
        rubrics,
        values[of_judge.JUDGE_MAX_TOKENS],
        values[of_judge.JUDGE_TEMPERATURE],
        values[of_judge.JUDGE_TOP_P],
        values[of_judge.JUDGE_EVIDENCE],
        read_extra("JUDGE_EXTRA", values[of_judge.JUDGE_EXTRA]),
    )
