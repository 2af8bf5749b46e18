"""The real skeleton of the invented cities: which places, cities and districts exist and where they lie (GCJ-02).

Read from ``factory/plan/places.csv`` and ``cities.csv``; coordinates are approximate general knowledge. What fills the
skeleton (restaurants, streets, people's opinions) is invented in the other city modules.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

PLACES_CSV: Final = Path(__file__).parents[2] / "plan" / "places.csv"
CITIES_CSV: Final = Path(__file__).parent / "cities.csv"

MUNICIPALITIES: Final = frozenset({"北京市", "上海市", "天津市", "重庆市"})
EARTH_RADIUS_M: Final = 6_371_008.8
"""Mean radius (IUGG)."""

PLACE_TYPES: Final = {
    "university": ("科教文化服务;学校;高等院校", "141201"),
    "station": ("交通设施服务;火车站;火车站", "150200"),
    "mall": ("购物服务;商场;购物中心", "060101"),
    "sight": ("风景名胜;风景名胜;国家级景点", "110202"),
}


@dataclass(frozen=True, slots=True)
class District:
    """A district with an approximate centre."""

    name: str
    adcode: str
    lng: float
    lat: float


@dataclass(frozen=True, slots=True)
class City:
    """A city with its codes and districts."""

    name: str
    province: str
    pinyin: str
    adcode: str
    citycode: str
    lng: float
    lat: float
    districts: tuple[District, ...]

    @property
    def is_municipality(self) -> bool:
        """True for the four cities that are provinces too."""
        return self.name in MUNICIPALITIES

    @property
    def province_adcode(self) -> str:
        """Six digits, such as ``320000``."""
        return self.adcode[:2] + "0000"

    def answers_to(self, word: str) -> bool:
        """True when ``word`` is this city's name (with or without 市), pinyin, citycode or adcode."""
        lowered = word.lower()
        codes = {self.pinyin, self.citycode, self.adcode, self.adcode[:4] + "00"}
        # A district's code also names its city, as the service takes it.
        return word in {self.name, self.name[:-1]} or lowered in codes or any(word == d.adcode for d in self.districts)


@dataclass(frozen=True, slots=True)
class Landmark:
    """A real place of ``places.csv``; ``kind`` is university, station, mall or sight."""

    name: str
    city: str
    kind: str
    lng: float
    lat: float


@cache
def cities() -> tuple[City, ...]:
    """All cities of the table."""
    with CITIES_CSV.open(encoding="utf-8", newline="") as file:
        return tuple(_city(row) for row in csv.DictReader(file))


def _city(row: dict[str, str]) -> City:
    parts = [item.split(":") for item in row["districts"].split("|")]
    districts = tuple(District(name, adcode, float(lng), float(lat)) for name, adcode, lng, lat in parts)
    return City(
        name=row["name"],
        province=row["province"],
        pinyin=row["pinyin"],
        adcode=row["adcode"],
        citycode=row["citycode"],
        lng=float(row["lng"]),
        lat=float(row["lat"]),
        districts=districts,
    )


@cache
def landmarks() -> tuple[Landmark, ...]:
    """All places of ``places.csv``."""
    with PLACES_CSV.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        return tuple(
            Landmark(row["name"], row["city"], row["kind"], float(row["lng"]), float(row["lat"])) for row in rows
        )


@cache
def anchors() -> tuple[np.ndarray, np.ndarray]:
    """Longitudes and latitudes of all landmarks and city centres: around them the cities are dense."""
    points = [(mark.lng, mark.lat) for mark in landmarks()] + [(city.lng, city.lat) for city in cities()]
    table = np.array(points)
    return table[:, 0], table[:, 1]


def find_city(word: str) -> City | None:
    """The city that ``word`` names, or None."""
    return next((city for city in cities() if city.answers_to(word)), None)


def nearest_city(lng: float, lat: float) -> City:
    """The city whose nearest district centre is closest."""
    return min(cities(), key=lambda city: _off(nearest_district(city, lng, lat), lng, lat))


def nearest_district(city: City, lng: float, lat: float) -> District:
    """The district of ``city`` whose centre is closest."""
    return min(city.districts, key=lambda district: _off(district, lng, lat))


def _off(district: District, lng: float, lat: float) -> float:
    squeeze = float(np.cos(np.radians(lat)))
    return ((district.lng - lng) * squeeze) ** 2 + (district.lat - lat) ** 2


def distances_m(lng: float, lat: float, lngs: np.ndarray, lats: np.ndarray) -> np.ndarray:
    """Great-circle distances (haversine) in metres from one point to many."""
    phi, phis = np.radians(lat), np.radians(lats)
    half_lat = np.sin((phis - phi) / 2.0)
    half_lng = np.sin(np.radians(lngs - lng) / 2.0)
    inner = half_lat**2 + np.cos(phi) * np.cos(phis) * half_lng**2
    result: np.ndarray = 2.0 * EARTH_RADIUS_M * np.arcsin(np.sqrt(inner))
    return result


def in_china(lng: float, lat: float) -> bool:
    """True inside a rough box around China."""
    return 73.4 <= lng <= 135.1 and 17.9 <= lat <= 53.6
