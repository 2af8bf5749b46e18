"""Batch files: within the vendor's limits, read back in any order, once, with failures as reasons."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from factory.errors import UsageError
from factory.sending.ledger import Ledger
from factory.settings import read
from judge import batch
from judge.asking import Ask
from judge.batch import Answered, BatchLine, batch_lines, outcome_of, read_lines, write_files
from judge.config import JudgeSettings, settings_of
from judge.providers import price_known
from judge.sandbox import tokens_of, words
from judge.sandbox_judge import Temper
from tests.judge.judge_wire import question


def settings(data: Path) -> JudgeSettings:
    return replace(settings_of(read("judge", ["--data", str(data), "--judge", "dashscope/qwen-plus"])), second=None)


def lines(data: Path, count: int) -> list[BatchLine]:
    return list(batch_lines(settings(data), (question(replicate) for replicate in range(count))))


def test_files_keep_to_the_limits_and_hold_every_question_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "MOST_LINES", 4)
    made = lines(tmp_path, 10)
    written = write_files(tmp_path / "out", iter(made))
    assert [count for _, count in written] == [4, 4, 2]
    rows = [orjson.loads(row) for path, _ in written for row in path.read_bytes().splitlines()]
    assert [row["custom_id"] for row in rows] == [line.name for line in made]
    assert len({row["custom_id"] for row in rows}) == 10
    assert all(row["method"] == "POST" and row["url"] == "/v1/chat/completions" for row in rows)
    body = rows[0]["body"]
    assert (body["model"], body["enable_thinking"], body["presence_penalty"]) == ("qwen-plus", False, 0.0)
    assert "stream" not in body
    assert write_files(tmp_path / "none", iter([])) == []


def completed(line: BatchLine, fault: str = "") -> bytes:
    text, finish = words(line.body, Temper(0.0), fault)
    usage = {"prompt_tokens": tokens_of(line.body), "completion_tokens": 60}
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text}}
    body = {"id": "b-" + line.name[:6], "model": "qwen-plus", "choices": [choice], "usage": usage}
    return orjson.dumps({"custom_id": line.name, "response": {"status_code": 200, "body": body}, "error": None})


def failed(line: BatchLine, code: str) -> bytes:
    body = {"error": {"code": code, "message": "no"}}
    return orjson.dumps({"custom_id": line.name, "response": {"status_code": 400, "body": body}, "error": None})


def test_answers_come_back_kept_raw_at_half_the_price_and_failures_as_reasons(tmp_path: Path) -> None:
    made = lines(tmp_path, 4)
    file = tmp_path / "output.jsonl"
    rows = (
        completed(made[2]),
        failed(made[1], "data_inspection_failed"),
        completed(made[0], "length"),
        completed(made[3]),
    )
    file.write_bytes(b"\n".join(rows) + b"\n\n")
    named = {line.name: line for line in made}
    price = price_known("qwen-plus")
    assert price is not None

    async def scene() -> None:
        ledger = Ledger(tmp_path / "data", "run", None)
        outcomes = {}
        for answer in read_lines(file):
            line = named[answer.name]
            outcomes[answer.name] = await outcome_of(ledger, line, answer, settings(tmp_path), price)
        [good] = outcomes[made[2].name].verdicts
        assert (good.status, good.total) == ("scored", 10.0)
        assert outcomes[made[1].name].verdicts[0].reason == "moderation"
        assert outcomes[made[0].name].verdicts[0].reason == "cut_off"
        outcome = outcomes[made[2].name]
        assert outcome.cost_cny == pytest.approx(price.cost(outcome.input_tokens or 0, 60) / 2)
        again = await outcome_of(ledger, made[2], Answered(made[2].name, 200, b"{}"), settings(tmp_path), price)
        assert again.replayed
        assert again.verdicts == outcome.verdicts
        assert ledger.spent()[0] == pytest.approx(sum(outcome.cost_cny or 0.0 for outcome in outcomes.values()))
        ledger.close()

    asyncio.run(scene())


def test_a_file_of_another_kind_is_one_sentence(tmp_path: Path) -> None:
    for text in ("<html>", "[1, 2]", '{"id": 3}'):
        file = tmp_path / "wrong.jsonl"
        file.write_text(text)
        with pytest.raises(UsageError, match="line 1"):
            list(read_lines(file))


def test_a_retried_question_gets_a_name_of_its_own(tmp_path: Path) -> None:
    def name(ask: Ask) -> str:
        return next(iter(batch_lines(settings(tmp_path), [ask]))).name

    assert name(question()) != name(question(failures=1))
