"""What a question within an answer states (问：下午开吗): nothing, unless it presupposes something of a shop. Pure.

Used by account.py for the lines of an answer that asks and answers itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from factory.verifier.lexer import ROLES, Token
from factory.verifier.scene import State

_PRESUPPOSED: Final = frozenset({"U", "UNPROVABLE", "FEAT", "NAMELIKE", "STREETLIKE", "STAFF"})
"""What a question must not speak of without being read: it would be taken as given."""
_VALUES: Final = frozenset({"M", "L", "S", "T", "TR", "NUM", "MIN", "PCT", "TIMES", "PHONE", "A", "STREET"})


def asked(tokens: Sequence[Token], left: list[Token], state: State, *, put: bool) -> list[Token]:
    """The tokens of a question that stay unread; its claims are dropped where they do not hold.

    ``put``: the line is marked as a question. One that is not may be asked for effect (不是最近的吗): then what does not hold
    leaves it unread.
    """
    wrong = any(verdict.status in {"contradicted", "unsupported"} for verdict in (*state.verdicts, *state.echoes))
    if not wrong and (not left or not put):
        return left
    state.verdicts, state.echoes = [], []
    if not put:
        return list(tokens)
    asking = any("QWORD" in ROLES[token.char] or token.text in {"吗", "呢", "么", "?"} for token in tokens)
    taken = [token for token in tokens if ROLES[token.char] & _PRESUPPOSED and "QWORD" not in ROLES[token.char]]
    if not asking:
        taken += [token for token in tokens if ROLES[token.char] & _VALUES]
    return taken or ([] if asking else list(tokens))
