"""Circles from the place index against brute force: everywhere on the globe, across the 180th meridian, at the poles."""

from __future__ import annotations

import random

import pytest

from factory.geo import distance_m
from factory.maps.open.building import build, fingerprint
from factory.maps.open.index import OpenIndex

REGIONS = {
    "city": (24.8, 25.1, 60.1, 60.3),
    "globe": (-180.0, 180.0, -90.0, 90.0),
    "meridian": (179.9, 180.1, -17.1, -16.9),
    "north pole": (-180.0, 180.0, 89.6, 90.0),
    "south pole": (-180.0, 180.0, -90.0, -89.7),
}


def _points(number: int, dice: random.Random, region: str) -> list[tuple[float, float]]:
    west, east, south, north = REGIONS[region]
    points = [(dice.uniform(west, east), dice.uniform(south, north)) for _ in range(number)]
    return [((lng + 180.0) % 360.0 - 180.0, lat) for lng, lat in points]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> OpenIndex:
    folder = tmp_path_factory.mktemp("index")
    dice = random.Random(1)
    points = [point for region in REGIONS for point in _points(900, dice, region)]
    points += [(180.0, 0.0), (-180.0, 0.01), (0.0, 90.0), (12.0, -90.0)]
    file = folder / "world.csv"
    rows = "".join(
        f"p{i},place {i},{lng!r},{lat!r},{'thai' if i % 3 else 'pizza'}\n" for i, (lng, lat) in enumerate(points)
    )
    file.write_text("poi_id,name,lng,lat,cuisine\n" + rows)
    build(file, folder / fingerprint(file))
    return OpenIndex(folder / fingerprint(file))


@pytest.mark.parametrize("region", REGIONS)
def test_a_thousand_random_circles_are_those_of_brute_force(index: OpenIndex, region: str) -> None:
    dice = random.Random(region)
    pois_indexed = [index.poi(row) for row in range(len(index))]
    for number, (lng, lat) in enumerate(_points(200, dice, region)):
        radius = dice.choice((50.0, 500.0, 2_000.0, 20_000.0, 300_000.0))
        cuisine = ("泰国菜", None, "披萨")[number % 3]
        rows, metres = index.around(lng, lat, radius, cuisine)
        within = {index.poi(row).poi_id for row in rows}
        wanted = {
            indexed.poi_id
            for indexed in pois_indexed
            if distance_m(lng, lat, indexed.lng, indexed.lat) <= radius and cuisine in {None, indexed.cuisine}
        }
        assert within == wanted
        assert metres == sorted(metres)
        assert all(
            abs(distance_m(lng, lat, index.poi(row).lng, index.poi(row).lat) - far) < 1e-6 * max(1.0, far)
            for row, far in zip(rows, metres, strict=True)
        )


def test_circles_touch_what_lies_on_the_meridian_and_on_the_pole(index: OpenIndex) -> None:
    names = {index.poi(row).lng for row in index.around(179.999, 0.005, 2_000.0)[0]}
    assert names == {180.0, -180.0}
    assert any(index.poi(row).lat == 90.0 for row in index.around(-120.0, 89.99, 2_000.0)[0])
