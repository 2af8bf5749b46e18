"""Restaurants of any CSV or Parquet file, by a small column map that stands beside it (FILE.toml).

licence = "CC-BY-4.0"
attribution = "City of ..., open data"
datum = "WGS-84"            # or "GCJ-02"
[columns]                   # ours = the file's; columns of the same name need no line
name = "title"
lng = "lon"
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from factory.errors import UsageError
from factory.maps.open.rows import PLACE_COLUMNS, OpenRows, Terms
from factory.maps.open.words import CUISINE_TOKENS, cuisine_word

_TEXTS = ("branch", "address", "city", "type", "cuisine", "open_hours", "tel")
_NUMBERS = ("rating", "cost_cny")
KNOWN = ("poi_id", "name", "lng", "lat", *_TEXTS, *_NUMBERS)


def read_table(connection: duckdb.DuckDBPyConnection, columns: frozenset[str], path: Path) -> OpenRows:
    """``raw`` holds the file. Raises UsageError with what the column map must say."""
    terms, named = _column_map(path)
    taken = {ours: named.get(ours, ours) for ours in KNOWN}
    unknown = [theirs for ours, theirs in named.items() if ours not in KNOWN or theirs not in columns]
    missing = [ours for ours in ("name", "lng", "lat") if taken[ours] not in columns]
    if unknown or missing:
        raise UsageError(
            f"{path} lacks {', '.join(missing or unknown)}. It is neither Overture, Foursquare nor a table with name, lng and lat: "
            f"map its columns in {path}.toml (known: {', '.join(KNOWN)}; the file has {', '.join(sorted(columns))})."
        )

    def pick(ours: str, kind: str) -> str:
        return f'try_cast("{taken[ours]}" as {kind})' if taken[ours] in columns else f"null::{kind}"

    texts = ", ".join(f"nullif(trim({pick(name, 'text')}), '') as {name}" for name in ("poi_id", "name", *_TEXTS))
    numbers = ", ".join(f"{pick(name, 'double')} as {name}" for name in ("lng", "lat", *_NUMBERS))
    rows = connection.sql(
        f"select poi_id, name, branch, address, city, lng, lat, type, cuisine, rating, cost_cny, open_hours, tel, "
        "map([]::text[], []::text[]) as tags from ("
        f"select {texts}, {numbers} from raw) where name is not null and lng between -180 and 180 and lat between -90 and 90"
    ).to_arrow_table()
    ids = [one or f"table-{number}" for number, one in enumerate(rows["poi_id"].to_pylist())]
    words = [_word(one) for one in rows["cuisine"].to_pylist()]
    rows = rows.set_column(rows.schema.get_field_index("poi_id"), "poi_id", pa.array(ids))
    rows = rows.set_column(rows.schema.get_field_index("cuisine"), "cuisine", pa.array(words, pa.string()))
    return OpenRows(rows, PLACE_COLUMNS.empty_table(), terms)


def _word(cuisine: str | None) -> str | None:
    """A cuisine as it stands when it is Chinese already, else by the table of tokens."""
    if cuisine is None or cuisine in CUISINE_TOKENS or any("\u4e00" <= char <= "\u9fff" for char in cuisine):
        return cuisine
    return cuisine_word(cuisine.split(";"))


def _column_map(path: Path) -> tuple[Terms, dict[str, str]]:
    beside = Path(f"{path}.toml")
    known: dict[str, Any] = {}
    if beside.exists():
        try:
            known = tomllib.loads(beside.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UsageError(f"{beside} cannot be read as TOML ({error}).") from error
    datum = known.get("datum", "WGS-84")
    if datum not in {"WGS-84", "GCJ-02"}:
        raise UsageError(f'{beside}: datum must be "WGS-84" or "GCJ-02", not {datum!r}.')
    licence = str(known.get("licence") or "not stated (set licence = … beside the file before you publish)")
    terms = Terms("table", licence, str(known.get("attribution") or path.name), datum)
    return terms, {str(ours): str(theirs) for ours, theirs in dict(known.get("columns") or {}).items()}
