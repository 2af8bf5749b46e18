"""Restaurants and named places of Overture Places and Foursquare OS Places: their published Parquet schemas, by DuckDB.

Coordinates come from ``bbox`` or latitude/longitude columns, so that no spatial extension is needed.
"""

from __future__ import annotations

import duckdb
import pyarrow as pa

from factory.errors import UsageError
from factory.maps.open.rows import FOURSQUARE, OVERTURE, OpenRows
from factory.maps.open.words import FOURSQUARE_ROOT, NOT_EATEN, OVERTURE_WORDS, STAND, cuisine_word, token

LEAST_CONFIDENCE = 0.5
"""Overture's own estimate that a place exists; below this every second row is gone or misplaced."""

_OVERTURE_NEEDS = ("id", "names", "categories", "bbox")
_FOURSQUARE_NEEDS = ("fsq_place_id", "name", "latitude", "longitude", "fsq_category_labels")


def read_overture(connection: duckdb.DuckDBPyConnection, columns: frozenset[str], what: str) -> OpenRows:
    """``raw`` holds the file. Raises UsageError when columns are missing."""
    _need(_OVERTURE_NEEDS, columns, what, "Overture Places")
    sure = f"coalesce(confidence, 1) >= {LEAST_CONFIDENCE}" if "confidence" in columns else "true"
    alive = "coalesce(operating_status, 'open') <> 'permanently_closed'" if "operating_status" in columns else "true"
    address = "addresses[1].freeform" if "addresses" in columns else "null"
    city = "addresses[1].locality" if "addresses" in columns else "null"
    phone = "phones[1]" if "phones" in columns else "null"
    connection.execute(f"""
        create table source as select 'overture-' || id as poi_id, names.primary as name, {address} as address, {city} as city,
            (bbox.xmin + bbox.xmax) / 2 as lng, (bbox.ymin + bbox.ymax) / 2 as lat, {phone} as tel,
            list_prepend(categories.primary, coalesce(categories.alternate, [])) as categories,
            categories.primary as kind
        from raw where names.primary is not null and {sure} and {alive}""")
    counts = " or ".join(f"contains(kind, '{word}')" for word in OVERTURE_WORDS)
    return OpenRows(*_finish(connection, counts), OVERTURE)


def read_foursquare(connection: duckdb.DuckDBPyConnection, columns: frozenset[str], what: str) -> OpenRows:
    """``raw`` holds the file. Raises UsageError when columns are missing."""
    _need(_FOURSQUARE_NEEDS, columns, what, "Foursquare OS Places")
    open_ = "date_closed is null" if "date_closed" in columns else "true"
    address, city, tel = (name if name in columns else "null" for name in ("address", "locality", "tel"))
    connection.execute(f"""
        create table source as select 'fsq-' || fsq_place_id as poi_id, name, {address} as address, {city} as city,
            longitude as lng, latitude as lat, {tel} as tel,
            list_transform(fsq_category_labels, lambda label: split_part(label, ' > ', -1)) as categories,
            lower(replace(split_part(fsq_category_labels[1], ' > ', -1), ' ', '_')) as kind,
            starts_with(fsq_category_labels[1], '{FOURSQUARE_ROOT}') as dining
        from raw where name is not null and fsq_category_labels is not null and longitude is not null and {open_}""")
    return OpenRows(
        *_finish(connection, "dining and not contains(kind, 'bar') and not contains(kind, 'night')"), FOURSQUARE
    )


def _need(needed: tuple[str, ...], columns: frozenset[str], what: str, schema: str) -> None:
    missing = [name for name in needed if name not in columns]
    if missing:
        raise UsageError(
            f"{what} looks like {schema} but lacks the columns {', '.join(missing)}: fetch the whole schema."
        )


def _finish(connection: duckdb.DuckDBPyConnection, counts: str) -> tuple[pa.Table, pa.Table]:
    """Cuisine words by a join over the few distinct categories; restaurants and places apart."""
    found = connection.execute("select distinct unnest(categories) from source").fetchall()
    words = [(one, word, word in NOT_EATEN) for (one,) in found if one and (word := cuisine_word([one])) is not None]
    stand = [
        (kind,)
        for (kind,) in connection.execute("select distinct kind from source").fetchall()
        if kind and token(kind) in STAND
    ]
    connection.execute("create table words (category text, word text, drunk boolean); create table stand (kind text)")
    if words:
        connection.executemany("insert into words values (?, ?, ?)", words)
    if stand:
        connection.executemany("insert into stand values (?)", stand)
    connection.execute("""
        create table cuisines as select poi_id, arg_min(word, drunk::int * 100 + place) as cuisine
        from (select poi_id, unnest(categories) as category, generate_subscripts(categories, 1) as place from source)
        join words using (category) group by poi_id""")
    pois = connection.sql(f"""
        select poi_id, name, null::text as branch, address, city, lng, lat, kind as type, cuisine, null::double as rating,
            null::double as cost_cny, null::text as open_hours, tel, map([]::text[], []::text[]) as tags
        from source left join cuisines using (poi_id) where {counts}""").to_arrow_table()
    places = connection.sql(f"""
        select name, [name] as names, kind, city, lng, lat from source join stand using (kind)
        where not ({counts})""").to_arrow_table()
    return pois, places
