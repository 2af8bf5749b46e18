"""From a judge's words to scores: a ladder without regular expressions for numbers; what it cannot read is unscored.

Pure. Rungs: the whole text as one JSON object (a code fence around it is taken off; it may lack the question's mark, not bear
another), the same without trailing commas, then an object inside prose, which counts only with the mark. An answer that was cut
off is never parsed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

CANNOT_JUDGE = "cannot_judge"
"""The one reason that is an answer: it is not asked again."""
UNREADABLE = frozenset({"no_json", "no_scores", "missing_dimension", "off_scale"})
"""Reasons for which the judge is asked once to give only the JSON."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Scores of the dimensions on the 1 to 5 scale, and the total on 0 to 10; or unscored with a reason.

    With ``cannot_judge`` the dimensions that were given stay, and there is no total.
    """

    scores: tuple[tuple[str, float], ...]
    total: float | None
    status: str
    reason: str
    rationale: str = ""


def unscored(reason: str, rationale: str = "") -> Verdict:
    """No number was read; the reason is a snake_case word."""
    return Verdict((), None, "unscored", reason, rationale)


def read_verdict(
    text: str, finish_reason: str, dimensions: Sequence[str], mark: str, part: str | None = None
) -> Verdict:
    """Each dimension maps 1..5 to (s - 1) / 2. ``part``: the key under ``scores`` when one call gave several rubrics."""
    if finish_reason == "length":
        return unscored("cut_off")
    if finish_reason == "content_filter":
        return unscored("moderation")
    body = _object(text, mark)
    if body is None:
        return unscored("no_json")
    rationale = body["reason"][:2_000] if isinstance(body.get("reason"), str) else ""
    raw = body.get("scores")
    if part is not None and isinstance(raw, dict):
        raw = raw.get(part)
    if not isinstance(raw, dict):
        return unscored("no_scores", rationale)
    if any(name not in raw for name in dimensions):
        return unscored("missing_dimension", rationale)
    given = [(name, raw[name]) for name in dimensions if raw[name] is not None]
    if any(isinstance(value, bool) or value not in (1, 2, 3, 4, 5) for _, value in given):
        return unscored("off_scale", rationale)
    scores = tuple((name, float(value)) for name, value in given)
    if len(scores) < len(dimensions):
        return Verdict(scores, None, "unscored", CANNOT_JUDGE, rationale)
    return Verdict(scores, sum((score - 1.0) / 2.0 for _, score in scores), "scored", "", rationale)


def _object(text: str, mark: str) -> dict[str, Any] | None:
    whole = _load(_unfenced(text.strip()))
    if whole is not None:
        # Another question's mark is a verdict that the item brought along.
        return whole if whole.get("code", mark) == mark else None
    # The last one that carries the mark: what a judge quotes before its verdict is not its verdict.
    for span in reversed(_braced(text)):
        found = _load(span)
        if found is not None and found.get("code") == mark:
            return found
    return None


def _unfenced(text: str) -> str:
    """Without the code fence that many models put around JSON."""
    if text.startswith("```") and text.endswith("```") and "\n" in text:
        return text[text.index("\n") + 1 : -3].strip()
    return text


def _load(text: str) -> dict[str, Any] | None:
    for attempt in (text, _without_trailing_commas(text)):
        try:
            found = orjson.loads(attempt)
        except (orjson.JSONDecodeError, UnicodeEncodeError):
            continue
        if isinstance(found, dict):
            return found
    return None


def _without_trailing_commas(text: str) -> str:
    """Commas before a closing bracket, outside strings, are dropped."""
    kept: list[str] = []
    quoted = escaped = False
    for char in text:
        if quoted:
            quoted = escaped or char != '"'
            escaped = char == "\\" and not escaped
        elif char == '"':
            quoted, escaped = True, False
        elif char in "}]":
            end = len(kept)
            while end and kept[end - 1].isspace():
                end -= 1
            if end and kept[end - 1] == ",":
                del kept[end - 1]
        kept.append(char)
    return "".join(kept)


def _braced(text: str) -> list[str]:
    """Top-level {...} spans, quotes respected."""
    spans: list[str] = []
    depth, start, quoted, escaped = 0, 0, False, False
    for index, char in enumerate(text):
        if quoted:
            quoted = escaped or char != '"'
            escaped = char == "\\" and not escaped
        elif char == '"' and depth:
            quoted, escaped = True, False
        elif char == "{":
            start = index if depth == 0 else start
            depth += 1
        elif char == "}" and depth:
            depth -= 1
            if depth == 0:
                spans.append(text[start : index + 1])
    return spans
