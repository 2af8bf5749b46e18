"""Mistakes of a whole answer: tool-call arguments that are cut off or are not JSON.

Beside defects.py; teacher.py applies one to a first final answer now and then, never right after a complaint.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import orjson

from factory.sandbox.teacher.dice import Dice


@dataclass(frozen=True, slots=True)
class BrokenArguments:
    """Tool-call arguments that do not parse, and the finish reason that goes with them."""

    arguments: str
    finish_reason: str


def truncated_json(arguments: str, dice: Dice) -> BrokenArguments:
    """Cut off, as when the output limit is reached."""
    return BrokenArguments(arguments[: max(1, len(arguments) * dice.whole(30, 95) // 100)], "length")


def malformed_json(arguments: str, dice: Dice) -> BrokenArguments:
    """Complete but not JSON: fenced, single quotes, a bare comment, a missing bracket, an unescaped quote."""
    damaged = (
        f"```json\n{arguments}\n```",
        arguments.replace('"', "'"),
        f"好的，下面是结果：{arguments}",
        arguments[:-1],
        arguments.replace('"answer":"', '"answer":""', 1),
    )
    text = dice.pick(damaged)
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return BrokenArguments(text, "tool_calls")
    return BrokenArguments(arguments[:-1], "tool_calls")


ANSWER_KINDS: dict[str, Callable[[str, Dice], BrokenArguments]] = {
    "truncated_json": truncated_json,
    "malformed_json": malformed_json,
}
"""Mistakes of a whole answer, on the arguments as text."""
