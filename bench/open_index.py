"""A million synthetic pois in Overture's schema: CPU to build the index, time of a query; brute force beside it.

Usage: python bench/open_index.py [POIS]. Prints one JSON object.
"""

from __future__ import annotations

import json
import random
import resource
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np

from factory.maps.open.building import build, fingerprint
from factory.maps.open.index import OpenIndex


def write(path: Path, pois: int) -> None:
    """Rows spread over 200 cities of a country, most of them dense."""
    duckdb.sql(f"""
        copy (
            select i::text as id, {{'primary': 'place ' || i, 'common': map([]::text[], []::text[])}} as names,
                {{'primary': ['thai_restaurant', 'pizza_restaurant', 'cafe', 'restaurant', 'hair_salon'][1 + i % 5],
                  'alternate': ['sushi_restaurant']}} as categories,
                0.9::double as confidence, ['+000']::text[] as phones,
                [{{'freeform': 'street ' || (i % 1000), 'locality': 'city ' || (i % 200)}}] as addresses,
                {{'xmin': x, 'xmax': x, 'ymin': y, 'ymax': y}} as bbox
            from (select i, 100 + hash(i % 200) % 2000 / 100.0 + (hash(i) % 100000 / 1e5 - 0.5) * 0.3 as x,
                         25 + hash(i % 200 + 7) % 1500 / 100.0 + (hash(i + 1) % 100000 / 1e5 - 0.5) * 0.3 as y
                  from range({pois}) t(i))
        ) to '{path}' (format parquet)""")


def main() -> None:
    """Build, query, compare."""
    pois = int(sys.argv[1]) if len(sys.argv) > 1 else 1_250_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder / "overture.parquet", pois)
        before = time.process_time()
        target = folder / fingerprint(folder / "overture.parquet")
        build(folder / "overture.parquet", target)
        build_s = time.process_time() - before
        before = time.process_time()
        index = OpenIndex(target)
        load_s = time.process_time() - before
        dice = random.Random(0)
        rows = [dice.randrange(len(index)) for _ in range(2_000)]
        took, hits = [], []
        for row in rows:
            here = index.poi(row)
            start = time.perf_counter()
            near, _ = index.around(here.lng, here.lat, 2_000.0, dice.choice((None, "泰国菜")))
            took.append(time.perf_counter() - start)
            hits.append(len(near))
        brute = []
        for row in rows[:20]:
            here = index.poi(row)
            start = time.perf_counter()
            index._in_slice(0, len(index), here.lng, here.lat, 2_000.0)  # noqa: SLF001 - the same arithmetic over every row
            brute.append(time.perf_counter() - start)
    result = {
        "pois_in_file": pois,
        "restaurants": len(index),
        "build_cpu_s": round(build_s, 1),
        "load_cpu_s": round(load_s, 1),
        "query_median_ms": round(float(np.median(took)) * 1e3, 3),
        "query_p99_ms": round(float(np.quantile(took, 0.99)) * 1e3, 3),
        "hits_median": float(np.median(hits)),
        "every_row_median_ms": round(float(np.median(brute)) * 1e3, 1),
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
