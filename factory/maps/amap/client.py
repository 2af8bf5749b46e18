"""AMap behind the map interface: locate a place, restaurants around it, details; v3 or v5 place search by setting.

The sandbox city speaks the same wire format, so this is its client too. Searches are canonical (the place's own point,
a common radius, types by cuisine, by distance), so that orders share requests; smaller circles are cut here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Any

from factory.errors import NoSuchPlace, OrderFailed, RunStopped
from factory.geo import destination, distance_m
from factory.maps.amap.namesakes import lies_in
from factory.maps.amap.parsing import odd_rows, part, poi, point, rows, text
from factory.maps.amap.tally import FULL, Given, ListingTally, given, is_read, tally
from factory.maps.amap.wire import AmapAccount, AmapWire
from factory.maps.cuisines import GENERAL, search_terms
from factory.maps.kept import KeptAnswers
from factory.maps.service import PAGE_SIZE, PoiPage
from factory.records import Datum, Place, PlaceName, Poi
from factory.sending.limits import Limiter
from factory.sending.recording import Recorder
from factory.wire_text import quoted

AMAP_FACTS = frozenset({"rating", "cost_cny", "open_hours", "tel", "specialities", "address", "cuisine"})
CANONICAL_RADIUS_M = 2_000
ROW_CAP = 200
"""Rows that one listing gives at most, over all its pages."""
MOST_PAGES = ROW_CAP // PAGE_SIZE
PAGES_HELD = 512
"""Pages held as records: orders at one place ask for the same few, and reading one costs a millisecond."""
LISTINGS_HELD = 512
"""Listings whose pages' numbers of rows are remembered; those of another are read from what is kept."""
_CHINA = (73.0, 136.0, 3.0, 54.0)
"""Longitudes and latitudes between which everything lies that the service knows."""
EMPTY_CHECK_M = 50_000
"""The largest circle that the service searches."""
_VAGUE = frozenset({"国家", "省", "市", "区县", "开发区", "乡镇", "村庄", "未知"})
"""Geocode levels that are areas, not a place to stand at."""
_TYPES_TO_SPLIT = (*(f"0501{n:02d}" for n in range(24)), *(f"050{n}00" for n in range(2, 10)))


class AmapMap:
    """A MapService over AmapWire."""

    datum: Datum = "GCJ-02"
    facts = AMAP_FACTS

    def __init__(
        self,
        account: AmapAccount,
        kept: KeptAnswers,
        *,
        provider: str,
        licence: str,
        attribution: str,
        api: str = "v3",
        limiter: Limiter,
    ) -> None:
        self.provider = provider
        self.licence = licence
        self.attribution = attribution
        self._api = api
        self._kept = kept
        self._wire = AmapWire(account, kept, provider, limiter)
        self._has_restaurants = False
        """Whether the map has shown one since it was opened;"""
        self._empty: list[dict[str, str]] = []
        """what was asked until then, in vain"""
        self._held: dict[tuple[Place, int, str | None, int], PoiPage] = {}
        self._given: dict[tuple[tuple[str, str], ...], dict[int, Given]] = {}

    def record_to(self, recorder: Recorder) -> None:
        """Write each exchange down from here on."""
        self._wire.recorder = recorder

    async def locate(self, place: PlaceName) -> Place:
        """Geocode a name within its city; the answer must lie in that city and be a place, not an area."""
        parameters = {"address": place.name} | ({"city": place.city} if place.city else {})
        try:
            body, _ = await self._wire.get("geocode", parameters)
        except OrderFailed as error:  # this name alone is refused: the others may be found
            raise NoSuchPlace(f"{place.name} ({place.city}): {error}", reason=error.reason) from error
        try:
            return self._place(place, rows(body.get("geocodes")))
        except NoSuchPlace:
            self._wire.forget("geocode", parameters)  # a later command asks again: the map may have learnt it
            raise

    def _place(self, place: PlaceName, geocodes: list[dict[str, Any]]) -> Place:
        """The one row that is the place. Raises NoSuchPlace."""
        if not geocodes:
            raise NoSuchPlace(f"The map does not know {place.name} ({place.city}).")
        inside = [row for row in geocodes if _in_city(row, place.city)]
        if not inside:
            where = (text(geocodes[0].get("province")) or "") + (text(geocodes[0].get("city")) or "")
            raise NoSuchPlace(
                f"{place.name} was found in {quoted(where, 40) or 'another country'}, not in {place.city}.",
                reason="place_abroad",
            )
        exact = [row for row in inside if text(row.get("level")) not in _VAGUE]
        if len({text(row.get("adcode")) for row in exact or inside}) > 1:
            raise NoSuchPlace(
                f"The map knows several places named {place.name}: add the city.", reason="ambiguous_place"
            )
        if not exact:
            level = quoted(text(inside[0].get("level")), 20)
            raise NoSuchPlace(f"{place.name} is an area ({level}), not a place to stand at.", reason="ambiguous_place")
        where_ = point(exact[0].get("location"))
        if where_ is None or not (_CHINA[0] <= where_.lng <= _CHINA[1] and _CHINA[2] <= where_.lat <= _CHINA[3]):
            raise NoSuchPlace(f"The map gives no coordinates for {place.name} ({place.city}).")
        adcode = text(exact[0].get("adcode"))
        return Place(f"{place.city}/{place.name}", place.name, place.city, adcode, where_.lng, where_.lat, self.datum)

    async def around(
        self, place: Place, *, radius_m: int, cuisine: str | None, page: int, priority: int = 0
    ) -> PoiPage:
        """One page of a circle; pages beyond the circle are empty and last. Distances are ours, from coordinates."""
        asked = (place, radius_m, cuisine, page)
        held = self._held.pop(asked, None) or await self._cut(*asked, priority)
        self._held[asked] = held  # the last one asked for stands last, the longest unused one first
        if len(self._held) > PAGES_HELD:
            del self._held[next(iter(self._held))]
        return held

    async def _cut(self, place: Place, radius_m: int, cuisine: str | None, page: int, priority: int) -> PoiPage:
        asked_m = max(radius_m, CANONICAL_RADIUS_M)
        keywords, types = search_terms(cuisine)
        fetched = await self._page(place.lng, place.lat, asked_m, keywords, types, page, priority)
        if not fetched.pois and not self._has_restaurants:
            await self._look_for_any(place, priority)
        metres = [_distance(place, poi) for poi in fetched.pois]
        inside = tuple(
            poi if poi.distance_m == round(far) else replace(poi, distance_m=round(far))
            for poi, far in zip(fetched.pois, metres, strict=True)
            if far <= radius_m
        )
        # Where rows of a short page are still missing, a row beyond the circle does not tell that all within it were shown.
        ordered = fetched.unreadable > 0 or fetched.covered_m >= radius_m
        beyond = ordered and len(inside) < len(fetched.pois)
        whole = beyond or (fetched.is_last and not fetched.capped)
        return PoiPage(
            pois=inside,
            page=page,
            is_last=fetched.is_last or beyond,
            capped=fetched.capped and not beyond,
            covered_m=min(radius_m, fetched.covered_m) if fetched.unreadable or not whole else radius_m,
            fetched_at=fetched.fetched_at,
            unreadable=fetched.unreadable,
        )

    async def _look_for_any(self, place: Place, priority: int) -> None:
        """Before the first "nothing fits" is sold: is there a restaurant anywhere? Raises RunStopped when there is none."""
        fetched = await self._page(place.lng, place.lat, EMPTY_CHECK_M, None, GENERAL, 1, priority)
        if fetched.pois:
            return
        for parameters in self._empty:  # a later command asks again
            self._wire.forget(f"{self._api}/around", parameters)
        if fetched.unreadable:
            raise RunStopped(
                f"None of the {fetched.unreadable} restaurants that the map tells of around {place.name} ({place.city}) can be "
                "read: its answers are damaged or cut short, by a proxy maybe. Check AMAP_BASE_URL. Nothing was sold as unfit; the "
                "same command goes on."
            )
        raise RunStopped(
            f"The map shows no restaurant within {EMPTY_CHECK_M // 1000} km of {place.name} ({place.city}), and has shown none "
            "anywhere: something is wrong with the key's permissions, AMAP_BASE_URL or the place (leave it out of PLACES). "
            "Nothing was sold as unfit; the same command goes on."
        )

    async def whole_circle(self, place: Place, *, radius_m: int, cuisine: str | None) -> tuple[Poi, ...]:
        """All restaurants of a circle, also where the row cap hides some: split by type, then into smaller circles."""
        keywords, types = search_terms(cuisine)
        listed = await self._collect(place.lng, place.lat, radius_m, keywords, types, depth=0)
        inside = {poi.poi_id: poi for poi in listed if _distance(place, poi) <= radius_m}
        return tuple(sorted(inside.values(), key=lambda poi: (_distance(place, poi), poi.poi_id)))

    async def _collect(
        self, lng: float, lat: float, radius_m: int, keywords: str | None, types: str, *, depth: int
    ) -> list[Poi]:
        found: list[Poi] = []
        number = 1
        while True:
            page = await self._page(lng, lat, radius_m, keywords, types, number)
            found.extend(page.pois)
            if not page.is_last:
                number += 1
                continue
            if not page.capped or depth > 4:
                return found
            break
        if types == GENERAL:
            for one in _TYPES_TO_SPLIT:
                found += await self._collect(lng, lat, radius_m, keywords, one, depth=depth + 1)
            return found
        # Seven circles of 0.58 r cover one of r: one at the centre, six on a ring (with 0.5 r they would just touch).
        for ring in range(7):
            centre = (lng, lat) if ring == 0 else destination(lng, lat, 60.0 * ring, radius_m * 0.866)
            found += await self._collect(*centre, round(radius_m * 0.58), keywords, types, depth=depth + 1)
        return found

    async def _page(
        self, lng: float, lat: float, radius_m: int, keywords: str | None, types: str, page: int, priority: int = 0
    ) -> PoiPage:
        query = {
            "location": f"{lng:.6f},{lat:.6f}",
            "radius": str(radius_m),
            "types": types,
            "sortrule": "distance",
        }
        if keywords:
            query["keywords"] = keywords
        parameters = self._paged(query, page)
        body, kept = await self._wire.get(f"{self._api}/around", parameters, priority=priority)
        raw = rows(body.get("pois"))
        read = [poi(row) for row in raw]
        pois = tuple(one for one in read if one is not None)
        odd = odd_rows(body.get("pois"))
        count = len(raw) + odd
        told = await self._tally(query, page, body, priority, is_short=count < PAGE_SIZE)
        # A short page is the last one, unless the service tells of more rows than were read.
        capped = (page - 1) * PAGE_SIZE + count >= ROW_CAP or (page >= MOST_PAGES and told.missing > 0)
        is_last = capped or not count or (count < PAGE_SIZE and not told.missing)
        unreadable = count - len(pois)
        self._note(parameters, found=bool(pois), damaged=unreadable > len(pois))
        if unreadable:
            # Rows come by distance: up to the first that cannot be read the listing is whole. An odd one may stand anywhere.
            before = [] if odd else list(takewhile(lambda one: one is not None, read))
            covered = _farthest(lng, lat, [one for one in before if one], 0.0)
        else:
            covered = radius_m if is_last and not capped else _farthest(lng, lat, pois, float(radius_m))
        if told.missing and told.full < page:
            # So may a missing row on a short page: what was listed is whole up to the last full page before it.
            sound = await self._page(lng, lat, radius_m, keywords, types, told.full, priority) if told.full else None
            covered = min(covered, sound.covered_m if sound else 0)
            unreadable += told.missing if is_last and not capped else 0
        return PoiPage(pois, page, is_last, capped, covered, kept.fetched_at, unreadable)

    def _paged(self, query: dict[str, str], page: int) -> dict[str, str]:
        if self._api == "v5":
            return query | {"page_size": str(PAGE_SIZE), "page_num": str(page), "show_fields": "business"}
        return query | {"offset": str(PAGE_SIZE), "page": str(page), "extensions": "all"}

    async def _tally(
        self, query: dict[str, str], page: int, body: dict[str, Any], priority: int, *, is_short: bool
    ) -> ListingTally:
        """The listing up to this page. Where it may end here, pages before it that nobody remembers are read for it."""
        listing = tuple(query.items())
        known = self._given.pop(listing, {})
        self._given[listing] = known  # as in around: the longest unused one stands first
        if len(self._given) > LISTINGS_HELD:
            del self._given[next(iter(self._given))]
        here = known[page] = given(body)
        before: list[Given] = []
        for number in range(1, page):
            if is_read(before, here):
                break
            if is_short and number not in known:
                earlier, _ = await self._wire.get(f"{self._api}/around", self._paged(query, number), priority=priority)
                known[number] = given(earlier)
            before.append(known.get(number, FULL))
        return tally([*before, here])

    def _note(self, parameters: dict[str, str], *, found: bool, damaged: bool) -> None:
        """Whether there are restaurants at all; a page that is mostly rubbish is asked for again by a later command."""
        if found:
            self._has_restaurants = True
            self._empty.clear()
        elif not self._has_restaurants:
            self._empty.append(parameters)
        if damaged:
            self._wire.forget(f"{self._api}/around", parameters)

    async def detail(self, poi_id: str) -> Poi | None:
        """One restaurant."""
        extra = {"show_fields": "business"} if self._api == "v5" else {}
        body, _ = await self._wire.get(f"{self._api}/detail", {"id": poi_id, **extra})
        found = [one for one in map(poi, rows(body.get("pois"))) if one is not None]
        return found[0] if found else None

    async def text_search(self, keywords: str, city: str) -> tuple[Poi, ...]:
        """Restaurants of a city by keyword, first page; only within the city."""
        if self._api == "v5":
            parameters = {"keywords": keywords, "region": city, "city_limit": "true", "page_size": str(PAGE_SIZE)}
            parameters["show_fields"] = "business"
        else:
            parameters = {
                "keywords": keywords,
                "city": city,
                "citylimit": "true",
                "offset": str(PAGE_SIZE),
                "extensions": "all",
            }
        body, _ = await self._wire.get(f"{self._api}/text", {**parameters, "types": GENERAL})
        return tuple(one for one in map(poi, rows(body.get("pois"))) if one is not None)

    async def address_of(self, lng: float, lat: float) -> str | None:
        """The formatted address of a point, or None at sea and abroad."""
        body, _ = await self._wire.get("regeo", {"location": f"{lng:.6f},{lat:.6f}"})
        return text(part(body.get("regeocode")).get("formatted_address"))

    def requests(self) -> dict[str, int]:
        """Requests that reached the service."""
        return self._wire.requests()

    def used_this_month(self) -> int:
        """Searches that count against the month's quota."""
        return self._wire.used_this_month()

    def complete(self) -> None:
        """A run is complete: what the terms forbid to store is deleted."""
        if self.provider == "amap":
            self._kept.forget(self.provider)

    async def aclose(self) -> None:
        """Close sockets and the store."""
        await self._wire.aclose()
        self._kept.close()


def _in_city(row: dict[str, Any], city: str) -> bool:
    # A village of the same name answers for foreign places: its address holds the name, its province does not.
    province, prefecture, district = (text(row.get(field)) or "" for field in ("province", "city", "district"))
    return lies_in(city, province=province, prefecture=prefecture, district=district)


def _farthest(lng: float, lat: float, pois: Sequence[Poi], default: float) -> int:
    return int(max((distance_m(lng, lat, one.lng, one.lat) for one in pois), default=default))


def _distance(place: Place, one: Poi) -> float:
    return distance_m(place.lng, place.lat, one.lng, one.lat)
