"""Foreign text as a record holds it: one line, without what is not seen; and what is too damaged or too long to be a fact.

A restaurant's name that holds a zero-width mark or a line break would spoil every answer that copies it. What can be seen
stays as it came. Pure.
"""

from __future__ import annotations

import re
import unicodedata

MOST_ID = 128
MOST_NAME = 200
MOST_ADDRESS = 500
"""Of an address, and of a type."""
MOST_FACT = 2_000
"""Of any other text: hours, telephone numbers, dishes and key words."""
LOST = "\ufffd"
"""What stands where bytes were no character."""
_BREAKS = "\t\n\v\f\r\x85\u2028\u2029"
_BREAK = re.compile(f"(?<! ) *[{_BREAKS}][ {_BREAKS}]*")
"""With the spaces around it; it begins where those do, so that a long run of spaces is looked at once."""


def plain(words: str) -> str:
    """Line breaks and tabs are one space, other controls and invisible marks are gone, the ends are bare."""
    if words.isprintable():
        return words.strip()
    seen = "".join(char for char in words if char in _BREAKS or unicodedata.category(char) not in {"Cc", "Cf"})
    return _BREAK.sub(" ", seen).strip()


def is_sound(words: str | None, most: int) -> bool:
    """Whether nothing of it was lost on the way and it is no longer than such a text may be; nothing is sound."""
    return words is None or (len(words) <= most and LOST not in words)
