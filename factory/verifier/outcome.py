"""What a reading gives: the account of an answer's clauses, its claims and whom it lists."""

from __future__ import annotations

from dataclasses import dataclass

from factory.records import Clause, Poi
from factory.verifier.deciding import Verdict


@dataclass(frozen=True, slots=True)
class Listed:
    """One restaurant of the list: the name as written and the poi that it names, None when the evidence holds none."""

    head: str
    poi: Poi | None


@dataclass(frozen=True, slots=True)
class Account:
    """``verdicts``: (number of the clause, claim); ``listed`` in order; ``says_nothing``: the answer says that nothing fits."""

    clauses: tuple[Clause, ...]
    verdicts: tuple[tuple[int, Verdict], ...]
    listed: tuple[Listed, ...]
    strangers: tuple[tuple[int, str], ...]
    says_nothing: bool
    says_fit: bool
    mentioned: tuple[Poi, ...]
    said_misses: dict[str, frozenset[str]]
    guessed: frozenset[int] = frozenset()
    """clauses whose wrong claims are read less surely (surety.py)"""
    nothing_at: int | None = None
    """the clause that says that nothing fits"""
