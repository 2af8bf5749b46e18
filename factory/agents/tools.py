"""The four tools that an agent may call; with agent.py the only importers of smolagents.

``answer`` does the work on the event loop; smolagents' synchronous ``forward`` is not used (agent.py). Whatever a model
sends as arguments is data from outside: bad arguments are answered with a sentence, never with an exception.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import orjson
from smolagents import Tool

from factory.agents.order_run import OrderRun, poi_json, wish_json


class OrderTool(Tool, ABC):  # type: ignore[misc]  # smolagents ships no types
    """A tool bound, for the length of one order, to that order's run."""

    output_type = "string"
    skip_forward_signature_validation = True
    run: OrderRun

    @abstractmethod
    async def answer(self, arguments: dict[str, Any]) -> str:
        """The tool's result as JSON text."""


class PreferenceGenTool(OrderTool):
    """Gives the order's wishes: random users would break the seed."""

    name = "preference_gen"
    description = "给出本次任务中各位用户的用餐需求。"
    inputs: ClassVar[dict[str, Any]] = {"count": {"type": "integer", "description": "需求数量"}}

    async def answer(self, arguments: dict[str, Any]) -> str:  # noqa: ARG002 - the order decides how many
        """All wishes of the order."""
        wishes = [wish_json(index, wish) for index, wish in enumerate(self.run.order.wishes)]
        return orjson.dumps({"wishes": wishes}).decode()


class GeoLocationTool(OrderTool):
    """Place name to coordinates. The plan located the place already, so that this costs no request."""

    name = "geo_location"
    description = "查询地点的坐标，返回“经度,纬度”。"
    inputs: ClassVar[dict[str, Any]] = {
        "place": {"type": "string", "description": "地点名称，如 清华大学"},
        "city": {"type": "string", "description": "所在城市，如 北京市"},
    }

    async def answer(self, arguments: dict[str, Any]) -> str:
        """The order's place; another name is refused, since evidence must be of one place."""
        place = self.run.order.place
        if str(arguments.get("place", "")).strip() != place.name:
            return _error(f"本次任务的地点是{place.name}，请查询该地点。")
        located = {"location": location(self.run), "name": place.name, "city": place.city, "datum": place.datum}
        return orjson.dumps(located).decode()


class RestaurantSearchTool(OrderTool):
    """Restaurants around the order's place, nearest first, at most 25 a call."""

    name = "restaurant_search"
    description = "查询某坐标周围的餐厅，由近及远，每页最多25家；is_last 为 true 表示没有更多。"
    inputs: ClassVar[dict[str, Any]] = {
        "location": {"type": "string", "description": "geo_location 返回的“经度,纬度”"},
        "radius_m": {"type": "integer", "description": "半径，米，默认2000"},
        "cuisine": {"type": "string", "description": "菜系，如 川菜；省略则不限菜系", "nullable": True},
        "page": {"type": "integer", "description": "页码，从1开始", "nullable": True},
    }

    async def answer(self, arguments: dict[str, Any]) -> str:
        """One page as JSON."""
        if str(arguments.get("location", "")).replace(" ", "") != location(self.run):
            return _error(f"坐标应为 geo_location 返回的 {location(self.run)}。")
        radius_m, page = _whole(arguments.get("radius_m"), 2000), _whole(arguments.get("page"), 1)
        if radius_m is None or not 1 <= radius_m <= 50_000 or page is None or page < 1:
            return _error("radius_m 应为1到50000之间的整数，page 应为不小于1的整数。")
        cuisine = str(arguments["cuisine"]).strip() if arguments.get("cuisine") else None
        listed = await self.run.search(radius_m, cuisine, page)
        body = {
            "page": page,
            "is_last": listed.is_last,
            "covered_m": listed.covered_m,
            "count": len(listed.pois),
            "pois": [poi_json(poi) for poi in listed.pois],
        }
        return orjson.dumps(body).decode()


class FinalAnswerTool(OrderTool):
    """Takes the samples, has them checked, and answers with exact findings while repairs are left."""

    name = "final_answer"
    description = "提交样本；未通过检查的样本会附上原因退回，请只重新提交改正后的样本。"
    inputs: ClassVar[dict[str, Any]] = {"samples": {"type": "array", "description": "样本列表，每个需求一条"}}

    async def answer(self, arguments: dict[str, Any]) -> str:
        """Accepted wish indexes and rejected ones with findings."""
        samples = arguments.get("samples")
        if not isinstance(samples, list) or not samples:
            return _error("samples 应为非空列表，每个需求一条样本。")
        accepted, rejected = await self.run.submit(samples)
        report = [
            {"wish": index, "findings": [{"reason": finding.reason, "detail": finding.detail} for finding in findings]}
            for index, findings in rejected
        ]
        return orjson.dumps({"accepted": accepted, "rejected": report}).decode()


_SAMPLE_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["wish", "question", "answer", "feasible", "recommendations"],
    "properties": {
        "wish": {"type": "integer", "description": "需求的 index"},
        "question": {"type": "string", "description": "用户口吻的提问"},
        "answer": {"type": "string", "description": "推荐回答"},
        "feasible": {"type": "boolean", "description": "是否有完全符合需求的餐厅"},
        "recommendations": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["poi_id", "reason"],
                "properties": {"poi_id": {"type": "string"}, "reason": {"type": "string"}},
            },
        },
    },
}


def make_tools() -> tuple[OrderTool, ...]:
    """One set of tools for one agent."""
    return (PreferenceGenTool(), GeoLocationTool(), RestaurantSearchTool(), FinalAnswerTool())


def tool_schemas(tools: tuple[OrderTool, ...]) -> tuple[dict[str, Any], ...]:
    """The tools in OpenAI's function form, rendered once per process."""
    return tuple(
        {
            "type": "function",
            "function": {
                "name": tool.name,
                "description": tool.description,
                "parameters": {
                    "type": "object",
                    "properties": {name: _property(name, spec) for name, spec in tool.inputs.items()},
                    "required": [name for name, spec in tool.inputs.items() if not spec.get("nullable")],
                },
            },
        }
        for tool in tools
    )


def _property(name: str, spec: dict[str, Any]) -> dict[str, Any]:
    plain = {key: value for key, value in spec.items() if key != "nullable"}
    return plain | {"items": _SAMPLE_SCHEMA} if name == "samples" else plain


def location(run: OrderRun) -> str:
    """The order's place in the map's own form, "lng,lat" with six decimals."""
    return f"{run.order.place.lng:.6f},{run.order.place.lat:.6f}"


def _error(sentence: str) -> str:
    return orjson.dumps({"error": sentence}).decode()


def _whole(value: Any, default: int) -> int | None:
    if value is None:
        return default
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):  # infinity is no whole number
        return None
    return number if abs(number) < 10**6 else None
