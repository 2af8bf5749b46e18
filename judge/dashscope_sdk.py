"""DashScope's own SDK behind the factory's ask-loop: chosen by ``JUDGE=dashscope-sdk/MODEL``; imported only then.

The SDK makes the request. Its answer is taken off the wire before the SDK sees it: the SDK follows redirects with the key, reads
bodies of any size, trips over every form that it does not expect, and sends again by itself after a broken connection, unleased
and uncounted. The session is ours, with the environment's proxies and authorities.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson

from factory.errors import AccountRefused
from factory.llm.refusals import read_refusal
from factory.llm.transport import Endpoint, PaidChat
from factory.sending.ledger import Ledger
from factory.sending.limits import Limiter
from factory.sending.network import Received, connection_error, open_session, receive, redirected
from factory.wire_text import decode, mapping

_OWN = frozenset({"model", "messages", "frequency_penalty", "stream", "stream_options"})
"""Fields that the SDK's call takes by itself, and those that the native form does not know."""


@dataclass
class _PastTheSdk(Exception):
    """What came over the wire, on its way past the SDK."""

    received: Received | None
    error: Exception | None = None


class DashscopeSdkChat(PaidChat):
    """Asks through ``dashscope.AioGeneration`` (native wire format); ``endpoint.base_url`` ends in ``/api/v1``."""

    def __init__(self, endpoint: Endpoint, limiter: Limiter, ledger: Ledger, api_key: str | None) -> None:
        super().__init__(endpoint, limiter, ledger)
        from dashscope import AioGeneration  # noqa: PLC0415 - heavy, and needed by few

        logging.getLogger("dashscope").setLevel(logging.CRITICAL + 1)  # it logs whole answers; our sentences suffice
        if api_key is None:
            raise AccountRefused("The dashscope SDK needs a key: set DASHSCOPE_API_KEY in the environment.")
        self._key = api_key
        self._call: Any = AioGeneration.call  # its type covers streams, too
        self._session = open_session(
            endpoint.base_url,
            connections=endpoint.connections,
            timeout=aiohttp.ClientTimeout(sock_connect=10.0),
            is_ours=endpoint.is_ours,
            middlewares=(self._take,),
        )

    async def _take(self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        """Read the response, whichever it is, and hand it past the SDK."""
        try:
            received = await receive(await handler(request), self.endpoint.name)
        except Exception as error:
            raise _PastTheSdk(None, error) from error
        raise _PastTheSdk(received)

    async def _send(self, packed: bytes, body: dict[str, Any], timeout_s: float) -> bytes:  # noqa: ARG002 - the SDK packs by itself
        endpoint, base_setting = self.endpoint, f"{self.endpoint.setting}_BASE_URL"
        try:
            async with asyncio.timeout(timeout_s):
                received = await self._received(body, timeout_s)
        except (TimeoutError, aiohttp.ClientError, ValueError) as error:
            raise connection_error(error, endpoint.name, timeout_s, base_setting) from error
        if 300 <= received.status < 400:
            raise redirected(endpoint.name, received, endpoint.base_url, base_setting)
        if not 200 <= received.status < 300:
            raise self._refused(read_refusal(received.status, received.raw, received.retry_after), str(body["model"]))
        return openai_form(str(body["model"]), received.raw)

    async def _received(self, body: dict[str, Any], timeout_s: float) -> Received:
        try:
            await self._call(
                model=body["model"],
                messages=body["messages"],
                result_format="message",
                api_key=self._key,
                base_address=self.endpoint.base_url,
                request_timeout=timeout_s,
                session=self._session,
                **{name: value for name, value in body.items() if name not in _OWN},
            )
        except _PastTheSdk as answer:
            if answer.received is None:
                raise answer.error or answer from None
            return answer.received
        raise aiohttp.ClientPayloadError("the SDK answered by itself")

    async def aclose(self) -> None:
        """Close the connections."""
        await self._session.close()


def openai_form(model: str, raw: bytes) -> bytes:
    """The native answer, nothing lost, in the form that is kept and parsed; what has no such form stays as it came."""
    native = mapping(decode(raw))
    output, usage = mapping(native.get("output")), mapping(native.get("usage"))
    if not output:
        return raw
    tokens = {"prompt_tokens": usage.get("input_tokens"), "completion_tokens": usage.get("output_tokens")}
    plain = [{"message": {"content": output.get("text")}, "finish_reason": output.get("finish_reason")}]
    kept = {
        "id": native.get("request_id"),
        "model": model,
        "choices": output.get("choices") or (plain if output.get("text") else []),
        "usage": usage | tokens if usage else None,
    }
    try:
        return orjson.dumps(kept)
    except TypeError:  # deeper than orjson writes
        return raw
