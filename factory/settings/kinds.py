"""What a setting's text may be: each kind reads a string strictly, or says in words what it must be.

Strict means that a typed slip is never a value: no underscores, no spaces around, no ``nan``, no full-width digits.
"""

from __future__ import annotations

import json
import math
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from factory.commit.working_folder import SCHEMES, working_folder

T_co = TypeVar("T_co", covariant=True)

_WHOLE = re.compile(r"-?[0-9]{1,19}")
_NUMBER = re.compile(r"-?([0-9]+(\.[0-9]*)?|\.[0-9]+)(e-?[0-9]{1,2})?")
_AN_EXTENSION = re.compile(r"[A-Za-z0-9_]{2,}:")
DEEPEST: Final = 32
"""Objects and lists inside one another in JSON: readers that go down by recursion have an end."""
MOST = 10**12
"""Whole numbers stop here when nothing else is said: they enter SQLite, Parquet and DuckDB as 64 bits."""


class Kind(Protocol[T_co]):
    """Reads one setting's text."""

    @property
    def words(self) -> str:
        """What the text must be, as the end of a sentence: "a whole number of at least 1"."""

    @property
    def choices(self) -> tuple[str, ...]:
        """The words that it may be, when they are few: for completion and for "did you mean"."""

    def read(self, text: str) -> T_co:
        """The value. Raises ValueError."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number of ``low`` to ``high``."""

    low: int
    high: int | None = None
    choices: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """As in Kind."""
        return (
            f"a whole number of at least {self.low}"
            if self.high is None
            else (f"a whole number from {self.low} to {self.high}")
        )

    def read(self, text: str) -> int:
        """As in Kind."""
        if not _WHOLE.fullmatch(text) or not self.low <= int(text) <= (MOST if self.high is None else self.high):
            raise ValueError(text)
        return int(text)


@dataclass(frozen=True, slots=True)
class Number:
    """A finite number of at least ``low``, or above it, and at most ``high``; ``unit`` is a word after "a number"."""

    low: float
    high: float | None = None
    above: bool = False
    unit: str = ""
    choices: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """As in Kind."""
        lower = f"above {self.low:g}" if self.above else f"of at least {self.low:g}"
        return (
            "a number"
            + (f" of {self.unit}" if self.unit else "")
            + f" {lower}"
            + (f" and at most {self.high:g}" if self.high is not None else "")
        )

    def read(self, text: str) -> float:
        """As in Kind."""
        if not _NUMBER.fullmatch(text):
            raise ValueError(text)
        value = float(text)
        within = value > self.low if self.above else value >= self.low
        if not (within and math.isfinite(value)) or (self.high is not None and value > self.high):
            raise ValueError(text)
        return value


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words."""

    choices: tuple[str, ...]

    @property
    def words(self) -> str:
        """As in Kind."""
        return f"one of {', '.join(self.choices)}" if len(self.choices) > 1 else f"the word {self.choices[0]}"

    def read(self, text: str) -> str:
        """As in Kind."""
        if text not in self.choices:
            raise ValueError(text)
        return text


@dataclass(frozen=True, slots=True)
class Switch:
    """On or off. As a flag it needs no value."""

    words: str = "1 (on) or 0 (off)"
    choices: tuple[str, ...] = ("1", "0")

    def read(self, text: str) -> bool:
        """As in Kind."""
        if text.lower() not in {"1", "0", "yes", "no", "true", "false", "on", "off"}:
            raise ValueError(text)
        return text.lower() in {"1", "yes", "true", "on"}


@dataclass(frozen=True, slots=True)
class Text:
    """Any text without space around it, such as a name; ``words`` says which.

    ``path_after``: where a path may stand, what is before it, so that its ``~`` is a home; "" where it begins the text.
    """

    words: str
    pattern: str = r"\S(.*\S)?"
    choices: tuple[str, ...] = ()
    path_after: str | None = None

    def read(self, text: str) -> str:
        """As in Kind."""
        if not re.fullmatch(self.pattern, text, re.DOTALL):
            raise ValueError(text)
        if self.path_after is None or not text.startswith(self.path_after):
            return text
        return self.path_after + os.path.expanduser(text.removeprefix(self.path_after))  # noqa: PTH111 - it may be no path


@dataclass(frozen=True, slots=True)
class Folder:
    """A path; ``~`` is a home here, too, where no shell has seen it. Whether it is there is for whoever opens it to say."""

    words: str = "a path"
    choices: tuple[str, ...] = ()

    def read(self, text: str) -> Path:
        """As in Kind."""
        if text != text.strip() or not text or "\0" in text:
            raise ValueError(text)
        os.fsencode(text)  # a path that no system call takes is a ValueError
        return Path(os.path.expanduser(text))  # noqa: PTH111 - Path's own raises where nobody has that name


@dataclass(frozen=True, slots=True)
class DataFolder:
    """A folder, or the URL of an object store, which works in a folder of this machine (factory/commit/working_folder.py).

    DuckDB opens what is in the folder, so that a name which it takes for another one is refused: a pattern (it would read the
    shards of every folder that fits), a backslash, ``word:`` (an extension), ``~`` of nobody, bytes that are no UTF-8.
    """

    words: str = (
        "a path (UTF-8, without * ? [ \\, and no name before a colon or after ~ at its start), or a URL that begins with "
        f"{', '.join(f'{scheme}://' for scheme in SCHEMES)} and a bucket"
    )
    choices: tuple[str, ...] = ()

    def read(self, text: str) -> Path:
        """As in Kind."""
        if "://" in text:
            return working_folder(text)
        folder = Folder().read(text)
        name = str(folder)  # without ./, as DuckDB is given it
        name.encode()  # raises a ValueError
        if set(name) & set("*?[\\") or name.startswith(("~", ":memory:")) or _AN_EXTENSION.match(name):
            raise ValueError(text)
        return folder


@dataclass(frozen=True, slots=True)
class JsonObject:
    """A JSON object; travels as its text, since what is in it is for the reader to check.

    ``names``: the only ones that it may hold; none here: any. ``switches``: those that may only be true, false or null.
    """

    names: tuple[str, ...] = ()
    switches: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """As in Kind."""
        return (
            f"a JSON object such as {{}}, at most {DEEPEST} deep"
            + (f", of {', '.join(self.names)}" if self.names else "")
            + (f", with {', '.join(self.switches)} true, false or null if given" if self.switches else "")
        )

    def read(self, text: str) -> str:
        """As in Kind."""
        try:
            loaded: Any = json.loads(text, parse_constant=_no_number)
        except RecursionError:
            raise ValueError(text) from None
        if (
            not isinstance(loaded, dict)
            or not _within(loaded, DEEPEST)
            or (self.names and loaded.keys() - {*self.names})
        ):
            raise ValueError(text)
        if any(not isinstance(loaded.get(name), (bool, type(None))) for name in self.switches):
            raise ValueError(text)
        return text


def _no_number(text: str) -> float:
    """NaN and Infinity, which Python reads and JSON does not have."""
    raise ValueError(text)


def _within(value: Any, levels: int) -> bool:
    """Whether no more than so many objects and lists are inside one another."""
    if not isinstance(value, (dict, list)):
        return True
    parts = value.values() if isinstance(value, dict) else value
    return levels > 0 and all(_within(part, levels - 1) for part in parts)


def url() -> Text:
    """The base URL of a server."""
    return Text("a URL that begins with http:// or https://", r"https?://\S+")
