"""Place search of the sandbox's map server: the shapes and quirks that the real service is known for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.factory.sandbox_wire import get, get_raw, served

OCEAN = "131.000000,30.000000"
EMPTY = "100.500000,44.900000"


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with served() as url:
        yield url


@pytest.fixture(scope="module")
def dense(base: str) -> str:
    """A landmark that has more restaurants around it than the service lists, and fewer than 200 of them Chinese."""
    for name in ("三里屯太古里", "外滩", "天河城", "武汉大学", "大雁塔", "夫子庙", "解放碑", "西湖断桥", "栈桥"):
        where = get(base, "/v3/geocode/geo", address=name)["geocodes"][0]["location"]
        if 210 < int(around(base, where)["count"]) < 280:
            return str(where)
    raise AssertionError("no dense quarter among the landmarks")


def around(base: str, where: str, **params: str) -> dict[str, Any]:
    asked = {"location": where, "radius": "2000", "types": "050000", "offset": "25"} | params
    return get(base, "/v3/place/around", **asked)


def test_success_is_json_with_string_numbers_and_http_200(base: str, dense: str) -> None:
    status, content_type, _body = get_raw(base, "/v3/place/around", key="K", location=dense)
    assert status == 200
    assert content_type == "application/json;charset=UTF-8"
    body = around(base, dense)
    assert (body["status"], body["infocode"], body["info"]) == ("1", "10000", "OK")
    assert body["suggestion"] == {"keywords": [], "cities": []}
    assert isinstance(body["count"], str)
    assert all(isinstance(poi["distance"], str) and poi["distance"].isdigit() for poi in body["pois"])


def test_around_lists_by_distance_within_the_radius_and_only_the_asked_types(base: str, dense: str) -> None:
    pois = around(base, dense, radius="900", types="050102|050117")["pois"]
    metres = [int(poi["distance"]) for poi in pois]
    assert metres
    assert metres == sorted(metres)
    assert metres[-1] <= 900
    assert all(poi["typecode"][:6] in {"050102", "050117"} for poi in pois)


def test_count_is_the_total_but_only_200_rows_can_be_paged(base: str, dense: str) -> None:
    first = around(base, dense)
    assert int(first["count"]) > 200
    ids = [poi["id"] for page in range(1, 9) for poi in around(base, dense, page=str(page))["pois"]]
    assert len(ids) == len(set(ids)) == 200
    past = around(base, dense, page="9")
    assert (past["status"], past["pois"], past["count"]) == ("1", [], first["count"])
    # With 24 rows a page the ninth page breaks off at the cap: 8 * 24 + 8.
    assert len(around(base, dense, offset="24", page="9")["pois"]) == 8


def test_the_cap_hides_restaurants_that_a_split_by_type_finds(base: str, dense: str) -> None:
    whole = {poi["id"] for page in range(1, 9) for poi in around(base, dense, page=str(page))["pois"]}
    parts = set()
    for types in ("050100", "050200", "050300|050400|050500|050600|050700|050800|050900"):
        for page in range(1, 9):
            parts |= {poi["id"] for poi in around(base, dense, types=types, page=str(page))["pois"]}
    assert whole < parts
    assert len(parts) == int(around(base, dense)["count"])


def test_a_page_size_above_25_is_refused_or_cut_by_option(base: str, dense: str) -> None:
    assert around(base, dense, offset="40")["infocode"] == "20000"
    assert get(base, "/v5/place/around", location=dense, page_size="26")["infocode"] == "20000"
    with served(clamp=True) as clamping:
        assert len(around(clamping, dense, offset="40")["pois"]) == 25


@pytest.mark.parametrize("bad", [{"location": "116.3"}, {"location": "a,b"}, {"page": "x"}, {"page": "0"}])
def test_a_parameter_that_makes_no_sense_is_20000(base: str, dense: str, bad: dict[str, str]) -> None:
    body = around(base, dense, **bad)
    assert (body["status"], body["info"], body["infocode"]) == ("0", "INVALID_PARAMS", "20000")


def test_missing_parameters_are_20001_and_an_empty_one_counts_as_missing(base: str) -> None:
    assert get(base, "/v3/place/around")["infocode"] == "20001"
    assert get(base, "/v3/place/around", location="")["infocode"] == "20001"
    assert get(base, "/v3/place/text", keywords="", types="")["infocode"] == "20001"
    assert get(base, "/v3/place/detail")["infocode"] == "20001"


def test_unknown_and_empty_parameters_are_ignored(base: str, dense: str) -> None:
    assert around(base, dense, source="x", city="", keywords="") == around(base, dense)


def test_radius_defaults_to_5000_and_above_50000_falls_back_to_the_default(base: str, dense: str) -> None:
    default = get(base, "/v3/place/around", location=dense, types="050000")["count"]
    assert default == around(base, dense, radius="5000")["count"]
    assert default == around(base, dense, radius="50001")["count"]
    assert int(around(base, dense, radius="50000")["count"]) > int(default)


def test_without_keywords_and_types_three_classes_are_searched(base: str, dense: str) -> None:
    count = get(base, "/v3/place/around", location=dense, radius="2000")["count"]
    assert count == around(base, dense, types="050000|070000|120000")["count"]
    assert int(count) > int(around(base, dense)["count"])


def test_types_may_be_chinese_names(base: str, dense: str) -> None:
    assert around(base, dense, types="四川菜(川菜)")["count"] == around(base, dense, types="050102")["count"]
    assert around(base, dense, types="餐饮服务")["count"] == around(base, dense)["count"]
    assert around(base, dense, types="没有这种类型")["count"] == "0"


def test_with_keywords_alone_the_order_is_not_by_distance(base: str, dense: str) -> None:
    alone = [int(p["distance"]) for p in around(base, dense, types="", keywords="川菜")["pois"]]
    typed = [int(p["distance"]) for p in around(base, dense, keywords="川菜")["pois"]]
    assert alone != sorted(alone)
    assert typed == sorted(typed)
    assert sorted(alone) == typed
    assert around(base, dense, sortrule="weight") != around(base, dense)


def test_keywords_find_names_and_kinds(base: str, dense: str) -> None:
    pois = around(base, dense, keywords="烧烤")["pois"]
    assert pois
    assert all("烧烤" in poi["name"] or poi["keytag"] in {"烧烤", "炭火烤肉", "烤串"} for poi in pois)
    both = int(around(base, dense, keywords="烧烤|火锅")["count"])
    assert both == int(around(base, dense, keywords="烧烤")["count"]) + int(
        around(base, dense, keywords="火锅")["count"]
    )


def test_a_city_that_does_not_hold_the_point_empties_the_answer(base: str, dense: str) -> None:
    assert around(base, dense, city="海口")["pois"] == []


@pytest.mark.parametrize("where", [OCEAN, EMPTY])
def test_where_nothing_is_the_answer_is_a_success_with_an_empty_list(base: str, where: str) -> None:
    body = around(base, where)
    assert (body["status"], body["count"], body["pois"]) == ("1", "0", [])


def all_pois(base: str, where: str, **params: str) -> list[dict[str, Any]]:
    return [p for page in range(1, 9) for p in around(base, where, page=str(page), **params)["pois"]]


def test_v3_writes_empty_lists_for_what_it_does_not_know(base: str, dense: str) -> None:
    pois = all_pois(base, dense, extensions="all")
    for missing in (
        [p["biz_ext"]["rating"] for p in pois],
        [p["biz_ext"]["cost"] for p in pois],
        [p["biz_ext"]["open_time"] for p in pois],
        [p["tel"] for p in pois],
        [p["tag"] for p in pois],
    ):
        assert [] in missing
        assert any(isinstance(value, str) and value for value in missing)
        assert "" not in missing


def test_base_has_no_adcode_and_all_has(base: str, dense: str) -> None:
    short, full = around(base, dense)["pois"][0], around(base, dense, extensions="all")["pois"][0]
    assert "adcode" not in short
    assert short["adname"] == full["adname"]
    assert len(full["adcode"]) == 6
    assert {"pcode", "citycode", "tag", "business_area", "indoor_data", "children"} <= set(full)


def test_a_few_belong_to_two_types_joined_by_bars(base: str, dense: str) -> None:
    pois = all_pois(base, dense)
    double = [poi for poi in pois if "|" in poi["typecode"]]
    assert double
    assert all(poi["type"].count("|") == poi["typecode"].count("|") == 1 for poi in double)
    assert all(poi["type"].startswith("餐饮服务;") for poi in pois)


def test_the_order_of_keys_differs_between_pois_and_answers(base: str, dense: str) -> None:
    pois = around(base, dense)["pois"]
    assert len({tuple(poi) for poi in pois}) > 3
    bodies = [tuple(around(base, dense, page=str(page))) for page in range(1, 8)]
    assert len(set(bodies)) > 1


def test_older_ages_give_fewer_base_fields(dense: str) -> None:
    with served(age="2017") as old:
        poi = around(old, dense)["pois"][0]
        assert (poi["biz_ext"], poi["photos"]) == ([], [])
        assert set(around(old, dense, extensions="all")["pois"][0]["biz_ext"]) == {"rating", "cost"}
    with served(age="2022") as newer:
        poi = around(newer, dense)["pois"][0]
        assert set(poi["biz_ext"]) == {"rating", "cost", "meal_ordering", "open_time", "opentime2"}
        assert "keytag" not in poi


def test_v5_counts_its_own_page_and_leaves_out_what_it_does_not_know(base: str, dense: str) -> None:
    asked = {"location": dense, "radius": "2000", "types": "050000"}
    body = get(base, "/v5/place/around", **asked)
    assert body["count"] == "10"
    assert len(body["pois"]) == 10
    assert "business" not in body["pois"][0]
    full = [
        poi
        for page in range(1, 9)
        for poi in get(
            base, "/v5/place/around", page_size="25", page_num=str(page), show_fields="business,photos", **asked
        )["pois"]
    ]
    assert len(full) == 200
    assert {poi["id"] for poi in full} == {poi["id"] for poi in all_pois(base, dense)}
    for fact in ("rating", "cost", "tel", "tag", "opentime_today"):
        assert 0 < sum(fact not in poi["business"] for poi in full) < 100
    assert all(value for poi in full for value in poi["business"].values())
    assert any(poi["address"] == "" for poi in full) or all(poi["address"] for poi in full)
    assert "biz_ext" not in full[0]


def test_text_search_gives_no_distance(base: str) -> None:
    v3 = get(base, "/v3/place/text", keywords="火锅", city="成都", citylimit="true")
    assert int(v3["count"]) > 20
    assert all(poi["distance"] == [] and poi["cityname"] == "成都市" for poi in v3["pois"])
    v5 = get(base, "/v5/place/text", keywords="火锅", region="028", city_limit="true")
    assert all(poi["distance"] == "" for poi in v5["pois"])


def test_a_city_only_weighs_unless_the_search_is_limited_to_it(base: str) -> None:
    free = get(base, "/v3/place/text", keywords="清华大学", city="上海")
    assert [poi["cityname"] for poi in free["pois"]] == ["北京市"]
    assert get(base, "/v3/place/text", keywords="清华大学", city="上海", citylimit="true")["pois"] == []


def test_a_general_word_without_a_city_suggests_cities(base: str) -> None:
    body = get(base, "/v3/place/text", keywords="川菜")
    assert (body["count"], body["pois"]) == ("0", [])
    assert set(body["suggestion"]["cities"][0]) == {"name", "num", "citycode", "adcode"}


def test_v5_text_takes_at_most_80_characters(base: str) -> None:
    assert get(base, "/v5/place/text", keywords="长" * 81, region="北京")["infocode"] == "20000"


def test_detail_gives_one_poi_in_v3_and_up_to_ten_in_v5(base: str, dense: str) -> None:
    shown = around(base, dense, extensions="all")["pois"]
    ids = [poi["id"] for poi in shown]
    (detail,) = get(base, "/v3/place/detail", id=ids[0])["pois"]
    assert {k: v for k, v in detail.items() if k != "distance"} == {
        k: v for k, v in shown[0].items() if k != "distance"
    }
    assert get(base, "/v3/place/detail", id="|".join(ids[:2]))["infocode"] == "20000"
    ten = get(base, "/v5/place/detail", id="|".join(ids[:10]), show_fields="business")
    assert ten["count"] == "10"
    assert [poi["id"] for poi in ten["pois"]] == ids[:10]
    assert get(base, "/v5/place/detail", id="|".join(ids[:11]))["infocode"] == "20000"


@pytest.mark.parametrize("wrong", ["B000A7BD6C", "SBX00000000", "SBXZZZZZZZZ", "SBXP9999", "SBX", "SBXß0000000"])
def test_detail_of_an_unknown_id_is_an_empty_list(base: str, wrong: str) -> None:
    body = get(base, "/v3/place/detail", id=wrong)
    assert (body["status"], body["pois"]) == ("1", [])
