"""The judge's wire: answers in every shape that a server sends get their scores, refusals stop the run and leave no verdict."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from judge.breaker import Breaker
from judge.providers import Judge
from judge.sandbox import MODEL, Desk, make_app
from judge.sandbox_faults import JudgeFaults
from judge.verdicts import Outcome, judge_one
from tests.factory.bent_teacher import PRICE, Bend, Check, Teacher, bent, chat_with
from tests.factory.test_answer_shapes import READ, UNREAD
from tests.factory.test_refusal_kinds import STOPS, always
from tests.judge.judge_wire import EXACT, question

SHAPES = [kind for kind in READ if not kind.startswith(("arguments", "samples", "names", "ids", "calls"))]
PATH = "/compatible-mode/v1"


@asynccontextmanager
async def judged(
    data: Path, bend: Bend = lambda answer, _: answer, check: Check = lambda _: None
) -> AsyncIterator[tuple[Judge, Teacher]]:
    """A judge whose answers are bent."""
    app = make_app(Desk({MODEL: EXACT}, JudgeFaults(), frozenset()))
    async with bent(bend, check, app, PATH) as there, chat_with(data, there.base, give_up_s=20.0) as (chat, _):
        yield Judge("sandbox", MODEL, chat, "teacher", PRICE), there


def _scored(outcome: Outcome) -> float | None:
    return outcome.verdicts[0].total


@pytest.mark.parametrize("kind", SHAPES)
def test_every_shape_gets_the_scores_that_the_plain_one_gets(tmp_path: Path, kind: str) -> None:
    async def scene() -> None:
        async with judged(tmp_path / "plain") as (judge, _):
            plain = await judge_one(judge, "run", question(), 0, 0)
        async with judged(tmp_path / "bent", READ[kind]) as (judge, there):
            outcome = await judge_one(judge, "run", question(), 0, 0)
            if kind.startswith("content: ") and "thought" not in kind and kind != "content: parts":
                assert outcome.verdicts[0].status == "unscored"  # another text: no verdict, and no crash
            else:
                assert outcome.scored
                assert _scored(outcome) == _scored(plain)
                assert there.calls == 1

    asyncio.run(scene())


@pytest.mark.parametrize("kind", UNREAD)
def test_what_is_no_answer_is_asked_again_and_scored(tmp_path: Path, kind: str) -> None:
    async def scene() -> None:
        async with judged(tmp_path, lambda answer, number: UNREAD[kind](answer, number) if number == 1 else answer) as (
            judge,
            there,
        ):
            assert (await judge_one(judge, "run", question(), 0, 0)).scored
            assert there.calls == 2

    asyncio.run(scene())


@pytest.mark.parametrize("kind", STOPS)
def test_what_the_user_must_mend_stops_the_judging_and_leaves_no_verdict(tmp_path: Path, kind: str) -> None:
    status, body, expected, words = STOPS[kind]

    async def scene() -> None:
        async with judged(tmp_path, check=always(status, body)) as (judge, there):
            with pytest.raises(expected) as refused:
                await judge_one(judge, "run", question(), 0, 0)
            assert words in str(refused.value)
            assert there.calls == 1

    asyncio.run(scene())


def test_breaking_a_limiter_gives_its_slots_back(tmp_path: Path) -> None:
    async def scene() -> None:
        async with judged(tmp_path) as (judge, _):
            assert isinstance(judge, Judge)
            limiter = judge.chat._limiter  # type: ignore[attr-defined]
            breaker = Breaker(limiter)
            (await breaker.lease("teacher")).release()
            assert limiter.state()[0].in_flight == 0

    asyncio.run(scene())
