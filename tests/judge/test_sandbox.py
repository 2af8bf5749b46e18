"""The sandbox judge serves what clients send: a stream where one is asked for, and a question in a single message."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp

from judge.asking import messages
from judge.parsing import read_verdict
from judge.rubric import DATA, shipped
from judge.sandbox import COMPATIBLE, MODEL
from judge.sandbox_faults import JudgeFaults
from tests.judge.judge_wire import question, served


async def _post(body: dict[str, Any]) -> str:
    async with served(JudgeFaults()) as root, aiohttp.ClientSession() as session:
        reply = await session.post(root + COMPATIBLE, json={"model": MODEL, "seed": 1, **body})
        assert reply.status == 200, await reply.text()
        return await reply.text()


def _asked() -> tuple[list[dict[str, str]], str]:
    asked = messages(question(), 0)
    return [{"role": message.role, "content": message.content} for message in asked], asked[1].content[-16:]


def test_a_stream_carries_the_very_words_of_a_whole_answer() -> None:
    asked, mark = _asked()
    whole = json.loads(asyncio.run(_post({"messages": asked})))
    lines = asyncio.run(_post({"messages": asked, "stream": True})).split("\n\n")
    assert lines[-2:] == ["data: [DONE]", ""]
    chunks = [json.loads(line.removeprefix("data: ")) for line in lines[:-2]]
    text = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks if chunk["choices"])
    assert text == whole["choices"][0]["message"]["content"]
    assert read_verdict(text, "stop", shipped(DATA), mark).total == 10.0
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks if chunk["choices"]][-2:] == [None, "stop"]
    assert chunks[-1]["usage"] == whole["usage"]


def test_a_question_in_one_message_or_in_parts_is_judged_alike() -> None:
    asked, mark = _asked()
    joined = "\n\n".join(message["content"] for message in asked)
    parts = [{"type": "text", "text": joined}]
    for content in (joined, parts):
        reply = json.loads(asyncio.run(_post({"messages": [{"role": "user", "content": content}]})))
        text = reply["choices"][0]["message"]["content"]
        assert read_verdict(text, "stop", shipped(DATA), mark).total == 10.0
