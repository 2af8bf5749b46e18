"""The ask-loop that every provider shares, and the direct client for endpoints that speak OpenAI's format.

One call: replay a kept answer, or for each attempt lease a slot, reserve the worst case, send, keep the raw answer, settle;
then parse. Every attempt is leased inside the loop, so that retries count; waiting happens outside the slot.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiohttp
import orjson
from yarl import URL

from factory.errors import ChidianError, RetryLater
from factory.ledger import CallBook
from factory.limits import Leases
from factory.llm.answers import (
    Parsed,
    UnreadableAnswerError,
    body_of,
    call_key,
    decode,
    likely_input_tokens,
    most_input_tokens,
    read,
    usage_of,
)
from factory.llm.chat import CallKey, ChatAnswer, ChatRequest
from factory.llm.refusals import read_refusal, to_error
from factory.records import CallRecord
from factory.retries import Patience


@dataclass(frozen=True, slots=True)
class Price:
    """CNY per million tokens."""

    input_cny: float
    output_cny: float

    def cost(self, input_tokens: int, output_tokens: int) -> float:
        """CNY for these tokens."""
        return (input_tokens * self.input_cny + output_tokens * self.output_cny) / 1e6


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a model is asked. ``name`` is logical and stands in keys and sentences; ``pool`` is its limiter pool."""

    name: str
    base_url: str
    pool: str
    price: Price | None
    request_timeout_s: float = 80.0
    connections: int = 512
    server_attempts: int = 5
    """After so many failures of the server (not refusals for rate) this request is given up, though others are served,"""
    keep_trying_s: float = 0.0
    """and not before so long after the first of them."""


class PaidChat:
    """The ask-loop; a subclass knows how to send one body."""

    def __init__(self, endpoint: Endpoint, limiter: Leases, ledger: CallBook) -> None:
        self.endpoint = endpoint
        self._limiter = limiter
        self._ledger = ledger

    async def ask(self, request: ChatRequest, key: CallKey, *, priority: int = 0) -> ChatAnswer:
        """See ``Chat.ask``."""
        body = body_of(request)
        packed = orjson.dumps(body)
        name = call_key(self.endpoint.name, packed, key)
        kept = await self._ledger.replay(name)
        if kept is not None:
            parsed = read(decode(kept.raw))  # what cannot be read is marked so and never replayed
            return _answer(
                parsed, _record(name, request, key, parsed, kept.cost_cny, 0, None, kept.started_at, replayed=True)
            )
        started, clock = datetime.now(UTC), time.monotonic()
        patience = Patience(self.endpoint.name, self.endpoint.server_attempts, self.endpoint.keep_trying_s)
        while True:
            try:
                parsed, cost = await self._attempt(packed, body, request, name, key, priority, patience.attempts)
            except RetryLater as error:
                await asyncio.sleep(patience.wait_s(error))
            else:
                latency = time.monotonic() - clock
                record = _record(name, request, key, parsed, cost, patience.attempts, latency, started, replayed=False)
                return _answer(parsed, record)

    async def _attempt(
        self,
        packed: bytes,
        body: dict[str, Any],
        request: ChatRequest,
        name: str,
        key: CallKey,
        priority: int,
        refusals: int,
    ) -> tuple[Parsed, float | None]:
        price = self.endpoint.price
        worst = price.cost(most_input_tokens(len(packed)), request.max_tokens) if price else None
        estimate = likely_input_tokens(len(packed)) + request.max_tokens // 3
        lease = await self._limiter.lease(self.endpoint.pool, tokens=estimate, priority=priority)
        try:
            number = await self._ledger.reserve(
                name, order_id=key.order_id, step=key.step, purpose=key.purpose, model=request.model, worst_cny=worst
            )
            sent = time.monotonic()
            try:
                raw = await self._send(packed, body, min(self.endpoint.request_timeout_s, lease.patience_s))
            except RetryLater as error:
                await (self._ledger.lost if error.billed else self._ledger.void)(name, number, worst_cny=worst)
                await lease.refused(error.kind, error.retry_after_s, str(error))
                raise
            except ChidianError:
                await self._ledger.void(name, number, worst_cny=worst)
                raise
            decoded = decode(raw)
            tokens_in, tokens_out = usage_of(decoded)
            known = tokens_in is not None and tokens_out is not None
            # An answer that reports no usage may have cost the worst case.
            cost = worst if price is None or not known else price.cost(tokens_in or 0, tokens_out or 0)
            lease.settle((tokens_in or 0) + (tokens_out or 0) if known else estimate)
            await self._ledger.keep(
                name,
                number,
                raw=raw,
                input_tokens=tokens_in,
                output_tokens=tokens_out,
                cost_cny=cost,
                worst_cny=worst,
                refusals=refusals,
                latency_s=time.monotonic() - sent,
            )
            try:
                return read(decoded), cost
            except UnreadableAnswerError as error:
                await self._ledger.mark_unreadable(name, number)
                said = f"{self.endpoint.name}'s answer is no chat completion ({error})."
                await lease.refused("server", None, said)
                raise RetryLater(said, kind="server", billed=True) from error
        finally:
            lease.release()

    async def _send(self, packed: bytes, body: dict[str, Any], timeout_s: float) -> bytes:
        raise NotImplementedError


class DirectChat(PaidChat):
    """aiohttp and orjson, no SDK between: about 0.3 ms of CPU a call with the limiter (docs/experiments.md)."""

    def __init__(self, endpoint: Endpoint, limiter: Leases, ledger: CallBook, api_key: str | None) -> None:
        super().__init__(endpoint, limiter, ledger)
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {api_key}"} if api_key else {})
        self._url = URL(endpoint.base_url.rstrip("/") + "/chat/completions")
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=endpoint.connections),
            timeout=aiohttp.ClientTimeout(sock_connect=10.0),
            headers=headers,
            auto_decompress=True,
        )

    async def _send(self, packed: bytes, body: dict[str, Any], timeout_s: float) -> bytes:  # noqa: ARG002 - litellm's sender needs the body
        try:
            async with asyncio.timeout(timeout_s), self._session.post(self._url, data=packed) as response:
                raw = await response.read()
                if response.status == 200:
                    return raw
                refusal = read_refusal(response.status, raw, response.headers.get("Retry-After"))
        except aiohttp.ClientConnectorError as error:
            raise RetryLater(
                f"{self.endpoint.name} cannot be reached ({type(error).__name__}).", kind="network"
            ) from error
        except TimeoutError as error:
            text = f"{self.endpoint.name} did not answer within {timeout_s:.3g} s."
            raise RetryLater(text, kind="timeout", billed=True) from error
        except aiohttp.ClientError as error:
            text = f"{self.endpoint.name} broke off ({type(error).__name__})."
            raise RetryLater(text, kind="network", billed=True) from error
        raise to_error(refusal, service=self.endpoint.name, model=str(orjson.loads(packed)["model"]))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._session.close()
        await asyncio.sleep(0)


def _record(
    name: str,
    request: ChatRequest,
    key: CallKey,
    parsed: Parsed,
    cost: float | None,
    refusals: int,
    latency_s: float | None,
    started_at: datetime,
    *,
    replayed: bool,
) -> CallRecord:
    return CallRecord(
        key=name,
        order_id=key.order_id,
        step=key.step,
        purpose=key.purpose,
        model=request.model,
        status="kept",
        replayed=replayed,
        input_tokens=parsed.input_tokens,
        output_tokens=parsed.output_tokens,
        cost_cny=cost,
        refusals=refusals,
        latency_s=latency_s,
        started_at=started_at,
    )


def _answer(parsed: Parsed, record: CallRecord) -> ChatAnswer:
    return ChatAnswer(
        message=parsed.message,
        finish_reason=parsed.finish_reason,
        model=parsed.model,
        request_id=parsed.request_id,
        input_tokens=parsed.input_tokens,
        output_tokens=parsed.output_tokens,
        record=record,
        logprobs=parsed.logprobs,
    )
