"""How judges write one score, one dimension's name and the mark: 4分, 四, ４, 4/5, 準確性 (accuracy), <证据 0123…>; pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any, Final

from judge.rubric import Rubric

CANNOT: Final = "cannot"
"""What a judge says of a dimension that it cannot judge."""
_BLANK = frozenset({"", "null", "none", "n/a", "na", "nan", "-", "—", "无法判断", "不适用", "无"})
_SIDES: dict[str, tuple[str, ...]] = {
    "first": ("甲", "a", "first", "回答甲", "answer a"),
    "second": ("乙", "b", "second", "回答乙", "answer b"),
    "tie": ("平", "tie", "平局", "一样", "一样好", "equal", "draw"),
}
_FOR_BETTER = re.compile(r"(?:更好|较好|更优|胜|is better|better)$")
_SCORE = re.compile(r"(\d{1,3})(?:\.0+)?\s*(?:分|points?|pts?)?(?:\s*(?:/|of|out of)\s*(\d{1,3})\s*分?)?")
_HAN = {char: value for value, char in enumerate("零一二三四五六七八九十")} | {"两": 2, "兩": 2}
_GLOSS = re.compile(r"[(\[].*?[)\]]")
_HEX = re.compile(r"[0-9a-f]{6,}")


def folded(text: str) -> str:
    """Full-width and case folded, without blanks around and without a gloss in brackets."""
    return _flat(_GLOSS.sub("", unicodedata.normalize("NFKC", text)))


def _flat(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip(" \t\n\"'*【】「」").casefold()


def key_in(key: str, names: Sequence[str]) -> bool:
    """Whether a key is one of these."""
    return folded(key) in names


def dimension_of(key: str, rubric: Rubric) -> str | None:
    """The rubric's dimension that a key names, in its own words or by one of its other names."""
    written = folded(key)
    for dimension in rubric.dimensions:
        if written in {folded(name) for name in (dimension.name, *dimension.aliases)}:
            return dimension.name
    return None


def is_blank(value: Any) -> bool:
    """Nothing was given."""
    return value is None or (isinstance(value, str) and _flat(value) in _BLANK)


def names_mark(value: str, mark: str) -> bool:
    """Whether a text names this question's mark, whatever stands around it: quotes, brackets, a label, capitals."""
    return set(_HEX.findall(unicodedata.normalize("NFKC", value).casefold())) == {mark}


def number(value: Any, low: int, high: int) -> Any:
    """A whole number from ``low`` to ``high``, CANNOT, or None for anything else: halves, other scales, words, true."""
    if value is None or (isinstance(value, float) and value != value):  # noqa: PLR0124 - NaN alone differs from itself
        return CANNOT
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return int(value) if low <= value <= high and value == int(value) else None
    return _written(value, low, high) if isinstance(value, str) else None


def _written(text: str, low: int, high: int) -> Any:
    if is_blank(text):
        return CANNOT
    # A gloss stays: 4（满分10） is no 4.
    bare = _flat(text)
    if bare.removesuffix("分") in _HAN:
        value, most = _HAN[bare.removesuffix("分")], None
    elif score := _SCORE.fullmatch(bare):
        value, most = int(score[1]), score[2]
    else:
        return None
    return value if low <= value <= high and (most is None or int(most) == high) else None


def side(value: Any) -> str | None:
    """first, second or tie, as a judge writes it; None for anything else."""
    if not isinstance(value, str):
        return None
    bare = _FOR_BETTER.sub("", folded(value).rstrip("。. ")).strip()
    return next((name for name, words in _SIDES.items() if bare in words), None)
