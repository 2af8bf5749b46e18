"""The record that makes a unit count: which files it names, what is in them, and what became of its candidates.

Between committing.py (and train and judge, which commit their own kinds) and store.py, which keeps it. As JSON it carries a
checksum of itself and one of every file, so that a reader knows a changed byte from a sample; records of schema versions before
3 have neither and are read as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import orjson

from factory.commit.schema import SCHEMA_VERSION, SHARDS
from factory.seal import BrokenSealError, check_seal, sealed

CHECKED_FROM = 3
"""The schema version from which a commit holds checksums."""


class CommitKind(StrEnum):
    """What a unit is."""

    ORDERS = "orders"
    """consecutive orders of a factory run, with their samples, rejects and calls"""
    PROMOTION = "promotion"
    """surplus of earlier units, admitted for a larger N; it has no files of its own"""
    COMPLETIONS = "completions"
    VERDICTS = "verdicts"


@dataclass(frozen=True, slots=True)
class ShardFile:
    """One Parquet file that a commit names. ``name`` is the store's; ``rows`` and ``checksum`` (hex) are None in old commits."""

    kind: str
    name: str
    rows: int | None = None
    checksum: str | None = None


@dataclass(frozen=True, slots=True)
class Commit:
    """One unit that counts. ``admitted``, ``surplus`` and ``dropped`` are sample ids in the order of admission.

    ``twins`` are the samples that the dropped ones repeat (older commits name none). ``counts``: slots by state, as this unit
    changes them. ``first_order`` and ``orders`` span the plan's indexes; ``answered``: the samples whose questions completions
    answer; ``from_units``: where a promotion's samples lie.
    """

    run_id: str
    unit: str
    kind: CommitKind
    created_at: datetime
    files: tuple[ShardFile, ...] = ()
    admitted: tuple[str, ...] = ()
    surplus: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    twins: tuple[str | None, ...] = ()
    counts: tuple[tuple[str, int], ...] = ()
    first_order: int | None = None
    orders: int = 0
    answered: tuple[str, ...] = ()
    from_units: tuple[str, ...] = ()
    schema_version: int = SCHEMA_VERSION

    def file(self, kind: str) -> ShardFile | None:
        """The unit's shard of this kind, if it has one."""
        return next((file for file in self.files if file.kind == kind), None)

    @property
    def surplus_change(self) -> int:
        """By how many samples the run's waiting surplus grew (a promotion takes from it)."""
        return len(self.surplus) - (len(self.admitted) + len(self.dropped) if self.kind is CommitKind.PROMOTION else 0)


class DamagedCommitError(ValueError):
    """Bytes that are no commit, or not the one that was written."""


def to_json(commit: Commit) -> bytes:
    """As it is kept: what is empty is left out, and a checksum over all the rest comes last."""
    body: dict[str, Any] = {
        "schema_version": commit.schema_version,
        "unit": commit.unit,
        "kind": commit.kind.value,
        "run_id": commit.run_id,
        "created_at": commit.created_at.isoformat(),
        "files": {file.kind: file.name for file in commit.files},
        "shards": {file.kind: {"rows": file.rows, "checksum": file.checksum} for file in commit.files},
        "counts": dict(commit.counts),
        "admitted": commit.admitted,
        "surplus": commit.surplus,
    }
    if commit.first_order is not None:
        body |= {"first_order": commit.first_order, "orders": commit.orders}
    optional = ("dropped", "twins", "answered", "from_units")
    body |= {name: getattr(commit, name) for name in optional if getattr(commit, name)}
    return orjson.dumps(sealed(body))


def from_json(data: bytes, run: str, unit: str) -> Commit:
    """A kept commit, whose place in the store says run and unit. Raises DamagedCommitError with the reason in a few words."""
    try:
        body = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise DamagedCommitError("it is no JSON") from error
    if not isinstance(body, dict):
        raise DamagedCommitError("it is no JSON object")
    version = body.get("schema_version", 1)
    if type(version) is not int or version > SCHEMA_VERSION:
        raise DamagedCommitError(f"its schema version {version!r} is newer than this program's {SCHEMA_VERSION}")
    if version >= CHECKED_FROM or "checksum" in body or "shards" in body:
        _check(body)
    try:
        return _typed(body, run, unit, version)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DamagedCommitError(f"its fields are not those of a commit ({type(error).__name__}: {error})") from error


def _check(body: Mapping[str, Any]) -> None:
    try:
        check_seal(body)
    except BrokenSealError as error:
        raise DamagedCommitError(str(error)) from error


def _typed(body: Mapping[str, Any], run: str, unit: str, version: int) -> Commit:
    kind = CommitKind(body["kind"]) if "kind" in body else _kind_before_kinds(body, unit)
    if body.get("unit", unit) != unit or body.get("run_id", run) != run:
        raise ValueError(f"it says that it is {body.get('run_id', run)} {body.get('unit')}")
    first = body.get("first_order")
    return Commit(
        run_id=run,
        unit=unit,
        kind=kind,
        created_at=datetime.fromisoformat(body["created_at"]),
        files=_files(body),
        admitted=_ids(body.get("admitted", ())),
        surplus=_ids(body.get("surplus", ())),
        dropped=_ids(body.get("dropped", ())),
        twins=tuple(body.get("twins", ())),
        counts=tuple((str(state), int(count)) for state, count in body.get("counts", {}).items()),
        first_order=None if first is None else int(first),
        orders=int(body.get("orders", 0)),
        answered=_ids(body.get("answered", body.get("samples", ()))),
        from_units=_ids(body.get("from_units", ())),
        schema_version=version,
    )


def _kind_before_kinds(body: Mapping[str, Any], unit: str) -> CommitKind:
    """Old commits say it by their files, and a promotion by its name."""
    files = body.get("files", {})
    if "verdicts" in files:
        return CommitKind.VERDICTS
    if "completions" in files:
        return CommitKind.COMPLETIONS
    return CommitKind.PROMOTION if unit.startswith("P") else CommitKind.ORDERS


def _files(body: Mapping[str, Any]) -> tuple[ShardFile, ...]:
    shards: Mapping[str, Mapping[str, Any]] = body.get("shards", {})
    files = []
    for kind, name in body.get("files", {}).items():
        if kind not in SHARDS or not isinstance(name, str):
            raise ValueError(f"a file of kind {kind!r}")
        entry = shards.get(kind, {})
        files.append(ShardFile(kind, name, entry.get("rows"), entry.get("checksum")))
    return tuple(files)


def _ids(values: Sequence[Any]) -> tuple[str, ...]:
    if not isinstance(values, (list, tuple)) or not all(isinstance(value, str) for value in values):
        raise TypeError("a list of ids is none")
    return tuple(values)
