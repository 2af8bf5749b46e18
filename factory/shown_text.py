"""Text from outside made inert before a terminal, a table cell, a CSV file, Markdown or a page shows it.

Provider words, names of places and restaurants, answers, model ids and file names may hold escape codes, marks that turn the
reading direction, markup or formulas. Every printer of the project goes through here; the data itself is never changed.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from typing import Final, TextIO

from factory.front_door import as_installed

HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""Unicode's categories of what is not seen but does something: controls, direction and zero-width marks, half characters,
private characters, line and paragraph separators."""
FORMULA_STARTS: Final = tuple("=+-@＝＋－＠")
"""A cell that begins with one is run by spreadsheets (OWASP, CSV injection)."""
_MARKUP: Final = re.compile(r"[\\`*\[\]<>|~&#$@]|(?<![^\W_])_|_(?![^\W_])|!(?=\[)")
"""ASCII that Markdown (GitHub's, with its mentions and formulas) reads; an underscore inside a word says nothing."""
_LINKS: Final = re.compile(r"(?i)\b(?:(?:https?|ftp)(?=://)|www(?=\.)|mailto(?=:)|xmpp(?=:))")
_LIST_START: Final = re.compile(r"^(\s*\d*)([-+=.)])")


def shown(text: object, *, lines: bool = False) -> str:
    r"""``text`` as a terminal may print it: what is hidden is written out, as ``\x1b`` or ``\u202e``.

    ``lines`` keeps line ends and tabs; a program that prints single lines leaves it off, so that no provider can write one of
    its own.
    """
    words = str(text)
    if words.isprintable():
        return words
    return "".join(char if _plain(char, lines=lines) else _written(char) for char in words)


def _plain(char: str, *, lines: bool) -> bool:
    return unicodedata.category(char) not in HIDDEN or (lines and char in "\n\t")


def _written(char: str) -> str:
    number = ord(char)
    if char in "\n\r\t":
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[char]
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def json_shown(text: str) -> str:
    r"""JSON text that parses to the same value and whose strings hide nothing: ``\u202e`` instead of the character itself."""
    if text.isprintable():
        return text
    return "".join(char if _plain(char, lines=True) else _utf16_escapes(char) for char in text)


def _utf16_escapes(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[place]:02x}{units[place + 1]:02x}" for place in range(0, len(units), 2))


def csv_cell(value: object) -> object:
    """A cell that no spreadsheet runs: text that begins like a formula gets an apostrophe; numbers stay numbers.

    White space before the sign does not hide it.
    """
    if value is None or isinstance(value, (bool, int, float)):
        return value
    words = shown(value, lines=True)
    return "'" + words if words.lstrip().startswith(FORMULA_STARTS) else words


def markdown(text: object) -> str:
    """Words that Markdown shows as they are, in a paragraph or a table cell: no markup, link, mention, HTML, list or break."""
    words = _MARKUP.sub(r"\\\g<0>", shown(" ".join(str(text).split("\n"))))
    words = _LINKS.sub(lambda link: f"{link[0][:-1]}&#{ord(link[0][-1])};", words)
    return _LIST_START.sub(r"\1\\\2", words)


def print_line(text: object, stream: TextIO | None = None) -> None:
    """One line for people, on standard error unless told otherwise, at once."""
    out = stream or sys.stderr
    out.write(as_installed(shown(text)) + "\n")
    out.flush()
