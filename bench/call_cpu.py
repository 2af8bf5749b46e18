"""CPU per single LLM call, side by side: ours (transport and limiter; and all included) and four peers.

``python bench/call_cpu.py``; prints JSON. Peers are openai's SDK, and in venvs of their own, without our constraints, curator and
distilabel (PEERS_PYTHON names the interpreter; ``pip install -e .[peers]``) and data-designer (DESIGNER_PYTHON;
``pip install data-designer==0.9.7``). Those whose interpreter is not named are not measured, and that is said.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import litellm
import orjson
from mock_provider import mock_provider

from factory.llm.chat import CallKey, ChatRequest
from factory.llm.transport import DirectChat, Endpoint, Price
from factory.records import Message
from factory.sending.call_book import KeptCall, Reservation
from factory.sending.ledger import Ledger
from factory.sending.limits import LocalLimiter, PoolLimits

CONCURRENCY = 256
LATENCY_S = 0.1
PROMPT = "附近有什么好吃的川菜？请推荐三家，并说明理由。"


class NoLedger:
    """Keeps nothing: what is left is transport and limiter."""

    async def replay(self, _key: str) -> KeptCall | None:
        """Nothing was kept."""
        return None

    async def reserve(self, _call: Reservation) -> int:
        """The first attempt."""
        return 0

    async def keep(self, _key: str, _attempt: int, **_: Any) -> None:
        """Nowhere."""


async def ours(url: str, calls: int, *, everything: bool) -> dict[str, Any]:
    """Our own calls; a first 512 are not counted."""
    with tempfile.TemporaryDirectory() as folder:
        ledger: Any = Ledger(Path(folder), "bench", 1e6) if everything else NoLedger()
        limits = PoolLimits(max_in_flight=CONCURRENCY, start_in_flight=CONCURRENCY, ramp_per_s=1e6, rpm=6e6)
        limiter = LocalLimiter({"teacher": limits})
        chat = DirectChat(Endpoint("mock", url, "teacher", Price(2.0, 8.0)), limiter, ledger, None)
        numbers = iter(range(10**9))

        async def caller(last: int) -> None:
            while (number := next(numbers)) < last:
                message = (Message("user", f"{PROMPT}（{number}）"),)
                request = ChatRequest("mock", message, max_tokens=300, seed=number)
                await chat.ask(request, CallKey("bench", f"bench-{number}", 0), priority=number)

        await asyncio.gather(*(caller(512) for _ in range(CONCURRENCY)))
        begun = next(numbers)
        cpu, started = time.process_time(), time.monotonic()
        await asyncio.gather(*(caller(begun + calls) for _ in range(CONCURRENCY)))
        used, wall = time.process_time() - cpu, time.monotonic() - started
        await chat.aclose()
        if everything:
            ledger.close()
    what = "ours, all included (kept, reserved)" if everything else "ours, transport and limiter"
    return {"what": what, "cpu_ms_a_call": round(used / calls * 1000, 3), "calls_per_s": round(calls / wall)}


async def peer(python: str, name: str, url: str, calls: int) -> dict[str, Any]:
    """One peer in its own interpreter; its last line is JSON."""
    script = str(Path(__file__).with_name("call_cpu_peers.py"))
    with tempfile.TemporaryDirectory() as folder:
        env = os.environ | {
            "HOME": folder,
            "CURATOR_CACHE_DIR": folder,
            "TELEMETRY_ENABLED": "0",
            "HF_HUB_OFFLINE": "1",
            "TIKTOKEN_CACHE_DIR": str(Path(litellm.__file__).parent / "litellm_core_utils" / "tokenizers"),
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        }
        child = await asyncio.create_subprocess_exec(
            python,
            script,
            name,
            url,
            str(calls),
            env=env,
            cwd=folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, problems = await child.communicate()
    if child.returncode != 0:
        return {"what": name, "failed": problems.decode(errors="replace").strip()[-300:]}
    figures: dict[str, Any] = orjson.loads(out.splitlines()[-1])
    return figures


async def side_by_side(calls: int) -> dict[str, Any]:
    """All against one mock, one after the other."""
    python, designer = os.environ.get("PEERS_PYTHON"), os.environ.get("DESIGNER_PYTHON")
    results = []
    async with mock_provider(latency_s=LATENCY_S) as mock:
        results.append(await ours(mock.chat_url, calls * 2, everything=False))
        results.append(await ours(mock.chat_url, calls * 2, everything=True))
        results.append(await peer(sys.executable, "openai", mock.chat_url, calls))
        if python:
            results += [await peer(python, name, mock.chat_url, calls) for name in ("curator", "distilabel")]
        if designer:
            results.append(await peer(designer, "data-designer", mock.chat_url, calls))
    bare, whole = results[0]["cpu_ms_a_call"], results[1]["cpu_ms_a_call"]
    for row in results[2:]:
        if "cpu_ms_a_call" in row:
            row["times_ours"] = round(row["cpu_ms_a_call"] / bare, 1)
            row["times_ours_all_included"] = round(row["cpu_ms_a_call"] / whole, 1)
    figures: dict[str, Any] = {"cores": os.cpu_count(), "load": os.getloadavg(), "results": results}
    needed = {"PEERS_PYTHON": "curator and distilabel", "DESIGNER_PYTHON": "data-designer"}
    missing = [f"{what}: {name} names no interpreter" for name, what in needed.items() if name not in os.environ]
    return figures | ({"not_measured": missing} if missing else {})


def main() -> int:
    """Measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=1_500)
    figures = asyncio.run(side_by_side(parser.parse_args().calls))
    sys.stdout.write(orjson.dumps(figures, option=orjson.OPT_INDENT_2).decode() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
