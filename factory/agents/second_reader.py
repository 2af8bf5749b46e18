"""A second reader: a model that extracts typed claims from the clauses that the grammar left unread. One call an order at most.

Asked by order_run.py between the verifier and the agent's return; off unless READER names a model. It sees the clauses, the names
of the listed restaurants and a schema, never evidence; what may be believed of its answer, verifier/extracted.py decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from json import JSONDecoder
from typing import Any, Final

import orjson

from factory.errors import OrderFailed
from factory.llm.chat import CallKey, Chat, ChatRequest
from factory.records import CallRecord, Candidate, Message, Order, Verification
from factory.verifier.extracted import Case, names_spoken
from factory.verifier.extracted import asked as asked_clauses

PROMPT: Final = "reader_v5"
MOST_CLAUSES: Final = 60
"""Clauses of one call: about five answers with a dozen unread ones each."""
_ROW: Final = re.compile(r"\{\s*\"id\"\s*:")


@dataclass(frozen=True, slots=True)
class UnreadClause:
    """One unread clause: of which wish's answer, its number in the account, its span there, and what stands around it.

    ``names``: every restaurant that the answer names; never anything else of the evidence.
    """

    wish_index: int
    number: int
    text: str
    start: int
    end: int
    restaurant: str | None
    question: str
    answer: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """Claims by (wish, clause), as the reader wrote them, and the call; ``call`` is None when it could not be asked."""

    claims: dict[tuple[int, int], tuple[dict[str, Any], ...]]
    call: CallRecord | None


def questions_of(wish_index: int, result: Verification, candidate: Candidate, case: Case) -> list[UnreadClause]:
    """The unread clauses of one answer as the second reader is asked about them; what can be cut without loss is not asked."""
    numbers = asked_clauses(result)
    if not numbers:
        return []
    spoken = names_spoken(result, candidate, case)
    return [question(wish_index, number, result, candidate, spoken) for number in numbers]


def question(
    wish_index: int, number: int, result: Verification, candidate: Candidate, spoken: Mapping[str, str]
) -> UnreadClause:
    """One clause of an answer as the reader is asked about it. ``spoken``: full names by poi id."""
    row = result.clauses[number]
    names = tuple(spoken.values())
    return UnreadClause(
        wish_index,
        number,
        row.text,
        row.start,
        row.end,
        spoken.get(row.scope),
        candidate.question,
        candidate.answer,
        names,
    )


def marked(answer: str, clauses: Sequence[tuple[int, UnreadClause]]) -> str:
    """An answer with each of these clauses in brackets that carry its number: ⟦3:评分走到4.1⟧."""
    text = answer
    for number, clause in sorted(clauses, key=lambda row: row[1].start, reverse=True):
        if answer[clause.start : clause.end] == clause.text:
            text = f"{text[: clause.start]}⟦{number}:{clause.text}⟧{text[clause.end :]}"
    return text


def reader_prompt() -> str:
    """The versioned system prompt of the reader."""
    return resources.files("factory.agents.prompts").joinpath(f"{PROMPT}.md").read_text(encoding="utf-8").strip()


class SecondReader:
    """Asks one model, over the same door as the teacher: limits, money and kept answers hold for it, too."""

    def __init__(self, chat: Chat, model: str, extra: Sequence[tuple[str, Any]] = ()) -> None:
        self._chat = chat
        self._model = model
        self._extra = dict(extra)
        self._prompt = reader_prompt()

    async def read(self, order: Order, questions: Sequence[UnreadClause]) -> Reading:
        """One call. A request that can never succeed leaves the clauses unread; raises RunStopped and its kin."""
        asked = tuple(questions[:MOST_CLAUSES])
        rows = _rows(asked)
        request = ChatRequest(
            model=self._model,
            messages=(Message("system", self._prompt), Message("user", orjson.dumps({"answers": rows}).decode())),
            max_tokens=600 + 130 * len(asked),
            temperature=0.0,
            top_p=1.0,
            seed=order.seed,
            extra=self._extra,
        )
        key = CallKey(order.run_id, order.order_id, 0, purpose="reader")
        try:
            answer = await self._chat.ask(request, key, priority=order.index)
        except OrderFailed:
            return Reading({}, None)
        return Reading(read_answer(answer.message.content, asked), answer.record)


def _rows(asked: Sequence[UnreadClause]) -> list[dict[str, Any]]:
    """What the reader sees: each answer once, with its question, the names in it, and its unread clauses."""
    by_answer: dict[int, list[tuple[int, UnreadClause]]] = {}
    for number, clause in enumerate(asked):
        by_answer.setdefault(clause.wish_index, []).append((number, clause))
    return [
        {
            "question": rows[0][1].question,
            "names": list(rows[0][1].names),
            "answer": marked(rows[0][1].answer, rows),
            "clauses": [
                {"id": number, "text": row.text} | ({"restaurant": row.restaurant} if row.restaurant else {})
                for number, row in rows
            ],
        }
        for rows in by_answer.values()
    ]


def read_answer(text: str, asked: Sequence[UnreadClause]) -> dict[tuple[int, int], tuple[dict[str, Any], ...]]:
    """The reader's JSON as claims by question, row by row: what has another shape says nothing, and spoils nothing beside it."""
    claims: dict[tuple[int, int], tuple[dict[str, Any], ...]] = {}
    for row in _answered(text):
        number, listed = row.get("id"), row.get("claims")
        if isinstance(number, str) and number.isdecimal():
            number = int(number)
        listed = [listed] if isinstance(listed, dict) else listed
        if type(number) is int and 0 <= number < len(asked) and isinstance(listed, list):
            clause = asked[number]
            rows = tuple(claim for claim in listed if isinstance(claim, dict))
            if len(rows) == len(listed):  # of a clause that lost a claim on the way, the rest is not the whole
                claims[clause.wish_index, clause.number] = rows
    return claims


def _answered(text: str) -> Iterator[dict[str, Any]]:
    """Every whole object with an id: within any wrapping, and before an answer breaks off."""
    decoder = JSONDecoder()
    at = 0
    while found := _ROW.search(text, at):
        try:
            row, at = decoder.raw_decode(text, found.start())
        except ValueError:
            at = found.end()
            continue
        if isinstance(row, dict):
            yield row
