"""Mutated bodies for teacher, judge and map over loopback: no crash, no hang, nothing accepted unproven or booked below its bill.

``python bench/mutated_bodies.py [--bodies 10000] [--rate 0.5] [--sides teacher,judge,map]``; prints JSON, exit status 1 on a miss.
The teacher's runs are the real ones (in process, without refreshes in between), each started again until it is done, then against
the honest server. What was accepted is verified again from the warehouse and looked up in the bytes that were sent.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import random
import re
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web
from mutations import Sent, mutated

from factory.config import read_settings
from factory.errors import ChidianError
from factory.llm.transport import DirectChat, Endpoint, Price
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
from judge.sandbox_faults import Faults
from judge.sandbox_judge import Temper
from judge.verdicts import judge_one
from tests.judge.judge_wire import question

PRICE = Price(2.0, 8.0)
COMMAND_S = 240.0
"""A command that has not ended by then hangs: nothing waits longer than GIVE_UP_S, here 15 s."""
ESCAPED = re.compile(r"\\+u([0-9a-fA-F]{4})")
KEPT_CHARACTERS = re.compile(r"[0-9一-龥]")


@dataclass
class Wire:
    """A server between: what it mutates, what it sent, and what it would bill."""

    rate: float
    dice: random.Random = field(default_factory=lambda: random.Random(7))
    base: str = ""
    bodies: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    bill_cny: float = 0.0
    digests: set[bytes] = field(default_factory=set)
    texts: list[str] = field(default_factory=list)

    def answer(self, raw: bytes, side: str) -> Sent:
        """What goes out in place of a good answer."""
        sent = mutated(raw, self.dice) if self.dice.random() < self.rate else Sent("", raw)
        if sent.kind:
            self.bodies += 1
            self.kinds[sent.kind] += 1
        if side != "map" and sent.billed:
            usage = orjson.loads(raw)["usage"]
            self.bill_cny += PRICE.cost(usage["prompt_tokens"], usage["completion_tokens"])
        if sent.raw is not None:
            self.digests.add(blake2b(sent.raw, digest_size=16).digest())
            self.texts.append(_plain(_text(sent.raw)))
        return sent


def _text(raw: bytes) -> str:
    """As the reader may have read it, whichever encoding it took."""
    forms = [raw.decode("utf-8", "replace"), raw.decode("utf-16", "replace"), raw.decode("gb18030", "replace")]
    return "|".join(ESCAPED.sub(lambda found: chr(int(found[1], 16)), form) for form in forms)


def _plain(text: str) -> str:
    return "".join(KEPT_CHARACTERS.findall(text))


@contextmanager
def between(app: web.Application, wire: Wire, side: Callable[[web.Request], str | None]) -> Iterator[Wire]:
    """Serve ``app`` in a thread; answers of a side (None: none) pass the wire."""

    @web.middleware
    async def bend(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        response = await handler(request)
        which = side(request)
        if which is None or not isinstance(response, web.Response) or response.status != 200:
            return response
        sent = wire.answer(bytes(response.body), which)  # type: ignore[arg-type]
        transport = request.transport
        if sent.raw is None or sent.cut:
            if sent.raw is not None and transport is not None:
                head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(sent.raw)}\r\n\r\n".encode()
                transport.write(head + sent.raw[: len(sent.raw) // 2])
            if transport is not None:
                transport.close()
            return web.Response()
        return web.Response(body=sent.raw, status=sent.status, headers=sent.headers, content_type="application/json")

    app.middlewares.insert(0, bend)
    loop, runner = asyncio.new_event_loop(), web.AppRunner(app, access_log=None, shutdown_timeout=0.1)

    async def start() -> int:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
        return int(runner.addresses[0][1])

    wire.base = f"http://127.0.0.1:{loop.run_until_complete(start())}"
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield wire
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


@dataclass
class Found:
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

    def close(self) -> None:
        """Nothing."""


def command(found: Found, data: Path, base: str, n: int, seed: int) -> bool:
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
        "AGENTS": "48",
        "CANDIDATES": str(50 * n),
    }
    found.commands += 1

    async def run() -> bool:
        async with asyncio.timeout(COMMAND_S):
            face = producing.Face(lambda _: None, lambda *_: _Quiet())
            result = await producing.produce(read_settings([], settings), face)
            return result is not None and result.shortfall is None

    try:
        return asyncio.run(run())
    except ChidianError as error:
        found.stops[f"{type(error).__name__}: {str(error)[:90]}"] += 1
    except TimeoutError:
        found.hangs += 1
    except BaseException:  # noqa: BLE001 - what is looked for
        found.crashes.append(traceback.format_exc()[-1_500:])
        sys.stderr.write(found.crashes[-1] + "\n")
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


def check_rows(found: Found, data: Path, texts: str) -> None:
    """Every accepted row again: by the verifier, and in the bytes that were sent."""
    import duckdb  # noqa: PLC0415 - here alone

    from warehouse.catalogue import refresh_file  # noqa: PLC0415 - as above

    refresh_file(data)
    rows = (
        duckdb.connect(str(data / "warehouse.duckdb"), read_only=True).execute("select * from samples").to_arrow_table()
    )
    for row in rows.to_pylist():
        found.accepted += 1
        result = verify_row(row)
        if not result.accepted:
            found.refused_again.append(f"{row['sample_id']}: {result.findings[:2]}")
        if _plain(row["answer"]) not in texts:
            found.unproven.append(f"{row['sample_id']}: its answer was never sent: {row['answer'][:80]}")
        for one in row["recommendations"]:
            if _plain(one["name"]) not in texts:
                found.unproven.append(f"{row['sample_id']}: {one['name']} was never sent")


def synth_side(side: str, bodies: int, rate: float, n: int) -> Found:
    """Runs with a mutating teacher or map, until enough bodies were mutated; each is finished against the honest server."""
    producing.Refresher = _NoRefresh  # type: ignore[misc,assignment]
    found, wire = Found(side), Wire(rate)

    def which(request: web.Request) -> str | None:
        here = "teacher" if request.path.startswith("/v1/") else "map" if "/place/" in request.path else ""
        if here and here != side:  # honest, but remembered
            return "other"
        return here or None

    original = wire.answer

    def answer(raw: bytes, here: str) -> Sent:
        if here == "other":
            wire.texts.append(_plain(raw.decode()))
            return Sent("", raw)
        return original(raw, here)

    wire.answer = answer  # type: ignore[method-assign]
    with between(sandbox_app(Sandbox(seed=0, defects=0.1)), wire, which):
        seed = 0
        while wire.bodies < bodies:
            with tempfile.TemporaryDirectory() as folder:
                data, wire.rate, seed = Path(folder), rate, seed + 1
                for _ in range(8):
                    if command(found, data, wire.base, n, seed) or wire.bodies >= bodies:
                        break
                wire.rate = 0.0
                if not (command(found, data, wire.base, n, seed) or command(found, data, wire.base, n, seed)):
                    found.unfinished.append(f"seed {seed}")
                found.booked_cny += booked(data)
                check_rows(found, data, "|".join(wire.texts))
                wire.texts.clear()
            sys.stderr.write(f"{side}: {wire.bodies} bodies, {found.accepted} rows, {len(found.crashes)} crashes\n")
    found.bodies, found.kinds, found.bill_cny = wire.bodies, dict(wire.kinds), wire.bill_cny
    if side == "map":
        found.bill_cny = 0.0
    return found


def judge_side(bodies: int, rate: float) -> Found:
    """One question after the other, each another replicate."""
    found, wire = Found("judge"), Wire(rate)
    app = judge_app(Desk({MODEL: Temper(0.3)}, Faults(), frozenset()))

    async def scene(data: Path) -> None:
        ledger = Ledger(data, "run", None)
        limiter = LocalLimiter({"judge": PoolLimits(max_in_flight=48, give_up_s=60.0)})
        endpoint = Endpoint("judge", f"{wire.base}/compatible-mode/v1", "judge", PRICE, 20.0, keep_trying_s=1.0)
        chat = DirectChat(endpoint, Breaker(limiter), ledger, None)
        judge, numbers = Judge("judge", MODEL, chat, "judge", PRICE), iter(range(10**9))

        async def worker() -> None:
            while wire.bodies < bodies:
                ask = question(next(numbers))
                try:
                    outcome = await asyncio.wait_for(judge_one(judge, "run", ask, 0, 0), COMMAND_S)
                except ChidianError as error:
                    found.stops[f"{type(error).__name__}: {str(error)[:90]}"] += 1
                except TimeoutError:
                    found.hangs += 1
                except BaseException:  # noqa: BLE001 - what is looked for
                    found.crashes.append(traceback.format_exc()[-1_500:])
                else:
                    found.accepted += outcome.scored
                    found.stops[outcome.verdicts[0].reason or "scored"] += 1

        await asyncio.gather(*(worker() for _ in range(48)))
        found.booked_cny = ledger.spent()[0]
        await chat.aclose()
        ledger.close()

    with between(app, wire, lambda _: "judge"), tempfile.TemporaryDirectory() as folder:
        asyncio.run(scene(Path(folder)))
        import sqlite3  # noqa: PLC0415 - here alone

        with sqlite3.connect(Path(folder) / "calls.sqlite") as book:
            for key, raw in book.execute("select key, raw from calls where status = 'kept'"):
                if blake2b(raw, digest_size=16).digest() not in wire.digests and not _was_packed(wire, raw):
                    found.unproven.append(f"{key}: kept bytes were never sent")
    found.bodies, found.kinds, found.bill_cny = wire.bodies, dict(wire.kinds), wire.bill_cny
    return found


def _was_packed(wire: Wire, raw: bytes) -> bool:
    """Sent as gzip: what is kept is what was in it."""
    import gzip  # noqa: PLC0415 - here alone

    return blake2b(gzip.compress(raw), digest_size=16).digest() in wire.digests or wire.kinds["gzip"] > 0


def map_side(bodies: int, rate: float) -> Found:
    """Pages of many circles: every row that comes out is typed, plausible, and was sent."""
    found, wire = Found("map pages"), Wire(rate)

    async def scene(data: Path) -> None:
        account = AmapAccount(wire.base, "bench-key-of-its-own", None, 10_000.0, None, give_up_s=60.0, is_ours=True)
        limiter = LocalLimiter({"map": account.limits})
        maps = AmapMap(account, KeptAnswers(data), provider="sandbox", licence="", attribution="", limiter=limiter)
        wire.rate = 0.0
        names = [("清华大学", "北京市"), ("复旦大学", "上海市"), ("武汉大学", "武汉市")]
        places = [await maps.locate(PlaceName(*one)) for one in names]
        wire.rate, numbers = rate, iter(range(10**9))
        pois: list[Poi] = []

        async def worker() -> None:
            while wire.bodies < bodies:
                number = next(numbers)
                place: Place = places[number % len(places)]
                cuisine = (None, *CUISINES_KNOWN)[number // len(places) % (1 + len(CUISINES_KNOWN))]
                radius_m = 2_000 + number // (len(places) * (1 + len(CUISINES_KNOWN)))
                try:
                    page = await asyncio.wait_for(
                        maps.around(place, radius_m=radius_m, cuisine=cuisine, page=1), COMMAND_S
                    )
                except ChidianError as error:
                    found.stops[f"{type(error).__name__}: {str(error)[:60]}"] += 1
                except TimeoutError:
                    found.hangs += 1
                except BaseException:  # noqa: BLE001 - what is looked for
                    found.crashes.append(traceback.format_exc()[-1_500:])
                else:
                    pois.extend(page.pois)

        await asyncio.gather(*(worker() for _ in range(48)))
        found.accepted, sent = len(pois), "|".join(wire.texts)
        for poi in {poi.name: poi for poi in pois}.values():
            if not (math.isfinite(poi.lng) and math.isfinite(poi.lat) and poi.name and poi.poi_id):
                found.unproven.append(f"{poi} is not typed")
            if _plain(poi.name) not in sent:
                found.unproven.append(f"{poi.name} was never sent")
        await maps.aclose()

    with (
        between(sandbox_app(Sandbox(seed=0)), wire, lambda request: "map" if "/v3/" in request.path else None),
        tempfile.TemporaryDirectory() as folder,
    ):
        asyncio.run(scene(Path(folder)))
    found.bodies, found.kinds = wire.bodies, dict(wire.kinds)
    return found


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--bodies", type=int, default=10_000)
    parser.add_argument("--rate", type=float, default=0.5)
    parser.add_argument("--sides", default="teacher,judge,map,map runs")
    parser.add_argument("--n", type=int, default=400)
    flags = parser.parse_args()
    sides: dict[str, Callable[[], Found]] = {
        "teacher": lambda: synth_side("teacher", flags.bodies, flags.rate, flags.n),
        "judge": lambda: judge_side(flags.bodies, flags.rate),
        "map": lambda: map_side(flags.bodies, flags.rate),
        "map runs": lambda: synth_side("map", max(20, flags.bodies // 20), flags.rate, flags.n),
    }
    good = True
    for name in flags.sides.split(","):
        started = time.monotonic()
        found = sides[name]()
        good = good and found.is_good
        told = {
            **{
                name: getattr(found, name)
                for name in ("side", "bodies", "commands", "hangs", "accepted", "bill_cny", "booked_cny")
            },
            "crashes": len(found.crashes),
            "first_crash": found.crashes[:1],
            "unproven": len(found.unproven),
            "first_unproven": found.unproven[:3],
            "refused_again": len(found.refused_again),
            "first_refused_again": found.refused_again[:3],
            "unfinished": found.unfinished,
            "stops": dict(found.stops.most_common(8)),
            "kinds": found.kinds,
            "good": found.is_good,
            "s": round(time.monotonic() - started, 1),
        }
        sys.stdout.write(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode() + "\n")
        sys.stdout.flush()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
