"""Prices and limits of models, from a dated file; an unknown price is unknown, never zero."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from factory.errors import UsageError


@dataclass(frozen=True, slots=True)
class Price:
    """CNY per million tokens; ``cached_cny`` for input that the provider had in its cache (None: as any other)."""

    input_cny: float
    output_cny: float
    cached_cny: float | None = None

    def cost(self, input_tokens: int, output_tokens: int, cached: int = 0) -> float:
        """CNY for these tokens, ``cached`` of the input among them."""
        paid = input_tokens * self.input_cny + output_tokens * self.output_cny
        if cached and self.cached_cny is not None:
            paid -= cached * (self.input_cny - self.cached_cny)
        return paid / 1e6

    @property
    def is_free(self) -> bool:
        """Whether nothing is paid."""
        return self.input_cny == 0.0 == self.output_cny


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
    return Price(float(row["input"]), float(row["output"]), row.get("cached")) if row else None


def given_price(
    input_cny: float | None, output_cny: float | None, cached_cny: float | None, prefix: str = ""
) -> Price | None:
    """The price that the settings give, or None. Raises UsageError when half of it is missing."""
    if (input_cny is None) != (output_cny is None):
        names = (f"{prefix}PRICE_OUT", f"{prefix}PRICE_IN")
        given, missing = names if input_cny is None else reversed(names)
        raise UsageError(f"{given} is given without {missing}: give both (CNY per million tokens), or neither.")
    return Price(input_cny, output_cny, cached_cny) if input_cny is not None and output_cny is not None else None


def limits_of(model: str) -> ModelLimits:
    """The published limits of a model, or unknown ones."""
    row = _tables()["limit"].get(model, {})
    return ModelLimits(row.get("rpm"), row.get("tpm"))
