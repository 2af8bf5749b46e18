"""Distances, cells and the two datums, against an independent implementation and by hand."""

from __future__ import annotations

import random

import prcoords
import pytest

from factory.geo import cell_id, destination, distance_m, wgs84_to_gcj02


def test_conversion_agrees_with_an_independent_implementation_within_a_metre() -> None:
    dice = random.Random(11)
    for _ in range(10_000):
        lng, lat = dice.uniform(72.5, 137.5), dice.uniform(1.0, 55.5)
        ours = wgs84_to_gcj02(lng, lat)
        theirs = prcoords.wgs_gcj(prcoords.Coords(lat, lng))
        assert distance_m(ours.lng, ours.lat, theirs.lon, theirs.lat) <= 1.0


def test_outside_china_the_datums_are_one() -> None:
    assert wgs84_to_gcj02(24.94, 60.17) == (24.94, 60.17)
    assert wgs84_to_gcj02(-74.0, 40.7) == (-74.0, 40.7)


def test_a_degree_of_latitude_is_111_kilometres() -> None:
    # 6,371,008.8 m x pi / 180
    assert distance_m(116.0, 39.0, 116.0, 40.0) == pytest.approx(111_195.08, abs=0.01)


@pytest.mark.parametrize(("lng", "lat"), [(116.3, 40.0), (179.9999, 10.0), (-179.9999, -10.0), (24.9, 89.5)])
def test_a_destination_lies_as_far_as_asked_also_across_the_date_line(lng: float, lat: float) -> None:
    for bearing in range(0, 360, 30):
        where = destination(lng, lat, bearing, 2_000)
        assert distance_m(lng, lat, where.lng, where.lat) == pytest.approx(2_000, abs=0.01)


def test_cells_are_about_ten_kilometres_wide() -> None:
    assert cell_id(116.30, 39.95) == cell_id(116.31, 39.96)
    assert cell_id(116.30, 39.95) != cell_id(116.45, 39.95)
    assert cell_id(116.30, 39.95) != cell_id(116.30, 40.10)
