"""The map-service interface: what the factory asks of AMap, of the sandbox city and of open map data alike.

The agent's tools, the verifier and the warehouse see only this; they know no provider but by name, datum and licence.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from factory.records import Datum, Place, PlaceName, Poi

PAGE_SIZE = 25
"""Rows per page: AMap documents at most 25 (larger values "may cause errors")."""


@dataclass(frozen=True, slots=True)
class PoiPage:
    """One page of restaurants, nearest first.

    ``is_last``: the service has nothing after this page. ``capped``: the listing ended because the service stops at
    its row cap (AMap: 200), so there may be more. ``covered_m``: the listing up to and including this page is complete
    up to this distance from the centre. ``fetched_at``: when the service answered (a kept answer keeps its time).
    ``unreadable``: rows that could not be read, or that the service told of and never gave; a page with one proves nothing
    beyond the row before it.
    """

    pois: tuple[Poi, ...]
    page: int
    is_last: bool
    capped: bool
    covered_m: int
    fetched_at: datetime
    unreadable: int = 0


class Surroundings(Protocol):
    """What an agent needs of a map, wherever that is: restaurants around a place, and how they may be used."""

    provider: str
    """``sandbox``, ``amap``, ``osm``, ``overture``, ``foursquare`` or ``table``."""
    datum: Datum
    licence: str
    attribution: str
    facts: frozenset[str]
    """Which facts it can give at all, of: rating, cost_cny, open_hours, tel, specialities, address, cuisine."""

    async def around(
        self, place: Place, *, radius_m: int, cuisine: str | None, page: int, priority: int = 0
    ) -> PoiPage:
        """Restaurants around a place, nearest first; ``page`` starts at 1; ``cuisine`` in the plan's words or None.

        A lower ``priority`` is served first (the order's index: oldest first).
        """
        ...


class MapService(Surroundings, Protocol):
    """A source of restaurants. Errors are those of ``factory.errors``: NoSuchPlace, RunStopped and its kin."""

    async def locate(self, place: PlaceName) -> Place:
        """Find a named place. Raises NoSuchPlace (unknown_place, ambiguous_place or place_abroad)."""
        ...

    async def detail(self, poi_id: str) -> Poi | None:
        """One restaurant by id, or None when the service does not know it."""
        ...

    def requests(self) -> dict[str, int]:
        """Requests that really reached the service in this process, by endpoint (``geocode``, ``around``, ...)."""
        ...

    def used_this_month(self) -> int:
        """Searches of a month's quota that this DATA has used, before this run too; 0 where there is no quota."""
        ...

    def complete(self) -> None:
        """The run reached its N: delete what the service's terms forbid to keep."""
        ...

    async def aclose(self) -> None:
        """Close sockets and stores."""
        ...
