"""One paced door to AMap's web service: a queue, one dispatcher, signatures, retries by infocode, kept answers.

The dispatcher takes the oldest order's request, looks whether the month still has room for it, waits for its tenth of a second
(asyncio-throttle) and then leases the send from the run's limiter (pool ``map``: queries a second, refusals, giving up), so that
no slot is held while anything is waited for. It alone waits: asyncio-throttle wakes every waiter at each poll, so a thousand
waiting tasks would cost most of a core, one costs nothing. Equal requests under way are shared, at the first asker's turn.
"""

from __future__ import annotations

import asyncio
import itertools
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiohttp
from asyncio_throttle import Throttler
from yarl import URL

from factory.errors import AddressRefused, ChidianError, OrderFailed, QuotaExhausted, RetryLater
from factory.maps.amap.bodies import nothing_found, read_body
from factory.maps.amap.infocodes import Action, look_up, to_error
from factory.maps.amap.signature import sign
from factory.maps.kept import KeptAnswer, KeptAnswers, request_key
from factory.sending.limits import Lease, Limiter, PoolLimits
from factory.sending.network import Received, connection_error, open_session, receive, redirected
from factory.sending.recording import Recorder
from factory.sending.retries import Patience
from factory.sending.waits import seconds_to_wait
from factory.shown_text import print_line
from factory.wire_text import snippet

_PATHS = {
    "geocode": "/v3/geocode/geo",
    "regeo": "/v3/geocode/regeo",
    "v3/around": "/v3/place/around",
    "v3/text": "/v3/place/text",
    "v3/detail": "/v3/place/detail",
    "v5/around": "/v5/place/around",
    "v5/text": "/v5/place/text",
    "v5/detail": "/v5/place/detail",
}
POOL = "map"
BASIC, SEARCH = "basic", "search"
"""The service's two quotas."""
SMOOTHING_S = 0.1
"""The pace is kept per tenth of a second where the rate allows, so that a second's quota is not sent in one instant."""
POLL_S = 0.002
"""asyncio-throttle polls; its own 10 ms lose 6 % of the quota (bench/limits.py), and only the dispatcher ever waits."""
ATTEMPTS = 5
"""Failures of the server after which one request is given up, though others are answered, when they last as long as GIVE_UP_S."""


@dataclass(frozen=True, slots=True)
class AmapAccount:
    """How to reach the service and what it allows; ``month`` caps searches a calendar month."""

    base_url: str
    key: str
    secret: str | None
    qps: float
    month: int | None
    give_up_s: float = 100.0
    request_timeout_s: float = 10.0
    in_flight: int = 32
    is_ours: bool = False
    """a server of our own on loopback: no proxy stands between"""

    @property
    def limits(self) -> PoolLimits:
        """Its pool in the run's limiter."""
        return PoolLimits(qps=self.qps, max_in_flight=self.in_flight, start_in_flight=16, give_up_s=self.give_up_s)


@dataclass(slots=True)
class _Request:
    endpoint: str
    parameters: dict[str, str]
    future: asyncio.Future[bytes]

    def fail(self, error: Exception) -> None:
        """Tell the caller, if it still waits."""
        if not self.future.done():
            self.future.set_exception(error)


_LONG_KEY = 8
"""Bytes from which a key is looked for anywhere; AMap's have 32."""


class AmapWire:
    """Raw answers of the service, each distinct request asked once."""

    recorder: Recorder | None = None
    """writes each exchange down, when somebody asks for that"""

    def __init__(self, account: AmapAccount, kept: KeptAnswers, service: str, limiter: Limiter) -> None:
        self._account = account
        self._kept = kept
        self._service = service
        self._limiter = limiter
        self._told_unreadable = False
        self._sent: Counter[str] = Counter()
        self._under_way: dict[str, asyncio.Task[KeptAnswer]] = {}
        self._queue: asyncio.PriorityQueue[tuple[int, int, _Request]] = asyncio.PriorityQueue()
        self._turns = itertools.count()
        most = max(1, int(account.qps * SMOOTHING_S))
        self._throttle = Throttler(most, most / account.qps, retry_interval=POLL_S)
        self._session: aiohttp.ClientSession | None = None
        self._dispatcher: asyncio.Task[None] | None = None
        self._sending: set[asyncio.Task[None]] = set()

    async def get(
        self, endpoint: str, parameters: Mapping[str, str], *, priority: int = 0
    ) -> tuple[dict[str, Any], KeptAnswer]:
        """The parsed answer and its raw form. An empty answer (no such address) is ``{}``. A lower ``priority`` goes first."""
        key = request_key(self._service, endpoint, parameters)
        kept = self._kept.get(key)
        body = read_body(kept.raw) if kept is not None else None
        if kept is not None and body is None:
            self._forget_unreadable(key)
        if kept is None or body is None:
            task = self._under_way.get(key)
            if task is None:
                task = self._under_way[key] = asyncio.create_task(
                    self._fetch(key, endpoint, dict(parameters), priority)
                )
                task.add_done_callback(lambda done: self._ended(key, done))
            kept = await asyncio.shield(task)
            body = read_body(kept.raw)
        return (body.values if body is not None and body.succeeded else {}), kept

    def forget(self, endpoint: str, parameters: Mapping[str, str]) -> None:
        """Have this request asked again when it is next needed: its answer led nowhere."""
        self._kept.drop(request_key(self._service, endpoint, parameters))

    def _forget_unreadable(self, key: str) -> None:
        """A kept answer that was damaged is asked for again; that is told once."""
        self._kept.drop(key)
        if not self._told_unreadable:
            self._told_unreadable = True
            print_line("A kept answer of the map cannot be read: it is asked for again, as will be others.")

    def _ended(self, key: str, task: asyncio.Task[KeptAnswer]) -> None:
        """Its error is told by those who wait for it; when they were interrupted, there is nobody left to tell."""
        self._under_way.pop(key, None)
        if not task.cancelled():
            task.exception()

    def requests(self) -> dict[str, int]:
        """Requests sent by this process, by endpoint; retries count."""
        return dict(self._sent)

    async def _fetch(self, key: str, endpoint: str, parameters: dict[str, str], priority: int) -> KeptAnswer:
        patience = Patience("The map", ATTEMPTS, self._account.give_up_s)
        while True:
            try:
                raw = await self._dispatch(endpoint, parameters, priority)
            except RetryLater as error:
                await asyncio.sleep(patience.wait_s(error))
            else:
                return self._kept.put(key, self._service, raw)

    async def _dispatch(self, endpoint: str, parameters: dict[str, str], priority: int) -> bytes:
        if self._dispatcher is None:
            self._dispatcher = asyncio.create_task(self._run_dispatcher(), name="amap-dispatcher")
        future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        await self._queue.put((priority, next(self._turns), _Request(endpoint, parameters, future)))
        return await future

    async def _run_dispatcher(self) -> None:
        while True:
            priority, _, request = await self._queue.get()
            try:
                lease = await self._slot(request.endpoint, priority)
            except ChidianError as error:  # the month is used up, the service is given up, or the disk is full
                request.fail(error)
                continue
            task = asyncio.create_task(self._serve(request, lease))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _slot(self, endpoint: str, priority: int) -> Lease:
        """A slot for one send, which is counted with it: nothing is asked for past the month's quota."""
        group = _group(endpoint)
        month = self._account.month if group == SEARCH else None
        if month is not None and self.used_this_month() >= month:
            raise QuotaExhausted(
                f"This month's {month} map searches are used up: wait for the next month, or raise AMAP_MONTH if you bought more."
            )
        await self._throttle.acquire()
        lease = await self._limiter.lease(POOL, priority=priority)
        try:
            self._kept.count(self._service, group)
        except ChidianError:
            lease.release(answered=False)
            raise
        self._sent[endpoint] += 1
        return lease

    def used_this_month(self) -> int:
        """Searches that were sent this calendar month from this DATA."""
        return self._kept.spent(self._service, SEARCH)

    async def _serve(self, request: _Request, lease: Lease) -> None:
        try:
            raw = await self._attempt(request, lease)
        except Exception as error:  # noqa: BLE001 - handed to the caller who waits for it
            request.fail(error)
        else:
            if not request.future.done():
                request.future.set_result(raw)
        finally:
            lease.release()

    async def _attempt(self, request: _Request, lease: Lease) -> bytes:
        try:
            return await self._send(request.endpoint, request.parameters)
        except RetryLater as error:
            await lease.refused(error.kind, error.retry_after_s, str(error))
            raise

    async def _send(self, endpoint: str, parameters: dict[str, str]) -> bytes:
        signed = {**parameters, "key": self._account.key}
        if self._account.secret:
            signed["sig"] = sign(signed, self._account.secret)
        raw = await self._get(self._account.base_url.rstrip("/") + _PATHS[endpoint], parameters, signed)
        body = read_body(raw)
        if body is None:
            raise RetryLater(f"The map's answer is none of AMap's: {self._shown(raw)}.", kind="server")
        if body.succeeded:
            return self._clean(raw)
        problem = to_error(body.infocode, endpoint, body.info)
        if problem is not None:
            raise problem
        if look_up(body.infocode, endpoint).action is Action.EMPTY:
            return nothing_found(body.infocode)
        raise OrderFailed(
            f"The map answered status 0 with code {body.infocode or 'none'} at {endpoint}.", reason="map_refused"
        )

    async def _get(self, url: str, shown: Mapping[str, str], parameters: dict[str, str]) -> bytes:
        account = self._account
        if self._session is None:
            self._session = open_session(
                account.base_url,
                connections=account.in_flight,
                timeout=aiohttp.ClientTimeout(total=account.request_timeout_s),
                is_ours=account.is_ours,
            )
            # A GET on a kept connection that drops would be sent again behind our back: past the pace and the count.
            self._session._retry_connection = False  # noqa: SLF001 - aiohttp has no public switch for it
        try:
            async with self._session.get(url, params=parameters, allow_redirects=False) as response:
                received = await receive(response, "The map")
        except (TimeoutError, aiohttp.ClientError, ValueError) as error:
            # The cause is left out: its text holds the URL, and the URL holds the key.
            raise connection_error(error, "The map", account.request_timeout_s, "AMAP_BASE_URL") from None
        if self.recorder is not None:
            self.recorder.add("map", URL(url).path, dict(shown), received)
        if received.status != 200:
            raise self._refused(received)
        return received.raw

    def _refused(self, received: Received) -> ChidianError:
        """What a status that is not 200 means: AMap itself answers everything with 200."""
        status = received.status
        sentence = f"The map answered HTTP {status}" + (
            f" ({self._shown(received.raw)})" if received.raw.strip() else ""
        )
        if 300 <= status < 400:
            return redirected("The map", received, self._account.base_url, "AMAP_BASE_URL")
        if status in {401, 403, 404, 405, 406, 407, 410, 421}:
            return AddressRefused(f"{sentence}: no map is served at this address. Check AMAP_BASE_URL (and the proxy).")
        wish = seconds_to_wait(received.retry_after, datetime.now(UTC))
        if status == 429:
            return RetryLater(f"{sentence}.", kind="rate", retry_after_s=wish)
        if 400 <= status < 500 and status not in {408, 409, 425}:
            return OrderFailed(f"{sentence}: this request cannot succeed.", reason="map_refused")
        return RetryLater(f"{sentence}.", kind="server", retry_after_s=wish)

    def _shown(self, raw: bytes) -> str:
        return snippet(self._clean(raw))

    def _clean(self, raw: bytes) -> bytes:
        """Answers may echo the key; what is kept does not. A short one is no part of other words (opentime_week holds a k)."""
        key = self._account.key.encode()
        if not key or key not in raw:
            return raw
        if len(key) >= _LONG_KEY:
            return raw.replace(key, b"***")
        return re.sub(rb"(?<![0-9A-Za-z])" + re.escape(key) + rb"(?![0-9A-Za-z])", b"***", raw)

    async def aclose(self) -> None:
        """Stop the dispatcher and close the connections."""
        tasks = [task for task in (self._dispatcher, *self._sending, *self._under_way.values()) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()


def _group(endpoint: str) -> str:
    """The quota that an endpoint counts against."""
    return BASIC if endpoint in {"geocode", "regeo"} else SEARCH
