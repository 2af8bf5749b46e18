"""``chidian complete FROM=SOURCE``: answers of any origin beside the student's, measured alike. No torch is needed.

Sources: ``copy`` and ``random`` (baselines.py); ``teacher`` (the verified answers of the data itself); ``file:ANSWERS.jsonl``
(a line each: sample_id and answer); ``program:COMMAND`` (a JSON line a question on its input, a JSON line an answer on its
output); ``model:ID`` (an endpoint, asked through the factory's transport under BUDGET).
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from importlib import resources
from pathlib import Path
from typing import Final

import orjson

from factory.commit.store import Store, open_store
from factory.errors import UsageError
from factory.llm.endpoint import keys_in
from factory.run.refresh import Refresher
from factory.settings import Values, of_factory, of_train
from factory.shown_text import print_line
from train.answering import TRAIN_SAMPLE, Author, Generated, StudentQuestion, commit, done, questions
from train.baselines import PROGRAMS
from train.measuring import Grounds, open_data
from train.summary import print_summary

TEACHER: Final = "teacher"
ALONE: Final = frozenset({*PROGRAMS, TEACHER})
"""Sources that need no more than their word; they answer the open questions."""
UNIT: Final = 64
"""Answers a commit."""
_VERIFIED = "select sample_id, answer from samples where sample_id in (select unnest(?::varchar[]))"


@dataclass(frozen=True, slots=True)
class Brought:
    """What was asked for. ``source`` is FROM's value; ``max_tokens`` and what stands below it are an endpoint's."""

    data: Path
    source: str
    arm: str
    mode: str
    limit: int | None
    train_sample: int
    run: str | None
    max_tokens: int = 1_200
    budget_cny: float | None = None
    yes: bool = False
    base_url: str | None = None
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What there is, by the variable's name"""

    @property
    def kind(self) -> str:
        """The word before the colon."""
        return self.source.partition(":")[0]

    @property
    def rest(self) -> str:
        """What stands behind it."""
        return self.source.partition(":")[2]


def brought_of(values: Values) -> Brought:
    """From the command's values. Raises UsageError where they do not go together."""
    source = values[of_train.FROM] or ""
    kind, _, rest = source.partition(":")
    if not (source in ALONE or (kind in {"file", "program", "model"} and rest)):
        raise UsageError(f"FROM must be {of_train.FROM.kind.words}, not {source!r}.")
    arm = values[of_train.ARM] or (kind if kind in ALONE else "")
    if not arm:
        raise UsageError(f"FROM={source} needs ARM=: the word under which its answers stand.")
    # What names restaurants out of the evidence has seen it.
    mode = "open" if kind in ALONE else values[of_train.MODE]
    return Brought(
        values[of_factory.DATA],
        source,
        arm,
        mode,
        values[of_train.LIMIT],
        0 if values[of_train.HELD_OUT] else TRAIN_SAMPLE,
        values[of_factory.RUN],
        values[of_train.COMPLETE_MAX_TOKENS],
        values[of_factory.BUDGET],
        values[of_factory.YES],
        values[of_train.COMPLETE_BASE_URL],
        keys_in(os.environ, of_train.COMPLETE_API_KEY.name),
    )


def bring(brought: Brought) -> int:
    """Answer what this author has not answered yet; returns how many are new. Raises UsageError, DiskTrouble, RunStopped."""
    author, new = answer(brought)
    asyncio.run(Refresher(brought.data).refresh())
    print_summary(brought.data, author.name, author.identity)
    return new


def answer(brought: Brought) -> tuple[Author, int]:
    """The same without a refresh and without a table: the author, and how many answers are new."""
    asked = questions(brought.data, brought.mode, brought.train_sample, brought.limit, brought.run)
    if not asked:
        raise UsageError(f"{brought.data} holds no questions for MODE={brought.mode}: run `make synth` first.")
    author = author_of(brought)
    store = open_store(brought.data)
    answered = done(store, author)
    new = asyncio.run(
        _bring(brought, author, store, [question for question in asked if question.sample_id not in answered])
    )
    print_line(
        f"{author.name} · {author.arm} · {author.mode}: {len(done(store, author))}/{len(asked)} questions answered"
    )
    return author, new


async def _bring(brought: Brought, author: Author, store: Store, missing: Sequence[StudentQuestion]) -> int:
    new = 0
    with Grounds(brought.data) as grounds:
        for start in range(0, len(missing), UNIT):
            part = missing[start : start + UNIT]
            answers = await _answers(brought, part)
            paired = [(question, answers[question.sample_id]) for question in part if question.sample_id in answers]
            if paired:
                new += commit(store, author, grounds, paired)
            if lacking := len(part) - len(paired):
                print_line(
                    f"{brought.source}: {lacking} of {len(part)} questions have no answer there; they are left out."
                )
    return new


async def _answers(brought: Brought, asked: Sequence[StudentQuestion]) -> dict[str, Generated]:
    """By sample_id."""
    if brought.kind in PROGRAMS:
        program = PROGRAMS[brought.kind]
        return {
            question.sample_id: Generated(program(question.messages[-1]["content"], question.sample_id), ended=True)
            for question in asked
        }
    if brought.kind == TEACHER:
        with open_data(brought.data) as connection:
            rows = connection.execute(_VERIFIED, [[question.sample_id for question in asked]]).fetchall()
        return {sample: Generated(answer, ended=True) for sample, answer in rows}
    if brought.kind == "file":
        return read_answers(await asyncio.to_thread(Path(brought.rest).read_bytes), brought.rest)
    if brought.kind == "program":
        return await _of_program(brought.rest, asked)
    from train.endpoint import ask_endpoint  # noqa: PLC0415 - opens the ledger and the transport

    return await ask_endpoint(brought, asked)


def read_answers(text: bytes, where: str) -> dict[str, Generated]:
    """JSON lines with ``sample_id`` and ``answer`` (``finish_reason`` length: it did not end). Raises UsageError by line."""
    answers: dict[str, Generated] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = orjson.loads(line)
            sample, answer = row["sample_id"], row["answer"]
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise UsageError(f"{where}, line {number}: a line is a JSON object with sample_id and answer.") from error
        if not isinstance(sample, str) or not isinstance(answer, str):
            raise UsageError(f"{where}, line {number}: sample_id and answer are texts.")
        if sample in answers and answers[sample].text != answer:
            raise UsageError(f"{where}, line {number}: {sample} is answered twice, and differently.")
        answers[sample] = Generated(answer, ended=row.get("finish_reason") != "length")
    return answers


async def _of_program(command: str, asked: Sequence[StudentQuestion]) -> dict[str, Generated]:
    """One run of the program over a batch of questions. Raises UsageError with the end of what it said."""
    lines = [
        orjson.dumps({"sample_id": question.sample_id, "question": question.question, "messages": question.messages})
        for question in asked
    ]
    child = await asyncio.create_subprocess_shell(
        command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    stdout, stderr = await child.communicate(b"\n".join(lines) + b"\n")
    if child.returncode != 0:
        tail = stderr.decode(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
        raise UsageError(f"program:{command} ended with status {child.returncode}: {tail[0]}")
    return read_answers(stdout, f"program:{command}")


def author_of(brought: Brought) -> Author:
    """Named by content: a program, a file or a prompt that changes is another author. Raises UsageError."""
    name = {"file": Path(brought.rest).stem, "program": brought.arm, "model": brought.rest}.get(
        brought.kind, brought.kind
    )
    digest = blake2b(repr((brought.source, brought.mode)).encode(), digest_size=6)
    if brought.kind in PROGRAMS:
        digest.update(resources.files("train").joinpath("baselines.py").read_bytes())
    for word in brought.rest.split() if brought.kind == "program" else [brought.rest] if brought.kind == "file" else []:
        if (path := Path(word)).is_file():
            digest.update(path.read_bytes())
        elif brought.kind == "file":
            raise UsageError(f"There is no file {word}.")
    if brought.kind == "model":
        digest.update((brought.base_url or "").encode())
    return Author(re.sub(r"[^\w.]+", "-", name) or brought.arm, digest.hexdigest(), brought.arm, brought.mode)


def main(values: Values) -> int:
    """``chidian complete``: a checkpoint's answers, or those that FROM brings. Raises UsageError, DiskTrouble, RunStopped."""
    if values[of_train.FROM] is None:
        from train.completing import main as complete  # noqa: PLC0415 - torch takes seconds to import

        return complete(values)
    bring(brought_of(values))
    return 0
