"""Which kinds of map there are, by the word before the colon of ``MAP=``: how each is surveyed, limited and opened.

Nobody outside names a map's class: a run surveys its map (which reads open data, and asks nobody), claims its world, and opens
the service. A further kind is one ``MapKind`` in ``MAPS``.
"""

from __future__ import annotations

from pathlib import Path

from factory.errors import UsageError
from factory.maps.amap.opening import AMAP, SANDBOX
from factory.maps.kind import MapAccess, MapKind, Survey
from factory.maps.open.opening import OPEN
from factory.maps.service import MapService
from factory.sending.limits import Limiter, PoolLimits

MAPS: dict[str, MapKind] = {"sandbox": SANDBOX, "amap": AMAP, "open": OPEN}


def survey(name: str, data: Path) -> Survey:
    """What is known of ``MAP=name`` before a service is opened; blocking. Raises UsageError."""
    kind, _, argument = name.partition(":")
    if kind not in MAPS:
        raise UsageError(f"MAP={name} is not known: use sandbox, amap or open:FILE.")
    return MAPS[kind].survey(argument, data)


def pools(surveyed: Survey, access: MapAccess) -> dict[str, PoolLimits]:
    """The limiter's pools that the map's requests pass."""
    return MAPS[surveyed.kind].pools(access)


def open_service(surveyed: Survey, access: MapAccess, limiter: Limiter) -> MapService:
    """The service of a surveyed map."""
    return MAPS[surveyed.kind].open(surveyed, access, limiter)
