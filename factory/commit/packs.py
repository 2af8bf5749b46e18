"""Where a shard's bytes lie once it was packed with others: a record that says so, put if absent, and the index that readers ask.

A shard keeps its name, its commit and its checksum; ``packs/RUN/NAME.json`` says in which bigger file it now lies, and where. Names
are never used again, so that a record is right whoever wrote it and whenever it is read, and needs no epoch. Of two records that
name one shard (a pack that was packed again) either is right while its file is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import orjson

from factory.seal import BrokenSealError, check_seal, sealed


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of a file of the store, in bytes."""

    file: str
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Pack:
    """One file of many shards of a kind. ``members``: shards by name, in the order of their units; ``size`` in bytes."""

    name: str
    kind: str
    file: str
    size: int
    checksum: str
    members: tuple[tuple[str, int, int], ...]

    def slices(self) -> dict[str, Slice]:
        """Where each shard lies."""
        return {name: Slice(self.file, start, length) for name, start, length in self.members}


class DamagedPackError(ValueError):
    """Bytes that are no record of a pack."""


def pack_json(pack: Pack) -> bytes:
    """As it is kept."""
    body = {"kind": pack.kind, "file": pack.file, "size": pack.size, "file_checksum": pack.checksum}
    return orjson.dumps(sealed(body | {"members": pack.members}))


def pack_of(name: str, data: bytes) -> Pack:
    """A kept record. Raises DamagedPackError with the reason in a few words."""
    try:
        body = orjson.loads(data)
        check_seal(body)
        members = tuple((str(member), int(start), int(length)) for member, start, length in body["members"])
        return Pack(name, str(body["kind"]), str(body["file"]), int(body["size"]), str(body["file_checksum"]), members)
    except (orjson.JSONDecodeError, BrokenSealError) as error:
        raise DamagedPackError(str(error)) from error
    except (KeyError, TypeError, ValueError) as error:
        raise DamagedPackError(f"its fields are not those of a pack ({type(error).__name__})") from error


class PackIndex:
    """The packs of one run, read as they come. ``listed``: the records' names; ``read``: one record, None when it is gone."""

    def __init__(self, listed: Callable[[], Iterable[str]], read: Callable[[str], Pack | None]) -> None:
        self._listed, self._read = listed, read
        self._packs: dict[str, Pack] | None = None
        self._slices: Mapping[str, Slice] = {}

    def find(self, shard: str, *, fresh: bool = False) -> Slice | None:
        """Where a shard lies, when it was packed; ``fresh``: look at what the store holds now."""
        if self._packs is None or fresh:
            self._refresh()
        return self._slices.get(shard)

    def packs(self) -> list[Pack]:
        """All of them, as the store holds them now."""
        self._refresh()
        return list((self._packs or {}).values())

    def _refresh(self) -> None:
        before, packs = self._packs or {}, {}
        for name in sorted(self._listed()):
            pack = before.get(name) or self._read(name)
            if pack is not None:
                packs[name] = pack
        if packs.keys() != before.keys() or self._packs is None:
            self._slices = {shard: part for pack in packs.values() for shard, part in pack.slices().items()}
        self._packs = packs
