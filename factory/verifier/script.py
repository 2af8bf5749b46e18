"""One script for all text: full-width, traditional characters, spaces and decoration fold away, offsets stay known. Pure.

First step of reading: everything that is compared, names of the evidence too, is compared in its folded form.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import opencc

_SIMPLIFY = opencc.OpenCC("t2s")
_BRACKETS = str.maketrans({"〔": "(", "〕": ")", "［": "(", "］": ")", "{": "(", "}": ")"})
_DROPPED = frozenset("*_#`>【】「」『』《》〈〉“”\"'‘’^°®™\u20e3\u200b\u200c\u200d\u2060\ufeff")
_OWN = {
    "，": ",", "。": "。", "；": ";", "！": "!", "？": "?", "：": ":", "—": "—", "–": "-", "－": "-", "−": "-", "～": "~", "〜": "~",
    "·": "·", "•": "·", "●": "·", "▪": "·", "｜": "|", "…": "。", "￥": "¥", "→": "—", "‐": "-", "‑": "-", "～ ": "~",
}  # fmt: skip


_SIGNS: Final = {
    **dict.fromkeys("⭐🌟★☆✨", "评分"), **dict.fromkeys("💰💴💵💲💳", "人均"), "📏": "距离", **dict.fromkeys("📞☎", "电话"), **dict.fromkeys("⏰🕐🕑🕒🕓🕔🕕🕖🕗🕘🕙🕚🕛🕰", "营业时间"),
}  # fmt: skip
"""Signs that stand for a field's name; every other sign only parts what stands around it."""
_CIRCLED: Final = frozenset("①②③④⑤⑥⑦⑧⑨⑩❶❷❸❹❺")
_NUMERALS: Final = frozenset("一二三四五六七八壹贰叁肆伍")
_ENDS: Final = frozenset("。;!?:,")
_ABSENCE: Final = "未没無无暂暫"
_GAP_BEFORE: Final = re.compile(
    r"[\d零一二三四五六七八九十百千](?:元|块|米|分|公里|km|m)$|(?:店|馆|号|层|楼)[)）]$|[/每](?:人|位)$|分钟$"
)
_GAP_AFTER: Final = re.compile(r"\s*(?:[\u4e00-\u9fff]|\d+(?:\.\d+)?(?:元|米|分|公里))")
_GOES_ON: Final = re.compile(r"\s*(?:左右|上下|以[内上下外]|之[内外]|附近|出头|[的比和与跟离是、])")
_SCORE: Final = re.compile(r"(?<![\d.])[0-5](?:\.\d)?$")


@dataclass(slots=True, init=False, unsafe_hash=True)
class Folded:
    """Folded text; ``at[i]`` is the offset in the raw text of the character that gave ``text[i]``."""

    text: str
    at: tuple[int, ...]

    def __init__(self, text: str, at: tuple[int, ...]) -> None:
        self.text = text
        self.at = at


@lru_cache(maxsize=1 << 15)
def _char(char: str) -> str:
    """What one raw character becomes: nothing, itself, or its plain form. Line breaks stay."""
    if char == "\n":
        return char
    if char in _OWN:
        return _OWN[char]
    if char in _DROPPED or 0xD800 <= ord(char) <= 0xDFFF:
        return ""
    plain = unicodedata.normalize("NFKC", char).translate(_BRACKETS)
    kept = "".join(
        _OWN.get(one, one) for one in plain if not one.isspace() and unicodedata.category(one) not in {"Cf", "Mn", "So"}
    )
    return str(_SIMPLIFY.convert(kept)).lower() if kept else ""


class _PlainForms(dict[int, str]):
    """Characters' plain forms, for ``str.translate``; bounded by the characters of a plain run."""

    def __missing__(self, code: int) -> str:
        form = self[code] = _char(chr(code))
        return form


_PLAIN: Final = _PlainForms()
_PLAIN_RUN: Final = re.compile(r"[\u4e00-\u9fff0-9A-Za-z，。；：！？、（）:,.;!?()%/+-]+")
"""Characters of which each becomes one: most of a text, so that they are folded a run at a time."""


def fold_text(text: str) -> Folded:
    """Fold a text of any length, keeping where each character came from."""
    out: list[str] = []
    at: list[int] = []
    index, size = 0, len(text)
    while index < size:
        run = _PLAIN_RUN.match(text, index)
        if run is not None and len(plain := run[0].translate(_PLAIN)) == run.end() - index:
            out.extend(plain)
            at.extend(range(index, run.end()))
            index = run.end()
            continue
        char = text[index]
        plain = _char(char) or (_sign(char, out, text[index + 1 :].lstrip("\ufe0f ")[:2]) if char > "\u2000" else "")
        if out and (
            (char in _CIRCLED and out[-1] != "第")
            or (char == "、" and out[-1] in _NUMERALS and out[-2:-1] and out[-2] in _ENDS)
        ):
            if char == "、":  # 二、退而求其次 within a line
                out.pop()
                at.pop()
            plain = ";" if out[-1] not in _ENDS else ""
            if not plain:
                index += 1
                continue
        if char == "】" and out and text[index + 1 : index + 2].strip() and text[index + 1] not in ":：，,。|（(":
            plain = ":"  # 【结论】两家都…: a heading within its line
        if not plain and out and char.isspace():
            plain = _gap(text, index)
        if len(plain) == 1:
            out.append(plain)
            at.append(index)
        elif plain:
            out.append(plain)
            at.extend([index] * len(plain))
        index += 1
    return Folded("".join(out), tuple(at))


def _sign(char: str, out: list[str], after: str) -> str:
    """What an emoji becomes: 4.6⭐ a unit, 💰80 a field's name, any other sign a comma between two words."""
    if unicodedata.category(char) != "So":
        return ""
    word = _SIGNS.get(char, "")
    if word == "评分" and not after[:1].isdigit() and after[:1] not in _ABSENCE:
        return "分" if _SCORE.search("".join(out[-4:])) else ""
    comma = "," if out and out[-1] not in ",。;!?:|(-" else ""
    return comma + (word if after[:1].isdigit() or after[:1] in f"¥约{_ABSENCE}" else "")


def _gap(text: str, index: int) -> str:
    """A comma where nothing but a gap parts two statements: 人均88元 评分4.3. A word that goes on with the value is none."""
    before, after = text[max(0, index - 6) : index], text[index : index + 12]
    parts = _GAP_BEFORE.search(before) and _GAP_AFTER.match(after) and not _GOES_ON.match(after)
    return "," if parts and text[index] != "\n" else ""


@lru_cache(maxsize=1 << 12)
def fold(text: str) -> str:
    """The folded form of a short text: a name, an address, a dish. Memoised: the same ones come back with every answer."""
    return "".join(map(_char, text)).replace("\n", "")
