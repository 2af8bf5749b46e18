"""Tool calls that stand in the text of an answer, as servers without a parser for the model hand them on; pure.

Kimi and DeepSeek (marks between bars), Qwen3-Coder, MiniMax and GLM (tags of their own), Mistral, gpt-oss, Qwen-Agent and ReAct
(a name, then its arguments), Hermes, Llama and all that write JSON objects with a name and arguments, in whatever tags, fences or
words. Who asks keeps those that name a tool. And the thoughts before an answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from factory.loose_json import objects, plain, value_at
from factory.wire_text import mapping

_THOUGHTS = re.compile(r"^\s*<think(?:ing)?>.*?</think(?:ing)?>\s*", re.DOTALL)
_CODER = re.compile(r"<function=([\w.:-]+)>(.*?)(?:</function>|\Z)", re.DOTALL)
_PARAMETER = re.compile(r"<parameter=([\w.-]+)>\n?(.*?)\n?</parameter>", re.DOTALL)
_KIMI = re.compile(
    r"<\|tool_call_begin\|>\s*([\w.:-]+)\s*<\|tool_call_argument_begin\|>\s*(.*?)\s*<\|tool_call_end\|>", re.DOTALL
)
_DEEPSEEK = re.compile(
    r"<｜tool▁call▁begin｜>(?:function)?(?:<｜tool▁sep｜>)?\s*([\w.:-]+)\s*(?:<｜tool▁sep｜>)?\s*(.*?)\s*<｜tool▁call▁end｜>",
    re.DOTALL,
)
_INVOKE = re.compile(r"<invoke name=\"([\w.:-]+)\">(.*?)</invoke>", re.DOTALL)
_INVOKED = re.compile(r"<parameter name=\"([\w.-]+)\">(.*?)</parameter>", re.DOTALL)
_GLM = re.compile(r"<tool_call>\s*([\w.:-]+)\s*(<arg_key>.*?|\s*)(?:</tool_call>|\Z)", re.DOTALL)
_GLM_ARGUMENT = re.compile(r"<arg_key>(.*?)</arg_key>\s*<arg_value>(.*?)</arg_value>", re.DOTALL)
_NAMED = re.compile(
    r"(?:\[TOOL_CALLS\]|to=functions\.|Action:|✿FUNCTION✿:)\s*([A-Za-z_][\w.:-]*)"
    r"[^{}]{0,80}?(?=[{]|\Z|\n\s*\n)"
)
"""A name before its arguments: Mistral, gpt-oss, ReAct, Qwen-Agent."""
_MARKS = re.compile(
    r"<\|?/?(?:tool_calls?|function_calls?|tools?|minimax:tool_call)(?:_section)?(?:_begin|_end)?\|?>"
    r"|<｜tool▁calls▁(?:begin|end)｜>|<\|python_tag\|>|```[\w-]*|\[TOOL_CALLS\]\s*[\[\]]?"
)
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
    if len(text) > MOST_TEXT or not ("<" in text or "{" in text):
        return (), text
    for pattern, arguments in _TAGGED:
        if calls := tuple(TextCall(match[1], arguments(match[2])) for match in pattern.finditer(text)):
            return calls, _MARKS.sub("", pattern.sub("", text)).strip()
    return _named(text) or _as_objects(text)


def _named(text: str) -> tuple[tuple[TextCall, ...], str] | None:
    calls, rest, last = [], [], 0
    for match in _NAMED.finditer(text):
        read = value_at(text, match.end()) if text[match.end() : match.end() + 1] == "{" else ({}, match.end())
        if read is None or match.start() < last or not isinstance(read[0], dict):
            continue
        calls.append(TextCall(match[1], read[0]))
        rest.append(text[last : match.start()])
        last = read[1]
    return (tuple(calls), _MARKS.sub("", "".join([*rest, text[last:]])).strip()) if calls else None


def _as_objects(text: str) -> tuple[tuple[TextCall, ...], str]:
    """Every outermost object with a name and arguments, or with ``tool_calls`` in it."""
    calls: list[TextCall] = []
    rest, last = [], 0
    for span in objects(text):
        value = plain(span.fields)
        held = value.get("tool_calls")
        if inner := _calls(held if isinstance(held, list) else [value]):
            calls += inner
            rest.append(text[last : span.start])
            last = span.end
    if not calls:
        return (), text
    return tuple(calls), _MARKS.sub("", "".join([*rest, text[last:]])).strip(" ;,[]\n")


def _calls(values: list[Any]) -> list[TextCall]:
    """Objects with a name and arguments; one that has not is no call."""
    calls = []
    for value in values:
        inner = mapping(mapping(value).get("function")) or mapping(value)
        arguments = inner.get("arguments", inner.get("parameters"))
        if isinstance(inner.get("name"), str) and isinstance(arguments, (dict, str)):
            calls.append(TextCall(inner["name"], arguments))
    return calls


def _unfenced(text: str) -> str:
    fence = _FENCE.match(text)
    return (fence[1] if fence else text).strip()


def _parameters(text: str) -> Any:
    """``<parameter=x>1</parameter>`` each, or one JSON object."""
    named = {match[1]: match[2] for match in _PARAMETER.finditer(text)}
    return named or text.strip()


_TAGGED: tuple[tuple[re.Pattern[str], Callable[[str], Any]], ...] = (
    (_KIMI, _unfenced),
    (_DEEPSEEK, _unfenced),
    (_CODER, _parameters),
    (_INVOKE, lambda text: {match[1]: match[2].strip() for match in _INVOKED.finditer(text)}),
    (_GLM, lambda text: {match[1].strip(): match[2].strip() for match in _GLM_ARGUMENT.finditer(text)}),
)
"""Forms in which tags hold a call, and how their inside is read."""
