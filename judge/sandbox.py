"""The sandbox judge: DashScope's compatible wire format on loopback, a simulated judge that computes its scores.

It reads the prompt that it is sent: the evidence lines and the fenced item. Its latent score falls with every restaurant
and fact that the evidence does not hold; halo and noise are settable, seeded by the request. It ends with its parent.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import orjson
from aiohttp import web

MODEL = "sandbox/judge-v1"
_ITEM = re.compile(r"^\s*(?:\d+[.、]|[-•])\s*(.+)$")
_FACT = re.compile(r"(?:评分|人均|每人)[^\d，。；]{0,6}(\d+(?:\.\d+)?)|(\d+)米")


@dataclass(frozen=True, slots=True)
class Temper:
    """How the simulated judge errs, in points of the 1 to 5 scale."""

    noise: float = 0.5
    halo: float = 0.0
    bias: float = 0.0


def _share(*words: object) -> float:
    digest = blake2b("\x1f".join(map(str, words)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def flaws(prompt: str) -> tuple[int, int]:
    """(wrong statements, listed restaurants) of the fenced item against the evidence above it."""
    evidence, _, item = prompt.partition("</证据")
    known = {line.split("｜")[0]: line for line in evidence.splitlines()[1:] if line}
    answer = item.partition("回答：")[2]
    wrong = listed = 0
    for line in answer.splitlines():
        found = _ITEM.match(line)
        if found is None:
            continue
        listed += 1
        text = re.sub(r"[*【】]", "", found[1])
        name = max((name for name in known if text.startswith(name)), key=len, default=None)
        if name is None:
            wrong += 2
            continue
        numbers = {float(one) for one in re.findall(r"\d+(?:\.\d+)?", known[name])}
        for fact in _FACT.finditer(text):
            value = float(fact[1] or fact[2])
            wrong += not any(abs(value - one) <= max(0.05, 0.1 * one) for one in numbers)
    return wrong, listed


def judge(body: dict[str, Any], temper: Temper) -> dict[str, int]:
    """Scores of the dimensions that the rubric in the system message names."""
    system, prompt = body["messages"][0]["content"], body["messages"][-1]["content"]
    names = re.findall(r"^- (\S+?)：", system, re.MULTILINE)
    wrong, listed = flaws(prompt)
    shared = temper.halo * (2 * _share(body.get("seed"), "halo", prompt) - 1) + temper.bias
    scores = {}
    for position, name in enumerate(names):
        latent = (
            5.0
            - wrong * (1.0 if position < 2 else 0.4)
            - (listed == 0) * 2.0
            - (0 < listed < 3) * 0.5 * (position >= 2)
        )
        own = temper.noise * (2 * _share(body.get("seed"), name, prompt) - 1) * 2
        scores[name] = max(1, min(5, round(latent + shared + own)))
    return scores


def make_app(temper: Temper) -> web.Application:
    """The server."""

    async def complete(request: web.Request) -> web.Response:
        body = orjson.loads(await request.read())
        if body.get("model") != MODEL:
            error = {
                "code": "model_not_found",
                "message": f"no model {body.get('model')}",
                "type": "invalid_request_error",
            }
            return web.json_response({"error": error}, status=404)
        text = orjson.dumps({"reason": "与证据逐条核对（模拟评审）", "scores": judge(body, temper)}).decode()
        answer = {
            "id": "judge-" + blake2b(orjson.dumps(body), digest_size=6).hexdigest(),
            "object": "chat.completion",
            "model": MODEL,
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
            "usage": {"prompt_tokens": len(str(body)) // 2, "completion_tokens": len(text) // 2},
        }
        return web.Response(body=orjson.dumps(answer), content_type="application/json")

    app = web.Application(client_max_size=2**24)
    app.router.add_post("/compatible-mode/v1/chat/completions", complete)
    return app


async def _serve(port: int, temper: Temper) -> None:
    runner = web.AppRunner(make_app(temper))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    where = runner.addresses[0][1]
    sys.stdout.write(orjson.dumps({"ready": True, "port": where}).decode() + "\n")
    sys.stdout.flush()
    # The parent holds our standard input; its end is ours.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await runner.cleanup()


def main(argv: Sequence[str]) -> int:
    """``python -m judge sandbox``."""
    parser = argparse.ArgumentParser(prog="python -m judge sandbox")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--noise", type=float, default=0.5)
    parser.add_argument("--halo", type=float, default=0.0)
    parser.add_argument("--bias", type=float, default=0.0)
    flags = parser.parse_args(list(argv))
    asyncio.run(_serve(flags.port, Temper(flags.noise, flags.halo, flags.bias)))
    return 0
