"""Refusals in the shapes that providers send: what the user must do, in the provider's words; nothing is paid, no order fails."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web

from factory.errors import (
    AccountRefused,
    AddressRefused,
    ChidianError,
    KeyRefused,
    ModelRefused,
    OrderFailed,
    ParameterRefused,
    ProviderDown,
    QuotaExhausted,
    RetryLater,
)
from factory.llm.chat import CallKey, ChatRequest
from factory.llm.refusals import refusal_in, to_error
from factory.records import Message
from tests.factory.bent_teacher import bent, chat_with

REQUEST = ChatRequest("sandbox/teacher-v1", (Message("user", "你好"),), max_tokens=50, seed=1)


def _error(message: str, code: Any = None, kind: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


STOPS: dict[str, tuple[int, Any, type[ChidianError], str]] = {
    "402": (402, _error("Insufficient Balance", "invalid_request_error"), AccountRefused, "Insufficient Balance"),
    "429, an empty account at OpenAI": (
        *(429, _error("You exceeded your current quota.", "insufficient_quota", "insufficient_quota"), AccountRefused),
        "current quota",
    ),
    "429, an empty account at Zhipu": (429, _error("余额不足，请充值。", "1113"), AccountRefused, "余额不足"),
    "429, an empty account at Moonshot": (
        *(429, _error("Your account is suspended.", None, "exceeded_current_quota_error"), AccountRefused),
        "suspended",
    ),
    "429, an empty account in a gateway's prose": (
        429,
        {"error": "用户额度不足，请充值后再试"},
        AccountRefused,
        "充值",
    ),
    "403, an empty account in prose": (
        403,
        {"code": 30001, "message": "your account balance is insufficient"},
        AccountRefused,
        "balance",
    ),
    "200, MiniMax's empty account": (
        *(
            200,
            {"choices": None, "base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}},
            AccountRefused,
        ),
        "insufficient balance",
    ),
    "200, Baidu's key": (
        200,
        {"error_code": 110, "error_msg": "Access token invalid"},
        KeyRefused,
        "Access token invalid",
    ),
    "401": (401, _error("Incorrect API key provided."), KeyRefused, "Incorrect API key"),
    "400, Gemini's key": (
        *(
            400,
            [{"error": {"code": 400, "message": "API key not valid.", "details": [{"reason": "API_KEY_INVALID"}]}}],
            KeyRefused,
        ),
        "API key not valid",
    ),
    "403": (403, _error("Model access denied.", "access_denied"), AccountRefused, "Model access denied"),
    "429, a quota of the day": (429, _error("已达今日上限", "1304"), QuotaExhausted, "今日上限"),
    "404": (
        404,
        {"object": "error", "message": "The model `x` does not exist.", "code": 404},
        ModelRefused,
        "does not exist",
    ),
    "503, a gateway without a channel": (
        503,
        _error("无可用渠道", "model_not_found", "new_api_error"),
        ModelRefused,
        "无可用渠道",
    ),
    "405": (405, {"detail": "Method Not Allowed"}, AddressRefused, "Method Not Allowed"),
    "400, a bare sentence": (
        400,
        {"error": "this model does not support tools"},
        ParameterRefused,
        "does not support tools",
    ),
    "400, in a list": (
        *(
            400,
            [{"error": {"code": 400, "message": "Penalty is not enabled", "status": "INVALID_ARGUMENT"}}],
            ParameterRefused,
        ),
        "Penalty is not enabled",
    ),
    "422, a validator's list": (
        *(
            422,
            {"message": {"detail": [{"loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]}},
            ParameterRefused,
        ),
        "body.seed: Extra inputs",
    ),
    "400, detail": (
        400,
        {"detail": [{"loc": ["body", "x"], "msg": "field required"}]},
        ParameterRefused,
        "body.x: field required",
    ),
    "400, the model by prose": (
        400,
        _error("Model Not Exist", "invalid_request_error"),
        ParameterRefused,
        "Model Not Exist",
    ),
    "400, too long": (
        400,
        _error("exceeds the context size", None, "exceed_context_size_error"),
        ParameterRefused,
        "longer context",
    ),
    "413, a page": (
        413,
        b"<html><title>413 Request Entity Too Large</title></html>",
        ParameterRefused,
        "Entity Too Large",
    ),
    "418": (418, b"teapot", ParameterRefused, "teapot"),
    "400, with escape codes": (
        400,
        _error("\x1b[2J\x1b[1;1HDelete\nerror: a second line"),
        ParameterRefused,
        "Delete error: a second line",
    ),
}


def always(status: int, body: Any) -> Callable[[dict[str, Any]], web.Response]:
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    return lambda _: web.Response(body=raw, status=status, content_type="application/json")


@pytest.mark.parametrize("kind", STOPS)
def test_what_the_user_must_mend_stops_the_run_at_once_in_the_providers_words(tmp_path: Path, kind: str) -> None:
    status, body, expected, words = STOPS[kind]

    async def scene() -> None:
        async with (
            bent(check=always(status, body)) as teacher,
            chat_with(tmp_path, teacher.base, budget=1.0) as (chat, ledger),
        ):
            with pytest.raises(expected) as refused:
                await chat.ask(REQUEST, CallKey("run", "o", 0))
            assert type(refused.value) is expected
            assert words in str(refused.value)
            assert "\x1b" not in str(refused.value)
            assert "\n" not in str(refused.value)
            assert teacher.calls == 1
            assert ledger.spent() == (0.0, 0.0)

    asyncio.run(scene())


def test_a_field_that_one_answer_came_for_is_not_at_fault_when_another_call_is_refused(tmp_path: Path) -> None:
    """Both start together: the refusal waits for what becomes of the other."""

    def check(body: dict[str, Any]) -> web.Response | None:
        return always(400, _error("This text I do not take."))(body) if "坏" in body["messages"][0]["content"] else None

    def ask(text: str) -> ChatRequest:
        return ChatRequest("sandbox/teacher-v1", (Message("user", text),), max_tokens=50)

    async def scene(*texts: str) -> list[Any]:
        async with bent(check=check) as teacher, chat_with(tmp_path, teacher.base) as (chat, _):
            calls = [chat.ask(ask(text), CallKey("run", f"o{place}", 0)) for place, text in enumerate(texts)]
            return await asyncio.gather(*calls, return_exceptions=True)

    refused, fine = asyncio.run(scene("坏", "好"))
    assert isinstance(refused, OrderFailed)
    assert (refused.reason, isinstance(fine, Exception)) == ("bad_request", False)
    assert {type(ending) for ending in asyncio.run(scene("坏的", "也坏"))} == {ParameterRefused}


@pytest.mark.parametrize("wish", ["86400", "inf", "nan", "-5", "2s", "Fri, 31 Dec 9999 23:59:59 GMT"])
@pytest.mark.parametrize("status", [429, 500, 503])
def test_no_wish_to_wait_outlives_the_give_up_time_and_one_odd_wish_costs_nothing(
    tmp_path: Path, status: int, wish: str
) -> None:
    async def scene() -> None:
        left = [1]

        def check(_: dict[str, Any]) -> web.Response | None:
            if left and left.pop():
                return web.json_response(_error("slow down"), status=status, headers={"Retry-After": wish})
            return None

        async with bent(check=check) as teacher, chat_with(tmp_path / "one", teacher.base, give_up_s=30.0) as (chat, _):
            await asyncio.wait_for(chat.ask(REQUEST, CallKey("run", "o", 0)), 20.0)
            assert teacher.calls == 2

    asyncio.run(scene())


def test_a_service_that_only_puts_off_is_given_up(tmp_path: Path) -> None:
    def check(_: dict[str, Any]) -> web.Response:
        return web.json_response(_error("maintenance"), status=503, headers={"Retry-After": "86400"})

    async def scene() -> None:
        async with bent(check=check) as teacher, chat_with(tmp_path, teacher.base, give_up_s=0.5) as (chat, _):
            with pytest.raises((ProviderDown, OrderFailed), match="maintenance"):
                await asyncio.wait_for(chat.ask(REQUEST, CallKey("run", "o", 0)), 20.0)

    asyncio.run(scene())


def test_an_error_under_a_good_status_is_a_refusal_and_is_asked_again(tmp_path: Path) -> None:
    answers = iter([{"error": {"message": "Provider returned error", "code": 429, "metadata": {"raw": "busy"}}}])

    async def scene() -> None:
        async with (
            bent(lambda answer, _: next(answers, answer)) as teacher,
            chat_with(tmp_path, teacher.base, budget=1.0) as (chat, ledger),
        ):
            answer = await chat.ask(REQUEST, CallKey("run", "o", 0))
            assert teacher.calls == 2
            assert ledger.spent()[0] == answer.record.cost_cny

    asyncio.run(scene())


def test_an_error_inside_the_first_choice_is_a_refusal_and_one_beside_an_answer_is_none() -> None:
    error = {"code": 502, "message": "Upstream fell over"}
    empty: dict[str, Any] = {"finish_reason": "error", "error": error, "message": {"role": "assistant", "content": ""}}
    refusal = refusal_in({"choices": [empty]})
    assert refusal is not None
    assert (refusal.status, refusal.message) == (502, "Upstream fell over")
    told = to_error(refusal, service="t", model="m", setting="TEACHER")
    assert isinstance(told, RetryLater)
    assert not told.billed
    key = refusal_in({"choices": [{"error": {"code": 401, "message": "bad key"}, "message": None}]})
    assert key is not None
    assert isinstance(to_error(key, service="t", model="m", setting="TEACHER"), KeyRefused)
    for message in ({"content": "有。"}, {"tool_calls": [{"id": "1"}]}):
        assert refusal_in({"choices": [{**empty, "message": message}]}) is None
    assert refusal_in({"choices": [{"error": None, "message": {"content": ""}}]}) is None
