"""The one restaurant that a clause names, and where: what is left of a clause that introduces a name and is not understood. Pure."""

from __future__ import annotations

from collections.abc import Callable

from factory.verifier.acts_dishes import KNOWN_DISHES
from factory.verifier.extracted import Case
from factory.verifier.grammar import roles
from factory.verifier.known import known_of
from factory.verifier.lexer import Token, lex
from factory.verifier.script import fold_text

NameIn = Callable[[str], tuple[int, int] | None]
"""From a clause to the span in it of the only restaurant that it names; None where it names none, or several."""
_SHOPS = frozenset({"N", "BRANCH"})


def names_of(case: Case) -> NameIn:
    """How the restaurants of a case's evidence are found in a clause."""
    known = known_of(case.evidence.pois, case.place, KNOWN_DISHES)

    def name_in(clause: str) -> tuple[int, int] | None:
        folded = fold_text(clause)
        named = [token for token in lex(folded.text, known) if not _SHOPS.isdisjoint(roles(token))]
        if not named or not _is_one(named):
            return None
        start, end = folded.at[named[0].start], folded.at[named[-1].end - 1] + 1
        return start, end

    return name_in


def _is_one(named: list[Token]) -> bool:
    """Whether tokens are one name: a brand alone, or with the branch that stands at it."""
    return len(named) == 1 or (
        len(named) == 2 and "N" in roles(named[0]) and "BRANCH" in roles(named[1]) and named[1].start == named[0].end
    )
