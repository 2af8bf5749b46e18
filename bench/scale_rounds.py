"""Rounds of a run on two Ray nodes and a bucket, each hurt once in its middle: exactly N, none twice, nothing torn, limits kept.

The nodes are two raylets of this machine with a CPU each, the bucket is moto's S3 server, and the sandbox, in a process of its own,
fails calls and keeps a limit of requests. The hurts take turns: an actor is killed; a node is killed and another joins; the process
that was started is killed and the same command goes on from another, empty working folder; an actor stands still and comes back.
Each round has a place of its own in the bucket and is counted from there in a third, empty folder. JSON in the last line; exit
status 1 on a miss. ``--rounds 12 --n 2000``.

Share: calls that the sandbox let through, of those that the limit would have, over the seconds in which it binds: after ``WARM_S``
from the first call, from a hurt's end and from a restart, until as many calls are left as the last orders make.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from bench.billed_sandbox import Billed, billed_sandbox
from bench.counted_store import counted
from bench.moto_store import BUCKET, moto_store, store_environment

CLEAN = {name: value for name, value in os.environ.items() if not name.endswith(("_KEY", "_SECRET", "_TOKEN"))}
ROOT = Path(__file__).parent.parent
FAULTS = {
    "map": {"latency_ms": 2, "shares": {"5xx": 0.02, "html": 0.02, "drop": 0.02, "half_body": 0.01}},
    "chat": {"latency_ms": 100, "shares": {"5xx": 0.02, "html": 0.01, "half_body": 0.02, "drop": 0.02}},
}
"""Without planted refusals: those that are counted are the limit's own."""
HURTS = ("actor", "node", "driver", "pause")
WARM_S = 8.0
"""As in limits.py: connections open, the ceiling grows."""
PAUSES_S = (10.0, 75.0)
"""Shorter and longer than an actor's silence is borne (60 s)."""
SHORT_PAUSE_S = 25.0
"""A run at the whole limit outlasts it."""
AGENTS = 64
LAST_CALLS = 4 * AGENTS
CALLS_A_SAMPLE = 1.2
START_S = 240.0
LEAST_FOR_SHARE = 1_000


class Nodes:
    """Two raylets; the first is the head, which nobody kills."""

    def __init__(self) -> None:
        # Ray reads its patience when it is imported; other programs may be at work here.
        os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_raylet_start_wait_time_s": "240"}
        from ray.cluster_utils import Cluster  # noqa: PLC0415 - see above

        self._cluster = Cluster(
            initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False}, shutdown_at_exit=True
        )
        self._second = self._cluster.add_node(num_cpus=1)

    @property
    def address(self) -> str:
        """What RAY_ADDRESS must be."""
        return str(self._cluster.address)

    def actors(self) -> list[int]:
        """Process ids of the actors on both nodes."""
        homes = {self._raylet(node) for node in (self._cluster.head_node, *self._cluster.worker_nodes)}
        return [pid for pid, parents in _seats() if parents & homes]

    def on_second(self) -> list[int]:
        """Those of the node that may be killed."""
        home = self._raylet(self._second)
        return [pid for pid, parents in _seats() if home in parents]

    def _raylet(self, node: Any) -> int:
        return int(node.all_processes["raylet"][0].process.pid)

    def lose_second(self) -> None:
        """SIGKILL a node's raylet and what belongs to it."""
        self._cluster.remove_node(self._second, allow_graceful=False)

    def join(self) -> None:
        """A new node in its place."""
        self._second = self._cluster.add_node(num_cpus=1)

    def close(self) -> None:
        """End all of it."""
        self._cluster.shutdown()


def _seats() -> Iterator[tuple[int, set[int]]]:
    """Process of every actor of ours on this machine, and those that it descends from."""
    for folder in Path("/proc").iterdir():
        try:
            if (folder / "cmdline").read_bytes().startswith(b"ray::Seat"):
                yield int(folder.name), set(_parents(int(folder.name)))
        except (OSError, ValueError):
            continue


def _parents(pid: int) -> Iterator[int]:
    while pid > 1:
        pid = int(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
        yield pid


@dataclass(slots=True)
class Round:
    """One run to N, and what is done to it. Times are the machine's monotonic clock, s."""

    number: int
    hurt: str
    n: int
    rpm: float
    nodes: Nodes
    served: Billed
    env: dict[str, str]
    folder: Path
    dice: random.Random
    calls_before: int = 0
    refused_before: int = 0
    starts: list[subprocess.Popen[bytes]] = field(default_factory=list)
    hurt_at: float = 0.0
    healed_at: float = 0.0
    told: dict[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Its place in the bucket."""
        return f"s3://{BUCKET}/round-{self.number}"

    def start(self) -> None:
        """The command, from a folder where it never ran."""
        home = self.folder / f"start-{len(self.starts)}"
        home.mkdir(parents=True)
        settings = self.served.settings | {
            "AMAP_QPS": "1000",
            "DATA": self.url,
            "N": str(self.n),
            "TEACHER_RPM": str(round(self.rpm)),
            "AGENTS": str(AGENTS),
            "EXECUTOR": "ray",
            "WORKERS": "2",
            "RAY_ADDRESS": self.nodes.address,
            "YES": "1",
        }
        with (home / "stderr").open("wb") as errors:
            self.starts.append(
                subprocess.Popen(
                    [sys.executable, "-m", "factory", "synth"],
                    cwd=home,
                    env={**CLEAN, **self.env, "PYTHONPATH": str(ROOT), **settings},
                    stderr=errors,
                )
            )

    def calls(self) -> int:
        """Let through in this round so far."""
        return int(self.served.bill()["charged"]) - self.calls_before

    def wait(self, condition: Callable[[], bool], most_s: float) -> bool:
        """Whether it came true while the run went on."""
        end = time.monotonic() + most_s
        while time.monotonic() < end and self.starts[-1].poll() is None:
            if condition():
                return True
            time.sleep(0.1)
        return False

    def run(self) -> dict[str, Any]:
        """To the end; what was done, and whether the run was still going on."""
        bill = self.served.bill()
        self.calls_before, self.refused_before = bill["charged"], bill["refused"]
        self.start()
        wanted = round(self.n * CALLS_A_SAMPLE * self.dice.uniform(0.15, 0.55))
        in_time = self.wait(lambda: self.calls() >= wanted and len(self.nodes.actors()) == 2, START_S + 600)
        self.hurt_at = time.monotonic()
        if in_time:
            getattr(self, f"hurt_{self.hurt}")()
            self.healed_at = time.monotonic()
            in_time = self.starts[-1].poll() is None
        try:
            status = self.starts[-1].wait(1_200)
        except subprocess.TimeoutExpired:
            self.starts[-1].kill()
            status = self.starts[-1].wait()
        said = (self.folder / f"start-{len(self.starts) - 1}" / "stderr").read_text(encoding="utf-8", errors="replace")
        last = said.strip().splitlines()[-1:] if status else []
        return {"in_time": in_time, "status": status, "said": last, "at_calls": wanted, **self.told}

    def hurt_actor(self) -> None:
        """SIGKILL one; the round goes on when there are two again."""
        killed = self.dice.choice(self.nodes.actors())
        os.kill(killed, signal.SIGKILL)
        self.told["back"] = self.wait(lambda: len(set(self.nodes.actors()) - {killed}) == 2, START_S)

    def hurt_node(self) -> None:
        """SIGKILL a raylet, with whatever actors were there; another node joins."""
        lost = set(self.nodes.on_second())
        self.nodes.lose_second()
        self.told["actors_lost"] = len(lost)
        self.told["back"] = self.wait(lambda: len(set(self.nodes.actors()) - lost) == 2, START_S)
        self.nodes.join()

    def hurt_driver(self) -> None:
        """SIGKILL what was started, and start it again elsewhere; its working folder is gone."""
        self.starts[-1].kill()
        self.starts[-1].wait()
        shutil.rmtree(self.folder / f"start-{len(self.starts) - 1}" / "chidian-work")
        before = self.calls()
        self.start()
        self.told["back"] = self.wait(lambda: self.calls() > before, START_S)

    def hurt_pause(self) -> None:
        """SIGSTOP one for a while."""
        paused, pause_s = self.dice.choice(self.nodes.actors()), self.told["pause_s"]
        os.kill(paused, signal.SIGSTOP)
        try:
            self.wait(lambda: False, pause_s)
        finally:
            try:
                os.kill(paused, signal.SIGCONT)
            except ProcessLookupError:
                self.told["gone_while_paused"] = True
        self.told["back"] = True

    def shares(self) -> dict[str, Any]:
        """Calls let through over those that the limit would have let through, in the seconds in which it binds."""
        bill = self.served.bill(calls=True)
        times = bill["charged"][self.calls_before :]
        end = times[-LAST_CALLS] if len(times) > LAST_CALLS else 0.0
        if not times:
            return {
                "calls": 0,
                "refused": 0,
                "binding_s": 0.0,
                "passed_while_binding": 0,
                "could_pass": 0.0,
                "share": None,
            }
        windows = [(times[0] + WARM_S, min(self.hurt_at, end)), (self.healed_at + WARM_S, end)]
        windows = [(begin, until) for begin, until in windows if self.healed_at and until - begin >= 2.0]
        lasted = sum(until - begin for begin, until in windows)
        passed = sum(begin <= at < until for at in times for begin, until in windows)
        return {
            "calls": len(times),
            "refused": bill["refused"] - self.refused_before,
            "binding_s": round(lasted, 1),
            "passed_while_binding": passed,
            "could_pass": lasted * self.rpm / 60,
            "share": round(passed / (lasted * self.rpm / 60), 4) if lasted else None,
        }


@contextmanager
def two_nodes() -> Iterator[Nodes]:
    """For as long as the block."""
    nodes = Nodes()
    try:
        yield nodes
    finally:
        nodes.close()


def missed(row: dict[str, Any], n: int) -> list[str]:
    """What a round did not show."""
    names = [name for name in ("lost", "double", "torn", "status") if row[name]]
    names += ["samples"] * (row["samples"] != n) + ["check"] * (row["warehouse_check"] != "ok")
    return names + ["hurt in time"] * (not row["in_time"]) + ["came back"] * (not row.get("back", False))


def rounds(
    flags: argparse.Namespace, nodes: Nodes, served: Billed, env: dict[str, str], folder: Path
) -> dict[str, Any]:
    """All of them, one after the other."""
    rows = []
    hurts = flags.hurts.split(",")
    for number in range(flags.rounds):
        hurt, dice = hurts[number % len(hurts)], random.Random(f"{flags.seed}-{number}")
        here = folder / f"round-{number}"
        made = Round(number, hurt, flags.n, flags.rpm, nodes, served, env, here, dice)
        if hurt == "pause":
            made.told["pause_s"] = PAUSES_S[number // len(hurts) % 2] if flags.pause_s is None else flags.pause_s
            # The pause ends while the run goes on; of its own limit there, the run must use as much.
            made.rpm /= max(1.0, made.told["pause_s"] / SHORT_PAUSE_S)
        began = time.monotonic()
        row = {"round": number, "hurt": hurt} | made.run()
        print(orjson.dumps(row).decode(), file=sys.stderr, flush=True)
        row |= made.shares() | counted(made.url, env, here / "counted")
        row |= {"missed": missed(row, flags.n), "wall_s": round(time.monotonic() - began, 1)}
        print(orjson.dumps(row).decode(), file=sys.stderr, flush=True)
        rows.append(row)
    calls, refused = sum(row["calls"] for row in rows), sum(row["refused"] for row in rows)
    lasted, passed = sum(row["binding_s"] for row in rows), sum(row["passed_while_binding"] for row in rows)
    could = sum(row["could_pass"] for row in rows)
    return {
        "rounds": len(rows),
        "n": flags.n,
        "exact": sum(row["samples"] == flags.n for row in rows),
        "double": sum(row["double"] for row in rows),
        "torn": sum(row["torn"] for row in rows),
        "lost": sum(row["lost"] for row in rows),
        "share": round(passed / could, 4) if could else None,
        "binding_s": round(lasted, 1),
        "refused_share": round(refused / max(1, calls + refused), 5),
        "calls": calls,
        "rpm": flags.rpm,
        "missed": {str(row["round"]): row["missed"] for row in rows if row["missed"]},
        "each": rows,
    }


def main() -> int:
    """Exit status 1 when a round missed, or the limit was left unused or passed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--n", type=int, default=2_000)
    parser.add_argument("--rpm", type=float, default=2_400.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--hurts", default=",".join(HURTS))
    parser.add_argument("--pause-s", type=float, default=None)
    flags = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as name,
        moto_store() as root,
        billed_sandbox(seed=flags.seed, faults=FAULTS, rpm=flags.rpm) as served,
    ):
        env = store_environment(root)
        os.environ.update(env)
        with two_nodes() as nodes:
            result = rounds(flags, nodes, served, env, Path(name))
    print(orjson.dumps(result).decode())
    short = flags.n < LEAST_FOR_SHARE  # so few calls end before the limit has bound for long
    is_used = (result["share"] or 0.0) >= 0.93 or (short and result["share"] is None)
    good = not result["missed"] and is_used and result["refused_share"] <= 0.005
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
