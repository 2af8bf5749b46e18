"""Exact and near dedupe of many rows in the warehouse: CPU, peak memory, what planted duplicates are found, and adding 10,000.

Rows are varied Chinese questions and answers about 4,400 places, as the factory would have committed them (shards with
fingerprints, one commit each 10,000), but without orders: the file is the dedupe's own. Planted among them are exact copies
and near ones (items swapped, openings and closings exchanged). Prints JSON. ``--rows`` (1,000,000) ``--add`` (10,000).
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
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from factory.neardup import fingerprint
from factory.schema import SHARDS
from factory.store import LocalStore

PER_PLACE = 227
"""Rows a place: as many as 100,000 rows at the bundled places."""
PER_UNIT = 10_000
EXACT_SHARE, NEAR_SHARE = 0.01, 0.01
START = datetime(2026, 1, 1, tzinfo=UTC)

SURNAMES = "陈李王张刘杨黄赵周吴徐孙朱马胡郭林何高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
MIDDLES = "记家府氏老小大阿福德兴盛裕和顺丰鼎聚金玉春秋江湖山海云月星辰竹梅兰桂香味鲜美满"
KINDS = (
    "川菜馆",
    "火锅店",
    "烤肉铺",
    "面馆",
    "粥铺",
    "酒楼",
    "小厨",
    "食堂",
    "私房菜",
    "大排档",
    "饺子馆",
    "茶餐厅",
    "居酒屋",
)
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
CUISINES = ("川菜", "粤菜", "湘菜", "东北菜", "江浙菜", "日本料理", "烧烤", "火锅", "西餐")
TASTES = ("喜欢吃辣", "口味清淡", "口重一些", "讲究健康", "爱吃甜的", "爱吃肉", "无辣不欢")
WHEN = ("早上", "中午", "下午", "晚上", "夜里", "周末", "下班后", "明天", "今天", "一会儿")
WHO = (
    "我一个人",
    "我们两个",
    "一家三口",
    "四个朋友",
    "六个同学",
    "和客户三人",
    "和同事五个",
    "八个老同学",
    "带孩子",
    "和爸妈",
)
ASKS = (
    "有什么推荐？",
    "去哪家好？",
    "求推荐。",
    "推荐几家吧。",
    "哪里合适？",
    "有哪些店？",
    "给点建议。",
    "麻烦列几家。",
)
OPENINGS = (
    *("根据你的位置和口味，推荐这{n}家：", "{p}附近有{n}家符合要求：", "给你挑了{n}家{c}：", "下面{n}家{c}可以考虑："),
    *("想吃{c}的话，不妨看看这{n}家：", "没问题，{p}周边有这几家：", "为您找到{n}家餐厅：", "{n}家店都在范围内："),
)
CLOSINGS = (
    *(
        "以上都在2公里以内。",
        "人多的话建议提前订位。",
        "祝用餐愉快！",
        "想省一点选第二家。",
        "出发前可以先打电话问问。",
    ),
    *("高峰期可能要排队。", "希望你吃得开心！", "可以先看看位置和人均，再决定去哪家。", "赶时间就选最近的那家。"),
)
ITEMS = (
    "{n}：位于{a}，距离{d}米，评分{r}，人均{c}元，招牌菜是{x}，{w}。",
    "{n}，{a}，{d}米，评分{r}分，人均{c}元，推荐{x}；{w}。",
    "{n}：评分{r}，人均消费{c}元，地址在{a}，离你{d}米。{x}值得一试，{w}。",
    "{n}：在{a}，距你约{d}米，人均{c}元左右，评分{r}。{w}，可以点{x}。",
    "{n}（评分{r}）：{a}，走过去{d}米，人均{c}块。店里有{x}，{w}。",
)
REASONS = (
    "适合聚餐",
    "离得近",
    "价位合适",
    "口味稳定",
    "上菜快",
    "环境安静",
    "晚上营业到22:00",
    "座位宽敞",
    "老人孩子都能吃",
)
REASONS += (
    "想少走路可以选它",
    "可以请店家少放盐",
    "可以多加一份辣",
    "一个人也方便",
    "分量足",
    "有包间",
    "停车方便",
    "预算之内",
)


REFRESH = """
import json, resource, sys
from pathlib import Path
from warehouse.catalogue import refresh_file
done = refresh_file(Path(sys.argv[1]))
use = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({**done._asdict(), "cpu_s": use.ru_utime + use.ru_stime, "peak_mb": use.ru_maxrss / 1024}))
"""


def restaurants(place: int) -> list[dict[str, Any]]:
    """The forty restaurants around a place."""
    dice = random.Random(place)
    return [
        {
            "n": dice.choice(SURNAMES) + dice.choice(MIDDLES) + dice.choice(MIDDLES) + dice.choice(KINDS),
            "a": f"{dice.choice(ROADS)}{dice.choice(ROADS)}{dice.choice('路街道巷')}{dice.randint(1, 400)}号",
            "d": dice.randint(60, 2000),
            "r": dice.randint(33, 50) / 10,
            "c": dice.randint(18, 400),
            "x": dice.sample(DISHES, 3),
        }
        for _ in range(40)
    ]


def parts(place: int, shops: list[dict[str, Any]], dice: random.Random) -> tuple[str, str, list[str], str]:
    """Question, opening, items and closing of one sample."""
    cuisine = dice.choice(CUISINES)
    low = dice.choice((0, 50, 100, 200))
    budget = (f"人均{low}到{low + 50 + dice.randint(0, 2) * 50}元", f"每人{low + 50}块以内", f"人均{low}元往上")
    bits = [dice.choice(TASTES), dice.choice(budget), f"{dice.choice((500, 1000, 1500, 2000))}米以内", dice.choice(WHO)]
    dice.shuffle(bits)
    question = f"在{place}号地铁站，{dice.choice(WHEN)}想吃{cuisine}，{'，'.join(bits)}，{dice.choice(ASKS)}"
    count = dice.randint(2, 4)
    items = [
        dice.choice(ITEMS).format(
            n=shop["n"], a=shop["a"], d=shop["d"], r=shop["r"], c=shop["c"],
            x=dice.choice(("和", "、")).join(dice.sample(shop["x"], dice.randint(1, 2))), w=dice.choice(REASONS),
        )
        for shop in dice.sample(shops, count)
    ]  # fmt: skip
    opening = dice.choice(OPENINGS).format(n=count, c=cuisine, p=f"{place}号地铁站")
    return question, opening, items, dice.choice(CLOSINGS)


def answer(opening: str, items: list[str], closing: str) -> str:
    """The parts as one answer."""
    return "\n".join([opening, *(f"{number}. {item}" for number, item in enumerate(items, 1)), closing])


def unit_texts(first: int, count: int) -> list[tuple[int, str, str, str]]:
    """Place, question, answer and kind (plain, exact, near) of ``count`` rows; copies repeat rows of their own place."""
    dice = random.Random(first)
    rows: list[tuple[int, str, str, str]] = []
    while len(rows) < count:
        place = (first + len(rows)) // PER_PLACE
        shops = restaurants(place)
        made = [parts(place, shops, dice) for _ in range(PER_PLACE)]
        for question, opening, items, closing in made:
            rows.append((place, question, answer(opening, items, closing), "plain"))
            if dice.random() < EXACT_SHARE:
                rows.append((place, question, answer(opening, items, closing), "exact"))
            if dice.random() < NEAR_SHARE:
                other = answer(
                    dice.choice(OPENINGS).format(n=len(items), c="餐厅", p="这里"), items[::-1], closing + "谢谢！"
                )
                rows.append((place, question, other, "near"))
    return rows[:count]


def write_unit(data: Path, run: str, first: int, count: int) -> dict[str, float]:
    """One shard and its commit; returns what was planted and the CPU seconds of the fingerprints."""
    rows = unit_texts(first, count)
    start = time.process_time()
    prints = [fingerprint(question, text) for _, question, text, _ in rows]
    spent = time.process_time() - start
    ids = [f"{run}-{first + i:08d}-{kind}" for i, (_, _, _, kind) in enumerate(rows)]
    known: dict[str, list[Any]] = {
        "sample_id": ids,
        "run_id": [run] * count,
        "order_id": ids,
        "place_id": [f"place-{row[0]}" for row in rows],
        "question": [row[1] for row in rows],
        "answer": [row[2] for row in rows],
        "text_hash": [one.text_hash for one in prints],
        "grams": [sorted(one.grams) for one in prints],
        "near_bands": [list(one.bands) for one in prints],
    }
    schema = SHARDS["samples"]
    columns = [pa.array(known.get(field.name, [None] * count), field.type) for field in schema]
    store, unit = LocalStore(data), f"U{first:08d}"
    files = store.put(run, unit, {"samples": pa.Table.from_arrays(columns, schema=schema)})
    when = (START + timedelta(seconds=first)).isoformat()
    store.commit_if_absent(
        run, unit, {"files": files, "admitted": ids, "surplus": [], "counts": {}, "created_at": when}
    )
    return {kind: sum(row[3] == kind for row in rows) for kind in ("exact", "near")} | {"fingerprint_s": spent}


def write(data: Path, run: str, first: int, rows: int) -> dict[str, float]:
    """Units in parallel; totals."""
    starts = range(first, first + rows, PER_UNIT)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(write_unit, data, run, start, min(PER_UNIT, first + rows - start)) for start in starts]
        found = [job.result() for job in jobs]
    return {name: sum(one[name] for one in found) for name in found[0]}


def refresh(data: Path) -> dict[str, float]:
    """A refresh in a process of its own: seconds of wall by step, seconds of CPU, and its peak memory."""
    done = subprocess.run([sys.executable, "-c", REFRESH, str(data)], stdout=subprocess.PIPE, check=True)
    return {name: round(value, 2) for name, value in json.loads(done.stdout).items()}


def found_and_planted(data: Path) -> dict[str, int]:
    """What the file dropped, by what it had been planted as."""
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as connection:
        rows = connection.execute(
            "select split_part(sample_id, '-', 3) || ' as ' || kind, count(*) from duplicates group by all order by all"
        ).fetchall()
    return dict(rows)


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
        size = (data / "warehouse.duckdb").stat().st_size
        result = {
            "rows": flags.rows,
            "planted": planted,
            "whole": whole,
            "dropped": after,
            "add": {"rows": flags.add, "planted": more, **added},
            "file_mb": round(size / 1e6),
        }
    print(json.dumps(result, ensure_ascii=False))
    return int(sum(after.values()) < planted["exact"] + planted["near"])


if __name__ == "__main__":
    sys.exit(main())
