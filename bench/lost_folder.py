"""The working folder of a run in a bucket, deleted in its middle: the same command from another folder, the cap by the mock's bill.

First N samples without loss, for their price. Then for each seed a run whose folder is lost twice: once under the running process,
which is killed later, and once with it, under a cap that allows N all the same (exactly N, none twice, the bill below the cap); and
one under a cap that does not (it stops with its sentence, below it; raised, it goes on to exactly N). JSON in the last line; exit
status 1 on a miss. ``--n 300 --seeds 3``.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from bench.billed_sandbox import Billed, billed_sandbox
from bench.counted_store import CLEAN, ROOT, counted
from bench.moto_store import BUCKET, moto_store, store_environment

FAULTS = {
    "map": {"latency_ms": 2, "shares": {"10021": 0.02, "5xx": 0.02, "drop": 0.02}},
    "chat": {"latency_ms": 20, "shares": {"429": 0.02, "5xx": 0.02, "half_body": 0.02, "drop": 0.02}},
}
AGENTS = 4
"""As in kills.py: each call in flight at a loss counts at its worst, some ten times its likely price."""
AMPLE, TIGHT = 3.0, 0.6
"""Caps, in prices of N: a loss may cost what was paid for and not committed, and a step of the lease (5 % of the cap)."""
WAYS = ("deleted, then killed", "killed and deleted")


@dataclass(slots=True)
class Run:
    """One place in the bucket; every start is in a new folder."""

    name: str
    n: int
    cap: float | None
    served: Billed
    env: dict[str, str]
    folder: Path
    starts: int = 0
    told: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Its place."""
        return f"s3://{BUCKET}/{self.name}"

    def start(self) -> tuple[subprocess.Popen[str], Path]:
        """The command, where it never ran."""
        home = self.folder / f"{self.name}-{self.starts}"
        home.mkdir()
        self.starts += 1
        settings = self.served.settings | {
            "AMAP_QPS": "1000",
            "DATA": self.url,
            "N": str(self.n),
            "AGENTS": str(AGENTS),
        }
        money = {"YES": "1"} if self.cap is None else {"BUDGET": str(self.cap)}
        env = {**CLEAN, **self.env, "PYTHONPATH": str(ROOT), **settings, **money}
        command = [sys.executable, "-m", "factory", "synth"]
        return subprocess.Popen(command, cwd=home, env=env, stderr=subprocess.PIPE, text=True), home

    def lose(self, way: str, calls: int) -> bool:
        """Start, and lose the folder after so many calls; False when the run had ended before."""
        goal = self.served.bill()["arrived"] + calls
        child, home = self.start()
        if not self._reach(child, goal):
            return False
        if way == "deleted, then killed":
            # Left alone it would go on, since its files are open; only its end shows what was in them.
            shutil.rmtree(home / "chidian-work", ignore_errors=True)
            if not self._reach(child, goal + self.n // 10):
                return False
        child.kill()
        child.wait()
        shutil.rmtree(home / "chidian-work", ignore_errors=True)
        self.told.append(f"{way}: {_last(child)}")
        return True

    def _reach(self, child: subprocess.Popen[str], goal: int) -> bool:
        """Whether so many calls arrived before the run ended."""
        while child.poll() is None and self.served.bill()["arrived"] < goal:
            time.sleep(0.02)
        if child.poll() is not None:
            self.told.append(_last(child))
        return child.poll() is None

    def finish(self) -> tuple[int, str]:
        """To the end, in another folder."""
        child, _ = self.start()
        said = _last(child)
        return child.returncode, said


def _last(child: subprocess.Popen[str]) -> str:
    """The last line of what a command said, when it has ended."""
    _, errors = child.communicate(timeout=900)
    return "".join(errors.strip().splitlines()[-1:])


def price(served: Billed, n: int, env: dict[str, str], folder: Path) -> float:
    """CNY of N samples without a loss, by the bill."""
    before = served.bill()["cny"]
    run = Run("price", n, None, served, env, folder)
    status, said = run.finish()
    if status:
        raise SystemExit(f"no price: {said}")
    return float(served.bill()["cny"] - before)


def loss(run: Run, cny: float, dice: random.Random) -> dict[str, Any]:
    """Two losses, then to the end; under a tight cap on to N with an ample one."""
    before = run.served.bill()["cny"]
    ways = list(WAYS)
    dice.shuffle(ways)
    # A third of what N needs, at most, so that the second loss meets a run, too.
    lost = sum(run.lose(way, dice.randint(run.n // 10, run.n // 3)) for way in ways)
    status, said = run.finish()
    billed = run.served.bill()["cny"] - before
    cap, is_tight = run.cap or 0.0, (run.cap or 0.0) < cny
    row: dict[str, Any] = {"run": run.name, "cap_cny": round(cap, 4), "losses": lost, "billed_cny": round(billed, 4)}
    # What the first loss may have cost can end a tight run before the second one.
    wrong = ["cap passed"] * (billed > cap) + ["losses"] * (lost < (1 if is_tight else len(ways)))
    if is_tight:
        wrong += ["sentence"] * (status != 1 or "BUDGET=" not in said)
        row |= {"said": said, "share_of_the_cap_billed": round(billed / cap, 3)}
        run.cap = cap + AMPLE * cny
        status, said = run.finish()
        billed = run.served.bill()["cny"] - before
        row |= {"raised_to_cny": round(run.cap, 4), "billed_in_all_cny": round(billed, 4)}
        wrong += ["cap passed when raised"] * (billed > run.cap)
    row |= counted(run.url, run.env, run.folder / f"{run.name}-counted")
    wrong += [name for name in ("lost", "double", "torn") if row[name]] + ["status"] * (status != 0)
    wrong += ["samples"] * (row["samples"] != run.n) + ["check"] * (row["warehouse_check"] != "ok")
    return row | {"missed": wrong, "told": [*run.told, said]}


def main() -> int:
    """Exit status 1 on a miss."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--n", type=int, default=300)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    flags = parser.parse_args()
    rows = []
    with (
        tempfile.TemporaryDirectory() as name,
        moto_store() as root,
        billed_sandbox(seed=flags.seed, faults=FAULTS) as served,
    ):
        env = store_environment(root)
        os.environ.update(env)
        cny = price(served, flags.n, env, Path(name))
        for seed in range(flags.seed, flags.seed + flags.seeds):
            for word, factor in (("ample", AMPLE), ("tight", TIGHT)):
                run = Run(f"{word}-{seed}", flags.n, round(factor * cny, 4), served, env, Path(name))
                rows.append(loss(run, cny, random.Random(f"{seed}-{word}")))
                print(orjson.dumps(rows[-1]).decode(), file=sys.stderr, flush=True)
    missed = {row["run"]: row["missed"] for row in rows if row["missed"]}
    result = {
        "n": flags.n,
        "runs": len(rows),
        "exact": sum(row["samples"] == flags.n for row in rows),
        "price_cny": round(cny, 4),
        "caps_passed": sum(any("cap" in word for word in row["missed"]) for row in rows),
        "missed": missed,
        "each": rows,
    }
    print(orjson.dumps(result).decode())
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
