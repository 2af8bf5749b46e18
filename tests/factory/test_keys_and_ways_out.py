"""What each server sees: its own key or none, no redirect followed, proxies as the environment names them, bodies with a cap."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from factory.config import read_settings
from factory.errors import AddressRefused, ChidianError, OrderFailed, ProviderDown, UsageError
from factory.llm.chat import CallKey, ChatRequest
from factory.llm.endpoint import PROVIDERS, key_of, route
from factory.llm.transport import DirectChat, Endpoint, Price
from factory.maps.amap.wire import AmapAccount, AmapWire
from factory.maps.kept import KeptAnswers
from factory.records import Message
from factory.sending.addresses import checked_url
from factory.sending.ledger import Ledger
from factory.sending.limits import LocalLimiter, PoolLimits
from tests.factory.bent_teacher import bent, chat_with

KEYS = {
    "DASHSCOPE_API_KEY": "sk-dashscope",
    "DEEPSEEK_API_KEY": "sk-deepseek",
    "OPENAI_API_KEY": "sk-openai",
    "MOONSHOT_API_KEY": "sk-moonshot",
}
REQUEST = ChatRequest("sandbox/teacher-v1", (Message("user", "私密的问题"),), max_tokens=50)
Handler = Callable[[web.Request], Any]


@asynccontextmanager
async def server(handler: Handler) -> AsyncIterator[str]:
    """Any path, any method."""

    async def serve(request: web.Request) -> web.StreamResponse:
        response: web.StreamResponse = handler(request)
        return response

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", serve)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    "model", ["dashscope/qwen3-max", "qwen-plus", "deepseek/deepseek-chat", "openai/gpt-x", "Qwen/Qwen3-8B"]
)
@pytest.mark.parametrize("own", [None, "sk-teacher"])
def test_a_server_of_ones_own_sees_the_teachers_key_or_none_whatever_other_keys_there_are(
    tmp_path: Path, model: str, own: str | None
) -> None:
    async def scene() -> None:
        async with bent() as teacher:
            env = KEYS | {"MAP": "sandbox", "TEACHER": model, "TEACHER_BASE_URL": teacher.base}
            settings = read_settings([], env | ({"TEACHER_API_KEY": own} if own else {}))
            async with chat_with(tmp_path, teacher.base, key=settings.keys.teacher) as (chat, _):
                await chat.ask(REQUEST, CallKey("run", "o", 0))
            assert teacher.headers[0].get("Authorization") == (f"Bearer {own}" if own else None)
            assert not [key for key in KEYS.values() if key in str(teacher.headers)]

    asyncio.run(scene())


def test_every_providers_key_goes_to_its_own_hosts_over_tls_alone() -> None:
    for name, provider in PROVIDERS.items():
        env = {key: f"{key}'s" for key in provider.keys[:1]}
        here, elsewhere = f"{name}/model", "https://elsewhere.example/v1"
        assert key_of(route(here, None), env) == f"{provider.keys[0]}'s"
        assert key_of(route(here, provider.url), env) == f"{provider.keys[0]}'s"
        assert key_of(route(here, elsewhere), env) is None
        assert key_of(route(here, provider.url.replace("https", "http")), env) is None
        assert key_of(route(here, f"https://{provider.hosts[0]}.elsewhere.example/v1"), env) is None
        assert route(here, None).model == route(here, elsewhere).model == "model"
    assert route("Qwen/Qwen3-8B", "http://127.0.0.1:8000/v1").model == "Qwen/Qwen3-8B"
    assert route("hosted_vllm/Qwen/Qwen3-8B", "http://127.0.0.1:8000/v1").model == "Qwen/Qwen3-8B"
    assert route("ollama/qwen3:8b", "http://127.0.0.1:11434/v1").model == "qwen3:8b"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_by_the_teacher_or_the_map_and_is_said(tmp_path: Path, status: int) -> None:
    async def scene() -> None:
        seen: list[str] = []

        def other(request: web.Request) -> web.Response:
            seen.append(f"{request.path_qs} {request.headers}")
            return web.json_response({"status": "1", "choices": [{"message": {"content": "from elsewhere"}}]})

        async with server(other) as far:

            def near(request: web.Request) -> web.Response:
                return web.Response(status=status, headers={"Location": far + request.path_qs})

            async with server(near) as base:
                async with chat_with(tmp_path, f"{base}/v1", key="sk-secret") as (chat, ledger):
                    with pytest.raises(AddressRefused, match=r"redirects to http://127\.0\.0\.1"):
                        await chat.ask(REQUEST, CallKey("run", "o", 0))
                    assert ledger.spent() == (0.0, 0.0)
                account = AmapAccount(base, "amap-key", "amap-secret", 100.0, None, give_up_s=1.0)
                kept = KeptAnswers(tmp_path)
                wire = AmapWire(account, kept, "amap", LocalLimiter({"map": account.limits}))
                with pytest.raises(AddressRefused, match="redirects"):
                    await wire.get("v3/around", {"location": "1,2"})
                await wire.aclose()
        assert seen == []

    asyncio.run(scene())


def test_an_address_without_a_scheme_and_a_half_set_price_are_said_before_anything_is_sent() -> None:
    for text in ("localhost:8000/v1", "127.0.0.1:8000", "ftp://x/v1", "http://", "http:///v1"):
        with pytest.raises(UsageError, match="must begin with http"):
            checked_url("TEACHER_BASE_URL", text)
        with pytest.raises(UsageError, match="TEACHER_BASE_URL"):
            read_settings([], {"MAP": "sandbox", "TEACHER": "openai/x", "TEACHER_BASE_URL": text})
    assert checked_url("TEACHER_BASE_URL", " http://[::1]:8000/v1 ") == "http://[::1]:8000/v1"


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ("{", "must be a JSON object"),
        ("[1]", "must be a JSON object"),
        ('{"messages": []}', "cannot set messages"),
        ('{"max_tokens": null}', "BUDGET cannot be kept"),
        ('{"max_tokens": "many"}', "whole number"),
    ],
)
def test_fields_that_cannot_be_sent_are_refused_before_anything_is(extra: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        read_settings([], {"TEACHER_EXTRA": extra, "BUDGET": "1"})


def test_the_settings_fields_stand_above_ours_and_null_drops_one_and_nothing_says_nothing(tmp_path: Path) -> None:
    async def scene() -> None:
        extra = {"seed": None, "max_tokens": None, "max_completion_tokens": "$max_tokens", "top_k": 20}
        async with bent() as teacher, chat_with(tmp_path, teacher.base) as (chat, _):
            plain = ChatRequest("sandbox/teacher-v1", (Message("user", "你好"),), max_tokens=50, seed=3)
            await chat.ask(plain, CallKey("run", "o", 0))
            shaped = ChatRequest("sandbox/teacher-v1", (Message("user", "你好"),), max_tokens=50, seed=3, extra=extra)
            await chat.ask(shaped, CallKey("run", "o", 0))
            first, second = teacher.asked
            assert set(first) == {"model", "messages", "max_tokens", "temperature", "top_p", "seed"}
            assert second == {
                **{name: value for name, value in first.items() if name not in {"seed", "max_tokens"}},
                "max_completion_tokens": 50,
                "top_k": 20,
            }

    asyncio.run(scene())


def test_the_environments_proxy_is_used_and_no_proxy_is_obeyed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        passed: list[str] = []

        def proxy(request: web.Request) -> web.Response:
            passed.append(str(request.url))
            choice = {"message": {"role": "assistant", "content": "through"}, "finish_reason": "stop"}
            return web.json_response({"choices": [choice], "usage": {"prompt_tokens": 9, "completion_tokens": 9}})

        async with server(proxy) as there, bent() as teacher:
            monkeypatch.setenv("HTTP_PROXY", there)
            monkeypatch.setenv("http_proxy", there)
            for name in ("NO_PROXY", "no_proxy"):
                monkeypatch.setenv(name, "127.0.0.1")
            async with chat_with(tmp_path / "near", teacher.base) as (chat, _):
                await chat.ask(REQUEST, CallKey("run", "o", 0))
            assert (passed, teacher.calls) == ([], 1)
            async with chat_with(tmp_path / "far", "http://teacher.invalid/v1") as (chat, _):
                assert (await chat.ask(REQUEST, CallKey("run", "o", 0))).message.content == "through"
            assert passed == ["http://teacher.invalid/v1/chat/completions"]
            monkeypatch.delenv("NO_PROXY")
            monkeypatch.delenv("no_proxy")
            ours = Endpoint("sandbox", teacher.base, "teacher", Price(0.0, 0.0), is_ours=True)
            ledger = Ledger(tmp_path / "ours", "run", None)
            mine = DirectChat(ours, LocalLimiter({"teacher": PoolLimits()}), ledger, None)
            await mine.ask(REQUEST, CallKey("run", "o", 0))
            await mine.aclose()
            ledger.close()
            assert (len(passed), teacher.calls) == (1, 2)

    asyncio.run(scene())


def test_a_body_beyond_any_answer_is_not_read_to_its_end_and_counts_as_paid(tmp_path: Path) -> None:
    bomb = gzip.compress(b"\0" * 200_000_000, 9)

    async def scene() -> None:
        def bend(_: dict[str, Any], __: int) -> web.Response:
            return web.Response(body=bomb, headers={"Content-Encoding": "gzip"}, content_type="application/json")

        async with bent(bend) as teacher, chat_with(tmp_path, teacher.base, give_up_s=1.0) as (chat, ledger):
            with pytest.raises((OrderFailed, ProviderDown), match="more than 32 MB"):
                await chat.ask(REQUEST, CallKey("run", "o", 0))
            assert ledger.spent()[0] > 0.0

    asyncio.run(scene())


def test_a_server_that_speaks_no_tls_is_said_at_once(tmp_path: Path) -> None:
    async def scene() -> None:
        async with server(lambda _: web.Response()) as base:
            secure = base.replace("http://", "https://")
            async with chat_with(tmp_path, f"{secure}/v1", give_up_s=60.0) as (chat, _):
                with pytest.raises(AddressRefused, match="certificate"):
                    await chat.ask(REQUEST, CallKey("run", "o", 0))

    asyncio.run(scene())


@pytest.mark.parametrize(("model", "key"), [("gpt-4o", "OPENAI_API_KEY"), ("dashscope/qwen-x", "DASHSCOPE_API_KEY")])
def test_a_missing_key_is_named(tmp_path: Path, model: str, key: str) -> None:
    from tests.factory.test_synth import _run  # noqa: PLC0415 - one process each

    done = _run(
        "factory", "synth", tmp_path, MAP="sandbox", TEACHER=model, BUDGET="1", PRICE_IN="1", PRICE_OUT="1", N="1"
    )
    assert done.returncode == 2
    assert key in done.stderr
    assert issubclass(UsageError, ChidianError)
