"""Restaurants and named places of Overture Places and Foursquare OS Places: their published Parquet schemas, by DuckDB.

Coordinates come from ``bbox`` or latitude/longitude columns, so that no spatial extension is needed. Overture's older
``categories`` and newer ``taxonomy`` are both read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import duckdb
import pyarrow as pa

from factory.errors import UsageError
from factory.maps.open.kitchens import kitchen
from factory.maps.open.names import names_of
from factory.maps.open.rows import FOURSQUARE, OVERTURE, PLACE_COLUMNS, POI_COLUMNS, OpenRows, plain_values
from factory.maps.open.words import DRUNK, FOURSQUARE_ROOT, OVERTURE_EATEN, OVERTURE_ROOTS, STAND, token

LEAST_CONFIDENCE = 0.5
"""Overture's own estimate that a place exists; below this every second row is gone or misplaced."""
LONGEST_WEBSITE = 120
_OVERTURE_NEEDS = ("id", "names", "bbox")
_FOURSQUARE_NEEDS = ("fsq_place_id", "name", "latitude", "longitude", "fsq_category_labels")
_BATCH = 50_000
GONE = ("closed", "duplicate", "delete", "doesnt_exist", "inappropriate", "privatevenue")
"""Foursquare's ``unresolved_flags`` that say that nobody can eat there."""


def read_overture(connection: duckdb.DuckDBPyConnection, columns: frozenset[str], what: str) -> OpenRows:
    """``raw`` holds the file. Raises UsageError when columns are missing."""
    if not {"categories", "taxonomy"} & columns:
        _need(("categories",), columns, what, "Overture Places")
    _need(_OVERTURE_NEEDS, columns, what, "Overture Places")
    fields = _fields(connection)
    sure = f"coalesce(confidence, 1) >= {LEAST_CONFIDENCE}" if "confidence" in columns else "true"
    alive = "coalesce(operating_status, 'open') = 'open'" if "operating_status" in columns else "true"
    old = "categories.primary" if "categories" in columns else "null"
    older = "coalesce(categories.alternate, [])" if "categories" in columns else "[]"
    new = "taxonomy.primary" if "taxonomy" in columns else "null"
    newer = "list_concat(list_reverse(coalesce(taxonomy.hierarchy, [])), coalesce(taxonomy.alternates, []))"
    common = "map_entries(names.common)" if "common" in fields["names"] else "null"
    source = connection.sql(f"""
        select 'overture-' || id as poi_id, names.primary as name, {common} as common,
            {_first("addresses", "freeform", columns)} as address, {_first("addresses", "locality", columns)} as city,
            (bbox.xmin + bbox.xmax) / 2 as lng, (bbox.ymin + bbox.ymax) / 2 as lat,
            {"phones[1]" if "phones" in columns else "null"} as tel,
            {"websites[1]" if "websites" in columns else "null"} as website,
            {"brand.names.primary" if "brand" in columns else "null"} as brand,
            list_concat([{new}, {old}], {newer if "taxonomy" in columns else "[]"}, {older}) as categories,
            coalesce({new}, {old}) as kind, {"taxonomy.hierarchy[1]" if "taxonomy" in columns else "null"} as root
        from raw where names.primary is not null and {sure} and {alive}""")
    return OpenRows(*_sorted_out(_rows(source)), OVERTURE)


def read_foursquare(connection: duckdb.DuckDBPyConnection, columns: frozenset[str], what: str) -> OpenRows:
    """``raw`` holds the file. Raises UsageError when columns are missing."""
    _need(_FOURSQUARE_NEEDS, columns, what, "Foursquare OS Places")
    open_ = "date_closed is null" if "date_closed" in columns else "true"
    flags = (
        f"not list_has_any(coalesce(unresolved_flags, []), {list(GONE)})" if "unresolved_flags" in columns else "true"
    )
    address, city, tel, website = (
        name if name in columns else "null" for name in ("address", "locality", "tel", "website")
    )
    source = connection.sql(f"""
        select 'fsq-' || fsq_place_id as poi_id, name, null as common, {address} as address, {city} as city,
            longitude as lng, latitude as lat, {tel} as tel, {website} as website, null as brand,
            list_transform(fsq_category_labels, lambda label: split_part(label, ' > ', -1)) as categories,
            split_part(fsq_category_labels[1], ' > ', -1) as kind, split_part(fsq_category_labels[1], ' > ', 1) as root
        from raw where name is not null and fsq_category_labels is not null and longitude is not null and {open_} and {flags}""")
    return OpenRows(*_sorted_out(_rows(source)), FOURSQUARE)


def _fields(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Columns and their types as DuckDB writes them."""
    return {row[0]: str(row[1]).lower() for row in connection.execute("describe raw").fetchall()}


def _first(column: str, part: str, columns: frozenset[str]) -> str:
    return f"{column}[1].{part}" if column in columns else "null"


def _need(needed: tuple[str, ...], columns: frozenset[str], what: str, schema: str) -> None:
    missing = [name for name in needed if name not in columns]
    if missing:
        raise UsageError(
            f"{what} looks like {schema} but lacks the columns {', '.join(missing)}: fetch the whole schema."
        )


def _rows(source: duckdb.DuckDBPyRelation) -> Iterator[dict[str, Any]]:
    for batch in source.to_arrow_reader(_BATCH):
        yield from map(plain_values, batch.to_pylist())


def _sorted_out(rows: Iterable[dict[str, Any]]) -> tuple[pa.Table, pa.Table]:
    """Restaurants and places to stand at; everything else is left out."""
    pois, places = [], []
    for row in rows:
        names = names_of(
            {"name": row["name"] or "", **{f"name:{key}": name for key, name in _pairs(row["common"]) if name}}
        )
        if not names:
            continue
        kind = token(row["kind"] or "")
        categories = [category for category in row["categories"] if category]
        cooks = kitchen(categories, names, row["brand"])
        dines = (
            row["root"] == FOURSQUARE_ROOT or row["root"] in OVERTURE_ROOTS or OVERTURE_EATEN.search(row["kind"] or "")
        )
        if dines and not (DRUNK.search(kind) and cooks.source != "tag"):
            pois.append(_poi(row, names[0], cooks.word, cooks.source))
        elif not dines and kind in STAND:
            place = {key: row[key] for key in ("city", "lng", "lat")}
            places.append({**place, "name": names[0], "names": names, "kind": kind})
    return pa.Table.from_pylist(pois, POI_COLUMNS), pa.Table.from_pylist(places, PLACE_COLUMNS)


def _pairs(common: Any) -> list[tuple[str, str]]:
    """The entries of Overture's map of language to name, however DuckDB hands them over."""
    entries = common.items() if isinstance(common, dict) else common or ()
    return [(entry["key"], entry["value"]) if isinstance(entry, dict) else (entry[0], entry[1]) for entry in entries]


def _poi(row: dict[str, Any], name: str, cuisine: str | None, source: str | None) -> dict[str, Any]:
    website = row["website"]
    kept = {key: row[key] for key in ("poi_id", "address", "city", "lng", "lat", "tel")}
    return {
        **kept,
        "name": name,
        "type": row["kind"],
        "cuisine": cuisine,
        "cuisine_source": source,
        "tags": [("website", website)] if website and len(website) <= LONGEST_WEBSITE else [],
        "hours_unread": False,
    }
