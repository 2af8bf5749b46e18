"""The teacher's phrase book, read once from phrases.toml: lists of interchangeable wordings, and tables of such lists.

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
