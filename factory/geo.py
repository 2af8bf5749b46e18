"""Distances, cells and the two datums of coordinates in China; pure arithmetic that every step may use.

Coordinates are degrees, longitude first. WGS-84 is what satellites and OpenStreetMap use; GCJ-02 is the shifted datum
that maps of mainland China must use. They differ by 50 to 700 m, so they are never mixed.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius (IUGG); a great circle on it is within 0.5 % of the ellipsoid's."""
CELL_M = 10_000.0
_KRASOVSKY_A = 6_378_245.0
_KRASOVSKY_EE = 0.00669342162296594323


class LngLat(NamedTuple):
    """A point in degrees."""

    lng: float
    lat: float


def distance_m(lng1: float, lat1: float, lng2: float, lat2: float) -> float:
    """Great-circle distance in metres (haversine)."""
    phi1, phi2 = math.radians(lat1), math.radians(lat2)
    half_dphi = (phi2 - phi1) / 2
    half_dlambda = math.radians(lng2 - lng1) / 2
    a = math.sin(half_dphi) ** 2 + math.cos(phi1) * math.cos(phi2) * math.sin(half_dlambda) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(a)))


@lru_cache(maxsize=1 << 13)
def whole_metres(lng1: float, lat1: float, lng2: float, lat2: float) -> int:
    """The distance in whole metres; kept, since a search and each check of an answer ask for it anew."""
    return round(distance_m(lng1, lat1, lng2, lat2))


def destination(lng: float, lat: float, bearing_deg: float, metres: float) -> LngLat:
    """The point that lies ``metres`` away in the direction ``bearing_deg`` (0 north, 90 east)."""
    delta, theta, phi = metres / EARTH_RADIUS_M, math.radians(bearing_deg), math.radians(lat)
    phi2 = math.asin(math.sin(phi) * math.cos(delta) + math.cos(phi) * math.sin(delta) * math.cos(theta))
    y = math.sin(theta) * math.sin(delta) * math.cos(phi)
    lambda2 = math.radians(lng) + math.atan2(y, math.cos(delta) - math.sin(phi) * math.sin(phi2))
    return LngLat((math.degrees(lambda2) + 540.0) % 360.0 - 180.0, math.degrees(phi2))


def cell_id(lng: float, lat: float) -> str:
    """The cell of about 10 km x 10 km that holds a point: latitude bands, cut by steps scaled with cos(latitude)."""
    degree_m = math.pi * EARTH_RADIUS_M / 180.0
    band = math.floor(lat * degree_m / CELL_M)
    middle = math.radians((band + 0.5) * CELL_M / degree_m)
    width_m = degree_m * max(0.01, math.cos(middle))
    return f"{band}:{math.floor((lng % 360.0) * width_m / CELL_M)}"


def outside_china(lng: float, lat: float) -> bool:
    """The rough box outside of which GCJ-02 equals WGS-84 by convention."""
    return not (72.004 <= lng <= 137.8347 and 0.8293 <= lat <= 55.8271)


def wgs84_to_gcj02(lng: float, lat: float) -> LngLat:
    """The published series of the shift (as reverse-engineered in 2010 and used by every open implementation since)."""
    if outside_china(lng, lat):
        return LngLat(lng, lat)
    x, y = lng - 105.0, lat - 35.0
    wave = 20.0 * math.sin(6.0 * x * math.pi) + 20.0 * math.sin(2.0 * x * math.pi)
    dlat = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x)) + wave * 2.0 / 3.0
    dlat += (20.0 * math.sin(y * math.pi) + 40.0 * math.sin(y / 3.0 * math.pi)) * 2.0 / 3.0
    dlat += (160.0 * math.sin(y / 12.0 * math.pi) + 320.0 * math.sin(y * math.pi / 30.0)) * 2.0 / 3.0
    dlng = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x)) + wave * 2.0 / 3.0
    dlng += (20.0 * math.sin(x * math.pi) + 40.0 * math.sin(x / 3.0 * math.pi)) * 2.0 / 3.0
    dlng += (150.0 * math.sin(x / 12.0 * math.pi) + 300.0 * math.sin(x / 30.0 * math.pi)) * 2.0 / 3.0
    phi = math.radians(lat)
    magic = 1.0 - _KRASOVSKY_EE * math.sin(phi) ** 2
    dlat = dlat * 180.0 / (_KRASOVSKY_A * (1.0 - _KRASOVSKY_EE) / (magic * math.sqrt(magic)) * math.pi)
    dlng = dlng * 180.0 / (_KRASOVSKY_A / math.sqrt(magic) * math.cos(phi) * math.pi)
    return LngLat(lng + dlng, lat + dlat)
