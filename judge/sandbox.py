"""The sandbox judge: DashScope's native and compatible wire formats on loopback, with its errors, in front of a simulated judge.

It serves two judges of another temper each, and ends with its parent.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections import deque
from hashlib import blake2b
from typing import Any

import orjson
from aiohttp import web

from factory.errors import UsageError
from factory.settings import Values, of_factory, of_judge
from judge.sandbox_faults import ERRORS, WIRE, JudgeFaults
from judge.sandbox_judge import Temper, better, compares, scores
from judge.sandbox_wire import Malformed, malformed, native_stream, read_body

MODEL, SECOND_MODEL = "sandbox/judge-v1", "sandbox/judge-v2"
NATIVE = "/api/v1/services/aigc/text-generation/generation"
COMPATIBLE = "/compatible-mode/v1/chat/completions"
WINDOW_S = 1.0
"""Limits are enforced per second, as the vendor may (RPM / 60 in each second)."""
_MARK = re.compile(r"<(?:证据|evidence) ([0-9a-f]+)>")
STREAMED = 24
"""Characters of one piece of a streamed answer."""
HTML = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


class Desk:
    """Answers one request, whichever its format; counts what a limit needs."""

    def __init__(self, tempers: dict[str, Temper], faults: JudgeFaults, keys: frozenset[str] = frozenset()) -> None:
        self.tempers, self.faults, self.keys = tempers, faults, keys
        self._requests: deque[float] = deque()
        self._tokens: deque[tuple[float, int]] = deque()
        self._window_tokens = 0

    def refusal(self, request: web.Request, body: dict[str, Any], fault: str) -> str | None:
        """The name of the error row that answers this request, or None."""
        if self.keys and request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.keys:
            return "invalid_api_key"
        if body.get("model") not in self.tempers:
            return "model_not_found"
        return fault if fault in ERRORS else self._over_limit(body)

    def _over_limit(self, body: dict[str, Any]) -> str | None:
        now = time.monotonic()
        while self._requests and self._requests[0] <= now - WINDOW_S:
            self._requests.popleft()
        while self._tokens and self._tokens[0][0] <= now - WINDOW_S:
            self._window_tokens -= self._tokens.popleft()[1]
        if self.faults.rpm is not None and len(self._requests) >= self.faults.rpm / 60 * WINDOW_S:
            return "rate_quota"
        if self.faults.tpm is not None and self._window_tokens >= self.faults.tpm / 60 * WINDOW_S:
            return "token_quota"
        self._requests.append(now)
        if self.faults.tpm is not None:
            spent = tokens_of(body) + 45  # the length of its answers
            self.faults.counts["tokens"] += spent
            self._tokens.append((now, spent))
            self._window_tokens += spent
        return None


def tokens_of(body: dict[str, Any]) -> int:
    """Input tokens as this sandbox counts them: Chinese 0.7 a character, that is about 4.3 bytes a token."""
    messages = body.get("messages") or body.get("input", {}).get("messages") or []
    return sum(len(str(message.get("content", "")).encode()) for message in messages) * 10 // 43


def asked_of(body: dict[str, Any]) -> tuple[str, str]:
    """(rubric, question): the system message and the first message with fences, or one message that holds both."""
    texts = [_text_of(message) for message in body.get("messages") or ()]
    prompt = next((text for text in texts if "<证据 " in text or "<evidence " in text), texts[-1] if texts else "")
    return (texts[0] if texts else "", prompt)


def _text_of(message: Any) -> str:
    """A message's text, also where it comes in parts."""
    content = message.get("content") if isinstance(message, dict) else None
    if isinstance(content, list):
        return "".join(str(part.get("text") or "") for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def words(body: dict[str, Any], temper: Temper, fault: str) -> tuple[str, str]:
    """(text, finish reason) of the simulated judge, odd where the fault says so."""
    system, prompt = asked_of(body)
    if compares(prompt):
        chosen = "" if fault == "null" else better(system, prompt, f"{body['model']} {body.get('seed')}", temper)
        return _dressed({"reason": "与证据逐条核对（模拟评审）", "better": chosen, "code": _mark(prompt)}, fault)
    by_rubric = scores(system, prompt, f"{body['model']} {body.get('seed')}", temper)
    plain: dict[str, Any] = dict(by_rubric[""]) if set(by_rubric) == {""} else dict(by_rubric)
    if fault == "off_scale":
        plain = dict.fromkeys(plain, 9)
    if fault == "null":
        plain |= {next(iter(plain), "准确性"): None}
    return _dressed({"reason": "与证据逐条核对（模拟评审）", "scores": plain, "code": _mark(prompt)}, fault)


def _mark(prompt: str) -> str:
    return mark[1] if (mark := _MARK.search(prompt)) else ""


def _dressed(verdict: dict[str, Any], fault: str) -> tuple[str, str]:
    """(text, finish reason), odd where the fault says so."""
    text = orjson.dumps(verdict).decode()
    if fault == "length":
        return text[: len(text) // 2], "length"
    if fault == "content_filter":
        return "", "content_filter"
    text = {
        "garbage": "我认为这条数据质量很好，可以给 5 分。",
        "prose": f"逐条核对之后，结论如下：{text} 以上。",
        "fenced": f"```json\n{text}\n```",
        "trailing_comma": text[:-1] + ",}",
    }.get(fault, text)
    return text, "stop"


def _reply(body: dict[str, Any], text: str, finish: str, *, native: bool, usage: bool) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    tokens_in, tokens_out = tokens_of(body), len(text.encode()) * 10 // 43
    number = "judge-" + blake2b(orjson.dumps(body), digest_size=8).hexdigest()
    choices = [{"index": 0, "finish_reason": finish, "message": message}]
    if native:
        counted = {"input_tokens": tokens_in, "output_tokens": tokens_out, "total_tokens": tokens_in + tokens_out}
        return {"output": {"choices": choices}, "request_id": number} | ({"usage": counted} if usage else {})
    counted = {"prompt_tokens": tokens_in, "completion_tokens": tokens_out, "total_tokens": tokens_in + tokens_out}
    base = {"id": number, "object": "chat.completion", "model": body["model"], "choices": choices}
    return base | ({"usage": counted} if usage else {})


def _error(kind: str, *, native: bool, retry_after_s: float | None) -> web.Response:
    row = ERRORS[kind]
    if native:
        shown: dict[str, Any] = {"code": row.native, "message": row.message, "request_id": "sandbox"}
    else:
        inner = {"code": row.compatible, "message": row.message, "type": "error", "param": None}
        shown = {"error": inner, "request_id": "sandbox"}
    headers = {"Retry-After": f"{retry_after_s:g}"} if retry_after_s is not None and row.status == 429 else {}
    return web.Response(body=orjson.dumps(shown), status=row.status, content_type="application/json", headers=headers)


async def _broken(request: web.Request, body: bytes, fault: str, faults: JudgeFaults) -> web.StreamResponse:
    if fault == "html":
        return web.Response(status=502, text=HTML, content_type="text/html")
    if fault == "empty":
        return web.Response(body=b"", content_type="application/json")
    if fault == "hang":
        await asyncio.sleep(faults.hang_s)
    if fault == "half_body":
        half = web.StreamResponse(headers={"Content-Type": "application/json"})
        half.content_length = len(body)
        await half.prepare(request)
        await half.write(body[: len(body) // 2])
        if request.transport is not None:
            request.transport.close()
        return half
    if request.transport is not None:
        request.transport.abort()
    return web.Response()  # never arrives: the connection is gone


async def _streamed(request: web.Request, reply: dict[str, Any]) -> web.StreamResponse:
    """The same answer as server-sent events: the text in pieces, the reason for the end, the usage, DONE."""
    [choice] = reply["choices"]
    text, base = (
        choice["message"]["content"],
        {"id": reply["id"], "model": reply["model"], "object": "chat.completion.chunk"},
    )
    pieces = [text[place : place + STREAMED] for place in range(0, len(text), STREAMED)]
    deltas: list[tuple[dict[str, str], str | None]] = [({"role": "assistant", "content": ""}, None)]
    deltas += [({"content": piece}, None) for piece in pieces]
    chunks = [
        base | {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
        for delta, finish in (*deltas, ({}, choice["finish_reason"]))
    ]
    if "usage" in reply:
        chunks.append(base | {"choices": [], "usage": reply["usage"]})
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    for chunk in (*map(orjson.dumps, chunks), b"[DONE]"):
        await response.write(b"data: " + chunk + b"\n\n")
    await response.write_eof()
    return response


def make_app(desk: Desk) -> web.Application:
    """The server."""

    async def complete(request: web.Request) -> web.StreamResponse:
        native = request.path == NATIVE
        try:
            body = await read_body(request, native=native)
        except Malformed as error:
            return malformed(str(error), native=native)
        fault = desk.faults.next_fault()
        refused = desk.refusal(request, body, fault)
        if refused is not None:
            desk.faults.counts[f"refused {refused}"] += 1
            return _error(refused, native=native, retry_after_s=desk.faults.retry_after_s)
        if desk.faults.latency_s:
            await asyncio.sleep(desk.faults.latency_s)
        text, finish = words(body, desk.tempers[body["model"]], fault)
        answer = orjson.dumps(_reply(body, text, finish, native=native, usage=fault != "no_usage"))
        desk.faults.counts["served"] += not fault
        if fault in WIRE:
            return await _broken(request, answer, fault, desk.faults)
        if body.get("stream"):
            return native_stream(answer) if native else await _streamed(request, orjson.loads(answer))
        return web.Response(body=answer, content_type="application/json")

    async def set_faults(request: web.Request) -> web.Response:
        try:
            desk.faults.set(orjson.loads(await request.read()))
        except (UsageError, ValueError, TypeError) as error:
            return web.Response(status=400, text=str(error))
        return web.Response()

    async def stats(_: web.Request) -> web.Response:
        return web.Response(body=orjson.dumps(dict(desk.faults.counts)), content_type="application/json")

    app = web.Application(client_max_size=2**24)
    app.router.add_post(COMPATIBLE, complete)
    app.router.add_post(NATIVE, complete)
    app.router.add_post("/_faults", set_faults)
    app.router.add_get("/_stats", stats)
    return app


async def _serve(port: int, desk: Desk) -> None:
    runner = web.AppRunner(make_app(desk), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port, backlog=1024)
    await site.start()
    sys.stdout.write(orjson.dumps({"ready": True, "port": runner.addresses[0][1]}).decode() + "\n")
    sys.stdout.flush()
    # The parent holds our standard input; its end is ours.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await runner.cleanup()


def main(values: Values) -> int:
    """``python -m judge sandbox``. Raises UsageError."""
    faults = JudgeFaults()
    faults.set(orjson.loads(values[of_judge.JUDGE_FAULTS]))
    noise, halo, bias = values[of_judge.NOISE], values[of_judge.HALO], values[of_judge.BIAS]
    # By default the simulated judge has a halo, so that a report made without a key shows what it does to one call's scores.
    first = Temper(noise, halo, bias)
    # The second judge is noisier and stricter.
    second = Temper(noise * 1.5, halo, bias - 0.4)
    keys = values[of_factory.CHAT_KEYS]
    accepted = frozenset(key for key in keys.split(",") if key) if keys else frozenset[str]()
    asyncio.run(_serve(values[of_factory.PORT] or 0, Desk({MODEL: first, SECOND_MODEL: second}, faults, accepted)))
    return 0
