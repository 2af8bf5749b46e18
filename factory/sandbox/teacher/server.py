"""The OpenAI-compatible face of the sandbox teacher: POST /v1/chat/completions and GET /v1/models.

serve.py mounts these routes; the turn itself is teacher.py's. Tools, streaming, usage and error bodies have OpenAI's
shapes, so that the factory's real transport is what gets exercised.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from typing import Any

import orjson
from aiohttp import web

from factory.sandbox.faults import CUT_STREAM, TALLY
from factory.sandbox.teacher import second_reader
from factory.sandbox.teacher.request import RequestRefused, TeacherRequest, read_request
from factory.sandbox.teacher.teacher import MODEL, AssistantMessage, next_turn

READERS = (second_reader.MODEL, second_reader.MODEL.removeprefix("sandbox/"))
MODELS = (MODEL, MODEL.removeprefix("sandbox/"), *READERS)
PIECE = 48
"""Characters per streamed delta."""
WRITE_BYTES = 4096


def add_chat_routes(app: web.Application, *, defect_share: float, seed: int, keys: Collection[str] = ()) -> None:
    """Mount the teacher. ``keys``: when given, requests must carry one of them as a bearer token (else 401)."""
    allowed = frozenset(keys)

    async def completions(request: web.Request) -> web.StreamResponse:
        try:
            _authorise(request, allowed)
            asked = read_request(await request.read(), MODELS)
            turn = _turn(asked, seed, defect_share)
        except RequestRefused as refusal:
            return refusal.response()
        reply = _reply(asked, _cut(_stopped(turn, asked.stops), asked.max_tokens))
        if TALLY in request.app:
            request.app[TALLY].counts.update(reply["usage"])
        return await _streamed(request, reply, with_usage=asked.with_usage) if asked.stream else _json(reply)

    async def models(request: web.Request) -> web.Response:
        wanted = request.match_info.get("model")
        try:
            _authorise(request, allowed)
        except RequestRefused as refusal:
            return refusal.response()
        if wanted is not None and wanted not in MODELS:
            message = f"The model '{wanted}' does not exist."
            return RequestRefused(message, status=404, code="model_not_found", param="model").response()
        rows = [{"id": model, "object": "model", "created": 0, "owned_by": "sandbox"} for model in MODELS]
        named = next((row for row in rows if row["id"] == wanted), None)
        return _json(named or {"object": "list", "data": rows})

    app.router.add_post("/v1/chat/completions", completions)
    app.router.add_get("/v1/models", models)
    app.router.add_get("/v1/models/{model:.+}", models)


def _turn(asked: TeacherRequest, seed: int, defect_share: float) -> AssistantMessage:
    """What the model that was named says. Raises Refused."""
    if asked.model in READERS:
        return AssistantMessage(second_reader.answer(asked.messages), (), "stop")
    return _chosen(next_turn(asked.messages, seed=seed, defect_share=defect_share, tools=asked.tools), asked)


def _chosen(turn: AssistantMessage, asked: TeacherRequest) -> AssistantMessage:
    """The turn as ``tool_choice`` and ``parallel_tool_calls`` want it. Raises Refused where the teacher cannot do that."""
    calls = turn.calls if asked.parallel else turn.calls[:1]
    if asked.named is not None:
        calls = tuple(call for call in calls if call.name == asked.named)
    if asked.choice == "required" and not calls:
        what = f"it would not call {asked.named} here" if asked.named else "it has nothing to call here"
        raise RequestRefused(
            f"'tool_choice' cannot be met by the sandbox teacher: {what}. It calls preference_gen, geo_location, "
            "restaurant_search and final_answer for a task that names a place; ask with auto.",
            param="tool_choice",
        )
    words = orjson.dumps({"answer": turn.content}).decode() if asked.as_object and turn.content else turn.content
    return AssistantMessage(words, calls, turn.finish_reason)


def _stopped(turn: AssistantMessage, stops: tuple[str, ...]) -> AssistantMessage:
    """Words end before the first stop sequence, which is not sent."""
    text = turn.content or ""
    ends = [place for stop in stops if (place := text.find(stop)) >= 0]
    return AssistantMessage(text[: min(ends)], turn.calls, "stop") if ends else turn


def _json(body: object, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")


def _authorise(request: web.Request, allowed: frozenset[str]) -> None:
    if not allowed:
        return
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or key.strip() not in allowed:
        raise RequestRefused("Incorrect API key provided.", status=401, code="invalid_api_key")


def tokens(text: str) -> int:
    """A cheap estimate: four bytes of UTF-8 a token, that is 0.75 a Chinese character and 0.25 a Latin letter."""
    return (len(text.encode()) + 3) // 4


def _prompt_tokens(asked: TeacherRequest) -> int:
    """Content and tool calls of all messages, and 4 tokens a message for its role."""
    total = 0
    for message in asked.messages:
        content = message.get("content")
        total += 4 + (tokens(content) if isinstance(content, str) else len(orjson.dumps(content)) // 4)
        for call in message.get("tool_calls") or ():
            function = call.get("function") or {}
            total += tokens(function.get("name") or "") + tokens(function.get("arguments") or "")
    return total


def _cut(turn: AssistantMessage, limit: int | None) -> AssistantMessage:
    """Stop where the token limit is reached, as a real server does; calls after the cut are lost."""
    if limit is None or _completion_tokens(turn) <= limit:
        return turn
    left, calls = limit * 4, []
    for call in turn.calls:
        if left <= 0:
            break
        kept = call.arguments.encode()[:left].decode(errors="ignore")
        left -= len(call.arguments.encode())
        calls.append(type(call)(call.name, kept))
    content = turn.content and turn.content.encode()[: limit * 4].decode(errors="ignore")
    return AssistantMessage(content, tuple(calls), "length")


def _completion_tokens(turn: AssistantMessage) -> int:
    return tokens(turn.content or "") + sum(tokens(call.arguments) + tokens(call.name) for call in turn.calls)


def _reply(asked: TeacherRequest, turn: AssistantMessage) -> dict[str, Any]:
    """The whole completion object; ids are hashes, so that the same request gets the same ids."""
    message: dict[str, Any] = {"role": "assistant", "content": turn.content}
    if turn.calls:
        message["tool_calls"] = [
            {
                "id": f"call_{asked.digest[:16]}_{place}",
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for place, call in enumerate(turn.calls)
        ]
    prompt, completion = _prompt_tokens(asked), _completion_tokens(turn)
    return {
        "id": f"chatcmpl-{asked.digest}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": asked.model,
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": turn.finish_reason}],
        "usage": {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion},
    }


async def _streamed(request: web.Request, reply: dict[str, Any], *, with_usage: bool) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
    await response.prepare(request)
    stream = b"".join(b"data: " + event + b"\n\n" for event in _events(reply, with_usage=with_usage))
    cut = len(stream) // 2 if request.get(CUT_STREAM) else len(stream)
    for start in range(0, cut, WRITE_BYTES):
        await response.write(stream[start : min(cut, start + WRITE_BYTES)])
    if cut == len(stream):
        await response.write_eof()
    elif request.transport is not None:
        request.transport.close()
    return response


def _events(reply: dict[str, Any], *, with_usage: bool) -> Iterator[bytes]:
    """The completion as OpenAI's chunks: role, pieces of text or of each call's arguments, finish, usage, [DONE]."""
    head = {key: reply[key] for key in ("id", "created", "model")} | {"object": "chat.completion.chunk"}
    choice = reply["choices"][0]

    def chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
        return orjson.dumps(head | {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})

    yield chunk({"role": "assistant", "content": "" if choice["message"]["content"] else None})
    text = choice["message"]["content"] or ""
    for start in range(0, len(text), PIECE):
        yield chunk({"content": text[start : start + PIECE]})
    for place, call in enumerate(choice["message"].get("tool_calls", ())):
        arguments = call["function"]["arguments"]
        opened = call | {"index": place, "function": {"name": call["function"]["name"], "arguments": ""}}
        yield chunk({"tool_calls": [opened]})
        for start in range(0, len(arguments), PIECE):
            piece = {"index": place, "function": {"arguments": arguments[start : start + PIECE]}}
            yield chunk({"tool_calls": [piece]})
    yield chunk({}, choice["finish_reason"])
    if with_usage:
        yield orjson.dumps(head | {"choices": [], "usage": reply["usage"]})
    yield b"[DONE]"
