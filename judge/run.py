"""``python -m judge run``: ask two blind questions per item and replicate, commit verdicts, refresh, report.

Every call goes through the factory's ask-loop (kept, reserved, leased); verdicts are committed like samples, so that a kill
loses nothing and the next run judges only what has no score yet.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from factory.errors import OrderFailed, ProviderDown, UsageError
from factory.ledger import Ledger
from factory.limits import LocalLimiter, PoolLimits
from factory.llm.chat import CallKey, Chat, ChatRequest
from factory.llm.endpoint import route
from factory.llm.prices import limits_of, price_of
from factory.llm.transport import DirectChat, Endpoint
from factory.refresh import Refresher
from factory.schema import table
from factory.store import LocalStore
from judge.asking import RUBRICS, Item, messages
from judge.items import judged, read_items
from judge.parsing import read_verdict, unscored
from judge.report import write_report
from judge.sandbox import MODEL

ITEMS_PER_UNIT = 32
IN_FLIGHT = 200


@dataclass(frozen=True, slots=True)
class JudgeSettings:
    """One judging."""

    data: Path
    judge: str
    replicates: int
    limit: int | None
    run: str | None
    seed: int
    budget_cny: float | None


def main(argv: Sequence[str]) -> int:
    """Judge what has no score yet. Raises ChidianError."""
    env = os.environ
    parser = argparse.ArgumentParser(prog="python -m judge run")
    parser.add_argument("--data", type=Path, default=Path(env.get("DATA") or "data"))
    parser.add_argument("--judge", default=env.get("JUDGE") or "sandbox")
    parser.add_argument("--replicates", default=env.get("REPLICATES") or "3")
    parser.add_argument("--limit", default=env.get("LIMIT") or None)
    parser.add_argument("--run", default=env.get("RUN") or None)
    parser.add_argument("--seed", default=env.get("SEED") or "0")
    flags = parser.parse_args(list(argv))
    budget = env.get("BUDGET")
    settings = JudgeSettings(
        flags.data,
        flags.judge,
        _whole("REPLICATES", flags.replicates),
        _whole("LIMIT", flags.limit) if flags.limit else None,
        flags.run,
        _whole("SEED", flags.seed, low=0),
        float(budget) if budget else None,
    )
    if settings.judge != "sandbox" and settings.budget_cny is None and not env.get("YES"):
        raise UsageError("Judging with a real model spends money: give a cap, BUDGET=<CNY>, or YES=1.")
    return asyncio.run(_run(settings))


def _whole(name: str, text: str, *, low: int = 1) -> int:
    if not text.isdecimal() or int(text) < low:
        raise UsageError(f"{name} must be a whole number of at least {low}, not {text!r}.")
    return int(text)


async def _run(settings: JudgeSettings) -> int:
    items = read_items(settings.data, run=settings.run, limit=settings.limit, seed=settings.seed)
    name = f"judge-{settings.judge.replace('/', '-')}"
    async with AsyncExitStack() as stack:
        ledger = Ledger(settings.data, name, settings.budget_cny)
        stack.callback(ledger.close)
        chat, model = await stack.enter_async_context(_open_judge(settings, ledger))
        done = judged(settings.data, model)
        asks = [
            (item, rubric, replicate)
            for item in items
            for rubric in RUBRICS
            for replicate in range(settings.replicates)
            if (item.item_id, rubric, replicate) not in done
        ]
        sys.stderr.write(f"{len(items)} items, {len(asks)} questions to ask, {len(done)} answered before\n")
        await _ask_all(settings, chat, model, name, asks)
    await Refresher(settings.data).refresh()
    where = write_report(settings.data, name, model)
    sys.stderr.write(f"report: {where}\n")
    return 0


@asynccontextmanager
async def _open_judge(settings: JudgeSettings, ledger: Ledger) -> AsyncIterator[tuple[Chat, str]]:
    async with AsyncExitStack() as stack:
        url = None
        if settings.judge == "sandbox":
            url = await stack.enter_async_context(_sandbox())
        way = route(settings.judge, os.environ.get("JUDGE_BASE_URL") or None, sandbox_url=url, sandbox_model=MODEL)
        if way.base_url is None:
            raise UsageError(
                f"JUDGE={settings.judge} is not reachable yet: use sandbox, qwen..., or give JUDGE_BASE_URL."
            )
        key = os.environ.get("DASHSCOPE_API_KEY") or None
        if way.name == "dashscope" and key is None:
            raise UsageError(f"JUDGE={settings.judge} needs a key: set DASHSCOPE_API_KEY in the environment.")
        price, limits = price_of(way.model), limits_of(way.model)
        if price is None and settings.budget_cny is not None:
            raise UsageError(f"The price of {way.model} is not known, so BUDGET cannot be kept: add it to prices.toml.")
        limiter = LocalLimiter(
            {"judge": PoolLimits(limits.rpm, limits.tpm, max_in_flight=IN_FLIGHT, start_in_flight=32)}
        )
        chat = DirectChat(Endpoint(way.name, way.base_url, "judge", price), limiter, ledger, key)
        stack.push_async_callback(chat.aclose)
        yield chat, way.model


@asynccontextmanager
async def _sandbox() -> AsyncIterator[str]:
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "judge", "sandbox"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    if child.stdout is None or child.stdin is None:
        raise AssertionError  # both are pipes
    try:
        line = await asyncio.wait_for(child.stdout.readline(), 30.0)
        if not line:
            raise ProviderDown("The sandbox judge ended before it listened: run `python -m judge sandbox` to see why.")
        yield f"http://127.0.0.1:{orjson.loads(line)['port']}/compatible-mode/v1"
    finally:
        child.stdin.close()
        await child.wait()


async def _ask_all(
    settings: JudgeSettings, chat: Chat, model: str, name: str, asks: list[tuple[Item, str, int]]
) -> None:
    """Units of a few dozen items, committed as they end; the next unit is asked while one is committed."""
    store = LocalStore(settings.data)
    first = sum(1 for _ in store.commits(name))
    size = ITEMS_PER_UNIT * len(RUBRICS) * settings.replicates
    for number, start in enumerate(range(0, len(asks), size), first):
        part = asks[start : start + size]
        rows = await asyncio.gather(
            *(_ask(settings, chat, model, name, *ask, priority=start + i) for i, ask in enumerate(part))
        )
        unit = f"U{number:06d}"
        files = await asyncio.to_thread(store.put, name, unit, {"verdicts": table("verdicts", rows)})
        record = {"run_id": name, "files": files, "created_at": datetime.now(UTC).isoformat()}
        await asyncio.to_thread(store.commit_if_absent, name, unit, record)
        scored = sum(row["status"] == "scored" for row in rows)
        sys.stderr.write(f"judged {start + len(part)}/{len(asks)} · unscored here {len(rows) - scored}\n")


async def _ask(
    settings: JudgeSettings,
    chat: Chat,
    model: str,
    name: str,
    item: Item,
    rubric: str,
    replicate: int,
    *,
    priority: int,
) -> dict[str, Any]:
    request = ChatRequest(
        model=model,
        messages=messages(item, rubric, replicate, settings.seed),
        max_tokens=900,
        temperature=0.1,
        top_p=0.8,
        seed=settings.seed * 1_000 + replicate,
        response_format={"type": "json_object"},
        extra={"enable_thinking": False},
    )
    key = CallKey(name, item.item_id, 0, replicate, rubric)
    answer = None
    try:
        answer = await chat.ask(request, key, priority=priority)
        verdict = read_verdict(answer.message.content, answer.finish_reason, RUBRICS[rubric])
    except OrderFailed as error:
        verdict = unscored(error.reason)
    return {
        "item_id": item.item_id,
        "item_kind": item.kind,
        "run_id": item.run_id,
        "arm": None,
        "design": "standard",
        "rubric": rubric,
        "replicate": replicate,
        "judge": model,
        "scores": list(verdict.scores),
        "total": verdict.total,
        "status": verdict.status,
        "reason": verdict.reason,
        "evidence_hash": item.evidence_hash,
        "input_tokens": answer.input_tokens if answer else None,
        "output_tokens": answer.output_tokens if answer else None,
        "cost_cny": answer.record.cost_cny if answer else None,
        "request_id": answer.request_id if answer else None,
        "created_at": datetime.now(UTC),
    }
