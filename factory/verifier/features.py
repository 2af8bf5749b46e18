"""What a restaurant offers beside food (takeaway, wheelchair access, seats outside, ...), as far as tags can prove it. Pure."""

from __future__ import annotations

import re

from factory.records import Claim, Poi

_FEATURES: tuple[tuple[str, frozenset[str], re.Pattern[str]], ...] = (
    ("takeaway", frozenset({"yes"}), re.compile(r"外带|打包带走|支持打包|可以打包")),
    ("delivery", frozenset({"yes"}), re.compile(r"外送|送外卖|支持外卖|有外卖|提供外卖|点外卖")),
    ("wheelchair", frozenset({"yes"}), re.compile(r"轮椅|无障碍")),
    ("outdoor_seating", frozenset({"yes"}), re.compile(r"露天座位|室外座位|户外座位|坐在室外|露台")),
    (
        "internet_access",
        frozenset({"yes", "wlan", "wifi"}),
        re.compile(r"无线网络|免费上网|能上网|wi-?fi", re.IGNORECASE),
    ),
    ("diet:vegetarian", frozenset({"yes"}), re.compile(r"(?<!没)有素食|素食可选|能点到素食|提供素食")),
    ("diet:vegan", frozenset({"yes"}), re.compile(r"纯素")),
    ("diet:halal", frozenset({"yes"}), re.compile(r"清真餐食|提供清真")),
    ("reservation", frozenset({"yes", "required", "recommended"}), re.compile(r"可以预订|接受预订|支持预订")),
)
_OPEN = re.compile(
    r"标注|没有素|没有标|没标|未标|无法确认|不确定|是否|能不能|能否|可否|有没有|问问|问一下|确认|不能确认|不支持|不能|不可|没有查到|查不到|不提供|的话|需要|如果"
)
"""In one clause with the feature these make it a question, a doubt or a denial, not a statement."""


def features(text: str, poi: Poi) -> list[Claim]:
    """Each feature that a clause states: the tag proves it, or it is unsupported."""
    tags = dict(poi.tags)
    found = []
    for clause in re.split(r"[,。;!?\n]", text):
        if _OPEN.search(clause):
            continue
        for key, values, words in _FEATURES:
            said = words.search(clause)
            if said is not None:
                held = tags.get(key) in values
                found.append(
                    Claim(poi.poi_id, "feature", said[0], tags.get(key), "verified" if held else "unsupported")
                )
    return found
