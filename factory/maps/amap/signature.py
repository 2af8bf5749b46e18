"""AMap's digital signature: MD5 over the sorted, unencoded parameters with the account's secret appended."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import md5


def sign(parameters: Mapping[str, str], secret: str) -> str:
    """The ``sig`` of a request: ``k1=v1&k2=v2…`` in ASCII order of names (``key`` included, ``sig`` not), then the secret."""
    text = "&".join(f"{name}={parameters[name]}" for name in sorted(parameters) if name != "sig")
    return md5((text + secret).encode(), usedforsecurity=False).hexdigest()
