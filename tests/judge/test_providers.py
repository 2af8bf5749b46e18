"""Every way to a judge gives the same verdict over the wire; names lead where they should; limits of the SDK are lifted."""

from __future__ import annotations

import asyncio
import contextlib
import os
from dataclasses import replace
from pathlib import Path

import pytest

from factory.errors import AccountRefused, KeyRefused, ModelRefused, QuotaExhausted, RunStopped
from factory.llm.endpoint import key_of
from factory.sending.limits import PoolLimits
from factory.settings import read
from judge.asking import messages
from judge.config import settings_of
from judge.estimate import estimate, lines, load_of
from judge.instrument import LEGACY, SHIPPED
from judge.providers import NATIVE_URL, Judge, model_of, pool_limits, price_known, resolve, sandbox_process
from judge.sandbox import MODEL, SECOND_MODEL
from judge.sandbox_judge import Temper, look, scores
from tests.judge.judge_wire import ITEM, KEY, bench, question

LITELLM_STOPS: dict[str, type[RunStopped]] = {
    "invalid_api_key": KeyRefused,
    "arrearage": AccountRefused,
    "free_quota": QuotaExhausted,
    "postpaid_overdue": AccountRefused,
    "model_not_found": ModelRefused,
}


@pytest.mark.parametrize("way", ["direct", "sdk"])
def test_every_way_gives_the_same_verdict_and_counts_tokens_and_money(tmp_path: Path, way: str) -> None:
    async def scene() -> None:
        async with bench(tmp_path, way) as wire:
            outcome = await wire.ask()
            # The simulated judge without noise: all facts right, all there, and the one restaurant that fits.
            assert [value for _, value in outcome.verdicts[0].scores] == [5, 5, 5, 5, 5]
            assert outcome.verdicts[0].total == 10.0
            assert outcome.input_tokens is not None
            assert outcome.output_tokens is not None
            assert outcome.cost_cny == pytest.approx((outcome.input_tokens + 2 * outcome.output_tokens) / 1e6)
            assert outcome.verdicts[0].rationale

    asyncio.run(scene())


@pytest.mark.filterwarnings("ignore")  # litellm's own
def test_litellm_asks_the_same_wire(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    async def scene() -> None:
        async with bench(tmp_path, "litellm", timeout_s=30.0) as wire:
            outcome = await wire.ask()
            assert outcome.scored
            for kind, stop in LITELLM_STOPS.items():
                wire.faults.set({"always": kind})
                with pytest.raises(stop) as refused:
                    await wire.ask(question(1))
                assert type(refused.value) is stop
                assert KEY not in str(refused.value)
            wire.faults.set({"always": "data_inspection"})
            assert (await wire.ask(question(2))).verdicts[0].reason == "moderation"
            wire.faults.set({"next": ["rate_quota"]})
            assert (await wire.ask(question(3))).scored

    asyncio.run(scene())


def test_the_sdk_is_not_held_at_a_hundred_connections(tmp_path: Path) -> None:
    async def scene() -> None:
        limits = PoolLimits(max_in_flight=150, start_in_flight=150)
        async with bench(tmp_path, "sdk", limits=limits) as wire:
            wire.faults.set({"latency_s": 0.3})
            asks = [asyncio.create_task(wire.ask(question(replicate))) for replicate in range(150)]
            most = 0
            while not all(ask.done() for ask in asks):
                await asyncio.sleep(0.01)
                most = max(most, wire.faults.seen - sum(ask.done() for ask in asks))
            assert most > 100

    asyncio.run(scene())


def test_a_name_leads_where_it_should() -> None:
    assert resolve("sandbox", None, "http://x").model == MODEL
    assert resolve("sandbox-2", None, "http://x").model == SECOND_MODEL
    sdk = resolve("dashscope-sdk/qwen-plus", None, None)
    assert (sdk.name, sdk.model, sdk.base_url) == ("dashscope-sdk", "qwen-plus", NATIVE_URL)
    for name in ("qwen-plus", "dashscope/qwen-plus"):
        way = resolve(name, None, None)
        assert way.model == "qwen-plus"
        neutral = {"enable_thinking": False, "presence_penalty": 0.0, "repetition_penalty": 1.0}
        assert dict(way.extra) == neutral
        elsewhere = resolve(name, "http://me/v1", None)
        assert (elsewhere.model, dict(elsewhere.extra).get("presence_penalty")) == ("qwen-plus", None)
    assert resolve("anthropic/claude-x", None, None).base_url is None
    assert model_of("openai/mine") == "mine"  # wherever it is asked: verdicts are looked up by it
    assert resolve("openai/mine", "http://me/v1", None).model == "mine"
    assert model_of("anthropic/some") == "anthropic/some"


def test_the_published_limits_hold_unless_others_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("JUDGE", "JUDGE2", "JUDGE_RPM", "JUDGE_TPM"):
        monkeypatch.delenv(name, raising=False)
    settings = settings_of(read("judge", []))
    assert (settings.second, settings.name) == ("sandbox-2", "judge-sandbox")
    assert pool_limits(settings, "qwen-plus").rpm == 30_000
    other = settings_of(read("judge", ["--judge", "dashscope/qwen-plus", "--rpm", "60", "--in-flight", "10"]))
    assert (other.second, other.name) == (None, "judge-dashscope-qwen-plus")
    assert pool_limits(other, "qwen-plus") == PoolLimits(60.0, 5_000_000, max_in_flight=10, start_in_flight=10)


def test_the_estimate_says_what_binds_and_what_it_costs() -> None:
    load = load_of((question(replicate) for replicate in range(6_000)), "qwen-plus", 0)
    assert load.total == 6_000
    expected = estimate(
        load, PoolLimits(rpm=600, tpm=10_000_000, max_in_flight=200), price_known("qwen-plus"), simulated=False
    )
    assert (expected.binds, expected.time_s) == ("RPM", 600.0)
    assert expected.cost_cny == pytest.approx((0.8 * load.input_tokens + 2 * load.output_tokens) / 1e6)
    assert "set by RPM" in "".join(lines("qwen-plus", expected))
    unknown = estimate(load, PoolLimits(tpm=1_000, max_in_flight=200), None, simulated=False)
    assert (unknown.binds, unknown.cost_cny) == ("TPM", None)


def test_an_endpoint_gets_its_own_key_or_none() -> None:
    env = {"DASHSCOPE_API_KEY": "d", "DEEPSEEK_API_KEY": "s", "JUDGE_API_KEY": "j"}
    local, intl = "http://127.0.0.1:8000/v1", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1"
    prices = {
        (name, url): key_of(resolve(name, url, None), env)
        for name in ("deepseek/deepseek-chat", "moonshot/kimi", "dashscope/qwen-plus", "sandbox")
        for url in (None, local, intl)
    }
    assert prices == {
        ("deepseek/deepseek-chat", None): "s",
        ("moonshot/kimi", None): None,
        ("dashscope/qwen-plus", None): "d",
        **{(name, url): "j" for name in ("deepseek/deepseek-chat", "moonshot/kimi") for url in (local, intl)},
        ("dashscope/qwen-plus", local): "j",
        ("dashscope/qwen-plus", intl): "j",
        **{("sandbox", url): None for url in (None, local, intl)},
    }
    del env["JUDGE_API_KEY"]
    assert key_of(resolve("dashscope/qwen-plus", intl, None), env) == "d"
    assert key_of(resolve("dashscope/qwen-plus", intl.replace("https", "http"), None), env) is None


def test_the_sandbox_ends_with_its_parent_and_gets_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)

    seen: list[bytes] = []

    async def scene() -> None:
        async with sandbox_process(["--noise", "0.2"]) as url:
            assert url.startswith("http://127.0.0.1:")
            seen.extend(await asyncio.to_thread(_environments_of_children))

    asyncio.run(scene())
    assert seen
    assert not any(KEY.encode() in block for block in seen)
    assert not _environments_of_children()


def _environments_of_children() -> list[bytes]:
    """Environments of this process's sandbox judges (Linux)."""
    environs = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if stat.read_text().rpartition(")")[2].split()[1] == str(os.getpid()):
                environs.append(stat.with_name("environ").read_bytes())
    return [environ for environ in environs if environ]


GOOD = "为您找到：\n1. 蜀味轩：地址东街3号，评分4.6，人均78元，距离342米。\n2. 川香阁：评分4.1。\n祝好。"
EVIDENCE = (
    "店名：蜀味轩｜菜系：川菜｜地址：东街3号｜评分：4.6｜人均：78元｜距离：342米｜招牌菜：毛血旺",
    "店名：川香阁｜菜系：川菜｜评分：4.1",
)


def _look(answer: str, asked: str = "附近想吃川菜，500米以内") -> tuple[int, int, int]:
    edited = replace(ITEM, answer=answer, evidence=EVIDENCE, question=asked)
    seen = look(messages(question(item=edited), 0)[1].content)
    return seen.invented, seen.wrong, seen.missed


@pytest.mark.parametrize(
    ("old", "new", "seen"),
    [
        ("", "", (0, 0, 0)),
        ("4.6", "3.1", (0, 1, 0)),
        ("78元", "178元", (0, 1, 0)),
        ("342米", "1.2公里", (0, 1, 0)),
        ("东街3号", "西街9号", (0, 1, 0)),
        ("距离342米", "招牌菜有佛跳墙", (0, 1, 0)),
        ("距离342米", "招牌菜有毛血旺", (0, 0, 0)),
        ("蜀味轩", "不存在的店", (1, 0, 0)),
        ("蜀味轩", "**蜀味轩**", (0, 0, 0)),
    ],
)
def test_the_simulated_judge_sees_planted_errors(old: str, new: str, seen: tuple[int, int, int]) -> None:
    assert _look(GOOD.replace(old, new, 1) if old else GOOD) == seen


def test_the_simulated_judge_errs_as_told_and_alike_for_the_same_question() -> None:
    prompts = [messages(question(replicate), 0)[1].content for replicate in range(200)]
    system = SHIPPED.system(LEGACY)

    def totals(temper: Temper) -> tuple[list[int], list[int]]:
        marks = [scores(system, prompt, 0, temper) for prompt in prompts]
        return [sum(marks_of["data"].values()) for marks_of in marks], [
            sum(marks_of["answer"].values()) for marks_of in marks
        ]

    assert totals(Temper(1.0)) == totals(Temper(1.0))
    calm = totals(Temper(0.0, 0.0, -1.5))
    assert len(set(calm[0])) == len(set(calm[1])) == 1
    data, answer = totals(Temper(0.2, 1.5, -1.5))
    together = sum((a > sum(data) / 200) == (b > sum(answer) / 200) for a, b in zip(data, answer, strict=True))
    assert together > 180  # one call's scores err together
    assert isinstance(Judge("a", "b", None, "c", None).simulated, bool)  # type: ignore[arg-type]  # no chat is asked
