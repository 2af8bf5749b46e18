"""An object or a list out of text that is not quite JSON: encoded again, fenced, between words, as Python prints it; pure, total.

The readers are asked from the strictest to the loosest, and what no reader takes whole is nothing: a text that ends inside a
string was cut off, and is not guessed at.
"""

from __future__ import annotations

import ast
import html
import re
from collections.abc import Iterator
from typing import Any

import orjson

from factory.loose_json import value_at
from factory.wire_text import loose_json

_FENCE = re.compile(r"```[\w-]*[ \t]*\n?(.*?)\n?\s*```", re.DOTALL)
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_MARKS = re.compile(r"<\|?/?[\w▁｜]+\|?>\s*$")
_BLANKS = "\ufeff\u00a0\u3000\u200b` \t\r\n"
_CLOSING = {"{": "}", "[": "]"}
MOST_ARGUMENTS = 2_000_000
"""Characters that are looked at,"""
MOST_LOOSE = 200_000
"""and so many by the loosest reader."""
_DEEPEST = 4
"""Times that a text may hold a text."""

Kinds = tuple[type, ...]


def loose_value(text: str, kind: Kinds = (dict, list), depth: int = 0) -> Any:
    """The first object (or list) that the text holds whole, or None."""
    if len(text) > MOST_ARGUMENTS or depth > _DEEPEST:
        return None
    for candidate in _candidates(text):
        value = loose_json(candidate)
        if isinstance(value, str) and value != candidate:
            value = loose_value(value, kind, depth + 1)
        if isinstance(value, kind):
            rest = "" if value else _behind_empty(candidate)
            return (loose_value(rest, kind, depth + 1) or value) if rest else value
    return _by_the_loosest(text, kind)


def loose_list(text: str) -> Any:
    """The list that the text holds; else its one object, or the objects that follow each other as a list; None for neither."""
    listed = loose_value(text, (list,))
    if listed is not None:
        return listed
    objects: list[Any] = []
    at = text.find("{")
    while 0 <= at < MOST_LOOSE and (read := value_at(text, at)) is not None:
        objects.append(read[0])
        at = text.find("{", read[1])
    return objects if len(objects) > 1 else loose_value(text, (dict,))


def _candidates(text: str) -> Iterator[str]:
    """The text, and the forms in which the strict reader may take it."""
    yield text
    body = text.strip(_BLANKS)
    if fence := _FENCE.search(text):
        body = fence[1]
    if "&quot;" in body and '"' not in body:
        body = html.unescape(body)
    body = _MARKS.sub("", body)
    if body != text:
        yield body
    if "," in body:
        yield _without_trailing_commas(body)


def _without_trailing_commas(text: str) -> str:
    """Outside strings."""
    parts, last = [], 0
    for string in _STRING.finditer(text):
        parts += [_TRAILING_COMMA.sub(r"\1", text[last : string.start()]), string[0]]
        last = string.end()
    return "".join([*parts, _TRAILING_COMMA.sub(r"\1", text[last:])])


def _behind_empty(text: str) -> str:
    """What stands behind an empty object that stands first: ``{}{"a": 1}``."""
    body = text.strip()
    return body[body.index("}") + 1 :].strip() if body.startswith("{") and "}" in body else ""


def _by_the_loosest(text: str, kind: Kinds) -> Any:
    """Comments, keys without quotes, other quotes, words around, brackets that are left open."""
    if len(text) > MOST_LOOSE:
        return None
    body = html.unescape(text) if "&quot;" in text and '"' not in text else text
    if (value := _python_literal(body, kind)) is not None:
        return value
    for form in (body, body + _left_open(body)):
        signs = [sign for sign, read_as in (("{", dict), ("[", list)) if read_as in kind]
        starts = [at for sign in signs if (at := form.find(sign)) >= 0]
        for at in sorted(starts):
            if (read := value_at(form, at)) is not None and isinstance(read[0], kind):
                return read[0]
    return None


def _left_open(text: str) -> str:
    """The brackets that close what the text leaves open; "" where it ends inside a string, or after a comma or a colon."""
    bare = _STRING.sub('""', text).rstrip()
    if bare.count('"') % 2 or bare.endswith((",", ":")):
        return ""
    stack: list[str] = []
    for sign in bare:
        if sign in _CLOSING:
            stack.append(_CLOSING[sign])
        elif stack and sign == stack[-1]:
            stack.pop()
    return "".join(reversed(stack))


def _python_literal(text: str, kind: Kinds) -> Any:
    """A dictionary as Python prints it."""
    if not text.lstrip().startswith("{") or len(text) > 50_000:
        return None
    try:
        value = ast.literal_eval(text.strip())
        return orjson.loads(orjson.dumps(value)) if isinstance(value, kind) else None
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError, orjson.JSONEncodeError):
        return None
