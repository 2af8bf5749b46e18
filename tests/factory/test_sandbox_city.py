"""The invented cities: dense enough, varied enough, dirty enough, and the same in every process."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from factory.sandbox.city.brands import brands
from factory.sandbox.city.city import Query, World
from factory.sandbox.city.pois import SandboxPoi, poi_id, read_poi_id
from factory.sandbox.city.tables import cities, find_city, landmarks
from factory.sandbox.city.words import kinds

RESTAURANTS = Query(codes=("05",))
MAIN = ("川菜", "粤菜", "湘菜", "东北菜", "江浙菜", "日本料理", "烧烤", "火锅", "西餐")
RARE = ("俄国菜", "印度菜", "法国菜", "潮州菜", "泰国菜", "徽菜", "素菜", "清真菜")
ORIGINAL = re.findall(
    r"\S+",
    """
清华大学 北京大学 中国人民大学 北京航空航天大学 北京理工大学 北京师范大学
中国农业大学 北京科技大学 北京交通大学 北京邮电大学 北京外国语大学 中央财经大学
对外经济贸易大学 中国政法大学 北京林业大学 中央民族大学 首都师范大学
""",
)
CHAINS = re.findall(
    r"\S+",
    """
海底捞 西贝 外婆家 绿茶餐厅 小龙坎 呷哺 巴奴 太二 费大厨 九毛九
全聚德 便宜坊 东来顺 眉州东坡 大董 点都德 陶陶居 南京大牌档 新白鹿 木屋烧烤
很久以前 丰茂 味千 吉野家 萨莉亚 必胜客 肯德基 麦当劳 汉堡王 德克士
真功夫 永和 星巴克 瑞幸 喜茶 奈雪 蜜雪 一点点 茶颜悦色 沙县
兰州拉面 杨国福 张亮 老乡鸡 乡村基 大米先生 云海肴 江边城外 同庆楼 广州酒家
小南国 苏浙汇 鼎泰丰 王品 豪客来 刘一手 德庄 秦妈 大龙燚 谭鸭血
蜀大侠 电台巷 湊湊 八合里 炉鱼 小菜园 徐记海鲜 炊烟 文和友 望湘园
辣妹子 农耕记 胖哥俩 探鱼 鱼你 半天妖 胡大 花家怡园 旺顺阁 金鼎轩
护国寺
""",
)


@pytest.fixture(scope="module")
def world() -> World:
    return World(0)


def near(world: World, place: str, radius_m: float = 2000) -> list[SandboxPoi]:
    mark = next(mark for mark in landmarks() if mark.name == place)
    hits = world.around(mark.lng, mark.lat, radius_m, RESTAURANTS)
    return [poi for wanted in hits.ids if (poi := world.poi(wanted)) is not None]


@pytest.fixture(scope="module")
def circles(world: World) -> list[list[SandboxPoi]]:
    """The restaurants within 2 km of 40 places, every eleventh of the list."""
    return [near(world, mark.name) for mark in landmarks()[::11][:40]]


def test_the_list_holds_at_least_330_places_in_24_cities_and_the_original_17() -> None:
    with Path("factory/plan/places.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["name", "city", "kind", "lng", "lat"]
    assert len(rows) >= 330
    assert len({row["city"] for row in rows}) >= 24
    assert len({(row["name"], row["city"]) for row in rows}) == len(rows)
    assert len(ORIGINAL) == 17
    assert set(ORIGINAL) <= {row["name"] for row in rows if row["city"] == "北京市"}
    assert {row["kind"] for row in rows} == {"university", "station", "mall", "sight"}


def test_every_place_lies_near_its_city_and_in_many_cells() -> None:
    cells = set()
    for mark in landmarks():
        city = find_city(mark.city)
        assert city is not None, mark
        assert abs(mark.lng - city.lng) < 1.1, mark
        assert abs(mark.lat - city.lat) < 0.7, mark
        cells.add((int(mark.lng * 9), int(mark.lat * 11)))
    assert len(cells) > 100


def test_circles_of_2_km_are_dense_or_sparse_but_never_empty_or_flooded(world: World) -> None:
    marks = landmarks()[::4]
    sizes = [len(world.around(mark.lng, mark.lat, 2000, RESTAURANTS)) for mark in marks]
    assert all(20 <= size <= 500 for size in sizes), sizes
    assert sum(size >= 150 for size in sizes) > 0.4 * len(sizes)
    assert sum(size <= 100 for size in sizes) > 0.04 * len(sizes)


def test_dense_quarters_hold_every_main_cuisine_and_few_of_the_rare(circles: list[list[SandboxPoi]]) -> None:
    dense = [pois for pois in circles if len(pois) >= 150]
    held = [Counter(poi.word for poi in pois) for pois in dense]
    for word in MAIN:
        assert all(4 <= count[word] <= 70 for count in held), word
        assert sum(count[word] >= 8 for count in held) > 0.8 * len(held), word
    for word in RARE:
        assert all(count[word] <= 6 for count in held), word
        assert any(count[word] == 0 for count in held), word


def test_most_cuisines_offer_most_budgets(circles: list[list[SandboxPoi]]) -> None:
    bands = ((0, 50), (50, 100), (100, 200), (200, 10**6))
    offered = [
        any(poi.word == word and poi.cost and low <= float(poi.cost) <= high for poi in pois)
        for pois in circles
        if len(pois) >= 150
        for word in MAIN
        for low, high in bands
    ]
    assert 0.85 < sum(offered) / len(offered) < 1.0


def test_no_two_restaurants_of_a_circle_share_a_name_but_many_share_a_brand(circles: list[list[SandboxPoi]]) -> None:
    doubles = branches = 0
    for pois in circles:
        names = Counter(poi.name for poi in pois)
        doubles += sum(count > 1 for count in names.values())
        brands = Counter(name.split("(")[0] for name in names if name.endswith("店)"))
        branches += sum(count > 1 for count in brands.values())
    assert doubles <= 1
    assert branches > 5 * len(circles)


def test_some_brands_of_a_circle_differ_in_one_character(circles: list[list[SandboxPoi]]) -> None:
    def alike(name: str, other: str) -> bool:
        return len(name) == len(other) and sum(a != b for a, b in zip(name, other, strict=True)) == 1

    brands = [sorted({poi.name.split("(")[0] for poi in pois}) for pois in circles if len(pois) >= 150]
    pairs = [sum(alike(a, b) for i, a in enumerate(names) for b in names[i + 1 :]) for names in brands]
    assert sum(pairs) > len(pairs)


def test_facts_have_the_gaps_and_the_dirt_of_a_real_map(circles: list[list[SandboxPoi]]) -> None:
    pois = [poi for circle in circles for poi in circle]
    missing = {
        fact: sum(not getattr(poi, fact) for poi in pois) / len(pois)
        for fact in ("rating", "cost", "open_time", "tel", "specialities", "address")
    }
    assert 0.04 < missing["rating"] < 0.12
    assert 0.05 < missing["cost"] < 0.14
    assert 0.06 < missing["open_time"] < 0.15
    assert 0.1 < missing["tel"] < 0.2
    assert 0.1 < missing["specialities"] < 0.2
    assert 0.001 < missing["address"] < 0.03
    ratings = [float(poi.rating) for poi in pois if poi.rating]
    assert 0.005 < sum(rating < 3 for rating in ratings) / len(ratings) < 0.05
    assert max(ratings) == 5.0
    hours = {poi.open_time for poi in pois if poi.open_time}
    assert any(" " in text for text in hours)
    assert any(text.split("-")[-1] < "06:00" for text in hours)
    assert any(poi.tel and poi.tel.endswith(",0") for poi in pois)
    hostile = [poi for poi in pois if re.search("忽略|SYSTEM|系统提示", poi.name + (poi.address or ""))]
    assert 0.0005 < len(hostile) / len(pois) < 0.01


def test_every_telephone_number_is_impossible(circles: list[list[SandboxPoi]]) -> None:
    for poi in circles[0]:
        for number in re.split("[;,]", poi.tel or ""):
            assert number in {"", "0"} or re.fullmatch(r"0\d{2,3}-0\d{7}|100\d{8}", number), number


def test_no_real_chain_appears(circles: list[list[SandboxPoi]]) -> None:
    called = {poi.name.split("(")[0] for circle in circles for poi in circle}
    called |= {brand.name for city in cities() for kind in brands(0, city.name) for brand in kind}
    assert not [name for name in called for chain in CHAINS if chain in name]


def test_barbecue_can_be_told_by_its_name(circles: list[list[SandboxPoi]]) -> None:
    grills = [poi for circle in circles for poi in circle if poi.word == "烧烤"]
    told = sum("烤" in poi.name for poi in grills)
    assert told >= 0.99 * len(grills)


def test_a_search_is_sorted_and_complete(world: World) -> None:
    mark = landmarks()[40]
    hits = world.around(mark.lng, mark.lat, 1500, RESTAURANTS)
    wide = world.around(mark.lng, mark.lat, 3000, RESTAURANTS)
    assert all(a <= b for a, b in pairwise(hits.distances_m))
    assert hits.ids == wide.ids[: len(hits)]
    assert wide.distances_m[len(hits)] >= 1500


def test_another_seed_is_another_city(world: World) -> None:
    other = {poi.name for poi in near(World(1), "清华大学")}
    assert not other & {poi.name for poi in near(world, "清华大学")}


def test_every_process_invents_the_same_city() -> None:
    program = (
        "from tests.factory.test_sandbox_city import near, World\n"
        "import hashlib; text = repr(near(World(0), '外滩')); print(hashlib.sha256(text.encode()).hexdigest())"
    )
    # Unequal hash seeds: nothing may hang on the order of a set.
    hashes = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PATH": "", "PYTHONPATH": "."},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(hashes) == 1


def test_ids_begin_with_sbx_and_lead_back_to_their_poi(world: World) -> None:
    for poi in near(world, "武汉大学"):
        assert poi.poi_id.startswith("SBX")
        assert world.poi(poi.poi_id) == poi
    assert read_poi_id(poi_id(5816, 1999, 17)) == (5816, 1999, 17)


def test_every_city_and_every_kind_is_usable() -> None:
    assert all(city.districts and len(city.adcode) == 6 for city in cities())
    assert all(kind.suffixes and kind.type.count(";") == 2 for kind in kinds())
    assert all(len(set(kind.dishes)) == len(kind.dishes) for kind in kinds())
