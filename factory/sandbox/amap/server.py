"""The AMap-compatible map server of the sandbox: routes, keys, signatures, rates and quotas over the invented cities.

``add_map_routes`` puts it on an aiohttp application (serve.py); what the endpoints answer stands in amap_server_*.py.
An error is HTTP 200 with an infocode, as the real service does it.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from aiohttp import web

from factory.sandbox.amap.answers import INFOCODES, InfocodeRefusal, Params, answer, as_document, refusal, refusal_v4
from factory.sandbox.amap.asides import Tips, convert, ip, weather
from factory.sandbox.amap.district import district
from factory.sandbox.amap.forms import Age
from factory.sandbox.amap.names import Geocoder
from factory.sandbox.amap.points import PointServices
from factory.sandbox.amap.search import PlaceSearch
from factory.sandbox.amap.ways import bicycling, driving, newer, transit
from factory.sandbox.city.city import World

Answer = Callable[[Params], bytes]


@dataclass(frozen=True, slots=True)
class MapOptions:
    """How strict and how old the map server is.

    ``keys``: those it knows (none named: any that is given). ``secret``: requests must be signed with it. ``qps``:
    requests a second per key and endpoint, 0 for no limit. ``month_*``: requests of a group before ``month_code``.
    ``clamp``: page sizes above 25 are cut instead of refused. ``unknown_empty``: geocode's unknown is an empty list.
    ``age``: the year whose v3 base fields it gives.
    """

    keys: tuple[str, ...] = ()
    secret: str | None = None
    qps: float = 0.0
    month_search: int | None = None
    month_basic: int | None = None
    month_code: str = "10044"
    clamp: bool = False
    unknown_empty: bool = False
    age: Age = "2026"


def read_options(given: Mapping[str, object]) -> MapOptions:
    """Options from JSON. Raises TypeError or ValueError when one is unknown or makes no sense."""
    options = MapOptions(**given)  # type: ignore[arg-type]  # checked by the next lines and by the dataclass
    if options.month_code not in INFOCODES or options.age not in {"2017", "2022", "2026"}:
        raise ValueError("month_code must be an infocode, age one of 2017, 2022, 2026")
    if isinstance(options.keys, str):
        raise TypeError("keys must be a list")
    return options


class AccountGate:
    """Lets a request through or refuses it: key, signature, month, rate. Refused ones count for the month."""

    def __init__(self, options: MapOptions) -> None:
        self._options = options
        self._used: Counter[str] = Counter()
        self._recent: dict[tuple[str, str], deque[float]] = {}

    def admit(self, params: Mapping[str, str], endpoint: str, group: Literal["search", "basic"], now_s: float) -> None:
        """Raises Refused."""
        options = self._options
        key = params.get("key", "")
        if not key or (options.keys and key not in options.keys):
            raise InfocodeRefusal("10001")
        if options.secret is not None and not signed(params, options.secret):
            raise InfocodeRefusal("10007")
        self._used[group] += 1
        most = options.month_search if group == "search" else options.month_basic
        if most is not None and self._used[group] > most:
            raise InfocodeRefusal(options.month_code)
        if options.qps > 0 and not self._in_time(key, endpoint, now_s):
            raise InfocodeRefusal("10021")

    def _in_time(self, key: str, endpoint: str, now_s: float) -> bool:
        """A sliding window of one second; what was refused does not lengthen the wait."""
        recent = self._recent.setdefault((key, endpoint), deque())
        while recent and recent[0] <= now_s - 1.0:
            recent.popleft()
        if len(recent) >= self._options.qps:
            return False
        recent.append(now_s)
        return True


def signed(params: Mapping[str, str], secret: str) -> bool:
    """True when ``sig`` is the MD5 of all other parameters, sorted by name, joined by &, followed by the secret."""
    joined = "&".join(f"{name}={params[name]}" for name in sorted(params) if name != "sig")
    wanted = hashlib.md5((joined + secret).encode()).hexdigest()  # noqa: S324 - the service's own algorithm
    return hmac.compare_digest(wanted.encode(), params.get("sig", "").encode())


@dataclass(frozen=True, slots=True)
class ServedPath:
    """One path, its quota group, and what answers it."""

    path: str
    group: Literal["search", "basic"]
    give: Answer


def endpoints(world: World, options: MapOptions) -> tuple[ServedPath, ...]:
    """Every endpoint of the server."""
    places = PlaceSearch(world, clamp=options.clamp, age=options.age)
    names = Geocoder(world, unknown_empty=options.unknown_empty)
    points = PointServices(world)
    return (
        ServedPath("/v3/place/around", "search", lambda params: places.around(params, "v3")),
        ServedPath("/v3/place/text", "search", lambda params: places.text(params, "v3")),
        ServedPath("/v3/place/detail", "search", lambda params: places.detail(params, "v3")),
        ServedPath("/v5/place/around", "search", lambda params: places.around(params, "v5")),
        ServedPath("/v5/place/text", "search", lambda params: places.text(params, "v5")),
        ServedPath("/v5/place/detail", "search", lambda params: places.detail(params, "v5")),
        ServedPath("/v3/place/polygon", "search", lambda params: places.polygon(params, "v3")),
        ServedPath("/v5/place/polygon", "search", lambda params: places.polygon(params, "v5")),
        ServedPath("/v3/assistant/inputtips", "search", Tips(world).give),
        ServedPath("/v3/geocode/geo", "basic", names.geocode),
        ServedPath("/v3/geocode/regeo", "basic", points.regeo),
        ServedPath("/v3/distance", "basic", points.distance),
        ServedPath("/v3/direction/walking", "basic", points.walking),
        ServedPath("/v3/config/district", "basic", district),
        ServedPath("/v3/direction/driving", "basic", driving),
        ServedPath("/v3/direction/transit/integrated", "basic", transit),
        ServedPath("/v5/direction/transit/integrated", "basic", lambda params: transit(params, "city1")),
        ServedPath("/v4/direction/bicycling", "basic", bicycling),
        *(
            ServedPath(f"/v5/direction/{kind}", "basic", newer(kind))
            for kind in ("driving", "walking", "bicycling", "electrobike")
        ),
        ServedPath("/v3/weather/weatherInfo", "basic", weather),
        ServedPath("/v3/ip", "basic", ip),
        ServedPath("/v3/assistant/coordinate/convert", "basic", convert),
    )


_CALLBACK: Final = re.compile(r"[A-Za-z_$][\w$.]{0,127}")
ECHOING: Final = frozenset({"10001", "10007", "10008", "10009"})
"""Refusals that repeat the key they were sent."""


def add_map_routes(app: web.Application, world: World, options: MapOptions) -> None:
    """Mount every endpoint of the map server."""
    gate = AccountGate(options)
    for endpoint in endpoints(world, options):
        app.router.add_get(endpoint.path, _handler(endpoint, gate))


def _handler(endpoint: ServedPath, gate: AccountGate) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        given = request.query
        callback, form = given.get("callback") or None, (given.get("output") or "JSON").upper()
        xml = form == "XML"
        try:
            gate.admit(given, endpoint.path, endpoint.group, asyncio.get_running_loop().time())
            # v5 and v4 know JSON only; what is asked for and cannot be given is refused, never answered otherwise.
            if form not in {"JSON", "XML"} or (xml and not endpoint.path.startswith("/v3/")):
                raise InfocodeRefusal("20000")  # noqa: TRY301 - refused like everything below
            if callback is not None and not _CALLBACK.fullmatch(callback):
                callback = None
                raise InfocodeRefusal("20000")  # noqa: TRY301 - as above
            payload = endpoint.give(Params(given))
            return as_document(payload) if xml else answer(payload, callback)
        except InfocodeRefusal as refused:
            echoed = given.get("key") if refused.infocode in ECHOING else None
            if endpoint.path.startswith("/v4/"):
                return refusal_v4(refused.infocode)
            return refusal(refused.infocode, echo_key=echoed, callback=callback, xml=xml)

    return handle
