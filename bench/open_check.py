"""Samples of open map data against the extract itself: pyosmium read directly, no code shared with the factory.

Usage: python bench/open_check.py DATA FILE.osm.pbf. Every listed name, address, distance, hour and feature must be the extract's,
no rating and no price may be stated; planted errors show that the checker sees.
"""

from __future__ import annotations

import json
import math
import random
import re
import sys
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import duckdb
import opencc
import osmium

ITEM = re.compile(r"^\s*(?:\d+[.、]|[-•])\s*(.+)$")
METRES = re.compile(r"(\d+)米")
KILOMETRES = re.compile(r"(\d+(?:\.\d)?)公里")
CLOCK = re.compile(r"(\d{1,2}):(\d{2})")
FEATURES = {
    "外带": "takeaway",
    "打包带走": "takeaway",
    "轮椅": "wheelchair",
    "露天座位": "outdoor_seating",
    "室外座位": "outdoor_seating",
}
DOUBT = ("没有标", "无法确认", "是否", "需要", "不能")
FAR = ("米内", "米以内", "米范围", "公里内", "公里以内", "公里范围")


@dataclass(frozen=True)
class Thing:
    """A restaurant of the extract."""

    names: tuple[str, ...]
    """every name of the extract, and each in simplified characters"""
    lng: float
    lat: float
    street: str
    hours: str
    tags: dict[str, str]


def flat(text: str) -> str:
    """Width, case and spaces make no difference."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).lower()


def metres(here: tuple[float, float], other: tuple[float, float]) -> float:
    """Spherical law of cosines: another formula than the product's."""
    a, b = math.radians(here[1]), math.radians(other[1])
    cosine = math.sin(a) * math.sin(b) + math.cos(a) * math.cos(b) * math.cos(math.radians(other[0] - here[0]))
    return 6_371_008.8 * math.acos(min(1.0, cosine))


def read(path: str) -> dict[str, Thing]:
    """Restaurants by our id; for ways the mean of the nodes, which for a house is within some metres of any other middle."""
    things = {}
    simple = opencc.OpenCC("t2s")
    for element in osmium.FileProcessor(path).with_locations():
        tags = {tag.k: tag.v for tag in element.tags}
        if "amenity" not in tags or "name" not in tags or element.is_relation():
            continue
        if element.is_node():
            key, lng, lat = f"osm-n{element.id}", element.location.lon, element.location.lat
        else:
            nodes = [(node.lon, node.lat) for node in element.nodes if node.location.valid()]
            if not nodes:
                continue
            key, lng, lat = (
                f"osm-w{element.id}",
                sum(x for x, _ in nodes) / len(nodes),
                sum(y for _, y in nodes) / len(nodes),
            )
        street = f"{tags.get('addr:street', '')} {tags.get('addr:housenumber', '')}".strip()
        names = [value for tag, value in tags.items() if re.fullmatch(r"name(:zh.*)?", tag)]
        spellings = tuple({flat(text) for name in names for text in (name, simple.convert(name))})
        things[key] = Thing(spellings, lng, lat, street, tags.get("opening_hours", ""), tags)
    return things


def wrong(answer: str, here: tuple[float, float], shown: dict[str, str], things: dict[str, Thing]) -> list[str]:
    """What the extract contradicts. ``shown``: flat name as listed to id, of the order's evidence."""
    faulty = []
    for line in answer.splitlines():
        item = ITEM.match(line)
        text = flat(re.sub(r"[*【】]", "", item[1])) if item else ""
        if not text:
            continue
        name = max((shop_name for shop_name in shown if text.startswith(shop_name)), key=len, default=None)
        shop = things.get(shown[name]) if name else None
        if name is None or shop is None or not any(spelling in name for spelling in shop.names):
            faulty.append(f"no such restaurant: {text[:30]}")
            continue
        faulty += claims(text[len(name) :], shop, metres(here, (shop.lng, shop.lat)))
    return faulty


def claims(text: str, shop: Thing, far: float) -> list[str]:
    """Errors in one item's text."""
    faulty = []
    if re.search(r"评分[^，。；]{0,4}\d|人均[^，。；]{0,4}\d|\d分的?评", text):
        faulty.append(f"a rating or a price: {text}")
    street = flat(shop.street)
    rest = text.replace(street, "") if street else text
    rest = re.sub(r"走过去|从.{0,40}?(?:过去|出发)", "", rest)
    written = re.finditer(r"(?:地址[是在：:]?|位于|开在|门店地址|就在|在)([a-zà-öø-ÿ'’. -]{4,}\d+[\w-]*)", rest)
    faulty += [f"address {stated[1]} is not {shop.street}" for stated in written]
    stated_m = [
        float(match[1])
        for match in METRES.finditer(rest)
        if rest[match.start() : match.end() + 2] and not near(rest, match.end())
    ]
    stated_m += [float(match[1]) * 1000 for match in KILOMETRES.finditer(rest) if not near(rest, match.end())]
    faulty += [
        f"{metres_stated:.0f} m is not {far:.0f} m"
        for metres_stated in stated_m
        if abs(metres_stated - far) > max(55.0, 0.12 * far)
    ]
    whole_day = shop.hours.strip() == "24/7"  # said as 00:00-24:00
    stated_times = {(int(h) % 24, m) for h, m in CLOCK.findall("0:00-24:00" if whole_day else shop.hours)}
    faulty += [
        f"{h}:{m} is not in {shop.hours}" for h, m in CLOCK.findall(rest) if (int(h) % 24, m) not in stated_times
    ]
    for clause in re.split(r"[，。；,;]", rest):
        if any(word in clause for word in DOUBT):
            continue
        for word, key in FEATURES.items():
            if word in clause and shop.tags.get(key) not in {"yes", "only"}:
                faulty.append(f"{word} is not known of {shop.names[0]}")
    return faulty


def near(text: str, end: int) -> bool:
    """Whether a distance is the wish's radius."""
    return text[end : end + 3].startswith(("内", "以内", "范围", "之内")) or "要求" in text[end : end + 8]


def planted(answer: str, dice: random.Random) -> str | None:
    """One wrong fact in an answer, or None where this kind has no place in it."""
    lines = answer.splitlines()
    rows = [number for number, line in enumerate(lines) if ITEM.match(line)]
    if not rows:
        return None
    row = dice.choice(rows)
    kind = dice.randrange(4)
    line = lines[row]
    if kind == 0:
        new = re.sub(r"^(\s*\d+[.、]\s*[*【]*)", r"\1Ravintola Olematon", line)
    elif kind == 1:
        new = METRES.sub(lambda match: f"{int(match[1]) + 700}米", line, count=1)
    elif kind == 2:
        new = line.rstrip("。") + "，评分4.8分，人均25元。"
    else:
        new = CLOCK.sub("04:44", line, count=1)
    if new == line:
        return None
    lines[row] = new
    return "\n".join(lines)


def main() -> int:
    """Print one JSON object; 1 when something is wrong."""
    data, source = Path(sys.argv[1]), sys.argv[2]
    things = read(source)
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as connection:
        rows = connection.execute(
            "select sample_id, answer, lng, lat, list_transform(evidence, lambda one: [one.name, one.poi_id]) from samples"
        ).fetchall()
        invented = connection.execute(
            "select count(*) from (select unnest(recommendations, recursive := true) from samples) "
            "where rating is not null or cost_cny is not null"
        ).fetchone()
    dice = random.Random(0)
    bad, seen, caught = 0, 0, 0
    for sample_id, answer, lng, lat, evidence in rows:
        shown = {flat(name): poi_id for name, poi_id in evidence}
        errors = wrong(answer, (lng, lat), shown, things)
        if errors:
            bad += 1
            print(sample_id, errors, file=sys.stderr)
        for _ in range(3):
            spoiled = planted(answer, dice)
            if spoiled is not None:
                seen += 1
                caught += bool(wrong(spoiled, (lng, lat), shown, things))
    result = {
        "samples": len(rows),
        "wrong": bad,
        "ratings_or_prices": invented[0] if invented else None,
        "planted": seen,
        "caught": caught,
    }
    print(json.dumps(result))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
