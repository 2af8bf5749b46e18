"""The bytes of one shard: a table as Parquet, and Parquet as what its commit says it is, or the reason why it is not.

A shard is a file of its own, or a part of a pack (packs.py); who reads it does not see which.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq

from factory.commit.commit import ShardFile
from factory.commit.packs import DamagedPackError, Pack, PackIndex, Slice, pack_of
from factory.errors import DamagedFile
from factory.seal import checksum


class DamagedShardError(ValueError):
    """Bytes that are not the shard that was written, with the reason in a few words."""


class ShardReader(ABC):
    """How stores read shards: their bytes, held against what the commit says. Methods raise DamagedFile."""

    def __init__(self) -> None:
        self._indexes: dict[str, PackIndex] = {}

    @abstractmethod
    def get(self, name: str) -> bytes | None:
        """A file's bytes; None when there is none. Raises OSError."""

    @abstractmethod
    def _part(self, part: Slice) -> bytes | None:
        """Some of a file's bytes; None when there is none. Raises OSError."""

    @abstractmethod
    def _pack_names(self, run: str) -> list[str]:
        """The files that are records of packs of a run."""

    @abstractmethod
    def _damaged(self, file: ShardFile, wrong: str) -> DamagedFile:
        """The error that names the file and the way back."""

    @abstractmethod
    def _damaged_pack(self, name: str, wrong: str) -> DamagedFile:
        """The same for a pack's record."""

    def read(self, file: ShardFile, columns: Sequence[str]) -> pa.Table:
        """See ``Store.read``."""
        body = self._bytes(file)
        try:
            return table_of(body, file, columns)
        except DamagedShardError as error:
            raise self._damaged(file, str(error)) from error

    def whole(self, file: ShardFile) -> bytes:
        """The bytes, once they were found to be what was written."""
        body = self._bytes(file)
        try:
            check_shard(body, file)
        except DamagedShardError as error:
            raise self._damaged(file, str(error)) from error
        return body

    def packs(self, run: str) -> list[Pack]:
        """The run's packs, as the store holds them now."""
        return self._index(run).packs()

    def _bytes(self, file: ShardFile) -> bytes:
        """As they lie there; looked for once more where the file has just gone into a pack, or its pack into another."""
        index = self._index(file.name.split("/")[1])
        try:
            for is_fresh in (False, True):
                part = index.find(file.name, fresh=is_fresh)
                body = self.get(file.name) if part is None else self._part(part)
                if body is not None:
                    return body
        except OSError as error:
            raise self._damaged(file, error.strerror or first_line(error)) from error
        raise self._damaged(file, "it is gone")

    def _place(self, file: ShardFile) -> str:
        """The file that holds a shard, for people."""
        part = self._index(file.name.split("/")[1]).find(file.name)
        return file.name if part is None else part.file

    def _index(self, run: str) -> PackIndex:
        if run not in self._indexes:
            self._indexes[run] = PackIndex(lambda: self._pack_names(run), self._read_pack)
        return self._indexes[run]

    def _read_pack(self, name: str) -> Pack | None:
        try:
            body = self.get(name)
            return None if body is None else pack_of(Path(name).stem, body)
        except (OSError, DamagedPackError) as error:
            raise self._damaged_pack(name, first_line(error)) from error


@contextmanager
def written_aside(body: bytes, folder: Path) -> Iterator[Path]:
    """A shard as a file of its own in a folder, while the context lasts. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder, prefix=".shard-") as aside:
        path = Path(aside, "shard.parquet")
        path.write_bytes(body)
        yield path


def parquet_bytes(rows: pa.Table) -> bytes:
    """The table as it is kept. Raises pa.ArrowException.

    Without dictionaries and statistics, from which some sixty rows gain nothing: a smaller file, in two thirds of the time.
    """
    sink = pa.BufferOutputStream()
    pq.write_table(rows, sink, compression="zstd", compression_level=3, use_dictionary=False, write_statistics=False)
    return bytes(sink.getvalue())


def check_shard(body: bytes, file: ShardFile) -> None:
    """Checksum and row count, as far as the commit says them. Raises DamagedShardError."""
    _check_sum(body, file)
    try:
        _check_rows(pq.read_metadata(pa.BufferReader(body)).num_rows, file)
    except (OSError, pa.ArrowException) as error:
        raise DamagedShardError(first_line(error)) from error


def table_of(body: bytes, file: ShardFile, columns: Sequence[str]) -> pa.Table:
    """These columns, as far as the shard has them (older ones lack some). Raises DamagedShardError."""
    _check_sum(body, file)
    try:
        with pq.ParquetFile(pa.BufferReader(body)) as shard:
            _check_rows(shard.metadata.num_rows, file)
            return shard.read([name for name in columns if name in shard.schema_arrow.names])
    except (OSError, pa.ArrowException) as error:
        raise DamagedShardError(first_line(error)) from error


def first_line(error: Exception) -> str:
    """An error's reason, without what a library draws below it."""
    return str(error).partition("\n")[0].rstrip(".")


def _check_sum(body: bytes, file: ShardFile) -> None:
    if file.checksum is not None and checksum(body) != file.checksum:
        raise DamagedShardError("its bytes do not fit the checksum in its commit")


def _check_rows(rows: int, file: ShardFile) -> None:
    if file.rows is not None and rows != file.rows:
        raise DamagedShardError(f"it holds {rows} rows and its commit says {file.rows}")
