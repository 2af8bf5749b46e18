"""A conversation in the form that the strictest servers take back; pure.

Arguments that could not be read go back as ``{}`` (vLLM's templates parse them), an answer without text and calls is left out
(Moonshot refuses it), and what a provider wants back with its own message (reasoning, thought signatures) goes back as it came.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from factory.records import Message, ToolCall


def wire_messages(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """In OpenAI's form; two questions in a row become one."""
    wire: list[dict[str, Any]] = []
    for message in messages:
        if message.role == "assistant" and not message.content and not message.tool_calls:
            continue
        if message.role == "user" and wire and wire[-1]["role"] == "user":
            wire[-1] = wire[-1] | {"content": wire[-1]["content"] + "\n\n" + message.content}
            continue
        wire.append(_message(message))
    return wire


def _message(message: Message) -> dict[str, Any]:
    wire: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        wire["tool_calls"] = [_call(call) for call in message.tool_calls]
        if message.echo:
            wire |= orjson.loads(message.echo)
    if message.tool_call_id is not None:
        wire["tool_call_id"] = message.tool_call_id
    return wire


def _call(call: ToolCall) -> dict[str, Any]:
    function = {"name": call.name, "arguments": call.arguments if call.readable else "{}"}
    wire = {"id": call.id, "type": "function", "function": function}
    return wire | orjson.loads(call.echo) if call.echo else wire
