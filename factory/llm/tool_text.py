"""Tool calls that stand in the text of an answer, as servers without a parser for the model hand them on; pure.

Hermes and Qwen (``<tool_call>{…}</tool_call>``), Qwen3-Coder (``<function=…><parameter=…>``), Kimi and DeepSeek (marks between
bars), Mistral (``[TOOL_CALLS]``), and an answer that is one JSON object naming a tool. And the thoughts before an answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from factory.wire_text import loose_json, mapping

_THOUGHTS = re.compile(r"^\s*<think(?:ing)?>.*?</think(?:ing)?>\s*", re.DOTALL)
_HERMES = re.compile(r"<tool_call>\s*(.*?)\s*(?:</tool_call>|\Z)", re.DOTALL)
_CODER = re.compile(r"<function=([\w.:-]+)>(.*?)(?:</function>|\Z)", re.DOTALL)
_PARAMETER = re.compile(r"<parameter=([\w.-]+)>\n?(.*?)\n?</parameter>", re.DOTALL)
_KIMI = re.compile(
    r"<\|tool_call_begin\|>\s*([\w.:-]+)\s*<\|tool_call_argument_begin\|>\s*(.*?)\s*<\|tool_call_end\|>", re.DOTALL
)
_DEEPSEEK = re.compile(
    r"<｜tool▁call▁begin｜>(?:function)?(?:<｜tool▁sep｜>)?\s*([\w.:-]+)\s*(?:<｜tool▁sep｜>)?\s*(.*?)\s*<｜tool▁call▁end｜>",
    re.DOTALL,
)
_MISTRAL = re.compile(r"\[TOOL_CALLS\]\s*(\[.*\])", re.DOTALL)
_MARKS = re.compile(r"<\|?/?tool_calls?(?:_section)?(?:_begin|_end)?\|?>|<｜tool▁calls▁(?:begin|end)｜>")
_FENCE = re.compile(r"^\s*```(?:json)?\s*\n(.*?)\n\s*```\s*$", re.DOTALL)
MOST_TEXT = 200_000
"""Characters of an answer that are searched."""


@dataclass(frozen=True, slots=True)
class TextCall:
    """A call as it stood there; ``arguments`` is an object, or text that should hold one."""

    name: str
    arguments: Any


def without_thoughts(text: str) -> str:
    """The answer behind a block of thoughts at its beginning."""
    return _THOUGHTS.sub("", text, count=1) if "<think" in text[:200] else text


def calls_in_text(text: str) -> tuple[tuple[TextCall, ...], str]:
    """The calls, and what is left of the text without them."""
    if len(text) > MOST_TEXT or not ("<" in text or "{" in text or "[TOOL" in text):
        return (), text
    for pattern in (_KIMI, _DEEPSEEK):
        if calls := tuple(TextCall(found[1], _unfenced(found[2])) for found in pattern.finditer(text)):
            return calls, _rest(pattern, text)
    if calls := tuple(TextCall(found[1], _parameters(found[2])) for found in _CODER.finditer(text)):
        return calls, _rest(_CODER, text)
    if "<tool_call>" in text and (calls := _objects(loose_json(found[1]) for found in _HERMES.finditer(text))):
        return calls, _rest(_HERMES, text)
    if (found := _MISTRAL.search(text)) and (calls := _objects(_listed(loose_json(found[1])))):
        return calls, _rest(_MISTRAL, text)
    body = _unfenced(text)
    if body.startswith(("{", "[")) and (calls := _objects(_listed(loose_json(body)))):
        return calls, ""
    return (), text


def _rest(pattern: re.Pattern[str], text: str) -> str:
    return _MARKS.sub("", pattern.sub("", text)).strip()


def _unfenced(text: str) -> str:
    fence = _FENCE.match(text)
    return (fence[1] if fence else text).strip()


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _objects(values: Any) -> tuple[TextCall, ...]:
    """Objects with a name and arguments; one that has not is no call."""
    calls = []
    for value in values:
        inner = mapping(mapping(value).get("function")) or mapping(value)
        arguments = inner.get("arguments", inner.get("parameters"))
        if isinstance(inner.get("name"), str) and isinstance(arguments, (dict, str)):
            calls.append(TextCall(inner["name"], arguments))
    return tuple(calls)


def _parameters(text: str) -> Any:
    """``<parameter=x>1</parameter>`` each, or one JSON object."""
    named = {found[1]: found[2] for found in _PARAMETER.finditer(text)}
    return named or text.strip()
