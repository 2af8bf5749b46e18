"""The ask-loop that every provider shares, and the direct client for endpoints that speak OpenAI's format.

One call: replay a kept answer, or for each attempt lease a slot, reserve the worst case, send, keep the raw answer, settle;
then parse. Every attempt is leased inside the loop, so that retries count; waiting, for money too, happens outside the slot.
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

from factory.errors import ChidianError, MoneyInFlight, RetryLater
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
from factory.sending.ledger import CallBook
from factory.sending.limits import Lease, Leases
from factory.sending.retries import Patience
from factory.sending.slots import SILENT_KINDS


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


@dataclass(frozen=True, slots=True)
class _Call:
    """One call as its attempts share it; ``name`` is the key of its kept answer, ``packed`` the body in bytes."""

    name: str
    request: ChatRequest
    key: CallKey
    body: dict[str, Any]
    packed: bytes
    priority: int
    tokens: int
    """estimated"""
    worst_cny: float | None


class PaidChat:
    """The ask-loop; a subclass knows how to send one body."""

    def __init__(self, endpoint: Endpoint, limiter: Leases, ledger: CallBook) -> None:
        self.endpoint = endpoint
        self._limiter = limiter
        self._ledger = ledger

    async def ask(self, request: ChatRequest, key: CallKey, *, priority: int = 0) -> ChatAnswer:
        """See ``Chat.ask``."""
        call = self._prepare(request, key, priority)
        if (replayed := await self._replay(call)) is not None:
            return replayed
        started, clock = datetime.now(UTC), time.monotonic()
        patience = Patience(self.endpoint.name, self.endpoint.server_attempts, self.endpoint.keep_trying_s)
        while True:
            try:
                parsed, cost = await self._attempt(call, patience.attempts)
            except RetryLater as error:
                await asyncio.sleep(patience.wait_s(error))
            else:
                latency = time.monotonic() - clock
                return _answer(parsed, _record(call, parsed, cost, patience.attempts, latency, started, replayed=False))

    def _prepare(self, request: ChatRequest, key: CallKey, priority: int) -> _Call:
        body = body_of(request)
        packed = orjson.dumps(body)
        price = self.endpoint.price
        return _Call(
            call_key(self.endpoint.name, packed, key),
            request,
            key,
            body,
            packed,
            priority,
            tokens=likely_input_tokens(len(packed)) + request.max_tokens // 3,
            worst_cny=price.cost(most_input_tokens(len(packed)), request.max_tokens) if price else None,
        )

    async def _replay(self, call: _Call) -> ChatAnswer | None:
        """The kept answer, if there is one; one that cannot be read (a kill came before that was found) is marked so."""
        kept = await self._ledger.replay(call.name)
        if kept is None:
            return None
        try:
            parsed = await self._read(decode(kept.raw), kept.raw, call.body)
        except UnreadableAnswerError:
            await self._ledger.mark_unreadable(call.name, kept.attempt)
            return None
        return _answer(parsed, _record(call, parsed, kept.cost_cny, 0, None, kept.started_at, replayed=True))

    async def _attempt(self, call: _Call, refusals: int) -> tuple[Parsed, float | None]:
        lease, number = await self._paid_slot(call)
        try:
            sent = time.monotonic()
            try:
                timeout_s = min(self.endpoint.request_timeout_s, lease.patience_s)
                raw = await self._send(call.packed, call.body, timeout_s)
            except ChidianError as error:
                await (self._ledger.lost if error.billed else self._ledger.void)(
                    call.name, number, worst_cny=call.worst_cny
                )
                if not _keeps_its_tokens(error):
                    lease.settle(0)
                if isinstance(error, RetryLater):
                    await lease.refused(error.kind, error.retry_after_s, str(error))
                raise
            return await self._keep_and_read(call, lease, number, raw, refusals, time.monotonic() - sent)
        finally:
            lease.release()

    async def _paid_slot(self, call: _Call) -> tuple[Lease, int]:
        """A slot and the worst case put aside for it; money that calls in flight hold is waited for outside a slot."""
        key = call.key
        while True:
            lease = await self._limiter.lease(self.endpoint.pool, tokens=call.tokens, priority=call.priority)
            try:
                number = await self._ledger.reserve(
                    call.name,
                    order_id=key.order_id,
                    step=key.step,
                    purpose=key.purpose,
                    model=call.request.model,
                    worst_cny=call.worst_cny,
                )
            except BaseException as error:
                lease.settle(0)
                lease.release(answered=False)
                if not isinstance(error, MoneyInFlight):
                    raise
            else:
                return lease, number
            await self._ledger.afford(call.worst_cny)

    async def _keep_and_read(
        self, call: _Call, lease: Lease, number: int, raw: bytes, refusals: int, latency_s: float
    ) -> tuple[Parsed, float | None]:
        price, worst = self.endpoint.price, call.worst_cny
        decoded = decode(raw)
        tokens_in, tokens_out = usage_of(decoded)
        known = tokens_in is not None and tokens_out is not None
        # An answer that reports no usage may have cost the worst case.
        cost = worst if price is None or not known else price.cost(tokens_in or 0, tokens_out or 0)
        lease.settle((tokens_in or 0) + (tokens_out or 0) if known else call.tokens)
        await self._ledger.keep(
            call.name,
            number,
            raw=raw,
            input_tokens=tokens_in,
            output_tokens=tokens_out,
            cost_cny=cost,
            worst_cny=worst,
            refusals=refusals,
            latency_s=latency_s,
        )
        try:
            parsed = await self._read(decoded, raw, call.body)
        except UnreadableAnswerError as error:
            await self._ledger.mark_unreadable(call.name, number)
            said = f"{self.endpoint.name}'s answer is no chat completion ({error})."
            await lease.refused("server", None, said)
            raise RetryLater(said, kind="server", billed=True) from error
        if not known and parsed.input_tokens is not None and parsed.output_tokens is not None:
            cost = await self._price(call, lease, number, parsed.input_tokens, parsed.output_tokens)
        return parsed, cost

    async def _price(self, call: _Call, lease: Lease, number: int, tokens_in: int, tokens_out: int) -> float | None:
        """Settle again, with a usage that stood in a form which only ``_read`` knows."""
        lease.settle(tokens_in + tokens_out)
        cost = self.endpoint.price.cost(tokens_in, tokens_out) if self.endpoint.price else None
        await self._ledger.price(
            call.name,
            number,
            input_tokens=tokens_in,
            output_tokens=tokens_out,
            cost_cny=cost,
            counted_cny=call.worst_cny,
        )
        return cost

    async def _read(self, decoded: Any, raw: bytes, body: dict[str, Any]) -> Parsed:  # noqa: ARG002 - litellm reads by both
        """An answer whose raw form is safe on the disk. Raises UnreadableAnswerError."""
        return read(decoded)

    async def _send(self, packed: bytes, body: dict[str, Any], timeout_s: float) -> bytes:
        raise NotImplementedError


class DirectChat(PaidChat):
    """aiohttp and orjson, no SDK between: 0.13 ms of CPU a call with the limiter, 0.19 with the ledger (docs/experiments.md)."""

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


def _keeps_its_tokens(error: ChidianError) -> bool:
    """Whether a failed attempt stays charged to the pace of tokens.

    An answer that refuses or fails took none; one that never came may have. A refusal for tokens is charged on purpose: the
    service's window is full, and what was refused free of charge would be asked again at once by the next who waits.
    """
    if not isinstance(error, RetryLater):
        return False
    return error.kind == "tokens" or (error.billed and error.kind in SILENT_KINDS)


def _record(
    call: _Call,
    parsed: Parsed,
    cost: float | None,
    refusals: int,
    latency_s: float | None,
    started_at: datetime,
    *,
    replayed: bool,
) -> CallRecord:
    return CallRecord(
        key=call.name,
        order_id=call.key.order_id,
        step=call.key.step,
        purpose=call.key.purpose,
        model=call.request.model,
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
