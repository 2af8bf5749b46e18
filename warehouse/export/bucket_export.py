"""An export below a URL of a bucket, where nothing is renamed: its manifest says first that it is unfinished, last what is there.

Files of an older export that the new one lacks go; what no export wrote is never touched, and a place that holds such is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson

from factory.commit.bucket import Bucket
from factory.errors import DiskTrouble, UsageError
from warehouse.export.manifest import MANIFEST, manifest_of


@contextmanager
def uploaded_whole(url: str) -> Iterator[Path]:
    """Gives a folder; what it holds when the block ends well is the export at the URL. Raises UsageError, DiskTrouble."""
    bucket = Bucket(url)
    before = _before(bucket)
    with TemporaryDirectory() as name:
        yield Path(name)
        try:
            files = {path.name: path.read_bytes() for path in Path(name).iterdir()}
        except OSError as error:
            raise DiskTrouble(f"{name} cannot be read ({error.strerror}); {url} is as it was.") from error
    manifest = manifest_of(files.pop(MANIFEST)) or {}
    manifest["files"] = sorted(files)
    old = [file for file in before.get("files", []) if file not in files]
    runs = sorted({*manifest["runs"], *before.get("runs", [])})
    both = manifest | {"unfinished": True, "runs": runs, "files": sorted({*files, *old})}
    bucket.put(MANIFEST, orjson.dumps(both))
    for file, body in files.items():
        bucket.put(file, body)
    bucket.drop(old)
    bucket.put(MANIFEST, orjson.dumps(manifest, option=orjson.OPT_INDENT_2))


def _before(bucket: Bucket) -> dict[str, Any]:
    """The manifest of the export that lies there; empty where nothing does. Raises UsageError."""
    manifest = manifest_of(bucket.get(MANIFEST) or b"")
    if manifest is None and any(True for _ in bucket.list("")):
        raise UsageError(
            f"OUT={bucket.url} holds what no export wrote (there is no {MANIFEST}): give a new place in the bucket, so that "
            "nothing of yours is replaced."
        )
    return manifest or {}


def forget_in_bucket(url: str, origin: str, run: str) -> str | None:
    """Remove the export at a URL if it is of this DATA and holds the run; returns what went. Raises UsageError, DiskTrouble."""
    bucket = Bucket(url)
    manifest = manifest_of(bucket.get(MANIFEST) or b"")
    if manifest is None or run not in manifest.get("runs", []) or manifest.get("origin", origin) != origin:
        return None
    bucket.drop([*manifest.get("files", []), MANIFEST])  # the manifest last: killed before, it is found again
    return f"the export {url}"
