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

_ID = re.compile(r"[\w.:-]{1,64}")
_INDEX = re.compile(r":\d+$")
ARGUMENTS = ("arguments", "parameters", "input", "args")
"""Names under which arguments stand; the first is everybody's."""
MOST_NAME = 200
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
        return cls({str(tool.get("name")): mapping(tool.get("parameters")) for tool in offered}, ids)


def read_calls(message: Mapping[str, Any], tools: Tools) -> tuple[ToolCall, ...]:
    """The calls of a message's own fields, those without a name left out."""
    named = []
    for call in _raw_calls(message):
        function = call.get("function", call)
        function = {"name": function} if isinstance(function, str) else mapping(function)
        name = _name(function.get("name"), tools.schemas)
        if name:
            arguments = next((function[field] for field in ARGUMENTS if field in function), None)
            named.append((call.get("id"), name, arguments, _echo(call)))
    return _numbered(named, tools)


def _raw_calls(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Whatever a message holds as calls: a list, one call, calls by index, JSON of them, the old ``function_call``."""
    raw = message.get("tool_calls") or message.get("tool_call")
    if isinstance(raw, str):
        raw = loose_list(raw)
    if not raw and isinstance(message.get("function_call"), dict):
        raw = {"function": message["function_call"]}
    if isinstance(raw, dict):
        raw = list(raw.values()) if raw and all(name.isdecimal() for name in raw) else [raw]
    if not isinstance(raw, list):
        return []
    flat = [inner for call in raw for inner in (call if isinstance(call, list) else [call])]
    return [call for call in flat if isinstance(call, dict)]


def served_calls(calls: Sequence[TextCall], tools: Tools) -> tuple[ToolCall, ...]:
    """Calls that stood in the text, where they name a tool."""
    named = [(None, _name(call.name, tools.schemas), call.arguments, "") for call in calls]
    return _numbered([call for call in named if call[1] in tools.schemas], tools)


def _numbered(named: Sequence[tuple[Any, str, Any, str]], tools: Tools) -> tuple[ToolCall, ...]:
    taken = set(tools.ids)
    calls = []
    for given, name, arguments, echo in named:
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


def _name(raw: Any, offered: Collection[str]) -> str:
    """The tool that is meant: by its name, by its letters alone, as the one whose letters end what was written or stand in it."""
    if isinstance(raw, list) and len(raw) == 1:
        raw = raw[0]
    if not isinstance(raw, str):
        return ""
    if raw in offered:
        return raw
    plain = _INDEX.sub("", raw[:MOST_NAME].split("<|", 1)[0].strip())
    letters = _letters(plain)
    if letters:
        for fits in (str.__eq__, str.endswith, str.__contains__):
            meant = [name for name in offered if fits(letters, _letters(name))]
            if len(meant) == 1:
                return meant[0]
    return re.sub(r"[^A-Za-z0-9_-]+", "_", plain).strip("_")[:64]


def _letters(name: str) -> str:
    return "".join(filter(str.isalnum, name)).lower()


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
        inner = next((value[name] for name in ARGUMENTS if name in value), value)
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
    if kind == "string" and isinstance(value, list):  # a text in parts
        texts = [part if isinstance(part, str) else mapping(part).get("text") for part in value]
        return "".join(map(str, texts)) if texts and None not in texts else value
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
        inner = loose_value(value)
        return _fit_object(inner, schema, depth) if isinstance(inner, dict) else value
    if not isinstance(value, dict):
        return value
    properties, required = mapping(schema.get("properties")), schema.get("required") or ()
    fitted, changed = {}, False
    for given, inner in value.items():
        name = given if given in properties else _plain_key(given, properties)
        changed = changed or name != given
        expected = mapping(properties.get(name))
        if name not in required and isinstance(inner, str) and inner.strip().lower() in _NOTHING and expected:
            changed = True
            continue
        fitted[name] = fit(inner, expected, depth + 1)
        changed = changed or fitted[name] is not inner
    return fitted if changed else value


def _plain_key(name: str, properties: Mapping[str, Any]) -> str:
    plain = name.strip().lower()
    return plain if plain in properties else name


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
