"""An answer that came as server-sent events, put together to what it would have been in one piece; pure and total.

Servers stream when they are asked to (``TEACHER_EXTRA={"stream": true}``, for models that only stream), and some though they
were not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from factory.wire_text import loose_json, mapping, words

_FIRST = ("data:", "event:", "id:", "retry:", ":")
MOST_LINES = 200_000
_LINE = re.compile(r"\r\n|\n|\r")


def is_stream(text: str) -> bool:
    """Whether a body is events; comments alone may stand before a plain body, too."""
    head = text.lstrip("\ufeff\r\n\t ")[:4096]
    lines = (line.strip() for line in head.splitlines())
    first = next((line for line in lines if line and not line.startswith(":")), "")
    return first.startswith(_FIRST)


def joined(text: str) -> dict[str, Any] | None:
    """A completion; None when the stream broke off before its end. An error among the events is kept as it is."""
    whole: dict[str, Any] = {}
    message: dict[str, Any] = {"role": "assistant", "content": ""}
    calls: list[dict[str, Any]] = []
    finish, ended = None, False
    for data in _data(text):
        if data == "[DONE]":
            ended = True
            continue
        event = mapping(loose_json(data))
        whole |= {name: event[name] for name in ("id", "model", "usage", "error") if event.get(name)}
        choices = event.get("choices")
        for choice in choices[:1] if isinstance(choices, list) else ():
            finish = mapping(choice).get("finish_reason") or finish
            _add(message, calls, mapping(mapping(choice).get("delta") or mapping(choice).get("message")))
    if "error" in whole and not (message["content"] or calls):
        return whole
    if finish is None and not ended:
        return None
    if calls:
        message["tool_calls"] = sorted(calls, key=lambda call: int(call["index"]))
    return whole | {"choices": [{"index": 0, "message": message, "finish_reason": finish or "stop"}]}


def _data(text: str) -> Iterator[str]:
    """What each event carries: one line, or several that are one value only together (nothing but line ends ends a line)."""
    open_lines: list[str] = []
    for line in _LINE.split(text, MOST_LINES):
        if not line:  # the event's end, whole or not
            open_lines.clear()
        if not line.startswith("data:"):
            continue
        data = line[5:].strip(" ")
        if data[:1] == "[" or (not open_lines and data[:1] == "{" and data[-1:] == "}"):
            yield data
            continue
        open_lines.append(data)
        if data[:1] == "}" and isinstance(loose_json("\n".join(open_lines)), dict):
            yield "\n".join(open_lines)
            open_lines.clear()


def _add(message: dict[str, Any], calls: list[dict[str, Any]], delta: dict[str, Any]) -> None:
    for name in ("content", "reasoning_content", "reasoning"):
        if isinstance(delta.get(name), str):
            message[name] = message.get(name, "") + delta[name]
    pieces = delta.get("tool_calls")
    for position, raw in enumerate(pieces if isinstance(pieces, list) else ()):
        piece, function = mapping(raw), mapping(mapping(raw).get("function"))
        call = _begun(piece, position, calls)
        call |= {name: piece[name] for name in ("id", "type", "extra_content") if piece.get(name)}
        call["function"]["name"] = call["function"]["name"] or words(function.get("name"))
        arguments = function.get("arguments")
        if isinstance(arguments, dict):
            call["function"]["arguments"] = arguments
        elif isinstance(call["function"]["arguments"], str):
            call["function"]["arguments"] += words(arguments)


def _begun(piece: dict[str, Any], position: int, calls: list[dict[str, Any]]) -> dict[str, Any]:
    """The call that a piece goes on with, a new one among them: the last of its number, unless it brings another id and a name.

    Some servers number every call 0, others number none.
    """
    index = piece.get("index")
    numbered = isinstance(index, int)
    same = [call for call in calls if call["index"] == index] if numbered else calls[-1:]
    is_other = bool(piece.get("id")) and bool(same) and same[-1].get("id") not in (None, piece["id"])
    is_named = bool(mapping(piece.get("function")).get("name"))
    if not same or (is_named and (is_other or (position > 0 and not numbered))):
        calls.append({"index": index if numbered else len(calls), "function": {"name": "", "arguments": ""}})
        return calls[-1]
    return same[-1]
