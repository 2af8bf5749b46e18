"""``chidian.json``: what a training wrote down of its folder, sealed, with the checksums of the files that it left behind."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import orjson

from factory.errors import DamagedFile
from factory.seal import SEAL, BrokenSealError, check_seal, sealed

CONFIG: Final = "chidian.json"
FILES: Final = "files"
"""Name → checksum of what a finished training left; older records have none"""
_BLOCK: Final = 1 << 22


def write_record(folder: Path, record: Mapping[str, Any]) -> None:
    """Replace the folder's record in one go."""
    write_whole(folder / CONFIG, orjson.dumps(sealed(record), option=orjson.OPT_INDENT_2))


def read_record(folder: Path) -> dict[str, Any]:
    """The folder's record; empty for weights from elsewhere. Raises DamagedFile."""
    path = folder / CONFIG
    try:
        body = orjson.loads(path.read_bytes())
        if not isinstance(body, dict) or "mode" not in body:
            raise BrokenSealError("it is no record of a training")
        if SEAL in body:
            check_seal(body)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise damaged(path, str(error)) from error
    return {name: value for name, value in body.items() if name != SEAL}


def check_files(folder: Path, record: Mapping[str, Any]) -> None:
    """Raises DamagedFile that names the first file which is not as the training left it."""
    for name, expected in dict(record.get(FILES) or {}).items():
        path = folder / name
        if not path.is_file():
            raise damaged(path, "it is gone")
        if file_checksum(path) != expected:
            raise damaged(path, "it is not what the training wrote")


def checksums(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Name → checksum of files in a folder."""
    return {name: file_checksum(folder / name) for name in names}


def file_checksum(path: Path) -> str:
    """32 hex digits of a file's bytes, read block by block: weights do not fit in memory twice. Raises OSError."""
    digest = blake2b(digest_size=16)
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def damaged(path: Path, wrong: str) -> DamagedFile:
    """The error for one file of a training's folder, with its way back."""
    remedy = f"restore it from a backup, or remove that folder and train again: {path.parent}"
    return DamagedFile(str(path), wrong, remedy)


def write_whole(path: Path, content: bytes) -> None:
    """Replace a file in one go."""
    aside = path.with_name(f".{path.name}.aside")
    with aside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
