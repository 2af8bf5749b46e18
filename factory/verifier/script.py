"""One script for all text: full-width, traditional characters, spaces and decoration fold away, offsets stay known. Pure.

First step of reading: everything that is compared, names of the evidence too, is compared in its folded form.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import opencc

_SIMPLIFY = opencc.OpenCC("t2s")
_BRACKETS = str.maketrans({"〔": "(", "〕": ")", "［": "(", "］": ")", "{": "(", "}": ")"})
_DROPPED = frozenset("*_#`>【】「」『』《》〈〉“”\"'‘’^°®™\u200b\u200c\u200d\u2060\ufeff")
_OWN = {
    "，": ",", "。": "。", "；": ";", "！": "!", "？": "?", "：": ":", "—": "—", "–": "-", "－": "-", "−": "-", "～": "~", "〜": "~",
    "·": "·", "•": "·", "●": "·", "▪": "·", "｜": "|", "…": "。", "￥": "¥", "→": "—", "～ ": "~",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Folded:
    """Folded text; ``at[i]`` is the offset in the raw text of the character that gave ``text[i]``."""

    text: str
    at: tuple[int, ...]


@lru_cache(maxsize=1 << 15)
def _char(char: str) -> str:
    """What one raw character becomes: nothing, itself, or its plain form. Line breaks stay."""
    if char == "\n":
        return char
    if char in _OWN:
        return _OWN[char]
    if char in _DROPPED or "\ud800" <= char <= "\udfff":
        return ""
    plain = unicodedata.normalize("NFKC", char).translate(_BRACKETS)
    kept = "".join(
        _OWN.get(one, one) for one in plain if not one.isspace() and unicodedata.category(one) not in {"Cf", "Mn", "So"}
    )
    return str(_SIMPLIFY.convert(kept)).lower() if kept else ""


def fold_text(text: str) -> Folded:
    """Fold a text of any length, keeping where each character came from."""
    out: list[str] = []
    at: list[int] = []
    for index, char in enumerate(text):
        plain = _char(char)
        if len(plain) == 1:
            out.append(plain)
            at.append(index)
        elif plain:
            out.append(plain)
            at.extend([index] * len(plain))
    return Folded("".join(out), tuple(at))


@lru_cache(maxsize=1 << 12)
def fold(text: str) -> str:
    """The folded form of a short text: a name, an address, a dish. Memoised: the same ones come back with every answer."""
    return "".join(map(_char, text)).replace("\n", "")
