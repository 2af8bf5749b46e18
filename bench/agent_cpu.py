"""CPU per agent run of three LLM calls and the tool calls between: ours, all included, and smolagents + LiteLLMModel as shipped.

``python bench/agent_cpu.py``; prints JSON. Ours is ``synth`` itself, K=1, with verification, keeping and commits, as the difference
of a long and a short run, so that start and end cancel; the peer runs in threads, imports and warm-up left out. Ours is what a
stranger installs, the wheel that is built here first (setup.py compiles its inner loops), as is the peer; the checkout, which is
plain Python, stands beside it.
Refreshes of the warehouse are children, come by the clock and may cost a twentieth of the run: they are told apart.
The peer's search tool asks the map once over HTTP and shows 25 restaurants, as ours does; it checks and keeps nothing.
smolagents and litellm are our own dependencies, so the peer needs no venv of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import orjson
from mock_provider import mock_provider

from factory.sandbox.process import SandboxProcess
from factory.sandbox.serve import Sandbox

CONCURRENCY = 64
LATENCY_S = 0.3
METERED = """
import json, resource, sys
from factory.command import run_room
status = run_room("factory", ["synth"])
used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(json.dumps([one.ru_utime + one.ru_stime for one in used]))
sys.exit(status)
"""
ROOT = Path(__file__).parent.parent


@contextlib.contextmanager
def wheel() -> Iterator[Path]:
    """A folder with the package as its wheel has it."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    with tempfile.TemporaryDirectory() as name:
        source, built, installed = Path(name) / "source", Path(name) / "built", Path(name) / "installed"
        tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
        for path in tracked.split("\0")[:-1]:
            (source / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, source / path)
        subprocess.run([*pip, "wheel", "--no-deps", "-w", built, source], check=True, stdout=sys.stderr)
        [packed] = built.iterdir()
        if not packed.name.endswith("none-any.whl"):
            subprocess.run([*pip, "install", "--no-deps", "--target", installed, packed], check=True, stdout=sys.stderr)
            yield installed
            return
    raise SystemExit("the wheel that was built here is plain Python: a C compiler is missing, or CHIDIAN_PURE is set")


async def synth(
    samples: int, k: int, sandbox: SandboxProcess, package: Path, script: str = METERED, more: tuple[str, ...] = ()
) -> dict[str, float]:
    """One run from nothing: CPU seconds of the process and of its refreshes, agent runs, LLM calls.

    ``more``: names of what else the script prints.
    """
    with tempfile.TemporaryDirectory() as folder:
        given = {"N": samples, "K": k, "AGENTS": CONCURRENCY, "DATA": folder, "SANDBOX_DEFECTS": 0}
        urls = {"AMAP_BASE_URL": sandbox.amap_base_url, "TEACHER_BASE_URL": sandbox.chat_base_url}
        env = os.environ | {name: str(value) for name, value in given.items()} | urls | {"PYTHONPATH": str(package)}
        started = time.monotonic()
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", script, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        out, _ = await child.communicate()
        assert child.returncode == 0, "synth failed"
        figures = dict(zip(("cpu_s", "refresh_s", *more), orjson.loads(out.splitlines()[-1]), strict=True))
        with contextlib.closing(sqlite3.connect(Path(folder) / "calls.sqlite")) as book:
            runs = book.execute("select count(*) from opened").fetchone()[0]
            calls = book.execute("select count(*) from calls where status = 'kept'").fetchone()[0]
        wall = time.monotonic() - started
        return figures | {"runs": runs, "calls": calls, "wall_s": wall}


async def ours(short: int, long: int, k: int, package: Path = ROOT) -> dict[str, Any]:
    """The difference of two runs."""
    faults = orjson.dumps({"chat": {"latency_ms": LATENCY_S * 1000}}).decode()
    async with SandboxProcess(Sandbox(0, 0.0, faults)) as sandbox:
        few, many = await synth(short, k, sandbox, package), await synth(long, k, sandbox, package)
    runs, wall = many["runs"] - few["runs"], many["wall_s"] - few["wall_s"]
    return {
        "what": f"ours, all included, {'checkout' if package == ROOT else 'wheel'}, K={k}",
        "cpu_ms_a_run": round((many["cpu_s"] - few["cpu_s"]) / runs * 1000, 2),
        "refreshes_ms_a_run": round((many["refresh_s"] - few["refresh_s"]) / runs * 1000, 2),
        "llm_calls_a_run": round((many["calls"] - few["calls"]) / runs, 2),
        "runs": runs,
        "runs_per_s": round(runs / wall, 1),
    }


async def peer(runs: int) -> dict[str, Any]:
    """The peer in a process of its own."""
    async with mock_provider(latency_s=LATENCY_S, script=True) as mock:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, __file__, "--peer", mock.chat_url, "--runs", str(runs)),
            env=os.environ | {"LITELLM_LOCAL_MODEL_COST_MAP": "True"},  # it would ask the network for its prices
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await child.communicate()
        figures: dict[str, Any] = orjson.loads(out.splitlines()[-1])
        served = (await mock.stats())["served"]
        figures["llm_calls_a_run"] = round(served / (runs + CONCURRENCY), 2) - 1  # one is the map's
    return figures


def _restaurant(number: int) -> dict[str, Any]:
    """As our own search tool shows one."""
    return {
        "poi_id": f"B0FF{number:06d}",
        "name": f"示例菜馆（第{number}分店）",
        "cuisine": "川菜",
        "address": f"示例路{number}号",
        "rating": 4.5,
        "cost_cny": 60 + number,
        "distance_m": 40 * number,
        "open_hours": "10:00-22:00",
        "specialities": ["水煮鱼", "宫保鸡丁", "麻婆豆腐"],
    }


def as_shipped(url: str, runs: int) -> dict[str, Any]:
    """Smolagents, a new agent a run, rich's output to nowhere, 64 threads."""
    import requests  # noqa: PLC0415 - what smolagents' own tools use; only in the peer's process
    from smolagents import LiteLLMModel, ToolCallingAgent, tool  # noqa: PLC0415 - only in the peer's process

    @tool  # type: ignore[untyped-decorator]  # smolagents ships no types
    def geo_location(place: str) -> str:
        """Find a place.

        Args:
            place: its name
        """
        return orjson.dumps({"location": "116.326500,39.999700", "name": place}).decode()

    @tool  # type: ignore[untyped-decorator]  # smolagents ships no types
    def restaurant_search(location: str) -> str:
        """Find restaurants.

        Args:
            location: longitude and latitude
        """
        asked = {"key": "none", "location": location, "radius": 2000, "types": "050000", "offset": 25, "page": 1}
        listed = requests.get(url.removesuffix("/v1") + "/v3/place/around", params=asked, timeout=10).json()
        assert listed["status"] == "1"
        return shown

    shown = orjson.dumps(
        {"page": 1, "is_last": False, "count": 25, "pois": [_restaurant(i) for i in range(25)]}
    ).decode()

    def one(_: int) -> None:
        model = LiteLLMModel(model_id="openai/mock", api_base=url, api_key="none")
        agent = ToolCallingAgent(tools=[geo_location, restaurant_search], model=model, max_steps=5)
        assert "川菜" in str(agent.run("任务：地点=清华大学；城市=北京市；需求数=1"))

    with (
        ThreadPoolExecutor(CONCURRENCY) as threads,
        Path(os.devnull).open("w") as away,
        contextlib.redirect_stdout(away),
    ):
        list(threads.map(one, range(CONCURRENCY)))
        cpu, started = time.process_time(), time.monotonic()
        list(threads.map(one, range(runs)))
        used, wall = time.process_time() - cpu, time.monotonic() - started
    return {
        "what": "smolagents + LiteLLMModel in threads, as shipped",
        "cpu_ms_a_run": round(used / runs * 1000, 2),
        "runs": runs,
        "runs_per_s": round(runs / wall, 1),
    }


async def both(runs: int, scale: int, rounds: int) -> dict[str, Any]:
    """In turns, since a machine's speed changes by a tenth within minutes: a ratio is the median of the rounds' own."""
    wheels, peers, checkouts = [], [], []
    with wheel() as package:
        for _ in range(rounds):
            wheels.append(await ours(100 * scale, 500 * scale, 1, package))
            peers.append(await peer(runs))
            checkouts.append(await ours(100 * scale, 500 * scale, 1))
        wide = await ours(100 * scale, 500 * scale * 3, 5, package)
    theirs = [row["cpu_ms_a_run"] for row in peers]
    with_refreshes = [row["cpu_ms_a_run"] + row["refreshes_ms_a_run"] for row in wheels]
    ratios = {
        "ratio": _median_ratio(theirs, [row["cpu_ms_a_run"] for row in wheels]),
        "ratio_with_refreshes": _median_ratio(theirs, with_refreshes),
        "ratio_of_the_checkout": _median_ratio(theirs, [row["cpu_ms_a_run"] for row in checkouts]),
    }
    results = [*wheels, *peers, *checkouts, wide]
    return {"cores": os.cpu_count(), "load": os.getloadavg(), "results": results} | ratios


def _median_ratio(theirs: list[float], own: list[float]) -> float:
    return round(statistics.median(peer / mine for peer, mine in zip(theirs, own, strict=True)), 2)


def main() -> int:
    """Measure, or be the peer."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--peer", metavar="URL")
    parser.add_argument("--runs", type=int, default=192)
    parser.add_argument("--scale", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    flags = parser.parse_args()
    if flags.peer:
        sys.stdout.write(orjson.dumps(as_shipped(flags.peer, flags.runs)).decode() + "\n")
        return 0
    figures = asyncio.run(both(flags.runs, flags.scale, flags.rounds))
    sys.stdout.write(orjson.dumps(figures, option=orjson.OPT_INDENT_2).decode() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
