"""Exact and near dedupe of many rows in the warehouse: CPU, peak memory, what planted duplicates are found, and adding 10,000.

Rows are questions and answers in the sandbox teacher's words about as many places as 227 rows each make, as the factory would
have committed them (shards with fingerprints, a commit each 10,000), but without orders: the file is the dedupe's own. Planted
among them are exact copies and near ones; each is looked for by its id. Prints JSON. ``--rows`` (1,000,000) ``--add`` (10,000).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from factory.commit.commit import Commit, CommitKind
from factory.commit.neardup import FINGERPRINT_VERSION, fingerprint
from factory.commit.schema import SHARDS
from factory.commit.store import open_store
from factory.records import Wish
from factory.sandbox.teacher.dice import Dice
from factory.sandbox.teacher.reading import Shown
from factory.sandbox.teacher.writing import DraftSample
from factory.sandbox.teacher.writing import write as write_draft

PER_PLACE = 227
"""Rows a place: as many as 100,000 rows at the bundled places."""
PER_UNIT = 10_000
EXACT_SHARE, NEAR_SHARE = 0.01, 0.01
START = datetime(2026, 1, 1, tzinfo=UTC)

SURNAMES = "陈李王张刘杨黄赵周吴徐孙朱马胡郭林何高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
MIDDLES = "记家府氏老小大阿福德兴盛裕和顺丰鼎聚金玉春秋江湖山海云月星辰竹梅兰桂香味鲜美满"
KINDS = ("馆", "酒楼", "小厨", "食堂", "私房菜", "大排档", "餐厅", "人家", "饭庄", "小馆")
ROADS = (
    "人民中山解放建设和平胜利文化学府长江黄河滨河迎宾新华光明友谊团结幸福朝阳东风红旗工农青年复兴北京南京上海天津重庆"
)
DISHES = (
    "水煮鱼",
    "毛血旺",
    "清蒸鲈鱼",
    "白切鸡",
    "锅包肉",
    "羊肉串",
    "剁椒鱼头",
    "小炒肉",
    "虾饺",
    "豚骨拉面",
    "鳗鱼饭",
    "牛排",
)
DISHES += (
    "东坡肉",
    "龙井虾仁",
    "酸菜鱼",
    "口水鸡",
    "大盘鸡",
    "肠粉",
    "冬阴功汤",
    "咖喱牛腩",
    "臭鳜鱼",
    "烤羊排",
    "毛肚",
    "酱骨架",
)
HOURS = ("10:00-22:00", "11:00-14:00 17:00-21:00", "06:30-21:30", "17:00-02:00", "00:00-24:00")
CUISINES = ("川菜", "粤菜", "湘菜", "东北菜", "江浙菜", "日本料理", "烧烤", "火锅", "西餐")
TASTES = ("喜欢辣", "清淡口味", "重油重盐", "健康饮食", "偏爱甜食", "偏爱肉类", "无辣不欢")
BUDGETS = ((None, 50), (50, 100), (100, 200), (200, None))
OCCASIONS = (None, None, "朋友聚餐", "家庭聚会", "情侣约会", "同学聚会", "商务宴请", "生日聚餐", "下班后小聚")
MEALS = (None, None, "早餐", "午餐", "下午茶", "晚餐", "夜宵")
STYLES = ("plain", "chatty", "terse", "polite", "story", "list")

REFRESH = """
import json, resource, sys
from pathlib import Path
from warehouse.catalogue import refresh_file
done = refresh_file(Path(sys.argv[1]))
use = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({**done._asdict(), "cpu_s": use.ru_utime + use.ru_stime, "peak_mb": use.ru_maxrss / 1024}))
"""


def restaurants(place: int) -> list[Shown]:
    """The ninety restaurants around a place."""
    dice = random.Random(place)
    return [
        Shown(
            poi_id=f"SBX{place}-{number}",
            name="".join(map(dice.choice, (SURNAMES, MIDDLES, MIDDLES, KINDS))),
            cuisine=CUISINES[number % len(CUISINES)],
            address=f"{dice.choice(ROADS)}{dice.choice(ROADS)}{dice.choice('路街道巷')}{dice.randint(1, 400)}号",
            rating=dice.randint(33, 50) / 10,
            cost_cny=float(dice.randint(18, 400)),
            distance_m=dice.randint(60, 2000),
            open_hours=dice.choice(HOURS),
            specialities=tuple(dice.sample(DISHES, 3)),
        )
        for number in range(90)
    ]


def draft(place: int, shops: list[Shown], dice: random.Random) -> DraftSample:
    """One sample in the sandbox teacher's words, for a wish drawn at random."""
    low, high = dice.choice(BUDGETS)
    wish = Wish(
        cuisine=dice.choice(CUISINES),
        taste=dice.choice(TASTES),
        budget_min_cny=low,
        budget_max_cny=high,
        radius_m=dice.choice((1000, 1500, 2000)),
        occasion=dice.choice(OCCASIONS),
        party_size=dice.choice((None, 2, 4, 6)),
        meal_time=dice.choice(MEALS),
        style=dice.choice(STYLES),
    )
    shown = [shop for shop in shops if shop.cuisine == wish.cuisine]
    return write_draft(
        0, wish, f"{MIDDLES[place % len(MIDDLES)]}{ROADS[place % len(ROADS)]}地铁站", shown, Dice(dice.random())
    )


def unit_texts(first: int, count: int) -> list[tuple[int, str, str, str]]:
    """Place, question, answer and kind (plain, exact, near) of ``count`` rows; copies repeat the row before them.

    A near copy has its items in another order, another answer's opening, and a longer closing.
    """
    dice = random.Random(first)
    rows: list[tuple[int, str, str, str]] = []
    opening = "下面几家可以看看："
    shops: tuple[int, list[Shown]] = (-1, [])
    while len(rows) < count:
        place = (first + len(rows)) // PER_PLACE
        if shops[0] != place:
            shops = (place, restaurants(place))
        made = draft(place, shops[1], dice)
        rows.append((place, made.question, made.answer, "plain"))
        if dice.random() < EXACT_SHARE:
            rows.append((place, made.question, made.answer, "exact"))
        if dice.random() < NEAR_SHARE and len(made.items) > 1:
            other = replace(made, opening=opening, items=made.items[::-1], closing=f"{made.closing}祝用餐愉快！")
            rows.append((place, other.question, other.answer, "near"))
        opening = made.opening
    return rows[:count]


def write_unit(data: Path, run: str, first: int, count: int) -> dict[str, float]:
    """One shard and its commit; returns what was planted and the CPU seconds of the fingerprints."""
    rows = unit_texts(first, count)
    start = time.process_time()
    prints = [fingerprint(question, text) for _, question, text, _ in rows]
    spent = time.process_time() - start
    ids = [f"{run}-{first + i:08d}-{kind}" for i, (_, _, _, kind) in enumerate(rows)]
    given: dict[str, list[Any]] = {
        "sample_id": ids,
        "run_id": [run] * count,
        "order_id": ids,
        "place_id": [f"place-{row[0]}" for row in rows],
        "question": [row[1] for row in rows],
        "answer": [row[2] for row in rows],
        "text_hash": [mark.text_hash for mark in prints],
        "grams": [sorted(mark.grams) for mark in prints],
        "near_bands": [list(mark.bands) for mark in prints],
        "gram_bits": [mark.gram_bits for mark in prints],
        "fingerprint_version": [FINGERPRINT_VERSION] * count,
    }
    schema = SHARDS["samples"]
    columns = [pa.array(given.get(field.name, [None] * count), field.type) for field in schema]
    store, unit = open_store(data), f"U{first:08d}"
    files = store.put(run, unit, {"samples": pa.Table.from_arrays(columns, schema=schema)})
    when = START + timedelta(seconds=first)
    store.commit_if_absent(Commit(run, unit, CommitKind.ORDERS, when, files, admitted=tuple(ids)))
    return {kind: sum(row[3] == kind for row in rows) for kind in ("exact", "near")} | {"fingerprint_s": spent}


def write(data: Path, run: str, first: int, rows: int) -> dict[str, float]:
    """Units in parallel; totals."""
    starts = range(first, first + rows, PER_UNIT)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(write_unit, data, run, start, min(PER_UNIT, first + rows - start)) for start in starts]
        counts = [job.result() for job in jobs]
    return {name: sum(count_of[name] for count_of in counts) for name in counts[0]}


def refresh(data: Path) -> dict[str, float | str]:
    """A refresh in a process of its own: seconds of wall by step, seconds of CPU, its peak memory, and why it was made again."""
    done = subprocess.run([sys.executable, "-c", REFRESH, str(data)], stdout=subprocess.PIPE, check=True)
    figures: dict[str, float | str] = json.loads(done.stdout)
    return {name: round(value, 2) if isinstance(value, float) else value for name, value in figures.items()}


def found_and_planted(data: Path) -> dict[str, int]:
    """What the file dropped, by what it had been planted as."""
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as connection:
        rows = connection.execute(
            "select split_part(sample_id, '-', 3) || ' as ' || kind, count(*) from duplicates group by all order by all"
        ).fetchall()
    return dict(rows)


MISSED = """
with planted as (
  select sample_id, split_part(sample_id, '-', 3) as planted,
    last_value(case when planted = 'plain' then sample_id end ignore nulls)
      over (partition by run_id, unit order by position) as original
  from states
)
select p.sample_id from planted p left join duplicates d on d.sample_id = p.sample_id
where case p.planted
  when 'exact' then d.kind is null or (d.kind <> 'exact' and p.original not in (select sample_id from duplicates))
  when 'near' then d.kind is null and p.original not in (select sample_id from duplicates) end
order by all
"""
"""Copies that stayed. What repeats a sample that was itself dropped as a near copy may be one of the same, or stay."""


def missed(data: Path) -> list[str]:
    """Ids of the planted copies that the file should have dropped and did not, or not as what they are."""
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as connection:
        return [row[0] for row in connection.execute(MISSED).fetchall()]


def main() -> int:
    """Exit status 1 when a planted duplicate was missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--add", type=int, default=10_000)
    flags = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        planted = write(data, "bench", 0, flags.rows)
        whole = refresh(data)
        after = found_and_planted(data)
        # The rows that are added stand at places that exist, as a later run's would.
        more = write(data, "more", flags.rows // 2 + 1, flags.add)
        added = refresh(data)
        stayed = missed(data)
        size = (data / "warehouse.duckdb").stat().st_size
        result = {
            "rows": flags.rows,
            "planted": planted,
            "whole": whole,
            "dropped": after,
            "missed": stayed,
            "add": {"rows": flags.add, "planted": more, **added},
            "file_mb": round(size / 1e6),
        }
    print(json.dumps(result, ensure_ascii=False))
    return int(bool(stayed))


if __name__ == "__main__":
    sys.exit(main())
