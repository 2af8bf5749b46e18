"""The settings of one run as they travel, made from what ``factory/settings`` read; what depends on two settings is checked here.

Keys come from the environment alone and stay out of ``repr``, so that no log or exception can show them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from factory.errors import UsageError
from factory.llm.endpoint import key_of, route
from factory.llm.prices import given_price
from factory.llm.request_extra import check_limit, read_extra
from factory.sending.addresses import checked_url
from factory.settings import Values, of_factory, read

SANDBOX = "sandbox"


@dataclass(frozen=True, slots=True)
class Keys:
    """Secrets of the services. Never printed."""

    amap_key: str | None = field(default=None, repr=False)
    amap_secret: str | None = field(default=None, repr=False)
    teacher: str | None = field(default=None, repr=False)
    reader: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """One run's resolved settings; money in CNY, times in seconds."""

    n: int
    seed: int
    k: int
    places: Path | None
    prompt: Path | None
    run: str | None
    map: str
    teacher: str
    budget_cny: float | None
    candidates: int | None
    workers: int
    executor: str
    """local or ray"""
    agents: int
    repairs: int
    dry: bool
    yes: bool
    data: Path
    give_up_s: float
    drain_s: float
    amap_api: str
    amap_qps: float
    amap_month: int
    amap_base_url: str | None
    amap_terms: str | None
    teacher_base_url: str | None
    teacher_temperature: float
    teacher_top_p: float
    teacher_extra: Mapping[str, Any]
    teacher_rpm: int | None
    teacher_tpm: int | None
    price_in: float | None
    price_out: float | None
    price_cached: float | None
    reader: str | None
    unread: str
    sandbox_defects: float
    sandbox_faults: str
    keys: Keys


def read_settings(argv: Sequence[str], environ: Mapping[str, str] | None = None) -> Settings:
    """A run's settings from a command line of ``synth``. Raises UsageError with one sentence."""
    env = os.environ if environ is None else environ
    return settings_of(read("synth", argv, env), env)


def settings_of(values: Values, environ: Mapping[str, str] | None = None) -> Settings:
    """A run's settings from a command's values; what the command does not read has its default. Raises UsageError."""
    env = os.environ if environ is None else environ
    map_name, teacher = _world(values)
    agents = values[of_factory.AGENTS]
    teacher_base_url = checked_url("TEACHER_BASE_URL", values[of_factory.TEACHER_BASE_URL])
    reader = values[of_factory.READER]
    teacher_extra = read_extra("TEACHER_EXTRA", values[of_factory.TEACHER_EXTRA])
    check_limit("TEACHER_EXTRA", teacher_extra, is_capped=values[of_factory.BUDGET] is not None)
    given_price(
        values[of_factory.PRICE_IN], values[of_factory.PRICE_OUT], values[of_factory.PRICE_CACHED]
    )  # whole or not at all
    return Settings(
        n=values[of_factory.N],
        seed=values[of_factory.SEED],
        k=values[of_factory.K],
        places=values[of_factory.PLACES],
        prompt=values[of_factory.PROMPT],
        run=values[of_factory.RUN],
        map=map_name,
        teacher=teacher,
        budget_cny=values[of_factory.BUDGET],
        candidates=values[of_factory.CANDIDATES],
        workers=values[of_factory.WORKERS],
        executor=values[of_factory.EXECUTOR],
        agents=agents if agents is not None else (16 if teacher == SANDBOX else 64),
        repairs=values[of_factory.REPAIRS],
        dry=values[of_factory.DRY],
        yes=values[of_factory.YES],
        data=values[of_factory.DATA],
        give_up_s=values[of_factory.GIVE_UP_S],
        drain_s=values[of_factory.DRAIN_S],
        amap_api=values[of_factory.AMAP_API],
        amap_qps=values[of_factory.AMAP_QPS],
        amap_month=values[of_factory.AMAP_MONTH],
        amap_base_url=checked_url("AMAP_BASE_URL", values[of_factory.AMAP_BASE_URL]),
        amap_terms=values[of_factory.AMAP_TERMS],
        teacher_base_url=teacher_base_url,
        teacher_extra=teacher_extra,
        teacher_temperature=values[of_factory.TEACHER_TEMPERATURE],
        teacher_top_p=values[of_factory.TEACHER_TOP_P],
        teacher_rpm=values[of_factory.TEACHER_RPM],
        teacher_tpm=values[of_factory.TEACHER_TPM],
        price_in=values[of_factory.PRICE_IN],
        price_out=values[of_factory.PRICE_OUT],
        price_cached=values[of_factory.PRICE_CACHED],
        reader=values[of_factory.READER],
        unread=values[of_factory.UNREAD],
        sandbox_defects=values[of_factory.SANDBOX_DEFECTS],
        sandbox_faults=values[of_factory.SANDBOX_FAULTS],
        keys=Keys(
            values[of_factory.AMAP_KEY],
            values[of_factory.AMAP_SECRET],
            key_of(route(teacher, teacher_base_url), env),
            key_of(route(reader, teacher_base_url), env) if reader else None,
        ),
    )


def _world(values: Values) -> tuple[str, str]:
    """The pair of map and teacher. A real one beside a sandbox one only when both are named."""
    named_map, named_teacher, key = values[of_factory.MAP], values[of_factory.TEACHER], values[of_factory.AMAP_KEY]
    chosen_map = named_map or ("amap" if key else SANDBOX)
    chosen_teacher = named_teacher or SANDBOX
    if chosen_map == "amap" and not key:
        raise UsageError("MAP=amap needs a web-service key: set AMAP_KEY in the environment.")
    if (chosen_map == SANDBOX) != (chosen_teacher == SANDBOX) and not (named_map and named_teacher):
        raise UsageError(
            f"The map would be {chosen_map.split(':')[0]} and the teacher {chosen_teacher}: a real one beside a "
            "simulated one must be asked for, so name both MAP= and TEACHER= (real: TEACHER=dashscope/qwen3-max)."
        )
    return chosen_map, chosen_teacher
