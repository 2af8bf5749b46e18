"""Responses that break below JSON: the call is asked again and answered, and counts where it may have been served."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
import pytest

from factory.errors import AddressRefused
from factory.llm.chat import CallKey, ChatRequest
from factory.records import Message
from tests.factory.bent_teacher import chat_with

CHOICE = {"message": {"role": "assistant", "content": "有。"}, "finish_reason": "stop"}
GOOD = orjson.dumps({"choices": [CHOICE], "usage": {"prompt_tokens": 9, "completion_tokens": 2}})
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
LENGTH = b"Content-Length: %d\r\n\r\n" % len(GOOD)
REQUEST = ChatRequest("m", (Message("user", "附近有什么川菜？"),), max_tokens=50)
BROKEN = {
    "closed": b"",
    "half a body": HEAD + LENGTH + GOOD[: len(GOOD) // 2],
    "a body longer than its length": HEAD + b"Content-Length: 5\r\n\r\n" + GOOD,
    "a chunk that is none": HEAD + b"Transfer-Encoding: chunked\r\n\r\nZZZ\r\nhello\r\n",
    "a header of 70,000 characters": HEAD + b"X-A: " + b"a" * 70_000 + b"\r\n" + LENGTH + GOOD,
    "a header that is none": HEAD + b"Bad Header\x00: x\r\n" + LENGTH + GOOD,
    "another protocol": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    "no HTTP": b"SSH-2.0-OpenSSH_9.6\r\n",
    "204": b"HTTP/1.1 204 No Content\r\n\r\n",
    "a length below zero": HEAD + b"Content-Length: -1\r\n\r\n" + GOOD,
    "two lengths": HEAD + b"Content-Length: 5\r\n" + LENGTH + GOOD,
    "gzip cut": HEAD + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00",
    "brotli that nobody asked for": HEAD + b"Content-Encoding: br\r\n" + LENGTH + GOOD,
}
READ = {
    "utf-7 by its header": b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-7\r\n" + LENGTH + GOOD,
    "HTTP/1.0 to the end": b"HTTP/1.0 200 OK\r\n\r\n" + GOOD,
    "chunks": HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(GOOD) + GOOD + b"\r\n0\r\n\r\n",
    "a reason of its own": b"HTTP/1.1 200 \xe5\xa5\xbd\r\n" + LENGTH + GOOD,
}


@asynccontextmanager
async def raw_server(first: bytes) -> AsyncIterator[tuple[str, list[int]]]:
    """Answers the first request with these bytes and hangs up, every other as it should."""
    asked: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
        )
        await reader.readexactly(length)
        asked.append(length)
        writer.write(first if len(asked) == 1 else HEAD + b"Connection: close\r\n" + LENGTH + GOOD)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=2**20)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", asked
    finally:
        server.close()
        await server.wait_closed()


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_response_is_asked_again_and_counts_where_it_may_have_been_served(tmp_path: Path, kind: str) -> None:
    async def scene() -> None:
        async with (
            raw_server(BROKEN[kind]) as (base, asked),
            chat_with(tmp_path, base, give_up_s=20.0, budget=1.0) as (chat, ledger),
        ):
            try:
                answer = await asyncio.wait_for(chat.ask(REQUEST, CallKey("run", "o", 0)), 15.0)
            except AddressRefused:
                assert kind == "another protocol"
                return
            assert answer.message.content == "有。"
            assert len(asked) == 2
            assert ledger.spent()[0] > (answer.record.cost_cny or 0.0)
            assert ledger.spent()[1] == 0.0

    asyncio.run(scene())


@pytest.mark.parametrize("kind", READ)
def test_an_odd_response_that_is_whole_is_read_at_once(tmp_path: Path, kind: str) -> None:
    async def scene() -> None:
        async with raw_server(READ[kind]) as (base, asked), chat_with(tmp_path, base, give_up_s=20.0) as (chat, _):
            answer = await asyncio.wait_for(chat.ask(REQUEST, CallKey("run", "o", 0)), 15.0)
            assert (answer.message.content, len(asked)) == ("有。", 1)

    asyncio.run(scene())
