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

from factory.errors import ChidianError, RetryLater, RunStopped
from factory.llm import litellm_wire
from factory.llm.answers import Parsed, UnreadableAnswerError, read
from factory.llm.litellm_wire import CURRENT, Exchange
from factory.llm.refusals import Refusal, read_refusal, to_error
from factory.llm.transport import Endpoint, PaidChat, Price
from factory.sending.ledger import CallBook
from factory.sending.limits import Leases


class LitellmChat(PaidChat):
    """Asks any litellm model id; keys are those that litellm reads from the environment."""

    def __init__(self, endpoint: Endpoint, limiter: Leases, ledger: CallBook) -> None:
        super().__init__(endpoint, limiter, ledger)
        os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # nothing is downloaded at run time
        import litellm  # noqa: PLC0415 - heavy, and needed by few

        litellm.suppress_debug_info = True
        litellm_wire.install()
        self._litellm = litellm

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
        if exchange.status != 200:
            refusal = read_refusal(exchange.status, exchange.raw, exchange.retry_after)
            raise to_error(refusal, service=self.endpoint.name, model=self.endpoint.name) from None
        return exchange.raw

    async def _read(self, decoded: Any, raw: bytes, body: dict[str, Any]) -> Parsed:
        """A body that is a chat completion already is read as it is; another form by litellm, which sends nothing."""
        try:
            return read(decoded)
        except UnreadableAnswerError:
            try:
                answer = await self._through(Exchange(canned=raw), body, self.endpoint.request_timeout_s)
            except Exception as error:
                raise UnreadableAnswerError(type(error).__name__) from error
        return read(answer.model_dump(exclude_none=True))

    async def _through(self, exchange: Exchange, body: dict[str, Any], timeout_s: float) -> Any:
        ours = CURRENT.set(exchange)
        try:
            return await self._litellm.acompletion(
                **body, num_retries=0, max_retries=0, timeout=timeout_s, drop_params=True
            )
        finally:
            CURRENT.reset(ours)

    def _unanswered(self, exchange: Exchange, problem: Exception | None) -> ChidianError:
        """No whole answer passed the wire. What may have been served counts as billed."""
        name = self.endpoint.name
        if exchange.tried:
            kind = "timeout" if isinstance(problem, self._litellm.exceptions.Timeout) else "network"
            said = "broke off" if exchange.left else "cannot be reached"
            return RetryLater(f"{name} {said} ({type(problem).__name__}).", kind=kind, billed=exchange.left)
        status = int(getattr(problem, "status_code", 500) or 500)
        if status < 500:  # litellm's own refusal: no key, no such provider
            return to_error(Refusal(status, "", "", None), service=name, model=name)
        why = f" ({type(problem).__name__})" if problem else ""
        stop = RunStopped(
            f"litellm did not send to {name} through its HTTP client{why}, so that an answer could not be kept before it is "
            "read: ask this model at an OpenAI-compatible address (TEACHER_BASE_URL), or choose another."
        )
        stop.billed = True
        return stop

    async def aclose(self) -> None:
        """Nothing of ours is open."""


def price_from_litellm(model: str, cny_per_usd: float) -> Price | None:
    """Litellm's own table in USD, at a stated exchange rate."""
    import litellm  # noqa: PLC0415 - heavy, and needed by few

    row = litellm.model_cost.get(model)
    if not row or "input_cost_per_token" not in row:
        return None
    return Price(row["input_cost_per_token"] * 1e6 * cny_per_usd, row["output_cost_per_token"] * 1e6 * cny_per_usd)
