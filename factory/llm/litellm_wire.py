"""The last step before the socket, for every provider that litellm speaks to: what is sent, what came back, what may be billed.

litellm gives its callers a parsed answer, sends some requests again by itself, and has one name for a broken connection and for
an exception that it does not know. So it only writes requests and reads answers here: a request leaves once, its raw answer goes
past litellm to the caller, and a kept answer is read by handing it to litellm in place of a send.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from typing import Any

import aiohttp
import httpx

_NEVER_LEFT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
"""No connection, so no request. litellm calls these ConnectError, but resets in mid-request, too; hence the cause is asked."""


@dataclass(slots=True)
class Exchange:
    """One request and what came of it. ``canned``: the raw answer to give instead of sending."""

    canned: bytes | None = None
    tried: bool = False
    """litellm wanted to send"""
    left: bool = False
    """the request may have reached the provider"""
    status: int | None = None
    """None: no whole answer came"""
    raw: bytes = b""
    retry_after: str | None = None


CURRENT: ContextVar[Exchange | None] = ContextVar("exchange", default=None)
"""The exchange of this task; litellm's coroutine runs in it. None: a send of somebody else's, which is let through."""


class _TakenError(httpx.ReadError):
    """Ends litellm's part of a send; of no kind that makes it send again."""


def install() -> None:
    """Put the step before litellm's socket, once. litellm has no public place for it that all its providers pass."""
    from litellm.llms.custom_httpx.aiohttp_transport import LiteLLMAiohttpTransport  # noqa: PLC0415 - heavy

    send = LiteLLMAiohttpTransport.handle_async_request
    if hasattr(send, "__wrapped__"):
        return

    @wraps(send)
    async def once(self: Any, request: httpx.Request) -> httpx.Response:
        exchange = CURRENT.get()
        if exchange is None:
            found: httpx.Response = await send(self, request)
            return found
        if exchange.canned is not None:
            return httpx.Response(
                200, content=exchange.canned, headers={"Content-Type": "application/json"}, request=request
            )
        if exchange.left:
            raise _TakenError("not sent again behind the pace and the ledger", request=request)
        exchange.tried = exchange.left = True
        try:
            response = await send(self, request)
        except httpx.TransportError as error:
            exchange.left = not isinstance(error.__cause__, _NEVER_LEFT)
            raise
        try:
            exchange.raw = await response.aread()
        finally:
            await response.aclose()
        exchange.retry_after = response.headers.get("Retry-After")
        exchange.status = response.status_code
        raise _TakenError("the answer is taken", request=request)

    LiteLLMAiohttpTransport.handle_async_request = once
