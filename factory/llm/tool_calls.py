"""Tool calls as models really write them, to calls that can be served; pure and total.

Read are arguments as objects, in lists, in the call that they belong to, and as text that is not quite JSON
(loose_arguments.py); values as text where the schema wants numbers, lists or objects; names with prefixes, indexes and stray
marks; the old ``function_call``; and calls that stand in the text (tool_text.py). What cannot be read stays as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from factory.llm.loose_arguments import loose_list, loose_value
from factory.llm.tool_text import TextCall
from factory.records import ToolCall
from factory.wire_text import mapping

_NAME = re.compile(r"[\w.-]+")
_ID = re.compile(r"[\w.:-]{1,64}")
_INDEX = re.compile(r":\d+$")
MOST_WHOLE = 2.0**53
"""From here on floats skip whole numbers, and nobody means one."""
_NOTHING = frozenset({"null", "none", "undefined", ""})


@dataclass(frozen=True, slots=True)
class Tools:
    """What a request offered: each tool's parameters by name, and the ids that the conversation holds already."""

    schemas: Mapping[str, Mapping[str, Any]]
    ids: Collection[str]

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Tools:
        """From a request body of ours."""
        offered = [mapping(tool.get("function")) for tool in body.get("tools") or ()]
        ids = {call["id"] for message in body["messages"] for call in message.get("tool_calls") or ()}
        return cls({str(one.get("name")): mapping(one.get("parameters")) for one in offered}, ids)


def read_calls(message: Mapping[str, Any], tools: Tools) -> tuple[ToolCall, ...]:
    """The calls of a message's own fields, those without a name left out."""
    raw = message.get("tool_calls")
    if isinstance(raw, dict):
        raw = [raw]
    if not raw and isinstance(message.get("function_call"), dict):
        raw = [{"function": message["function_call"]}]
    found = []
    for call in raw if isinstance(raw, list) else ():
        if not isinstance(call, dict):
            continue
        function = call.get("function", call)
        if isinstance(function, str):
            function = {"name": function}
        name = _name(mapping(function).get("name"), tools.schemas)
        if name:
            arguments = mapping(function).get("arguments", mapping(function).get("parameters"))
            found.append((call.get("id"), name, arguments, _echo(call)))
    return _numbered(found, tools)


def served_calls(calls: Sequence[TextCall], tools: Tools) -> tuple[ToolCall, ...]:
    """Calls that stood in the text, where they name a tool."""
    named = [(None, _name(call.name, tools.schemas), call.arguments, "") for call in calls]
    return _numbered([one for one in named if one[1] in tools.schemas], tools)


def _numbered(found: Sequence[tuple[Any, str, Any, str]], tools: Tools) -> tuple[ToolCall, ...]:
    taken = set(tools.ids)
    calls = []
    for given, name, arguments, echo in found:
        call_id = given if isinstance(given, str) and _ID.fullmatch(given) and given not in taken else ""
        number = len(taken)
        while not call_id or call_id in taken:  # nine letters and digits: what the strictest server takes
            call_id, number = f"call{number:05d}", number + 1
        taken.add(call_id)
        text, readable = read_arguments(arguments, tools.schemas.get(name, {}))
        calls.append(ToolCall(call_id, name, text, echo, readable))
    return tuple(calls)


def _echo(call: Mapping[str, Any]) -> str:
    """What the provider wants back with the call (Gemini's thought signature), as JSON."""
    extra = call.get("extra_content")
    return orjson.dumps({"extra_content": extra}).decode() if isinstance(extra, dict) and extra else ""


def _name(raw: Any, known: Collection[str]) -> str:
    if not isinstance(raw, str):
        return ""
    if raw in known:
        return raw
    plain = _INDEX.sub("", raw.split("<|", 1)[0].strip())
    for candidate in (plain, plain.rsplit(".", 1)[-1], plain.rsplit("/", 1)[-1], plain.replace("-", "_").lower()):
        if candidate in known:
            return candidate
    inside = [name for name in known if name in _NAME.findall(re.sub(r"[.:]", " ", plain))]
    if len(inside) == 1:
        return inside[0]
    return re.sub(r"[^A-Za-z0-9_-]+", "_", plain).strip("_")[:64]


def read_arguments(raw: Any, schema: Mapping[str, Any]) -> tuple[str, bool]:
    """Arguments as the JSON text of an object that follows ``schema`` as far as it can be made to; else as written, and False."""
    if raw is None or (isinstance(raw, str) and raw.strip().lower() in _NOTHING):
        return "{}", True
    value, is_plain = raw, False
    if isinstance(raw, str):
        try:
            value = orjson.loads(raw)
            is_plain = isinstance(value, dict)
        except orjson.JSONDecodeError:
            value = loose_value(raw)
        if isinstance(value, str):  # encoded twice
            value = loose_value(value)
    unwrapped = _unwrapped(value, schema)
    if not isinstance(unwrapped, dict):
        return _as_text(raw), False
    fitted = fit(unwrapped, schema)
    return (str(raw), True) if is_plain and fitted is value else _dumped(fitted, raw)


def _unwrapped(value: Any, schema: Mapping[str, Any]) -> Any:
    """The arguments themselves, where they stand in a list, in the call that they belong to, or without their only name."""
    names = mapping(schema.get("properties"))
    if isinstance(value, list):
        if not value and not schema.get("required"):
            return {}
        if len(value) == 1 and isinstance(value[0], dict) and (not names or names.keys() & value[0].keys()):
            return value[0]
        only = next(iter(names)) if len(names) == 1 else ""
        return {only: value} if only and mapping(names[only]).get("type") == "array" else value
    if isinstance(value, dict) and names and not names.keys() & value.keys():
        inner = next((value[name] for name in ("arguments", "parameters", "input", "args") if name in value), value)
        if inner is not value:
            return loose_value(inner) if isinstance(inner, str) else inner
    return value


def _dumped(value: Any, raw: Any) -> tuple[str, bool]:
    try:
        return orjson.dumps(value).decode(), True
    except (TypeError, orjson.JSONEncodeError):  # deeper than orjson writes
        return _as_text(raw), False


def _as_text(raw: Any) -> str:
    return raw if isinstance(raw, str) else _dumped(raw, "")[0]


def fit(value: Any, schema: Mapping[str, Any], depth: int = 0) -> Any:
    """``value`` as ``schema`` has it where that is certain; the very same object where nothing had to change."""
    kind = schema.get("type")
    if depth > 8 or not isinstance(kind, str):
        return value
    if kind == "object":
        return _fit_object(value, schema, depth)
    if kind == "array":
        return _fit_array(value, schema, depth)
    if isinstance(value, float) and kind == "integer" and value.is_integer() and abs(value) < MOST_WHOLE:
        return int(value)
    if kind == "string" and isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return _scalar(value.strip(), kind, value) if isinstance(value, str) else value


def _scalar(text: str, kind: str, as_given: str) -> Any:
    """A number or a truth value that was written as text."""
    if kind == "boolean":
        return {"true": True, "false": False}.get(text.lower(), as_given)
    if kind in {"integer", "number"} and len(text) < 19:
        try:
            number = float(text)
        except ValueError:
            return as_given
        if number.is_integer() and abs(number) < MOST_WHOLE:
            return int(number)
        return number if kind == "number" and number - number == 0.0 else as_given
    return as_given


def _fit_object(value: Any, schema: Mapping[str, Any], depth: int) -> Any:
    if isinstance(value, str):
        found = loose_value(value)
        return _fit_object(found, schema, depth) if isinstance(found, dict) else value
    if not isinstance(value, dict):
        return value
    properties, required = mapping(schema.get("properties")), schema.get("required") or ()
    fitted, changed = {}, False
    for name, inner in value.items():
        expected = mapping(properties.get(name))
        if name not in required and isinstance(inner, str) and inner.strip().lower() in _NOTHING and expected:
            changed = True
            continue
        fitted[name] = fit(inner, expected, depth + 1)
        changed = changed or fitted[name] is not inner
    return fitted if changed else value


def _fit_array(value: Any, schema: Mapping[str, Any], depth: int) -> Any:
    if isinstance(value, str):
        listed = loose_list(value)
        return _fit_array(listed, schema, depth) if isinstance(listed, (list, dict)) else value
    items = mapping(schema.get("items"))
    if isinstance(value, dict):
        if all(name.isdecimal() for name in value):
            return _fit_array(list(value.values()), schema, depth)
        inner = next(iter(value.values()))
        if len(value) == 1 and isinstance(inner, list) and not value.keys() & mapping(items.get("properties")).keys():
            return _fit_array(inner, schema, depth)
        return [fit(value, items, depth + 1)] if items.get("type") == "object" else value
    if not isinstance(value, list):
        return value
    if items.get("type") == "object" and len(value) == 1 and isinstance(value[0], list):
        return _fit_array(value[0], schema, depth)
    fitted = [fit(part, items, depth + 1) for part in value]
    return value if all(new is old for new, old in zip(fitted, value, strict=True)) else fitted
