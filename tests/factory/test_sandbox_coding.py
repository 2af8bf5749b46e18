"""Geocoding, districts, distances and walking of the sandbox's map server."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.factory.sandbox_wire import get, served

PLACES = Path("factory/plan/places.csv")


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with served() as url:
        yield url


def test_every_place_of_the_list_is_found_where_the_list_has_it(base: str) -> None:
    with PLACES.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            body = get(base, "/v3/geocode/geo", address=row["name"], city=row["city"])
            (hit,) = body["geocodes"]
            assert hit["level"] == "兴趣点", row
            assert hit["location"] == f"{float(row['lng']):.6f},{float(row['lat']):.6f}"
            assert hit["city"] == row["city"]
            assert hit["township"] == []
            assert hit["neighborhood"] == {"name": [], "type": []}


@pytest.mark.parametrize("address", ["清华大学", "北京市清华大学", "北京清华大学"])
def test_a_city_may_stand_before_the_name(base: str, address: str) -> None:
    assert get(base, "/v3/geocode/geo", address=address)["geocodes"][0]["adcode"] == "110108"


@pytest.mark.parametrize("city", ["北京", "北京市", "beijing", "010", "110000"])
def test_a_city_may_be_given_by_name_pinyin_or_code(base: str, city: str) -> None:
    assert get(base, "/v3/geocode/geo", address="清华大学", city=city)["count"] == "1"


def test_a_word_that_means_several_places_gives_several(base: str) -> None:
    body = get(base, "/v3/geocode/geo", address="朝阳")
    assert body["count"] == "3"
    assert sorted(hit["level"] for hit in body["geocodes"]) == ["区县", "区县", "市"]
    assert get(base, "/v3/geocode/geo", address="成都市")["geocodes"][0]["district"] == []


@pytest.mark.parametrize(
    ("address", "city"), [("东京", ""), ("纽约时代广场", ""), ("埃菲尔铁塔", "巴黎"), ("东京站", "东京")]
)
def test_a_place_abroad_finds_a_village_of_that_name(base: str, address: str, city: str) -> None:
    (hit,) = get(base, "/v3/geocode/geo", address=address, city=city)["geocodes"]
    assert (hit["level"], hit["country"]) == ("村庄", "中国")
    assert get(base, "/v3/geocode/geo", address=address, city="北京")["infocode"] == "30001"


def test_a_street_with_a_number_has_a_door_in_its_district(base: str) -> None:
    (hit,) = get(base, "/v3/geocode/geo", address="北京市海淀区学院路12号")["geocodes"]
    assert (hit["level"], hit["street"], hit["number"]) == ("门牌号", "学院路", "12号")
    assert hit["district"] == "海淀区"
    assert get(base, "/v3/geocode/geo", address="海淀区学院路12号", city="北京")["geocodes"] == [hit]
    assert get(base, "/v3/geocode/geo", address="学院路12号")["infocode"] == "30001"


def test_an_unknown_address_is_30001_or_an_empty_list_by_option(base: str) -> None:
    body = get(base, "/v3/geocode/geo", address="亚特兰蒂斯")
    assert body == {"status": "0", "info": "ENGINE_RESPONSE_DATA_ERROR", "infocode": "30001"}
    assert get(base, "/v3/geocode/geo", address="清华大学", city="上海")["infocode"] == "30001"
    with served(unknown_empty=True) as empty:
        body = get(empty, "/v3/geocode/geo", address="亚特兰蒂斯")
        assert (body["status"], body["count"], body["geocodes"]) == ("1", "0", [])


def test_a_municipality_has_no_city_in_regeo_and_another_city_has(base: str) -> None:
    beijing = get(base, "/v3/geocode/regeo", location="116.326500,39.999700")["regeocode"]
    assert beijing["addressComponent"]["city"] == []
    assert beijing["addressComponent"]["businessAreas"] == [[]]
    assert beijing["formatted_address"].startswith("北京市海淀区")
    assert "pois" not in beijing
    chengdu = get(base, "/v3/geocode/regeo", location="104.0665,30.6584", extensions="all")["regeocode"]
    assert chengdu["addressComponent"]["city"] == "成都市"
    assert len(chengdu["pois"]) == 30
    assert "." in chengdu["pois"][0]["distance"]


def test_regeo_abroad_is_a_success_with_nothing_in_it(base: str) -> None:
    body = get(base, "/v3/geocode/regeo", location="139.691700,35.689500")
    assert body["status"] == "1"
    assert body["regeocode"]["formatted_address"] == []
    assert set(map(str, body["regeocode"]["addressComponent"].values())) <= {"[]", "{'street': [], 'number': []}"}


def test_regeo_refuses_a_radius_above_3000(base: str) -> None:
    assert get(base, "/v3/geocode/regeo", location="116.3,39.9", radius="3001")["infocode"] == "20000"


def test_districts_nest_as_deep_as_asked(base: str) -> None:
    flat = get(base, "/v3/config/district", keywords="四川省", subdistrict="0")["districts"][0]
    assert (flat["level"], flat["citycode"], flat["districts"]) == ("province", [], [])
    deep = get(base, "/v3/config/district", keywords="四川省", subdistrict="2")["districts"][0]
    assert [city["name"] for city in deep["districts"]] == ["成都市"]
    assert deep["districts"][0]["districts"][0]["level"] == "district"


def test_a_municipality_is_a_province_that_holds_a_city(base: str) -> None:
    (beijing,) = get(base, "/v3/config/district", keywords="北京市")["districts"]
    assert beijing["level"] == "province"
    assert [(d["name"], d["level"]) for d in beijing["districts"]] == [("北京城区", "city")]


def test_a_district_name_may_stand_in_two_cities_and_a_filter_picks_one(base: str) -> None:
    both = get(base, "/v3/config/district", keywords="朝阳区")["districts"]
    assert sorted(d["adcode"] for d in both) == ["110105", "220104"]
    (district,) = get(base, "/v3/config/district", keywords="朝阳区", filter="220000")["districts"]
    assert district["adcode"] == "220104"


def test_all_extensions_bring_a_border_in_pieces(base: str) -> None:
    (beijing,) = get(base, "/v3/config/district", keywords="海淀区", extensions="all")["districts"]
    assert beijing["polyline"].count("|") == 1
    assert beijing["polyline"].count(";") > 5


def test_the_whole_country_is_given_without_keywords(base: str) -> None:
    (country,) = get(base, "/v3/config/district")["districts"]
    assert (country["level"], country["adcode"]) == ("country", "100000")
    assert len(country["districts"]) > 20


def test_distance_is_straight_with_type_0_and_by_road_by_default(base: str) -> None:
    ends = {"origins": "116.400000,39.900000|116.410000,39.900000", "destination": "116.500000,39.900000"}
    straight = get(base, "/v3/distance", type="0", **ends)
    # 0.1 degrees at 39.9 N: 0.1 * 111195 * cos(39.9) = 8530 m.
    assert [r["origin_id"] for r in straight["results"]] == ["1", "2"]
    assert abs(int(straight["results"][0]["distance"]) - 8530) < 5
    by_car = get(base, "/v3/distance", **ends)["results"][0]
    assert int(by_car["distance"]) > 8530
    assert int(by_car["duration"]) > 0


def test_an_origin_abroad_fails_alone(base: str) -> None:
    rows = get(base, "/v3/distance", origins="116.4,39.9|139.7,35.7", destination="116.5,39.9")["results"]
    assert "code" not in rows[0]
    assert rows[1]["code"] == "3"
    many = "|".join(["116.4,39.9"] * 101)
    assert get(base, "/v3/distance", origins=many, destination="116.5,39.9")["infocode"] == "20000"


def test_walking_says_ok_in_lower_case_and_knows_its_limits(base: str) -> None:
    body = get(base, "/v3/direction/walking", origin="116.40,39.90", destination="116.41,39.90")
    assert (body["status"], body["info"], body["count"]) == ("1", "ok", "1")
    step = body["route"]["paths"][0]["steps"][0]
    assert step["road"] == []
    assert ";" in step["polyline"]
    far = get(base, "/v3/direction/walking", origin="116.40,39.90", destination="121.47,31.23")
    assert far["infocode"] == "20803"
    abroad = get(base, "/v3/direction/walking", origin="116.40,39.90", destination="139.70,35.70")
    assert abroad["infocode"] == "20800"
