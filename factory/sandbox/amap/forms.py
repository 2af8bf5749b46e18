"""How a poi looks on the wire: the v3 form in the dress of three ages, and the v5 form with its optional blocks.

Strings everywhere; v3 writes ``[]`` for nothing, v5 writes "" or leaves the key out. The order of keys is not fixed.
"""

from __future__ import annotations

from typing import Final, Literal

from factory.sandbox.amap.answers import Json
from factory.sandbox.city.pois import SandboxPoi

Age = Literal["2017", "2022", "2026"]
"""Which year's base fields v3 gives."""

EMPTY: Final[list[str]] = []


def _or_empty(value: str | None) -> str | list[str]:
    return value or EMPTY


def turned(fields: Json, turn: int) -> Json:
    """The same object with its keys rotated."""
    keys = list(fields)
    shift = turn % len(keys)
    return {key: fields[key] for key in keys[shift:] + keys[:shift]}


def v3_poi(poi: SandboxPoi, *, distance_m: int | None, everything: bool, age: Age) -> Json:
    """One element of v3 ``pois``; ``everything`` is extensions=all."""
    fields: Json = {
        "id": poi.poi_id,
        "parent": _or_empty(poi.parent),
        "childtype": EMPTY,
        "name": poi.name,
        "type": poi.type,
        "typecode": poi.typecode,
        "biz_type": "diner" if poi.typecode.startswith("05") else EMPTY,
        "address": _or_empty(poi.address),
        "location": f"{poi.lng:.6f},{poi.lat:.6f}",
        "tel": _or_empty(poi.tel),
        "distance": EMPTY if distance_m is None else str(distance_m),
        "biz_ext": _biz_ext(poi, everything=everything, age=age),
        "pname": poi.city.province,
        "cityname": poi.city.name,
        "adname": poi.district,
        "importance": EMPTY,
        "shopid": EMPTY,
        "shopinfo": "0",
        "poiweight": EMPTY,
        "photos": EMPTY if age == "2017" else [{"title": EMPTY, "url": f"http://sandbox.invalid/{poi.poi_id}.jpg"}],
    }
    if age == "2026":
        fields |= {"keytag": _or_empty(poi.keytag), "atag": EMPTY, "building": EMPTY, "favorite_num": EMPTY}
        fields |= {"space_num": EMPTY, "featured_reviews": EMPTY, "featured_reviews_remake": EMPTY}
    if everything:
        fields |= _v3_rest(poi)
    return turned(fields, len(poi.name) + int(poi.lng * 1e4))


def _biz_ext(poi: SandboxPoi, *, everything: bool, age: Age) -> Json | list[str]:
    if age == "2017" and not everything:
        return EMPTY
    short: Json = {"rating": _or_empty(poi.rating), "cost": _or_empty(poi.cost)}
    if age == "2017":
        return short
    short["meal_ordering"] = "0"
    return short | {"open_time": _or_empty(poi.open_time), "opentime2": _or_empty(poi.open_week)}


def _v3_rest(poi: SandboxPoi) -> Json:
    return {
        "pcode": poi.city.province_adcode,
        "citycode": poi.city.citycode,
        "adcode": poi.adcode,
        "postcode": EMPTY,
        "website": EMPTY,
        "email": EMPTY,
        "gridcode": "0000000000",
        "navi_poiid": EMPTY,
        "entr_location": EMPTY,
        "exit_location": EMPTY,
        "alias": EMPTY,
        "tag": _or_empty(",".join(poi.keywords or poi.specialities)),
        "indoor_map": "0",
        "indoor_data": {"cpid": EMPTY, "floor": EMPTY, "truefloor": EMPTY, "cmsid": EMPTY},
        "groupbuy_num": "0",
        "discount_num": "0",
        "business_area": poi.area,
        "match": "0",
        "recommend": "0",
        "timestamp": EMPTY,
        "event": EMPTY,
        "children": EMPTY,
    }


def v5_poi(poi: SandboxPoi, *, distance_m: int | None, blocks: frozenset[str]) -> Json:
    """One element of v5 ``pois``; ``blocks`` are those asked for with show_fields."""
    fields: Json = {
        "name": poi.name,
        "id": poi.poi_id,
        "parent": poi.parent or "",
        "distance": "" if distance_m is None else str(distance_m),
        "location": f"{poi.lng:.6f},{poi.lat:.6f}",
        "type": poi.type,
        "typecode": poi.typecode,
        "pname": poi.city.province,
        "cityname": poi.city.name,
        "adname": poi.district,
        "address": poi.address or "",
        "pcode": poi.city.province_adcode,
        "adcode": poi.adcode,
        "citycode": poi.city.citycode,
    }
    if "business" in blocks:
        fields["business"] = _business(poi)
    if "photos" in blocks:
        fields["photos"] = [{"title": "", "url": f"http://sandbox.invalid/{poi.poi_id}.jpg"}]
    if "indoor" in blocks:
        fields["indoor"] = {"indoor_map": "0"}
    if "navi" in blocks:
        fields["navi"] = {"gridcode": "0000000000"}
    return turned(fields, len(poi.name) + int(poi.lng * 1e4))


def _business(poi: SandboxPoi) -> Json:
    """A fact that is not known has no key."""
    given = {
        "business_area": poi.area,
        "opentime_today": poi.open_time,
        "opentime_week": poi.open_week,
        "tel": poi.tel,
        "tag": ",".join(poi.keywords or poi.specialities),
        "rating": poi.rating,
        "cost": poi.cost,
        "keytag": poi.keytag,
        "rectag": poi.rectag,
    }
    return {name: value for name, value in given.items() if value}
