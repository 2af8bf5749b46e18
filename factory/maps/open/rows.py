"""What every reader of open map data gives: restaurants and named places as Arrow tables, and the source's terms.

The readers (osm.py, parquet.py, table.py) end here; building.py turns the tables into an index.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

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
