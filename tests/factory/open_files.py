"""Small invented files of open map data in the published schemas: an OSM extract, Overture and Foursquare Parquet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import osmium
import pyarrow as pa
import pyarrow.parquet as pq


def write_osm(path: Path, nodes: list[tuple[float, float, dict[str, str]]]) -> Path:
    """An extract of these tagged nodes (lng, lat, tags), with one house that is an area."""
    with osmium.SimpleWriter(str(path)) as writer:
        for number, (lng, lat, tags) in enumerate(nodes, 1):
            writer.add_node(osmium.osm.mutable.Node(id=number, location=(lng, lat), tags=tags, version=1))
    return path


def restaurants(number: int, *, lng: float = 24.94, lat: float = 60.17) -> list[tuple[float, float, dict[str, str]]]:
    """Invented restaurants in a row, 40 m apart, with the gaps of the real map."""
    kinds = ("pizza", "thai;asian", "sushi", "burger", "")
    rows = []
    for i in range(number):
        tags = {
            "amenity": "restaurant",
            "name": f"Keksitty {i}",
            "addr:street": "Kuvitteellinenkatu",
            "addr:housenumber": str(i + 1),
        }
        if kinds[i % 5]:
            tags["cuisine"] = kinds[i % 5]
        if i % 2:
            tags["opening_hours"] = "Mo-Fr 10:30-20:00; Sa,Su 12:00-18:00"
        if i % 3 == 0:
            tags["wheelchair"] = "yes"
        rows.append((lng + 0.0007 * i, lat, tags))
    return rows


def write_overture(path: Path, rows: list[dict[str, Any]]) -> Path:
    """Overture's places schema, as far as anyone reads it."""
    schema = pa.schema(
        [
            ("id", pa.string()),
            ("names", pa.struct([("primary", pa.string()), ("common", pa.map_(pa.string(), pa.string()))])),
            ("categories", pa.struct([("primary", pa.string()), ("alternate", pa.list_(pa.string()))])),
            ("confidence", pa.float64()),
            ("phones", pa.list_(pa.string())),
            ("addresses", pa.list_(pa.struct([("freeform", pa.string()), ("locality", pa.string())]))),
            ("bbox", pa.struct([(side, pa.float64()) for side in ("xmin", "xmax", "ymin", "ymax")])),
        ]
    )
    full = [
        {
            "id": shop["id"],
            "names": {"primary": shop["name"], "common": []},
            "categories": {"primary": shop["category"], "alternate": shop.get("alternate", [])},
            "confidence": shop.get("confidence", 0.9),
            "phones": ["+358 000"],
            "addresses": [{"freeform": shop.get("street"), "locality": "Keksula"}],
            "bbox": {"xmin": shop["lng"], "xmax": shop["lng"], "ymin": shop["lat"], "ymax": shop["lat"]},
        }
        for shop in rows
    ]
    pq.write_table(pa.Table.from_pylist(full, schema), path)
    return path


def write_foursquare(path: Path, rows: list[dict[str, Any]]) -> Path:
    """Foursquare OS Places' schema, as far as anyone reads it."""
    table = pa.Table.from_pylist(
        [
            {
                "fsq_place_id": shop["id"],
                "name": shop["name"],
                "latitude": shop["lat"],
                "longitude": shop["lng"],
                "address": shop.get("street"),
                "locality": "Keksula",
                "tel": None,
                "date_closed": shop.get("closed"),
                "fsq_category_labels": [shop["category"]],
            }
            for shop in rows
        ],
        pa.schema(
            [
                *((name, pa.string()) for name in ("fsq_place_id", "name")),
                ("latitude", pa.float64()),
                ("longitude", pa.float64()),
                *((name, pa.string()) for name in ("address", "locality", "tel", "date_closed")),
                ("fsq_category_labels", pa.list_(pa.string())),
            ]
        ),
    )
    pq.write_table(table, path)
    return path


def without(path: Path, column: str) -> Path:
    """The same Parquet file without a column."""
    duckdb.sql(f"copy (select * exclude ({column}) from '{path}') to '{path}.less.parquet'")
    return Path(f"{path}.less.parquet")
