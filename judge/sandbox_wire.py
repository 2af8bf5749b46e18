"""The sandbox judge's door: a request in either of DashScope's formats, or a sentence on what is wrong; native streams."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from aiohttp import web

NATIVE_STREAM = "X-DashScope-SSE"


class Malformed(Exception):
    """What the vendor answers with 400 InvalidParameter; the message is the sentence."""


async def read_body(request: web.Request, *, native: bool) -> dict[str, Any]:
    """Model, messages and parameters, flat. Raises Malformed."""
    try:
        body = orjson.loads(await request.read())
    except (web.RequestPayloadError, orjson.JSONDecodeError) as error:
        raise Malformed(f"The body cannot be read as JSON ({type(error).__name__}).") from error
    if not isinstance(body, dict):
        raise Malformed("The body must be a JSON object.")
    if native:
        given, more = body.get("input"), body.get("parameters") or {}
        if not isinstance(given, dict) or not isinstance(more, dict):
            raise Malformed("'input' must be an object with messages, 'parameters' an object.")
        prompt = given.get("prompt")
        messages = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else given.get("messages")
        streams = request.headers.get(NATIVE_STREAM, "").lower() == "enable"
        body = {"model": body.get("model"), "messages": messages, **more, "stream": streams}
    _check(body)
    return body


def _check(body: Mapping[str, Any]) -> None:
    if not isinstance(body.get("model"), str):
        raise Malformed("'model' must be given as a string.")
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise Malformed("'messages' must be a non-empty array of objects.")
    for place, message in enumerate(messages):
        if not isinstance(message, dict) or not _is_content(message.get("content")):
            raise Malformed(f"'messages[{place}]' must be an object whose content is a string or a list of parts.")
    limit = body.get("max_tokens")
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
        raise Malformed(f"'max_tokens' must be an integer from 1, not {orjson.dumps(limit).decode()}.")
    if body.get("n") not in (None, 1):
        raise Malformed("'n' must be 1: the sandbox judge gives one choice.")
    if body.get("tools"):
        raise Malformed("'tools' are not supported by the sandbox judge: it answers in words.")


def _is_content(value: object) -> bool:
    """A text, or a text in parts, as the vendor takes both."""
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(part, dict) for part in value))


def malformed(sentence: str, *, native: bool) -> web.Response:
    """The vendor's 400 in the form of the request."""
    if native:
        body: dict[str, Any] = {"code": "InvalidParameter", "message": sentence, "request_id": "sandbox"}
    else:
        inner = {"code": "invalid_parameter_error", "message": sentence, "type": "invalid_request_error", "param": None}
        body = {"error": inner, "request_id": "sandbox"}
    return web.Response(body=orjson.dumps(body), status=400, content_type="application/json")


def native_stream(answer: bytes) -> web.Response:
    """The whole answer as one event: right for incremental clients and for those that want what there is so far."""
    event = b"id:1\nevent:result\n:HTTP_STATUS/200\ndata:" + answer + b"\n\n"
    return web.Response(body=event, content_type="text/event-stream")
