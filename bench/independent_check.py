"""An independent check of finished samples: shares no code with the verifier, takes the truth from the map over the wire.

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
from collections.abc import Callable
from pathlib import Path

import duckdb

ITEM = re.compile(r"^\s*(?:\d+[.、]|[-•])\s*(.+)$")
RATING = re.compile(r"评分[^0-9，。；]{0,4}([0-5]\.\d)|([0-5]\.\d)分?的评分")
PRICE = re.compile(r"(?:人均|每人)[^0-9，。；]{0,6}(\d+(?:\.\d+)?)(?:元|块)(左右)?")
METRES = re.compile(r"(\d+)米(左右)?")
KILOMETRES = re.compile(r"(\d+(?:\.\d)?)公里")
NUMBERED = re.compile(r"\d+号")


def flat(text: str) -> str:
    """Width and spaces make no difference."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


def metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Spherical law of cosines: another formula than the product's."""
    a, b = math.radians(one[1]), math.radians(other[1])
    cosine = math.sin(a) * math.sin(b) + math.cos(a) * math.cos(b) * math.cos(math.radians(other[0] - one[0]))
    return 6_371_008.8 * math.acos(min(1.0, cosine))


def fetch(port: int, poi_id: str) -> dict[str, object]:
    """The map's own row."""
    url = f"http://127.0.0.1:{port}/v3/place/detail?key=sandbox&extensions=all&id={poi_id}"
    with urllib.request.urlopen(url, timeout=10) as answer:
        return dict(json.load(answer)["pois"][0])


def faults(answer: str, truths: list[dict[str, object]], stand: tuple[float, float]) -> list[str]:
    """Wrong facts of one answer."""
    by_name = {flat(str(row["name"])): row for row in truths}
    found: list[str] = []
    listed = 0
    for line in answer.splitlines():
        item = ITEM.match(line)
        if item is None:
            continue
        listed += 1
        text = flat(re.sub(r"[*【】]", "", item[1]))
        name = max((name for name in by_name if text.startswith(name)), key=len, default=None)
        if name is None or text[len(name) : len(name) + 1] == "(":
            found.append(f"no such restaurant: {text[:14]}")
            continue
        found += _facts(text[len(name) :], by_name[name], stand)
    if listed != len(truths):
        found.append(f"{listed} listed, {len(truths)} in the structure")
    return found


def _facts(body: str, row: dict[str, object], stand: tuple[float, float]) -> list[str]:
    extra = row.get("biz_ext")
    business = extra if isinstance(extra, dict) else {}
    found = []
    address = flat(row["address"]) if isinstance(row["address"], str) else ""
    if NUMBERED.search(body.replace(address, "") if address else body):
        found.append("address")
    rest = body.replace(address, "") if address else body
    rating, cost = business.get("rating"), business.get("cost")
    ratings = [float(one[1] or one[2]) for one in RATING.finditer(rest)]
    prices = [float(one[1]) for one in PRICE.finditer(rest)]
    far = [float(one[1]) for one in METRES.finditer(rest)] + [float(one[1]) * 1000 for one in KILOMETRES.finditer(rest)]
    lng, lat = map(float, str(row["location"]).split(","))
    true = metres(stand, (lng, lat))
    found += ["rating" for one in ratings if not isinstance(rating, str) or abs(one - float(rating)) > 0.01]
    found += [
        "price" for one in prices if not isinstance(cost, str) or abs(one - float(cost)) > max(5.0, 0.1 * float(cost))
    ]
    found += ["distance" for one in far if abs(one - true) > max(60.0 if one >= 1000 else 30.0, 0.12 * true)]
    return found


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
    }


def main() -> None:
    """Check, then plant."""
    data, most = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as connection:
        ids = "list_transform(recommendations, lambda r: r.poi_id)"
        question = f"select answer, lng, lat, {ids} from samples order by sample_id limit ?"
        rows = connection.execute(question, [most]).fetchall()
    child = subprocess.Popen(
        [sys.executable, "-m", "factory", "sandbox", "--port", "0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    try:
        port = int(json.loads(child.stdout.readline())["port"])
        dice = random.Random(1)
        wrong = planted = caught = 0
        for answer, lng, lat, poi_ids in rows:
            truths = [fetch(port, poi_id) for poi_id in poi_ids]
            found = faults(answer, truths, (lng, lat))
            wrong += len(found)
            if found:
                print(found, answer)
            for plant in _plants().values():
                spoiled = plant(answer, dice)
                # A plan to spoil what the answer does not state spoils nothing; numbers in the opening are not facts.
                if spoiled.splitlines()[0] == answer.splitlines()[0] and spoiled != answer:
                    planted += 1
                    caught += bool(faults(spoiled, truths, (lng, lat)))
        result = {
            "samples": len(rows),
            "wrong_facts": wrong,
            "planted": planted,
            "caught": caught,
            "share": caught / planted,
        }
        print(json.dumps(result))
    finally:
        child.terminate()
        child.wait()


if __name__ == "__main__":
    main()
