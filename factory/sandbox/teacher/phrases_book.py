"""The teacher's phrase books (phrases.toml, second.toml), each read once: interchangeable wordings, and tables of such lists.

The copy stands in a data file, so that it can be read and improved as text; the phrases modules only put it together.
"""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any, Final

_BOOK: Final[dict[str, Any]] = tomllib.loads(
    files("factory.sandbox.teacher").joinpath("phrases.toml").read_text("utf-8")
)


def phrase_list(section: str, name: str) -> tuple[str, ...]:
    """Wordings that may stand for each other. Raises KeyError when the book has no such entry."""
    return tuple(_BOOK[section][name])


def phrase_table(section: str, name: str) -> dict[str, tuple[str, ...]]:
    """Wordings by key. Raises KeyError when the book has no such entry."""
    return {key: tuple(values) for key, values in _BOOK[section][name].items()}


def phrases_of(file: str, section: str) -> dict[str, tuple[str, ...]]:
    """All entries of one section of another book of this folder. Raises KeyError when it has no such section."""
    book = tomllib.loads(files("factory.sandbox.teacher").joinpath(file).read_text("utf-8"))
    return {name: tuple(values) for name, values in book[section].items()}
