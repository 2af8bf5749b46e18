"""Open map data of a Chinese city, in each published schema and invented throughout: read as a Chinese speaker would."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from factory.errors import UsageError
from factory.maps.open.coverage import coverage
from factory.maps.open.gates import LEAST_WITH_NEED
from factory.maps.open.kitchens import kitchen
from factory.maps.open.map import OpenMap, open_map
from factory.maps.open.names import names_of, simplified
from factory.records import Place, PlaceName, Poi
from tests.factory.open_files import write_osm

LNG, LAT = 104.07, 30.66
Node = tuple[float, float, dict[str, str]]


def _eat(place: int, **tags: str) -> Node:
    return (LNG + 0.0006 * place, LAT, {"amenity": "restaurant", **{key.replace("__", ":"): tags[key] for key in tags}})


EATEN: dict[str, dict[str, str]] = {
    "湘菜": {"name": "望江小馆", "cuisine": "hunan"},
    "东北菜": {"name": "雪原人家", "cuisine": "chinese;dongbei"},
    "西北菜": {"name": "天山食府", "cuisine": "xinjiang"},
    "云贵菜": {"name": "彩云间", "cuisine": "yunnan"},
    "面食": {"name": "马记兰州拉面", "cuisine": "chinese"},
    "粥": {"name": "老巷白粥", "cuisine": "congee"},
    "奶茶": {"name": "一叶", "cuisine": "bubble_tea"},
    "火锅": {"name": "海底捞", "brand": "海底捞", "cuisine": "chinese"},
    "川菜": {"name": "錦官小館", "cuisine": "川菜"},
    "中餐": {"name": "中國福樓酒家"},
    "粤菜": {"name": "岭南记", "cuisine": "cantonese"},
    "日本料理": {"name": "竹寿司", "cuisine": "asian"},
}
SOURCES = {"面食": "name", "火锅": "brand", "中餐": "name", "日本料理": "name"}
ANCHORS: list[Node] = [
    (
        LNG,
        LAT + 0.001,
        {"railway": "station", "name": "錦江東站", "name:en": "Jinjiang East", "name:zh-Hant": "錦江東站"},
    ),
    (LNG, LAT + 0.002, {"amenity": "university", "name": "望山大学", "name:zh": "望山大學", "alt_name": "望大"}),
    (LNG, LAT + 0.003, {"place": "square", "name": "银杏广场"}),
    (LNG, LAT + 0.004, {"shop": "mall", "name": "双桥万象城"}),
    (LNG, LAT + 0.005, {"amenity": "place_of_worship", "name": "青莲寺", "wikidata": "Q0"}),
    (LNG, LAT + 0.006, {"tourism": "hotel", "name": "银杏酒店"}),
    (LNG, LAT + 0.007, {"leisure": "fitness_centre", "name": "力健身"}),
    (LNG, LAT + 0.008, {"tourism": "attraction", "building": "hotel", "name": "老饭店旧址"}),
    (LNG, LAT + 0.009, {"leisure": "park", "name": "Happy Fitness Park"}),
    (LNG, LAT + 0.010, {"amenity": "place_of_worship", "name": "无名小庙"}),
]


def _around(maps: OpenMap, radius_m: int = 3000) -> list[Poi]:
    place = asyncio.run(maps.locate(PlaceName("x", "", "", LNG, LAT)))
    return list(asyncio.run(maps.around(place, radius_m=radius_m, cuisine=None, page=1)).pois)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> OpenMap:
    folder = tmp_path_factory.mktemp("china")
    nodes = [_eat(place, **tags) for place, tags in enumerate(EATEN.values())]
    nodes += [_eat(20 + place, name=f"无牌小店{place}") for place in range(6)]
    return open_map(write_osm(folder / "city.osm.pbf", [*nodes, *ANCHORS]), folder)[0]


def test_each_kitchen_is_known_by_its_tag_its_brand_or_its_name(city: OpenMap) -> None:
    kitchens = {poi.name: (poi.cuisine, poi.cuisine_source) for poi in _around(city) if "无牌" not in poi.name}
    wanted = {word: tags["name"] for word, tags in EATEN.items()}
    simple = {"錦官小館": "锦官小馆", "中國福樓酒家": "中国福楼酒家"}
    assert kitchens == {simple.get(name, name): (word, SOURCES.get(word, "tag")) for word, name in wanted.items()}
    assert all(poi.cuisine is None for poi in _around(city) if "无牌" in poi.name)


@pytest.mark.parametrize(
    ("categories", "name", "brand", "word", "source"),
    [
        (["hunan"], "兰州拉面", None, "湘菜", "tag"),  # a tag that names a kitchen wins
        (["chinese"], "寿司之家", None, "中餐", "tag"),  # another country's is no closer word for 中餐
        (["asian"], "Thai Orchid", None, "泰国菜", "name"),
        ([], "Thailand Travel", None, "泰国菜", "name"),
        ([], "Nathan's", None, None, None),
        ([], "必胜客(东门店)", None, "披萨", "brand"),
        (["coffee_shop"], "x", "Starbucks", "咖啡", "brand"),
        (["火锅"], "x", None, "火锅", "tag"),
        (["noodle"], "x", None, "面食", "tag"),
    ],
)
def test_a_kitchen_takes_the_closest_word(
    categories: list[str], name: str, brand: str | None, word: str | None, source: str | None
) -> None:
    cooked = kitchen(categories, [name], brand)
    assert (cooked.word, cooked.source) == (word, source)


@pytest.mark.parametrize(
    ("tags", "shown"),
    [
        ({"name": "Tori", "name:zh": "議會廣場", "name:zh-Hans": "议会广场"}, "议会广场"),
        ({"name": "Tori", "name:zh": "議會廣場"}, "议会广场"),
        ({"name": "Tori", "name:zh-TW": "議會廣場", "name:en": "Square"}, "议会广场"),
        ({"name": "Tori", "name:zh_pinyin": "Yihui", "name:en": "Square"}, "Tori"),
        ({"name": "議會廣場", "name:en": "Square"}, "议会广场"),
        ({"name": "駅前ラーメン"}, "駅前ラーメン"),  # Japanese stays as it is
        ({"name:en": "Square"}, "Square"),
    ],
)
def test_the_shown_name_is_simplified_chinese_where_there_is_one(tags: dict[str, str], shown: str) -> None:
    names = names_of(tags)
    assert names[0] == shown
    assert {value for key, value in tags.items() if "pinyin" not in key} <= set(names)


def test_every_form_of_a_name_finds_the_place_and_only_the_simplified_one_is_shown(city: OpenMap) -> None:
    for name in ("锦江东站", "錦江東站", "jinjiang east"):
        assert asyncio.run(city.locate(PlaceName(name, ""))).lat == pytest.approx(LAT + 0.001)
    assert asyncio.run(city.locate(PlaceName("望大", ""))).lat == pytest.approx(LAT + 0.002)
    shown = [*(place.name for place in city.places()), *(poi.name for poi in _around(city))]
    assert [name for name in shown if simplified(name) != name] == []


def test_people_stand_at_stations_universities_squares_malls_and_sights_never_at_hotels_or_gyms(city: OpenMap) -> None:
    assert [place.name for place in city.places()] == ["锦江东站", "望山大学", "银杏广场", "双桥万象城", "青莲寺"]
    assert asyncio.run(city.locate(PlaceName("银杏酒店", ""))).name == "银杏酒店", "asked for by name it is found"


def test_a_coverage_report_says_what_the_file_holds(city: OpenMap) -> None:
    text = "\n".join(coverage("city.osm.pbf", city, city.words()))
    for words in (
        "18 restaurants (osm, WGS-84; ODbL-1.0)",
        "cuisine 67%",
        "hours 0%",
        "(read from tag 8, name 3, brand 1)",
        "needs known to be met: none often enough",
        "places to stand at: 5 (station 1",
        "18 restaurants are in their reach",
    ):
        assert words in text


def _needy(tmp_path: Path, number: int) -> OpenMap:
    """Six 湘菜 and six 川菜; ``number`` of the first are known to let wheelchairs in, all of the second."""
    nodes = [_eat(i, name=f"湘{i}", cuisine="hunan", **({"wheelchair": "yes"} if i < number else {})) for i in range(6)]
    nodes += [_eat(10 + i, name=f"川{i}", cuisine="sichuan", wheelchair="yes") for i in range(6)]
    nodes += [_eat(20 + i, name=f"粤{i}", cuisine="cantonese") for i in range(6)]
    return open_map(write_osm(tmp_path / "n.osm.pbf", [*nodes, ANCHORS[2]]), tmp_path)[0]


@pytest.mark.parametrize("number", [LEAST_WITH_NEED - 1, LEAST_WITH_NEED])
def test_a_need_is_asked_for_only_where_restaurants_of_the_cuisine_meet_it(tmp_path: Path, number: int) -> None:
    maps = _needy(tmp_path, number)
    words = maps.words_at(Place("p", "p", "", None, LNG, LAT, "WGS-84"))
    assert words.needs_of("川菜") == ("", "wheelchair")
    assert words.needs_of("粤菜") == ("",)
    assert words.needs_of("湘菜") == (("", "wheelchair") if number >= LEAST_WITH_NEED else ("",))


def test_phone_and_website_are_evidence(tmp_path: Path) -> None:
    told = {"phone": "+86 28 0000 0000", "contact:website": "https://example.invalid/menu"}
    nodes = [(LNG, LAT, {"amenity": "restaurant", "name": "有电话", "cuisine": "hunan", **told})]
    (poi,) = _around(open_map(write_osm(tmp_path / "t.osm.pbf", nodes), tmp_path)[0])
    assert poi.tel == "+86 28 0000 0000"
    assert dict(poi.tags)["website"] == "https://example.invalid/menu"


# --- Overture and Foursquare, in the columns of their published schemas ----------------------------------------------------


def _overture(path: Path, rows: list[dict[str, Any]], *, newer: bool) -> Path:
    names = pa.struct(
        [
            ("primary", pa.string()),
            ("common", pa.map_(pa.string(), pa.string())),
            (
                "rules",
                pa.list_(pa.struct([("variant", pa.string()), ("language", pa.string()), ("value", pa.string())])),
            ),
        ]
    )
    taxonomy = pa.struct(
        [("primary", pa.string()), ("hierarchy", pa.list_(pa.string())), ("alternates", pa.list_(pa.string()))]
    )
    schema = pa.schema(
        [
            ("id", pa.string()),
            ("bbox", pa.struct([(side, pa.float32()) for side in ("xmin", "xmax", "ymin", "ymax")])),
            ("operating_status", pa.string()),
            ("names", names),
            ("categories", pa.struct([("primary", pa.string()), ("alternate", pa.list_(pa.string()))])),
            *([("basic_category", pa.string()), ("taxonomy", taxonomy)] if newer else []),
            ("confidence", pa.float64()),
            ("websites", pa.list_(pa.string())),
            ("phones", pa.list_(pa.string())),
            ("brand", pa.struct([("wikidata", pa.string()), ("names", names)])),
            (
                "addresses",
                pa.list_(
                    pa.struct(
                        [(part, pa.string()) for part in ("freeform", "locality", "postcode", "region", "country")]
                    )
                ),
            ),
        ]
    )
    full = []
    for number, row in enumerate(rows):
        lng = LNG + 0.0006 * number
        kind = {"categories": {"primary": row["kind"], "alternate": row.get("more")}}
        if newer:
            steps = ["food_and_drink" if row.get("eaten", True) else "travel", row["kind"]]
            kind = {
                "categories": None,
                "basic_category": "restaurant",
                "taxonomy": {"primary": row["kind"], "hierarchy": steps, "alternates": row.get("more")},
            }
        full.append(
            {
                "id": f"i{number}",
                "bbox": {"xmin": lng, "xmax": lng, "ymin": LAT, "ymax": LAT},
                "operating_status": row.get("status", "open"),
                "names": {"primary": row["name"], "common": row.get("common"), "rules": None},
                "confidence": row.get("confidence", 0.9),
                "websites": ["https://example.invalid"],
                "phones": ["+86 28 0000 0000"],
                "brand": {"wikidata": None, "names": {"primary": row["brand"], "common": None, "rules": None}}
                if "brand" in row
                else None,
                "addresses": [{"freeform": "望江路1号", "locality": "锦城", "country": "CN"}],
                **kind,
            }
        )
    pq.write_table(pa.Table.from_pylist(full, schema), path)
    return path


OVERTURE_ROWS: list[dict[str, Any]] = [
    {"name": "Mountain House", "common": [("zh", "山居小館"), ("en", "Mountain House")], "kind": "hunan_restaurant"},
    {"name": "锅语", "kind": "hot_pot_restaurant"},
    {"name": "小肥羊(东门店)", "kind": "chinese_restaurant", "brand": "小肥羊"},
    {"name": "夜归人", "kind": "cocktail_bar"},
    {"name": "关门饭馆", "kind": "chinese_restaurant", "status": "permanently_closed"},
    {"name": "歇业饭馆", "kind": "chinese_restaurant", "status": "temporarily_closed"},
    {"name": "也许饭馆", "kind": "chinese_restaurant", "confidence": 0.2},
    {"name": "Metro", "common": [("zh-Hant", "錦城地鐵站")], "kind": "metro_station", "eaten": False},
    {"name": "锦城酒店", "kind": "hotel", "eaten": False},
]


@pytest.mark.parametrize("newer", [False, True])
def test_overture_is_read_in_chinese_by_category_and_by_taxonomy(tmp_path: Path, newer: bool) -> None:  # noqa: FBT001
    maps, _ = open_map(_overture(tmp_path / "o.parquet", OVERTURE_ROWS, newer=newer), tmp_path)
    kitchens = {poi.name: (poi.cuisine, poi.cuisine_source) for poi in _around(maps)}
    assert kitchens == {"山居小馆": ("湘菜", "tag"), "锅语": ("火锅", "tag"), "小肥羊(东门店)": ("火锅", "brand")}
    poi = _around(maps)[0]
    assert (poi.tel, dict(poi.tags)["website"]) == ("+86 28 0000 0000", "https://example.invalid")
    for name in ("锦城地铁站", "錦城地鐵站", "metro"):
        assert asyncio.run(maps.locate(PlaceName(name, ""))).city == "锦城"


@pytest.mark.parametrize("bbox", [None, {"xmin": 999.0, "xmax": 999.0, "ymin": LAT, "ymax": LAT}])
def test_a_row_that_stands_nowhere_is_left_out_and_the_others_stay(
    tmp_path: Path, bbox: dict[str, float] | None
) -> None:
    path = _overture(tmp_path / "o.parquet", OVERTURE_ROWS, newer=False)
    rows = pq.read_table(path)
    whole = {poi.name for poi in _around(open_map(path, tmp_path)[0])}
    first, *others = rows.to_pylist()
    pq.write_table(
        pa.Table.from_pylist([first | {"bbox": bbox}, *others], schema=rows.schema), tmp_path / "hole.parquet"
    )
    assert {poi.name for poi in _around(open_map(tmp_path / "hole.parquet", tmp_path)[0])} == whole - {"山居小馆"}


def test_a_row_that_comes_twice_is_one_shop_with_its_plain_name(tmp_path: Path) -> None:
    path = _overture(tmp_path / "o.parquet", OVERTURE_ROWS, newer=False)
    rows = pq.read_table(path)
    pq.write_table(pa.concat_tables([rows, rows]), tmp_path / "twice.parquet")
    once, twice = (_around(open_map(file, tmp_path)[0]) for file in (path, tmp_path / "twice.parquet"))
    assert [poi.name for poi in twice] == [poi.name for poi in once]


def test_foursquare_is_read_with_its_flags_and_closings(tmp_path: Path) -> None:
    dining = "Dining and Drinking > Restaurant > Asian Restaurant > Chinese Restaurant > "
    rows = [
        ("a", "辣椒人家", [f"{dining}Hunan Restaurant"], None, None),
        ("b", "老灶", [f"{dining}Hotpot Restaurant"], None, ["privatevenue"]),
        ("c", "旧店", [f"{dining}Hunan Restaurant"], "2024-01-01", None),
        ("d", "一杯", ["Dining and Drinking > Bar > Cocktail Bar"], None, None),
        ("e", "炭火", ["Dining and Drinking > Restaurant > BBQ Joint"], None, []),
        ("f", "锦城东站", ["Travel and Transportation > Transport Hub > Rail Station"], None, None),
        ("g", "力健身", ["Sports and Recreation > Gym and Studio"], None, None),
    ]
    table = [
        {
            "fsq_place_id": place_id,
            "name": name,
            "latitude": LAT,
            "longitude": LNG + 0.001 * place,
            "address": None,
            "locality": "锦城",
            "tel": "028-0000",
            "website": None,
            "date_closed": closed,
            "fsq_category_labels": labels,
            "unresolved_flags": flags,
        }
        for place, (place_id, name, labels, closed, flags) in enumerate(rows)
    ]
    texts = [(name, pa.string()) for name in ("address", "locality", "tel", "website", "date_closed")]
    lists = [(name, pa.list_(pa.string())) for name in ("fsq_category_labels", "unresolved_flags")]
    schema = pa.schema(
        [
            ("fsq_place_id", pa.string()),
            ("name", pa.string()),
            ("latitude", pa.float64()),
            ("longitude", pa.float64()),
            *texts,
            *lists,
        ]
    )
    pq.write_table(pa.Table.from_pylist(table, schema), tmp_path / "f.parquet")
    maps, _ = open_map(tmp_path / "f.parquet", tmp_path)
    assert {poi.name: poi.cuisine for poi in _around(maps)} == {"辣椒人家": "湘菜", "炭火": "烧烤"}
    assert asyncio.run(maps.locate(PlaceName("锦城东站", ""))).city == "锦城"


# --- tables, and files that hold nothing of what is asked -----------------------------------------------------------------

HEAD = "name,lng,lat"


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        (
            "pharmacies by name",
            HEAD + "\n" + "".join(f"康宁大药房{i}店,{LNG},{LAT}\n" for i in range(20)),
            "康宁大药房",
        ),
        ("pharmacies by type", HEAD + ",type\n" + f"安康,{LNG},{LAT},pharmacy\n" * 3, "types: pharmacy"),
        ("hotels by name", HEAD + "\n" + "".join(f"海鲜城大酒店{i},{LNG},{LAT}\n" for i in range(9)), "0 of 9 rows"),
        ("hotels by type", HEAD + ",类型\n" + f"泰和,{LNG},{LAT},住宿服务;宾馆酒店\n" * 3, "types: 住宿服务"),
        ("names that say nothing", HEAD + "\n" + f"甲,{LNG},{LAT}\n乙,{LNG},{LAT}\n", "speak of food"),
        ("a header alone", HEAD + "\n", "no restaurant with a name"),
        ("nothing at all", "", "is empty"),
    ],
)
def test_a_map_that_holds_nothing_of_what_is_asked_is_refused_in_a_sentence(
    tmp_path: Path, kind: str, text: str, words: str
) -> None:
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        open_map(tmp_path / "t.csv", tmp_path)
    assert words in str(caught.value), kind


def test_an_overture_file_of_pharmacies_is_refused_too(tmp_path: Path) -> None:
    rows = [{"name": f"药房{i}", "kind": "pharmacy", "eaten": False} for i in range(3)]
    with pytest.raises(UsageError, match="no restaurant with a name"):
        open_map(_overture(tmp_path / "o.parquet", rows, newer=False), tmp_path)


def test_a_spreadsheets_table_in_gbk_with_chinese_headers_is_read_and_its_nonsense_left_out(tmp_path: Path) -> None:
    lines = [
        "名称,经度,纬度,菜系,营业时间,评分,人均",
        f"望江饭店,{LNG},{LAT},湘菜,周一至周日 10:00-22:00,4.5,80",
        f"錦樓飯館,{LNG + 0.001},{LAT},川菜,25:99-26:99,45,-1",
    ]
    (tmp_path / "t.csv").write_bytes("\r\n".join(lines).encode("gbk"))
    first, second = _around(open_map(tmp_path / "t.csv", tmp_path)[0])
    assert (first.name, first.cuisine, first.rating, first.cost_cny) == ("望江饭店", "湘菜", 4.5, 80.0)
    assert first.open_hours == "周一至周日 10:00-22:00"
    assert (second.name, second.open_hours, second.rating, second.cost_cny) == ("锦楼饭馆", None, None, None)
