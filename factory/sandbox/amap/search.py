"""Place search of the sandbox's map server, v3 and v5: by words in a city, around a point, by id.

Called by server.py with a request's parameters; gives the answer's bytes. A page is serialised once and kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final, Literal

import numpy as np

from factory.sandbox.amap.answers import InfocodeRefusal, Json, Params, encode, read_point
from factory.sandbox.amap.forms import EMPTY, Age, v3_poi, v5_poi
from factory.sandbox.city.city import Hits, Query, World
from factory.sandbox.city.tables import City, cities, distances_m, find_city, in_china
from factory.sandbox.city.tiles import hash_number
from factory.sandbox.city.words import kinds

Version = Literal["v3", "v5"]

ROW_CAP: Final = 200
MOST_PER_PAGE: Final = 25
DEFAULT_RADIUS_M, MOST_RADIUS_M = 5_000, 50_000
DEFAULT_CODES: Final = ("05", "07", "12")
WORDS_MOST: Final = 80
V5_DETAILS: Final = 10
SEARCHES_KEPT, PAGES_KEPT = 512, 1024


@dataclass(frozen=True, slots=True)
class Page:
    """One answer to serialise: its rows, their distances (None: a search that has none), the total of the search."""

    version: Version
    ids: tuple[str, ...]
    distances_m: tuple[int, ...] | None
    blocks: frozenset[str]
    total: int


class PlaceSearch:
    """The six place endpoints. ``clamp``: a page size above 25 is cut to 25 instead of refused (20000)."""

    def __init__(self, world: World, *, clamp: bool, age: Age) -> None:
        self._world = world
        self._clamp = clamp
        self._age = age
        self._around = lru_cache(SEARCHES_KEPT)(world.around)
        self._in_city = lru_cache(SEARCHES_KEPT)(world.in_city)
        self._page_bytes = lru_cache(PAGES_KEPT)(self._make_page)

    def around(self, params: Params, version: Version) -> bytes:
        """``/place/around``. Raises Refused."""
        lng, lat = read_point(params.required("location"))
        radius_m = params.whole("radius", DEFAULT_RADIUS_M)
        if not 0 <= radius_m <= MOST_RADIUS_M:
            radius_m = DEFAULT_RADIUS_M
        query = self._query(params, version)
        city = self._city(params, version)
        if city is not None and not self._holds(city, lng, lat):
            return self._page(Hits((), ()), params, version, with_distance=True)
        hits = self._around(lng, lat, float(radius_m), query)
        return self._page(hits, params, version, with_distance=True)

    def polygon(self, params: Params, version: Version) -> bytes:
        """``/place/polygon``: corners joined by bars; two are a rectangle's. Raises Refused."""
        corners = [read_point(text) for text in params.required("polygon").split("|") if text]
        if len(corners) == 2:
            (west, north), (east, south) = corners
            corners = [(west, north), (east, north), (east, south), (west, south)]
        if len(corners) < 3:
            raise InfocodeRefusal("20000")
        lngs, lats = [point[0] for point in corners], [point[1] for point in corners]
        middle = ((min(lngs) + max(lngs)) / 2, (min(lats) + max(lats)) / 2)
        reach = float(distances_m(*middle, np.array([max(lngs)]), np.array([max(lats)]))[0])
        if reach > MOST_RADIUS_M:
            raise InfocodeRefusal("20000")
        circle = self._around(*middle, reach + 1.0, self._query(params, version))
        inside = tuple(wanted for wanted in circle.ids if self._within(wanted, corners))
        return self._page(Hits(inside, (0,) * len(inside)), params, version, with_distance=False)

    def _within(self, wanted: str, corners: list[tuple[float, float]]) -> bool:
        poi = self._world.poi(wanted)
        return poi is not None and _inside(poi.lng, poi.lat, corners)

    def text(self, params: Params, version: Version) -> bytes:
        """``/place/text``. Raises Refused."""
        if "keywords" not in params and "types" not in params:
            raise InfocodeRefusal("20001")
        query = self._query(params, version)
        city = self._city(params, version)
        limited = params.get("citylimit" if version == "v3" else "city_limit", "false").lower() == "true"
        hits = self._in_city(city, query) if city else Hits((), ())
        if not (city and limited):
            hits = _joined(hits, self._landmarks_called(query.words))
        if not hits.ids and city is None:
            return self._suggestion(query, version)
        return self._page(hits, params, version, with_distance=False)

    def detail(self, params: Params, version: Version) -> bytes:
        """``/place/detail``: an unknown id gives an empty list. Raises Refused."""
        ids = params.required("id").split("|")
        if len(ids) > (1 if version == "v3" else V5_DETAILS):
            raise InfocodeRefusal("20000")
        existing = tuple(wanted for wanted in ids if self._world.poi(wanted) is not None)
        blocks = _blocks(params, version) if version == "v5" else frozenset({"all"})
        return self._page_bytes(Page(version, existing, None, blocks, len(existing)))

    def _query(self, params: Params, version: Version) -> Query:
        words = params.get("keywords", "")
        if version == "v5" and len(words) > WORDS_MOST:
            raise InfocodeRefusal("20000")
        split = tuple(word for word in words.split("|") if word) if version == "v3" else (words,) if words else ()
        codes = read_types(params["types"]) if "types" in params else ()
        if not codes and not split:
            codes = DEFAULT_CODES
        # The documented remark: with words alone, sorting by distance does not take effect.
        by_weight = params.get("sortrule", "distance") == "weight" or (bool(split) and "types" not in params)
        return Query(codes, split, by_weight)

    def _city(self, params: Params, version: Version) -> City | None:
        word = params.get("city" if version == "v3" else "region")
        return None if word is None else find_city(word)

    def _holds(self, city: City, lng: float, lat: float) -> bool:
        return in_china(lng, lat) and self._world.city_at(lng, lat) is city

    def _landmarks_called(self, words: tuple[str, ...]) -> Hits:
        """Landmarks anywhere that bear a searched name: a city only weighs, unless the search is limited to it."""
        marks = [mark.poi_id for mark in self._world.landmarks() if mark.name in words]
        return Hits(tuple(marks), (0,) * len(marks))

    def _suggestion(self, query: Query, version: Version) -> bytes:
        """A general word without a city: no pois, but the cities that have some."""
        if version == "v5":
            return encode(_ok("0") | {"pois": []}, 1)
        fits = any(word in kind.type or word == kind.word for kind in kinds() for word in query.words)
        rows: list[Json] = [
            {
                "name": city.name,
                "num": str(200 + hash_number(city.name, *query.words, *query.codes) % 1800),
                "citycode": city.citycode,
                "adcode": city.adcode,
            }
            for city in cities()
            if fits or query.codes
        ]
        return encode(_ok("0") | {"suggestion": {"keywords": [], "cities": rows[:10]}, "pois": []}, 2)

    def _page(self, hits: Hits, params: Params, version: Version, *, with_distance: bool) -> bytes:
        size, number = self._size_and_page(params, version)
        start = (number - 1) * size
        stop = min(start + size, ROW_CAP)
        ids = hits.ids[start:stop]
        distances = hits.distances_m[start:stop] if with_distance else None
        return self._page_bytes(Page(version, ids, distances, _blocks(params, version), len(hits)))

    def _size_and_page(self, params: Params, version: Version) -> tuple[int, int]:
        if version == "v3":
            size, number = params.whole("offset", 20), params.whole("page", 1)
        else:
            size, number = params.whole("page_size", 10), params.whole("page_num", 1)
        if size > MOST_PER_PAGE and self._clamp:
            size = MOST_PER_PAGE
        if not 1 <= size <= MOST_PER_PAGE or number < 1:
            raise InfocodeRefusal("20000")
        return size, number

    def _make_page(self, page: Page) -> bytes:
        pois = [poi for poi in map(self._world.poi, page.ids) if poi is not None]
        away = page.distances_m or (None,) * len(pois)
        turn = hash_number(*page.ids) % 7
        if page.version == "v5":
            rows = [v5_poi(poi, distance_m=metres, blocks=page.blocks) for poi, metres in zip(pois, away, strict=True)]
            return encode(_ok(str(len(rows))) | {"pois": rows}, turn)
        rows = [
            v3_poi(poi, distance_m=metres, everything="all" in page.blocks, age=self._age)
            for poi, metres in zip(pois, away, strict=True)
        ]
        return encode(_ok(str(page.total)) | {"suggestion": {"keywords": EMPTY, "cities": EMPTY}, "pois": rows}, turn)


def read_types(text: str) -> tuple[str, ...]:
    """Type codes or exact Chinese type names, joined by bars, as code prefixes. An unknown one matches nothing."""
    codes: list[str] = []
    for part in text.split("|"):
        if part.isdigit() and len(part) == 6:
            codes.append(part[:2] if part.endswith("0000") else part[:4] if part.endswith("00") else part)
        elif part:
            levels = [(kind.type.split(";"), kind.typecode) for kind in kinds()]
            # The position of the name tells the level: class, middle class or small class.
            named = {code[: 2 * (path.index(part) + 1)] for path, code in levels if part in path}
            codes.extend(sorted(named) or ["none"])
    return tuple(codes)


def _inside(lng: float, lat: float, corners: list[tuple[float, float]]) -> bool:
    """Whether a ray to the east crosses the border an odd number of times."""
    odd = False
    for (lng1, lat1), (lng2, lat2) in pairwise([*corners, corners[0]]):
        if (lat1 > lat) != (lat2 > lat) and lng < lng1 + (lat - lat1) / (lat2 - lat1) * (lng2 - lng1):
            odd = not odd
    return odd


def _blocks(params: Params, version: Version) -> frozenset[str]:
    if version == "v3":
        return frozenset({"all"}) if params.get("extensions", "base") == "all" else frozenset()
    return frozenset(params.get("show_fields", "").split(","))


def _joined(first: Hits, second: Hits) -> Hits:
    fresh = [wanted for wanted in second.ids if wanted not in first.ids]
    return Hits((*first.ids, *fresh), (0,) * (len(first) + len(fresh)))


def _ok(count: str) -> Json:
    return {"status": "1", "info": "OK", "infocode": "10000", "count": count}
