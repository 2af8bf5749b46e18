"""Lists of places as people make them: read as meant, or refused in one sentence that says where."""

from __future__ import annotations

from pathlib import Path

import pytest

from factory.errors import UsageError
from factory.plan.place_list import MOST_CHARACTERS, parse_places, read_places
from factory.records import PlaceName

TWO = (PlaceName("银杏公园", "成都市"), PlaceName("北门车站", "西安市"))
PLAIN = "name,city\n银杏公园,成都市\n北门车站,西安市\n"
LONGEST = "园" * MOST_CHARACTERS

READ: dict[str, bytes] = {
    "UTF-8": PLAIN.encode(),
    "UTF-8 with a mark": PLAIN.encode("utf-8-sig"),
    "UTF-16 little-endian": b"\xff\xfe" + PLAIN.encode("utf-16-le"),
    "UTF-16 big-endian": b"\xfe\xff" + PLAIN.encode("utf-16-be"),
    "UTF-16 without a mark": PLAIN.encode("utf-16-le"),
    "GBK, as Excel in China saves": PLAIN.replace("\n", "\r\n").encode("gbk"),
    "GB18030": PLAIN.encode("gb18030"),
    "Excel's Unicode text: UTF-16, tabs": b"\xff\xfe"
    + PLAIN.replace(",", "\t").replace("\n", "\r\n").encode("utf-16-le"),
    "tabs": PLAIN.replace(",", "\t").encode(),
    "semicolons": PLAIN.replace(",", ";").encode(),
    "semicolons told by Excel": ("sep=;\r\n" + PLAIN.replace(",", ";")).encode(),
    "full-width commas": PLAIN.replace(",", "，").encode(),
    "full-width commas below an ASCII header": PLAIN.replace("园,", "园，").encode(),
    "capitals": PLAIN.replace("name,city", "Name,City").encode(),
    "a space after the comma": PLAIN.replace(",", ", ").encode(),
    "spaces before it too": PLAIN.replace(",", " , ").encode(),
    "Chinese headers": PLAIN.replace("name,city", "名称,城市").encode(),
    "Chinese headers of another kind": PLAIN.replace("name,city", "地点名称，所在城市").encode(),
    "full-width letters": PLAIN.replace("name,city", "Ｎａｍｅ,Ｃｉｔｙ").encode(),
    "quotation marks everywhere": b"\xef\xbb\xbf"
    + '"name","city"\n"银杏公园","成都市"\n"北门车站","西安市"\n'.encode(),
    "blank lines": ("\n\n" + PLAIN.replace("\n", "\n\n")).encode(),
    "lines of commas alone": (PLAIN + ",\n,,,\n").encode(),
    "trailing commas": PLAIN.replace("\n", ",,\n").encode(),
    "old Macintosh lines": PLAIN.replace("\n", "\r").encode(),
    "no line end at the end": PLAIN.rstrip("\n").encode(),
    "columns the other way round, and one more": "序号,City,Name,备注\n1,成都市,银杏公园,近\n2,西安市,北门车站,\n".encode(),
    "invisible marks in cells": PLAIN.replace("银", "\u200b银").replace("成都市", "\u202a成都市\u202c").encode(),
    "a remark before the header": ("# 周末去的\n" + PLAIN).encode(),
    "a place twice": (PLAIN + "银杏公园,成都市\n").encode(),
    "a line break inside a name": PLAIN.replace("银杏公园", '"银杏公园\n"').encode(),
}

REFUSED: dict[str, tuple[bytes, str]] = {
    "an empty file": (b"", "is empty"),
    "a header alone": (b"name,city\n", "holds no place below"),
    "no header": ("银杏公园,成都市\n".encode(), "line 1: a header line must name the columns name and city"),
    "a header without a city": ("\nname,place type\n银杏公园,公园\n".encode(), "line 2: a header line"),
    "a workbook": (b"PK\x03\x04\x14\x00", "is a workbook"),
    "a compressed table": (b"\x1f\x8b\x08\x00name,city", "is compressed"),
    "Latin-1": ("name,city\nJyväskylä,Jyväskylä\n".encode("latin-1"), "neither UTF-8 nor GB18030 (line 2, byte 4"),
    "Big5": ("name,city\n國立臺灣師範大學圖書館,臺北\n".encode("big5"), "neither UTF-8 nor GB18030 (line 2"),
    "half a character at the end": (PLAIN.encode()[:-3], "neither UTF-8 nor GB18030 (line 3"),
    "half of UTF-16": (b"\xff\xfe" + PLAIN.encode("utf-16-le")[:-1], "cannot be read as utf-16"),
    "a name alone": ((PLAIN + "南门\n").encode(), "line 4: '南门' stands alone"),
    "a city without a name": ((PLAIN + ",昆明市\n").encode(), "line 4, column 1 (name) is empty"),
    "a comma in a name": (b"name,city\nCafe, Bar,Turku\n", "line 2, column 3: 'Turku' stands past the header's 2"),
    "a name that is a paragraph": ((PLAIN + f"{LONGEST}园,昆明市\n").encode(), f"has {MOST_CHARACTERS + 1} characters"),
    "a field beyond all measure": (b"name,city\n" + b"x" * 200_000 + b",y\n", "line 2: field larger"),
    "a quotation mark that never ends": ((PLAIN + '"南门,昆明市\n').encode(), "line 4: unexpected end"),
    "an escape code in a name": (
        (PLAIN + "南\x1b[31m门,昆明市\n").encode(),
        "line 4, column 1 (name) holds a character",
    ),
    "two names": ("name,名称,city\na,b,c\n".encode(), "line 1, column 2: '名称' means name again"),
    "lng without lat": (b"name,city,lng\na,b,1\n", "lng and lat come together"),
    "lng on a line without lat": (b"name,city,lng,lat\na,b,1,\n", "line 2, column 4 (lat): lng and lat are given"),
    "words for degrees": ("name,city,lng,lat\na,b,东经,1\n".encode(), "line 2, column 3 (lng): '东经' is no number"),
    "axes changed": (b"name,city,lng,lat\na,b,30.66,104.06\n", "column 4 (lat): '104.06' is no number of degrees"),
    "not a number that floats know": (b"name,city,lng,lat\na,b,nan,1\n", "column 3 (lng): 'nan'"),
}


@pytest.mark.parametrize("kind", READ)
def test_a_list_as_people_make_it_is_read_as_meant(kind: str) -> None:
    assert parse_places(READ[kind], "PLACES=x.csv") == TWO


@pytest.mark.parametrize("kind", REFUSED)
def test_a_list_that_cannot_be_read_for_certain_is_one_sentence_that_says_where(kind: str) -> None:
    content, words = REFUSED[kind]
    with pytest.raises(UsageError) as caught:
        parse_places(content, "PLACES=x.csv")
    assert str(caught.value).startswith("PLACES=x.csv")
    assert words in str(caught.value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300


def test_a_line_separator_inside_a_name_splits_no_row() -> None:
    assert parse_places("name,city\n银杏\u2028公园,成都市\n".encode(), "x") == (PlaceName("银杏 公园", "成都市"),)


def test_a_decimal_comma_is_read_where_commas_do_not_separate() -> None:
    (place,) = parse_places(b"name;city;lng;lat\nTori;Turku;22,26;60,45\n", "x")
    assert (place.lng, place.lat) == (22.26, 60.45)


def test_the_longest_name_and_the_edges_of_the_world_are_read() -> None:
    (place,) = parse_places(f"name,city,lng,lat\n{LONGEST},,-180,90\n".encode(), "x")
    assert place == PlaceName(LONGEST, "", "", -180.0, 90.0)


def test_the_bundled_list_is_read_whole_and_a_folder_is_refused(tmp_path: Path) -> None:
    assert len(read_places(None)) == 444
    with pytest.raises(UsageError, match="cannot be read"):
        read_places(tmp_path)
