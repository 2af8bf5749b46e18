"""What a judging will ask, take and cost, before anything is paid: pure arithmetic over a few built questions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import orjson

from factory.llm.answers import body_of, likely_input_tokens
from factory.llm.transport import Price
from factory.sending.limits import PoolLimits
from judge.asking import Ask, request
from judge.instrument import LEGACY

OUTPUT_TOKENS = 450
"""What a reasoned verdict of five dimensions takes (reference/judge.md 2.6); the legacy call takes twice as much."""
LATENCY_S = 4.0
"""Of a remote model; the sandbox answers at once."""
BUILT_EVERY = 50
"""One question in so many is built to learn the size of the prompts."""


@dataclass(frozen=True, slots=True)
class Load:
    """Questions of one judge, by kind of item, and their tokens."""

    questions: Counter[str]
    input_tokens: int
    output_tokens: int

    @property
    def total(self) -> int:
        """All questions."""
        return self.questions.total()


@dataclass(frozen=True, slots=True)
class Forecast:
    """Money in CNY (None: price unknown), seconds, and what sets the time."""

    load: Load
    cost_cny: float | None
    time_s: float
    binds: str


def load_of(asks: Iterator[Ask], model: str, seed: int) -> Load:
    """Count a stream of questions; every fiftieth is built and measured."""
    counts: Counter[str] = Counter()
    bytes_built = built = output = 0
    for number, ask in enumerate(asks):
        counts[f"{ask.item.kind} {ask.design}"] += 1
        output += OUTPUT_TOKENS * (2 if ask.prompt == LEGACY else 1)
        if number % BUILT_EVERY == 0:
            bytes_built += likely_input_tokens(len(orjson.dumps(body_of(request(ask, model, seed, {})))))
            built += 1
    return Load(counts, round(bytes_built / built * counts.total()) if built else 0, output)


def estimate(load: Load, limits: PoolLimits, price: Price | None, *, simulated: bool) -> Forecast:
    """The slowest of requests a minute, tokens a minute, and calls in flight over their latency."""
    minutes = {"in flight": load.total * (0.1 if simulated else LATENCY_S) / limits.max_in_flight / 60}
    if limits.rpm:
        minutes["RPM"] = load.total / limits.rpm
    if limits.tpm:
        minutes["TPM"] = (load.input_tokens + load.output_tokens) / limits.tpm
    binds = max(minutes, key=lambda name: minutes[name])
    cost = price.cost(load.input_tokens, load.output_tokens) if price else None
    return Forecast(load, cost, minutes[binds] * 60, binds)


def lines(model: str, expected: Forecast) -> Sequence[str]:
    """For people."""
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(expected.load.questions.items())) or "nothing to ask"
    money = "price unknown" if expected.cost_cny is None else f"about {expected.cost_cny:.2f} CNY"
    tokens = f"{expected.load.input_tokens / 1e6:.2f} M tokens in, {expected.load.output_tokens / 1e6:.2f} M out"
    return (
        f"{model}: {expected.load.total} questions ({kinds})",
        f"  {tokens}; {money}; about {expected.time_s:.0f} s, set by {expected.binds}",
    )
