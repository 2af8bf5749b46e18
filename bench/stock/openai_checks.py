"""What the openai package can do with the sandbox's chat server: words, tools to the end, streams, async, refusals."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import openai
from tools import MOST_TURNS, SCHEMAS, TASK, answer

MODEL = "teacher-v1"
HI: list[Any] = [{"role": "user", "content": "你好"}]


def _client(base: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{base}/v1", api_key="any", max_retries=0)


def check_words(base: str) -> None:
    reply = _client(base).chat.completions.create(model=MODEL, messages=HI, temperature=0.7, max_tokens=50)
    assert reply.choices[0].message.content
    assert reply.usage.total_tokens > 0


def check_models(base: str) -> None:
    assert MODEL in [model.id for model in _client(base).models.list()]
    assert _client(base).models.retrieve(MODEL).id == MODEL


def check_tools_to_the_end(base: str) -> None:
    messages = [*HI[:0], {"role": "user", "content": TASK}]
    client = _client(base)
    for _ in range(MOST_TURNS):
        message = client.chat.completions.create(model=MODEL, messages=messages, tools=SCHEMAS).choices[0].message
        assert message.tool_calls, message.content
        messages.append(message.model_dump(exclude_none=True))
        for call in message.tool_calls:
            arguments = json.loads(call.function.arguments)
            if call.function.name == "final_answer":
                assert len(arguments["samples"]) == 2
                return
            messages.append({"role": "tool", "tool_call_id": call.id, "content": answer(call.function.name, arguments)})
    raise AssertionError("no final answer")


def check_one_tool_at_a_time(base: str) -> None:
    messages = [{"role": "user", "content": TASK}]
    reply = _client(base).chat.completions.create(
        model=MODEL, messages=messages, tools=SCHEMAS, parallel_tool_calls=False, tool_choice="required"
    )
    assert len(reply.choices[0].message.tool_calls) == 1


def check_stream_of_words_with_usage(base: str) -> None:
    stream = _client(base).chat.completions.create(
        model=MODEL, messages=HI, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert chunks[-1].usage.completion_tokens > 0


def check_stream_of_tools(base: str) -> None:
    messages = [{"role": "user", "content": TASK}]
    stream = _client(base).chat.completions.create(model=MODEL, messages=messages, tools=SCHEMAS, stream=True)
    arguments: dict[int, str] = {}
    for chunk in stream:
        for piece in chunk.choices[0].delta.tool_calls or ():
            arguments[piece.index] = arguments.get(piece.index, "") + (piece.function.arguments or "")
    assert json.loads(arguments[0]) == {"count": 2}


def check_async(base: str) -> None:
    async def both() -> None:
        async with openai.AsyncOpenAI(base_url=f"{base}/v1", api_key="any", max_retries=0) as client:
            replies = await asyncio.gather(
                *(client.chat.completions.create(model=MODEL, messages=HI) for _ in range(8))
            )
            assert all(reply.choices[0].message.content for reply in replies)
            stream = await client.chat.completions.create(model=MODEL, messages=HI, stream=True)
            assert "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

    asyncio.run(both())


def check_stop_and_json(base: str) -> None:
    cut = _client(base).chat.completions.create(model=MODEL, messages=HI, stop=["任务"]).choices[0]
    assert "任务" not in cut.message.content
    asked = [{"role": "user", "content": "give json"}]
    text = _client(base).chat.completions.create(model=MODEL, messages=asked, response_format={"type": "json_object"})
    assert json.loads(text.choices[0].message.content)["answer"]


def check_refusals_are_sentences(base: str) -> None:
    schema = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}}
    tool = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}
    for more in (
        {"n": 3},
        {"response_format": schema},
        {"logprobs": True},
        {"max_tokens": -1},
        {"tools": [tool], "tool_choice": "required"},
    ):
        try:
            _client(base).chat.completions.create(model=MODEL, messages=HI, **more)
        except openai.BadRequestError as error:
            assert len(error.message) > 20, error.message
        else:
            raise AssertionError(more)
    for call in (
        lambda: _client(base).chat.completions.create(model="none", messages=HI),
        lambda: _client(base).embeddings.create(model=MODEL, input="x"),
        lambda: _client(base).responses.create(model=MODEL, input="x"),
    ):
        try:
            call()
        except openai.NotFoundError as error:
            assert len(error.message) > 20, error.message
        else:
            raise AssertionError(call)
