"""Chat requests to OpenAI's JSON form and answers from it; pure, and the same for kept answers and fresh ones."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import orjson

from factory.llm.chat import CallKey, ChatRequest
from factory.records import Message, ToolCall


class UnreadableAnswerError(ValueError):
    """A 200 whose body is no chat completion (half a body, a proxy's page)."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """The parts of a completion that we use; tokens None when the provider reports none."""

    message: Message
    finish_reason: str
    model: str
    request_id: str | None
    input_tokens: int | None
    output_tokens: int | None
    logprobs: tuple[dict[str, Any], ...]


def body_of(request: ChatRequest) -> dict[str, Any]:
    """Every parameter explicitly: providers' defaults differ and change."""
    body: dict[str, Any] = {
        "model": request.model,
        "messages": [_message(message) for message in request.messages],
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "top_p": request.top_p,
        "presence_penalty": request.presence_penalty,
        "frequency_penalty": request.frequency_penalty,
        "stream": False,
    }
    if request.seed is not None:
        body["seed"] = request.seed
    if request.tools:
        body["tools"] = list(request.tools)
        body["tool_choice"] = "auto"
    if request.response_format is not None:
        body["response_format"] = request.response_format
    if request.stop:
        body["stop"] = list(request.stop)
    return {**body, **request.extra}


def _message(message: Message) -> dict[str, Any]:
    wire: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        wire["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.tool_calls
        ]
    if message.tool_call_id is not None:
        wire["tool_call_id"] = message.tool_call_id
    return wire


def call_key(endpoint: str, packed: bytes, key: CallKey) -> str:
    """32 hex digits over the logical endpoint, the whole request and whose call it is.

    ``packed`` is the body as it is sent: ``body_of`` builds equal requests in equal order, so that nothing is packed twice.
    """
    whose = orjson.dumps([endpoint, key.run_id, key.order_id, key.step, key.replicate, key.purpose])
    return blake2b(whose + packed, digest_size=16).hexdigest()


def decode(raw: bytes) -> Any:
    """The JSON value of an answer, or None; never raises, since it runs before the answer is safe."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None


def read(body: Any) -> Parsed:
    """Read a decoded completion. Raises UnreadableAnswerError."""
    try:
        choice = body["choices"][0]
        message = choice["message"]
    except (KeyError, IndexError, TypeError) as error:
        raise UnreadableAnswerError(type(error).__name__) from error
    usage = body.get("usage") or {}
    logprobs = (choice.get("logprobs") or {}).get("content") or ()
    return Parsed(
        message=Message("assistant", message.get("content") or "", _calls(message.get("tool_calls"))),
        finish_reason=str(choice.get("finish_reason") or ""),
        model=str(body.get("model") or ""),
        request_id=body.get("id") or body.get("request_id"),
        input_tokens=usage.get("prompt_tokens"),
        output_tokens=usage.get("completion_tokens"),
        logprobs=tuple(logprobs),
    )


def usage_of(body: Any) -> tuple[int | None, int | None]:
    """Tokens in and out as a decoded answer reports them, or None; never raises, like ``decode``."""
    try:
        usage = body["usage"]
        tokens_in, tokens_out = usage["prompt_tokens"], usage["completion_tokens"]
    except (KeyError, IndexError, TypeError):
        return None, None
    whole = isinstance(tokens_in, int) and isinstance(tokens_out, int)
    return (tokens_in, tokens_out) if whole else (None, None)


def _calls(raw: Any) -> tuple[ToolCall, ...]:
    return tuple(
        ToolCall(
            id=str(call.get("id") or f"call_{position}"),
            name=str((call.get("function") or {}).get("name") or ""),
            arguments=str((call.get("function") or {}).get("arguments") or "{}"),
        )
        for position, call in enumerate(raw or ())
        if isinstance(call, dict)
    )


def most_input_tokens(body_bytes: int) -> int:
    """An upper bound of a request's tokens: byte-level BPE never makes more tokens than bytes; plus the chat template's."""
    return body_bytes + 64


def likely_input_tokens(body_bytes: int) -> int:
    """An estimate for leasing: Chinese takes about 3 bytes a character and 0.7 tokens a character, JSON 4 bytes a token."""
    return body_bytes // 4 + 16
