"""What a provider says that a call took, and whether that can be true; pure.

The cap rests on it: a usage that is impossible (negative, boolean, 2**63) or below what the bytes prove counts at the call's
reservation, tokens that stand only in a total or in details are counted, and what is told twice is counted once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from factory.llm.prices import Price
from factory.wire_text import count, mapping

CHARS_A_TOKEN = 8
"""No vocabulary puts more characters of such text (Chinese prose, JSON) into a token on average: about 1.5 Chinese, 4 Latin."""

MOST = 10**9
"""Tokens beyond which a count is none (wire_text.count)."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as they are paid for; ``cached`` of the input at the cached price. ``split`` False: only a total was given."""

    input_tokens: int
    output_tokens: int
    cached: int = 0
    split: bool = True


def usage_of(body: Any) -> Usage | None:
    """The usage of a decoded answer, or None where it has none that is possible."""
    told = mapping(mapping(body).get("usage"))
    if (plain := _plain(told)) is not None:
        return plain
    tokens_in, tokens_out = _input(told), count(told.get("completion_tokens", told.get("output_tokens")))
    total = count(told.get("total_tokens"))
    if tokens_in is None or tokens_out is None:
        named = {"prompt_tokens", "completion_tokens", "input_tokens", "output_tokens"} & told.keys()
        return Usage(0, total, split=False) if total and not named else None
    tokens_out = _with_hidden(told, tokens_in, tokens_out, total)
    cached = count(mapping(told.get("prompt_tokens_details")).get("cached_tokens", told.get("prompt_cache_hit_tokens")))
    return Usage(tokens_in, tokens_out, min(cached or 0, tokens_in))


def _plain(told: dict[str, Any]) -> Usage | None:
    """The usual form, three whole numbers that add up and nothing beside them, without the questions that the others need."""
    try:
        tokens_in, tokens_out, total = told["prompt_tokens"], told["completion_tokens"], told.get("total_tokens")
    except KeyError:
        return None
    alone = len(told) == (2 if total is None else 3)  # with details beside them, those have a say
    usual = alone and type(tokens_in) is int and type(tokens_out) is int and 0 <= tokens_in < MOST
    if usual and 0 <= tokens_out < MOST and (total is None or total == tokens_in + tokens_out):
        return Usage(tokens_in, tokens_out)
    return None


def _input(told: dict[str, Any]) -> int | None:
    if "prompt_tokens" in told:
        return count(told["prompt_tokens"])
    # Anthropic counts what came from its cache, and what was put there, beside the input.
    beside = [count(told.get(name) or 0) for name in ("cache_read_input_tokens", "cache_creation_input_tokens")]
    parts = [count(told.get("input_tokens")), *beside]
    return None if None in parts else sum(part or 0 for part in parts)


def _with_hidden(told: dict[str, Any], tokens_in: int, tokens_out: int, total: int | None) -> int:
    """Output with the tokens that stand only in the total, or only in the details (reasoning)."""
    details = mapping(told.get("completion_tokens_details", told.get("output_tokens_details")))
    reasoning = count(details.get("reasoning_tokens")) or 0
    tokens_out += max(0, (total or 0) - tokens_in - tokens_out)
    # Details are part of the output (OpenAI) unless they are more than it, or no total says that they are.
    return tokens_out + reasoning if reasoning > tokens_out or (reasoning and total is None) else tokens_out


def spoken_chars(body: Any) -> int:
    """Characters that the model wrote, by the answer itself: text, thoughts and arguments."""
    choices = mapping(body).get("choices")
    said = 0
    for choice in choices if isinstance(choices, list) else ():
        message = mapping(mapping(choice).get("message"))
        said += sum(len(value) for value in message.values() if isinstance(value, str))
        calls = message.get("tool_calls")
        for call in calls if isinstance(calls, list) else ():
            arguments = mapping(mapping(call).get("function")).get("arguments")
            said += len(arguments) if isinstance(arguments, str) else 0
    return said


def is_proven(usage: Usage, asked_chars: int, said_chars: int) -> bool:
    """Whether a usage is no less than what was sent and received proves."""
    least_in, least_out = asked_chars // CHARS_A_TOKEN, said_chars // CHARS_A_TOKEN
    if not usage.split:
        return usage.output_tokens >= least_in + least_out
    return usage.input_tokens >= least_in and usage.output_tokens >= least_out


def cost_of(usage: Usage, price: Price, asked_chars: int) -> float:
    """CNY; a mere total counts as output but for the input that the request proves."""
    if usage.split:
        return price.cost(usage.input_tokens, usage.output_tokens, usage.cached)
    least_in = min(usage.output_tokens, asked_chars // CHARS_A_TOKEN)
    return price.cost(least_in, usage.output_tokens - least_in)
