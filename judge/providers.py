"""From a judge's name to a Chat: the sandbox on loopback, DashScope's compatible mode, its SDK, or litellm for any other.

``sandbox`` and ``sandbox-2`` start (once) the sandbox judge; ``dashscope-sdk/MODEL`` goes through the vendor's SDK; ids with
JUDGE_BASE_URL go there directly; the rest as in factory/llm/endpoint.py. All share limiter, ledger, retries and error table.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from factory.errors import ProviderDown, UsageError
from factory.llm.chat import Chat
from factory.llm.endpoint import PROVIDERS, Route, key_of, route
from factory.llm.prices import Price, limits_of, price_of
from factory.llm.transport import DirectChat, Endpoint
from factory.sending.addresses import is_loopback
from factory.sending.ledger import Ledger
from factory.sending.limits import LocalLimiter, PoolLimits
from judge.breaker import Breaker
from judge.config import SANDBOX, SANDBOX_SECOND, JudgeSettings
from judge.sandbox import MODEL, SECOND_MODEL

SDK = "dashscope-sdk"
NATIVE_URL = "https://dashscope.aliyuncs.com/api/v1"
CNY_PER_USD = 7.1
"""For models that only litellm's table knows, as of 2026-11."""
SERVER_ATTEMPTS = 5
"""One try and at most four more after failures of the server; then the question is unscored (reference/judge.md 2.3)."""
NEUTRAL_SAMPLING = (("enable_thinking", False), ("repetition_penalty", 1.0))
"""DashScope's hidden defaults differ by model: thinking on (and billed), a repetition penalty that distorts JSON."""
START_IN_FLIGHT = 32
REQUEST_SHARE = 0.8
"""Share of GIVE_UP_S that one answer may take."""


@dataclass(frozen=True, slots=True)
class Judge:
    """One open judge. ``model``: the id on the wire; ``stands_as``: the id that verdicts carry, whatever the way to it.

    ``price`` None: unknown.
    """

    name: str
    model: str
    chat: Chat
    pool: str
    price: Price | None
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def stands_as(self) -> str:
        """One name everywhere: JUDGE=openai/NAME with a base URL is asked as NAME there, and is openai/NAME in every table."""
        return model_of(self.name)

    @property
    def simulated(self) -> bool:
        """Whether its scores say nothing about the real world."""
        return self.model.startswith("sandbox/")


@dataclass(frozen=True, slots=True)
class Judges:
    """The judges of one run, and what they share."""

    judges: tuple[Judge, ...]
    limiter: LocalLimiter
    breaker: Breaker
    ledger: Ledger


def resolve(name: str, base_url: str | None, sandbox_url: str | None) -> Route:
    """Where a judge is asked; pure. Its model is the same wherever that is: verdicts stand under it."""
    if name in {SANDBOX, SANDBOX_SECOND}:
        model = MODEL if name == SANDBOX else SECOND_MODEL
        return route(SANDBOX, base_url, sandbox_url=sandbox_url, sandbox_model=model)
    provider, _, model = name.partition("/")
    if provider == SDK:
        keys = ("JUDGE_API_KEY",) if base_url else PROVIDERS["dashscope"].keys
        return Route(SDK, model, base_url or NATIVE_URL, NEUTRAL_SAMPLING, key_names=keys, needs_key=True)
    way = route(name, base_url, key_setting="JUDGE_API_KEY")
    if way.needs_key and way.name == "dashscope":  # its own servers
        return replace(way, extra=tuple((dict(way.extra) | dict(NEUTRAL_SAMPLING)).items()))
    return way


def model_of(name: str) -> str:
    """The id under which a judge's verdicts stand."""
    return resolve(name, None, None).model


def pool_limits(settings: JudgeSettings, model: str) -> PoolLimits:
    """What may be sent: JUDGE_RPM and JUDGE_TPM, else the published limits of the model."""
    published = limits_of(model)
    return PoolLimits(
        settings.rpm or published.rpm,
        settings.tpm or published.tpm,
        max_in_flight=settings.in_flight,
        start_in_flight=min(START_IN_FLIGHT, settings.in_flight),
        ramp_per_s=settings.ramp_per_s,
        give_up_s=settings.wire.give_up_s,
    )


def price_known(model: str, given: Price | None = None) -> Price | None:
    """What the settings say, the dated file, litellm's table."""
    if given is not None and not model.startswith("sandbox/"):
        return given
    price = price_of(model)
    if price is None and not model.startswith("sandbox/"):
        from factory.llm.litellm_chat import price_from_litellm  # noqa: PLC0415 - heavy, and needed by few

        price = price_from_litellm(model, CNY_PER_USD) or price_from_litellm(f"dashscope/{model}", CNY_PER_USD)
    return price


def costs_nothing(settings: JudgeSettings, name: str, model: str) -> bool:
    """A simulated judge, or a server on this machine whose price is set to 0."""
    if model.startswith("sandbox/"):
        return True
    price = price_known(model, settings.wire.price)
    return is_loopback(_base_url(settings, name) or "") and price is not None and price.is_free


def _base_url(settings: JudgeSettings, name: str) -> str | None:
    wire = settings.wire
    return (wire.second_base_url or wire.base_url) if name == settings.second else wire.base_url


@asynccontextmanager
async def open_judges(settings: JudgeSettings, ledger: Ledger) -> AsyncIterator[Judges]:
    """Open the judge and the second one. Raises UsageError, ProviderDown."""
    names = [name for name in (settings.judge, settings.second) if name is not None]
    pools = {f"judge {name}": pool_limits(settings, model_of(name)) for name in names}
    limiter = LocalLimiter(pools)
    breaker = Breaker(limiter)
    async with AsyncExitStack() as stack:
        sandbox_url = None
        if settings.wire.base_url is None and {SANDBOX, SANDBOX_SECOND} & set(names):
            sandbox_url = await stack.enter_async_context(sandbox_process())
        opened = []
        for name in names:
            judge = _open(settings, name, resolve(name, _base_url(settings, name), sandbox_url), breaker, ledger)
            stack.push_async_callback(judge.chat.aclose)
            opened.append(judge)
        yield Judges(tuple(opened), limiter, breaker, ledger)


def _open(settings: JudgeSettings, name: str, way: Route, breaker: Breaker, ledger: Ledger) -> Judge:
    price = price_known(way.model, settings.wire.price)
    if price is None and settings.budget_cny is not None:
        raise UsageError(
            f"The price of {way.model} is not known, so BUDGET cannot be kept: give JUDGE_PRICE_IN and JUDGE_PRICE_OUT (CNY per "
            "million tokens; 0 for a server of your own), or run without BUDGET."
        )
    key = key_of(way, settings.wire.keys)
    if way.needs_key and key is None:
        raise UsageError(f"JUDGE={name} needs a key: set {' or '.join(way.key_names)} in the environment.")
    pool = f"judge {name}"
    endpoint = Endpoint(
        way.name,
        way.base_url or "",
        pool,
        price,
        request_timeout_s=REQUEST_SHARE * settings.wire.give_up_s,
        server_attempts=SERVER_ATTEMPTS,
        setting="JUDGE",
        litellm_model=way.litellm_model,
        is_ours=way.is_ours,
    )
    extra = dict(way.extra) | dict(settings.wire.extra)
    if way.name == SDK and extra.get("stream"):
        raise UsageError(
            f"JUDGE={name} does not stream: leave stream out of JUDGE_EXTRA, or ask JUDGE=dashscope/{way.model}."
        )
    return Judge(name, way.model, _chat(way, endpoint, breaker, ledger, key), pool, price, extra)


def _chat(way: Route, endpoint: Endpoint, breaker: Breaker, ledger: Ledger, key: str | None) -> Chat:
    if way.name == SDK:
        from judge.dashscope_sdk import DashscopeSdkChat  # noqa: PLC0415 - heavy, and needed by few

        return DashscopeSdkChat(endpoint, breaker, ledger, key)
    if way.litellm_model is not None:
        from factory.llm.litellm_chat import LitellmChat, check_keys  # noqa: PLC0415 - heavy, and needed by few

        check_keys("JUDGE", way.litellm_model)
        return LitellmChat(endpoint, breaker, ledger)
    return DirectChat(endpoint, breaker, ledger, key)


@asynccontextmanager
async def sandbox_process(arguments: Sequence[str] = ()) -> AsyncIterator[str]:
    """The sandbox judge as a child without any secret; gives its compatible base URL. Raises ProviderDown."""
    clean = {name: value for name, value in os.environ.items() if not name.endswith(("_KEY", "_SECRET", "_TOKEN"))}
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "judge", "sandbox", *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=clean,
        start_new_session=True,  # Ctrl-C is the parent's to handle: it still needs the sandbox while it drains
    )
    if child.stdout is None or child.stdin is None:
        raise AssertionError  # both are pipes
    try:
        line = await asyncio.wait_for(child.stdout.readline(), 30.0)
        if not line:
            raise ProviderDown("The sandbox judge ended before it listened: run `python -m judge sandbox` to see why.")
        yield f"http://127.0.0.1:{orjson.loads(line)['port']}/compatible-mode/v1"
    finally:
        child.stdin.close()
        await child.wait()
