"""What would go to a hub, under which rights, and why it may not: read from an export's own rows, decided without I/O.

The rows say whose map and whose words they are; nothing that was written beside them is believed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

import duckdb

from factory.errors import UsageError
from warehouse.export.manifest import MANIFEST, read_manifest
from warehouse.export.rights import Rights, rights_of, strictest

SIMULATED: Final = "sandbox/"
"""How the names of teachers begin whose words are nobody's."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where some of the rows come from."""

    map_provider: str
    licence: str | None
    teacher: str


@dataclass(frozen=True, slots=True)
class Offer:
    """An export as it would go. ``files``: name to bytes; ``accepted``: the user answers for terms that are not known here."""

    folder: Path
    repository: str
    files: Mapping[str, int]
    rows: Mapping[str, int]
    rights: Rights
    teachers: tuple[str, ...]
    accepted: bool
    private: bool

    @property
    def refusal(self) -> str | None:
        """Why it may not go; None where it may."""
        if self.rights.publishable is False:
            return f"It may not be published: {self.rights.why}. Keep it to yourself, or make data from an open map (MAP=open:...)."
        unknown = [teacher for teacher in self.teachers if not teacher.startswith(SIMULATED)]
        if unknown and not self.accepted:
            return (
                f"The terms of the teacher ({', '.join(unknown)}) are not known here: read whether they allow publishing what it "
                "wrote, then set PUSH_TERMS=accepted."
            )
        if self.rights.publishable is None and not self.accepted:
            return (
                f"Not known to be free: {self.rights.why}. Read it; set PUSH_TERMS=accepted where it allows publishing."
            )
        return None

    def told(self, hub: str) -> list[str]:
        """What goes, where, and under which licence, in lines."""
        rows = " · ".join(f"{split} {count:,}" for split, count in self.rows.items())
        return [
            f"{'private' if self.private else 'PUBLIC'} data set {self.repository} on {hub}",
            f"licence: {self.rights.name} ({self.rights.why}); written by {', '.join(self.teachers)}",
            f"rows: {rows}",
            *(f"  {name}  {size:,} bytes" for name, size in self.files.items()),
        ]


def offer_of(folder: Path, repository: str, *, accepted: bool, private: bool) -> Offer:
    """Read an export. Raises UsageError when the folder is none, or its rows are not those that were written."""
    manifest = read_manifest(folder)
    if manifest is None:
        raise UsageError(f"{folder} is no export ({MANIFEST} is missing): make one with `make export OUT={folder}`.")
    digests: Mapping[str, str] = manifest.get("sha256", {})
    for name, digest in digests.items():
        path = folder / name
        if not path.is_file() or sha256(path.read_bytes()).hexdigest() != digest:
            raise UsageError(f"{path} is not what the export wrote: export again, then push that.")
    sources = _sources([folder / name for name in digests])
    return Offer(
        folder=folder,
        repository=repository,
        files={path.name: path.stat().st_size for path in sorted(folder.iterdir()) if path.name != MANIFEST},
        rows=manifest.get("rows", {}),
        rights=strictest([rights_of(source.map_provider, source.licence) for source in sources]),
        teachers=tuple(sorted({source.teacher for source in sources})),
        accepted=accepted,
        private=private,
    )


def _sources(files: Sequence[Path]) -> list[Source]:
    """Raises UsageError on files without rows, or whose rows do not say where they come from."""
    readers = {".parquet": "read_parquet", ".jsonl": "read_json"}
    asked = "select distinct source.map_provider, source.licence, coalesce(source.teacher, 'unknown') from {}(?)"
    try:
        with duckdb.connect() as connection:
            found = {
                Source(*row)
                for path in files
                for row in connection.execute(asked.format(readers[path.suffix]), [str(path)]).fetchall()
            }
    except duckdb.Error as error:
        raise UsageError(f"The export's rows cannot be read ({str(error).splitlines()[0]}): export again.") from error
    if not found:
        raise UsageError("The export holds no rows: export again.")
    return list(found)
