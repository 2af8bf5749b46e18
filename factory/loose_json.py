"""JSON as models write it: comments, trailing commas, raw newlines, full-width or single quotes, bare words; no number is invented.

Pure; who reads decides what counts (judge/parsing.py, llm/tool_calls.py). An object keeps every field it was given, so that a key
that stands twice is seen to do so: text that a judge quotes without escaping its quotes can add fields to the judge's object, but
can replace none unseen.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

DEEPEST = 24
"""Levels of nesting; a verdict has three."""
MOST_STARTS = 200
"""Opening braces from which an object is tried; a reply that holds more is no verdict."""
LONGEST = 60_000
"""Characters looked at, from the end: verdicts stand there."""
LONGEST_NUMBER = 24
_BLANK = r"(?:[\s\ufeff\u3000]|//[^\n]*+|/\*.*?\*/)*+"
_SKIPPED = re.compile(_BLANK, re.DOTALL)
_CLOSING = {'"': '"', "“": "”", "”": "”", "'": "'"}
_ENDS = re.compile(_BLANK + r"(?:[,，:：}\]]|$)", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_$][\w$]*(?=\s*[:：])")
"""A key without quotes."""
_BARE = re.compile(r"[^,，}\]\n{\[\"“”]+")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_WORDS: dict[str, object] = {"null": None, "None": None, "true": True, "True": True, "false": False, "False": False}


@dataclass(frozen=True, slots=True)
class Fields:
    """One object: its fields in order, keys that repeat included."""

    pairs: tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Span:
    """An object and where it stood, ``text[start:end]``."""

    start: int
    end: int
    fields: Fields


class _NotJsonError(ValueError):
    """No value begins here."""


def strict(text: str) -> Any:
    """The value of a text that is JSON by the standard and nothing else; None where it is not. Objects become Fields."""
    try:
        return json.loads(text, object_pairs_hook=lambda pairs: Fields(tuple(pairs)))
    except (ValueError, RecursionError):
        return None


def objects(text: str) -> Iterator[Span]:
    """The outermost objects of a text, read loosely, in order; prose around and between them is passed over."""
    offset = max(0, len(text) - LONGEST)
    position, starts = text.find("{", offset), 0
    while position >= 0 and starts < MOST_STARTS:
        starts += 1
        try:
            fields, end = _object(text, position, 0)
        except _NotJsonError:
            position = text.find("{", position + 1)
            continue
        yield Span(position, end, fields)
        position = text.find("{", end)


def value_at(text: str, at: int) -> tuple[Any, int] | None:
    """One value that begins here, objects as dictionaries (the last of equal keys counts), and where it ends; None for none."""
    try:
        value, end = _value(text, at, 0)
    except _NotJsonError:
        return None
    return plain(value), end


def plain(value: Any) -> Any:
    """Fields as dictionaries, all the way down."""
    if isinstance(value, Fields):
        return {name: plain(inner) for name, inner in value.pairs}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


def _skip(text: str, at: int) -> int:
    skipped = _SKIPPED.match(text, at)
    return skipped.end() if skipped else at


def _value(text: str, at: int, depth: int) -> tuple[Any, int]:
    at = _skip(text, at)
    head = text[at : at + 1]
    if depth > DEEPEST or not head:
        raise _NotJsonError
    if head == "{":
        return _object(text, at, depth)
    if head == "[":
        return _list(text, at, depth)
    if head in _CLOSING:
        return _string(text, at)
    return _bare(text, at)


def _object(text: str, at: int, depth: int) -> tuple[Fields, int]:
    pairs: list[tuple[str, Any]] = []
    at = _skip(text, at + 1)
    while text[at : at + 1] != "}":
        key, at = _key(text, at)
        at = _skip(text, at)
        if text[at : at + 1] not in {":", "："}:
            raise _NotJsonError
        value, at = _value(text, at + 1, depth + 1)
        pairs.append((key, value))
        at = _next(text, at, "}")
    return Fields(tuple(pairs)), at + 1


def _key(text: str, at: int) -> tuple[str, int]:
    if text[at : at + 1] in _CLOSING:
        return _string(text, at)
    if (name := _NAME.match(text, at)) is None:
        raise _NotJsonError
    return name[0], name.end()


def _list(text: str, at: int, depth: int) -> tuple[list[Any], int]:
    values: list[Any] = []
    at = _skip(text, at + 1)
    while text[at : at + 1] != "]":
        value, at = _value(text, at, depth + 1)
        values.append(value)
        at = _next(text, at, "]")
    return values, at + 1


def _next(text: str, at: int, closing: str) -> int:
    """Behind a comma, or at the closing bracket."""
    at = _skip(text, at)
    if text[at : at + 1] in {",", "，"}:
        return _skip(text, at + 1)
    if text[at : at + 1] != closing:
        raise _NotJsonError
    return at


def _string(text: str, at: int) -> tuple[str, int]:
    """A quote inside ends the string only where a comma, a colon, a closing bracket or the end follows."""
    closing = _CLOSING[text[at]]
    stops = re.compile(rf"[\\{closing}]")
    kept: list[str] = []
    at += 1
    while stop := stops.search(text, at):
        kept.append(text[at : stop.start()])
        at = stop.end()
        if stop[0] == "\\":
            piece, at = _escape(text, at)
            kept.append(piece)
        elif _ENDS.match(text, at):
            return "".join(kept), at
        else:
            kept.append(stop[0])
    raise _NotJsonError


def _escape(text: str, at: int) -> tuple[str, int]:
    char = text[at : at + 1]
    digits = text[at + 1 : at + 5]
    if char == "u" and re.fullmatch(r"[0-9a-fA-F]{4}", digits):
        return chr(int(digits, 16)), at + 5
    return _ESCAPES.get(char, char), at + 1


def _bare(text: str, at: int) -> tuple[Any, int]:
    """A number, a word of JSON or Python, or words without quotes such as 4分."""
    bare = _BARE.match(text, at)
    if bare is None:
        raise _NotJsonError
    words = re.split(r"//|/\*", bare[0])[0]
    end = at + len(words)
    words = words.strip()
    if not words:
        raise _NotJsonError
    if words in _WORDS:
        return _WORDS[words], end
    if len(words) <= LONGEST_NUMBER and _NUMBER.fullmatch(words):
        return (int(words) if words.lstrip("-").isdigit() else float(words)), end
    return words, end
