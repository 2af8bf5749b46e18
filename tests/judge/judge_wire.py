"""A sandbox judge on this test's loop, with its fault knobs in hand, and chats of each kind that ask it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from factory.llm.chat import Chat
from factory.llm.litellm_chat import LitellmChat
from factory.llm.transport import DirectChat, Endpoint, Price
from factory.sending.ledger import Ledger
from factory.sending.limits import LocalLimiter, PoolLimits
from judge.asking import Ask, Item
from judge.breaker import Breaker
from judge.dashscope_sdk import DashscopeSdkChat
from judge.providers import SERVER_ATTEMPTS, Judge
from judge.sandbox import MODEL, SECOND_MODEL, Desk, make_app
from judge.sandbox_faults import JudgeFaults
from judge.sandbox_judge import Temper
from judge.verdicts import Outcome, judge_one

EXACT = Temper(0.0)
KEY = "neverneverland-0123456789"
ITEM = Item(
    item_id="s-0",
    kind="sample",
    run_id="r",
    question="附近想吃川菜",
    answer="为您找到：\n1. 蜀味轩：地址东街3号，评分4.6，人均78元，距离342米。\n祝好。",
    evidence=("店名：蜀味轩｜菜系：川菜｜地址：东街3号｜评分：4.6｜人均：78元｜距离：342米",),
    evidence_hash="h",
    place_id="p",
    split="train",
    sample_id="s-0",
)


@dataclass(slots=True)
class Bench:
    """A judge over the wire."""

    judge: Judge
    faults: JudgeFaults
    limiter: LocalLimiter
    ledger: Ledger
    breaker: Breaker

    async def ask(self, ask: Ask | None = None) -> Outcome:
        """Judge one question."""
        return await judge_one(self.judge, "run", ask or question(), 0, 0)


def question(replicate: int = 0, *, item: Item = ITEM, failures: int = 0) -> Ask:
    """A standard question about the item."""
    return Ask(item, "standard", "data", ("data",), replicate, failures)


@asynccontextmanager
async def served(
    faults: JudgeFaults, *, keys: frozenset[str] = frozenset(), temper: Temper = EXACT
) -> AsyncIterator[str]:
    """The sandbox judge; gives its root URL."""
    runner = web.AppRunner(make_app(Desk({MODEL: temper, SECOND_MODEL: Temper(0.5)}, faults, keys)), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def bench(
    data: Path,
    way: str = "direct",
    *,
    budget_cny: float | None = None,
    limits: PoolLimits | None = None,
    timeout_s: float = 5.0,
    temper: Temper = EXACT,
) -> AsyncIterator[Bench]:
    """``way``: direct, sdk or litellm."""
    faults = JudgeFaults()
    async with AsyncExitStack() as stack:
        root = await stack.enter_async_context(served(faults, keys=frozenset({KEY}), temper=temper))
        ledger = Ledger(data, "run", budget_cny)
        stack.callback(ledger.close)
        limiter = LocalLimiter({"judge": limits or PoolLimits(max_in_flight=8)})
        breaker = Breaker(limiter)
        path = "/api/v1" if way == "sdk" else "/compatible-mode/v1"
        price = Price(1.0, 2.0)
        endpoint = Endpoint("sandbox", root + path, "judge", price, timeout_s, server_attempts=SERVER_ATTEMPTS)
        chat: Chat
        extra: dict[str, object] = {"enable_thinking": False}
        model = MODEL
        if way == "sdk":
            chat = DashscopeSdkChat(endpoint, breaker, ledger, KEY)
        elif way == "litellm":
            chat = LitellmChat(endpoint, breaker, ledger)
            extra, model = {"api_base": root + path, "api_key": KEY}, f"openai/{MODEL}"
        else:
            chat = DirectChat(endpoint, breaker, ledger, KEY)
        stack.push_async_callback(chat.aclose)
        yield Bench(Judge("sandbox", model, chat, "judge", price, dict(extra)), faults, limiter, ledger, breaker)
