"""``chidian-export.json``: what an export holds, and of which DATA it is; by it an export is known from what is somebody's."""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import orjson

from factory.commit.working_folder import store_url

MANIFEST: Final = "chidian-export.json"


def write_manifest(folder: Path, record: dict[str, Any]) -> None:
    """What the export holds, beside its files."""
    (folder / MANIFEST).write_bytes(orjson.dumps(record, option=orjson.OPT_INDENT_2))


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of an export's folder; None where there is none, or it cannot be read."""
    try:
        return manifest_of((folder / MANIFEST).read_bytes())
    except OSError:
        return None


def manifest_of(body: bytes) -> dict[str, Any] | None:
    """A manifest's object; None for bytes that are none."""
    try:
        manifest = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return manifest if isinstance(manifest, dict) else None


def origin(data: Path) -> str:
    """12 hex digits for a ``DATA``, so that a manifest says whose export it is without naming a path or a bucket."""
    return blake2b((store_url(data) or str(data.absolute())).encode(), digest_size=6).hexdigest()
