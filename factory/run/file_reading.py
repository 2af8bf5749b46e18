"""A second reader over a file: ``chidian verify FILE --reader MODEL``. The shell around extracted.py for rows that no run made.

Rows go in groups of a few to one call, as the wishes of an order do; each answer is kept under DATA/verify, so that the same file
costs nothing a second time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from factory.agents.second_reader import MOST_CLAUSES, SecondReader, UnreadClause, questions_of
from factory.config import SANDBOX, Settings, settings_of
from factory.errors import ChidianError, UsageError
from factory.llm.transport import Endpoint
from factory.records import Order, Verification
from factory.run.services import REQUEST_SHARE, reader_setup
from factory.sandbox.process import SandboxProcess
from factory.sandbox.serve import Sandbox
from factory.sending.ledger import Ledger
from factory.sending.limits import LocalLimiter, PoolLimits
from factory.settings import Values
from factory.verifier.extracted import Extract, settle
from factory.verifier.public import Asked, read_first, unreadable
from factory.verifier.severing import Shortened, once_cut

RUN_ID: Final = "verify"
MOST_ROWS: Final = 10
"""Rows of one call: short answers go together."""


@dataclass(slots=True)
class _Row:
    """A row under way: what was asked of it (None: unreadable) and what is known of it by now."""

    asked: Asked | None
    result: Verification
    extracts: Sequence[Extract] = ()

    def questions(self, place: int) -> list[UnreadClause]:
        """Its unread clauses, for which it would be refused; ``place`` in its group stands where a wish's number does."""
        if self.asked is None:
            return []
        return questions_of(place, self.result, self.asked.candidate, self.asked.case)

    def once_cut(self) -> Shortened | None:
        """How it passes without its unread clauses."""
        if self.asked is None:
            return None
        return once_cut(self.asked.candidate, self.result, self.asked.case, self.extracts)


def read_rows(values: Values, rows: Sequence[Mapping[str, Any] | str]) -> list[tuple[Verification, Shortened | None]]:
    """Every row verified, its unread clauses seen by the model that READER names, and how it passes once cut.

    Raises UsageError and RunStopped's kin.
    """
    settings = settings_of(values)
    if settings.reader != SANDBOX and settings.budget_cny is None and not settings.yes and settings.price_in != 0:
        raise UsageError(
            "A second reader over a file may spend real money: give a cap, BUDGET=<CNY>, agree with YES=1, or set PRICE_IN=0 and "
            "PRICE_OUT=0 for a server of your own."
        )
    return asyncio.run(_read(settings, rows))


async def _read(
    settings: Settings, rows: Sequence[Mapping[str, Any] | str]
) -> list[tuple[Verification, Shortened | None]]:
    read = [_first(row) for row in rows]
    try:
        async with open_reader(settings) as reader, asyncio.TaskGroup() as tasks:
            in_flight = asyncio.Semaphore(settings.agents)
            for number, group in enumerate(_groups(read)):
                tasks.create_task(_ask(reader, group, number, in_flight))
    except* ChidianError as failed:
        raise failed.exceptions[0] from None  # the first trouble is the one to tell
    return [(row.result, row.once_cut()) for row in read]


def _first(row: Mapping[str, Any] | str) -> _Row:
    if isinstance(row, str):
        return _Row(None, unreadable(row))
    return _Row(*read_first(row))


def _groups(rows: Sequence[_Row]) -> Iterator[list[_Row]]:
    """Rows with unread clauses, as many together as one call takes."""
    group: list[_Row] = []
    clauses = 0
    for row in rows:
        count = len(row.questions(0)) if row.asked is not None else 0
        if not count:
            continue
        if group and (len(group) == MOST_ROWS or clauses + count > MOST_CLAUSES):
            yield group
            group, clauses = [], 0
        group.append(row)
        clauses += count
    if group:
        yield group


async def _ask(reader: SecondReader, group: list[_Row], number: int, in_flight: asyncio.Semaphore) -> None:
    questions = [question for place, row in enumerate(group) for question in row.questions(place)]
    async with in_flight:
        reading = await reader.read(_order(group, number, questions), questions)
    for place, row in enumerate(group):
        row.extracts = [Extract(clause, claims) for (owner, clause), claims in reading.claims.items() if owner == place]
        if row.asked is not None:
            row.result = settle(row.result, row.extracts, row.asked.candidate, row.asked.case)


def _order(group: list[_Row], number: int, questions: Sequence[UnreadClause]) -> Order:
    """What stands where an order does: its id is its content's, so that its kept answer is found again."""
    asked = group[0].asked
    if asked is None:
        raise AssertionError  # _groups leaves unreadable rows out
    content = "\n".join(
        f"{question.wish_index} {question.number} {question.text} {question.names}" for question in questions
    )
    return Order(sha256(content.encode()).hexdigest()[:16], RUN_ID, number, asked.place, (), (), 0)


@asynccontextmanager
async def open_reader(settings: Settings) -> AsyncIterator[SecondReader]:
    """The reader that READER names, with its books under DATA/verify; the sandbox's where it says sandbox."""
    async with AsyncExitStack() as stack:
        sandbox = None
        if settings.reader == SANDBOX:
            sandbox = await stack.enter_async_context(SandboxProcess(Sandbox(settings.seed, 0.0, "")))
        endpoint = Endpoint(
            "",
            "",
            "teacher",
            None,
            request_timeout_s=REQUEST_SHARE * settings.give_up_s,
            keep_trying_s=settings.give_up_s,
        )
        setup = reader_setup(settings, endpoint, sandbox)
        if setup is None:
            raise UsageError("READER names no model.")
        folder = settings.data / RUN_ID
        folder.mkdir(parents=True, exist_ok=True)
        ledger = Ledger(folder, RUN_ID, settings.budget_cny)
        stack.callback(ledger.close)
        pool = PoolLimits(
            rpm=settings.teacher_rpm,
            tpm=settings.teacher_tpm,
            max_in_flight=settings.agents,
            start_in_flight=min(16, settings.agents),
            give_up_s=settings.give_up_s,
        )
        chat = setup[0].open(LocalLimiter({"teacher": pool}), ledger)
        stack.push_async_callback(chat.aclose)
        yield SecondReader(chat, setup[1], tuple(settings.teacher_extra.items()))
