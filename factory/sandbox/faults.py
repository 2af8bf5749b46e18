"""Fault knobs of the sandbox servers: what may go wrong with a request, how often, and what it looks like on the wire.

Shared by the map and the chat server through one middleware (serve.py installs it); every choice depends only on the
seed, the channel and the number of the request, so that a faulty run can be repeated.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from hashlib import blake2b
from typing import Any, Final, Literal

import orjson
from aiohttp import web

from factory.errors import UsageError
from factory.sandbox.amap.answers import INFOCODES, refusal

Channel = Literal["map", "chat"]
CHANNELS: Final[tuple[Channel, ...]] = ("map", "chat")
SERVER_FAULTS: Final = ("5xx", "500", "502", "503", "504")
KINDS: Final = ("429", "429_retry_after", *SERVER_FAULTS, "hang", "drop", "half_body", "html")
"""Every fault that both channels know; the map also takes each infocode ("10021", ...)."""

CUT_STREAM: Final[web.RequestKey[bool]] = web.RequestKey("cut_stream", bool)
"""Set on a request whose answer shall break off: a streaming handler stops half-way and closes the transport."""

HTML_PAGE: Final = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


@dataclass(frozen=True, slots=True)
class Knobs:
    """One channel's knobs: ``shares`` of requests (0 to 1) per fault; ``always`` is given to each after ``after``."""

    latency_ms: float = 0.0
    latency_spread: float = 0.0
    """0 to 1: latencies are evenly spread from (1 - spread) to (1 + spread) times ``latency_ms``"""
    shares: tuple[tuple[str, float], ...] = ()
    always: str | None = None
    after: int = 0
    retry_after_s: float = 1.0
    hang_s: float = 3600.0


@dataclass(slots=True)
class FaultTally:
    """What was asked and given since the start: requests and answers by endpoint, faults by kind, and free counters."""

    requests: Counter[str] = field(default_factory=Counter)
    served: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)

    def as_json(self) -> bytes:
        """The body of ``GET /_stats``."""
        return orjson.dumps(
            {
                "requests": dict(self.requests),
                "served": dict(self.served),
                "faults": dict(self.faults),
                "counts": dict(self.counts),
            }
        )


TALLY: Final[web.AppKey[FaultTally]] = web.AppKey("tally", FaultTally)
"""Where the servers find the tally: ``request.app[TALLY].counts["output_tokens"] += n``."""


class Faults:
    """Decides, per request, what goes wrong. ``settings`` as in ``read_knobs``; changed at run time by ``set``."""

    def __init__(self, seed: int = 0, settings: Mapping[str, Any] | None = None) -> None:
        self._seed = seed
        self._seen: Counter[str] = Counter()
        self._knobs: dict[Channel, Knobs] = dict.fromkeys(CHANNELS, Knobs())
        self.set(settings or {})

    def set(self, settings: Mapping[str, Any]) -> None:
        """Replace all knobs and count requests from zero. Raises UsageError and changes nothing when one is wrong."""
        self._knobs = read_knobs(settings)
        self._seen.clear()

    def knobs(self, channel: Channel) -> Knobs:
        """The knobs in force."""
        return self._knobs[channel]

    def latency_s(self, channel: Channel) -> float:
        """How long the next request waits for its answer."""
        knobs = self._knobs[channel]
        if not knobs.latency_spread:
            return knobs.latency_ms / 1000
        aside = 2 * self._dice(f"latency:{channel}", self._seen[channel]) - 1
        return knobs.latency_ms / 1000 * (1 + knobs.latency_spread * aside)

    def next_fault(self, channel: Channel) -> str | None:
        """Count one request and say what goes wrong with it: a fault's name, or None."""
        knobs = self._knobs[channel]
        number = self._seen[channel]
        self._seen[channel] += 1
        if knobs.always is not None and number >= knobs.after:
            return knobs.always
        if not knobs.shares:
            return None
        left = self._dice(channel, number)
        for kind, share in knobs.shares:
            if left < share:
                return kind
            left -= share
        return None

    def _dice(self, what: str, number: int) -> float:
        """From 0 to 1, the same for this seed whenever it is asked."""
        digest = blake2b(f"{self._seed}:{what}:{number}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") / 2**64


def read_knobs(settings: Mapping[str, Any]) -> dict[Channel, Knobs]:
    """Knobs per channel from JSON: ``{"map": {...}, "chat": {...}}``, or one object that holds for both.

    An object may have ``latency_ms``, ``latency_spread``, ``shares`` ({fault: share}), ``always``, ``after``,
    ``retry_after_s``, ``hang_s``. An infocode given for both channels concerns the map alone. Raises UsageError.
    """
    parted = set(settings) <= set(CHANNELS)
    read: dict[Channel, Knobs] = {}
    for channel in CHANNELS:
        given = settings.get(channel, {}) if parted else settings
        if not isinstance(given, Mapping):
            raise UsageError(f"The fault knobs of {channel!r} must be a JSON object.")
        read[channel] = _read_channel(given, channel, strict=parted)
    return read


def _read_channel(given: Mapping[str, Any], channel: Channel, *, strict: bool) -> Knobs:
    unknown = set(given) - {field.name for field in fields(Knobs)}
    if unknown:
        raise UsageError(f"Unknown fault knob {min(unknown)!r}: use latency_ms, shares, always, after, ….")
    try:
        shares = {str(kind): float(share) for kind, share in dict(given.get("shares", {})).items()}
        always = str(given["always"]) if given.get("always") else None
        knobs = Knobs(
            latency_ms=float(given.get("latency_ms", 0.0)),
            latency_spread=float(given.get("latency_spread", 0.0)),
            shares=tuple((kind, share) for kind, share in shares.items() if _concerns(kind, channel, strict=strict)),
            always=always if always and _concerns(always, channel, strict=strict) else None,
            after=int(given.get("after", 0)),
            retry_after_s=float(given.get("retry_after_s", 1.0)),
            hang_s=float(given.get("hang_s", 3600.0)),
        )
    except (TypeError, ValueError) as error:
        raise UsageError(f"A fault knob is not a number: {error}.") from error
    if any(not 0 <= share <= 1 for share in shares.values()) or sum(shares.values()) > 1 + 1e-9:
        raise UsageError("Fault shares must lie between 0 and 1 and add up to at most 1.")
    if not 0 <= knobs.latency_spread <= 1:
        raise UsageError("latency_spread is a share of latency_ms: it must lie between 0 and 1.")
    return knobs


def _concerns(kind: str, channel: Channel, *, strict: bool) -> bool:
    if kind in KINDS or (kind in INFOCODES and channel == "map"):
        return True
    if kind in INFOCODES and not strict:
        return False
    raise UsageError(f"Unknown fault {kind!r} for the {channel} server: use one of {', '.join(KINDS)} or an infocode.")


def fault_middleware(faults: Faults, tally: FaultTally) -> Any:
    """The aiohttp middleware that counts each request and spoils some; paths that begin with ``/_`` are left alone."""

    @web.middleware
    async def spoil(request: web.Request, handler: Any) -> web.StreamResponse:
        if request.path.startswith("/_"):
            return await _typed(handler, request)
        channel: Channel = "chat" if request.path.startswith("/v1/") else "map"
        knobs, latency_s = faults.knobs(channel), faults.latency_s(channel)
        fault = faults.next_fault(channel)
        tally.requests[request.path] += 1
        if latency_s > 0:
            await asyncio.sleep(latency_s)
        if fault is None:
            response = await _typed(handler, request)
            tally.served[request.path] += 1
            return response
        tally.faults[fault] += 1
        return await _spoilt(request, handler, fault=fault, channel=channel, knobs=knobs)

    return spoil


async def _typed(handler: Any, request: web.Request) -> web.StreamResponse:
    try:
        response: web.StreamResponse = await handler(request)
    except ConnectionResetError:  # the client died while it sent: nobody reads this, and nothing is wrong here
        return web.Response(status=400)
    return response


async def _spoilt(
    request: web.Request, handler: Any, *, fault: str, channel: Channel, knobs: Knobs
) -> web.StreamResponse:
    if fault in INFOCODES:
        return refusal(fault)
    if fault.startswith("429"):
        after = {"Retry-After": f"{knobs.retry_after_s:g}"} if fault == "429_retry_after" else {}
        return _http_error(429, channel, after)
    if fault in SERVER_FAULTS:
        return _http_error(500 if fault == "5xx" else int(fault), channel, {})
    if fault == "html":
        return web.Response(status=502 if channel == "chat" else 200, text=HTML_PAGE, content_type="text/html")
    if fault == "hang":
        await asyncio.sleep(knobs.hang_s)
        return _drop(request)
    if fault == "drop":
        return _drop(request)
    request[CUT_STREAM] = True
    response = await _typed(handler, request)
    return await _cut(request, response)


def _http_error(status: int, channel: Channel, headers: Mapping[str, str]) -> web.Response:
    """A plain error answer: OpenAI's form from the chat server, a gateway's short text from the map."""
    if channel == "map":
        return web.Response(status=status, text=f"HTTP {status}", headers=headers)
    limited = status == 429
    error = {
        "message": "Rate limit reached for requests" if limited else "The server had an error",
        "type": "rate_limit_exceeded" if limited else "server_error",
        "param": None,
        "code": "rate_limit_exceeded" if limited else "internal_error",
    }
    body = orjson.dumps({"error": error})
    return web.Response(status=status, body=body, content_type="application/json", headers=headers)


def _drop(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()  # never arrives: the connection is gone


async def _cut(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    """Announce the whole body, send half of it, close. A response that was streamed has cut itself (CUT_STREAM)."""
    body = response.body if isinstance(response, web.Response) else None
    if not isinstance(body, bytes):
        return response
    half = web.StreamResponse(status=response.status, headers={"Content-Type": response.content_type})
    half.content_length = len(body)
    await half.prepare(request)
    await half.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return half
