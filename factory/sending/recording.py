"""``doctor --record FILE``: exchanges with a real service as JSON lines, without keys, in a form that a test can play back.

A line: ``{"wire", "path", "asked", "status", "retry_after", "answer"}``; a body that is no UTF-8 stands as base64 in ``answer64``.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from factory.sending.network import Received

REDACTED = "***"
_SECRET_FIELDS = frozenset({"key", "sig", "api_key", "authorization", "user"})


class Recorder:
    """Writes each exchange as it happens. ``secrets`` are taken out wherever they stand."""

    def __init__(self, path: Path, secrets: Sequence[str | None]) -> None:
        self._path = path
        self._secrets = [secret for secret in secrets if secret]
        path.write_bytes(b"")

    def add(self, wire: str, path: str, asked: Any, received: Received) -> None:
        """Append one exchange."""
        raw, answer = received.raw, dict[str, str]()
        for secret in self._secrets:
            raw = raw.replace(secret.encode(), REDACTED.encode())
        try:
            answer["answer"] = raw.decode()
        except UnicodeDecodeError:
            answer["answer64"] = base64.b64encode(raw).decode()
        line = {
            "wire": wire,
            "path": path,
            "asked": orjson.loads(self._redacted(orjson.dumps(_without_secrets(asked)).decode())),
            "status": received.status,
            "retry_after": received.retry_after,
            **answer,
        }
        with self._path.open("ab") as file:
            file.write(orjson.dumps(line) + b"\n")

    def _redacted(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, REDACTED)
        return text


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: REDACTED if name.lower() in _SECRET_FIELDS else _without_secrets(inner)
            for name, inner in value.items()
        }
    return [_without_secrets(inner) for inner in value] if isinstance(value, list) else value
