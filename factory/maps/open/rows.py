"""What every reader of open map data gives: restaurants and named places as Arrow tables, and the source's terms.

The readers (osm.py, parquet.py, table.py) end here; building.py turns the tables into an index.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from factory.maps.plain import LOST, MOST_ADDRESS, MOST_FACT, MOST_ID, MOST_NAME, plain
from factory.records import Datum

POI_COLUMNS = pa.schema(
    [
        ("poi_id", pa.string()),
        ("name", pa.string()),
        ("branch", pa.string()),
        ("address", pa.string()),
        ("city", pa.string()),
        ("lng", pa.float64()),
        ("lat", pa.float64()),
        ("type", pa.string()),
        ("cuisine", pa.string()),
        ("cuisine_source", pa.string()),
        ("rating", pa.float64()),
        ("cost_cny", pa.float64()),
        ("open_hours", pa.string()),
        ("tel", pa.string()),
        ("tags", pa.map_(pa.string(), pa.string())),
        ("hours_unread", pa.bool_()),
    ]
)
"""``cuisine_source``: what the cuisine was read from; ``hours_unread``: the source says hours that could not be said rightly."""
PLACE_COLUMNS = pa.schema(
    [
        ("name", pa.string()),
        ("names", pa.list_(pa.string())),
        ("kind", pa.string()),
        ("city", pa.string()),
        ("lng", pa.float64()),
        ("lat", pa.float64()),
    ]
)
"""``names``: every name it goes by, ``name`` among them."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Where rows come from and what may be done with them."""

    provider: str
    licence: str
    attribution: str
    datum: Datum = "WGS-84"


OSM = Terms(
    "osm",
    "ODbL-1.0 (share-alike: a database that you publish from it must be offered under the ODbL too)",
    "© OpenStreetMap contributors",
)
OVERTURE = Terms("overture", "CDLA-Permissive-2.0", "Overture Maps Foundation, overturemaps.org")
FOURSQUARE = Terms("foursquare", "Apache-2.0", "Foursquare OS Places © Foursquare Labs, Inc.")


@dataclass(frozen=True, slots=True)
class OpenRows:
    """One source, read."""

    pois: pa.Table
    places: pa.Table
    terms: Terms


def plain_values(value: Any) -> Any:
    """A row as DuckDB gives it, with each text in it plain; one of which nothing is left is None."""
    if isinstance(value, str):
        return plain(value) or None
    if isinstance(value, dict):
        return {key: plain_values(member) for key, member in value.items()}
    return list(map(plain_values, value)) if isinstance(value, (list, tuple)) else value


def readable(rows: pa.Table) -> pa.Table:
    """Without rows whose name, address, type or cuisine was damaged or is endless; other texts of that kind are left out."""
    limits = {"poi_id": MOST_ID, "name": MOST_NAME, "address": MOST_ADDRESS, "type": MOST_ADDRESS, "cuisine": MOST_NAME}
    for column, most in limits.items():
        if column in rows.column_names:
            rows = rows.filter(_sound(rows[column], most))
    for column in ("branch", "city", "open_hours", "tel"):
        if column in rows.column_names:
            kept = pc.if_else(_sound(rows[column], MOST_FACT), rows[column], pa.scalar(None, pa.string()))
            rows = rows.set_column(rows.column_names.index(column), column, kept)
    return rows


def _sound(texts: pa.ChunkedArray, most: int) -> pa.ChunkedArray:
    texts = texts.cast(pa.string())
    sound = pc.and_(pc.less_equal(pc.utf8_length(texts), most), pc.invert(pc.match_substring(texts, LOST)))
    return pc.fill_null(sound, True)
