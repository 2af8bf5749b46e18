"""The dashscope package against the sandbox judge, which speaks its native protocol: one message, several, streams, refusals."""

from __future__ import annotations

import dashscope
from dashscope import Generation

MODEL = "sandbox/judge-v1"
RUBRIC = "请按量表打分。\n1. 准确性\n2. 实用性\n只输出一个 JSON 对象。"


def _call(base: str, **more: object) -> object:
    dashscope.base_http_api_url = f"{base}/api/v1"
    more = {"model": MODEL, "result_format": "message", **more}
    return Generation.call(api_key="any", **more)


def check_two_messages(base: str) -> None:
    reply = _call(
        base, messages=[{"role": "system", "content": RUBRIC}, {"role": "user", "content": "问：吃什么？答：面。"}]
    )
    assert reply.status_code == 200, reply
    assert reply.output.choices[0].message.content
    assert reply.usage.output_tokens > 0


def check_one_message(base: str) -> None:
    reply = _call(base, messages=[{"role": "user", "content": RUBRIC}])
    assert reply.status_code == 200, reply


def check_stream(base: str) -> None:
    pieces = list(_call(base, messages=[{"role": "user", "content": RUBRIC}], stream=True, incremental_output=True))
    assert all(piece.status_code == 200 for piece in pieces), pieces
    assert "".join(piece.output.choices[0].message.content for piece in pieces)


def check_refusals_are_sentences(base: str) -> None:
    reply = _call(base, model="none", messages=[{"role": "user", "content": RUBRIC}])
    assert reply.status_code in {400, 404}
    assert reply.code
    assert reply.message
