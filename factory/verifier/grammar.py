"""Clause frames (frames.toml) as regular expressions over class characters, and the tiling of a clause by them. Pure.

A frame's pattern is words of the lexer's classes with ?, *, +, | and groups; ``v:M`` names a slot. A clause is read when frames
consume every token that is not inert; what they leave over is unread.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from factory.verifier.lexer import CHARS, INERT, MAYBE_INERT, ROLES, Token

_FRAMES: Final = tomllib.loads((Path(__file__).parent / "frames.toml").read_text(encoding="utf-8"))
_PIECE: Final = re.compile(r"(?P<slot>[a-z]\w*):|(?P<name>[A-Z][A-Z_]*\d?)|(?P<mark>[()|?*+])|\s+")
_ALL: Final = "".join(char for char, names in ROLES.items() if "ALL" in names)
_MEANT: Final = frozenset({"OTHER", "NOT", "THESE", "MOST", "ONLY", "EXCEPT", "UNPROVABLE"})
SKIPPED: Final = frozenset(char for char in MAYBE_INERT + _ALL if not ROLES[char] & _MEANT)
"""Characters that may be left out between frames: words with a role that says nothing, and 都, which only widens the scope."""
TILE, SKIP, LEFT = 10, 3, 1000
"""Costs of a frame and of a token that no frame takes: any full reading beats every partial one."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One way to say something. ``act`` names what it means (acts.py); the examples are checked by a test."""

    name: str
    act: str
    pattern: re.Pattern[str]
    cost: int
    prose: bool
    """said in opening and closing only"""
    loose: bool
    """takes words of many classes: shorter matches are tried, too, so that it leaves the next frame its own"""


@dataclass(frozen=True, slots=True)
class Piece:
    """A frame at work: positions of its tokens in the clause, by slot."""

    frame: Frame
    start: int
    end: int
    slots: dict[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Tiling:
    """Frames that cover a clause, in order, and the positions that none of them took."""

    pieces: tuple[Piece, ...]
    left: tuple[int, ...]


def _class_set(name: str) -> str:
    chars = "".join(char for char, names in ROLES.items() if name in names)
    if not chars:
        raise ValueError(f"frames.toml: no class {name}")
    return f"[{chars}]"


def _compile(pattern: str, used: dict[str, int]) -> str:
    """A pattern as a regular expression; a slot that is named again gets a number of its own, which ``_slots`` takes off."""
    out: list[str] = []
    slot: str | None = None
    position = 0
    while position < len(pattern):
        found = _PIECE.match(pattern, position)
        if found is None:
            raise ValueError(f"frames.toml: cannot read {pattern!r} at {position}")
        position = found.end()
        if found["slot"]:
            used[found["slot"]] = used.get(found["slot"], 0) + 1
            slot = f"{found['slot']}__{used[found['slot']]}"
        elif found["name"]:
            macro = _FRAMES["macro"].get(found["name"])
            atom = f"(?:{_compile(macro, used)})" if macro is not None else _class_set(found["name"])
            out.append(f"(?P<{slot}>{atom})" if slot else atom)
            slot = None
        elif found["mark"] == "(":
            out.append(f"(?P<{slot}>" if slot else "(?:")
            slot = None
        elif found["mark"]:
            out.append(found["mark"])
    return "".join(out)


def _first_chars(pattern: str) -> frozenset[str]:
    """Class characters with which a match may begin: tried one by one against the pattern's beginning."""
    # A pattern cannot match empty, so its possible first characters are those at which some match begins.
    parsed = re._parser.parse(pattern)  # type: ignore[attr-defined] # noqa: SLF001 - there is no public way to the first set
    return frozenset(_firsts(list(parsed))[0])


def _firsts(items: list[tuple[object, object]]) -> tuple[set[str], bool]:
    """(first characters, may be empty) of a parsed sequence."""
    found: set[str] = set()
    for code, value in items:
        chars, empty = _first_of(str(code), value)
        found |= chars
        if not empty:
            return found, False
    return found, True


def _first_of(code: str, value: object) -> tuple[set[str], bool]:
    if code == "LITERAL":
        return {chr(value)}, False  # type: ignore[arg-type]
    if code == "IN":
        found: set[str] = set()
        for one, arg in value:  # type: ignore[attr-defined]
            found |= {chr(arg)} if str(one) == "LITERAL" else {chr(c) for c in range(arg[0], arg[1] + 1)}
        return found, False
    if code == "SUBPATTERN":
        return _firsts(list(value[3]))  # type: ignore[index]
    if code in {"MAX_REPEAT", "MIN_REPEAT"}:
        chars, empty = _firsts(list(value[2]))  # type: ignore[index]
        return chars, empty or value[0] == 0  # type: ignore[index]
    if code == "BRANCH":
        branches = [_firsts(list(branch)) for branch in value[1]]  # type: ignore[index]
        return set().union(*(chars for chars, _ in branches)), any(empty for _, empty in branches)
    raise ValueError(f"frames.toml: {code} in a pattern")


_LOOSE: Final = frozenset(
    {"intro", "echo", "advice", "talk", "tell", "asks", "contact", "criterion", "choose", "nothing", "chat"}
)


def _load() -> tuple[tuple[Frame, ...], dict[str, tuple[Frame, ...]]]:
    frames: list[Frame] = []
    for row in _FRAMES["frame"]:
        patterns = row["pattern"] if isinstance(row["pattern"], list) else [row["pattern"]]
        cost, prose = TILE + row.get("cost", 0), row.get("where") == "prose"
        frames += [
            Frame(row["name"], row["act"], re.compile(_compile(one, {})), cost, prose, row["act"] in _LOOSE)
            for one in patterns
        ]
    firsts: dict[str, list[Frame]] = {}
    for frame in frames:
        for char in _first_chars(frame.pattern.pattern):
            firsts.setdefault(char, []).append(frame)
    return tuple(frames), {char: tuple(row) for char, row in firsts.items()}


FRAMES, _AT = _load()
EXAMPLES: Final = tuple(_FRAMES["frame"])


def _slots(found: re.Match[str]) -> dict[str, tuple[int, int]]:
    slots: dict[str, tuple[int, int]] = {}
    for name, text in found.groupdict().items():
        if text is not None:
            slots.setdefault(name.partition("__")[0], found.span(name))
    return slots


def _matches(frame: Frame, found: re.Match[str], at: int) -> Iterator[re.Match[str]]:
    """The longest match, and for a loose frame every shorter one."""
    yield found
    if frame.loose:
        for end in range(found.end() - 1, at, -1):
            shorter = frame.pattern.match(found.string, at, end)
            if shorter is not None and shorter.end() == end:
                yield shorter


LONGEST_CLAUSE: Final = 48
"""Tokens; a longer stretch without any punctuation is not read, so that time stays bounded."""


@lru_cache(maxsize=1 << 12)
def tile(clause: str, *, item: bool = False, banned: frozenset[str] = frozenset()) -> Tiling:
    """The cheapest tiling of a clause in class characters (purely inert ones already left out).

    ``item``: said of one restaurant of the list; ``banned``: frames that turned out to mean nothing here.
    """
    size = len(clause)
    if size > LONGEST_CLAUSE:
        return Tiling((), tuple(range(size)))
    best: list[int] = [0] * (size + 1)
    choice: list[Piece | None] = [None] * size
    for at in range(size - 1, -1, -1):
        skip = SKIP if clause[at] in SKIPPED else LEFT
        best[at] = best[at + 1] + skip
        for frame in _AT.get(clause[at], ()):
            if (item and frame.prose) or frame.name in banned:
                continue
            found = frame.pattern.match(clause, at)
            if found is None:
                continue
            for match in _matches(frame, found, at):
                cost = best[match.end()] + frame.cost
                if match.end() > at and cost < best[at]:
                    best[at] = cost
                    choice[at] = Piece(frame, at, match.end(), _slots(match))
    pieces: list[Piece] = []
    left: list[int] = []
    at = 0
    while at < size:
        piece = choice[at]
        if piece is None:
            if clause[at] not in SKIPPED:
                left.append(at)
            at += 1
        else:
            pieces.append(piece)
            at = piece.end
    return Tiling(tuple(pieces), tuple(left))


def code(tokens: Sequence[Token]) -> tuple[str, list[Token]]:
    """A clause as class characters, and its tokens without the purely inert ones."""
    kept = [token for token in tokens if token.char != INERT]
    return "".join([token.char for token in kept]), kept


def roles(token: Token) -> frozenset[str]:
    """The classes of a token."""
    return ROLES[token.char]


__all__ = ["CHARS", "EXAMPLES", "FRAMES", "Frame", "Piece", "Tiling", "code", "roles", "tile"]
