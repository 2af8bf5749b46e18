"""An independent check of finished samples: shares no code with the verifier, takes the truth from the map over the wire.

Facts of single restaurants here, hours by weekday in independent_hours.py, relations between them in independent_relations.py.

Usage: python bench/independent_check.py DATA [SAMPLES]. Starts the sandbox city by itself. Prints wrong facts among the samples,
and the share of planted errors that this checker finds (so that "none wrong" means something).
"""

from __future__ import annotations

import json
import math
import random
import re
import subprocess
import sys
import unicodedata
import urllib.request
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
from independent_hours import Week, hours_faults, shut_at, week_of
from independent_relations import Row, against_diet, relation_faults

ITEM = re.compile(r"^\s*(?:\d+[.、]|[-•])\s*(.+)$")
RATING = re.compile(r"评分[^0-9，。；]{0,4}([0-5]\.\d)|([0-5]\.\d)分?的评分")
PRICE = re.compile(r"(?:人均|每人)[^0-9，。；]{0,6}(\d+(?:\.\d+)?)(?:元|块)(左右)?")
METRES = re.compile(r"(\d+)米(左右)?")
KILOMETRES = re.compile(r"(\d+(?:\.\d)?)公里")
RELATIVE = re.compile("上一家|还远|预算|多.*米|差.*元|个人|位吃")
"""Clauses whose number is a difference or a sum."""
NUMBERED = re.compile(r"\d+号")


def flat(text: str) -> str:
    """Width and spaces make no difference."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


def metres(here: tuple[float, float], other: tuple[float, float]) -> float:
    """Spherical law of cosines: another formula than the product's."""
    a, b = math.radians(here[1]), math.radians(other[1])
    cosine = math.sin(a) * math.sin(b) + math.cos(a) * math.cos(b) * math.cos(math.radians(other[0] - here[0]))
    return 6_371_008.8 * math.acos(min(1.0, cosine))


def fetch(port: int, poi_id: str) -> dict[str, object]:
    """The map's own row."""
    url = f"http://127.0.0.1:{port}/v3/place/detail?key=sandbox&extensions=all&id={poi_id}"
    with urllib.request.urlopen(url, timeout=10) as answer:
        return dict(json.load(answer)["pois"][0])


def business(row: dict[str, object]) -> dict[str, object]:
    """The block with rating, cost and hours."""
    extra = row.get("biz_ext")
    return extra if isinstance(extra, dict) else {}


def word(value: object) -> str | None:
    """A text that says something."""
    return value if isinstance(value, str) and value.strip() else None


def week(row: dict[str, object]) -> Week | None:
    """Its opening hours."""
    return week_of(word(business(row).get("open_time")), word(business(row).get("opentime2")))


def faults(answer: str, truths: list[dict[str, object]], stand: tuple[float, float], party: int | None) -> list[str]:
    """Wrong facts of one answer."""
    by_name = {flat(str(row["name"])): row for row in truths}
    faulty: list[str] = []
    bodies: list[str] = []
    listed: list[dict[str, object]] = []
    frame: list[str] = []
    for line in answer.splitlines():
        item = ITEM.match(line)
        if item is None:
            frame.append(line)
            continue
        text = flat(re.sub(r"[*【】]", "", item[1]))
        name = max((name for name in by_name if text.startswith(name)), key=len, default=None)
        if name is None or text[len(name) : len(name) + 2] in {"(万", "(总"}:
            faulty.append(f"no such restaurant: {text[:14]}")
            continue
        listed.append(by_name[name])
        bodies.append(text[len(name) :])
        faulty += _facts(bodies[-1], by_name[name], stand)
        # Hours by their own punctuation, which says where a statement ends; a blank parts two spans of one day.
        spoken = unicodedata.normalize("NFKC", item[1]).replace(",", "，").replace(";", "；")
        faulty += hours_faults(spoken, week(by_name[name]))
    if len(listed) != len(truths):
        faulty.append(f"{len(listed)} listed, {len(truths)} in the structure")
    rows = [_row(row, stand) for row in listed]
    return faulty + relation_faults(
        [body.replace(",", "，").replace(";", "；") for body in bodies], rows, "\n".join(frame), party
    )


def _row(row: dict[str, object], stand: tuple[float, float]) -> Row:
    rating, cost = word(business(row).get("rating")), word(business(row).get("cost"))
    lng, lat = map(float, str(row["location"]).split(","))
    return Row(float(rating) if rating else None, float(cost) if cost else None, metres(stand, (lng, lat)))


def misfits(truths: list[dict[str, object]], meal: str | None, diet: str | None) -> list[str]:
    """Recommended restaurants that do not serve: closed, shut at the meal, or against the diet by their own dishes."""
    misfit = []
    for row in truths:
        name, tag = str(row["name"]), word(row.get("tag")) or ""
        if re.search("暂停营业|装修中", name) or word(business(row).get("open_time")) == "今日休息":
            misfit.append(f"closed: {name}")
        if shut_at(meal, week(row)):
            misfit.append(f"shut at {meal}: {name}")
        if against_diet(diet, name, re.split("[,，;]", tag)):
            misfit.append(f"against {diet}: {name} {tag}")
    return misfit


def _facts(body: str, row: dict[str, object], stand: tuple[float, float]) -> list[str]:
    faulty = []
    address = flat(row["address"]) if isinstance(row["address"], str) else ""
    if NUMBERED.search(body.replace(address, "") if address else body):
        faulty.append("address")
    rest = body.replace(address, "") if address else body
    rating, cost = business(row).get("rating"), business(row).get("cost")
    rest = "，".join(part for part in re.split("[,，。;；]", rest) if not RELATIVE.search(part))
    ratings = [float(match[1] or match[2]) for match in RATING.finditer(rest)]
    prices = [float(match[1]) for match in PRICE.finditer(rest)]
    far = [float(match[1]) for match in METRES.finditer(rest)] + [
        float(match[1]) * 1000 for match in KILOMETRES.finditer(rest)
    ]
    lng, lat = map(float, str(row["location"]).split(","))
    true = metres(stand, (lng, lat))
    faulty += ["rating" for stated in ratings if not isinstance(rating, str) or abs(stated - float(rating)) > 0.01]
    faulty += [
        "price"
        for stated in prices
        if not isinstance(cost, str) or abs(stated - float(cost)) > max(5.0, 0.1 * float(cost))
    ]
    faulty += ["distance" for stated in far if abs(stated - true) > max(60.0 if stated >= 1000 else 30.0, 0.12 * true)]
    return faulty


def _plants() -> dict[str, Callable[[str, random.Random], str]]:
    def swap(pattern: str, change: Callable[[re.Match[str]], str]) -> Callable[[str, random.Random], str]:
        return lambda text, _: re.sub(pattern, change, text, count=1)

    return {
        "rating": swap(r"评分([^0-9，。；]{0,4})([0-5])\.(\d)", lambda m: f"评分{m[1]}{(int(m[2]) + 1) % 6}.{m[3]}"),
        "price": swap(
            r"(人均|每人)([^0-9，。；]{0,6})(\d+)(元|块)", lambda m: f"{m[1]}{m[2]}{int(int(m[3]) * 1.6) + 9}{m[4]}"
        ),
        "distance": swap(r"(\d{3,4})米", lambda m: f"{int(m[1]) * 3 + 200}米"),
        "name": swap(r"(\d[.、]\s*[*【]*)(.)", lambda m: f"{m[1]}假{m[2]}"),
        "address": swap(r"(\d+)号", lambda m: f"{int(m[1]) + 37}号"),
        "hours": swap(r"(营业[^\d]{0,6}|每天|天天|今天)(\d\d):", lambda m: f"{m[1]}{(int(m[2]) + 3) % 24:02d}:"),
        "days": swap("周(?:六、周日|五至周日)", lambda _: "周一、周二"),
        "comparison": swap(r"(上一家[^\d，。]{1,4})(\d+)(米|元)", lambda m: f"{m[1]}{int(m[2]) * 2 + 40}{m[3]}"),
        "superlative": swap(r"评分(.{0,12})最高", lambda m: f"人均{m[1]}最便宜"),
        "count": swap(r"(这|有|剩|排了|列)([三四])家", lambda m: f"{m[1]}{'五' if m[2] == '三' else '二'}家"),
    }


def main() -> None:
    """Check, then plant."""
    data, most = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as connection:
        ids = "list_transform(recommendations, lambda r: r.poi_id)"
        columns = f"answer, lng, lat, {ids}, party_size, meal_time, diet, feasible"
        rows = connection.execute(f"select {columns} from samples order by sample_id limit ?", [most]).fetchall()
    child = subprocess.Popen(
        [sys.executable, "-m", "factory", "sandbox", "--port", "0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    try:
        port = int(json.loads(child.stdout.readline())["port"])
        print(json.dumps(_checked(rows, port), ensure_ascii=False))
    finally:
        child.terminate()
        child.wait()


def _checked(rows: list[tuple[Any, ...]], port: int) -> dict[str, Any]:
    """Wrong facts, misfits, and how many planted errors of each kind were found."""
    dice = random.Random(1)
    wrong: Counter[str] = Counter()
    planted: Counter[str] = Counter()
    caught: Counter[str] = Counter()
    for answer, lng, lat, poi_ids, party, meal, diet, feasible in rows:
        truths = [fetch(port, poi_id) for poi_id in poi_ids]
        errors = faults(answer, truths, (lng, lat), party) + (misfits(truths, meal, diet) if feasible else [])
        wrong.update(error.split(":")[0].split(" ")[0] for error in errors)
        if errors:
            print(errors, answer)
        for name, plant in _plants().items():
            spoiled = plant(answer, dice)
            # A plan to spoil what the answer does not state spoils nothing; numbers in the opening are not facts.
            first = name == "count" or spoiled.splitlines()[0] == answer.splitlines()[0]
            if first and spoiled != answer:
                planted[name] += 1
                caught[name] += bool(faults(spoiled, truths, (lng, lat), party))
    return {
        "samples": len(rows),
        "wrong_facts": sum(wrong.values()),
        "wrong_by_kind": dict(wrong),
        "planted": sum(planted.values()),
        "caught": sum(caught.values()),
        "share": sum(caught.values()) / max(1, sum(planted.values())),
        "caught_by_kind": {name: f"{caught[name]}/{planted[name]}" for name in planted},
    }


if __name__ == "__main__":
    main()
