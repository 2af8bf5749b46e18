"""smolagents' own agents over the sandbox's chat server: results come as user text, and every run ends by itself."""

from __future__ import annotations

from typing import Any

from smolagents import CodeAgent, OpenAIServerModel, Tool, ToolCallingAgent
from smolagents.monitoring import LogLevel
from tools import SCHEMAS, TASK, answer

MOST_STEPS = 10


def _tool(schema: dict[str, Any]) -> Tool:
    function = schema["function"]
    inputs = {
        key: {"type": value["type"], "description": key, "nullable": True}
        for key, value in function["parameters"]["properties"].items()
    }

    class Stock(Tool):
        name = function["name"]
        description = function["description"]
        output_type = "string"
        skip_forward_signature_validation = True

        def forward(self, **arguments: Any) -> str:
            return answer(self.name, arguments)

    Stock.inputs = inputs
    return Stock()


def _model(base: str) -> OpenAIServerModel:
    return OpenAIServerModel(model_id="teacher-v1", api_base=f"{base}/v1", api_key="any")


def check_a_tool_calling_agent_does_the_task_and_ends(base: str) -> None:
    tools = [_tool(schema) for schema in SCHEMAS[:3]]
    agent = ToolCallingAgent(tools=tools, model=_model(base), max_steps=MOST_STEPS, verbosity_level=LogLevel.OFF)
    text = agent.run(TASK)
    assert "虚构川菜馆" in str(text), text
    assert len(agent.memory.steps) < MOST_STEPS


def check_an_agent_with_another_task_ends_at_once(base: str) -> None:
    agent = ToolCallingAgent(tools=[], model=_model(base), max_steps=MOST_STEPS, verbosity_level=LogLevel.OFF)
    assert "请给出任务" in str(agent.run("How many legs has a spider?"))
    assert len(agent.memory.steps) <= 3


def check_an_agent_whose_tools_fail_ends(base: str) -> None:
    class Broken(Tool):
        name = "preference_gen"
        description = "fails"
        inputs = {"count": {"type": "integer", "description": "n"}}  # noqa: RUF012 - smolagents' own form
        output_type = "string"

        def forward(self, count: int) -> str:
            raise RuntimeError(f"no wishes for {count}")

    tools = [Broken(), *(_tool(schema) for schema in SCHEMAS[1:3])]
    agent = ToolCallingAgent(tools=tools, model=_model(base), max_steps=MOST_STEPS, verbosity_level=LogLevel.OFF)
    assert "做不了" in str(agent.run(TASK))
    assert len(agent.memory.steps) < MOST_STEPS


def check_a_code_agent_ends(base: str) -> None:
    agent = CodeAgent(tools=[], model=_model(base), max_steps=MOST_STEPS, verbosity_level=LogLevel.OFF)
    assert "请给出任务" in str(agent.run("How many legs has a spider?"))
    assert len(agent.memory.steps) <= 3


def check_a_streaming_agent_ends(base: str) -> None:
    tools = [_tool(schema) for schema in SCHEMAS[:3]]
    agent = ToolCallingAgent(
        tools=tools, model=_model(base), max_steps=MOST_STEPS, verbosity_level=LogLevel.OFF, stream_outputs=True
    )
    assert "虚构川菜馆" in str(agent.run(TASK))
