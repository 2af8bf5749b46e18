"""Calls and completions as models, gateways and streams really write them are read; what was cut off or means another is not."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from factory.llm.answers import Parsed, UnreadableAnswerError, decode, read
from factory.llm.tool_calls import Tools

SCHEMAS: dict[str, dict[str, Any]] = {
    "find_tea": {
        "type": "object",
        "required": ["street"],
        "properties": {"street": {"type": "string"}, "metres": {"type": "integer"}, "open": {"type": "boolean"}},
    },
    "hand_in": {
        "type": "object",
        "required": ["rows"],
        "properties": {
            "rows": {
                "type": "array",
                "items": {"type": "object", "properties": {"row": {"type": "integer"}, "text": {"type": "string"}}},
            }
        },
    },
}
TOOLS = Tools(SCHEMAS, ())
TEA = {"street": "柳巷：南口，3号", "metres": 800, "open": True}
ROWS = {"rows": [{"row": 0, "text": "先喝茶。\n再走，走到“桥头”。"}, {"row": 1, "text": "不远"}]}
PLAIN = json.dumps(TEA, ensure_ascii=False)


def _answered(calls: Any, **message: Any) -> Parsed:
    choice = {"finish_reason": "tool_calls", "message": {"role": "assistant", "content": None, "tool_calls": calls}}
    choice["message"] |= message
    return read(decode(json.dumps({"choices": [choice]}, ensure_ascii=False).encode()), TOOLS)


def _call(arguments: Any, name: Any = "find_tea") -> dict[str, Any]:
    return {"id": "a1", "type": "function", "function": {"name": name, "arguments": arguments}}


def _values(parsed: Parsed) -> list[tuple[str, Any, bool]]:
    return [(call.name, json.loads(call.arguments), call.readable) for call in parsed.message.tool_calls]


TEXTS: dict[str, str] = {
    "a comment behind": PLAIN[:-1] + "// that is all\n}",
    "a comment first": "{ /* where */" + PLAIN[1:],
    "keys without quotes": re.sub(r'"(\w+)":', r"\1:", PLAIN),
    "single quotes": PLAIN.replace('"', "'"),
    "full-width colons": PLAIN.replace('": ', '"：'),
    "python words": str(TEA),
    "a list of one": f"[{PLAIN}]",
    "words before": "参数如下：" + PLAIN,
    "a fence between words": f"请看：\n```json\n{PLAIN}\n```\n好了",
    "back ticks": f"`{PLAIN}`",
    "a mark before": "\ufeff" + PLAIN,
    "blanks of other kinds": "\u00a0" + PLAIN + "\u3000",
    "an end mark": PLAIN + "<|tool_call_end|>",
    "one brace too few": PLAIN[:-1],
    "one brace too many": PLAIN + "}",
    "written twice": PLAIN + PLAIN,
    "encoded three times": json.dumps(json.dumps(PLAIN)),
    "an escape that is none": PLAIN.replace("：南", "\\：南"),
    "entities": PLAIN.replace('"', "&quot;"),
    "in its own call": json.dumps({"name": "find_tea", "arguments": TEA}),
    "under a name": json.dumps({"parameters": TEA}),
    "keys in capitals and blanks": json.dumps({"Street": TEA["street"], " metres ": "800", "OPEN": "true"}),
    "a text in parts": json.dumps({**TEA, "street": [{"type": "text", "text": "柳巷：南口，"}, "3号"]}),
}


@pytest.mark.parametrize("kind", TEXTS)
def test_arguments_that_are_not_quite_json_are_the_arguments(kind: str) -> None:
    assert _values(_answered([_call(TEXTS[kind])])) == [("find_tea", TEA, True)]


@pytest.mark.parametrize(
    "text",
    [
        PLAIN[:12],  # inside a string
        PLAIN[: PLAIN.index("metres") + 9],  # behind a colon
        "没有参数",
        "7",
        "[1, 2]",
        "{" * 300,
        '{"a" "b"}',
    ],
)
def test_what_was_cut_off_or_holds_no_object_is_not_guessed_at(text: str) -> None:
    [call] = _answered([_call(text)]).message.tool_calls
    assert (call.arguments, call.readable) == (text, False)


LISTS: dict[str, Any] = {
    "the list alone": ROWS["rows"],
    "fenced": {"rows": "```json\n" + json.dumps(ROWS["rows"], ensure_ascii=False) + "\n```"},
    "one object a line": {"rows": "\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS["rows"])},
    "in an object of its own": {"rows": {"item": ROWS["rows"]}},
    "in a list of its own": {"rows": [ROWS["rows"]]},
    "by number": {"rows": {"0": ROWS["rows"][0], "1": ROWS["rows"][1]}},
    "each as text": {"rows": [json.dumps(row) for row in ROWS["rows"]]},
}


@pytest.mark.parametrize("kind", LISTS)
def test_a_list_is_read_whatever_it_stands_in(kind: str) -> None:
    assert _values(_answered([_call(json.dumps(LISTS[kind], ensure_ascii=False), "hand_in")])) == [
        ("hand_in", ROWS, True)
    ]


@pytest.mark.parametrize(
    "name",
    [
        *("findTea", "FIND-TEA", "functions.find_tea:0", "mcp__map__find_tea", "tool_find_tea", "find_tea()"),
        *("find\\_tea", "find_teafind_tea", "**find_tea**", "find_tea<|channel|>json"),
    ],
)
def test_a_name_is_the_tool_that_it_means(name: str) -> None:
    assert _values(_answered([_call(PLAIN, name)])) == [("find_tea", TEA, True)]


def test_a_name_that_means_no_tool_or_two_is_no_tool_of_ours() -> None:
    for name in ("find_coffee", "find_tea_or_hand_in", "tea", "查茶"):
        assert [called for called, _, _ in _values(_answered([_call(PLAIN, name)]))] != ["find_tea"]


CALLS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "as json": lambda call: json.dumps([call]),
    "in a list of their own": lambda call: [[call]],
    "one alone": lambda call: call,
    "by number": lambda call: {"0": call},
    "flat": lambda call: [{"id": "a1", **call["function"]}],
    "with an input": lambda call: [{"id": "a1", "name": call["function"]["name"], "input": TEA}],
    "behind a null": lambda call: [None, call],
}


@pytest.mark.parametrize("kind", CALLS)
def test_calls_are_read_whatever_they_stand_in(kind: str) -> None:
    assert _values(_answered(CALLS[kind](_call(PLAIN)))) == [("find_tea", TEA, True)]


_OBJECT = json.dumps({"name": "find_tea", "arguments": TEA}, ensure_ascii=False)
IN_TEXT: dict[str, str] = {
    "words and a fence": f"我来查：\n```json\n{_OBJECT}\n```",
    "a fence of its own": f"```tool_call\n{_OBJECT}\n```",
    "tags": f"<function_call>{_OBJECT}</function_call>",
    "other tags": f"<tools>{_OBJECT}</tools>",
    "Hermes": f"<tool_call>\n{_OBJECT}\n</tool_call>",
    "Hermes, a list": f"<tool_call>[{_OBJECT}]</tool_call>",
    "Hermes, left open": f"<tool_call>\n{_OBJECT}",
    "Llama": "<|python_tag|>" + _OBJECT.replace("arguments", "parameters"),
    "Llama, named": f"<function=find_tea>{PLAIN}</function>",
    "Mistral": f"[TOOL_CALLS]find_tea[ARGS]{PLAIN}",
    "Mistral, older": f"[TOOL_CALLS] [{_OBJECT}]",
    "ReAct": f"Thought: 查一下\nAction: find_tea\nAction Input: {PLAIN}",
    "Qwen-Agent": f"✿FUNCTION✿: find_tea\n✿ARGS✿: {PLAIN}\n✿RESULT✿",
    "gpt-oss": f"<|channel|>commentary to=functions.find_tea <|constrain|>json<|message|>{PLAIN}<|call|>",
    "MiniMax": '<invoke name="find_tea">'
    + "".join(f'<parameter name="{name}">{json.dumps(value)}</parameter>' for name, value in TEA.items()).replace(
        json.dumps(TEA["street"]), str(TEA["street"])
    )
    + "</invoke>",
    "GLM": f"<tool_call>find_tea\n<arg_key>street</arg_key>\n<arg_value>{TEA['street']}</arg_value>\n"
    "<arg_key>metres</arg_key>\n<arg_value>800</arg_value>\n<arg_key>open</arg_key>\n<arg_value>true</arg_value>\n</tool_call>",
    "the answer of an API": json.dumps({"tool_calls": [_call(PLAIN)]}),
}


@pytest.mark.parametrize("kind", IN_TEXT)
def test_a_call_in_the_text_is_served_and_leaves_the_text(kind: str) -> None:
    parsed = _answered(None, content=IN_TEXT[kind])
    assert _values(parsed) == [("find_tea", TEA, True)]
    assert "find_tea" not in parsed.message.content
    swallowed = _answered(None, content="", reasoning_content=IN_TEXT[kind])
    assert _values(swallowed) == [("find_tea", TEA, True)]


@pytest.mark.parametrize(
    "text",
    [
        '店里有 {"name": "龙井", "arguments": {"杯": 1}} 这样的写法',
        "Action: 喝茶\nAction Input: {}",
        "<tool_call>\n</tool_call>",
        json.dumps({"name": "find_tea"}),
        "没有",
    ],
)
def test_text_that_names_no_tool_of_ours_stays_text(text: str) -> None:
    parsed = _answered(None, content=text)
    assert (parsed.message.tool_calls, parsed.message.content) == ((), text)


_BODY = {"choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": "好"}}], "usage": None}
BODIES: dict[str, Any] = {
    "in data": {"code": 0, "data": _BODY},
    "in result": {"result": _BODY},
    "in a list": [_BODY],
    "as text": json.dumps(_BODY),
    "choices by number": {"choices": {"0": _BODY["choices"][0]}},  # type: ignore[index]
    "one choice alone": {"choices": _BODY["choices"][0]},  # type: ignore[index]
    "messages": {"choices": [{"messages": [{"content": "好"}]}]},
}


@pytest.mark.parametrize("kind", BODIES)
def test_a_completion_is_read_out_of_what_a_gateway_put_it_into(kind: str) -> None:
    assert read(decode(json.dumps(BODIES[kind]).encode()), TOOLS).message.content == "好"


@pytest.mark.parametrize("body", [{"data": {"choices": []}}, [_BODY, _BODY], {"data": "好"}, {"choices": {}}, "好", []])
def test_what_holds_no_completion_is_none(body: Any) -> None:
    with pytest.raises(UnreadableAnswerError):
        read(decode(json.dumps(body).encode()), TOOLS)


def _events(pieces: list[dict[str, Any]], end: str = "\n\n", *, indent: int | None = None) -> bytes:
    deltas = [{"choices": [{"delta": piece, "finish_reason": None}]} for piece in pieces]
    deltas.append({"choices": [{"delta": {}, "finish_reason": "tool_calls"}]})
    lines = [json.dumps(delta, ensure_ascii=False, indent=indent).replace("\n", end[0] + "data: ") for delta in deltas]
    return "".join(f"data: {line}{end}" for line in [*lines, "[DONE]"]).encode()


def _streamed(raw: bytes) -> Parsed:
    return read(decode(raw), TOOLS)


HALVES = (PLAIN[:9], PLAIN[9:])


@pytest.mark.parametrize("numbering", ["by index", "all zero", "none", "again and again"])
def test_calls_of_a_stream_are_kept_apart_however_they_are_numbered(numbering: str) -> None:
    pieces: list[dict[str, Any]] = []
    for place in range(2):
        number = {"by index": {"index": place}, "none": {}}.get(numbering, {"index": 0})
        first = {**number, "id": f"c{place}", "function": {"name": "find_tea", "arguments": HALVES[0]}}
        second: dict[str, Any] = {**number, "function": {"arguments": HALVES[1]}}
        if numbering == "again and again":
            second = {**number, "id": f"c{place}", "function": {"name": "find_tea", "arguments": HALVES[1]}}
        pieces += [{"tool_calls": [first]}, {"tool_calls": [second]}]
    assert _values(_streamed(_events(pieces))) == [("find_tea", TEA, True)] * 2


@pytest.mark.parametrize("end", ["\n\n", "\r\n\r\n", "\r\r"])
def test_only_line_ends_end_a_line_of_a_stream(end: str) -> None:
    text = "一\u2028二\u0085三"
    assert _streamed(_events([{"content": text}], end)).message.content == text


def test_an_event_of_several_lines_is_one_value_and_a_broken_one_spoils_no_other() -> None:
    assert _streamed(_events([{"content": "好"}, {"content": "的"}], indent=1)).message.content == "好的"
    broken = b'data: {"choices": [\n\n' + _events([{"content": "好"}])
    assert _streamed(broken).message.content == "好"


@pytest.mark.parametrize("apart", [False, True])
def test_calls_behind_a_choice_of_text_are_read_and_those_of_a_rival_answer_are_not(*, apart: bool) -> None:
    """As Claude's answers come out of Copilot: text in one choice, calls in the next, or each in one of its own."""
    tea, rows = _call(PLAIN), _call(json.dumps(ROWS, ensure_ascii=False), "hand_in")
    text = {"message": {"role": "assistant", "content": "我先查一下。"}}

    def names(*choices: dict[str, Any]) -> list[str]:
        return [call.name for call in read({"choices": list(choices)}, TOOLS).message.tool_calls]

    groups = [[tea], [rows]] if apart else [[tea, rows]]
    assert names(text, *({"message": {"tool_calls": group}} for group in groups)) == ["find_tea", "hand_in"]
    assert names({"message": {"tool_calls": [tea]}}, text, {"message": {"tool_calls": [rows]}}) == ["find_tea"]
