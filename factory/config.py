"""Settings of the factory: flags, then environment, then defaults; the only place that reads the environment.

Keys come from the environment alone and stay out of ``repr``, so that no log or exception can show them.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from factory.errors import UsageError
from factory.llm.endpoint import key_of, route
from factory.llm.request_extra import check_limit, read_extra
from factory.sending.addresses import checked_url

SANDBOX = "sandbox"


@dataclass(frozen=True, slots=True)
class Keys:
    """Secrets of the services. Never printed."""

    amap_key: str | None = field(default=None, repr=False)
    amap_secret: str | None = field(default=None, repr=False)
    teacher: str | None = field(default=None, repr=False)


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
    agents: int
    repairs: int
    dry: bool
    yes: bool
    data: Path
    give_up_s: float
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
    sandbox_defects: float
    sandbox_faults: str
    keys: Keys

    @property
    def open_file(self) -> Path | None:
        """The file of open map data, when MAP=open:FILE."""
        return Path(self.map.removeprefix("open:")) if self.map.startswith("open:") else None


# Name, default, what it is. A flag is the lower-case name with dashes.
_OPTIONS: tuple[tuple[str, str | None, str], ...] = (
    ("N", "1000", "accepted samples in all for this plan"),
    ("SEED", "0", "seed of the plan"),
    ("K", "5", "wishes per order"),
    ("PLACES", None, "CSV of places (name,city) instead of the bundled list"),
    ("PROMPT", None, "a file with the agent's system prompt, instead of the bundled one"),
    ("RUN", None, "go on with this run as it was planned, whatever changed since"),
    ("MAP", None, "sandbox, amap or open:FILE (default: amap with AMAP_KEY, else sandbox)"),
    ("TEACHER", None, "a litellm model id, or sandbox"),
    ("BUDGET", None, "spend cap in CNY, never passed"),
    ("CANDIDATES", None, "most candidate slots to open (default 3 N + 100)"),
    ("WORKERS", "1", "worker processes"),
    ("AGENTS", None, "orders in flight (default 64; in the sandbox 16)"),
    ("REPAIRS", "2", "times a failing answer goes back to the agent (0 to 2)"),
    ("DRY", None, "1: print what the run would take, and stop"),
    ("YES", None, "1: spend real money without BUDGET"),
    ("DATA", "data", "the folder of this world"),
    ("GIVE_UP_S", "100", "seconds without one answer after which a provider is given up; an answer may take 0.8 of it"),
    ("AMAP_API", "v3", "v3 or v5 place search"),
    ("AMAP_QPS", "3", "requests a second that the AMap account may send"),
    ("AMAP_MONTH", "5000", "searches a month that the AMap account may send"),
    ("AMAP_BASE_URL", None, "another AMap-compatible server"),
    ("AMAP_TERMS", None, "accepted: you have read what AMap's terms restrict"),
    ("TEACHER_BASE_URL", None, "an OpenAI-compatible server for the teacher"),
    ("TEACHER_TEMPERATURE", "0.8", "sampling temperature of the teacher"),
    ("TEACHER_TOP_P", "0.95", "nucleus of the teacher's sampling"),
    ("TEACHER_EXTRA", None, 'fields of each request as JSON, above ours: {"seed": null} drops one'),
    ("TEACHER_RPM", None, "requests a minute of the teacher account"),
    ("TEACHER_TPM", None, "tokens a minute of the teacher account"),
    ("PRICE_IN", None, "CNY per million input tokens, if the price file lacks the model"),
    ("PRICE_OUT", None, "CNY per million output tokens"),
    ("PRICE_CACHED", None, "CNY per million input tokens that the provider had in its cache (default PRICE_IN)"),
    ("SANDBOX_DEFECTS", "0.12", "share of the sandbox teacher's candidates that it spoils"),
    ("SANDBOX_FAULTS", "", "JSON of fault knobs for the sandbox servers"),
)


def read_settings(argv: Sequence[str], environ: Mapping[str, str] | None = None) -> Settings:
    """Resolve flags over environment over defaults. Raises UsageError with one sentence."""
    env = os.environ if environ is None else environ
    parser = argparse.ArgumentParser(prog="python -m factory synth", description="Make verified samples of places.")
    for name, default, text in _OPTIONS:
        shown = f" (default {default})" if default else ""
        parser.add_argument("--" + name.lower().replace("_", "-"), dest=name, help=text + shown)
    flags = vars(parser.parse_args(list(argv)))
    raw = {
        name: flags[name] if flags[name] is not None else (env.get(name) or default) for name, default, _ in _OPTIONS
    }
    return _resolve(raw, env)


def _resolve(raw: Mapping[str, str | None], env: Mapping[str, str]) -> Settings:
    map_name, teacher = _world(raw["MAP"], raw["TEACHER"], env)
    simulated = teacher == SANDBOX
    places = Path(raw["PLACES"]) if raw["PLACES"] else None
    budget = _number(raw, "BUDGET", low=0.0)
    agents = _whole(raw, "AGENTS", low=1, high=1024)
    teacher_base_url = checked_url("TEACHER_BASE_URL", raw["TEACHER_BASE_URL"])
    teacher_extra = read_extra("TEACHER_EXTRA", raw["TEACHER_EXTRA"])
    check_limit("TEACHER_EXTRA", teacher_extra, is_capped=budget is not None)
    return Settings(
        n=_required(_whole(raw, "N", low=1)),
        seed=_required(_whole(raw, "SEED", low=0)),
        k=_required(_whole(raw, "K", low=1, high=20)),
        places=places,
        prompt=Path(raw["PROMPT"]) if raw["PROMPT"] else None,
        run=raw["RUN"],
        map=map_name,
        teacher=teacher,
        budget_cny=budget,
        candidates=_whole(raw, "CANDIDATES", low=1),
        workers=_required(_whole(raw, "WORKERS", low=1, high=64)),
        agents=agents if agents is not None else (16 if simulated else 64),
        repairs=_required(_whole(raw, "REPAIRS", low=0, high=2)),
        dry=switch(raw["DRY"]),
        yes=switch(raw["YES"]),
        data=Path(raw["DATA"] or "data"),
        give_up_s=_required_number(_number(raw, "GIVE_UP_S", low=1.0)),
        amap_api=_one_of(raw, "AMAP_API", ("v3", "v5")),
        amap_qps=_required_number(_number(raw, "AMAP_QPS", low=0.1)),
        amap_month=_required(_whole(raw, "AMAP_MONTH", low=1)),
        amap_base_url=checked_url("AMAP_BASE_URL", raw["AMAP_BASE_URL"]),
        amap_terms=raw["AMAP_TERMS"],
        teacher_temperature=_required_number(_number(raw, "TEACHER_TEMPERATURE", low=0.0, high=2.0)),
        teacher_top_p=_required_number(_number(raw, "TEACHER_TOP_P", low=0.01, high=1.0)),
        teacher_base_url=teacher_base_url,
        teacher_extra=teacher_extra,
        teacher_rpm=_whole(raw, "TEACHER_RPM", low=1),
        teacher_tpm=_whole(raw, "TEACHER_TPM", low=1),
        price_in=_number(raw, "PRICE_IN", low=0.0),
        price_out=_number(raw, "PRICE_OUT", low=0.0),
        price_cached=_number(raw, "PRICE_CACHED", low=0.0),
        sandbox_defects=_required_number(_number(raw, "SANDBOX_DEFECTS", low=0.0, high=1.0)),
        sandbox_faults=raw["SANDBOX_FAULTS"] or "",
        keys=Keys(
            env.get("AMAP_KEY") or None, env.get("AMAP_SECRET") or None, key_of(route(teacher, teacher_base_url), env)
        ),
    )


def _world(map_name: str | None, teacher: str | None, env: Mapping[str, str]) -> tuple[str, str]:
    """The pair of map and teacher. A real one beside a sandbox one only when both are named."""
    chosen_map = map_name or ("amap" if env.get("AMAP_KEY") else SANDBOX)
    chosen_teacher = teacher or SANDBOX
    if chosen_map not in (SANDBOX, "amap") and not chosen_map.startswith("open:"):
        raise UsageError(f"MAP={chosen_map} is not known: use sandbox, amap or open:FILE.")
    if chosen_map == "amap" and not env.get("AMAP_KEY"):
        raise UsageError("MAP=amap needs a web-service key: set AMAP_KEY in the environment.")
    if (chosen_map == SANDBOX) != (chosen_teacher == SANDBOX) and not (map_name and teacher):
        raise UsageError(
            f"The map would be {chosen_map.split(':')[0]} and the teacher {chosen_teacher}: a real one beside a "
            "simulated one must be asked for, so name both MAP= and TEACHER= (real: TEACHER=dashscope/qwen3-max)."
        )
    return chosen_map, chosen_teacher


def _whole(raw: Mapping[str, str | None], name: str, *, low: int, high: int | None = None) -> int | None:
    text = raw[name]
    if text is None:
        return None
    try:
        value = int(text)
    except ValueError:
        raise UsageError(f"{name} must be a whole number, not {text!r}.") from None
    if value < low or (high is not None and value > high):
        raise UsageError(
            f"{name} must be at least {low}" + (f" and at most {high}" if high else "") + f", not {value}."
        )
    return value


def _number(raw: Mapping[str, str | None], name: str, *, low: float, high: float | None = None) -> float | None:
    text = raw[name]
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        raise UsageError(f"{name} must be a number, not {text!r}.") from None
    if not value >= low or (high is not None and value > high):
        raise UsageError(
            f"{name} must be at least {low:g}" + (f" and at most {high:g}" if high else "") + f", not {text}."
        )
    return value


def _required(value: int | None) -> int:
    if value is None:  # an option with a default cannot be None
        raise AssertionError
    return value


def _required_number(value: float | None) -> float:
    if value is None:  # an option with a default cannot be None
        raise AssertionError
    return value


def switch(text: str | None) -> bool:
    """Whether a setting is on: 0, no, false and nothing are off."""
    return (text or "0").lower() not in ("0", "no", "false", "")


def _one_of(raw: Mapping[str, str | None], name: str, allowed: tuple[str, ...]) -> str:
    value = raw[name] or allowed[0]
    if value not in allowed:
        raise UsageError(f"{name} must be one of {', '.join(allowed)}, not {value!r}.")
    return value
