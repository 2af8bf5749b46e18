"""Mutated bodies for teacher, judge and map over loopback: no crash, no hang, nothing accepted unproven or booked below its bill.

``python bench/mutated_bodies.py [--bodies 10000] [--rate 0.5] [--sides teacher,judge,map]``; prints JSON, exit status 1 on a miss.
The teacher's runs are the real ones (in process, without refreshes in between), each started again until it is done, then against
the honest server. What was accepted is verified again from the warehouse and looked up in the bytes that were sent.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web
from mutating_server import PRICE, MutatingServer, between, digest

from factory.config import read_settings
from factory.errors import ChidianError
from factory.llm.transport import DirectChat, Endpoint
from factory.maps.amap.client import AmapMap
from factory.maps.amap.wire import AmapAccount
from factory.maps.cuisines import CUISINES_KNOWN
from factory.maps.kept import KeptAnswers
from factory.records import Place, PlaceName, Poi
from factory.run import producing
from factory.sandbox.serve import Sandbox
from factory.sandbox.serve import make_app as sandbox_app
from factory.sending.ledger import Ledger
from factory.sending.limits import LocalLimiter, PoolLimits
from factory.verifier.command import verify_row
from judge.breaker import Breaker
from judge.providers import Judge
from judge.sandbox import MODEL, Desk
from judge.sandbox import make_app as judge_app
from judge.sandbox_faults import JudgeFaults
from judge.sandbox_judge import Temper
from judge.verdicts import judge_one
from tests.judge.judge_wire import question

COMMAND_S = 240.0
"""A command that has not ended by then hangs: nothing waits longer than GIVE_UP_S, here 15 s."""


@dataclass
class Tally:
    """What one side showed."""

    side: str
    bodies: int = 0
    commands: int = 0
    crashes: list[str] = field(default_factory=list)
    hangs: int = 0
    stops: Counter[str] = field(default_factory=Counter)
    accepted: int = 0
    unproven: list[str] = field(default_factory=list)
    refused_again: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    bill_cny: float = 0.0
    booked_cny: float = 0.0
    kinds: dict[str, int] = field(default_factory=dict)

    @property
    def is_good(self) -> bool:
        """Whether all bars hold."""
        missed = (self.crashes, self.hangs, self.unproven, self.refused_again, self.unfinished)
        return not any(missed) and self.booked_cny >= self.bill_cny - 1e-9


class _NoRefresh:
    """Refreshes are the warehouse's own benchmark."""

    def __init__(self, _data: Path) -> None:
        """Nothing."""

    async def keep_fresh(self, _say: Any) -> None:
        """Never."""
        await asyncio.Event().wait()

    async def refresh(self) -> None:
        """Never."""


class _Quiet:
    """Watches nothing."""

    def start(self, _now: Any) -> None:
        """Nothing."""

    def count(self, _outcomes: Any, _rejects: Any) -> None:
        """Nothing."""

    def show(self, _now: Any, *, force: bool = False) -> None:
        """Nothing."""

    def idle(self, _now: Any) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


def command(tally: Tally, data: Path, base: str, n: int, seed: int) -> bool:
    """One ``synth``; True when it reached its N."""
    settings = {
        "N": str(n),
        "SEED": str(seed),
        "DATA": str(data),
        "MAP": "sandbox",
        "AMAP_BASE_URL": base,
        "TEACHER": "sandbox",
        "TEACHER_BASE_URL": f"{base}/v1",
        "PRICE_IN": "2",
        "PRICE_OUT": "8",
        "BUDGET": "100000",
        "GIVE_UP_S": "15",
        "AGENTS": "200",
        "CANDIDATES": str(50 * n),
    }
    tally.commands += 1

    async def run() -> bool:
        async with asyncio.timeout(COMMAND_S):
            face = producing.Face(lambda _: None, lambda *_: _Quiet())
            result = await producing.produce(read_settings([], settings), face)
            return result is not None and result.shortfall is None

    try:
        return asyncio.run(run())
    except ChidianError as error:
        tally.stops[f"{type(error).__name__}: {str(error)[:90]}"] += 1
    except TimeoutError:
        tally.hangs += 1
    except BaseException:  # noqa: BLE001 - what is looked for
        tally.crashes.append(traceback.format_exc()[-1_500:])
        sys.stderr.write(tally.crashes[-1] + "\n")
    return False


def booked(data: Path, run: str | None = None) -> float:
    """What the ledger holds."""
    import sqlite3  # noqa: PLC0415 - here alone

    with sqlite3.connect(data / "calls.sqlite") as book:
        row = book.execute(
            "select sum(case when status = 'unresolved' then worst_cny when status in ('kept', 'unreadable') then cost_cny end) "
            "from calls where ? is null or run_id = ?",
            (run, run),
        ).fetchone()
    return float(row[0] or 0.0)


def check_rows(tally: Tally, data: Path, server: MutatingServer) -> None:
    """Every accepted row again: by the verifier, and in the bytes that were sent."""
    import duckdb  # noqa: PLC0415 - here alone

    from warehouse.catalogue import refresh_file  # noqa: PLC0415 - as above

    refresh_file(data)
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as warehouse:
        rows = warehouse.sql("select * from samples").to_arrow_table().to_pylist()
    tally.accepted += len(rows)
    for row in rows:
        result = verify_row(row)
        if not result.accepted:
            tally.refused_again.append(f"{row['sample_id']}: {result.findings[:2]}")
    tally.unproven += server.unsent("teacher", (row["answer"] for row in rows), (row["cut"] or () for row in rows))
    tally.unproven += server.unsent("map", (place["name"] for row in rows for place in row["recommendations"]))
    server.texts.clear()


def _side(request: web.Request) -> str | None:
    return "teacher" if request.path.startswith("/v1/") else "map" if "/place/" in request.path else None


def synth_side(side: str, bodies: int, rate: float, n: int) -> Tally:
    """Runs with a mutating teacher or map, until enough bodies were mutated; each is finished against the honest server."""
    producing.Refresher = _NoRefresh  # type: ignore[attr-defined,misc,assignment]
    tally, server = Tally(side), MutatingServer(side, rate)
    with between(sandbox_app(Sandbox(seed=0, defects=0.1)), server, _side):
        seed = 0
        while server.bodies < bodies:
            with tempfile.TemporaryDirectory() as folder:
                data, server.rate, seed = Path(folder), rate, seed + 1
                for _ in range(8):
                    if command(tally, data, server.base, n, seed) or server.bodies >= bodies:
                        break
                server.rate = 0.0
                if not (command(tally, data, server.base, n, seed) or command(tally, data, server.base, n, seed)):
                    tally.unfinished.append(f"seed {seed}")
                tally.booked_cny += booked(data)
                check_rows(tally, data, server)
            sys.stderr.write(f"{side}: {server.bodies} bodies, {tally.accepted} rows, {len(tally.crashes)} crashes\n")
    tally.bodies, tally.kinds, tally.bill_cny = server.bodies, dict(server.kinds), server.bill_cny
    return tally


def judge_side(bodies: int, rate: float) -> Tally:
    """One question after the other, each another replicate."""
    tally, server = Tally("judge"), MutatingServer("judge", rate)
    app = judge_app(Desk({MODEL: Temper(0.3)}, JudgeFaults(), frozenset()))

    async def scene(data: Path) -> None:
        ledger = Ledger(data, "run", None)
        limiter = LocalLimiter({"judge": PoolLimits(max_in_flight=48, give_up_s=60.0)})
        endpoint = Endpoint("judge", f"{server.base}/compatible-mode/v1", "judge", PRICE, 20.0, keep_trying_s=1.0)
        chat = DirectChat(endpoint, Breaker(limiter), ledger, None)
        judge, numbers = Judge("judge", MODEL, chat, "judge", PRICE), iter(range(10**9))

        async def worker() -> None:
            while server.bodies < bodies:
                ask = question(next(numbers))
                try:
                    outcome = await asyncio.wait_for(judge_one(judge, "run", ask, 0, 0), COMMAND_S)
                except ChidianError as error:
                    tally.stops[f"{type(error).__name__}: {str(error)[:90]}"] += 1
                except TimeoutError:
                    tally.hangs += 1
                except BaseException:  # noqa: BLE001 - what is looked for
                    tally.crashes.append(traceback.format_exc()[-1_500:])
                else:
                    tally.accepted += outcome.scored
                    tally.stops[outcome.verdicts[0].reason or "scored"] += 1

        await asyncio.gather(*(worker() for _ in range(48)))
        tally.booked_cny = ledger.spent()[0]
        await chat.aclose()
        ledger.close()

    with between(app, server, lambda _: "judge"), tempfile.TemporaryDirectory() as folder:
        asyncio.run(scene(Path(folder)))
        import sqlite3  # noqa: PLC0415 - here alone

        with sqlite3.connect(Path(folder) / "calls.sqlite") as book:
            for key, raw in book.execute("select key, raw from calls where status = 'kept'"):
                if digest(raw) not in server.digests:
                    tally.unproven.append(f"{key}: kept bytes were never sent")
    tally.bodies, tally.kinds, tally.bill_cny = server.bodies, dict(server.kinds), server.bill_cny
    return tally


def map_side(bodies: int, rate: float) -> Tally:
    """Pages of many circles: every row that comes out is typed, plausible, and was sent."""
    tally, server = Tally("map pages"), MutatingServer("map", rate)

    async def scene(data: Path) -> None:
        account = AmapAccount(server.base, "bench-key-of-its-own", None, 10_000.0, None, give_up_s=60.0, is_ours=True)
        limiter = LocalLimiter({"map": account.limits})
        maps = AmapMap(account, KeptAnswers(data), provider="sandbox", licence="", attribution="", limiter=limiter)
        server.rate = 0.0
        names = [("清华大学", "北京市"), ("复旦大学", "上海市"), ("武汉大学", "武汉市")]
        places = [await maps.locate(PlaceName(*name)) for name in names]
        server.rate, numbers = rate, iter(range(10**9))
        pois: list[Poi] = []

        async def worker() -> None:
            while server.bodies < bodies:
                number = next(numbers)
                place: Place = places[number % len(places)]
                cuisine = (None, *CUISINES_KNOWN)[number // len(places) % (1 + len(CUISINES_KNOWN))]
                radius_m = 2_000 + number // (len(places) * (1 + len(CUISINES_KNOWN)))
                try:
                    page = await asyncio.wait_for(
                        maps.around(place, radius_m=radius_m, cuisine=cuisine, page=1), COMMAND_S
                    )
                except ChidianError as error:
                    tally.stops[f"{type(error).__name__}: {str(error)[:60]}"] += 1
                except TimeoutError:
                    tally.hangs += 1
                except BaseException:  # noqa: BLE001 - what is looked for
                    tally.crashes.append(traceback.format_exc()[-1_500:])
                else:
                    pois.extend(page.pois)

        await asyncio.gather(*(worker() for _ in range(48)))
        tally.accepted = len(pois)
        untyped = (poi for poi in pois if not (math.isfinite(poi.lng + poi.lat) and poi.name and poi.poi_id))
        tally.unproven += [f"{poi} is not typed" for poi in untyped]
        tally.unproven += server.unsent("map", (poi.name for poi in pois))
        await maps.aclose()

    with (
        between(sandbox_app(Sandbox(seed=0)), server, lambda request: "map" if "/v3/" in request.path else None),
        tempfile.TemporaryDirectory() as folder,
    ):
        asyncio.run(scene(Path(folder)))
    tally.bodies, tally.kinds = server.bodies, dict(server.kinds)
    return tally


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--bodies", type=int, default=10_000)
    parser.add_argument("--rate", type=float, default=0.5)
    parser.add_argument("--sides", default="teacher,judge,map,map runs")
    parser.add_argument("--n", type=int, default=1_500)
    flags = parser.parse_args()
    sides: dict[str, Callable[[], Tally]] = {
        "teacher": lambda: synth_side("teacher", flags.bodies, flags.rate, flags.n),
        "judge": lambda: judge_side(flags.bodies, flags.rate),
        "map": lambda: map_side(flags.bodies, flags.rate),
        "map runs": lambda: synth_side("map", max(20, flags.bodies // 20), flags.rate, flags.n),
    }
    good = True
    for name in flags.sides.split(","):
        started = time.monotonic()
        tally = sides[name]()
        good = good and tally.is_good
        told = {
            **{
                name: getattr(tally, name)
                for name in ("side", "bodies", "commands", "hangs", "accepted", "bill_cny", "booked_cny")
            },
            "crashes": len(tally.crashes),
            "first_crash": tally.crashes[:1],
            "unproven": len(tally.unproven),
            "first_unproven": tally.unproven[:3],
            "refused_again": len(tally.refused_again),
            "first_refused_again": tally.refused_again[:3],
            "unfinished": tally.unfinished,
            "stops": dict(tally.stops.most_common(8)),
            "kinds": tally.kinds,
            "good": tally.is_good,
            "s": round(time.monotonic() - started, 1),
        }
        sys.stdout.write(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode() + "\n")
        sys.stdout.flush()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
