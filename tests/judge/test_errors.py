"""Every row of DashScope's error table, over the wire in both formats: the documented action, and never a number."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from factory.errors import (
    AccountRefused,
    BudgetExhausted,
    ChidianError,
    KeyRefused,
    ModelRefused,
    ParameterRefused,
    QuotaExhausted,
)
from factory.sending import retries
from judge.sandbox_faults import ERRORS, JudgeFaults
from tests.judge.judge_wire import KEY, bench, question

STOPS: dict[str, type[ChidianError]] = {
    "arrearage": AccountRefused,
    "invalid_api_key": KeyRefused,
    "access_denied": AccountRefused,
    "unpurchased": AccountRefused,
    "free_tier_only": QuotaExhausted,
    "free_quota": QuotaExhausted,
    "free_expired": QuotaExhausted,
    "model_not_found": ModelRefused,
    "workspace_not_found": ModelRefused,
    "model_not_supported": ModelRefused,
    "commodity": AccountRefused,
    "prepaid_overdue": AccountRefused,
    "postpaid_overdue": AccountRefused,
}
UNSCORED = dict.fromkeys(("invalid_parameter", "json_word", "algo_parameter", "bad_request"), "bad_request")
WAITS = {"throttling": "rate", "rate_quota": "rate", "token_quota": "tokens"}
SERVER = [name for name, row in ERRORS.items() if row.status >= 500]
WAYS = ("direct", "sdk")


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries follow at once; how long they wait is tested with the transport."""
    monkeypatch.setattr(retries, "FIRST_WAIT_S", 0.0)


def test_this_file_covers_the_whole_table() -> None:
    assert {*STOPS, *UNSCORED, *WAITS, *SERVER, "burst_rate", "data_inspection"} == set(ERRORS)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", STOPS)
def test_what_no_retry_can_mend_stops_the_run_after_one_call(tmp_path: Path, kind: str, way: str) -> None:
    async def scene() -> None:
        async with bench(tmp_path, way) as wire:
            wire.faults.always = kind
            with pytest.raises(STOPS[kind]) as stopped:
                await wire.ask()
            assert type(stopped.value) is STOPS[kind]
            assert wire.faults.seen == 1
            assert KEY not in str(stopped.value)

    asyncio.run(scene())


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", UNSCORED)
def test_a_bad_request_is_never_retried_and_is_the_questions_own_fault_where_others_like_it_are_answered(
    tmp_path: Path, kind: str, way: str
) -> None:
    async def scene() -> None:
        async with bench(tmp_path, way) as wire:
            assert (await wire.ask(question(1))).scored
            wire.faults.always = kind
            [verdict] = (await wire.ask()).verdicts
            assert (verdict.status, verdict.reason, verdict.total) == ("unscored", UNSCORED[kind], None)
            assert wire.faults.seen == 2

    asyncio.run(scene())


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", UNSCORED)
def test_a_bad_request_that_nothing_like_it_was_answered_before_stops_the_run(
    tmp_path: Path, kind: str, way: str
) -> None:
    async def scene() -> None:
        async with bench(tmp_path, way) as wire:
            wire.faults.always = kind
            with pytest.raises(ParameterRefused):
                await wire.ask()
            assert wire.faults.seen == 1

    asyncio.run(scene())


@pytest.mark.parametrize("way", WAYS)
def test_moderation_is_asked_once_more_in_neutral_words_and_then_unscored(tmp_path: Path, way: str) -> None:
    async def scene() -> None:
        async with bench(tmp_path, way) as wire:
            wire.faults.set({"next": ["data_inspection"]})
            assert (await wire.ask()).scored
            wire.faults.set({"always": "data_inspection"})
            [verdict] = (await wire.ask(question(1))).verdicts
            assert (verdict.status, verdict.reason) == ("unscored", "moderation")
            assert wire.faults.seen == 4

    asyncio.run(scene())


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", WAITS)
def test_a_limit_is_waited_for_and_cuts_the_pace(tmp_path: Path, kind: str, way: str) -> None:
    async def scene() -> None:
        async with bench(tmp_path, way) as wire:
            wire.faults.set({"next": [kind], "retry_after_s": 0.01})
            assert (await wire.ask()).scored
            pool = wire.limiter._pools["judge"]
            assert (pool.refusals, pool.ceiling, wire.faults.seen) == (1, 8 * 0.8, 2)

    asyncio.run(scene())


@pytest.mark.parametrize("way", WAYS)
def test_a_steep_ramp_is_waited_out_for_at_least_five_seconds(tmp_path: Path, way: str) -> None:
    async def scene() -> None:
        async with bench(tmp_path, way) as wire:
            wire.faults.set({"next": ["burst_rate"]})
            before = asyncio.get_running_loop().time()
            asking = asyncio.create_task(wire.ask())
            pool = wire.limiter._pools["judge"]
            while not pool.refusals:  # noqa: ASYNC110 - the limiter tells nobody
                await asyncio.sleep(0.001)
            assert pool.blocked_until >= before + 5.0
            assert pool.requests is None  # nothing but the ramp is cut: the ceiling, not the pace
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

    asyncio.run(scene())


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", SERVER)
def test_a_failing_server_is_retried_four_times_and_then_the_question_is_unscored(
    tmp_path: Path, kind: str, way: str
) -> None:
    async def scene() -> None:
        async with bench(tmp_path, way) as wire:
            wire.faults.set({"next": [kind] * 4})
            assert (await wire.ask()).scored
            wire.faults.set({"always": kind})
            [verdict] = (await wire.ask(question(1))).verdicts
            assert (verdict.status, verdict.reason) == ("unscored", "provider_error")
            assert wire.faults.seen == 10

    asyncio.run(scene())


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ["html", "empty", "half_body", "drop"])
def test_broken_wires_are_tried_again(tmp_path: Path, kind: str, way: str) -> None:
    async def scene() -> None:
        async with bench(tmp_path, way) as wire:
            wire.faults.set({"next": [kind]})
            assert (await wire.ask()).scored
            assert wire.faults.seen == 2

    asyncio.run(scene())


@pytest.mark.parametrize("way", WAYS)
def test_a_server_that_hangs_is_left_and_the_question_unscored(tmp_path: Path, way: str) -> None:
    async def scene() -> None:
        async with bench(tmp_path, way, timeout_s=0.05) as wire:
            wire.faults.set({"always": "hang", "hang_s": 0.2})
            [verdict] = (await wire.ask()).verdicts
            assert (verdict.status, verdict.reason) == ("unscored", "timeout")

    asyncio.run(scene())


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("kind", "calls", "reason"),
    [
        ("length", 1, "cut_off"),
        ("content_filter", 1, "moderation"),
        ("null", 1, "cannot_judge"),
        ("garbage", 2, "no_json"),
        ("off_scale", 2, "off_scale"),
        ("prose", 1, ""),
        ("fenced", 1, ""),
        ("trailing_comma", 1, ""),
        ("no_usage", 1, ""),
    ],
)
def test_odd_answers_are_read_asked_for_again_or_unscored(
    tmp_path: Path, kind: str, calls: int, reason: str, way: str
) -> None:
    async def scene() -> None:
        async with bench(tmp_path, way) as wire:
            wire.faults.set({"always": kind})
            [verdict] = (await wire.ask()).verdicts
            assert verdict.reason == reason
            assert (verdict.total is None) == bool(reason)
            assert wire.faults.seen == calls
            if reason:  # what failed is not replayed by a later run
                wire.faults.set({})
                assert (await wire.ask(question(failures=1))).scored

    asyncio.run(scene())


@pytest.mark.parametrize("way", WAYS)
def test_asked_again_for_json_only_a_judge_may_mend_its_answer(tmp_path: Path, way: str) -> None:
    async def scene() -> None:
        async with bench(tmp_path, way) as wire:
            wire.faults.set({"next": ["garbage"]})
            outcome = await wire.ask()
            assert outcome.scored
            assert wire.faults.seen == 2
            assert outcome.input_tokens is not None
            assert outcome.input_tokens > 900  # both calls are counted

    asyncio.run(scene())


def test_the_money_cap_holds_and_a_kept_answer_is_free(tmp_path: Path) -> None:
    async def scene() -> None:
        async with bench(tmp_path, budget_cny=0.025) as wire:
            first = await wire.ask()
            assert first.scored
            again = await wire.ask()
            assert again.replayed
            assert again.verdicts == first.verdicts
            assert wire.faults.seen == 1
            asks = (wire.ask(question(replicate)) for replicate in range(1, 20))
            rest = await asyncio.gather(*asks, return_exceptions=True)
            assert any(isinstance(outcome, BudgetExhausted) for outcome in rest)
            assert not [
                outcome
                for outcome in rest
                if isinstance(outcome, Exception) and not isinstance(outcome, BudgetExhausted)
            ]
            assert sum(wire.ledger.spent()) <= 0.025

    asyncio.run(scene())


def test_replicates_never_share_an_answer(tmp_path: Path) -> None:
    async def scene() -> None:
        async with bench(tmp_path) as wire:
            outcomes = [await wire.ask(question(replicate)) for replicate in range(3)]
            assert len({outcome.request_id for outcome in outcomes}) == 3
            assert wire.faults.seen == 3

    asyncio.run(scene())


def test_fault_knobs_that_do_not_exist_are_refused() -> None:
    for wrong in ({"next": ["no_such"]}, {"shares": {"drop": 0.6, "html": 0.6}}, {"speed": 1}):
        with pytest.raises(ChidianError):
            JudgeFaults().set(wrong)
