"""Restaurants of any CSV or Parquet file, by its own headers or by a small column map that stands beside it (FILE.toml).

licence = "CC-BY-4.0"
attribution = "City of ..., open data"
datum = "WGS-84"            # or "GCJ-02"
[columns]                   # ours = the file's; columns of the same name need no line
name = "title"
lng = "lon"

A table says of itself that its rows are restaurants, by type, cuisine or names; one of pharmacies or hotels is refused.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa

from factory.errors import UsageError
from factory.maps.open.hours import spoken_hours
from factory.maps.open.kitchens import kitchen
from factory.maps.open.names import simplified
from factory.maps.open.rows import PLACE_COLUMNS, POI_COLUMNS, OpenRows, Terms, plain_values
from factory.verifier.hours import parse

_TEXTS = ("branch", "address", "city", "type", "cuisine", "open_hours", "tel", "website", "brand")
_NUMBERS = ("rating", "cost_cny")
KNOWN = ("poi_id", "name", "lng", "lat", *_TEXTS, *_NUMBERS)
OTHER_HEADERS: Final[Mapping[str, tuple[str, ...]]] = {
    "name": ("名称", "店名", "餐厅名称", "商户名称"),
    "lng": ("lon", "longitude", "经度"),
    "lat": ("latitude", "纬度"),
    "address": ("地址",),
    "city": ("城市",),
    "type": ("category", "amenity", "类型", "类别"),
    "cuisine": ("菜系",),
    "open_hours": ("opening_hours", "营业时间"),
    "tel": ("phone", "电话"),
    "website": ("url", "网址"),
    "rating": ("评分",),
    "cost_cny": ("人均",),
}
LEAST_EATEN: Final = 0.3
"""Share of a table's rows that must say that one eats there, where no column of types says what the rows are."""
_EATEN: Final = re.compile(
    r"restaurant|ravintola|caf[eé]|kahvila|coffee|bistro|diner|eatery|(?<![a-z])food|dining|pizz|burger|kebab|noodle|sushi|bakery|"
    r"grill|kitchen|餐|饭|菜|面馆|拉面|火锅|烧烤|烤肉|小吃|美食|食府|食堂|粥|茶餐|咖啡|奶茶|酒楼|酒家|料理|甜品",
    re.IGNORECASE,
)
_NOT_EATEN: Final = re.compile(
    r"pharmac|apteek|apotek|chemist|drug ?store|hospital|clinic|dentist|hotel|hostel|motel|lodging|guest ?house|bank|school|"
    r"supermarket|parking|(?<![a-z])(?:inn|gym|atm|fuel|salon)(?![a-z])|药店|药房|药品|医药|诊所|医院|酒店|宾馆|旅馆|旅舍|民宿|客栈|住宿|"
    r"银行|学校|超市|便利店|健身|美容|美发|加油|停车",
    re.IGNORECASE,
)


def read_table(connection: duckdb.DuckDBPyConnection, columns: frozenset[str], path: Path) -> OpenRows:
    """``raw`` holds the file. Raises UsageError with what the column map must say, or that its rows are no restaurants."""
    terms, named = _column_map(path)
    taken = _taken(named, columns)
    unknown = [theirs for ours, theirs in named.items() if ours not in KNOWN or theirs not in columns]
    missing = [ours for ours in ("name", "lng", "lat") if taken[ours] not in columns]
    if unknown or missing:
        raise UsageError(
            f"{path} lacks {', '.join(missing or unknown)}. It is neither Overture, Foursquare nor a table with name, lng and lat: "
            f"map its columns in {path}.toml (known: {', '.join(KNOWN)}; the file has {', '.join(sorted(columns))})."
        )

    def pick(ours: str, kind: str) -> str:
        quoted = taken[ours].replace('"', '""')
        return f'try_cast("{quoted}" as {kind})' if taken[ours] in columns else f"null::{kind}"

    texts = ", ".join(f"nullif(trim({pick(name, 'text')}), '') as {name}" for name in ("poi_id", "name", *_TEXTS))
    numbers = ", ".join(f"{pick(name, 'double')} as {name}" for name in ("lng", "lat", *_NUMBERS))
    rows = connection.sql(
        f"select * from (select {texts}, {numbers} from raw) "
        "where name is not null and lng between -180 and 180 and lat between -90 and 90"
    ).to_arrow_table()
    if not rows.num_rows:
        raise UsageError(f"{path} holds no restaurant with a name (and lng, lat): nothing can be recommended from it.")
    said = [row for row in map(plain_values, rows.to_pylist()) if row["name"]]
    pois = [_poi(number, row) for number, row in enumerate(_restaurants(said, path))]
    return OpenRows(pa.Table.from_pylist(pois, POI_COLUMNS), PLACE_COLUMNS.empty_table(), terms)


def _taken(named: Mapping[str, str], columns: frozenset[str]) -> dict[str, str]:
    """Our columns and the file's: as the map beside it says, by our name, or by another usual one."""
    return {
        ours: named.get(ours)
        or next((theirs for theirs in (ours, *OTHER_HEADERS.get(ours, ())) if theirs in columns), ours)
        for ours in KNOWN
    }


def _restaurants(rows: list[dict[str, Any]], path: Path) -> list[dict[str, Any]]:
    """The rows where one eats. Raises UsageError where too little says so."""
    says = [_eaten(row) for row in rows]
    eaten, untold = says.count(True), says.count(None)
    typed = any(row["type"] for row in rows)
    if not eaten or (not typed and eaten < LEAST_EATEN * len(rows)):
        kinds = Counter(str(row["type"] or row["name"])[:20] for row in rows).most_common(3)
        raise UsageError(
            f"{path} does not say that its rows are restaurants ({'types' if typed else 'names'}: "
            f"{', '.join(kind for kind, _ in kinds)}; {eaten} of {len(rows)} rows speak of food): give a table of restaurants, "
            "with a column of types or cuisines."
        )
    keep_untold = not typed and untold
    return [
        row for row, eaten_there in zip(rows, says, strict=True) if eaten_there or (eaten_there is None and keep_untold)
    ]


def _eaten(row: Mapping[str, Any]) -> bool | None:
    """Whether a row says that one eats there; None where it says nothing."""
    if row["cuisine"] and kitchen(_categories(row), (), None).word:
        return True
    if row["type"]:
        return bool(_EATEN.search(row["type"]))
    if _NOT_EATEN.search(row["name"]):
        return False
    return True if _EATEN.search(row["name"]) or kitchen((), (simplified(row["name"]),), row["brand"]).word else None


def _categories(row: Mapping[str, Any]) -> list[str]:
    return [part for part in re.split(r"[;|,，；]", str(row["cuisine"] or "")) if part.strip()]


def _poi(number: int, row: Mapping[str, Any]) -> dict[str, Any]:
    name = simplified(row["name"])
    cooks = kitchen([*_categories(row), *str(row["type"] or "").split(";")], (name,), row["brand"])
    written = simplified(row["cuisine"]) if row["cuisine"] and not row["cuisine"].isascii() else None
    hours = row["open_hours"]
    told = (spoken_hours(hours) or (hours if parse(hours, week=True).known else None)) if hours else None
    return {
        **{key: row[key] for key in ("branch", "address", "city", "lng", "lat", "type", "tel")},
        "poi_id": row["poi_id"] or f"table-{number}",
        "name": name,
        # A cuisine that is Chinese already stands as it is written.
        "cuisine": cooks.word if cooks.source == "tag" or written is None else written,
        "cuisine_source": "tag" if cooks.source == "tag" or written else cooks.source,
        "rating": row["rating"] if row["rating"] is not None and 0 < row["rating"] <= 5 else None,
        "cost_cny": row["cost_cny"] if row["cost_cny"] is not None and row["cost_cny"] > 0 else None,
        "open_hours": told,
        "tags": [("website", row["website"])] if row["website"] else [],
        "hours_unread": bool(hours) and told is None,
    }


def _column_map(path: Path) -> tuple[Terms, dict[str, str]]:
    beside = Path(f"{path}.toml")
    settings: dict[str, Any] = {}
    if beside.exists():
        try:
            settings = tomllib.loads(beside.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UsageError(f"{beside} cannot be read as TOML ({error}).") from error
    datum = settings.get("datum", "WGS-84")
    if datum not in {"WGS-84", "GCJ-02"}:
        raise UsageError(f'{beside}: datum must be "WGS-84" or "GCJ-02", not {datum!r}.')
    licence = str(settings.get("licence") or "not stated (set licence = … beside the file before you publish)")
    terms = Terms("table", licence, str(settings.get("attribution") or path.name), datum)
    return terms, {str(ours): str(theirs) for ours, theirs in dict(settings.get("columns") or {}).items()}
