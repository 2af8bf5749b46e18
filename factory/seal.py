"""Checksums of what is kept, and hashes of what a run is made of: a changed byte is seen, changed content is another identity.

Pure. Used by commits and plans (sealed JSON objects), by the store (files) and by plan/identity.py (prompts, vocabulary,
request settings, the verifier's sources).
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import orjson

SEAL = "checksum"


class BrokenSealError(ValueError):
    """A kept object is not the one that was sealed."""


def checksum(data: bytes | memoryview) -> str:
    """32 hex digits of a file's bytes (blake2b, 128 bits)."""
    return blake2b(data, digest_size=16).hexdigest()


def content_hash(content: Any) -> str:
    """16 hex digits of a text, of bytes, or of anything that JSON can say (whatever the order of its keys)."""
    if isinstance(content, str):
        content = content.encode("utf-8", "surrogatepass")
    if not isinstance(content, bytes):
        content = orjson.dumps(content, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    return blake2b(content, digest_size=8).hexdigest()


def sealed(body: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON object with the checksum of its content; ``check_seal`` is its inverse."""
    return {**body, SEAL: _seal(body)}


def check_seal(body: Mapping[str, Any]) -> None:
    """Raises BrokenSealError when an object is not the one that was sealed."""
    if body.get(SEAL) != _seal({name: value for name, value in body.items() if name != SEAL}):
        raise BrokenSealError("its content does not fit its checksum")


def _seal(body: Mapping[str, Any]) -> str:
    return checksum(orjson.dumps(body, option=orjson.OPT_SORT_KEYS))
