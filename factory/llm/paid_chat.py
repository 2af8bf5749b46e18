"""The ask-loop that every provider shares.

One call: replay a kept answer, or for each attempt lease a slot, reserve the worst case, send, keep the raw answer, settle;
then parse. Every attempt is leased inside the loop, so that retries count; waiting, for money too, happens outside the slot.
"""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from factory.errors import ChidianError, OrderFailed, ParameterRefused, RetryLater
from factory.llm.answers import (
    Parsed,
    UnreadableAnswerError,
    body_of,
    call_key,
    decode,
    likely_input_tokens,
    most_input_tokens,
    most_output_tokens,
    read,
)
from factory.llm.chat import CallKey, ChatAnswer, ChatRequest
from factory.llm.prices import Price
from factory.llm.refusals import Refusal, refusal_in, to_error
from factory.llm.tool_calls import Tools
from factory.llm.trials import Trials, fields_of
from factory.llm.usage import Usage, cost_of, is_proven, spoken_chars, usage_of
from factory.records import CallRecord
from factory.sending.call_book import CallBook, Reservation
from factory.sending.limits import Lease, Leases
from factory.sending.retries import Patience
from factory.sending.slots import SILENT_KINDS
from factory.wire_text import snippet


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
    setting: str = "TEACHER"
    """the room whose settings shape the request, for sentences"""
    litellm_model: str | None = None
    """the id by which litellm finds the provider, where it asks"""
    is_ours: bool = False
    """a server of our own on loopback: no proxy stands between"""


@dataclass(frozen=True, slots=True)
class Call:
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

    @property
    def tools(self) -> Tools | None:
        """What was offered."""
        return Tools.of(self.body) if self.request.tools else None

    @property
    def chars(self) -> int:
        """Characters that were sent as content."""
        return sum(len(message.content) for message in self.request.messages)


class PaidChat(ABC):
    """The ask-loop; a subclass knows how to send one body."""

    def __init__(self, endpoint: Endpoint, limiter: Leases, ledger: CallBook) -> None:
        self.endpoint = endpoint
        self._limiter = limiter
        self._ledger = ledger
        self._trials = Trials()

    async def ask(self, request: ChatRequest, key: CallKey, *, priority: int = 0) -> ChatAnswer:
        """See ``Chat.ask``."""
        call = self._prepare(request, key, priority)
        if key.may_be_kept and (replayed := await self._replay(call)) is not None:
            return replayed
        fields = fields_of(call.body)
        self._trials.begin(fields)
        try:
            answer = await self._until_answered(call)
            self._trials.taken(fields)
        except ParameterRefused as refused:
            problem = refused
        else:
            return answer
        finally:
            self._trials.end(fields)
        if await self._trials.are_at_fault(fields):
            raise problem
        raise OrderFailed(str(problem), reason=problem.reason) from problem

    async def _until_answered(self, call: Call) -> ChatAnswer:
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

    def _prepare(self, request: ChatRequest, key: CallKey, priority: int) -> Call:
        body = body_of(request)
        packed = orjson.dumps(body)
        price, most_out = self.endpoint.price, most_output_tokens(body) or request.max_tokens
        return Call(
            call_key(self.endpoint.name, packed, key),
            request,
            key,
            body,
            packed,
            priority,
            tokens=likely_input_tokens(len(packed)) + most_out // 3,
            worst_cny=price.cost(most_input_tokens(len(packed)), most_out) if price else None,
        )

    async def _replay(self, call: Call) -> ChatAnswer | None:
        """The kept answer, if there is one; one that cannot be read is marked so, told, and asked for again."""
        kept = await self._ledger.replay(call.name)
        if kept is None:
            return None
        try:
            parsed = await self._read(decode(kept.raw), kept.raw, call)
        except UnreadableAnswerError as error:
            await self._ledger.mark_unreadable(call.name, kept.attempt, str(error))
            return None
        return _answer(parsed, _record(call, parsed, kept.cost_cny, 0, None, kept.started_at, replayed=True))

    async def _attempt(self, call: Call, refusals: int) -> tuple[Parsed, float | None]:
        lease, number = await self._paid_slot(call)
        try:
            sent = time.monotonic()
            try:
                timeout_s = min(self.endpoint.request_timeout_s, lease.patience_s)
                raw = await self._send(call.packed, call.body, timeout_s)
                decoded = self._no_refusal(raw, call)
            except ChidianError as error:
                await (self._ledger.lost if error.billed else self._ledger.void)(
                    call.name, number, worst_cny=call.worst_cny
                )
                if not _keeps_its_tokens(error):
                    lease.settle(0)
                if isinstance(error, RetryLater):
                    await lease.refused(error.kind, error.retry_after_s, str(error))
                raise
            return await self._keep_and_read(call, lease, number, raw, decoded, refusals, time.monotonic() - sent)
        finally:
            lease.release()

    def _no_refusal(self, raw: bytes, call: Call) -> Any:
        """The decoded body. Raises what it means when it is an error under a good status: nothing was served for it."""
        decoded = decode(raw)
        if (refusal := refusal_in(decoded)) is not None:
            raise self._refused(refusal, call.request.model)
        return decoded

    def _refused(self, refusal: Refusal, model: str) -> ChidianError:
        return to_error(refusal, service=self.endpoint.name, model=model, setting=self.endpoint.setting)

    async def _paid_slot(self, call: Call) -> tuple[Lease, int]:
        """A slot and the number of this attempt, for which the worst case is put aside."""
        key = call.key
        reservation = Reservation(call.name, key.order_id, key.step, key.purpose, call.request.model, call.worst_cny)
        pool, tokens = self.endpoint.pool, call.tokens
        return await self._limiter.lease_paid(pool, reservation, self._ledger, tokens=tokens, priority=call.priority)

    async def _keep_and_read(
        self, call: Call, lease: Lease, number: int, raw: bytes, decoded: Any, refusals: int, latency_s: float
    ) -> tuple[Parsed, float | None]:
        told = usage_of(decoded)
        usage = self._proven(call, told, spoken_chars(decoded))
        lease.received(usage.input_tokens + usage.output_tokens if usage else call.tokens)
        split = usage if usage is not None and usage.split else None
        cost = await self._ledger.keep(
            call.name,
            number,
            raw=raw,
            input_tokens=split.input_tokens if split else None,
            output_tokens=split.output_tokens if split else None,
            # An answer without a usage that can be true may have cost the worst case.
            cost_cny=self._cost(call, usage) if usage else None,
            worst_cny=call.worst_cny,
            refusals=refusals,
            latency_s=latency_s,
        )
        try:
            parsed = await self._read(decoded, raw, call, told)
        except UnreadableAnswerError as error:
            await self._ledger.mark_unreadable(call.name, number, str(error))
            sentence = f"{self.endpoint.name}'s answer is no chat completion: {error if decoded is not None else snippet(raw)}."
            await lease.refused("server", None, sentence)
            raise RetryLater(sentence, kind="server", billed=True) from error
        if usage is None and parsed.input_tokens is not None and parsed.output_tokens is not None:
            late = Usage(parsed.input_tokens, parsed.output_tokens)
            if self._proven(call, late, len(parsed.message.content)):
                cost = await self._price(call, lease, number, late, cost)
        return parsed, cost

    def _proven(self, call: Call, usage: Usage | None, said_chars: int) -> Usage | None:
        return usage if usage is not None and is_proven(usage, call.chars, said_chars) else None

    def _cost(self, call: Call, usage: Usage) -> float | None:
        price = self.endpoint.price
        return cost_of(usage, price, call.chars) if price else None

    async def _price(self, call: Call, lease: Lease, number: int, usage: Usage, booked: float | None) -> float | None:
        """Settle again, with a usage that stood in a form which only ``_read`` knows."""
        lease.settle(usage.input_tokens + usage.output_tokens)
        cost = self._cost(call, usage)
        await self._ledger.price(
            call.name,
            number,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cost_cny=cost,
            counted_cny=booked,
        )
        return cost

    async def _read(self, decoded: Any, raw: bytes, call: Call, told: Usage | None = None) -> Parsed:
        """An answer whose raw form is safe on the disk. Raises UnreadableAnswerError."""
        if decoded is None:
            raise UnreadableAnswerError(snippet(raw))
        return read(decoded, call.tools, told)

    @abstractmethod
    async def _send(self, packed: bytes, body: dict[str, Any], timeout_s: float) -> bytes:
        """The raw answer to one body. Raises what a refusal means, RetryLater among it."""

    @abstractmethod
    async def aclose(self) -> None:
        """Close the connections."""


def _keeps_its_tokens(error: ChidianError) -> bool:
    """Whether a failed attempt stays charged to the pace of tokens.

    An answer that refuses or fails took none; one that never came may have. A refusal for tokens is charged on purpose: the
    service's window is full, and what was refused free of charge would be asked again at once by the next who waits.
    """
    if not isinstance(error, RetryLater):
        return False
    return error.kind == "tokens" or (error.billed and error.kind in SILENT_KINDS)


def _record(
    call: Call,
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
