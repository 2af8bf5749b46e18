"""What a setting's text may be: each kind reads a string strictly, or says in words what it must be.

Strict means that a typed slip is never a value: no underscores, no spaces around, no ``nan``, no full-width digits.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from factory.commit.working_folder import SCHEMES, working_folder

T_co = TypeVar("T_co", covariant=True)

_WHOLE = re.compile(r"-?[0-9]{1,19}")
_NUMBER = re.compile(r"-?([0-9]+(\.[0-9]*)?|\.[0-9]+)(e-?[0-9]{1,2})?")
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
    """Any text without space around it, such as a name; ``words`` says which."""

    words: str
    pattern: str = r"\S(.*\S)?"
    choices: tuple[str, ...] = ()

    def read(self, text: str) -> str:
        """As in Kind."""
        if not re.fullmatch(self.pattern, text, re.DOTALL):
            raise ValueError(text)
        return text


@dataclass(frozen=True, slots=True)
class Folder:
    """A path. Whether it is there is for whoever opens it to say."""

    words: str = "a path"
    choices: tuple[str, ...] = ()

    def read(self, text: str) -> Path:
        """As in Kind."""
        if text != text.strip() or not text or "\0" in text:
            raise ValueError(text)
        return Path(text)


@dataclass(frozen=True, slots=True)
class DataFolder:
    """A folder, or the URL of an object store, which works in a folder of this machine (factory/commit/working_folder.py)."""

    words: str = f"a path, or a URL that begins with {', '.join(f'{scheme}://' for scheme in SCHEMES)} and a bucket"
    choices: tuple[str, ...] = ()

    def read(self, text: str) -> Path:
        """As in Kind."""
        return working_folder(text) if "://" in text else Folder().read(text)


@dataclass(frozen=True, slots=True)
class JsonObject:
    """A JSON object; travels as its text, since what is in it is for the reader to check."""

    words: str = "a JSON object such as {}"
    choices: tuple[str, ...] = ()

    def read(self, text: str) -> str:
        """As in Kind."""
        loaded: Any = json.loads(text)
        if not isinstance(loaded, dict):
            raise ValueError(text)  # noqa: TRY004 - the protocol's one error
        return text


def url() -> Text:
    """The base URL of a server."""
    return Text("a URL that begins with http:// or https://", r"https?://\S+")
