"""A folder that is written aside and put in place whole, so that an export is never half and never mixed with an older one.

A manifest marks the folder as ours: what bears none is somebody's, and is never replaced.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import orjson

from factory.errors import DiskTrouble, UsageError

MANIFEST: Final = "chidian-export.json"
BOOK: Final = "exports.json"
"""In ``DATA``: where exports of it were written, so that ``forget`` can reach them."""


@contextmanager
def replaced_whole(out: Path) -> Iterator[Path]:
    """Gives a folder aside; it becomes ``out`` when the block ends well, and is removed when it does not.

    Raises UsageError when ``out`` holds what no export wrote, DiskTrouble.
    """
    out = out.absolute()
    aside, before = _beside(out)
    try:
        if before.exists() and not out.exists():
            before.rename(out)  # an export was killed between its two renames
        _may_replace(out)
        out.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir()
        yield aside
        for path in aside.rglob("*"):
            _sync(path)
        _sync(aside)
        shutil.rmtree(before, ignore_errors=True)
        if out.exists():
            out.rename(before)
        aside.rename(out)
        _sync(out.parent)
        shutil.rmtree(before, ignore_errors=True)
    except OSError as error:
        raise DiskTrouble(
            f"{out} cannot be written ({error.strerror or error}): give another OUT=folder; nothing was changed."
        ) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _may_replace(out: Path) -> None:
    if not out.exists():
        return
    if not out.is_dir():
        raise UsageError(f"OUT={out} is a file: give a folder.")
    if any(out.iterdir()) and not (out / MANIFEST).exists():
        raise UsageError(
            f"OUT={out} holds files that no export wrote (there is no {MANIFEST}): give an empty or a new folder, "
            "so that nothing of yours is replaced."
        )


def write_manifest(folder: Path, record: dict[str, Any]) -> None:
    """What the export holds, beside its files."""
    (folder / MANIFEST).write_bytes(orjson.dumps(record, option=orjson.OPT_INDENT_2))


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of an export's folder; None where there is none, or it cannot be read."""
    try:
        manifest = orjson.loads((folder / MANIFEST).read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return None
    return manifest if isinstance(manifest, dict) else None


def origin(data: Path) -> str:
    """12 hex digits for a ``DATA`` folder, so that a manifest says whose export it is without naming a path."""
    return blake2b(str(data.absolute()).encode(), digest_size=6).hexdigest()


def remember(data: Path, out: Path) -> None:
    """Note in ``DATA`` where an export of it is about to lie."""
    places = sorted({*_places(data), str(out.absolute())})
    aside = data / f".{BOOK}.aside"
    try:
        aside.write_bytes(orjson.dumps(places, option=orjson.OPT_INDENT_2))
        aside.replace(data / BOOK)
    except OSError as error:
        raise DiskTrouble(
            f"{data / BOOK} cannot be written ({error.strerror}): make room, then export again."
        ) from error


def forget_exports(data: Path, run: str) -> list[str]:
    """Remove every export of this folder that holds rows of the run; returns what went. Raises DiskTrouble.

    The whole export goes: what is left of it is made again by the same ``make export``. So does what a killed export left aside.
    An export of another ``DATA`` that lies where one of this folder's lay before stays.
    """
    gone: list[str] = []
    for place in map(Path, _places(data)):
        aside, before = _beside(place)
        for folder in (place, before, aside):
            if not (folder.is_dir() and (folder == aside or _holds(folder, data, run))):
                continue
            try:
                shutil.rmtree(folder)
            except OSError as error:
                raise DiskTrouble(
                    f"{folder} cannot be removed ({error.strerror}); run the same command again."
                ) from error
            gone.append(f"the export {folder}")
    return gone


def _holds(folder: Path, data: Path, run: str) -> bool:
    manifest = read_manifest(folder) or {}
    return run in manifest.get("runs", []) and manifest.get("origin", origin(data)) == origin(data)


def _beside(out: Path) -> tuple[Path, Path]:
    """Where an export is written before it is ``out``, and where the older one waits until it may go."""
    return out.with_name(f".{out.name}.aside"), out.with_name(f".{out.name}.before")


def _places(data: Path) -> list[str]:
    try:
        places = orjson.loads((data / BOOK).read_bytes())
    except FileNotFoundError:
        return []
    except (OSError, orjson.JSONDecodeError) as error:
        raise DiskTrouble(
            f"{data / BOOK} cannot be read ({error}): it lists where exports lie; remove it once you have removed them by hand."
        ) from error
    return [place for place in places if isinstance(place, str)] if isinstance(places, list) else []


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
