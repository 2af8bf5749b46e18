"""Chat requests to OpenAI's JSON form and answers from it; pure, and the same for kept answers and fresh ones.

``read`` is total: any body becomes a Parsed, or an UnreadableAnswerError with the beginning of what came.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain
from typing import Any

import orjson

from factory import wire_text
from factory.llm.chat import CallKey, ChatRequest
from factory.llm.history import wire_messages
from factory.llm.streams import is_stream, joined
from factory.llm.tool_calls import Tools, read_calls, served_calls
from factory.llm.tool_text import calls_in_text, without_thoughts
from factory.llm.usage import Usage, usage_of
from factory.records import Message
from factory.wire_text import mapping, quoted, readable, words

LIMITS = ("max_completion_tokens", "max_tokens", "max_output_tokens")
"""Fields that bound an answer, by any provider's name."""
_GIVEN_BACK = ("reasoning_content", "reasoning_details")
"""Fields of a message with calls that providers ask back: DeepSeek and Moonshot their reasoning, OpenRouter its details."""

_THOUGHTS = ("reasoning_content", "reasoning")
_WRAPPERS = ("data", "result", "response", "output")
"""Fields in which gateways of one's own hand a completion on."""


class UnreadableAnswerError(ValueError):
    """A 200 whose body is no chat completion (half a body, a proxy's page); it says how the body begins."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """The parts of a completion that we use; tokens None when the provider reports none that are possible."""

    message: Message
    finish_reason: str
    model: str
    request_id: str | None
    input_tokens: int | None
    output_tokens: int | None
    logprobs: tuple[dict[str, Any], ...]


def body_of(request: ChatRequest) -> dict[str, Any]:
    """The body as it is sent. Nothing that says nothing: some servers take a zero penalty for an order (Ollama).

    ``extra`` stands above all: a field of it that is None is left out, ``"$max_tokens"`` stands for what that field would be.
    """
    body: dict[str, Any] = {
        "model": request.model,
        "messages": wire_messages(request.messages),
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "top_p": request.top_p,
    }
    if request.presence_penalty:
        body["presence_penalty"] = request.presence_penalty
    if request.frequency_penalty:
        body["frequency_penalty"] = request.frequency_penalty
    if request.seed is not None:
        body["seed"] = request.seed
    if request.tools:
        body["tools"] = list(request.tools)
    if request.response_format is not None:
        body["response_format"] = request.response_format
    if request.stop:
        body["stop"] = list(request.stop)
    if request.extra:
        body = _shaped(body, request.extra)
    if body.get("stream") is True:  # without it a stream tells no usage
        body.setdefault("stream_options", {"include_usage": True})
    return body


def _shaped(body: dict[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    shaped = dict(body)
    for name, value in extra.items():
        if isinstance(value, str) and value[:1] == "$" and value[1:] in body:
            value = body[value[1:]]  # noqa: PLW2901 - a name for a value of ours
        if value is None:
            shaped.pop(name, None)
        else:
            shaped[name] = value
    return shaped


def most_output_tokens(body: Mapping[str, Any]) -> int | None:
    """What the body allows an answer to take, over all that it asks for (``n``); None: as much as the model likes."""
    limits = [body[name] for name in LIMITS if isinstance(body.get(name), int)]
    number = body.get("n")
    return max(limits) * (number if isinstance(number, int) and number > 1 else 1) if limits else None


def call_key(endpoint: str, packed: bytes, key: CallKey) -> str:
    """32 hex digits over the logical endpoint, the whole request and whose call it is.

    ``packed`` is the body as it is sent: ``body_of`` builds equal requests in equal order, so that nothing is packed twice.
    """
    whose = orjson.dumps([endpoint, key.run_id, key.order_id, key.step, key.replicate, key.purpose])
    return blake2b(whose + packed, digest_size=16).hexdigest()


def decode(raw: bytes) -> Any:
    """The value of an answer, or None; never raises, since it runs before the answer is safe. A stream is put together."""
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        text = readable(raw)
        body = joined(text) if is_stream(text) else wire_text.loose_json(text)
    return body if isinstance(body, dict) and "choices" in body else _out_of_its_wrapper(body)


def _out_of_its_wrapper(body: Any) -> Any:
    """The completion that a gateway put into a list, a text or a field of its own; else the body as it is."""
    inner = wire_text.loose_json(body) if isinstance(body, str) else body
    inner = inner[0] if isinstance(inner, list) and len(inner) == 1 else inner
    held = (inner, *(mapping(inner).get(name) for name in _WRAPPERS))
    return next((value for value in held if isinstance(value, dict) and value.get("choices")), body)


def read(body: Any, tools: Tools | None = None, told: Usage | None = None) -> Parsed:
    """Read a decoded completion; calls are made to fit the ``tools`` that were offered. Raises UnreadableAnswerError.

    ``told``: its usage, where that was read before.
    """
    choice = _choice(mapping(body).get("choices"))
    if choice is None:
        raise UnreadableAnswerError(f"it has no choices: {_beginning(body)}")
    raw = choice.get("message") or choice.get("delta") or choice.get("messages")
    raw = raw[0] if isinstance(raw, list) and raw else raw
    raw = {"content": raw} if isinstance(raw, str) else raw
    if not isinstance(raw, dict):
        raise UnreadableAnswerError(f"its first choice has no message: {_beginning(choice)}")
    usage = told if told is not None else usage_of(body)
    split = usage if usage is not None and usage.split else None
    logprobs = choice["logprobs"].get("content") if isinstance(choice.get("logprobs"), dict) else None
    return Parsed(
        message=_message(raw, tools),
        finish_reason=words(choice.get("finish_reason")),
        model=words(mapping(body).get("model")),
        request_id=words(body.get("id")) or words(body.get("request_id")) or None,
        input_tokens=split.input_tokens if split else None,
        output_tokens=split.output_tokens if split else None,
        logprobs=tuple(token for token in logprobs if isinstance(token, dict)) if isinstance(logprobs, list) else (),
    )


def _choice(choices: Any) -> dict[str, Any] | None:
    """The first one; calls that a server spread over choices, or put behind a choice of text alone, are put together in it."""
    if isinstance(choices, dict):
        choices = [choices] if "message" in choices else list(choices.values())
    listed = [choice for choice in choices if isinstance(choice, dict)] if isinstance(choices, list) else []
    if len(listed) > 1:
        groups = [mapping(choice.get("message")).get("tool_calls") for choice in listed]
        calls = [group for group in groups if isinstance(group, list) and group]
        if calls and (len(calls) == len(listed) or not groups[0]):
            message = {**mapping(listed[0].get("message")), "tool_calls": list(chain(*calls))}
            return {**listed[0], "message": message}
    return listed[0] if listed else None


def _message(raw: dict[str, Any], tools: Tools | None) -> Message:
    content = without_thoughts(_content(raw.get("content")) or words(raw.get("refusal")))
    if tools is None or not tools.schemas:
        return Message("assistant", content)
    calls = read_calls(raw, tools)
    # A parser of thoughts may have swallowed the calls behind them.
    thoughts = next((raw[name] for name in _THOUGHTS if isinstance(raw.get(name), str)), "")
    if not calls and (content or thoughts):
        in_text, rest = calls_in_text(content or thoughts)
        if calls := served_calls(in_text, tools):
            content = rest if content else ""
    return Message("assistant", content, calls, echo=_echo(raw) if calls else "")


def _content(raw: Any) -> str:
    """Text, or the text among parts (a part that is a thought is none)."""
    if isinstance(raw, str):
        return raw
    if isinstance(raw, list):
        texts = [part if isinstance(part, str) else mapping(part).get("text") for part in raw]
        return "".join(text for text in texts if isinstance(text, str))
    return words(mapping(raw).get("text") if isinstance(raw, dict) else raw)


def _echo(raw: dict[str, Any]) -> str:
    back = {name: raw[name] for name in _GIVEN_BACK if raw.get(name)}
    try:
        return orjson.dumps(back).decode() if back else ""
    except (TypeError, orjson.JSONEncodeError):  # deeper than orjson writes
        return ""


def _beginning(value: Any) -> str:
    return quoted(repr(value), 120)


def most_input_tokens(body_bytes: int) -> int:
    """An upper bound of a request's tokens: byte-level BPE never makes more tokens than bytes; plus the chat template's."""
    return body_bytes + 64


def likely_input_tokens(body_bytes: int) -> int:
    """An estimate for leasing: Chinese takes about 3 bytes a character and 0.7 tokens a character, JSON 4 bytes a token."""
    return body_bytes // 4 + 16
