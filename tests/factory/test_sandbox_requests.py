"""What reaches the sandbox servers: taken as claimed, or refused in the service's own form with a sentence; never a 500."""

from __future__ import annotations

import gzip
import random
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import orjson
import pytest

from factory.sandbox.serve import Sandbox
from tests.factory.sandbox_wire import get, get_raw, served

HI = {"model": "teacher-v1", "messages": [{"role": "user", "content": "你好"}]}
TOOL = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}
ENDS = {"type": "function", "function": {"name": "final_answer", "parameters": {"properties": {"answer": {}}}}}


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with served(sandbox=Sandbox(defects=0.0)) as url:
        yield url


def _raw(base: str, data: bytes) -> tuple[int, dict[str, Any]]:
    """Status and JSON of whatever bytes are sent."""
    with socket.create_connection(("127.0.0.1", urlsplit(base).port or 0), timeout=5) as wire:
        wire.sendall(data)
        answer = b"".join(iter(lambda: wire.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"json" in head.lower()
    shown: dict[str, Any] = orjson.loads(body)
    return int(head.split(b" ")[1]), shown


def _sent(base: str, line: str, body: bytes = b"", headers: str = "") -> tuple[int, dict[str, Any]]:
    head = f"{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}Content-Length: {len(body)}\r\n\r\n"
    return _raw(base, head.encode() + body)


def _chat(base: str, **more: Any) -> tuple[int, dict[str, Any]]:
    return _sent(base, "POST /v1/chat/completions", orjson.dumps(HI | more))


@pytest.mark.parametrize(
    ("more", "param", "words"),
    [
        ({"tools": 5}, "tools", "an array"),
        ({"tools": [5]}, "tools[0]", "type function"),
        ({"tools": [{"type": "function", "function": {"name": "with space"}}]}, "tools[0].function.name", "match"),
        (
            {"tools": [{"type": "function", "function": {"name": "f", "parameters": 1}}]},
            "tools[0].function.parameters",
            "JSON",
        ),
        ({"max_tokens": -5}, "max_tokens", "from 1"),
        ({"max_tokens": 0}, "max_tokens", "from 1"),
        ({"max_tokens": True}, "max_tokens", "from 1"),
        ({"max_completion_tokens": "5"}, "max_completion_tokens", "from 1"),
        ({"temperature": 2.1}, "temperature", "from 0 to 2"),
        ({"top_p": "1"}, "top_p", "a number"),
        ({"n": 2}, "n", "one choice"),
        ({"stream": "yes"}, "stream", "a boolean"),
        ({"stream_options": {"include_usage": True}}, "stream_options", "only allowed"),
        ({"stop": ["a", 5]}, "stop", "array of strings"),
        ({"stop": ["a", "b", "c", "d", "e"]}, "stop", "at most 4"),
        ({"response_format": {"type": "json_schema"}}, "response_format", "an object of one answer"),
        ({"response_format": {"type": "json_object"}}, "messages", "the word 'json'"),
        ({"response_format": "json"}, "response_format", "an object"),
        ({"tool_choice": "auto"}, "tool_choice", "'tools' are specified"),
        ({"tool_choice": "any", "tools": [TOOL]}, "tool_choice", "none, auto, required"),
        ({"tool_choice": {"type": "function", "function": {"name": "x"}}, "tools": [TOOL]}, "tool_choice", "not among"),
        ({"tool_choice": "required", "tools": [TOOL]}, "tool_choice", "nothing to call"),
        ({"logprobs": True}, "logprobs", "probabilities"),
        ({"functions": []}, "functions", "use tools"),
        ({"enable_thinking": True}, "enable_thinking", "not think"),
        ({"no_such_field": 1}, "no_such_field", "Unrecognized"),
        ({"messages": []}, "messages", "non-empty"),
        ({"messages": ["hi"]}, "messages[0]", "an object"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "messages[0].role", "use one of"),
        ({"messages": [{"role": "user"}]}, "messages[0].content", "text parts"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "messages[0].content", "no images"),
        ({"messages": [{"role": "tool", "tool_call_id": "a", "content": "x"}]}, "messages[0].tool_call_id", "no call"),
        ({"messages": [{"role": "assistant", "content": "", "tool_calls": [{}]}]}, "messages[0].tool_calls", "an id"),
        ({"model": 5}, "model", "must provide"),
    ],
)
def test_a_malformed_chat_request_is_a_400_that_names_its_field(
    base: str, more: dict[str, Any], param: str, words: str
) -> None:
    status, body = _chat(base, **more)
    assert (status, body["error"]["type"], body["error"]["param"]) == (400, "invalid_request_error", param)
    assert words in body["error"]["message"]


@pytest.mark.parametrize(
    "more",
    [
        {"max_tokens": 1},
        {"temperature": 0, "top_p": 1, "seed": 7, "presence_penalty": -2, "user": "x", "metadata": {"a": "b"}},
        {"n": 1, "stop": None, "tools": None, "tool_choice": None, "response_format": {"type": "text"}},
        {"tool_choice": "none"},
        {"tools": [TOOL], "tool_choice": "none", "parallel_tool_calls": False},
        {"logprobs": False, "enable_thinking": False, "store": False, "logit_bias": {}},
        {
            "messages": [
                {"role": "developer", "content": "x"},
                {"role": "user", "content": [{"type": "text", "text": "x"}]},
            ]
        },
    ],
)
def test_what_is_honoured_or_makes_no_difference_is_taken(base: str, more: dict[str, Any]) -> None:
    status, body = _chat(base, **more)
    assert status == 200, body
    assert body["choices"][0]["message"]["role"] == "assistant"


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"", ""),
        (b"[]", ""),
        (b"{", ""),
        (b"\xff\xfe", ""),
        (b"not gzip at all", "Content-Encoding: gzip\r\n"),
        (gzip.compress(orjson.dumps(HI), mtime=0)[:-12], "Content-Encoding: gzip\r\n"),
    ],
)
def test_a_body_that_cannot_be_read_is_a_400_object(base: str, body: bytes, headers: str) -> None:
    status, shown = _sent(base, "POST /v1/chat/completions", body, headers)
    assert status == 400
    assert shown["error"]["message"]


def test_a_gzipped_body_is_read(base: str) -> None:
    packed = gzip.compress(orjson.dumps(HI))
    assert _sent(base, "POST /v1/chat/completions", packed, "Content-Encoding: gzip\r\n")[0] == 200


def test_words_end_before_a_stop_sequence(base: str) -> None:
    whole = _chat(base)[1]["choices"][0]["message"]["content"]
    cut = _chat(base, stop=["没有的", whole[4:6]])[1]["choices"][0]
    assert (cut["message"]["content"], cut["finish_reason"]) == (whole[:4], "stop")


def test_an_agent_that_must_call_a_tool_ends_by_its_own_final_answer(base: str) -> None:
    message = _chat(base, tools=[TOOL, ENDS], tool_choice="required")[1]["choices"][0]["message"]
    assert [call["function"]["name"] for call in message["tool_calls"]] == ["final_answer"]
    assert orjson.loads(message["tool_calls"][0]["function"]["arguments"])["answer"].startswith("请给出任务")


def test_words_come_as_an_object_when_json_is_asked_for_and_spoken_of(base: str) -> None:
    asked = [{"role": "user", "content": "用 JSON 回答"}]
    message = _chat(base, messages=asked, response_format={"type": "json_object"})[1]["choices"][0]["message"]
    assert orjson.loads(message["content"])["answer"].startswith("请给出任务")


def test_models_are_listed_and_given_one_by_one(base: str) -> None:
    (name, *_) = [row["id"] for row in _sent(base, "GET /v1/models")[1]["data"]]
    assert _sent(base, f"GET /v1/models/{name}")[1]["id"] == name
    assert _sent(base, "GET /v1/models/none")[0] == 404


@pytest.mark.parametrize(
    ("line", "status", "code"),
    [
        ("GET /v1/nothing", 404, "unknown_url"),
        ("POST /v1/embeddings", 404, "unknown_url"),
        ("GET /v1/chat/completions", 405, "method_not_allowed"),
    ],
)
def test_an_unknown_path_of_the_chat_server_gets_its_json(base: str, line: str, status: int, code: str) -> None:
    given, body = _sent(base, line)
    assert (given, body["error"]["code"]) == (status, code)


@pytest.mark.parametrize(
    ("line", "infocode"),
    [
        ("GET /", "10002"),
        ("GET /v3/nothing?key=k", "10002"),
        ("GET /v9/place/text", "10002"),
        ("POST /v3/geocode/geo", "20002"),
    ],
)
def test_an_unknown_path_of_the_map_gets_its_json(base: str, line: str, infocode: str) -> None:
    status, body = _sent(base, line)
    assert (status, body["status"], body["infocode"]) == (200, "0", infocode)


def test_raw_utf_8_in_a_url_is_read_and_nonsense_is_refused_in_json(base: str) -> None:
    assert _sent(base, "GET /v3/geocode/geo?key=k&address=清华大学")[1]["geocodes"][0]["adcode"] == "110108"
    assert _sent(base, "GET /没有的路")[1]["infocode"] == "10002"
    assert _raw(base, b"NONSENSE\r\n\r\n")[1]["infocode"] == "20002"
    status, body = _raw(base, b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n")
    assert (status, body["error"]["type"]) == (400, "invalid_request_error")


ODD = (None, True, -1, 1e308, "", "\u202e", [], [[]], {}, {"a": 1}, "Observation:\n{", "Calling tools:\n[", 2**63)


def _somewhere(value: Any, dice: random.Random) -> Any:
    """The same value with something odd at a random depth; a tool's JSON text is opened, too."""
    if isinstance(value, str) and value.startswith("{"):
        return orjson.dumps(_somewhere(orjson.loads(value), dice)).decode()
    keys = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    if not keys or dice.random() < 0.15:
        return dice.choice(ODD)
    key = dice.choice(keys)
    if isinstance(value, dict):
        return {**value, key: _somewhere(value[key], dice)}
    return [*value[:key], _somewhere(value[key], dice), *value[key + 1 :]]


@pytest.mark.parametrize("seed", range(4))
def test_no_odd_request_is_a_500_and_every_refusal_is_a_sentence(base: str, seed: int) -> None:
    dice = random.Random(seed)
    wish = {"index": 0, "cuisine": "川菜", "radius_m": 2000, "style": "plain"}
    poi = {
        "poi_id": "SBX1",
        "name": "虚构饭馆",
        "cuisine": "川菜",
        "distance_m": 300,
        "rating": 4.5,
        "tags": {"takeaway": "yes"},
    }
    call = {"id": "a", "type": "function", "function": {"name": "preference_gen", "arguments": '{"count":1}'}}
    place = {**call, "id": "b", "function": {"name": "geo_location", "arguments": "{}"}}
    search = {**call, "id": "c", "function": {"name": "restaurant_search", "arguments": '{"cuisine":"川菜","page":1}'}}
    messages = [
        {"role": "user", "content": "任务：地点=清华大学；城市=北京市；需求数=1"},
        {"role": "assistant", "content": None, "tool_calls": [call, place]},
        {"role": "tool", "tool_call_id": "a", "content": orjson.dumps({"wishes": [wish]}).decode()},
        {"role": "tool", "tool_call_id": "b", "content": '{"location": "116.3,39.9"}'},
        {"role": "assistant", "content": None, "tool_calls": [search]},
        {"role": "tool", "tool_call_id": "c", "content": orjson.dumps({"pois": [poi], "is_last": True}).decode()},
    ]
    tools = [{"type": "function", "function": {"name": tool["function"]["name"]}} for tool in (call, place, search)]
    final = {"type": "function", "function": {"name": "final_answer", "parameters": {"properties": {"samples": {}}}}}
    whole = HI | {"messages": messages, "tools": [*tools, final], "stop": ["x"], "max_tokens": 4000}
    seen = set()
    for _ in range(60):
        status, body = _sent(base, "POST /v1/chat/completions", orjson.dumps(_somewhere(whole, dice), default=str))
        seen.add(status)
        assert status in {200, 400, 404}
        assert status == 200 or len(body["error"]["message"]) > 10
    assert {200, 400} <= seen


# --- the map's other endpoints, and XML -------------------------------------------------------------------------------------

ENDS_OF_A_WAY = {"origin": "116.40,39.90", "destination": "116.41,39.91"}


def test_driving_transit_and_the_newer_forms_have_their_routes(base: str) -> None:
    road = get(base, "/v3/direction/driving", **ENDS_OF_A_WAY)["route"]["paths"][0]
    assert int(road["distance"]) > 0
    assert road["steps"][0]["polyline"].count(";") == 1
    by_way = get(base, "/v3/direction/driving", **ENDS_OF_A_WAY, waypoints="116.42,39.92")["route"]["paths"][0]
    assert int(by_way["distance"]) > int(road["distance"])
    (ride,) = get(base, "/v3/direction/transit/integrated", **ENDS_OF_A_WAY, city="010")["route"]["transits"]
    assert ride["segments"][0]["bus"]["buslines"][0]["name"].startswith("虚构")
    assert get(base, "/v3/direction/transit/integrated", **ENDS_OF_A_WAY)["infocode"] == "20001"
    plain = get(base, "/v5/direction/electrobike", **ENDS_OF_A_WAY)["route"]["paths"][0]
    costed = get(base, "/v5/direction/electrobike", **ENDS_OF_A_WAY, show_fields="cost")["route"]["paths"][0]
    assert "cost" not in plain
    assert int(costed["cost"]["duration"]) > 0


def test_bicycling_speaks_in_the_envelope_of_v4_also_when_it_refuses(base: str) -> None:
    body = get(base, "/v4/direction/bicycling", **ENDS_OF_A_WAY)
    assert (body["errcode"], body["errmsg"]) == (0, "OK")
    assert body["data"]["paths"][0]["distance"] > 0
    refused = get(base, "/v4/direction/bicycling", origin="116.4,39.9")
    assert (refused["errcode"], refused["errmsg"], refused["data"]) == (20001, "MISSING_REQUIRED_PARAMS", None)


def test_weather_ip_tips_and_conversion_answer(base: str) -> None:
    assert get(base, "/v3/weather/weatherInfo", city="110000")["lives"][0]["city"] == "北京市"
    assert len(get(base, "/v3/weather/weatherInfo", city="110000", extensions="all")["forecasts"][0]["casts"]) == 4
    assert get(base, "/v3/ip")["province"] == "局域网"
    assert get(base, "/v3/ip", ip="114.247.50.2")["adcode"].isdigit()
    assert get(base, "/v3/ip", ip="nonsense")["province"] == []
    assert get(base, "/v3/assistant/inputtips", keywords="清华")["tips"][0]["name"] == "清华大学"
    moved = get(base, "/v3/assistant/coordinate/convert", locations="116.40,39.90", coordsys="gps")["locations"]
    assert moved.startswith("116.406")
    assert (
        get(base, "/v3/assistant/coordinate/convert", locations="116.4,39.9", coordsys="baidu")["infocode"] == "20000"
    )


def test_a_polygon_holds_what_lies_inside_it(base: str) -> None:
    box = get(base, "/v3/place/polygon", polygon="116.40,39.92|116.42,39.90", types="050000", offset="25")
    for poi in box["pois"]:
        lng, lat = map(float, poi["location"].split(","))
        assert 116.40 <= lng <= 116.42
        assert 39.90 <= lat <= 39.92
    half = get(base, "/v3/place/polygon", polygon="116.40,39.92|116.42,39.92|116.40,39.90", types="050000")
    assert 0 < int(half["count"]) < int(box["count"])
    assert get(base, "/v3/place/polygon", polygon="116.40,39.92")["infocode"] == "20000"


def test_several_addresses_or_points_at_once_when_batch_says_so(base: str) -> None:
    assert get(base, "/v3/geocode/geo", address="清华大学|北京大学", batch="true")["count"] == "2"
    assert len(get(base, "/v3/geocode/regeo", location="116.40,39.90|104.06,30.65", batch="true")["regeocodes"]) == 2
    assert (
        get(base, "/v3/geocode/geo", address="|".join("清华大学" for _ in range(11)), batch="true")["infocode"]
        == "20000"
    )


def test_xml_is_given_by_v3_and_refused_where_only_json_is(base: str) -> None:
    _, kind, body = get_raw(base, "/v3/place/around", key="k", location="116.40,39.90", output="XML", offset="3")
    assert "xml" in kind
    root = ET.fromstring(body)  # noqa: S314 - our own answer
    assert root.findtext("infocode") == "10000"
    assert root.find("pois").attrib == {"type": "list"}  # type: ignore[union-attr]
    assert len(root.findall("pois/poi/name")) == 3
    assert b"<infocode>20001</infocode>" in get_raw(base, "/v3/place/around", key="k", output="xml")[2]
    assert get(base, "/v5/place/text", keywords="x", output="YAML")["infocode"] == "20000"
    assert get(base, "/v3/geocode/geo", address="清华大学", callback="a(b")["infocode"] == "20000"
