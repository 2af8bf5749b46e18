"""A second reader: a model that extracts typed claims from the clauses that the grammar left unread. One call an order at most.

Asked by order_run.py between the verifier and the agent's return; off unless READER names a model. It sees the clauses, the names
of the listed restaurants and a schema, never evidence; what may be believed of its answer, verifier/extracted.py decides.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

import orjson

from factory.errors import OrderFailed
from factory.llm.chat import CallKey, Chat, ChatRequest
from factory.records import CallRecord, Message, Order, Verification
from factory.verifier.extracted import names_in, unread

PROMPT: Final = "reader_v2"
MOST_CLAUSES: Final = 40
"""Clauses of one call: about five answers with eight unread ones each."""
_OBJECT: Final = re.compile(r"\{.*\}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class UnreadClause:
    """One unread clause: of which wish's answer, its number in the account, and what the reader may know of its surroundings."""

    wish_index: int
    number: int
    text: str
    part: str
    restaurant: str | None
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """Claims by (wish, clause), as the reader wrote them, and the call; ``call`` is None when it could not be asked."""

    claims: dict[tuple[int, int], tuple[dict[str, Any], ...]]
    call: CallRecord | None


def questions_of(wish_index: int, result: Verification) -> list[UnreadClause]:
    """The unread clauses of one answer as the second reader is asked about them."""
    names = names_in(result)
    rows = ((number, result.clauses[number]) for number in unread(result))
    listed = tuple(names.values())
    return [UnreadClause(wish_index, number, row.text, row.part, names.get(row.scope), listed) for number, row in rows]


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
        rows = [
            {
                "id": number,
                "text": clause.text,
                "part": clause.part,
                "restaurant": clause.restaurant,
                "names": list(clause.names),
            }
            for number, clause in enumerate(asked)
        ]
        request = ChatRequest(
            model=self._model,
            messages=(Message("system", self._prompt), Message("user", orjson.dumps({"clauses": rows}).decode())),
            max_tokens=200 + 160 * len(asked),
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


def read_answer(text: str, asked: Sequence[UnreadClause]) -> dict[tuple[int, int], tuple[dict[str, Any], ...]]:
    """The reader's JSON as claims by question; whatever has another shape says nothing."""
    written = _OBJECT.search(text)
    try:
        body = orjson.loads(written[0]) if written else {}
    except orjson.JSONDecodeError:
        return {}
    rows = body.get("clauses") if isinstance(body, dict) else None
    claims: dict[tuple[int, int], tuple[dict[str, Any], ...]] = {}
    for row in rows if isinstance(rows, list) else []:
        number = row.get("id") if isinstance(row, dict) else None
        listed = row.get("claims") if isinstance(row, dict) else None
        if isinstance(number, int) and 0 <= number < len(asked) and isinstance(listed, list):
            clause = asked[number]
            claims[clause.wish_index, clause.number] = tuple(claim for claim in listed if isinstance(claim, dict))
    return claims
