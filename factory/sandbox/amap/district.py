"""Administrative districts of the sandbox's map server: country, provinces, cities, districts, nested as asked.

Called by server.py with a request's parameters; gives the answer's bytes.
"""

from __future__ import annotations

import math
from typing import Final

from factory.sandbox.amap.answers import InfocodeRefusal, Json, Params, encode
from factory.sandbox.amap.forms import EMPTY
from factory.sandbox.city.tables import City, District, cities

COUNTRY: Final = "中华人民共和国"
OUTER_MOST: Final = 20
OUTLINE_DEG: Final = 0.2


def district(params: Params) -> bytes:
    """``/v3/config/district``. Raises Refused."""
    depth = params.whole("subdistrict", 1)
    size, page = params.whole("offset", OUTER_MOST), params.whole("page", 1)
    if not 0 <= depth <= 3 or not 1 <= size <= OUTER_MOST or page < 1:
        raise InfocodeRefusal("20000")
    outline = params.get("extensions", "base") == "all"
    districts = _named(params.get("keywords", COUNTRY), depth)
    if "filter" in params:
        districts = [node for node in districts if str(node["adcode"])[:2] == params["filter"][:2]]
    shown = districts[(page - 1) * size : page * size]
    if outline:
        shown = [node | {"polyline": _outline(str(node["center"]))} for node in shown]
    body: Json = {"status": "1", "info": "OK", "infocode": "10000", "count": str(len(districts))}
    return encode(body | {"suggestion": {"keywords": EMPTY, "cities": EMPTY}, "districts": shown}, depth)


def _named(word: str, depth: int) -> list[Json]:
    """Every unit of that name or code, upper levels first; 朝阳区 is one in Beijing and one in Changchun."""
    nodes: list[Json] = []
    if word in {COUNTRY, "中国", "100000"}:
        nodes.append(
            {
                "citycode": EMPTY,
                "adcode": "100000",
                "name": COUNTRY,
                "center": "116.3683,39.9151",
                "level": "country",
                "districts": _provinces(depth),
            }
        )
    firsts = {city.province: city for city in cities()}
    nodes += [
        _province(name, depth)
        for name, city in firsts.items()
        if word in {name, name[:-1], name[:2], city.province_adcode}
    ]
    for city in cities():
        if not city.is_municipality and city.answers_to(word):
            nodes.append(_city(city, depth))
        nodes += [_district(city, unit) for unit in city.districts if word in (unit.name, unit.name[:-1], unit.adcode)]
    return nodes


def _provinces(depth: int) -> list[Json]:
    names = dict.fromkeys(city.province for city in cities())
    return [_province(name, depth - 1) for name in names] if depth > 0 else []


def _province(name: str, depth: int) -> Json:
    inside = [city for city in cities() if city.province == name]
    seat = inside[0]
    return {
        # A municipality's citycode stands at its province level too; other provinces have none.
        "citycode": seat.citycode if seat.is_municipality else EMPTY,
        "adcode": seat.province_adcode,
        "name": name,
        "center": f"{seat.lng},{seat.lat}",
        "level": "province",
        "districts": [_city(city, depth - 1) for city in inside] if depth > 0 else [],
    }


def _city(city: City, depth: int) -> Json:
    return {
        "citycode": city.citycode,
        # 北京市 (province) holds 北京城区 (city), whose adcode is one hundred higher.
        "adcode": city.adcode[:2] + "0100" if city.is_municipality else city.adcode,
        "name": city.name[:-1] + "城区" if city.is_municipality else city.name,
        "center": f"{city.lng},{city.lat}",
        "level": "city",
        "districts": [_district(city, unit) for unit in city.districts] if depth > 0 else [],
    }


def _district(city: City, unit: District) -> Json:
    return {
        "citycode": city.citycode,
        "adcode": unit.adcode,
        "name": unit.name,
        "center": f"{unit.lng},{unit.lat}",
        "level": "district",
        "districts": [],
    }


def _outline(center: str) -> str:
    """An invented eight-cornered border in two pieces."""
    lng, lat = (float(part) for part in center.split(","))
    points = [
        f"{lng + OUTLINE_DEG * math.cos(k * math.pi / 4):.6f},{lat + OUTLINE_DEG * math.sin(k * math.pi / 4):.6f}"
        for k in range(8)
    ]
    return ";".join(points[:5]) + "|" + ";".join([*points[4:], points[0]])
