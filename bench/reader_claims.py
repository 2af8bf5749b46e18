"""How well a second reader extracts, claim by claim: ``python -m bench.reader_claims ROWS.jsonl --reader MODEL …``.

The reader is shown clauses that the grammar reads by itself, of which the truth is therefore known. Precision: of its claims that
are believed, the share that code decides as it decides the clause itself; recall: of the clauses, the share for which that holds.
Rows as for ``chidian verify`` (bench/reading_cases.py --join writes them), settings as there.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

import orjson

from factory.agents.second_reader import MOST_CLAUSES, UnreadClause, question
from factory.config import settings_of
from factory.records import Order, Verification
from factory.run.file_reading import open_reader
from factory.settings import of_factory, read
from factory.verifier.extracted import Extract, names_spoken, settle
from factory.verifier.public import Asked, asked_of

MOST: int = 400
"""Clauses that are shown."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One clause that the grammar read: of which row, its number, and whether every claim of it holds."""

    asked: Asked
    result: Verification
    number: int
    holds: bool


def clauses(rows: Iterator[dict[str, object]]) -> Iterator[Shown]:
    """Clauses of single claims about listed restaurants."""
    for row in rows:
        asked = asked_of(row)
        if asked is None:
            continue
        result = asked.check(asked.candidate)
        for number, clause in enumerate(result.clauses):
            claims = [claim for claim in result.claims if claim.clause == number and claim.kind != "name"]
            if clause.account == "claim" and len(claims) == 1 and clause.end > clause.start:
                yield Shown(asked, result, number, claims[0].status in {"verified", "inferable"})


async def measured(shown: list[Shown], argv: list[str]) -> dict[str, float]:
    """Ask the reader of each clause as if the grammar had not read it."""
    believed = right = 0
    async with open_reader(settings_of(read("verify", argv))) as reader:
        for start in range(0, len(shown), MOST_CLAUSES):
            group = shown[start : start + MOST_CLAUSES]
            questions = [_question(place, shown) for place, shown in enumerate(group)]
            order = Order(f"claims-{start}", "verify", start, group[0].asked.place, (), (), 0)
            reading = await reader.read(order, questions)
            for place, entry in enumerate(group):
                extract = Extract(entry.number, reading.claims.get((place, entry.number), ()))
                again = settle(_as_unread(entry), [extract], entry.asked.candidate, entry.asked.case)
                fresh = [claim for claim in again.claims[len(entry.result.claims) :] if claim.clause == entry.number]
                if fresh:
                    believed += 1
                    right += all(claim.status in {"verified", "inferable"} for claim in fresh) == entry.holds
    return {
        "shown": len(shown),
        "believed": believed,
        "precision": right / max(1, believed),
        "recall": right / max(1, len(shown)),
    }


def _as_unread(entry: Shown) -> Verification:
    """The row's verification with the clause as if the grammar had not read it."""
    rows = list(entry.result.clauses)
    rows[entry.number] = replace(rows[entry.number], account="unread")
    return replace(entry.result, clauses=tuple(rows))


def _question(place: int, shown: Shown) -> UnreadClause:
    spoken = names_spoken(shown.result, shown.asked.candidate, shown.asked.case)
    return question(place, shown.number, shown.result, shown.asked.candidate, spoken)


def main() -> int:
    """Print the figures as JSON."""
    argv = sys.argv[1:]
    values = read("verify", argv)
    file = values[of_factory.FILE]
    if file is None:
        sys.exit("Name the file of rows.")
    rows = map(orjson.loads, file.read_bytes().splitlines())
    shown = list(islice(clauses(rows), MOST))
    sys.stdout.write(orjson.dumps(asyncio.run(measured(shown, argv)), option=orjson.OPT_INDENT_2).decode() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
