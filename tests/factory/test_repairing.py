"""A repair sends what the returned samples need: their wishes, their searches, the restaurants that may matter, and no more."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson

from factory.agents.repairing import Returned, needed
from factory.records import Message, Poi, ToolCall, Wish

GRILL = [Poi(f"SBXG{n}", f"石桥烧烤{n}", None, 120.0, 30.0, cuisine="烧烤", distance_m=100 * n) for n in range(1, 25)]
SOUP = [Poi(f"SBXS{n}", f"石桥粤菜{n}", None, 120.0, 30.0, cuisine="粤菜", distance_m=100 * n) for n in range(1, 25)]
WISHES = (Wish("烧烤", None, None, None, 2000), Wish("粤菜", None, None, None, 2000))
POIS = {poi.poi_id: poi for poi in (*GRILL, *SOUP)}


def _call(number: int, name: str, **arguments: Any) -> ToolCall:
    return ToolCall(f"c{number}", name, orjson.dumps(arguments).decode())


def _result(call: ToolCall, body: dict[str, Any]) -> Message:
    return Message("tool", orjson.dumps(body).decode(), tool_call_id=call.id, name=call.name)


def _page(pois: list[Poi]) -> dict[str, Any]:
    rows = [{"poi_id": poi.poi_id, "name": poi.name} for poi in pois]
    return {"page": 1, "is_last": True, "covered_m": 2000, "count": len(rows), "pois": rows}


def _conversation() -> list[Message]:
    wishes = _call(1, "preference_gen", count=2)
    grill, soup = _call(2, "restaurant_search", cuisine="烧烤"), _call(3, "restaurant_search", cuisine="粤菜")
    samples = [
        {"wish": 0, "answer": "1. 石桥烧烤20：远。", "recommendations": [{"poi_id": "SBXG20"}]},
        {"wish": 1, "answer": "1. 石桥粤菜1：近。", "recommendations": [{"poi_id": "SBXS1"}]},
    ]
    final = _call(4, "final_answer", samples=samples)
    return [
        Message("system", "prompt"),
        Message("user", "任务：地点=石桥；城市=某市；需求数=2"),
        Message("assistant", "", (wishes,)),
        _result(wishes, {"wishes": [{"index": 0}, {"index": 1}]}),
        Message("assistant", "", (grill, soup)),
        _result(grill, _page(GRILL)),
        _result(soup, _page(SOUP)),
        Message("assistant", "说明", (final,)),
        _result(final, {"accepted": [1], "rejected": [{"wish": 0, "findings": []}]}),
    ]


def _pairs_hold(messages: tuple[Message, ...]) -> bool:
    asked = [call.id for message in messages for call in message.tool_calls]
    return asked == [message.tool_call_id for message in messages if message.role == "tool"]


def test_a_repair_holds_only_what_concerns_the_returned_wish() -> None:
    sent = needed(_conversation(), Returned({0: WISHES[0]}, POIS))
    assert _pairs_hold(sent)
    text = "\n".join(message.content + "".join(call.arguments for call in message.tool_calls) for message in sent)
    assert "粤菜" not in text
    assert "石桥烧烤20" in text, "what the returned answer names is shown"
    assert '石桥烧烤1"' in text, "what fits is shown"
    assert "石桥烧烤24" not in text
    assert sum(len(message.content) for message in sent) < 0.5 * sum(
        len(message.content) for message in _conversation()
    )


def test_every_call_keeps_its_result_when_the_agent_searches_again() -> None:
    again = _call(5, "restaurant_search", cuisine="烧烤", page=2)
    messages = [*_conversation(), Message("assistant", "", (again,)), _result(again, _page(GRILL))]
    sent = needed(messages, Returned({0: WISHES[0]}, POIS))
    assert _pairs_hold(sent)
    assert sent[-1] == messages[-1], "what was searched after the return is whole"


def test_nothing_is_left_out_before_a_submission_or_where_the_provider_wants_its_messages_back() -> None:
    whole = tuple(_conversation())
    assert needed(whole[:7], Returned(dict(enumerate(WISHES)), POIS)) == whole[:7]
    echoed = (*whole[:7], replace(whole[7], echo='{"signature": "x"}'), whole[8])
    assert needed(echoed, Returned({0: WISHES[0]}, POIS)) == echoed
