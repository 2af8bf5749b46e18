"""An answer's parts: opening, list items that open with a restaurant's name, closing. Pure.

Layout is normalised (NFKC, one form of brackets), so that a full-width bracket is no difference.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

_ITEM = re.compile(r"^\s*(?:(?:\(?\d{1,2}\)?\s*[.、,)．:]|[①-⑩]|[-•*·●▪])\s*)(?=\S)(.+)$")
_DECORATION = re.compile(r"\*\*|__|[【】]|^#+\s*|[「」『』]|`")
_HEAD_END = re.compile(r"[:：,，。;；!！]|\s[-–—]\s|——|—|--")


def normal(text: str) -> str:
    """NFKC with plain brackets; line breaks stay."""
    return (
        unicodedata.normalize("NFKC", text).replace("〔", "(").replace("〕", ")").replace("［", "(").replace("］", ")")
    )


def tight(text: str) -> str:
    """For comparing names and addresses: no spaces, lower case."""
    return _tight_name(text) if len(text) <= NAME_CHARS else _tight(text)


def _tight(text: str) -> str:
    return "".join(normal(text).split()).lower()


NAME_CHARS = 48
"""Names, dishes and addresses are this short, and the same ones come back with every answer of an order: memoised, as many as
a few dozen orders name. Ten times as many took 10 MB, and went on filling up over a run of 30,000 samples."""
_tight_name = lru_cache(maxsize=1 << 12)(_tight)


@dataclass(frozen=True, slots=True)
class Item:
    """One list item: ``head`` is the stated name, ``body`` what follows it."""

    head: str
    body: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The parts of an answer, normalised."""

    opening: str
    items: tuple[Item, ...]
    closing: str

    @property
    def prose(self) -> str:
        """Everything outside the list."""
        return f"{self.opening}\n{self.closing}".strip()


def split_answer(text: str, names: tuple[str, ...]) -> Answer:
    """Split an answer; ``names`` (tight forms) help to find where a name ends when no colon does."""
    opening: list[str] = []
    items: list[list[str]] = []
    closing: list[str] = []
    for line in normal(text).splitlines():
        found = _ITEM.match(line)
        if found:
            items.append([found[1]])
            closing.clear()
        elif items and line[:1] in " \t" and line.strip():
            items[-1].append(line.strip())
        elif line.strip():
            (closing if items else opening).append(line.strip())
    return Answer("\n".join(opening), tuple(_item("\n".join(lines), names) for lines in items), "\n".join(closing))


def _item(text: str, names: tuple[str, ...]) -> Item:
    clean = _DECORATION.sub("", text).strip()
    flat = tight(clean)
    longest = max((name for name in names if flat.startswith(name)), key=len, default="")
    if longest:
        end = _position(clean, len(longest))
        rest = clean[end:]
        # "川香园" must not swallow the head of "川香园(北门店)".
        if not rest.startswith("("):
            return Item(clean[:end], rest.lstrip(" :：,，-–—"))
    end_mark = _HEAD_END.search(clean)
    end = end_mark.start() if end_mark else min(len(clean), 30)
    return Item(clean[:end].strip(), clean[end:].lstrip(" :：,，-–—"))


def _position(text: str, tight_length: int) -> int:
    """The index in ``text`` after which ``tight_length`` characters that are no space have passed."""
    passed = 0
    for index, char in enumerate(text):
        if passed == tight_length:
            return index
        passed += not char.isspace()
    return len(text)
