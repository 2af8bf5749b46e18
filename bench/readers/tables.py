"""Rows that pandas, polars, DuckDB and mlcroissant find in an export, beside its own lines. Usage: PYTHON tables.py FOLDER OUT.

A row is unchanged where every value of its own is there: no value and NaN are the same to pandas, a number is itself as a float,
and a time that DuckDB makes of a text is written as that text. mlcroissant gives what croissant.json describes.
"""

import datetime as dt
import json
import math
import sys
from pathlib import Path

import duckdb
import mlcroissant
import pandas as pd
import polars as pl
import pyarrow.parquet

folder, out = Path(sys.argv[1]), sys.argv[2]
files = [path for path in sorted(folder.iterdir()) if path.suffix in {".jsonl", ".parquet"}]


def own(path: Path) -> list[dict]:
    """The rows as they were written."""
    if path.suffix == ".parquet":
        return pyarrow.parquet.read_table(path).to_pylist()
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def of_pandas(path: Path) -> list[dict]:
    """At its exact floats: the fast ones that it reads JSON with are off in the last digit."""
    if path.suffix == ".parquet":
        return pd.read_parquet(path).to_dict("records")
    return pd.read_json(path, lines=True, dtype=False, precise_float=True).to_dict("records")


def of_polars(path: Path) -> list[dict]:
    """Types inferred from all lines, as a column may be empty in the first ones."""
    if path.suffix == ".parquet":
        return pl.read_parquet(path).to_dicts()
    return pl.read_ndjson(path, infer_schema_length=None).to_dicts()


def of_duckdb(path: Path) -> list[dict]:
    """``from 'FILE'``."""
    relation = duckdb.sql(f"from '{path}'")
    return [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]


def of_croissant(path: Path) -> list[dict]:
    """The record set of a split."""
    described = mlcroissant.Dataset(jsonld=str(folder / "croissant.json"))
    return [unnamed(row) for row in described.records(path.stem)]


def unnamed(value: object) -> object:
    """Without the parents' names before a part's own; texts come as bytes."""
    if isinstance(value, dict):
        return {name.rpartition("/")[2]: unnamed(part) for name, part in value.items()}
    if isinstance(value, list):
        return [unnamed(part) for part in value]
    return value.decode() if isinstance(value, bytes) else value


def same(mine: object, theirs: object, *, partly: bool = False) -> bool:
    """Whether a value came through. ``partly``: their records may lack parts, but not all."""
    theirs = theirs.tolist() if hasattr(theirs, "tolist") else theirs
    if isinstance(mine, dict) and isinstance(theirs, dict):
        names = theirs.keys() if partly and theirs else mine.keys() | theirs.keys()
        return all(same(mine.get(name), theirs.get(name), partly=partly) for name in names)
    if isinstance(mine, list) and isinstance(theirs, (list, tuple)):
        return len(mine) == len(theirs) and all(same(*pair, partly=partly) for pair in zip(mine, theirs, strict=True))
    if isinstance(theirs, float) and math.isnan(theirs):
        theirs = None
    if partly and isinstance(mine, float) and isinstance(theirs, float):  # mlcroissant leaves pandas its fast floats
        return math.isclose(mine, theirs, rel_tol=1e-14)
    return mine == (str(theirs) if isinstance(theirs, dt.datetime) else theirs)


READERS = {"pandas": of_pandas, "polars": of_polars, "duckdb": of_duckdb, "mlcroissant": of_croissant}
report = {}
for name, read in READERS.items():
    pairs = [pair for path in files for pair in zip(own(path), read(path), strict=True)]
    unchanged = sum(same(*pair, partly=name == "mlcroissant") for pair in pairs)
    report[name] = {"rows": len(pairs), "unchanged": unchanged}
Path(out).write_text(json.dumps(report))
