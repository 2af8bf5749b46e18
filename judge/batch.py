"""``python -m judge batch write|read``: questions as files for the provider's Batch API (half the price), and answers back.

The file form is OpenAI's (``custom_id``, ``body``); uploading is left to the console or ``curl``, which need no code of ours.
Answers that are read back are kept raw in the ledger under the same keys as live ones, then parsed and committed alike.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from factory.commit.store import open_store
from factory.commit.working_folder import local_out
from factory.errors import OrderFailed, ParameterRefused, UsageError
from factory.llm.answers import (
    UnreadableAnswerError,
    body_of,
    decode,
    most_input_tokens,
    most_output_tokens,
    read,
)
from factory.llm.answers import call_key as name_of
from factory.llm.refusals import read_refusal, to_error
from factory.llm.transport import Price
from factory.llm.usage import Usage, cost_of, usage_of
from factory.run.refresh import Refresher
from factory.sending.call_book import Reservation
from factory.sending.ledger import Ledger
from factory.sending.limits import LocalLimiter
from factory.settings import Values, of_warehouse
from factory.shown_text import print_line
from judge.asking import Ask, mark_of, request
from judge.breaker import Breaker
from judge.config import JudgeSettings, settings_of
from judge.engine import Engine
from judge.in_force import put_in_force, rows
from judge.parsing import Verdict, read_verdict, unscored
from judge.providers import model_of, price_known, resolve
from judge.run import Work, prepare
from judge.verdicts import BASE, Outcome, call_key

MOST_LINES, MOST_BYTES = 50_000, 500_000_000
"""Of one file, by the vendor's page (reference/judge.md 2.7)."""
PRICE_SHARE = 0.5
URL = "/v1/chat/completions"


@dataclass(frozen=True, slots=True)
class BatchLine:
    """One question as a line; ``name`` is its custom_id and its key in the ledger."""

    name: str
    ask: Ask
    body: dict[str, Any]

    def packed(self) -> bytes:
        """The JSONL line with its end."""
        return orjson.dumps({"custom_id": self.name, "method": "POST", "url": URL, "body": self.body}) + b"\n"


def batch_lines(settings: JudgeSettings, asks: Iterable[Ask]) -> Iterator[BatchLine]:
    """The questions in order; a batch body does not name streaming."""
    way = resolve(settings.judge, None, None)
    for ask in asks:
        body = body_of(request(ask, way.model, settings.seed, dict(way.extra) | dict(settings.wire.extra)))
        name = name_of(way.name, orjson.dumps(body), call_key(ask, settings.name, BASE))
        yield BatchLine(name, ask, {key: value for key, value in body.items() if key != "stream"})


def write_files(out: Path, lines: Iterable[BatchLine]) -> list[tuple[Path, int]]:
    """Files within the vendor's limits; returns each with its number of lines."""
    out.mkdir(parents=True, exist_ok=True)
    written: list[tuple[Path, int]] = []
    count = size = MOST_BYTES  # the first line opens the first file
    file = None
    try:
        for line in lines:
            packed = line.packed()
            if count >= MOST_LINES or size + len(packed) > MOST_BYTES:
                if file is not None:
                    file.close()
                written.append((out / f"questions-{len(written):03d}.jsonl", 0))
                file = written[-1][0].open("wb")
                count = size = 0
            if file is None:
                raise AssertionError  # the first line opened one
            file.write(packed)
            count, size = count + 1, size + len(packed)
            written[-1] = (written[-1][0], count)
    finally:
        if file is not None:
            file.close()
    return written


@dataclass(frozen=True, slots=True)
class Answered:
    """One line that came back: a completion's body, or the error row that stands for it."""

    name: str
    status: int
    body: bytes


def read_lines(path: Path) -> Iterator[Answered]:
    """Output and error files have one form. Raises UsageError on a line that has not."""
    with path.open("rb") as file:
        for number, raw in enumerate(file, 1):
            if not raw.strip():
                continue
            try:
                row = orjson.loads(raw)
                response, error = row.get("response") or {}, row.get("error")
                body = response.get("body") if not error else {"error": error}
                status = int(response.get("status_code") or (400 if error else 200))
                yield Answered(str(row["custom_id"]), status, orjson.dumps(body))
            except (orjson.JSONDecodeError, KeyError, AttributeError, TypeError, ValueError) as problem:
                raise UsageError(
                    f"{path}, line {number} is no batch answer: give the output and error files as downloaded."
                ) from problem


async def outcome_of(
    ledger: Ledger, line: BatchLine, answer: Answered, settings: JudgeSettings, price: Price | None
) -> Outcome:
    """Keep the raw answer, then read it."""
    model, ask = model_of(settings.judge), line.ask
    if answer.status != 200:
        verdicts = _refused(answer, model, len(ask.rubrics))
        return Outcome(ask, verdicts, model, None, None, None, None, replayed=False)
    kept = await ledger.replay(line.name)
    usage = usage_of(decode(answer.body))
    split = usage if usage is not None and usage.split else None
    tokens_in, tokens_out = (split.input_tokens, split.output_tokens) if split else (None, None)
    cost = _cost(line, usage, price)
    if kept is None:
        key = call_key(ask, settings.name, BASE)
        number = await ledger.reserve(Reservation(line.name, key.order_id, key.step, key.purpose, model, cost))
        await ledger.keep(
            line.name,
            number,
            raw=answer.body,
            input_tokens=tokens_in,
            output_tokens=tokens_out,
            cost_cny=cost,
            worst_cny=cost,
            refusals=0,
            latency_s=0.0,
        )
    try:
        parsed = read(decode(kept.raw if kept else answer.body))
    except UnreadableAnswerError:
        return Outcome(
            ask, tuple(unscored("unreadable") for _ in ask.rubrics), model, None, None, cost, None, replayed=False
        )
    mark, alone = mark_of(ask, settings.seed), len(ask.rubrics) == 1
    verdicts = tuple(
        read_verdict(parsed.message.content, parsed.finish_reason, ask.rubric(name), mark, None if alone else name)
        for name in ask.rubrics
    )
    return Outcome(ask, verdicts, model, tokens_in, tokens_out, cost, parsed.request_id, replayed=kept is not None)


def _cost(line: BatchLine, usage: Usage | None, price: Price | None) -> float | None:
    """What the provider says, or where it says nothing that can be true the most that the line allows."""
    if price is None:
        return None
    if usage is not None:
        return cost_of(usage, price, asked_chars=0) * PRICE_SHARE
    return price.cost(most_input_tokens(len(line.packed())), most_output_tokens(line.body) or 0) * PRICE_SHARE


def _refused(answer: Answered, model: str, rubrics: int) -> tuple[Verdict, ...]:
    error = to_error(read_refusal(answer.status, answer.body, None), service="batch", model=model, setting="JUDGE")
    reason = error.reason if isinstance(error, (OrderFailed, ParameterRefused)) else "provider_error"
    return tuple(unscored(reason, str(error)) for _ in range(rubrics))


def main(values: Values) -> int:
    """``chidian batch write`` (files to OUT) or ``batch read FILE...``. Raises ChidianError."""
    settings = replace(settings_of(values), second=None)
    word, *files = values.rest or ("",)
    if word == "write" and not files:
        return asyncio.run(_write(settings, local_out(values[of_warehouse.OUT] or Path("batch"), "batch")))
    if word != "read" or not files:
        raise UsageError("Say which: chidian batch write, or chidian batch read FILE... with the files that came back.")
    return asyncio.run(_read(settings, [Path(name) for name in files]))


async def _write(settings: JudgeSettings, out: Path) -> int:
    work = await prepare(settings)
    written = await asyncio.to_thread(write_files, out, batch_lines(settings, (ask for _, ask in work.interleaved())))
    for path, count in written:
        print_line(f"{path}: {count} questions", sys.stdout)
    if not written:
        sys.stdout.write("Nothing to ask: every question has its verdict.\n")
    return 0


async def _read(settings: JudgeSettings, files: Sequence[Path]) -> int:
    ledger = Ledger(settings.data, settings.name, settings.budget_cny)
    try:
        work = await prepare(settings)
        engine = await _take(settings, ledger, work, files)
    finally:
        ledger.close()
    await Refresher(settings.data).refresh()
    tally = engine.tally
    why = ", ".join(f"{reason} {count}" for reason, count in tally.unscored.most_common())
    print_line(
        f"{tally.asked} answers taken, {tally.scored} scored" + (f", unscored: {why}" if why else ""), sys.stdout
    )
    return 0


async def _take(settings: JudgeSettings, ledger: Ledger, work: Work, files: Sequence[Path]) -> Engine:
    waiting = {line.name: line for line in batch_lines(settings, (ask for _, ask in work.interleaved()))}
    price = price_known(resolve(settings.judge, None, None).model, settings.wire.price)
    outcomes: list[Outcome] = []
    for path in files:
        if not path.exists():
            raise UsageError(f"There is no file {path}.")
        for answer in read_lines(path):
            line = waiting.pop(answer.name, None)  # of another plan, or judged since: not counted twice
            if line is not None:
                outcomes.append(await outcome_of(ledger, line, answer, settings, price))
    standing = rows(model_of(settings.judge), settings.instrument)
    put_in_force(open_store(settings.data), settings.data, settings.name, standing)
    engine = Engine(
        open_store(settings.data), settings.name, settings.seed, 0, settings.unit, Breaker(LocalLimiter({}))
    )
    await engine.commit_all(outcomes)
    return engine
