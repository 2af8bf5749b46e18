"""One record under another: a label and its text, wrapped for the reader's width, Chinese counted as the two cells it fills.

Used wherever rows of text are shown in a terminal: the warehouse's answers, a preview, the sample at the end of a run. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rich.cells import cell_len

from factory.shown_text import shown

LEAST_WIDTH: Final = 24
NEVER_FIRST: Final = frozenset("，。、；：？！）】》”’,.;:?!)]}%✓≈✗")
"""Punctuation that no line begins with (kinsoku): it hangs one cell over instead."""
NEVER_LAST: Final = frozenset("（【《“‘([{")


def wrap(text: str, width: int) -> list[str]:
    """Lines of at most ``width`` cells (one more where punctuation hangs over); breaks at spaces and between Chinese characters."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line, cells = "", 0
        for piece in _pieces(paragraph):
            size = cell_len(piece)
            hangs = piece in NEVER_FIRST and cells + size <= width + 2
            if line and cells + size > width and not hangs:
                kept = line.rstrip()
                carried = kept[-1] if len(kept) > 1 and kept[-1] in NEVER_LAST else ""
                lines.append(kept[: len(kept) - len(carried)].rstrip())
                line, cells = carried, cell_len(carried)
                if piece == " ":
                    continue
            line, cells = line + piece, cells + size
        lines.append(line.rstrip())
    return lines


def _pieces(text: str) -> Iterator[str]:
    """What stays together: a word of narrow characters, or one wide character. A word longer than any line is cut by 16."""
    word = ""
    for char in text:
        wide = cell_len(char) != 1
        if (wide or char == " " or len(word) == 16) and word:
            yield word
            word = ""
        if wide or char == " ":
            yield char
        else:
            word += char
    if word:
        yield word


def record_lines(record: Sequence[tuple[str, object]], width: int) -> list[str]:
    """The lines of one record: labels in a column, texts beside them. None is shown as nothing."""
    column = max((cell_len(label) for label, _ in record), default=0) + 2
    room = max(width - column, LEAST_WIDTH)
    lines: list[str] = []
    for label, value in record:
        text = "" if value is None else shown(value, lines=True).expandtabs(4)
        head = shown(label) + " " * (column - cell_len(label))
        for number, line in enumerate(wrap(text, room)):
            lines.append(((head if number == 0 else " " * column) + line).rstrip())
    return lines


def rule(title: str, width: int) -> str:
    """A line that begins a record."""
    return f"── {title} " + "─" * max(0, width - cell_len(title) - 4)


def is_long(cell: object) -> bool:
    """Whether a text is one to read rather than to scan: longer than a column, or of several lines."""
    return isinstance(cell, str) and ("\n" in cell or cell_len(cell) > LONGEST_SCANNED)


LONGEST_SCANNED: Final = 40
"""Cells of a column that a table still shows beside others."""
