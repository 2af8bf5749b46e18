"""What a killed run goes on from: checkpoints written aside, fsynced and renamed, beside the configuration they belong to.

A folder ``checkpoint-N`` therefore is whole, or is not there. The two newest are kept: one damaged later (its files no longer
have the checksums it was sealed with) costs the steps since the other. Each holds the metrics up to its step, too.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, Final

import orjson
from safetensors import SafetensorError

from factory.errors import DiskTrouble, UsageError
from factory.shown_text import print_line
from train.record import CONFIG, FILES, check_files, checksums, damaged, file_checksum, read_record, write_record

METRICS: Final = "metrics.jsonl"
SEAL: Final = "checksums.json"
KEPT: Final = 2
RECORDED_LATER: Final = frozenset({"model_hash"})
"""What older records lack: nothing is known of it, so it is not held against them"""


class Checkpoints:
    """The checkpoints of one run's folder. Only the main process writes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.aside = folder / "aside"

    def open(self, config: Mapping[str, Any], *, writing: bool) -> bool:
        """Claim the folder for this configuration; False when its run has ended already.

        Raises UsageError that names what differs when it is another configuration's, DamagedFile, DiskTrouble.
        """
        if recorded := read_record(self.folder):
            changed = [
                f"{name} ({recorded.get(name)} → {value})"
                for name, value in config.items()
                if recorded.get(name) != value and (name in recorded or name not in RECORDED_LATER)
            ]
            if changed:
                raise UsageError(
                    f"{self.folder} was trained with another {', '.join(changed)}: undo the change, remove that folder, "
                    f"or train under another name, for instance make train MODEL_NAME={self.free_name()}."
                )
            if recorded.get("finished_at"):
                check_files(self.folder, recorded)
                return False
        elif self._all():
            raise damaged(self.folder / CONFIG, "it is gone, and nothing says what the checkpoints beside it belong to")
        if writing:
            with self.trouble("The run's folder"):
                self.folder.mkdir(parents=True, exist_ok=True)
                shutil.rmtree(self.aside, ignore_errors=True)
                write_record(self.folder, config)
        return True

    def free_name(self) -> str:
        """The next name beside this folder's that no folder has."""
        names = (f"{self.folder.name}-{number}" for number in count(2))
        return next(name for name in names if not self.folder.with_name(name).exists())

    def newest(self) -> Path | None:
        """The newest whole checkpoint."""
        for path in self._all():
            if _sealed(path):
                return path
            print_line(f"{path} is damaged and left aside")
        return None

    def keep(self, step: int) -> None:
        """Make the checkpoint that lies aside count, and remove those that are too many."""
        name = f"checkpoint-{step}"
        written = self.aside / name
        if (self.folder / METRICS).exists():
            shutil.copyfile(self.folder / METRICS, written / METRICS)
        names = [str(path.relative_to(written)) for path in written.rglob("*") if path.is_file()]
        (written / SEAL).write_bytes(orjson.dumps(checksums(written, names)))
        for path in [*written.rglob("*"), written]:
            sync(path)
        shutil.rmtree(self.folder / name, ignore_errors=True)
        written.rename(self.folder / name)
        sync(self.folder)
        for old in self._all()[KEPT:]:
            shutil.rmtree(old, ignore_errors=True)

    def finish(self, config: Mapping[str, Any]) -> None:
        """Put the final files, written aside, in place, config.json last: readers look for it; then drop the checkpoints."""
        final = self.aside / "final"
        files = checksums(final, sorted(path.name for path in final.iterdir()))
        for path in sorted(final.iterdir(), key=lambda path: path.name == "config.json"):
            sync(path)
            path.replace(self.folder / path.name)
        write_record(
            self.folder, {**config, FILES: files, "finished_at": datetime.now(UTC).isoformat(timespec="seconds")}
        )
        for old in [*self._all(), self.aside]:
            shutil.rmtree(old, ignore_errors=True)

    @contextmanager
    def trouble(self, what: str) -> Iterator[None]:
        """Failures to write become DiskTrouble. torch reports a full disk as RuntimeError, safetensors as its own error."""
        try:
            yield
        except (OSError, SafetensorError, RuntimeError) as error:
            kept = self._all()
            stays = f"{kept[0].name} stays" if kept else "there is no checkpoint yet"
            reason = str(error).strip().splitlines()[0]
            raise DiskTrouble(
                f"{what} could not be written to {self.folder} ({reason}): make room there and let it be written to, "
                f"then give the same command; {stays}."
            ) from error

    def _all(self) -> list[Path]:
        """Newest first."""
        folders = [path for path in self.folder.glob("checkpoint-*") if path.name.rpartition("-")[2].isdecimal()]
        return sorted(folders, key=lambda path: -int(path.name.rpartition("-")[2]))


def _sealed(path: Path) -> bool:
    try:
        sums = orjson.loads((path / SEAL).read_bytes())
        return bool(sums) and all(file_checksum(path / name) == expected for name, expected in sums.items())
    except (OSError, ValueError, AttributeError):
        return False


def sync(path: Path) -> None:
    """Force a file or folder to disk."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
