"""The way out, shared by every door: proxies and authorities from the environment, bodies with a cap, no redirects, errors as ours.

A redirect would carry prompts, keys and signatures to a host that nobody named, and its answer back as the provider's; so none is
followed, and where it leads is said.
"""

from __future__ import annotations

import asyncio
import os
import re
import ssl
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from urllib.request import getproxies, proxy_bypass

import aiohttp
from yarl import URL

from factory.errors import AddressRefused, ChidianError, RetryLater
from factory.sending.addresses import checked_url
from factory.wire_text import quoted

MOST_BYTES = 32 * 2**20
"""Of one body, decompressed: ten times the longest answer; a server that sends more is broken or means harm."""
_GZIP = b"\x1f\x8b"
_END_OF_STREAM = re.compile(rb"(?:^|[\r\n])data: ?\[DONE\]\s*\Z")
_TAIL = 64
LATE_END_S = 0.25
"""How long a stream's connection may take to end after its last event."""
ENCODINGS = "gzip, deflate"
_CA_BUNDLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


@dataclass(frozen=True, slots=True)
class Received:
    """One response, whole. ``location``: where a redirect leads."""

    status: int
    raw: bytes
    retry_after: str | None
    location: str


def proxy_for(url: str, environ: Mapping[str, str] | None = None) -> str | None:
    """The proxy that the environment names for a URL, read once: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY in either case."""
    target = URL(url)
    if target.host is None or proxy_bypass(target.host if target.is_default_port() else f"{target.host}:{target.port}"):
        return None
    proxies = getproxies() if environ is None else environ
    proxy = proxies.get(target.scheme) or proxies.get("all")
    return checked_url("HTTP_PROXY", proxy if proxy is None or "://" in proxy else f"http://{proxy}")


@cache
def _authorities() -> ssl.SSLContext:
    """The system's, and those that the environment names as any other client reads it."""
    context = ssl.create_default_context()
    for name in _CA_BUNDLES:
        if (path := os.environ.get(name)) and os.path.isfile(path):  # noqa: PTH113 - a path from outside
            context.load_verify_locations(path)
    return context


def open_session(
    url: str,
    *,
    connections: int,
    timeout: aiohttp.ClientTimeout,
    headers: Mapping[str, str] | None = None,
    is_ours: bool = False,
    middlewares: Sequence[aiohttp.ClientMiddlewareType] = (),
) -> aiohttp.ClientSession:
    """A session for one service. ``is_ours``: a server that we started ourselves, to which no proxy leads."""
    secure = url.startswith("https")
    proxy = None if is_ours else proxy_for(url)
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections, ssl=_authorities() if secure else True),
        timeout=timeout,
        headers={"Accept-Encoding": ENCODINGS, **(headers or {})},
        proxy=proxy,
        cookie_jar=aiohttp.DummyCookieJar(),
        middlewares=middlewares,
    )


async def receive(response: aiohttp.ClientResponse, name: str) -> Received:
    """The whole response. Raises RetryLater, billed where it was a good one, when it is larger than any answer."""
    headers = response.headers
    plain = "Content-Encoding" not in headers and (response.content_length or MOST_BYTES + 1) <= MOST_BYTES
    raw = await response.read() if plain else await _capped(response, name)
    if raw[:2] == _GZIP:  # under another name of it, or none
        raw = _unpacked(raw)
    if response.status == 200:
        return Received(200, raw, None, "")
    return Received(response.status, raw, headers.get("Retry-After"), headers.get("Location", ""))


def _unpacked(raw: bytes) -> bytes:
    try:
        return zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(raw, MOST_BYTES)
    except zlib.error:
        return raw


async def _capped(response: aiohttp.ClientResponse, name: str) -> bytes:
    """A body whose size nobody knows before."""
    body = bytearray()
    stream = response.content
    while not stream.at_eof():
        body += await stream.readany()
        if len(body) > MOST_BYTES:
            response.close()
            raise RetryLater(
                f"{name} sent more than {MOST_BYTES >> 20} MB in one answer.",
                kind="server",
                billed=200 <= response.status < 300,
            )
        if _END_OF_STREAM.search(body, max(0, len(body) - _TAIL)) and not stream.at_eof():
            await _end(response)
            break
    return bytes(body)


async def _end(response: aiohttp.ClientResponse) -> None:
    """The stream said that it is done: whoever leaves it open is not waited for, a connection that ends is used again."""
    try:
        async with asyncio.timeout(LATE_END_S):
            await response.content.readany()
    except TimeoutError:
        response.close()


def redirected(name: str, received: Received, base_url: str, setting: str) -> AddressRefused:
    """The error of a redirect, which is not followed."""
    try:
        target = URL(base_url).join(URL(received.location))
        where = f"{target.scheme}://{target.host}{f':{target.explicit_port}' if target.explicit_port else ''}"
    except ValueError:
        where = quoted(received.location, 80)
    return AddressRefused(
        f"{name} answered {received.status}: it redirects to {quoted(where, 80) or 'nowhere'}, which is not followed, since "
        f"the key would go along. Set {setting} to the address that you trust."
    )


def connection_error(error: Exception, name: str, timeout_s: float, setting: str) -> ChidianError:
    """What a broken exchange means. What may have been served counts as billed.

    The cause's text may hold a key, so that only its kind is told.
    """
    kind = type(error).__name__
    if isinstance(
        error, (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError, aiohttp.ClientSSLError)
    ):
        return AddressRefused(
            f"{name} has a certificate that is not trusted, or speaks no TLS ({kind}): check {setting} (http or https?), or give "
            "the authority that signed it as SSL_CERT_FILE."
        )
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return _proxy_error(error, name)
    if isinstance(error, aiohttp.ClientProxyConnectionError):
        return RetryLater(f"The proxy before {name} cannot be reached (HTTP_PROXY, HTTPS_PROXY).", kind="network")
    if isinstance(error, (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)):
        return RetryLater(f"{name} cannot be reached ({kind}).", kind="network")
    if isinstance(error, (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError)):
        return AddressRefused(f"{name} has no address that can be asked: check {setting}.")
    if isinstance(error, TimeoutError):
        return RetryLater(f"{name} did not answer within {timeout_s:.3g} s.", kind="timeout", billed=True)
    if isinstance(error, aiohttp.ClientResponseError) and "Expected HTTP/" in error.message:
        return RetryLater(
            f"{name} answered in something that is no HTTP: check {setting} (http or https?).",
            kind="network",
            billed=True,
        )
    return RetryLater(f"{name} broke off ({kind}).", kind="network", billed=True)


def _proxy_error(error: aiohttp.ClientHttpProxyError, name: str) -> ChidianError:
    if error.status in {401, 403, 407}:
        return AddressRefused(
            f"The proxy before {name} refuses ({error.status}): check HTTP_PROXY, HTTPS_PROXY and NO_PROXY."
        )
    return RetryLater(f"The proxy before {name} answered {error.status}.", kind="network")
