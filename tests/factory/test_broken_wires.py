"""Responses that break below JSON: the call is asked again and answered, and counts where it may have been served."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
import pytest

from factory.errors import AddressRefused, OrderFailed, ProviderDown
from factory.llm.chat import CallKey, ChatRequest
from factory.llm.transport import chat_url
from factory.records import Message
from factory.sending.network import _END_OF_STREAM
from factory.sending.slots import PROBES
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


def _events(*, end: bytes) -> bytes:
    event = orjson.dumps({"choices": [{"delta": {"content": "有。"}, "finish_reason": "stop"}]})
    return b"data: " + event + b"\n\n" + end


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def served_by(serve: Serve) -> AsyncIterator[str]:
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    finally:
        server.close()


@pytest.mark.parametrize(("end", "is_awaited"), [(b"data: [DONE]\n\n", False), (b"data:[DONE]", False), (b"", True)])
def test_a_stream_that_says_it_is_done_is_not_waited_for_though_its_connection_stays_open(
    tmp_path: Path, end: bytes, *, is_awaited: bool
) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = _events(end=end)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        writer.write(b"%x\r\n" % len(body) + body + b"\r\n")
        await writer.drain()
        await reader.read(2**20)
        await reader.read()  # until the client hangs up
        writer.close()

    async def scene() -> None:
        async with served_by(serve) as base, chat_with(tmp_path, base, give_up_s=2.0) as (chat, _):
            asked = asyncio.wait_for(chat.ask(REQUEST, CallKey("run", "o", 0)), 15.0)
            if is_awaited:
                with pytest.raises((ProviderDown, OrderFailed)):
                    await asked
            else:
                answer = await asked
                assert (answer.message.content, answer.record.refusals) == ("有。", 0)

    asyncio.run(scene())


def test_a_text_about_the_end_of_streams_ends_none() -> None:
    for body, ends in (
        (b'data: {"a":"data: [DONE]"}\n\n', False),
        (b'data: {"a":1}\r\n\r\ndata: [DONE]\r\n\r\n', True),
    ):
        assert bool(_END_OF_STREAM.search(body)) is ends


def test_what_is_no_http_is_called_so(tmp_path: Path) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"\x15\x03\x01\x00\x02\x02\x16")  # what a TLS server says to whoever speaks HTTP
        writer.close()

    async def scene() -> None:
        async with served_by(serve) as base, chat_with(tmp_path, base, give_up_s=1.0) as (chat, _):
            with pytest.raises((ProviderDown, OrderFailed), match=r"no HTTP: check TEACHER_BASE_URL .http or https"):
                await chat.ask(REQUEST, CallKey("run", "o", 0))

    asyncio.run(scene())


def test_a_service_that_breaks_off_whatever_it_is_asked_takes_a_small_part_of_the_budget(tmp_path: Path) -> None:
    """Each call that breaks off counts as spent, so that it is probed: 5 s of it would otherwise take hundreds of calls."""
    connections = 0

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        writer.transport.abort()

    async def scene() -> None:
        async with served_by(serve) as base, chat_with(tmp_path, base, give_up_s=5.0, budget=1.0) as (chat, ledger):
            outcomes = await asyncio.gather(
                *(chat.ask(REQUEST, CallKey("run", f"o{number}", 0)) for number in range(64)), return_exceptions=True
            )
            assert all(isinstance(outcome, ProviderDown) for outcome in outcomes), outcomes
            assert ledger.spent()[0] < 0.1

    asyncio.run(scene())
    assert 16 <= connections <= 16 + PROBES + 4


@pytest.mark.parametrize(
    ("base", "asked"),
    [
        ("https://teacher.example/v1", "https://teacher.example/v1/chat/completions"),
        ("https://teacher.example/v1/", "https://teacher.example/v1/chat/completions"),
        ("https://teacher.example", "https://teacher.example/chat/completions"),
        ("https://teacher.example/v1/chat/completions", "https://teacher.example/v1/chat/completions"),
        (
            "https://teacher.example/d/x%20y?api-version=2024-10-21",
            "https://teacher.example/d/x%20y/chat/completions?api-version=2024-10-21",
        ),
    ],
)
def test_where_chat_is_asked(base: str, asked: str) -> None:
    assert str(chat_url(base)) == asked


def test_a_password_in_the_address_beside_a_key_is_said_and_nothing_is_paid(tmp_path: Path) -> None:
    async def scene() -> None:
        address = "http://bob:secret@127.0.0.1:9/v1"
        async with chat_with(tmp_path, address, key="k", budget=1.0) as (chat, ledger):
            with pytest.raises(AddressRefused, match="check TEACHER_BASE_URL and the key") as raised:
                await chat.ask(REQUEST, CallKey("run", "o", 0))
            assert "secret" not in str(raised.value)
            assert ledger.spent() == (0.0, 0.0)

    asyncio.run(scene())
