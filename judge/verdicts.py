"""One question, asked until there is a verdict or a reason why there is none; and the rows that this makes.

Asking again is bounded: once for an answer that cannot be read, once in neutral words after the provider's moderation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from factory.commit.schema import table
from factory.errors import OrderFailed
from factory.llm.chat import CallKey, ChatAnswer
from judge.asking import Ask, Pair, mark_of, request
from judge.parsing import UNREADABLE, Verdict, read_choice, read_verdict, unscored
from judge.providers import Judge

STEPS = 4
"""Calls that one run may make for one question get steps of their own, so that a later run never replays a failed one."""
BASE, REASK, NEUTRAL = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one question gave: a verdict a rubric, and what it cost."""

    ask: Ask
    verdicts: tuple[Verdict, ...]
    model: str
    input_tokens: int | None
    output_tokens: int | None
    cost_cny: float | None
    request_id: str | None
    replayed: bool

    @property
    def scored(self) -> bool:
        """Whether every rubric has its numbers."""
        return all(verdict.status == "scored" for verdict in self.verdicts)


def call_key(ask: Ask, run: str, step: int) -> CallKey:
    """Whose call this is: replicates and later runs never share a kept answer."""
    return CallKey(run, ask.item.item_id, ask.failures * STEPS + step, ask.replicate, f"{ask.design} {ask.prompt}")


def read(ask: Ask, answer: ChatAnswer, seed: int) -> tuple[Verdict, ...]:
    """The verdicts of one answer, one a rubric."""
    text, mark, alone = answer.message.content, mark_of(ask, seed), len(ask.rubrics) == 1
    if ask.pair is not None:
        return (read_choice(text, answer.finish_reason, mark),)
    return tuple(
        read_verdict(text, answer.finish_reason, ask.rubric(role), mark, None if alone else role)
        for role in ask.rubrics
    )


async def judge_one(judge: Judge, run: str, ask: Ask, seed: int, priority: int) -> Outcome:
    """Raises RunStopped and its kin; everything that concerns this question alone becomes a reason."""
    answers: list[ChatAnswer] = []

    async def call(step: int, *, again: tuple[str, str] | None = None, neutral: bool = False) -> tuple[Verdict, ...]:
        asked = request(ask, judge.model, seed, judge.extra, again=again, neutral_words=neutral)
        answer = await judge.chat.ask(asked, call_key(ask, run, step), priority=priority)
        answers.append(answer)
        return read(ask, answer, seed)

    moderated = False
    try:
        try:
            verdicts = await call(BASE)
        except OrderFailed as error:
            if error.reason != "moderation":
                raise
            moderated = True
            verdicts = await call(NEUTRAL, neutral=True)
        wrong = next((verdict.reason for verdict in verdicts if verdict.reason in UNREADABLE), None)
        if wrong is not None:
            verdicts = await call(REASK, again=(answers[-1].message.content, wrong), neutral=moderated)
    except OrderFailed as error:
        verdicts = tuple(unscored(error.reason, str(error)) for _ in ask.rubrics)
    return Outcome(
        ask,
        verdicts,
        judge.stands_as,
        _sum([answer.input_tokens for answer in answers]),
        _sum([answer.output_tokens for answer in answers]),
        sum(costs) if (costs := [a.record.cost_cny for a in answers if a.record.cost_cny is not None]) else None,
        answers[-1].request_id if answers else None,
        bool(answers) and all(answer.record.replayed for answer in answers),
    )


def _sum(numbers: list[int | None]) -> int | None:
    given = [number for number in numbers if number is not None]
    return sum(given) if given and len(given) == len(numbers) else None


def tables(outcomes: Sequence[Outcome]) -> dict[str, pa.Table]:
    """The shards of a unit: verdicts, and pairs where two answers were compared."""
    made = {
        "verdicts": [row for outcome in outcomes if outcome.ask.pair is None for row in rows(outcome)],
        "pairs": [pair_row(outcome, outcome.ask.pair) for outcome in outcomes if outcome.ask.pair is not None],
    }
    return {kind: table(kind, rows) for kind, rows in made.items() if rows}


def pair_row(outcome: Outcome, pair: Pair) -> dict[str, Any]:
    """One comparison as the pairs view has it."""
    [verdict] = outcome.verdicts
    ask = outcome.ask
    return {
        "left_id": pair.left.item_id,
        "right_id": pair.right.item_id,
        "left_arm": pair.left.arm,
        "right_arm": pair.right.arm,
        "sample_id": pair.left.sample_id,
        "run_id": pair.left.run_id,
        "first_shown": pair.first_shown,
        "rubric": ask.prompt,
        "replicate": ask.replicate,
        "judge": outcome.model,
        "outcome": pair.outcome(verdict.choice),
        "status": verdict.status,
        "reason": verdict.reason,
        "rationale": verdict.rationale,
        "left_chars": len(pair.left.answer),
        "right_chars": len(pair.right.answer),
        "rubric_hash": ask.instrument.digest(ask.prompt),
        "evidence_hash": pair.left.evidence_hash,
        "input_tokens": outcome.input_tokens,
        "output_tokens": outcome.output_tokens,
        "cost_cny": outcome.cost_cny,
        "request_id": outcome.request_id,
        "created_at": datetime.now(UTC),
    }


def rows(outcome: Outcome) -> list[dict[str, Any]]:
    """One row a rubric; tokens and cost stand on the first."""
    item, ask = outcome.ask.item, outcome.ask
    return [
        {
            "item_id": item.item_id,
            "item_kind": item.kind,
            "run_id": item.run_id,
            "arm": item.arm,
            "design": ask.design,
            "rubric": rubric,
            "replicate": ask.replicate,
            "judge": outcome.model,
            "scores": list(verdict.scores),
            "total": verdict.total,
            "status": verdict.status,
            "reason": verdict.reason,
            "evidence_hash": item.evidence_hash,
            "input_tokens": outcome.input_tokens if place == 0 else None,
            "output_tokens": outcome.output_tokens if place == 0 else None,
            "cost_cny": outcome.cost_cny if place == 0 else None,
            "request_id": outcome.request_id,
            "created_at": datetime.now(UTC),
            "sample_id": item.sample_id,
            "rationale": verdict.rationale,
            "rubric_hash": ask.instrument.digest(ask.prompt),
        }
        for place, (rubric, verdict) in enumerate(zip(ask.rubrics, outcome.verdicts, strict=True))
    ]
