"""SIGKILLs of a real ``python -m factory synth`` with a tenth of all calls failing: exactly N, nothing lost or torn.

Map and teacher are in a process of their own that survives the kills and bills what it served. ``--scene kills`` (50 kills)
or ``budget`` (kills under a cap that is then reached and raised, for each seed); prints JSON, exit status 1 on a miss.

Repeat spend: a prompt that was billed n times counts n - 1 repeats. Each must be explained by a spoilt answer of an earlier
billing (the fault), or by a kill between that billing's arrival and the moment its answer could be on the client's disk.
In flight at a kill: what the client's own book holds as reserved afterwards; the repeats that a kill explains may not be more.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pyarrow.parquet as pq

from bench.billed_sandbox import MOMENTS, Billed, billed_sandbox

CLEAN = {name: value for name, value in os.environ.items() if not name.endswith(("_KEY", "_SECRET", "_TOKEN"))}
FAULTS = {
    "map": {"latency_ms": 2, "shares": {"10021": 0.03, "5xx": 0.02, "html": 0.02, "drop": 0.02, "half_body": 0.01}},
    "chat": {"latency_ms": 20, "shares": {"429": 0.03, "5xx": 0.02, "html": 0.01, "half_body": 0.02, "drop": 0.02}},
}
"""A tenth of the calls of each service."""
UNDER_WAY_S = 0.5
"""So long a request may lie in the server's socket after its client died, and an answer that left the server may need until the
client's book holds it (two loaded cores); no run starts faster."""
CAPPED_AGENTS = 4
"""Each call in flight at a kill counts at its worst, some ten times its likely price: with few, the cap lasts for more kills."""
BOOK_SUM = "sum(case when status = 'unresolved' or status = 'reserved' then worst_cny else cost_cny end)"


@dataclass(slots=True)
class Run:
    """One DATA folder and the server that it talks to."""

    data: Path
    served: Billed
    n: int
    budget: float | None = None
    workers: int = 1
    agents: int = 16
    give_up_s: float = 30.0
    kills: list[float] = field(default_factory=list)
    """When, by the machine's monotonic clock, s."""
    in_flight: list[int] = field(default_factory=list)
    """Reserved and not settled at each kill."""
    committed: dict[str, str] = field(default_factory=dict)
    """Every shard that a commit named after some kill, and its content's hash."""
    admitted: set[str] = field(default_factory=set)

    def start(self) -> subprocess.Popen[str]:
        """The program, as people run it."""
        env = self.served.settings | {
            "DATA": str(self.data),
            "N": str(self.n),
            "AGENTS": str(self.agents),
            "WORKERS": str(self.workers),
            "GIVE_UP_S": str(self.give_up_s),
        }
        money = {"YES": "1"} if self.budget is None else {"BUDGET": str(self.budget)}
        command = [sys.executable, "-m", "factory", "synth"]
        return subprocess.Popen(command, env={**CLEAN, **env, **money}, stderr=subprocess.PIPE, text=True)

    def commits(self) -> list[dict[str, Any]]:
        """All commit records."""
        return [orjson.loads(path.read_bytes()) for path in sorted((self.data / "commits").glob("*/*.json"))]

    def count_commits(self) -> int:
        """How many there are."""
        return len(list((self.data / "commits").glob("*/*.json")))

    def kill_once(self, dice: random.Random, most_calls: int, by_calls_share: float = 0.6) -> bool:
        """One start that is killed, by a count of calls or of commits; False when it ended by itself before."""
        with self.start() as child:
            by_calls = dice.random() < by_calls_share
            when, errors = self._by_calls(child, dice, most_calls) if by_calls else self._by_commits(child, dice)
        if child.returncode != -signal.SIGKILL:
            print(errors.strip()[-300:], file=sys.stderr)
            return False
        self.kills.append(when)
        self.remember()
        return True

    def _by_calls(self, child: subprocess.Popen[str], dice: random.Random, most: int) -> tuple[float, str]:
        """The server kills: when the n-th call arrives, is billed, or has been answered."""
        before = len(self.served.bill()["kills"])
        self.served.arm({"pid": child.pid, "calls": dice.randint(1, most), "moment": dice.choice(MOMENTS)})
        _, errors = child.communicate(timeout=120)
        self.served.arm(None)
        kills = self.served.bill()["kills"][before:]
        return (kills[0]["at"] if kills else 0.0), errors

    def _by_commits(self, child: subprocess.Popen[str], dice: random.Random) -> tuple[float, str]:
        """After so many further commits, and up to 30 ms on: into the next unit's shards, commit and index."""
        goal = self.count_commits() + dice.randint(1, 2)
        while child.poll() is None and self.count_commits() < goal:
            time.sleep(0.002)
        time.sleep(dice.random() * 0.03)
        child.kill()
        return time.monotonic(), child.communicate(timeout=120)[1]

    def remember(self) -> None:
        """What the killed run left: calls in flight by its own book, and all that it had committed."""
        with sqlite3.connect(self.data / "calls.sqlite") as book:
            self.in_flight.append(book.execute("select count(*) from calls where status = 'reserved'").fetchone()[0])
        for record in self.commits():
            self.admitted.update(record["admitted"])
            for relative in record["files"].values():
                if relative not in self.committed:
                    self.committed[relative] = _hash(self.data / relative)

    def finish(self) -> tuple[int, str]:
        """Run to the end without a kill; exit status and what it said."""
        with self.start() as child:
            _, errors = child.communicate(timeout=600)
        return child.returncode, errors

    def spent_by_the_book(self) -> float:
        """What the client believes it spent, unresolved calls at their worst."""
        with sqlite3.connect(self.data / "calls.sqlite") as book:
            return float(book.execute(f"select coalesce({BOOK_SUM}, 0) from calls").fetchone()[0])


def _hash(path: Path) -> str:
    return blake2b(path.read_bytes(), digest_size=16).hexdigest()


def torn(data: Path) -> int:
    """Parquet files under a final name that cannot be read to their end, and databases that are not whole."""
    bad = 0
    for path in (data / "shards").rglob("*.parquet"):
        try:
            pq.read_table(path)
        except (OSError, ValueError):
            bad += 1
    for name in ("calls.sqlite", "admission.sqlite", "map.sqlite"):
        with sqlite3.connect(data / name) as base:
            bad += base.execute("pragma integrity_check").fetchone()[0] != "ok"
    return bad


def outcome(run: Run) -> dict[str, Any]:
    """Samples, losses and doubles by the warehouse and by the commits themselves."""
    admitted = [sample for record in run.commits() for sample in record["admitted"]]
    with duckdb.connect(str(run.data / "warehouse.duckdb"), read_only=True) as connection:
        rows = connection.execute("select sample_id, question || chr(10) || answer from samples").fetchall()
    held = {row[0] for row in rows}
    changed = [
        name for name, was in run.committed.items() if not (run.data / name).exists() or _hash(run.data / name) != was
    ]
    command = [sys.executable, "-m", "warehouse", "check"]
    env = {**CLEAN, "DATA": str(run.data)}
    checked = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    return {
        "samples": len(rows),
        "lost": len(run.admitted - held) + len(set(admitted) - held) + len(changed),
        "double": len(rows)
        - len(held)
        + len(rows)
        - len({row[1] for row in rows})
        + len(admitted)
        - len(set(admitted)),
        "torn": torn(run.data),
        "warehouse_check": "ok" if checked.returncode == 0 else checked.stdout[-500:],
    }


def repeats(run: Run) -> dict[str, Any]:
    """Prompts that were billed more than once, and why."""
    bill = run.served.bill(calls=True)
    by_prompt: dict[str, list[list[Any]]] = defaultdict(list)
    for row in bill["calls"]:
        by_prompt[row[0]].append(row)
    after_kill = [0] * len(run.kills)
    causes: Counter[str] = Counter()
    cny = 0.0
    for rows in by_prompt.values():
        for _, arrived, answered, cost, spoilt in rows[:-1]:
            cny += cost
            until = (answered or float("inf")) + UNDER_WAY_S
            kill = next((number for number, at in enumerate(run.kills) if arrived - UNDER_WAY_S <= at <= until), None)
            if spoilt:
                causes["fault"] += 1
            elif kill is None:
                causes["unexplained"] += 1
            else:
                after_kill[kill] += 1
    return {
        "calls_billed": bill["billed"],
        "prompts": len(by_prompt),
        "billed_cny": round(bill["cny"], 6),
        "repeated_cny": round(cny, 6),
        "repeated_after_faults": causes["fault"],
        "repeated_after_kills": sum(after_kill),
        "in_flight_at_kills": sum(run.in_flight),
        "kills_repeating_more_than_was_in_flight": sum(a > b for a, b in zip(after_kill, run.in_flight, strict=True)),
        "unexplained": causes["unexplained"],
        "map_requests": bill["map_requests"],
        "map_distinct": bill["map_distinct"],
    }


def kills_scene(folder: Path, kills: int, n: int, seed: int, workers: int = 1) -> dict[str, Any]:
    """N samples through so many kills; a run that reaches N before goes on with a fifth more."""
    dice = random.Random(seed)
    with billed_sandbox(seed=seed, faults=FAULTS) as served:
        run = Run(folder / "kills", served, n, workers=workers)
        starts = 0
        while len(run.kills) < kills and starts < 2 * kills:
            starts += 1
            if not run.kill_once(dice, most_calls=max(8, n // kills // 2)):
                run.n += max(1, n // 5)
        status, errors = run.finish()
        counts = outcome(run) | repeats(run)
    wrong = ("lost", "double", "torn", "unexplained", "kills_repeating_more_than_was_in_flight")
    missed = [name for name in wrong if counts[name]]
    missed += ["samples"] * (counts["samples"] != run.n) + ["exit"] * (status != 0)
    missed += ["kills"] * (len(run.kills) < kills) + ["check"] * (counts["warehouse_check"] != "ok")
    last = errors.strip().splitlines()[-1:] if missed else []
    about = {"n": run.n, "kills": len(run.kills), "starts": starts + 1, "workers": workers, "seed": seed}
    return about | {"missed": missed, "said": last} | counts


def budget_scene(folder: Path, kills: int, cap: float, seed: int) -> dict[str, Any]:
    """A cap through kills, reached, then raised: the mock's bill never passes it, and the run goes on."""
    dice = random.Random(seed)
    with billed_sandbox(seed=seed, faults=FAULTS) as served:
        run = Run(folder / f"budget-{seed}", served, 100_000, cap, agents=CAPPED_AGENTS)
        highest = under_the_book = 0.0
        for _ in range(kills):
            run.kill_once(dice, most_calls=12, by_calls_share=0.8)
            highest = max(highest, served.bill()["cny"])
            under_the_book = max(under_the_book, served.bill()["cny"] - run.spent_by_the_book())
        status, errors = run.finish()
        at_cap, first = served.bill()["cny"], outcome(run)
        sentence = re.search(r"BUDGET=[^\n]*", errors)
        run.budget = 2 * cap
        status2, _ = run.finish()
        after, second = served.bill()["cny"], outcome(run)
    missed = ["kills"] * (len(run.kills) < kills)
    missed += ["cap passed"] * (max(highest, at_cap) > cap or after > 2 * cap)
    missed += ["sentence"] * (status != 1 or sentence is None) + ["second"] * (status2 != 1 or after <= at_cap)
    missed += ["book below the bill"] * (under_the_book > 0)
    missed += [name for name in ("lost", "double", "torn") if first[name] or second[name]]
    return {
        "seed": seed,
        "kills": len(run.kills),
        "cap_cny": cap,
        "billed_at_the_cap_cny": round(at_cap, 6),
        "share_of_the_cap_billed": round(at_cap / cap, 3),
        "billed_at_twice_the_cap_cny": round(after, 6),
        "samples": [first["samples"], second["samples"]],
        "said": sentence[0] if sentence else errors[-300:],
        "missed": missed,
    }


def main() -> int:
    """Print JSON; exit status 1 on a miss."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--scene", choices=("all", "kills", "budget"), default="all")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--n", type=int, default=3000)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--budget-kills", type=int, default=10)
    parser.add_argument("--budget-seeds", type=int, default=3)
    parser.add_argument("--cap", type=float, default=8.0)
    flags = parser.parse_args()
    scenes: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        if flags.scene in {"all", "kills"}:
            scenes["kills"] = kills_scene(Path(name), flags.kills, flags.n, flags.seed, flags.workers)
        if flags.scene in {"all", "budget"}:
            seeds = range(flags.seed, flags.seed + flags.budget_seeds)
            scenes["budget"] = [budget_scene(Path(name), flags.budget_kills, flags.cap, seed) for seed in seeds]
    print(orjson.dumps(scenes, option=orjson.OPT_INDENT_2).decode())
    return int(any(scene["missed"] for scene in [scenes.get("kills"), *scenes.get("budget", [])] if scene))


if __name__ == "__main__":
    sys.exit(main())
