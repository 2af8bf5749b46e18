"""Restaurants and named places of an OpenStreetMap extract (.osm.pbf, .osm), read with pyosmium.

Nodes and areas count; a street is kept once per name, for geocoding.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from factory.errors import UsageError
from factory.maps.open.hours import spoken_hours
from factory.maps.open.kitchens import kitchen
from factory.maps.open.names import names_of
from factory.maps.open.rows import OSM, PLACE_COLUMNS, POI_COLUMNS, OpenRows
from factory.maps.open.words import AMENITIES, AMENITIES_WITH_CUISINE, ANCHORS, NEVER_STOOD_AT, TAGS
from factory.maps.plain import plain

LONGEST_WEBSITE = 120
"""Characters of an address that one could still pass on."""
_BY_AMENITY = {"cafe": "咖啡", "fast_food": "快餐", "ice_cream": "甜品"}


def read_osm(path: Path) -> OpenRows:
    """Read a whole extract. Raises UsageError when the reader is not installed or the file is broken."""
    try:
        import osmium  # noqa: PLC0415 - only this provider needs it
    except ImportError as error:
        raise UsageError(
            "Reading OpenStreetMap files needs pyosmium: start with `make synth MAP=open:FILE`, which installs it."
        ) from error
    pois: list[dict[str, Any]] = []
    places: dict[tuple[str, str], dict[str, Any]] = {}
    try:
        for kind, number, lng, lat, tags in _objects(osmium, path):
            poi = poi_row(f"osm-{kind}{number}", lng, lat, tags)
            if poi is not None:
                pois.append(poi)
                continue
            place = place_row(lng, lat, tags)
            if place is not None:
                key = (place["name"], place["kind"]) if place["kind"] == "street" else (f"{kind}{number}", "")
                places.setdefault(key, place)
    except RuntimeError as error:
        raise UsageError(f"{path} cannot be read as OpenStreetMap data ({error}): fetch the extract again.") from error
    return OpenRows(
        pa.Table.from_pylist(pois, POI_COLUMNS), pa.Table.from_pylist(list(places.values()), PLACE_COLUMNS), OSM
    )


def _objects(osmium: Any, path: Path) -> Iterator[tuple[str, int, float, float, dict[str, str]]]:
    """(n, w or r; id; point; tags) of each tagged object with a place in the world."""
    reader = osmium.FileProcessor(str(path)).with_areas().with_filter(osmium.filter.EmptyTagFilter())
    for element in reader:
        tags = {tag.k: words for tag in element.tags if (words := plain(tag.v))}
        if element.is_node():
            yield "n", element.id, element.location.lon, element.location.lat, tags
        elif element.is_area():
            ring = [(node.lon, node.lat) for outer in element.outer_rings() for node in outer if node.location.valid()]
            if ring:
                lng, lat = _middle(ring)
                yield "w" if element.from_way() else "r", element.orig_id(), lng, lat, tags
        elif element.is_way() and "highway" in tags:
            line = [(node.lon, node.lat) for node in element.nodes if node.location.valid()]
            if line:
                yield "w", element.id, *line[len(line) // 2], tags


def _middle(ring: list[tuple[float, float]]) -> tuple[float, float]:
    """The middle of a ring's box: good to a few metres for a house, and never far outside."""
    lngs, lats = [point[0] for point in ring], [point[1] for point in ring]
    return (min(lngs) + max(lngs)) / 2, (min(lats) + max(lats)) / 2


def poi_row(poi_id: str, lng: float, lat: float, tags: Mapping[str, str]) -> dict[str, Any] | None:
    """A restaurant's row, or None when the object is none or has no name."""
    amenity = tags.get("amenity", "")
    names = names_of(tags)
    counts = amenity in AMENITIES or (amenity in AMENITIES_WITH_CUISINE and "cuisine" in tags)
    if not counts or not names or any(key in tags for key in ("disused", "abandoned")):
        return None
    street = " ".join(filter(None, (tags.get("addr:street"), tags.get("addr:housenumber"))))
    categories = [part for part in tags.get("cuisine", "").split(";") if part.strip()]
    cooks = kitchen(categories, names, tags.get("brand"), _BY_AMENITY.get(amenity))
    return {
        "poi_id": poi_id,
        "name": names[0],
        "branch": tags.get("branch"),
        "address": tags.get("addr:full") or (street if tags.get("addr:street") else None),
        "city": tags.get("addr:city"),
        "lng": lng,
        "lat": lat,
        "type": ";".join([amenity, *categories]),
        "cuisine": cooks.word,
        "cuisine_source": cooks.source,
        "open_hours": spoken_hours(tags["opening_hours"]) if "opening_hours" in tags else None,
        "tel": _contact(tags, "phone", "contact:phone", "contact:mobile", "mobile"),
        "tags": [*((key, _yes(key, tags[key])) for key in TAGS if key in tags and key != "website"), *_website(tags)],
        "hours_unread": "opening_hours" in tags and spoken_hours(tags["opening_hours"]) is None,
    }


def _contact(tags: Mapping[str, str], *keys: str) -> str | None:
    return next((tags[key].strip() for key in keys if tags.get(key, "").strip()), None)


def _website(tags: Mapping[str, str]) -> list[tuple[str, str]]:
    address = _contact(tags, "website", "contact:website", "url", "brand:website")
    return [("website", address)] if address and len(address) <= LONGEST_WEBSITE else []


def _yes(key: str, value: str) -> str:
    """``only`` includes ``yes`` for diets and takeaway."""
    return "yes" if value == "only" and (key.startswith("diet:") or key == "takeaway") else value


def place_row(lng: float, lat: float, tags: Mapping[str, str]) -> dict[str, Any] | None:
    """A named place's row, or None."""
    names = names_of(tags)
    if not names:
        return None
    kind = next((tags[key] for key, values in ANCHORS.items() if tags.get(key) in values), None)
    if kind == "place_of_worship" and {"wikidata", "wikipedia", "tourism", "historic"} & set(tags):
        kind = "attraction"  # a church or a temple that people know is a sight
    if kind is None and "highway" in tags and tags["highway"] != "bus_stop":
        kind = "street"
    if kind is None:
        return None
    if any(tags.get(key) in values for key, values in NEVER_STOOD_AT.items()):
        kind = "lodging_or_gym"  # found when it is asked for by name, never stood at
    return {"name": names[0], "names": names, "kind": kind, "city": tags.get("addr:city"), "lng": lng, "lat": lat}
