"""The one reader of AMap's bodies: bytes to a body with a status, or nothing; pure and total.

``status`` comes as text, as a number or in a list; old gateways wrap the body as JSONP or send GBK. What is inside is typed by
parsing.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from factory.wire_text import decode, quoted, words

_LISTS = ("pois", "geocodes")
"""What an answer holds, by endpoint: a list, or any form of nothing."""


@dataclass(frozen=True, slots=True)
class AmapBody:
    """``infocode`` as the table has it, "" for none; ``info`` is the service's own word, safe to print."""

    succeeded: bool
    infocode: str
    info: str
    values: dict[str, Any]


def read_body(raw: bytes) -> AmapBody | None:
    """None when it is no answer of this service."""
    values = decode(raw)
    if not isinstance(values, dict) or "status" not in values:
        return None
    status = _plain(values["status"])
    if status not in {"0", "1"}:
        return None
    for name in _LISTS:
        values[name] = listed = _listed(values.get(name))
        if listed and not isinstance(listed, list):
            return None
    infocode = _plain(values.get("infocode"))
    return AmapBody(status == "1", quoted(infocode, 20), quoted(words(values.get("info")), 80), values)


def _listed(value: Any) -> Any:
    """A list that came as its one row, or as rows by number, is that list."""
    if isinstance(value, dict) and value:
        inner = list(value.values())
        return inner if all(isinstance(row, dict) for row in inner) else [value] if "location" in value else value
    return value


def _plain(value: Any) -> str:
    """A code as text, whether it came as text, as a number, or alone in a list."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return words(value).strip()


def nothing_found(infocode: str) -> bytes:
    """What is kept of an answer that says that there is nothing."""
    return orjson.dumps({"status": "0", "infocode": infocode})
