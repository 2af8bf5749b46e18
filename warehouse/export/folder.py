"""A folder that is written aside and put in place whole, so that an export is never half and never mixed with an older one.

A manifest marks the folder as ours: what bears none is somebody's, and is never replaced.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import orjson

from factory.commit.store import open_store
from factory.commit.working_folder import store_url
from factory.errors import DiskTrouble, UsageError
from warehouse.export.bucket_export import forget_in_bucket
from warehouse.export.manifest import MANIFEST, origin, read_manifest

BOOK: Final = "exports.json"
"""In ``DATA``: where exports of it were written, so that ``forget`` can reach them; of a bucket it is kept there, too."""
KEPT: Final = "exported-to"
"""The folder of such a book, as it is kept in a bucket."""


@contextmanager
def replaced_whole(out: Path) -> Iterator[Path]:
    """Gives a folder aside; it becomes ``out`` when the block ends well, and is removed when it does not.

    Two that write there at once do it one after the other. Raises UsageError when ``out`` holds what no export wrote, DiskTrouble.
    """
    out = out.absolute()
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with _alone_in(out.parent), _put_in_place(out) as aside:
            yield aside
    except OSError as error:
        raise DiskTrouble(
            f"{out} cannot be written ({error.strerror or error}): give another OUT=folder; nothing was changed."
        ) from error


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Wait for whoever writes there; the lock goes with the process, however that ends."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def _put_in_place(out: Path) -> Iterator[Path]:
    aside, before = _beside(out)
    try:
        if before.exists() and not out.exists():
            before.rename(out)  # an export was killed between its two renames
        _may_replace(out)
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


def remember(data: Path, out: Path) -> None:
    """Note in ``DATA`` where an export of it is about to lie."""
    book = _book(data)
    aside = book.with_name(f".{BOOK}.aside")
    try:
        book.parent.mkdir(parents=True, exist_ok=True)
        with _alone_in(book.parent):
            places = sorted({*_places(data), store_url(out) or str(out.absolute())})
            body = orjson.dumps(places, option=orjson.OPT_INDENT_2)
            aside.write_bytes(body)
            aside.replace(book)
            open_store(data).keep_document(f"{KEPT}/{BOOK}", body)
    except OSError as error:
        raise DiskTrouble(f"{book} cannot be written ({error.strerror}): make room, then export again.") from error


def forget_exports(data: Path, run: str) -> list[str]:
    """Remove every export of this folder that holds rows of the run; returns what went. Raises DiskTrouble.

    The whole export goes: what is left of it is made again by the same ``make export``. So does what a killed export left aside.
    An export of another ``DATA`` that lies where one of this folder's lay before stays.
    """
    gone: list[str] = []
    for name in _places(data):
        if "://" in name:
            gone += filter(None, [forget_in_bucket(name, origin(data), run)])
            continue
        place = Path(name)
        if store_url(data) is not None and not place.parent.exists():
            gone.append(f"nothing of the export {place}, whose folder is not on this machine: remove it where it is")
            continue
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


def _book(data: Path) -> Path:
    return data / BOOK if store_url(data) is None else data / KEPT / BOOK


def _places(data: Path) -> list[str]:
    """As the bucket knows them, where DATA is one: another machine may have exported last."""
    open_store(data).fetch_documents(KEPT)
    book = _book(data)
    try:
        places = orjson.loads(book.read_bytes())
    except FileNotFoundError:
        return []
    except (OSError, orjson.JSONDecodeError) as error:
        raise DiskTrouble(
            f"{book} cannot be read ({error}): it lists where exports lie; remove it once you have removed them by hand."
        ) from error
    return [place for place in places if isinstance(place, str)] if isinstance(places, list) else []


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
