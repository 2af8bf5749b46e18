"""Detachable clauses cut out of an answer: what nobody read and nothing depends on. Pure; used by order_run.py."""

from __future__ import annotations

import re
from typing import Final

from factory.records import Verification

_JOINS: Final = tuple("，,、；;")
_STOPS: Final = tuple("。！？!?")
_EMPTY_ITEM: Final = re.compile(r"^\s*\d+[.、].*[：:]\s*[。，]?\s*$", re.MULTILINE)


def cut(answer: str, result: Verification) -> tuple[str, tuple[str, ...]]:
    """(the answer without its detachable unread clauses, those clauses); the answer itself where an item would be left empty."""
    spans = [
        (clause.start, clause.end)
        for clause in result.clauses
        if clause.account == "unread" and clause.detachable and answer[clause.start : clause.end] == clause.text
    ]
    text = answer
    for start, end in sorted(spans, reverse=True):
        text = _without(text, start, end)
    texts = tuple(answer[start:end] for start, end in sorted(spans))
    return (answer, ()) if not texts or _EMPTY_ITEM.search(text) else (text, texts)


def _without(text: str, start: int, end: int) -> str:
    """A clause goes with the comma after it, the last of a sentence with the one before it, a whole sentence with its stop."""
    before, after = text[:start], text[end:]
    if after.startswith(_JOINS):
        return before + after[1:]
    if before.endswith(_JOINS):
        return before[:-1] + after
    return before + (after[1:] if after.startswith(_STOPS) else after)
