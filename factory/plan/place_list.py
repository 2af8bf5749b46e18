"""Lists of places (``PLACES=file.csv``) as people make them: any spreadsheet's encoding, separator and header; or one sentence.

First input of a plan. Whatever cannot be read for certain is refused with its line and column: nothing is guessed into a place.
"""

from __future__ import annotations

import codecs
import csv
import io
import math
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final

from factory.errors import UsageError
from factory.records import PlaceName

HEADERS: Final[Mapping[str, tuple[str, ...]]] = {
    "name": (
        "name",
        "place",
        "placename",
        "名称",
        "名稱",
        "名字",
        "地点",
        "地點",
        "地名",
        "地点名称",
        "场所",
        "场所名称",
    ),
    "city": ("city", "cityname", "town", "城市", "市", "所在城市", "城市名", "城市名称", "城市名稱"),
    "kind": ("kind", "type", "category", "类型", "類型", "类别", "種類", "种类", "分类"),
    "lng": ("lng", "lon", "long", "longitude", "经度", "經度"),
    "lat": ("lat", "latitude", "纬度", "緯度"),
}
"""Our columns and what people call them; case, width, spaces, dashes and underscores make no difference."""
SEPARATORS: Final = (",", "\t", ";", "，", "；", "|", "、")
MOST_CHARACTERS: Final = 100
"""Of a name or a city: longer cells are something else."""
LEAST_COMMON_HANZI: Final = 0.8
"""Share of a GB18030 text's wide characters that GB2312 has too: text of another encoding read so has far fewer."""
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"))
_MARKS_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How .xlsx (and .ods) and .xls begin."""
_COMPRESSED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")
"""How gzip, bzip2, xz and zstd begin."""


@dataclass(frozen=True, slots=True)
class _Cell:
    """One cell with its whereabouts, counted from 1; ``column`` is told as the header names it."""

    text: str
    line: int
    column: str


def read_places(path: Path | None) -> tuple[PlaceName, ...]:
    """The bundled list, or a table with the columns name and city (kind, lng, lat are optional). Raises UsageError."""
    if path is None:
        return parse_places(resources.files("factory.plan").joinpath("places.csv").read_bytes(), "the bundled list")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"PLACES={path} cannot be read ({error.strerror}): give the path of a CSV file.") from error
    return parse_places(content, f"PLACES={path}")


def parse_places(content: bytes, what: str) -> tuple[PlaceName, ...]:
    """The places in order, each once. Pure; ``what`` names the list in the sentence of a UsageError."""
    text = decoded(content, what)
    first, separator, columns = _header(text, what)
    places = [_place(row, what, decimal_comma=separator != ",") for row in _rows(text, first, separator, columns, what)]
    if not places:
        raise UsageError(f"{what} holds no place below its header line: write one a line, name and city.")
    return tuple(dict.fromkeys(places))


def decoded(content: bytes, what: str) -> str:
    """The text of a table in any encoding that spreadsheets save. Raises UsageError with the first place that cannot be read."""
    if content.startswith(_WORKBOOKS):
        raise UsageError(f"{what} is a workbook, not a table of text: save it as CSV (UTF-8) and give that file.")
    if content.startswith(_COMPRESSED):
        raise UsageError(f"{what} is compressed: unpack it and give the table in it.")
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), None)
    if encoding is None and content.startswith(_MARKS_16):
        encoding = "utf-16"
    if encoding is None and b"\x00" in content[:400]:
        # UTF-16 without a mark: of ASCII letters every second byte is nought, the first of a pair where it is big-endian.
        encoding = "utf-16-be" if content[:400:2].count(0) > content[1:400:2].count(0) else "utf-16-le"
    try:
        return content.decode(encoding or "utf-8")
    except UnicodeDecodeError as error:
        if encoding is not None:
            raise UsageError(
                f"{what} cannot be read as {encoding}, which its beginning promises ({_where(content, error)}): save it as "
                "UTF-8."
            ) from error
        return _chinese(content, what, error)


def _chinese(content: bytes, what: str, trouble: UnicodeDecodeError) -> str:
    """GB18030 (with GBK and GB2312 in it), as Excel in China saves CSV; refused where it reads like another encoding's bytes."""
    try:
        text = content.decode("gb18030")
    except UnicodeDecodeError:
        text = ""
    wide = [char for char in text if not char.isascii()]
    common = sum(1 for char in wide if _in_gb2312(char))
    if not wide or common < LEAST_COMMON_HANZI * len(wide):
        raise UsageError(
            f"{what} is neither UTF-8 nor GB18030 ({_where(content, trouble)}): save it as UTF-8."
        ) from trouble
    return text


def _in_gb2312(char: str) -> bool:
    try:
        char.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def _where(content: bytes, error: UnicodeDecodeError) -> str:
    lines = content[: error.start].split(b"\n")
    return f"line {len(lines)}, byte {len(lines[-1]) + 1} of the line"


def _header(text: str, what: str) -> tuple[int, str, list[str]]:
    """How many lines stand before the first place, the separator, and the header's cells. Raises UsageError."""
    told: str | None = None
    for number, line in enumerate(io.StringIO(text, newline=""), 1):
        words = line.strip().strip("\ufeff")
        declared = re.fullmatch(r'"?sep=(.)"?', words, re.IGNORECASE)
        if declared and told is None:
            told = declared[1]
        elif line.strip("\ufeff").rstrip("\r\n").lower() == "sep=\t":
            told = "\t"
        elif words and not words.startswith("#"):
            for separator in (told,) if told else SEPARATORS:
                cells = _split(line.strip("\ufeff"), separator)
                ours = [_ours(cell) for cell in cells]
                if "name" in ours and "city" in ours:
                    _check_header(ours, cells, number, what)
                    return number, separator, cells
            raise UsageError(
                f"{what}, line {number}: a header line must name the columns name and city (or 名称 and 城市); it reads "
                f"{_clipped(words)}."
            )
    raise UsageError(f"{what} is empty: write a header line, name,city, and one place a line.")


def _split(line: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])
    except csv.Error:
        return []


def _check_header(ours: list[str | None], cells: list[str], line: int, what: str) -> None:
    for column in HEADERS:
        places = [number for number, name in enumerate(ours, 1) if name == column]
        if len(places) > 1:
            raise UsageError(
                f"{what}, line {line}, column {places[1]}: {_clipped(cells[places[1] - 1])} means {column} again, which column "
                f"{places[0]} is already: rename one."
            )
    if ("lng" in ours) != ("lat" in ours):
        raise UsageError(f"{what}, line {line}: lng and lat come together or not at all: add the other column.")


def _ours(cell: str) -> str | None:
    flat = re.sub(r"[\s_-]", "", unicodedata.normalize("NFKC", _clean(cell))).casefold()
    return next((column for column, names in HEADERS.items() if flat in names), None)


def _clean(text: str) -> str:
    """Without invisible marks (zero-width, direction, BOM); any white space, U+2028 too, is one space."""
    shown = "".join(char for char in unicodedata.normalize("NFC", text) if unicodedata.category(char) != "Cf")
    return " ".join(shown.split())


def _rows(text: str, skip: int, separator: str, header: list[str], what: str) -> Iterator[dict[str, _Cell]]:
    """Every line that says something, its cells by our column names. Raises UsageError."""
    ours = [_ours(cell) for cell in header]
    source = io.StringIO(text, newline="")
    for _ in range(skip):
        next(source)
    reader = csv.reader(source, delimiter=separator, skipinitialspace=True, strict=True)
    while True:
        line = skip + reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UsageError(
                f"{what}, line {line}: {error}. A cell that begins with a quotation mark must end with one."
            ) from error
        if not any(_clean(cell) for cell in cells):
            continue
        if len(cells) == 1:
            cells = _split_otherwise(cells[0], separator)
        if len(cells) < 2:
            raise UsageError(
                f"{what}, line {line}: {_clipped(cells[0])} stands alone; write name and city, as the header does."
            )
        _check_surplus(cells, ours, line, what)
        yield {
            column: _Cell(cell, line, f"{number} ({_clean(header[number - 1])})")
            for number, (column, cell) in enumerate(zip(ours, cells, strict=False), 1)
            if column
        }


def _split_otherwise(cell: str, separator: str) -> list[str]:
    """A line typed with another comma than the header's."""
    return next((cells for other in SEPARATORS if other != separator and len(cells := _split(cell, other)) > 1), [cell])


def _check_surplus(cells: Sequence[str], ours: list[str | None], line: int, what: str) -> None:
    """Spreadsheets pad lines with empty cells; a full one past the header means that a name holds the separator."""
    for number, cell in enumerate(cells, 1):
        if number > len(ours) and _clean(cell):
            raise UsageError(
                f"{what}, line {line}, column {number}: {_clipped(cell)} stands past the header's {len(ours)} columns; put "
                "quotation marks around a name that holds a comma."
            )


def _place(row: Mapping[str, _Cell], what: str, *, decimal_comma: bool) -> PlaceName:
    if not _clean(row["name"].text):
        raise UsageError(f"{_at(what, row['name'])} is empty: every line needs a name.")
    name, city, kind = (_words(row.get(column), what) for column in ("name", "city", "kind"))
    lng = _degrees(row.get("lng"), 180, what, decimal_comma=decimal_comma)
    lat = _degrees(row.get("lat"), 90, what, decimal_comma=decimal_comma)
    if (lng is None) != (lat is None):
        missing = row.get("lng" if lng is None else "lat", row["name"])
        raise UsageError(f"{_at(what, missing)}: lng and lat are given together or not at all.")
    return PlaceName(name, city, kind, lng, lat)


def _words(cell: _Cell | None, what: str) -> str:
    if cell is None:
        return ""
    words = _clean(cell.text)
    if len(words) > MOST_CHARACTERS:
        raise UsageError(f"{_at(what, cell)} has {len(words)} characters; a name has at most {MOST_CHARACTERS}.")
    if "�" in words or any(unicodedata.category(char) in {"Cc", "Co", "Cn"} for char in words):
        raise UsageError(f"{_at(what, cell)} holds a character that is no text: {_clipped(words)}; type it again.")
    # The task that an agent reads ends a field with a full-width semicolon.
    return words.replace("；", "，")


def _degrees(cell: _Cell | None, most: int, what: str, *, decimal_comma: bool) -> float | None:
    text = unicodedata.normalize("NFKC", _clean(cell.text)) if cell else ""
    if cell is None or not text:
        return None
    try:
        number = float(text.replace(",", ".") if decimal_comma else text)
    except ValueError:
        number = math.nan
    if not -most <= number <= most:  # NaN too
        raise UsageError(f"{_at(what, cell)}: {_clipped(text)} is no number of degrees from -{most} to {most}.")
    return number


def _at(what: str, cell: _Cell) -> str:
    return f"{what}, line {cell.line}, column {cell.column}"


def _clipped(text: str) -> str:
    words = _clean(text)
    return repr(words if len(words) <= 40 else words[:40] + "…")
