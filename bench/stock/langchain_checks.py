"""langchain-openai against the sandbox's chat server: words, streams, bound tools to the end, its agent, refusals."""

from __future__ import annotations

import asyncio

import openai
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import StructuredTool
from langchain_openai import ChatOpenAI
from tools import MOST_TURNS, SCHEMAS, TASK, answer


def _chat(base: str) -> ChatOpenAI:
    return ChatOpenAI(model="teacher-v1", base_url=f"{base}/v1", api_key="any", max_retries=0, temperature=0)


def check_words(base: str) -> None:
    assert _chat(base).invoke("你好").content


def check_stream(base: str) -> None:
    assert "".join(str(chunk.content) for chunk in _chat(base).stream("你好"))


def check_async(base: str) -> None:
    assert asyncio.run(_chat(base).ainvoke("你好")).content


def check_bound_tools_to_the_end(base: str) -> None:
    chat = _chat(base).bind_tools(SCHEMAS)
    messages = [HumanMessage(TASK)]
    for _ in range(MOST_TURNS):
        reply = chat.invoke(messages)
        assert reply.tool_calls, reply.content
        messages.append(reply)
        if any(call["name"] == "final_answer" for call in reply.tool_calls):
            return
        messages += [
            ToolMessage(answer(call["name"], call["args"]), tool_call_id=call["id"]) for call in reply.tool_calls
        ]
    raise AssertionError("no final answer")


def check_its_agent_ends(base: str) -> None:
    from langchain.agents import create_agent

    def preference_gen(count: int) -> str:
        """Wishes."""
        return answer("preference_gen", {"count": count})

    def geo_location(place: str, city: str) -> str:
        """A point."""
        return answer("geo_location", {"place": place, "city": city})

    def restaurant_search(location: str, radius_m: int, cuisine: str | None = None, page: int | None = None) -> str:
        """Restaurants."""
        return answer(
            "restaurant_search", {"location": location, "radius_m": radius_m, "cuisine": cuisine, "page": page}
        )

    def final_answer(samples: list) -> str:
        """Takes the samples."""
        return answer("final_answer", {"samples": samples})

    tools = [
        StructuredTool.from_function(function)
        for function in (preference_gen, geo_location, restaurant_search, final_answer)
    ]
    done = create_agent(_chat(base), tools).invoke({"messages": [("user", TASK)]}, {"recursion_limit": 25})
    assert "完成" in str(done["messages"][-1].content)


def check_structured_output_is_refused_in_a_sentence(base: str) -> None:
    schema = {"title": "X", "description": "x", "type": "object", "properties": {"a": {"type": "string"}}}
    for method in ("json_schema", "function_calling"):
        try:
            _chat(base).with_structured_output(schema, method=method).invoke("你好")
        except openai.BadRequestError as error:
            assert len(error.message) > 20
        else:
            raise AssertionError(method)
