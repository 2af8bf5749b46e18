"""Every provider that does not speak OpenAI's format, through litellm; the only importer of it, and only when used.

litellm takes 2.8 CPU seconds to import and 20 to 40 ms a call, so DashScope, vLLM, DeepSeek and the like go through
DirectChat. The ask-loop is the shared one; litellm's own retries are off, so that every attempt is leased and counted. What is
kept is the provider's own body (litellm_wire.py): litellm reads it once it is on the disk, again when it is replayed. A provider
that takes several requests for one answer (replicate's polling) cannot be asked in this way.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

from factory.errors import AddressRefused, ChidianError, RetryLater, RunStopped, UsageError
from factory.llm import litellm_wire
from factory.llm.answers import Parsed, UnreadableAnswerError, read
from factory.llm.litellm_wire import CURRENT, Exchange
from factory.llm.paid_chat import Call, Endpoint, PaidChat
from factory.llm.prices import Price
from factory.llm.refusals import Refusal, read_refusal
from factory.llm.usage import Usage
from factory.sending.call_book import CallBook
from factory.sending.limits import Leases
from factory.wire_text import quoted, snippet


class LitellmChat(PaidChat):
    """Asks any litellm model id; keys are those that litellm reads from the environment."""

    def __init__(self, endpoint: Endpoint, limiter: Leases, ledger: CallBook) -> None:
        super().__init__(endpoint, limiter, ledger)
        self._litellm = _litellm()
        litellm_wire.install()

    async def _send(self, packed: bytes, body: dict[str, Any], timeout_s: float) -> bytes:  # noqa: ARG002 - litellm packs by itself
        exchange = Exchange()
        problem: Exception | None = None
        try:
            async with asyncio.timeout(timeout_s):
                await self._through(exchange, body, timeout_s)
        except TimeoutError as error:
            text = f"{self.endpoint.name} did not answer within {timeout_s:.3g} s."
            raise RetryLater(text, kind="timeout", billed=True) from error
        except Exception as error:  # noqa: BLE001 - whatever litellm makes of it: the exchange knows what happened
            problem = error
        if exchange.status is None:
            raise self._unanswered(exchange, problem) from None
        if 300 <= exchange.status < 400:
            raise AddressRefused(
                f"{self.endpoint.name} answered {exchange.status}: it redirects, which is not followed: the key would go along."
            ) from None
        if not 200 <= exchange.status < 300:
            raise self._refused(
                read_refusal(exchange.status, exchange.raw, exchange.retry_after), self._model(body)
            ) from None
        return exchange.raw

    def _model(self, body: dict[str, Any]) -> str:
        return self.endpoint.litellm_model or str(body["model"])

    async def _read(self, decoded: Any, raw: bytes, call: Call, told: Usage | None = None) -> Parsed:
        """A body that is a chat completion already is read as it is; another form by litellm, which sends nothing."""
        try:
            return read(decoded, call.tools, told)
        except UnreadableAnswerError:
            try:
                answer = await self._through(Exchange(canned=raw), call.body, self.endpoint.request_timeout_s)
            except Exception as error:
                raise UnreadableAnswerError(snippet(raw)) from error
        return read(answer.model_dump(exclude_none=True), call.tools)

    async def _through(self, exchange: Exchange, body: dict[str, Any], timeout_s: float) -> Any:
        ours = CURRENT.set(exchange)
        try:
            return await self._litellm.acompletion(
                **(body | {"model": self._model(body)}),
                num_retries=0,
                max_retries=0,
                timeout=timeout_s,
                drop_params=True,
            )
        finally:
            CURRENT.reset(ours)

    def _unanswered(self, exchange: Exchange, problem: Exception | None) -> ChidianError:
        """No whole answer passed the wire. What may have been served counts as billed."""
        name = self.endpoint.name
        if exchange.tried:
            kind = "timeout" if isinstance(problem, self._litellm.exceptions.Timeout) else "network"
            happened = "broke off" if exchange.left else "cannot be reached"
            return RetryLater(f"{name} {happened} ({type(problem).__name__}).", kind=kind, billed=exchange.left)
        status = int(getattr(problem, "status_code", 500) or 500)
        if status < 500:  # litellm's own refusal: no key, no such provider
            return self._refused(Refusal(status, "", quoted(problem), None), name)
        why = f" ({type(problem).__name__})" if problem else ""
        stop = RunStopped(
            f"litellm did not send to {name} through its HTTP client{why}, so that an answer could not be kept before it is "
            f"read: ask this model at an OpenAI-compatible address ({self.endpoint.setting}_BASE_URL), or choose another."
        )
        stop.billed = True
        return stop

    async def aclose(self) -> None:
        """Nothing of ours is open."""


def _litellm() -> Any:
    """The library; nothing is downloaded at run time, prices neither."""
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    import litellm  # noqa: PLC0415 - heavy, and needed by few

    litellm.suppress_debug_info = True
    return litellm


def check_keys(setting: str, model: str) -> None:
    """Raises UsageError that names the keys which litellm misses for a model, or says that it knows no provider of it."""
    library = _litellm()
    try:
        library.get_llm_provider(model)
    except Exception as error:
        raise UsageError(
            f"{setting}={quoted(model, 80)} names no known provider: give {setting}_BASE_URL for a server of your own, or an "
            "id with its provider (dashscope/qwen3-max, openai/gpt-4o)."
        ) from error
    environment = library.validate_environment(model)
    missing = environment.get("missing_keys") or []
    if not environment.get("keys_in_environment") and missing:
        raise UsageError(f"{setting}={quoted(model, 80)} needs a key: set {', '.join(missing)} in the environment.")


def price_from_litellm(model: str, cny_per_usd: float) -> Price | None:
    """Litellm's own table in USD, at a stated exchange rate."""
    row = _litellm().model_cost.get(model)
    if not row or "input_cost_per_token" not in row:
        return None
    return Price(row["input_cost_per_token"] * 1e6 * cny_per_usd, row["output_cost_per_token"] * 1e6 * cny_per_usd)
