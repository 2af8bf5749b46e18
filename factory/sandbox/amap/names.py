"""Geocoding of the sandbox's map server: landmarks, cities, districts, doors, and villages that share a foreign name.

Called by server.py with a request's parameters; gives the answer's bytes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from factory.sandbox.amap.answers import InfocodeRefusal, Json, Params, encode
from factory.sandbox.amap.forms import EMPTY
from factory.sandbox.city.city import World
from factory.sandbox.city.pois import SandboxPoi
from factory.sandbox.city.tables import City, District, cities, find_city, nearest_district
from factory.sandbox.city.tiles import hash_number

ABROAD: Final = {
    "东京": ("广西壮族自治区", "柳州市", "450200", "0772", "109.411703,24.314617"),
    "纽约": ("湖南省", "永州市", "431100", "0746", "111.608019,26.434516"),
    "巴黎": ("云南省", "普洱市", "530800", "0879", "100.972344,22.777321"),
    "伦敦": ("贵州省", "毕节市", "520500", "0857", "105.283992,27.302612"),
    "首尔": ("吉林省", "延边朝鲜族自治州", "222400", "0433", "129.513228,42.904823"),
    "曼谷": ("云南省", "临沧市", "530900", "0883", "99.407181,23.529204"),
    "新加坡": ("广东省", "清远市", "441800", "0763", "112.980411,24.311207"),
    "悉尼": ("四川省", "广安市", "511600", "0826", "106.811305,30.412299"),
    "京都": ("湖北省", "黄冈市", "421100", "0713", "115.301124,30.811907"),
    "洛杉矶": ("河南省", "信阳市", "411500", "0376", "114.291933,32.011206"),
    "大阪": ("江西省", "吉安市", "360800", "0796", "114.986373,27.111699"),
}
"""What is asked for abroad finds a village of that name at home: its province and its level tell."""
BATCH_MOST: Final = 10
_DOOR: Final = re.compile(r"(?P<street>[^\d号]{1,20}(?:路|街|大街|巷|胡同|道))(?P<number>\d{1,4})号")


@dataclass(frozen=True, slots=True)
class Hit:
    """One geocode result."""

    formatted: str
    province: str
    city: str | None
    citycode: str
    district: str | None
    adcode: str
    location: str
    level: str
    street: str | None = None
    number: str | None = None


class Geocoder:
    """Names to points. ``unknown_empty``: an unknown address gives an empty list, not 30001."""

    def __init__(self, world: World, *, unknown_empty: bool) -> None:
        self._world = world
        self._unknown_empty = unknown_empty

    def geocode(self, params: Params) -> bytes:
        """``/v3/geocode/geo``. Raises Refused."""
        addresses = params.required("address").split("|") if _batch(params) else [params.required("address")]
        if len(addresses) > BATCH_MOST:
            raise InfocodeRefusal("20000")
        hits = [hit for address in addresses for hit in self._named(address, params)]
        if not hits and not self._unknown_empty:
            raise InfocodeRefusal("30001")
        body = {"status": "1", "info": "OK", "infocode": "10000", "count": str(len(hits))}
        return encode(body | {"geocodes": [_geocode(hit) for hit in hits]}, len(addresses[0]))

    def _named(self, address: str, params: Params) -> list[Hit]:
        # A city that the service does not know is passed over: the search is nationwide then.
        city = find_city(params["city"]) if "city" in params else None
        return self._hits(address, city) or ([] if city else _namesakes(address, params.get("city", "")))

    def _hits(self, address: str, city: City | None) -> list[Hit]:
        # A landmark may begin with some city's name (北京大学; 西安路商圈 in 大连), so it is tried as it stands first.
        if marks := self._landmark_hits(address, city):
            return marks
        within, rest = _leading_city(address)
        if within is not None and city is not None and within is not city:
            return []
        if within is not None and (marks := self._landmark_hits(rest, within)):
            return marks
        areas = _area_hits(rest, within) if within is not None and rest else _area_hits(address, city)
        if areas:
            return areas
        home = within or city
        return _door_hits(rest, home) if home is not None else []

    def _landmark_hits(self, name: str, city: City | None) -> list[Hit]:
        return [_landmark_hit(m) for m in self._world.landmarks() if m.name == name and city in (None, m.city)]


def _batch(params: Params) -> bool:
    """Older clients ask for several addresses at once, joined by bars."""
    return params.get("batch", "false").lower() == "true"


def _leading_city(address: str) -> tuple[City | None, str]:
    """The city that an address begins with (after its province, if any), and the rest."""
    for city in cities():
        for start in (city.province + city.name, city.name, city.name[:-1]):
            if address.startswith(start):
                return city, address[len(start) :]
    return None, address


def _namesakes(address: str, city_word: str) -> list[Hit]:
    """The village that shares its name with the place abroad that is meant, if any."""
    for word, (province, name, adcode, citycode, location) in ABROAD.items():
        if address.startswith(word) or word in city_word:
            return [Hit(f"{province}{name}{word}", province, name, citycode, None, adcode, location, "村庄")]
    return []


def _landmark_hit(mark: SandboxPoi) -> Hit:
    city = mark.city
    prefix = city.name if city.is_municipality else city.province + city.name
    where = f"{mark.lng:.6f},{mark.lat:.6f}"
    text = f"{prefix}{mark.district}{mark.name}"
    return Hit(text, city.province, city.name, city.citycode, mark.district, mark.adcode, where, "兴趣点")


def _city_hit(city: City) -> Hit:
    text = city.name if city.is_municipality else city.province + city.name
    level = "省" if city.is_municipality else "市"
    where = f"{city.lng:.6f},{city.lat:.6f}"
    return Hit(text, city.province, city.name, city.citycode, None, city.adcode, where, level)


def _district_hit(city: City, district: District) -> Hit:
    prefix = city.name if city.is_municipality else city.province + city.name
    where = f"{district.lng:.6f},{district.lat:.6f}"
    text = prefix + district.name
    return Hit(text, city.province, city.name, city.citycode, district.name, district.adcode, where, "区县")


def _door_hits(rest: str, city: City) -> list[Hit]:
    """A street with a house number: some point of its district (or of the city's middle), always the same one."""
    unit = next((each for each in city.districts if rest.startswith(each.name)), None)
    address = _DOOR.fullmatch(rest.removeprefix(unit.name) if unit else rest)
    if address is None:
        return []
    lng, lat = (unit.lng, unit.lat) if unit else (city.lng, city.lat)
    dice = hash_number(city.name, address["street"])
    lng, lat = lng + dice % 1000 / 5e4 - 0.01, lat + dice // 1000 % 1000 / 5e4 - 0.01
    where = f"{lng + int(address['number']) * 1e-5:.6f},{lat:.6f}"
    unit = unit or nearest_district(city, lng, lat)
    prefix = city.name if city.is_municipality else city.province + city.name
    door = address["number"] + "号"
    text = f"{prefix}{unit.name}{address['street']}{door}"
    named = (text, city.province, city.name, city.citycode, unit.name, unit.adcode, where, "门牌号")
    return [Hit(*named, street=address["street"], number=door)]


def _area_hits(word: str, city: City | None) -> list[Hit]:
    """Cities and districts of that name, with or without 市, 区; a word such as 朝阳 means several."""
    pool = [city] if city is not None else list(cities())
    hits = [_city_hit(each) for each in pool if word in (each.name, each.name[:-1], each.adcode, each.pinyin)]
    return hits + [
        _district_hit(each, district)
        for each in pool
        for district in each.districts
        if word in (district.name, district.name[:-1], district.adcode)
    ]


def _geocode(hit: Hit) -> Json:
    return {
        "formatted_address": hit.formatted,
        "country": "中国",
        "province": hit.province,
        "citycode": hit.citycode,
        "city": hit.city or EMPTY,
        "district": hit.district or EMPTY,
        "township": EMPTY,
        "neighborhood": {"name": EMPTY, "type": EMPTY},
        "building": {"name": EMPTY, "type": EMPTY},
        "adcode": hit.adcode,
        "street": hit.street or EMPTY,
        "number": hit.number or EMPTY,
        "location": hit.location,
        "level": hit.level,
    }
