"""The bytes of one shard: a table as Parquet, and Parquet as what its commit says it is, or the reason why it is not."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from factory.commit.commit import ShardFile
from factory.errors import DamagedFile
from factory.seal import checksum


class DamagedShardError(ValueError):
    """Bytes that are not the shard that was written, with the reason in a few words."""


class ShardReader(ABC):
    """How stores read shards: their bytes, held against what the commit says. Methods raise DamagedFile."""

    @abstractmethod
    def _bytes(self, file: ShardFile) -> bytes:
        """As they lie there."""

    @abstractmethod
    def _damaged(self, file: ShardFile, wrong: str) -> DamagedFile:
        """The error that names the file and the way back."""

    def read(self, file: ShardFile, columns: Sequence[str]) -> pa.Table:
        """See ``Store.read``."""
        body = self._bytes(file)
        try:
            return table_of(body, file, columns)
        except DamagedShardError as error:
            raise self._damaged(file, str(error)) from error

    def _whole(self, file: ShardFile) -> bytes:
        """The bytes, once they were found to be what was written."""
        body = self._bytes(file)
        try:
            check_shard(body, file)
        except DamagedShardError as error:
            raise self._damaged(file, str(error)) from error
        return body


def parquet_bytes(rows: pa.Table) -> bytes:
    """The table as it is kept. Raises pa.ArrowException."""
    sink = pa.BufferOutputStream()
    pq.write_table(rows, sink, compression="zstd", compression_level=3)
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
