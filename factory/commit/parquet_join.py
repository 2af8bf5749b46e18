"""Parquet files joined into one without decoding them: each stays whole inside, byte for byte, and all of them are one file, too.

The joined file is the files one after the other and one more footer, which names all their row groups at their new places; between
the row groups the old footers lie unread. So any reader of Parquet sees the rows of all, and whoever knows offset and length of one
has what was written, with its checksum. Footers are thrift's compact protocol; what is changed here are offsets and counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

MAGIC: Final = b"PAR1"
_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = 1, 2, 3, 7, 8, 9, 10, 11, 12
_INTEGERS: Final = (4, 5, 6)
_LONG_LIST: Final = 15
_SCHEMA, _ROWS, _ROW_GROUPS = 2, 3, 4
"""Fields of FileMetaData."""
_COLUMNS, _GROUP_OFFSET, _ORDINAL = 1, 5, 7
"""Of RowGroup. An ordinal is for encryption alone, and may be missing."""
_CHUNK_OFFSET, _CHUNK_META = 2, 3
_PAGE_INDEX: Final = (4, 5, 6, 7)
"""Of ColumnChunk. What the page indexes hold are offsets themselves; without them a reader reads on."""
_META_OFFSETS: Final = (9, 10, 11, 14)
"""Of ColumnMetaData: data pages, index pages, dictionary page, bloom filter."""
Struct = dict[int, tuple[int, Any]]
"""Fields by id, in their order: thrift's type and value."""


class NotJoinableError(ValueError):
    """Bytes that are no Parquet file, or one with other columns than the first."""


class _ThriftReader:
    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def _byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1]

    def _take(self, count: int) -> bytes:
        self._at += count
        if self._at > len(self._data):
            raise IndexError(count)
        return self._data[self._at - count : self._at]

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def _integer(self) -> int:
        raw = self._varint()
        return (raw >> 1) ^ -(raw & 1)

    def struct(self) -> Struct:
        """One struct with all that is below it."""
        fields: Struct = {}
        number = 0
        while header := self._byte():
            kind = header & 0x0F
            number = number + (header >> 4) if header >> 4 else self._integer()
            fields[number] = (kind, kind == _TRUE if kind in (_TRUE, _FALSE) else self._value(kind))
        return fields

    def _value(self, kind: int) -> Any:
        if kind in _INTEGERS:
            return self._integer()
        if kind == _BINARY:
            return self._take(self._varint())
        if kind in (_LIST, _SET):
            header = self._byte()
            count = self._varint() if header >> 4 == _LONG_LIST else header >> 4
            return header & 0x0F, [self._value(header & 0x0F) for _ in range(count)]
        if kind == _STRUCT:
            return self.struct()
        if kind == _DOUBLE:
            return self._take(8)
        if kind in (_TRUE, _FALSE, _BYTE):  # in a list, a truth is a byte
            return self._byte()
        raise NotJoinableError(f"its footer holds thrift's type {kind}")


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _integer(value: int) -> bytes:
    return _varint(value << 1 if value >= 0 else (-value << 1) - 1)


def _struct(fields: Struct) -> bytes:
    out = bytearray()
    before = 0
    for number, (kind, value) in fields.items():
        step = number - before
        wire = (_TRUE if value else _FALSE) if kind in (_TRUE, _FALSE) else kind
        out += bytes([step << 4 | wire]) if 0 < step <= 15 else bytes([wire]) + _integer(number)
        if kind not in (_TRUE, _FALSE):
            out += _value(kind, value)
        before = number
    return bytes(out) + b"\0"


def _value(kind: int, value: Any) -> bytes:
    if kind in _INTEGERS:
        return _integer(value)
    if kind == _BINARY:
        return _varint(len(value)) + value  # type: ignore[no-any-return]
    if kind in (_LIST, _SET):
        inner, items = value
        short = len(items) < _LONG_LIST
        header = bytes([len(items) << 4 | inner]) if short else bytes([0xF0 | inner]) + _varint(len(items))
        return header + b"".join(_value(inner, item) for item in items)
    if kind == _STRUCT:
        return value if isinstance(value, bytes) else _struct(value)
    return value if kind == _DOUBLE else bytes([value])


def footer_of(body: bytes) -> Struct:
    """What a file says of itself. Raises NotJoinableError."""
    size = int.from_bytes(body[-8:-4], "little")
    if len(body) < 12 or body[:4] != MAGIC or body[-4:] != MAGIC or size > len(body) - 12:
        raise NotJoinableError("it is no Parquet file")
    try:
        return _ThriftReader(body[-8 - size : -8]).struct()
    except (IndexError, RecursionError) as error:
        raise NotJoinableError("its footer is cut off") from error


def footer_bytes(footer: Struct) -> bytes:
    """The end of a file: footer, its length, the mark."""
    body = _struct(footer)
    return body + len(body).to_bytes(4, "little") + MAGIC


def columns_of(footer: Struct) -> bytes:
    """Equal for files that can be joined: all that their footers say, but for rows and row groups."""
    return _struct({number: field for number, field in footer.items() if number not in (_ROWS, _ROW_GROUPS)})


class Joint:
    """Files that are being joined; of each only bytes and row groups are held. ``parts``: where each begins, and its length."""

    def __init__(self) -> None:
        self.parts: list[tuple[int, int]] = []
        self._bodies: list[bytes] = []
        self._groups: list[bytes] = []
        self._rows = self._size = 0
        self._first: Struct | None = None
        self._columns = b""

    def add(self, body: bytes, footer: Struct) -> None:
        """One more, with its own footer. Raises NotJoinableError."""
        if self._first is None:
            self._first = {number: field for number, field in footer.items() if number != _ROW_GROUPS}
            self._columns = columns_of(footer)
        elif columns_of(footer) != self._columns:
            raise NotJoinableError("its columns are not those of the others")
        self._groups += [_struct(group) for group in _moved(footer[_ROW_GROUPS][1][1], self._size)]
        self._rows += footer[_ROWS][1]
        self.parts.append((self._size, len(body)))
        self._size += len(body)
        self._bodies.append(body)

    def whole(self) -> bytes:
        """The one file."""
        if self._first is None:
            raise AssertionError  # there is one at least
        footer = self._first | {
            _ROWS: (self._first[_ROWS][0], self._rows),
            _ROW_GROUPS: (_LIST, (_STRUCT, self._groups)),
        }
        return b"".join([*self._bodies, footer_bytes(dict(sorted(footer.items())))])


def _moved(groups: Sequence[Struct], by: int) -> Iterator[Struct]:
    """Row groups that lie so many bytes further on."""
    for group in groups:
        kept = {number: field for number, field in group.items() if number != _ORDINAL}
        kept |= _shifted(group, (_GROUP_OFFSET,), by)
        kept[_COLUMNS] = (_LIST, (_STRUCT, [_moved_chunk(chunk, by) for chunk in group[_COLUMNS][1][1]]))
        yield kept


def _moved_chunk(chunk: Struct, by: int) -> Struct:
    kept = {number: field for number, field in chunk.items() if number not in _PAGE_INDEX}
    kept |= _shifted(chunk, (_CHUNK_OFFSET,), by)
    meta: Struct = chunk[_CHUNK_META][1]
    kept[_CHUNK_META] = (_STRUCT, meta | _shifted(meta, _META_OFFSETS, by))
    return kept


def _shifted(fields: Struct, numbers: Sequence[int], by: int) -> Struct:
    """These offsets, as far as they are given; 0 says that there is nothing."""
    return {
        number: (fields[number][0], fields[number][1] + by)
        for number in numbers
        if number in fields and fields[number][1]
    }
