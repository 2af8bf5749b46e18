"""Prices and limits of models, from a dated file; an unknown price is unknown, never zero."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from factory.llm.transport import Price


@dataclass(frozen=True, slots=True)
class ModelLimits:
    """What an account may send a minute; None: not known."""

    rpm: int | None
    tpm: int | None


@cache
def _tables() -> dict[str, Any]:
    return tomllib.loads(resources.files("factory.llm").joinpath("prices.toml").read_text(encoding="utf-8"))


def price_of(model: str) -> Price | None:
    """The list price of a model id as it goes over the wire, or None."""
    row = _tables()["price"].get(model)
    return Price(float(row["input"]), float(row["output"])) if row else None


def limits_of(model: str) -> ModelLimits:
    """The published limits of a model, or unknown ones."""
    row = _tables()["limit"].get(model, {})
    return ModelLimits(row.get("rpm"), row.get("tpm"))
