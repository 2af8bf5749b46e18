"""Calls and results that a client tells as text: stock smolagents writes both into the conversation's words. Pure.

"Calling tools:" and a Python list in an assistant's words, "Observation:" and the results, one after the other, in a user's.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

ToldCall = tuple[str, Mapping[str, Any]]
"""Name and arguments."""
CALLS: Final = "Calling tools:"
RESULTS: Final = "Observation:"
_ERROR: Final = re.compile(r"^Error:\s*$", re.MULTILINE)


def calls_told(text: str) -> tuple[ToldCall, ...]:
    """The calls of an assistant's words, in order; none where it tells of none."""
    _, mark, rest = text.partition(CALLS)
    listed = _literal(rest.strip()) if mark else None
    if not isinstance(listed, list):
        return ()
    functions = [call.get("function") for call in listed if isinstance(call, dict)]
    return tuple(
        (str(call.get("name")), _arguments(call.get("arguments"))) for call in functions if isinstance(call, dict)
    )


def observations(text: str, calls: Sequence[ToldCall]) -> list[tuple[ToldCall, Mapping[str, Any]]]:
    """Each call with its result, where a user's words tell results; a result that is no object is an empty one."""
    _, mark, rest = text.partition(RESULTS)
    if not mark:
        return []
    results = _objects(rest)
    return [(call, results[place] if place < len(results) else {}) for place, call in enumerate(calls)]


def errors_told(text: str) -> int:
    """How many failed steps a user's words tell of; a client that drops failed calls from its history leaves only these."""
    return len(_ERROR.findall(text))


def _arguments(given: object) -> Mapping[str, Any]:
    value = _literal(given) if isinstance(given, str) else given
    return value if isinstance(value, dict) else {}


def _objects(text: str) -> list[Mapping[str, Any]]:
    """Every JSON object or Python dict of a text, in order, whatever stands between them."""
    objects: list[Mapping[str, Any]] = []
    decoder, place = json.JSONDecoder(), text.find("{")
    while place >= 0:
        try:
            value, length = decoder.raw_decode(text[place:])
        except json.JSONDecodeError:
            line = text[place:].split("\n", 1)[0]
            value, length = _literal(line.strip()), len(line)
        if isinstance(value, dict):
            objects.append(value)
        place = text.find("{", place + length)
    return objects


def _literal(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
