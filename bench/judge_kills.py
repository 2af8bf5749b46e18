"""SIGKILLs at random moments of a judging with faults: afterwards no verdict is lost or double, and every failure has a reason.

Prints JSON. ``--kills`` (20), ``--share`` of faulty answers (0.1); a small world is made, or DATA's samples are used from a copy.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb
import orjson

CLEAN = {name: value for name, value in os.environ.items() if not name.endswith(("_KEY", "_SECRET", "_TOKEN"))}
KINDS = (
    "rate_quota",
    "internal",
    "service_unavailable",
    "drop",
    "half_body",
    "html",
    "garbage",
    "data_inspection",
    "length",
    "empty",
)
REPLICATES = 6
KEY = "item_id, design, rubric, replicate, judge"


def start_sandbox(faults: dict[str, Any]) -> tuple[subprocess.Popen[bytes], int]:
    """The sandbox judge with its knobs; gives its port."""
    child = subprocess.Popen(
        [sys.executable, "-m", "judge", "sandbox", "--faults", orjson.dumps(faults).decode()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=CLEAN,
    )
    assert child.stdout is not None
    return child, int(orjson.loads(child.stdout.readline())["port"])


def command(data: Path, port: int) -> subprocess.Popen[bytes]:
    """A judging with small units, so that kills fall between many commits."""
    words = ("run", "--unit", "8", "--in-flight", "16", "--judge2", "none", "--replicates", str(REPLICATES))
    env = {**CLEAN, "DATA": str(data), "JUDGE_BASE_URL": f"http://127.0.0.1:{port}/compatible-mode/v1"}
    return subprocess.Popen([sys.executable, "-m", "judge", *words], env=env, stderr=subprocess.DEVNULL)


def commits(data: Path) -> int:
    """Committed units."""
    return len(list((data / "commits" / "judge-sandbox").glob("U*.json")))


def kill_after(data: Path, port: int, more: int) -> bool:
    """True when the run was killed after so many more commits; False when it ended before."""
    child = command(data, port)
    goal = commits(data) + more
    while child.poll() is None and commits(data) < goal:
        time.sleep(0.005)
    if child.poll() is not None:
        return False
    child.send_signal(signal.SIGKILL)
    child.wait()
    return True


def finish(data: Path, port: int) -> int:
    """Run to the end, again while questions are unscored; returns how many runs that took."""
    for runs in range(1, 12):
        assert command(data, port).wait() == 0
        with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as connection:
            left = connection.execute("select count(*) from verdicts where status <> 'scored'").fetchall()[0][0]
        if left == 0:
            return runs
    return -1


def scene(data: Path, kills: int, share: float, seed: int) -> dict[str, Any]:
    """Kill, go on, and count."""
    dice = random.Random(seed)
    sandbox, port = start_sandbox({"latency_s": 0.02, "shares": {kind: share / len(KINDS) for kind in KINDS}})
    try:
        killed = 0
        for _ in range(kills):
            killed += kill_after(data, port, dice.randint(0, 3))
        runs = finish(data, port)
        calls = sandbox_calls(port)
    finally:
        assert sandbox.stdin is not None
        assert sandbox.stdout is not None
        sandbox.stdin.close()
        sandbox.stdout.close()
        sandbox.wait()
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as connection:
        [(questions, scored)] = connection.execute(
            "select count(*), count(*) filter (status = 'scored') from verdicts"
        ).fetchall()
        scored_keys = f"select {KEY} from verdicts_shard where status = 'scored' group by all having count(*) > 1"
        [(double,)] = connection.execute(f"select count(*) from ({scored_keys})").fetchall()
        reasons = "select count(*) from verdicts_shard where status <> 'scored' and coalesce(reason, '') = ''"
        [(silent,)] = connection.execute(reasons).fetchall()
        [(failed,)] = connection.execute("select count(*) from verdicts_shard where status <> 'scored'").fetchall()
        [(samples,)] = connection.execute("select count(*) from samples").fetchall()
        [(legacy, edited)] = connection.execute(
            "select count(*) filter (design = 'legacy'), count(*) filter (item_kind in ('injected', 'control')) from verdicts"
        ).fetchall()
    expected = samples * 2 * REPLICATES + samples * 2 + edited  # two rubrics, the single call's two rows, the edits
    return {
        "kills": killed,
        "runs_to_the_end": runs,
        "verdicts": questions,
        "expected": expected,
        "lost": expected - scored,
        "double": double,
        "unscored_rows_on_the_way": failed,
        "unscored_without_a_reason": silent,
        "legacy_rows": legacy,
        "calls_served_or_refused": calls,
    }


def sandbox_calls(port: int) -> dict[str, int]:
    """What the sandbox counted."""
    import urllib.request  # noqa: PLC0415 - only here

    with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stats") as answer:
        counted: dict[str, int] = orjson.loads(answer.read())
    return {
        "all": sum(value for name, value in counted.items() if not name.startswith("refused")),
        "served": counted.get("served", 0),
    }


def main() -> int:
    """Exit status 1 when something was lost or doubled."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--share", type=float, default=0.1)
    parser.add_argument("--samples", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    flags = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        made = [sys.executable, "-m", "factory", "synth"]
        subprocess.run(
            made, env={**CLEAN, "DATA": str(data), "N": str(flags.samples)}, check=True, stderr=subprocess.DEVNULL
        )
        outcome = scene(data, flags.kills, flags.share, flags.seed)
    sys.stdout.write(orjson.dumps(outcome, option=orjson.OPT_INDENT_2).decode() + "\n")
    return int(outcome["lost"] != 0 or outcome["double"] != 0 or outcome["unscored_without_a_reason"] != 0)


if __name__ == "__main__":
    sys.exit(main())
