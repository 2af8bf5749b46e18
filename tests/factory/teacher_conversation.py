"""A scripted agent for the sandbox teacher's tests: invented pois, tool results in wire form, a talk over real HTTP."""

from __future__ import annotations

import random
import warnings
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import orjson
from aiohttp import web
from aiohttp.typedefs import Handler

from factory.sandbox.faults import CUT_STREAM
from factory.sandbox.teacher.server import add_chat_routes
from factory.sandbox.teacher.teacher import MODEL

Row = dict[str, Any]
NAMES = ("preference_gen", "geo_location", "restaurant_search", "final_answer")
TOOLS = [{"type": "function", "function": {"name": name, "parameters": {"type": "object"}}} for name in NAMES]
DISHES = {
    "川菜": ("水煮鱼", "毛血旺", "口水鸡"),
    "粤菜": ("白切鸡", "烧鹅", "虾饺"),
    "火锅": ("毛肚", "鲜切羊肉", "黄喉"),
}
BRANDS = ("川香园", "蜀味轩", "老灶台", "巷子深", "满庭芳", "小石磨", "鱼羊鲜", "金谷仓", "半亩田", "阿婆家")
BRANCHES = ("双榆树店", "中关村店", "五道口店", "学院路店", "知春路店")


def make_pois(seed: int, count: int = 60) -> list[Row]:
    """Restaurants as restaurant_search shows them, nearest first; a few lack a rating, a price or hours."""
    dice = random.Random(seed)
    rows: list[Row] = []
    for place in range(count):
        cuisine = dice.choice(("川菜", "粤菜", "火锅"))
        row: Row = {
            "poi_id": f"SBX{seed:04d}{place:04d}",
            "name": f"{dice.choice(BRANDS)}({dice.choice(BRANCHES)})",
            "cuisine": cuisine,
            "address": f"{dice.choice(('成府路', '学院路', '北里'))}{dice.randint(1, 300)}号",
            "distance_m": dice.randint(60, 2000),
            "specialities": dice.sample(DISHES[cuisine], 2),
        }
        row |= {"rating": round(dice.uniform(3.4, 4.9), 1)} if dice.random() < 0.9 else {}
        row |= {"cost_cny": dice.randint(15, 260)} if dice.random() < 0.9 else {}
        row |= {"open_hours": dice.choice(("10:00-22:00", "11:00-14:00 17:00-21:30"))} if dice.random() < 0.8 else {}
        rows.append(row)
    unique = {row["name"]: row for row in rows}
    return sorted(unique.values(), key=lambda row: row["distance_m"])


def make_wishes(seed: int, count: int = 5) -> list[Row]:
    """Wishes as preference_gen gives them."""
    dice = random.Random(seed)
    rows = []
    for index in range(count):
        low, high = dice.choice(((None, 50), (50, 100), (100, 200), (200, None)))
        row: Row = {
            "index": index,
            "cuisine": dice.choice(("川菜", "粤菜", "火锅")),
            "budget_min": low,
            "budget_max": high,
        }
        row |= {"taste": dice.choice(("喜欢辣", "清淡口味", "偏爱肉类")), "radius_m": dice.choice((800, 1500, 2000))}
        row |= {"party_size": dice.choice((None, 1, 4)), "occasion": dice.choice((None, "朋友聚餐")), "diet": None}
        row |= {"meal_time": dice.choice((None, "晚餐")), "needs": []}
        row |= {"style": dice.choice(("plain", "chatty", "terse", "polite", "story", "list"))}
        rows.append(row)
    return rows


def misses(poi: Row, wish: Row) -> bool:
    """Whether a restaurant misses a wish: written here again, sharing nothing with the teacher."""
    low, high = wish["budget_min"] or 0, wish["budget_max"] or 10**6
    cost = poi.get("cost_cny")
    if (low, high) != (0, 10**6) and (cost is None or not low <= cost <= high):
        return True
    return poi["cuisine"] != wish["cuisine"] or poi["distance_m"] > wish["radius_m"]


class Agent:
    """Answers the teacher's tool calls from a list of pois and keeps the conversation."""

    def __init__(
        self, pois: Sequence[Row], wishes: Sequence[Row], place: str = "清华大学", page_size: int = 25
    ) -> None:
        self.pois, self.wishes, self.page_size = pois, wishes, page_size
        self.messages: list[Row] = [
            {"role": "system", "content": "你是数据合成助手。"},
            {"role": "user", "content": f"任务：地点={place}；城市=北京市；需求数={len(wishes)}"},
        ]
        self.location: Row = {"location": "116.326500,39.999700", "name": place, "city": "北京市", "datum": "GCJ-02"}

    def searched(self, arguments: Mapping[str, Any]) -> Row:
        """One page of a search, as the tool returns it."""
        cuisine, radius, page = arguments["cuisine"], arguments["radius_m"], arguments["page"]
        matching = [row for row in self.pois if cuisine in (None, row["cuisine"]) and row["distance_m"] <= radius]
        start = (page - 1) * self.page_size
        shown = matching[start : start + self.page_size]
        is_last = start + self.page_size >= len(matching)
        covered = radius if is_last else shown[-1]["distance_m"] - 1
        return {"page": page, "is_last": is_last, "covered_m": covered, "count": len(shown), "pois": shown}

    def result(self, name: str, arguments: Mapping[str, Any]) -> Row:
        if name == "preference_gen":
            return {"wishes": list(self.wishes)}
        return self.location if name == "geo_location" else self.searched(arguments)

    def take(self, message: Row) -> list[Row]:
        """Record the teacher's message, answer its calls; the final answer's samples, if it has given one."""
        self.messages.append(message)
        samples: list[Row] = []
        for call in message.get("tool_calls", ()):
            arguments = orjson.loads(call["function"]["arguments"])
            if call["function"]["name"] == "final_answer":
                samples = arguments["samples"]
            else:
                self.answer(call["id"], self.result(call["function"]["name"], arguments))
        return samples

    def answer(self, call_id: str, result: Row) -> None:
        self.messages.append({"role": "tool", "tool_call_id": call_id, "content": orjson.dumps(result).decode()})

    def body(self, **more: object) -> Row:
        return {"model": MODEL, "messages": self.messages, "tools": TOOLS, **more}


@asynccontextmanager
async def teacher(
    *, defect_share: float = 0.0, seed: int = 1, keys: Sequence[str] = (), cut: bool = False
) -> AsyncIterator[str]:
    """The chat server on a free loopback port; yields its base URL. ``cut``: every stream breaks off half-way."""

    @web.middleware
    async def cutting(request: web.Request, handler: Handler) -> web.StreamResponse:
        if cut:
            with warnings.catch_warnings():  # aiohttp would rather have a typed key
                warnings.simplefilter("ignore")
                request[CUT_STREAM] = True
        return await handler(request)

    app = web.Application(client_max_size=2**24, middlewares=[cutting])
    add_chat_routes(app, defect_share=defect_share, seed=seed, keys=keys)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    finally:
        await runner.cleanup()


async def post(session: aiohttp.ClientSession, base: str, body: Row, key: str = "") -> tuple[int, Row]:
    """One request; status and JSON."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    async with session.post(f"{base}/chat/completions", data=orjson.dumps(body), headers=headers) as response:
        return response.status, orjson.loads(await response.read())


async def talk(session: aiohttp.ClientSession, base: str, agent: Agent, steps: int = 9) -> list[Row]:
    """Talk until the final answer; its samples (none when the teacher gave up in words)."""
    for _ in range(steps):
        _, reply = await post(session, base, agent.body())
        message = reply["choices"][0]["message"]
        samples = agent.take(message)
        if samples or not message.get("tool_calls"):
            return samples
    raise AssertionError("the teacher did not finish")


def calls_of(messages: Sequence[Row]) -> Iterator[list[tuple[str, Row]]]:
    """Per assistant message, the names and arguments of its calls."""
    for message in messages:
        if message["role"] == "assistant":
            yield [
                (call["function"]["name"], orjson.loads(call["function"]["arguments"]))
                for call in message.get("tool_calls", ())
            ]
