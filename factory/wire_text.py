"""Foreign bytes to values and to words: total readers that every wire (teacher, judge, map) shares; nothing here raises.

``decode`` is orjson's fast path; what that refuses though it was paid for (a byte-order mark, keep-alive comments before the
body, NaN, lone surrogates, bytes that are no UTF-8, JSONP) is read slowly. ``quoted`` makes foreign words safe to print.
"""

from __future__ import annotations

import json
import re
from typing import Any

import orjson

MOST_SHOWN = 300
"""Characters of a foreign text that a sentence of ours repeats."""
_JSONP = re.compile(r"^[\w.$]{1,64}\(\s*(.*)\)\s*;?\s*$", re.DOTALL)
_SURROGATE = re.compile(f"[{chr(0xD800)}-{chr(0xDFFF)}]")
_COMMENTS = re.compile(r"^(?:\s*:[^\n]*\n|\s+)+")
_TAGS = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.DOTALL | re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.DOTALL | re.IGNORECASE)
_MOSTLY_BROKEN = 0.2
"""Share of broken places among the characters beyond ASCII from which a text is held to be GB 18030 rather than UTF-8."""


def decode(raw: bytes) -> Any:
    """The JSON value of a body, or None."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return loose_json(readable(raw))


def readable(raw: bytes) -> str:
    """Bytes as text: by their byte-order mark, as UTF-8, as GB 18030 where UTF-8 breaks everywhere; with marks for what breaks."""
    for mark, name in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if raw.startswith(mark):
            return raw.decode(name, "replace").removeprefix("\ufeff")
    text = raw.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    if broken and broken > _MOSTLY_BROKEN * sum(char > "\x7f" for char in text):
        try:
            return raw.decode("gb18030")
        except UnicodeDecodeError:
            pass
    return text


def loose_json(text: str) -> Any:
    """The first whole JSON value of a text, or None; NaN and infinities are None, strings lose their lone surrogates."""
    body = _COMMENTS.sub("", text) if text[:1] in ":\n\r\t " else text
    if body and body[0] not in '{["0123456789-tfn' and (call := _JSONP.match(body)):
        body = call[1]
    try:
        value, end = _DECODER.raw_decode(body.strip())
    except (ValueError, RecursionError):
        return None
    # Rubbish behind a whole object does not make the object worth less; behind anything else there is no telling.
    if body.strip()[end:].strip() and not isinstance(value, dict):
        return None
    return _clean(value) if _SURROGATE.search(text) or "\\u" in body else value


def _whole_number(text: str) -> int | float:
    """Beyond 18 digits nobody means a count."""
    return int(text) if len(text) < 19 else float(text)


_DECODER = json.JSONDecoder(strict=False, parse_int=_whole_number, parse_constant=lambda _: None)


def _clean(value: Any, depth: int = 0) -> Any:
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if depth > 200:
        return None
    if isinstance(value, list):
        return [_clean(element, depth + 1) for element in value]
    if isinstance(value, dict):
        return {_SURROGATE.sub("\ufffd", name): _clean(member, depth + 1) for name, member in value.items()}
    return value


def mapping(value: Any) -> dict[str, Any]:
    """An object, or an empty one."""
    return value if isinstance(value, dict) else {}


def words(value: Any) -> str:
    """A string or a number as text; "" for anything else."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else ""


def count(value: Any) -> int | None:
    """A number of things, also as text or as a float that is whole; None for all that can be none (negative, boolean, 2**63)."""
    if isinstance(value, str):
        value = int(value) if value.isascii() and value.isdecimal() and len(value) < 19 else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    whole = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9
    return value if whole else None


def quoted(text: object, most: int = MOST_SHOWN) -> str:
    """Foreign words for a sentence: one line, nothing that moves a cursor or hides, at most ``most`` characters."""
    plain = "".join(char if char.isprintable() else " " for char in str(text)[: 4 * most])
    plain = " ".join(plain.split())
    return plain if len(plain) <= most else plain[: most - 1] + "…"


def snippet(raw: bytes, most: int = 120) -> str:
    """The beginning of a body for a sentence; a page of HTML by its title and text."""
    text = readable(raw[: 16 * most])
    if text.lstrip()[:1] == "<":
        title = _TITLE.search(text)
        text = (title[1] + ": " if title else "") + _TAGS.sub(" ", _TITLE.sub("", text))
    return quoted(text, most) or "nothing"
