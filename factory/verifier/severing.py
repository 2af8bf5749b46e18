"""Unread clauses cut out of an answer although they may state something, where the rest stands without them. Pure; used by order_run.py.

A model writes a few clauses an answer that nobody can check (肠粉爽滑清淡); returned for them, it wrote the whole answer anew in safer
words, for a fifth of the money. What stands between commas goes by itself: the rest is verified again, so that nothing is sold that was
not understood, and what went is marked on the row. docs/decisions/0041.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from factory.records import Clause, Verification
from factory.verifier.cutting import JOINS, STOPS, is_hollow, without

MOST_SHARE: Final = 0.2
"""Of an answer's clauses; of whom more is unread, nobody has understood the whole."""
LEAST_LEFT: Final = 2
"""Clauses that an item keeps; opening and closing keep one."""
_LEANS: Final = re.compile(
    "所以|因此|因而|于是|但|不过|只是|可|然而|却|而|也|还|又|就|才|便|再|另|其[中他余它]|[它她他这那该]|同[样时]|否则|不然|甚至|反|倒|[均都仅更只则即且并或]|"
    "尤其|特别是|[比例]如|要么|前者|后者|剩下|此外|除此|结果|随后|然后|接着|加上|以及|不然|够|正好|刚好|恰好|难怪|毕竟|总之|[和跟与]|[^，,]{0,6}也"
)
"""How a clause begins that goes on from the one before it."""
_WAITS: Final = re.compile(
    "(?:虽|尽管|如果|要是|若|假如|倘若|只要|既然|因为|由于|不但|不仅|不只|除了?|与其|无论|不管|不论|就算|即使|哪怕|一来|论|按|照|从|对|至于|说到|比起|相比|万一|等|想|爱|怕|嫌|图|要想|馋|不想|愿意|介意)|"
    ".*(?:的话|时|来说|而言|来看|之外|以外|的|后|前|着|如果|时候|要么|是|有|：|:)$"
)
"""A clause that waits for the next one."""


_EMPTY_LINES: Final = re.compile(r"\n[^\S\n]*\n(?:[^\S\n]*\n)+")


def severed(answer: str, result: Verification) -> tuple[str, tuple[str, ...]]:
    """(the answer without its unread clauses, those clauses); the answer itself, and none, where it does not stand without them."""
    clauses = [clause for clause in result.clauses if clause.end > clause.start]
    gone = [clause for clause in clauses if clause.account == "unread"]
    if not gone or len(gone) > MOST_SHARE * len(clauses) or "|" in answer:
        return answer, ()
    if not (_keeps_enough(result.clauses) and all(_is_apart(answer, number, clauses) for number in _places(clauses))):
        return answer, ()
    text = answer
    for clause in reversed(gone):
        text = without(text, clause.start, clause.end)
    text = _EMPTY_LINES.sub("\n\n", text).rstrip()
    return (answer, ()) if is_hollow(text) else (text, tuple(clause.text for clause in gone))


def _places(clauses: Sequence[Clause]) -> list[int]:
    return [number for number, clause in enumerate(clauses) if clause.account == "unread"]


def _keeps_enough(clauses: Sequence[Clause]) -> bool:
    """Whether no part of the answer that loses a clause is left with too few."""
    kept: dict[tuple[str, str], int] = {}
    losing = set()
    for clause in clauses:
        part = (clause.part, clause.scope if clause.part == "item" else "")
        if clause.account == "unread":
            losing.add(part)
        elif clause.end > clause.start:
            kept[part] = kept.get(part, 0) + 1
    least = {"item": LEAST_LEFT, "opening": 1, "closing": 1}
    return all(kept.get(part, 0) >= least.get(part[0], 0) for part in losing)


def _is_apart(answer: str, number: int, clauses: Sequence[Clause]) -> bool:
    """Whether a clause stands between commas or stops, and neither neighbour that stays hangs on it."""
    clause = clauses[number]
    if answer[clause.start : clause.end] != clause.text or "\n" in clause.text:
        return False
    before, after = answer[: clause.start].rstrip(" "), answer[clause.end :].lstrip(" ")
    opens = not before or before[-1] == "\n" or before.endswith((*JOINS, *STOPS, "：", ":"))
    closes = not after or after[0] == "\n" or after.startswith((*JOINS, *STOPS))
    if not opens or not closes or before.endswith("、") or after.startswith(("、", "？", "?")):
        return False
    return not (_leans(number, clauses, answer) or _waits(number, clauses, answer))


def _leans(number: int, clauses: Sequence[Clause], answer: str) -> bool:
    """Whether the next clause stays and goes on from this one."""
    if number + 1 == len(clauses):
        return False
    clause, later = clauses[number], clauses[number + 1]
    if later.account == "unread" or "\n" in answer[clause.end : later.start]:
        return False
    return _LEANS.match(later.text) is not None


def _waits(number: int, clauses: Sequence[Clause], answer: str) -> bool:
    """Whether the clause before stays and waits for this one."""
    if number == 0:
        return False
    earlier, clause = clauses[number - 1], clauses[number]
    between = answer[earlier.end : clause.start]
    if earlier.account == "unread" or any(stop in between for stop in (*STOPS, "\n", "；", ";")):
        return False
    return _WAITS.match(earlier.text) is not None
