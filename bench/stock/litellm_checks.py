"""litellm against the sandbox's chat server."""

from __future__ import annotations

import asyncio
import json
import os

from tools import SCHEMAS, TASK

os.environ.setdefault(
    "LITELLM_LOCAL_MODEL_COST_MAP", "True"
)  # it would ask a public host for prices when it is imported
import litellm

litellm.telemetry = False
MODEL = "openai/teacher-v1"
HI = [{"role": "user", "content": "你好"}]


def _way(base: str) -> dict[str, object]:
    return {"model": MODEL, "api_base": f"{base}/v1", "api_key": "any", "num_retries": 0}


def check_words(base: str) -> None:
    reply = litellm.completion(**_way(base), messages=HI, temperature=0)
    assert reply.choices[0].message.content
    assert reply.usage.total_tokens > 0


def check_tools(base: str) -> None:
    reply = litellm.completion(**_way(base), messages=[{"role": "user", "content": TASK}], tools=SCHEMAS)
    (first, *_) = reply.choices[0].message.tool_calls
    assert json.loads(first.function.arguments) == {"count": 2}


def check_stream(base: str) -> None:
    stream = litellm.completion(**_way(base), messages=HI, stream=True, stream_options={"include_usage": True})
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)


def check_async(base: str) -> None:
    reply = asyncio.run(litellm.acompletion(**_way(base), messages=HI))
    assert reply.choices[0].message.content


def check_refusals_are_sentences(base: str) -> None:
    for more in ({"n": 2}, {"logprobs": True}, {"max_tokens": -5}):
        try:
            litellm.completion(**_way(base), messages=HI, **more)
        except litellm.BadRequestError as error:
            assert len(str(error)) > 30
        else:
            raise AssertionError(more)
