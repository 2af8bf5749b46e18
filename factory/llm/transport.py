"""The direct client for endpoints that speak OpenAI's format: aiohttp and orjson, no SDK between.

The ask-loop is paid_chat.py's; here one body is sent and one response received, or refused.
"""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
from yarl import URL

from factory.errors import AddressRefused
from factory.llm.paid_chat import Endpoint, PaidChat
from factory.llm.prices import Price
from factory.llm.refusals import read_refusal
from factory.sending.call_book import CallBook
from factory.sending.limits import Leases
from factory.sending.network import connection_error, open_session, receive, redirected
from factory.sending.recording import Recorder

__all__ = ["DirectChat", "Endpoint", "PaidChat", "Price"]

_PATH = "/chat/completions"


class DirectChat(PaidChat):
    """0.14 ms of CPU a call with the limiter, 0.22 with the ledger (docs/performance.md)."""

    recorder: Recorder | None = None
    """writes each exchange down, when somebody asks for that"""

    def __init__(self, endpoint: Endpoint, limiter: Leases, ledger: CallBook, api_key: str | None) -> None:
        super().__init__(endpoint, limiter, ledger)
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {api_key}"} if api_key else {})
        self._url = chat_url(endpoint.base_url)
        self._session = open_session(
            endpoint.base_url,
            connections=endpoint.connections,
            timeout=aiohttp.ClientTimeout(sock_connect=10.0),
            headers=headers,
            is_ours=endpoint.is_ours,
        )

    async def _send(self, packed: bytes, body: dict[str, Any], timeout_s: float) -> bytes:
        endpoint = self.endpoint
        base_setting = f"{endpoint.setting}_BASE_URL"
        is_answered = False
        try:
            async with (
                asyncio.timeout(timeout_s),
                self._session.post(self._url, data=packed, allow_redirects=False) as response,
            ):
                is_answered = True
                received = await receive(response, endpoint.name)
        except (TimeoutError, aiohttp.ClientError, ValueError) as error:
            # Raised before anything is sent: a header or an address of which no request can be made.
            if isinstance(error, ValueError) and not is_answered and not isinstance(error, aiohttp.ClientError):
                raise AddressRefused(
                    f"No request to {endpoint.name} can be made of its address and its key: check {base_setting} and the key."
                ) from error
            raise connection_error(error, endpoint.name, timeout_s, base_setting) from error
        if self.recorder is not None:
            self.recorder.add("chat", str(self._url.path), body, received)
        if 200 <= received.status < 300:
            return received.raw
        if 300 <= received.status < 400:
            raise redirected(endpoint.name, received, endpoint.base_url, base_setting)
        refusal = read_refusal(received.status, received.raw, received.retry_after)
        raise self._refused(refusal, str(body["model"]))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._session.close()
        await asyncio.sleep(0)


def chat_url(base_url: str) -> URL:
    """Where chat is asked under a base URL; one that was pasted with its path stays, and so does a query (Azure's api-version)."""
    url = URL(base_url)
    path = url.raw_path.rstrip("/")
    return url.with_path(path.removesuffix(_PATH) + _PATH, encoded=True, keep_query=True)
