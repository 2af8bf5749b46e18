"""One chat request as OpenAI's wire format has it, checked field by field: what the teacher honours, or a 400 that says what not.

Between the wire (server.py) and the turn (teacher.py). Nothing that is asked for is ignored in silence: a field is honoured, has no
effect on a teacher that draws no samples (temperature, seed), or is refused with the name of the field.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final, Literal

import orjson
from aiohttp import web

ToolChoice = Literal["none", "auto", "required"]
ROLES: Final = ("system", "developer", "user", "assistant", "tool")
STOPS_MOST: Final = 4
_NAME: Final = re.compile(r"[a-zA-Z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class TeacherRequest:
    """One request, checked: what the teacher and the reply's form need of it.

    ``tools``: the parameters of each tool that is offered. ``named``: the one tool that must be called, if one is.
    """

    model: str
    messages: list[Mapping[str, Any]]
    tools: dict[str, frozenset[str]]
    choice: ToolChoice
    named: str | None
    parallel: bool
    stops: tuple[str, ...]
    as_object: bool
    stream: bool
    with_usage: bool
    max_tokens: int | None
    digest: str


class RequestRefused(Exception):
    """A request that gets an OpenAI error body."""

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"message": message, "type": kind, "param": param, "code": code}}

    def response(self) -> web.Response:
        """The error as OpenAI sends it."""
        return web.Response(body=orjson.dumps(self.body), status=self.status, content_type="application/json")


def read_request(body: bytes, models: tuple[str, ...]) -> TeacherRequest:
    """The request. Raises Refused: 400 for what is malformed or not supported, 404 for an unknown model."""
    raw = _object(body)
    for name in raw:
        if name not in _FIELDS:
            raise RequestRefused(f"Unrecognized request argument supplied: {name}", param=name)
    for name, check in _FIELDS.items():
        if raw.get(name) is not None:
            check(raw[name], name)
    model = raw.get("model")
    if not isinstance(model, str) or not model:
        raise RequestRefused("You must provide a model parameter.", param="model")
    if model not in models:
        text = f"The model `{model}` does not exist or you do not have access to it."
        raise RequestRefused(text, status=404, code="model_not_found", param="model")
    messages = _messages(raw.get("messages"))
    tools = _tools(raw.get("tools"))
    choice, named = _choice(raw.get("tool_choice"), tools)
    if raw.get("stream_options") is not None and not raw.get("stream"):
        raise RequestRefused(
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.", param="stream_options"
        )
    stop = raw.get("stop")
    return TeacherRequest(
        model=model,
        messages=messages,
        tools={} if choice == "none" else tools,
        choice=choice,
        named=named,
        parallel=raw.get("parallel_tool_calls") is not False,
        stops=() if stop is None else (stop,) if isinstance(stop, str) else tuple(stop),
        as_object=_as_object(raw),
        stream=bool(raw.get("stream")),
        with_usage=bool((raw.get("stream_options") or {}).get("include_usage")),
        max_tokens=raw.get("max_completion_tokens") or raw.get("max_tokens"),
        digest=blake2b(body, digest_size=12).hexdigest(),
    )


def _object(body: bytes) -> dict[str, Any]:
    try:
        raw = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RequestRefused(f"We could not parse the JSON body of your request: {error}.") from error
    if not isinstance(raw, dict):
        raise RequestRefused("The body of your request must be a JSON object.")
    return raw


# --- single fields ----------------------------------------------------------------------------------------------------

Check = Callable[[Any, str], None]


def _wrong(name: str, what: str, value: Any) -> RequestRefused:
    shown = orjson.dumps(value).decode()
    return RequestRefused(f"Invalid value for '{name}': expected {what}, but got {shown[:80]}.", param=name)


def _whole(low: int, high: int | None = None) -> Check:
    def check(value: Any, name: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or value < low or (high is not None and value > high):
            raise _wrong(name, f"an integer from {low}" + (f" to {high}" if high is not None else ""), value)

    return check


def _number(low: float, high: float) -> Check:
    def check(value: Any, name: str) -> None:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
            raise _wrong(name, f"a number from {low:g} to {high:g}", value)

    return check


def _of(kind: type, what: str) -> Check:
    def check(value: Any, name: str) -> None:
        if not isinstance(value, kind):
            raise _wrong(name, what, value)

    return check


def _only(what: str, *allowed: Any) -> Check:
    """Taken when it asks for what is so anyway; else refused with what this server does."""

    def check(value: Any, name: str) -> None:
        if value not in allowed or (isinstance(value, bool) and not any(value is permitted for permitted in allowed)):
            raise RequestRefused(f"'{name}' is not supported by the sandbox teacher: {what}.", param=name)

    return check


def _never(what: str) -> Check:
    def check(_value: Any, name: str) -> None:
        raise RequestRefused(f"'{name}' is not supported by the sandbox teacher: {what}.", param=name)

    return check


def _stop(value: Any, name: str) -> None:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, str) and text for text in texts):
        raise _wrong(name, "a string or an array of strings", value)
    if len(texts) > STOPS_MOST:
        raise RequestRefused(f"'{name}' may hold at most {STOPS_MOST} strings.", param=name)


def _format(value: Any, name: str) -> None:
    if not isinstance(value, dict) or value.get("type") not in ("text", "json_object", "json_schema"):
        raise _wrong(name, 'an object with the type "text" or "json_object"', value)
    if value["type"] == "json_schema":
        raise RequestRefused(
            f"'{name}' of type json_schema is not supported by the sandbox teacher: it answers in words, in an object of one "
            "answer (json_object) and in tool calls.",
            param=name,
        )


def _as_object(raw: Mapping[str, Any]) -> bool:
    """Whether words are wanted as JSON; both OpenAI and DashScope take that only where the messages say so."""
    wanted = (raw.get("response_format") or {}).get("type") == "json_object"
    if wanted and b"json" not in orjson.dumps(raw["messages"]).lower():
        raise RequestRefused(
            "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
            param="messages",
        )
    return wanted


def _stream_options(value: Any, name: str) -> None:
    if not isinstance(value, dict) or set(value) - {"include_usage", "include_obfuscation"}:
        raise _wrong(name, "an object with include_usage", value)
    if not all(isinstance(option, bool) for option in value.values()):
        raise _wrong(name, "include_usage as a boolean", value)


def _metadata(value: Any, name: str) -> None:
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise _wrong(name, "an object of strings", value)


def _anything(_value: Any, _name: str) -> None:
    """Checked elsewhere, as a whole."""


_SAMPLING = "it draws no samples"
_FIELDS: Final[Mapping[str, Check]] = {
    "model": _anything,
    "messages": _anything,
    "tools": _anything,
    "tool_choice": _anything,
    "parallel_tool_calls": _of(bool, "a boolean"),
    "max_tokens": _whole(1),
    "max_completion_tokens": _whole(1),
    "n": _only("it gives one choice (n=1)", 1),
    "stream": _of(bool, "a boolean"),
    "stream_options": _stream_options,
    "stop": _stop,
    "response_format": _format,
    # Without effect on a teacher whose answer is a function of the messages; their ranges are OpenAI's.
    "temperature": _number(0, 2),
    "top_p": _number(0, 1),
    "top_k": _whole(-1),
    "presence_penalty": _number(-2, 2),
    "frequency_penalty": _number(-2, 2),
    "repetition_penalty": _number(0, 10),
    "seed": _of(int, "an integer"),
    "user": _of(str, "a string"),
    "safety_identifier": _of(str, "a string"),
    "prompt_cache_key": _of(str, "a string"),
    "metadata": _metadata,
    "service_tier": _only("it has one tier", "auto", "default"),
    "store": _only("it keeps nothing", False),
    "modalities": _only("it answers in text", ["text"]),
    "reasoning_effort": _only("it does not reason", "none", "minimal"),
    "enable_thinking": _only("it does not think", False),
    "logprobs": _only("it knows no probabilities", False),
    "top_logprobs": _only("it knows no probabilities", 0),
    "logit_bias": _only(_SAMPLING, {}),
    "verbosity": _only("its answers have one length", "medium"),
    "functions": _never("use tools"),
    "function_call": _never("use tool_choice"),
    "audio": _never("it answers in text"),
    "prediction": _never(_SAMPLING),
    "web_search_options": _never("it searches with the tools that it is given"),
}


# --- messages and tools -----------------------------------------------------------------------------------------------


def _messages(messages: Any) -> list[Mapping[str, Any]]:
    if not isinstance(messages, list) or not messages:
        raise RequestRefused("'messages' must be a non-empty array of objects.", param="messages")
    asked: set[str] = set()
    for place, message in enumerate(messages):
        where = f"messages[{place}]"
        if not isinstance(message, dict):
            raise RequestRefused(f"'{where}' must be an object.", param=where)
        role = message.get("role")
        if role not in ROLES:
            raise RequestRefused(
                f"Invalid value for '{where}.role': use one of {', '.join(ROLES)}.", param=f"{where}.role"
            )
        _content(message, role, where)
        if role == "assistant" and message.get("tool_calls") is not None:
            asked.update(_calls(message["tool_calls"], f"{where}.tool_calls"))
        if role == "tool" and (
            not isinstance(message.get("tool_call_id"), str) or message["tool_call_id"] not in asked
        ):
            raise RequestRefused(
                f"'{where}' has the role tool, but its 'tool_call_id' answers no call of a message before it.",
                param=f"{where}.tool_call_id",
            )
    return messages


def _content(message: Mapping[str, Any], role: str, where: str) -> None:
    content = message.get("content")
    if isinstance(content, str) or (content is None and role == "assistant"):
        return
    if not isinstance(content, list) or not content:
        raise RequestRefused(f"'{where}.content' must be a string or an array of text parts.", param=f"{where}.content")
    for part in content:
        if not isinstance(part, dict) or part.get("type") != "text" or not isinstance(part.get("text"), str):
            raise RequestRefused(
                f"'{where}.content' may hold text parts only: the sandbox teacher sees no images and hears no sound.",
                param=f"{where}.content",
            )


def _calls(calls: Any, where: str) -> list[str]:
    if not isinstance(calls, list):
        raise RequestRefused(f"'{where}' must be an array.", param=where)
    for call in calls:
        function = call.get("function") if isinstance(call, dict) else None
        if (
            not isinstance(function, dict)
            or not isinstance(call.get("id"), str)
            or not isinstance(function.get("name"), str)
            or not isinstance(function.get("arguments"), str)
        ):
            raise RequestRefused(
                f"Each of '{where}' needs an id and a function with name and arguments, all strings.", param=where
            )
    return [call["id"] for call in calls]


def _tools(tools: Any) -> dict[str, frozenset[str]]:
    if tools is None:
        return {}
    if not isinstance(tools, list):
        raise _wrong("tools", "an array of objects", tools)
    read: dict[str, frozenset[str]] = {}
    for place, tool in enumerate(tools):
        where = f"tools[{place}]"
        function = tool.get("function") if isinstance(tool, dict) and tool.get("type") == "function" else None
        if not isinstance(function, dict):
            raise RequestRefused(f"'{where}' must be an object of type function with a 'function'.", param=where)
        name, parameters = function.get("name"), function.get("parameters")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise RequestRefused(f"'{where}.function.name' must match {_NAME.pattern}.", param=f"{where}.function.name")
        properties = parameters.get("properties", {}) if isinstance(parameters, dict) else {}
        if not isinstance(properties, dict) or not isinstance(parameters, (dict, type(None))):
            raise RequestRefused(
                f"'{where}.function.parameters' must be a JSON schema.", param=f"{where}.function.parameters"
            )
        read[name] = frozenset(properties)
    return read


def _choice(choice: Any, tools: Mapping[str, Any]) -> tuple[ToolChoice, str | None]:
    if choice is None:
        return "auto", None
    if choice in ("none", "auto", "required"):
        if not tools and choice != "none":
            raise RequestRefused("'tool_choice' is only allowed when 'tools' are specified.", param="tool_choice")
        return choice, None
    function = choice.get("function") if isinstance(choice, dict) and choice.get("type") == "function" else None
    name = function.get("name") if isinstance(function, dict) else None
    if not isinstance(name, str):
        raise _wrong("tool_choice", "none, auto, required or a function with its name", choice)
    if name not in tools:
        raise RequestRefused(f"'tool_choice' names {name}, which is not among the tools.", param="tool_choice")
    return "required", name
