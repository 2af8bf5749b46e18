"""Whether a found place lies in the city that was asked for: namesakes are told apart by their kind; pure.

朝阳市 lies in Liaoning, 朝阳区 in Beijing; 吉林市 is a city of 吉林省 and 长春市 another; 海南州 lies in Qinghai. A
municipality and the two special regions are cities and provinces at once.
"""

from __future__ import annotations

import re

_CITY_LEVEL = re.compile(r"(?:特别行政区|(?:[一-龥]{1,8}族)*自治州|自治县|自治旗|地区|市|盟|县|旗|林区|新区)$")
_PROVINCE_CITIES = ("北京", "上海", "天津", "重庆", "香港", "澳门")


def lies_in(city: str, *, province: str, prefecture: str, district: str) -> bool:
    """``city`` as a list of places names it (with or without its ending); the others as the map does, "" for none."""
    wanted = city.strip()
    if not wanted:
        return True
    stem = wanted.removesuffix("市") if wanted != "市" else wanted
    if any(stem.startswith(name) for name in _PROVINCE_CITIES) and stem.removesuffix("特别行政区") in _PROVINCE_CITIES:
        return province.startswith(stem.removesuffix("特别行政区")) or prefecture.startswith(stem)
    names = [name for name in (prefecture, district) if name]
    if wanted in names:
        return True
    if _CITY_LEVEL.search(wanted):
        return _same_kind(wanted, prefecture)
    # Without an ending: a prefecture, a city or a county of that name, never a mere district of another city.
    is_short_state = wanted.endswith("州") and "自治州" in prefecture and prefecture.startswith(wanted[:-1])
    return is_short_state or any(_stem(name) == wanted or _is_state(name, wanted) for name in names)


def _same_kind(wanted: str, prefecture: str) -> bool:
    """A prefecture under its short name: 延边自治州 for 延边朝鲜族自治州."""
    if wanted.endswith("自治州") and "自治州" in prefecture:
        return prefecture.startswith(_stem(wanted))
    return False


def _is_state(name: str, wanted: str) -> bool:
    return name.endswith("自治州") and name.startswith(wanted)


def _stem(name: str) -> str:
    """Without the ending that says of what kind it is; a district keeps its own, and so is never taken for a city."""
    return _CITY_LEVEL.sub("", name)
