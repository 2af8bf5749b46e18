"""From a file of open map data to a place index under DATA, once: read, name namesakes apart, sort into bands, write.

The index is two Parquet files and a small JSON; open_index.py answers from it in memory. It is made aside and renamed, so that
a kill leaves no half of it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path

import duckdb
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from factory.errors import DiskTrouble, UsageError
from factory.maps.open.osm import read_osm
from factory.maps.open.parquet import read_foursquare, read_overture
from factory.maps.open.rows import PLACE_COLUMNS, POI_COLUMNS, OpenRows, readable
from factory.maps.open.table import read_table
from factory.plan.place_list import decoded

BAND_DEG = 0.01
"""Height of a band of latitude: about 1.1 km, so that a circle of 2 km touches five."""
INDEX_VERSION = 2
READER_VERSION = 1
"""Of how rows are read from the same file: an index of an older reader is made again, and its run goes on."""
_NEAR = "round(lat / 0.05), round(lng * cos(radians(lat)) / 0.05)"
_SAMPLE = 4 * 2**20
"""Bytes of the beginning and the end of a file that its fingerprint covers."""


def fingerprint(path: Path) -> str:
    """16 hex digits over size, beginning and end: a day's new extract differs, a copy does not. Raises UsageError."""
    digest = blake2b(str(INDEX_VERSION).encode(), digest_size=8)
    try:
        for file in _parts(path):
            size = file.stat().st_size
            digest.update(str(size).encode())
            with file.open("rb") as stream:
                digest.update(stream.read(_SAMPLE))
                if size > 2 * _SAMPLE:
                    stream.seek(-_SAMPLE, os.SEEK_END)
                    digest.update(stream.read())
        beside = Path(f"{path}.toml")
        if beside.exists():
            digest.update(beside.read_bytes())
    except OSError as error:
        raise UsageError(
            f"MAP=open:{path} cannot be read ({error.strerror}): give the path of a downloaded file."
        ) from error
    return digest.hexdigest()


def _parts(path: Path) -> list[Path]:
    """The file, or a folder's Parquet files."""
    if not path.exists():
        raise UsageError(f"MAP=open:{path}: there is no such file. docs/open-data.md says where to get one.")
    parts = sorted(path.glob("**/*.parquet")) if path.is_dir() else [path]
    if not parts:
        raise UsageError(f"MAP=open:{path}: the folder holds no Parquet file.")
    return parts


def build(path: Path, folder: Path) -> None:
    """Read ``path`` and write the index to ``folder`` unless it is there. Raises UsageError, DiskTrouble."""
    if _is_built(folder):
        return
    rows = _read(path)
    rows = OpenRows(readable(_on_earth(rows.pois)), readable(_on_earth(rows.places)), rows.terms)
    if not rows.pois.num_rows:
        raise UsageError(f"{path} holds no restaurant with a name: take an extract of a larger area.")
    pois = _settled(rows.pois)
    about = {
        "provider": rows.terms.provider,
        "licence": rows.terms.licence,
        "attribution": rows.terms.attribution,
        "datum": rows.terms.datum,
        "pois": pois.num_rows,
        "places": rows.places.num_rows,
        "facts": [
            name
            for name in ("rating", "cost_cny", "open_hours", "tel", "address", "cuisine")
            if pois[name].null_count < len(pois)
        ],
        "source": path.name,
        "reader": READER_VERSION,
        "read_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    aside = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        aside.mkdir(parents=True, exist_ok=True)
        pq.write_table(pois, aside / "pois.parquet", compression="zstd")
        pq.write_table(rows.places.select(PLACE_COLUMNS.names), aside / "places.parquet", compression="zstd")
        (aside / "index.json").write_bytes(orjson.dumps(about, option=orjson.OPT_INDENT_2))
        if folder.exists():
            shutil.rmtree(folder)
        aside.rename(folder)
    except OSError as error:
        shutil.rmtree(aside, ignore_errors=True)
        raise DiskTrouble(
            f"{folder} cannot be written ({error.strerror}): free space or choose another DATA."
        ) from error


def _is_built(folder: Path) -> bool:
    about = folder / "index.json"
    return about.exists() and orjson.loads(about.read_bytes()).get("reader") == READER_VERSION


def _read(path: Path) -> OpenRows:
    name = path.name.lower()
    if name.endswith((".pbf", ".osm", ".osm.gz", ".osm.bz2", ".o5m")):
        return read_osm(path)
    parquet = path.is_dir() or name.endswith((".parquet", ".geoparquet"))
    if not parquet and not name.endswith((".csv", ".tsv", ".csv.gz", ".txt")):
        raise UsageError(f"MAP=open:{path}: known are .osm.pbf, .osm, .parquet (a file or a folder) and .csv.")
    if not parquet and not path.stat().st_size:
        raise UsageError(f"{path} is empty: give a table with a header line and a restaurant a line.")
    try:
        with duckdb.connect() as connection, tempfile.TemporaryDirectory() as folder:
            if parquet:
                raw = connection.read_parquet(f"{path}/**/*.parquet" if path.is_dir() else str(path))
            else:
                raw = connection.read_csv(str(_utf8(path, Path(folder))))
            raw.create_view("raw")
            columns = frozenset(row[0] for row in connection.execute("describe raw").fetchall())
            if "fsq_place_id" in columns:
                return read_foursquare(connection, columns, str(path))
            if {"names", "categories"} & columns and "id" in columns:
                return read_overture(connection, columns, str(path))
            return read_table(connection, columns, path)
    except duckdb.Error as error:
        raise UsageError(f"{path} cannot be read: {str(error).splitlines()[0]}") from error


def _utf8(path: Path, folder: Path) -> Path:
    """A table of text as DuckDB reads it: spreadsheets also save GBK and UTF-16. Raises UsageError."""
    if path.name.lower().endswith(".gz"):
        return path
    content = path.read_bytes()
    text = decoded(content, f"MAP=open:{path}")
    if text.encode() == content:
        return path
    copy = folder / "table.csv"
    copy.write_text(text, encoding="utf-8")
    return copy


def _on_earth(rows: pa.Table) -> pa.Table:
    """Rows that stand somewhere: one without coordinates, or with some of no place, would make the extract's edges nowhere."""
    lng, lat = rows["lng"], rows["lat"]
    sound = (pc.less_equal(pc.abs(lng), 180), pc.less_equal(pc.abs(lat), 90))
    return rows.filter(pc.fill_null(pc.and_(*sound), False))


def _settled(pois: pa.Table) -> pa.Table:
    """Twins (one name within about 100 m) are one; namesakes carry their branch or street, as maps write it; sorted into bands.

    Of namesakes within some 5 km that nothing tells apart, one is kept: two equal names in one answer help nobody.
    """
    with duckdb.connect() as connection:
        connection.register("pois", pois.select(POI_COLUMNS.names).cast(POI_COLUMNS))
        return connection.sql(f"""
            with apart as (
                select * from pois qualify row_number() over (
                    partition by lower(name), round(lat / 0.001), round(lng * cos(radians(lat)) / 0.001) order by poi_id
                ) = 1
            )
            , named as (select *, count(*) over (partition by lower(name)) as namesakes from apart)
            , shown as (
                select * exclude (name, namesakes), floor(lat / {BAND_DEG})::int as band,
                    case when namesakes > 1 and coalesce(branch, address) is not null and not contains(name, '(')
                    then name || '(' || translate(coalesce(branch, address), '()', '  ') || ')' else name end as name
                from named
            )
            select * from shown qualify row_number() over (partition by lower(name), {_NEAR} order by poi_id) = 1
            order by band, lng, poi_id""").to_arrow_table()
