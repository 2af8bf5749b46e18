"""The place index in memory: restaurants around a point in well under a millisecond at a million, and places by name.

Restaurants are sorted by band of latitude, then by longitude: a circle is a few slices, and the exact great-circle distance
decides within them. Right across the 180th meridian and at the poles.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow.parquet as pq

from factory.geo import EARTH_RADIUS_M, distance_m
from factory.maps.open.building import BAND_DEG
from factory.maps.open.names import folded
from factory.maps.open.words import NOT_NAMED_SO, STAND, token
from factory.records import Datum, Poi

_M_PER_DEG = math.pi * EARTH_RADIUS_M / 180.0
SAME_PLACE_M = 500.0
"""Rows of one name within this distance are one place (a station and its stop), farther ones are several."""
_SLACK = 1.0 + 1e-9


@dataclass(frozen=True, slots=True)
class NamedPlace:
    """A place that one may stand at; ``kind`` in the source's words."""

    name: str
    kind: str
    city: str
    lng: float
    lat: float


class OpenIndex:
    """One built index, loaded. All queries are pure."""

    def __init__(self, folder: Path) -> None:
        about: dict[str, Any] = orjson.loads((folder / "index.json").read_bytes())
        self.provider = str(about["provider"])
        self.licence = str(about["licence"])
        self.attribution = str(about["attribution"])
        self.datum: Datum = "GCJ-02" if about["datum"] == "GCJ-02" else "WGS-84"
        self.facts = frozenset(map(str, about["facts"]))
        self.read_at = datetime.fromisoformat(about["read_at"])
        self._rows = pq.read_table(folder / "pois.parquet")
        self._lng = self._rows["lng"].to_numpy()
        self._lat = self._rows["lat"].to_numpy()
        bands = self._rows["band"].to_numpy()
        self._bands, starts = np.unique(bands, return_index=True)
        self._starts = np.append(starts, len(bands))
        cuisines: list[str | None] = self._rows["cuisine"].to_pylist()
        self._words = cuisines
        self.cuisines = Counter(word for word in cuisines if word)
        self._codes = {word: code for code, word in enumerate(self.cuisines)}
        self._cuisine = np.array([self._codes.get(word or "", -1) for word in cuisines], dtype=np.int32)
        ids = self._rows["poi_id"].to_pylist()
        self._tags = [tuple(tags or ()) for tags in self._rows["tags"].to_pylist()]
        self._by_id = {poi_id: row for row, poi_id in enumerate(ids)}
        self._places = pq.read_table(folder / "places.parquet")
        self._by_name = self._names()

    def __len__(self) -> int:
        return len(self._lng)

    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north of all restaurants, in degrees."""
        return (
            float(self._lng.min()),
            float(self._lat.min()),
            float(self._lng.max()),
            float(self._lat.max()),
        )

    def around(
        self, lng: float, lat: float, radius_m: float, cuisine: str | None = None
    ) -> tuple[list[int], list[float]]:
        """Row numbers within ``radius_m`` (inclusive), nearest first, and their distances in metres."""
        hits = [self._in_slice(low, high, lng, lat, radius_m) for low, high in self._slices(lng, lat, radius_m)]
        if not hits:
            return [], []
        rows = np.concatenate([rows for rows, _ in hits])
        metres = np.concatenate([metres for _, metres in hits])
        if cuisine is not None:
            keep = self._cuisine[rows] == self._codes.get(cuisine, -2)
            rows, metres = rows[keep], metres[keep]
        order = np.lexsort((rows, metres))
        return rows[order].tolist(), metres[order].tolist()

    def _slices(self, lng: float, lat: float, radius_m: float) -> list[tuple[int, int]]:
        """Ranges of rows that may lie in the circle: per band, the longitudes that the circle can reach."""
        angle = radius_m / _M_PER_DEG * _SLACK
        first = np.searchsorted(self._bands, math.floor((lat - angle) / BAND_DEG))
        last = np.searchsorted(self._bands, math.floor((lat + angle) / BAND_DEG), side="right")
        if abs(lat) + angle >= 90.0 or angle >= 90.0:
            half = 180.0
        else:
            # The circle's widest meridian difference: sin(half) = sin(angle) / cos(lat).
            half = (
                math.degrees(math.asin(min(1.0, math.sin(math.radians(angle)) / math.cos(math.radians(lat))))) * _SLACK
            )
        west, east = lng - half, lng + half
        spans = [(west, east)]
        if half >= 180.0:
            spans = [(-180.0, 180.0)]
        elif west < -180.0:
            spans = [(-180.0, east), (west + 360.0, 180.0)]
        elif east > 180.0:
            spans = [(west, 180.0), (-180.0, east - 360.0)]
        slices = []
        for band in range(int(first), int(last)):
            start, end = int(self._starts[band]), int(self._starts[band + 1])
            within = self._lng[start:end]
            for low, high in spans:
                slices.append(
                    (
                        start + int(np.searchsorted(within, low)),
                        start + int(np.searchsorted(within, high, side="right")),
                    )
                )
        return [(low, high) for low, high in slices if low < high]

    def _in_slice(
        self, low: int, high: int, lng: float, lat: float, radius_m: float
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        phi = np.radians(self._lat[low:high])
        half_dphi = (phi - math.radians(lat)) / 2
        half_dlambda = np.radians(self._lng[low:high] - lng) / 2
        a = np.sin(half_dphi) ** 2 + math.cos(math.radians(lat)) * np.cos(phi) * np.sin(half_dlambda) ** 2
        metres = 2 * EARTH_RADIUS_M * np.arcsin(np.minimum(1.0, np.sqrt(a)))
        inside = np.flatnonzero(metres <= radius_m)
        return inside + low, metres[inside]

    def poi(self, row: int, metres: float | None = None) -> Poi:
        """One restaurant as a record."""
        fields = {name: self._rows[name][row].as_py() for name in self._rows.column_names if name != "band"}
        return Poi(
            poi_id=fields["poi_id"],
            name=fields["name"],
            address=fields["address"],
            lng=fields["lng"],
            lat=fields["lat"],
            type=fields["type"],
            cuisine=fields["cuisine"],
            cuisine_source=fields["cuisine_source"],
            rating=fields["rating"],
            cost_cny=fields["cost_cny"],
            distance_m=None if metres is None else round(metres),
            open_hours=fields["open_hours"],
            tel=fields["tel"],
            tags=tuple(fields["tags"] or ()),
        )

    def row_of(self, poi_id: str) -> int | None:
        """Row number of an id."""
        return self._by_id.get(poi_id)

    def tag_counts(self) -> Counter[str]:
        """How many restaurants have ``tag=yes``, by tag."""
        return Counter(key for tags in self._tags for key, value in tags if value == "yes")

    def column(self, name: str) -> list[Any]:
        """One column of all restaurants, for counting."""
        values: list[Any] = self._rows[name].to_pylist()
        return values

    def meets(self, row: int, need: str) -> bool:
        """Whether a restaurant is known to meet a need."""
        return (need, "yes") in self._tags[row]

    def has(self, row: int, tag: str) -> bool:
        """Whether a restaurant has a tag at all."""
        return any(key == tag for key, _ in self._tags[row])

    def cuisine_at(self, row: int) -> str | None:
        """The cuisine word of a restaurant."""
        return self._words[row]

    def _names(self) -> dict[str, list[int]]:
        by_name: dict[str, list[int]] = {}
        for row, names in enumerate(self._places["names"].to_pylist()):
            for name in names or ():
                by_name.setdefault(folded(name), []).append(row)
        return by_name

    def find(self, name: str) -> list[NamedPlace]:
        """Every place of that name, whatever its case and width, in file order."""
        return [self._place(row) for row in self._by_name.get(folded(name), ())]

    def _place(self, row: int) -> NamedPlace:
        fields = {name: self._places[name][row].as_py() for name in ("name", "kind", "city", "lng", "lat")}
        return NamedPlace(
            fields["name"],
            fields["kind"],
            fields["city"] or self.city_at(fields["lng"], fields["lat"]),
            fields["lng"],
            fields["lat"],
        )

    def city_at(self, lng: float, lat: float) -> str:
        """The city that most restaurants around give, or an empty text."""
        rows, _ = self.around(lng, lat, 3_000.0)
        cities = Counter(filter(None, (self._rows["city"][row].as_py() for row in rows[:50])))
        return cities.most_common(1)[0][0] if cities else ""

    def places_to_stand(self, most: int, *, within_m: float, least: int, apart_m: float) -> list[NamedPlace]:
        """Named places with at least ``least`` restaurants around, the best kinds first, no two closer than ``apart_m``."""
        kinds = self._places["kind"].to_pylist()
        rank = {kind: STAND.index(token(kind)) for kind in set(kinds) if kind and token(kind) in STAND}
        # Of one kind, what has a name in many languages is what people know.
        fame = [len(names or ()) for names in self._places["names"].to_pylist()]
        rows = sorted((rank[kind], -fame[row], row) for row, kind in enumerate(kinds) if kind in rank)
        chosen: list[NamedPlace] = []
        for *_, row in rows:
            if len(chosen) >= most:
                break
            place = self._place(row)
            spoken = not any(char in place.name for char in "；;=，,\n") and not NOT_NAMED_SO.search(place.name)
            # A station and its stop share a name; what lies farther away makes the name ambiguous.
            usable = spoken and all(
                distance_m(place.lng, place.lat, namesake.lng, namesake.lat) <= SAME_PLACE_M
                for namesake in self.find(place.name)
            )
            lonely = all(distance_m(place.lng, place.lat, taken.lng, taken.lat) >= apart_m for taken in chosen)
            fresh = all(folded(place.name) != folded(taken.name) for taken in chosen)
            if usable and lonely and fresh and len(self.around(place.lng, place.lat, within_m)[0]) >= least:
                chosen.append(place)
        return chosen
