"""What a chat call is made of, and the one interface through which every room asks a model.

``ChatRequest`` holds every provider parameter explicitly, because providers have surprising defaults (DashScope's
presence_penalty is 1.5 for some). ``Chat.ask`` replays a kept answer, or leases, reserves, sends, keeps and settles.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from factory.records import CallRecord, Message


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One request. ``tools`` and ``response_format`` are in OpenAI's JSON form; ``extra`` goes into the body."""

    model: str
    messages: tuple[Message, ...]
    max_tokens: int
    temperature: float = 0.7
    top_p: float = 0.9
    seed: int | None = None
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    tools: tuple[dict[str, Any], ...] = ()
    response_format: dict[str, Any] | None = None
    stop: tuple[str, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CallKey:
    """Whose call this is: with the whole request it makes the key of the kept answer.

    Replicates of one question differ in ``replicate`` and so never share an answer. ``may_be_kept``: whether a kept answer is
    looked for; not where the request holds an answer that was new a moment ago.
    """

    run_id: str
    order_id: str
    step: int
    replicate: int = 0
    purpose: str = "agent"
    may_be_kept: bool = True


@dataclass(frozen=True, slots=True)
class ChatAnswer:
    """One parsed answer. ``finish_reason``: stop, length, tool_calls, content_filter; tokens None when not reported."""

    message: Message
    finish_reason: str
    model: str
    request_id: str | None
    input_tokens: int | None
    output_tokens: int | None
    record: CallRecord
    logprobs: tuple[dict[str, Any], ...] = ()
    """Per token, as the provider gave them; empty unless asked for."""


class Chat(Protocol):
    """Asks one model endpoint.

    Raises OrderFailed (this request can never succeed: moderation, bad request, context too long), RunStopped and its
    kin (bad key, no money, provider down for good). Transient failures are retried inside and never seen.
    """

    async def ask(self, request: ChatRequest, key: CallKey, *, priority: int = 0) -> ChatAnswer:
        """Ask once; a lower ``priority`` is served first (use the order's index: oldest first)."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...
