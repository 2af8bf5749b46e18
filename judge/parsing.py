"""From a judge's words to scores: a ladder without regular expressions for numbers; what it cannot read is unscored.

Pure. An answer that was cut off (``finish_reason`` length) is never parsed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class Verdict:
    """Scores of the dimensions on the 1 to 5 scale, and the total on 0 to 10; or unscored with a reason."""

    scores: tuple[tuple[str, float], ...]
    total: float | None
    status: str
    reason: str


def unscored(reason: str) -> Verdict:
    """No number was read; the reason is a snake_case word."""
    return Verdict((), None, "unscored", reason)


def read_verdict(text: str, finish_reason: str, dimensions: Sequence[str]) -> Verdict:
    """Schema, then fenced or embedded JSON, then trailing commas; each dimension maps 1..5 to (s - 1) / 2."""
    if finish_reason == "length":
        return unscored("cut_off")
    if finish_reason == "content_filter":
        return unscored("moderation")
    body = _object(text)
    if body is None:
        return unscored("no_json")
    raw = body.get("scores")
    if not isinstance(raw, dict):
        return unscored("no_scores")
    scores: list[tuple[str, float]] = []
    for name in dimensions:
        value = raw.get(name)
        if value is None:
            return unscored("cannot_judge" if name in raw else "missing_dimension")
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 5:
            return unscored("off_scale")
        scores.append((name, float(value)))
    total = sum((score - 1.0) / 2.0 for _, score in scores)
    return Verdict(tuple(scores), total, "scored", "")


def _object(text: str) -> dict[str, Any] | None:
    """The last top-level JSON object of a text: what a judge quotes before its verdict is not its verdict."""
    for candidate in (text.strip(), *reversed(_braced(text))):
        for attempt in (candidate, candidate.replace(",}", "}").replace(", }", "}").replace(",\n}", "}")):
            try:
                found = orjson.loads(attempt)
            except orjson.JSONDecodeError:
                continue
            if isinstance(found, dict):
                return found
    return None


def _braced(text: str) -> list[str]:
    """Top-level {...} spans, quotes respected."""
    spans: list[str] = []
    depth, start, quoted, escaped = 0, 0, False, False
    for index, char in enumerate(text):
        if quoted:
            escaped = char == "\\" and not escaped
            quoted = not (char == '"' and not escaped) if char != "\\" else True
            continue
        if char == '"' and depth:
            quoted, escaped = True, False
        elif char == "{":
            start = index if depth == 0 else start
            depth += 1
        elif char == "}" and depth:
            depth -= 1
            if depth == 0:
                spans.append(text[start : index + 1])
    return spans
