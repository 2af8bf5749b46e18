"""The local folder of a ``DATA`` that is a URL: account book, kept answers, index, plan and DuckDB file stay on this machine.

``DATA=s3://bucket/prefix`` works in ``chidian-work/s3/bucket/prefix`` below the current folder; the path says which store it is of,
so that every room finds shards and commits by it.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote, unquote

from factory.errors import UsageError

SCHEMES = ("s3", "gs", "az")
"""Amazon's S3 and what speaks it, Google Cloud Storage, Azure Blob Storage."""
_HOME = "chidian-work"
_WHOLE_BUCKET = "%"


def working_folder(url: str) -> Path:
    """The folder of a store's URL. Raises ValueError for a URL of another kind, or one without a bucket."""
    scheme, mark, rest = url.partition("://")
    bucket, _, prefix = rest.rstrip("/").partition("/")
    if not mark or scheme not in SCHEMES or not bucket or quote(bucket, safe="") != bucket:
        raise ValueError(url)
    return Path(_HOME, scheme, bucket, quote(prefix, safe="") or _WHOLE_BUCKET)


def local_out(out: Path, command: str) -> Path:
    """A folder that a command writes to or reads. Raises UsageError for one that stands for a URL."""
    url = store_url(out)
    if url is not None:
        raise UsageError(
            f"OUT={url}: `chidian {command}` works on a folder of this machine; only `chidian export` takes a URL."
        )
    return out


def missing_warehouse(data: Path, name: str = "warehouse.duckdb") -> str:
    """What to tell who asks a DATA for its DuckDB file before there is one."""
    url = store_url(data)
    if url is None:
        return f"There is no {data / name}: run `make synth` first, or `make warehouse` if shards exist."
    return f"There is no {data / name} on this machine: `chidian warehouse --data {url}` builds it from what the bucket holds."


def store_url(folder: Path) -> str | None:
    """The URL of the store that a folder is of; None for a folder that holds its own shards."""
    parts = folder.parts[-4:]
    if len(parts) < 4 or parts[0] != _HOME or parts[1] not in SCHEMES:
        return None
    _, scheme, bucket, prefix = parts
    return f"{scheme}://{bucket}" + ("" if prefix == _WHOLE_BUCKET else f"/{unquote(prefix)}")
