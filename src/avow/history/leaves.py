"""Reads the rows on the pages of an SQLite file, without its schema, its roots or its page list.

By https://sqlite.org/fileformat2.html; damage on one page loses only what is on that page.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from typing import NamedTuple

Value = int | float | bytes | str | None

_TABLE_LEAF, _INDEX_LEAF, _INDEX_INTERIOR = 0x0D, 0x0A, 0x02
_HEADER = 100  # bytes before the first page's own
_INTEGER_SIZES = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
_WAL_HEADER, _FRAME_HEADER = 32, 24
_MOST_COLUMNS = 200


class LeafRecord(NamedTuple):
    """A row of a table, with `values` None where they cannot be read; or an entry of an index, with `rowid` None."""

    rowid: int | None
    values: tuple[Value, ...] | None


class Pages:
    """The pages of a file, from 1, as its write-ahead log left them."""

    def __init__(self, data: bytes, log: bytes = b"", size: int = 4096) -> None:
        self._data, self.size = data, size
        self._newer = _committed(log, size)
        self._numbers = sorted({*range(1, len(data) // size + 1), *self._newer})  # a bad log may name any page

    def page(self, number: int) -> bytes:
        """The bytes of a page; empty where there is no such page."""
        if number in self._newer:
            return self._newer[number]
        return self._data[(number - 1) * self.size : number * self.size] if number > 0 else b""

    def records(self) -> Iterator[LeafRecord]:
        """Every row and every entry of an index, page by page."""
        for number in self._numbers:
            page = self.page(number)
            start = _HEADER if number == 1 else 0
            if len(page) == self.size and page[start] in (_TABLE_LEAF, _INDEX_LEAF, _INDEX_INTERIOR):
                yield from self._of_page(page, start)

    def _of_page(self, page: bytes, start: int) -> Iterator[LeafRecord]:
        kind = page[start]
        first = start + (12 if kind == _INDEX_INTERIOR else 8)
        count = min(int.from_bytes(page[start + 3 : start + 5], "big"), (self.size - first) // 2)
        for (offset,) in struct.iter_unpack(">H", page[first : first + 2 * count]):
            try:
                if kind == _TABLE_LEAF:
                    yield self._row(page, offset)
                else:
                    length, offset = _varint(page, offset + (4 if kind == _INDEX_INTERIOR else 0))
                    yield LeafRecord(None, _values(self._payload(page, offset, length, is_row=False)))
            except (IndexError, ValueError, struct.error):
                continue

    def _row(self, page: bytes, offset: int) -> LeafRecord:
        length, offset = _varint(page, offset)
        rowid, offset = _varint(page, offset)
        try:
            return LeafRecord(rowid, _values(self._payload(page, offset, length, is_row=True)))
        except (IndexError, ValueError, struct.error):
            return LeafRecord(rowid, None)

    def _payload(self, page: bytes, offset: int, length: int, *, is_row: bool) -> bytes:
        most = self.size - 35 if is_row else (self.size - 12) * 64 // 255 - 23
        if length <= most:
            if offset + length > self.size:
                raise ValueError("the record does not end on its page")
            return page[offset : offset + length]
        if length > len(self._numbers) * self.size:
            raise ValueError("the record is longer than the file")
        least = (self.size - 12) * 32 // 255 - 23
        here = least + (length - least) % (self.size - 4)
        here = here if here <= most else least
        parts, left = [page[offset : offset + here]], length - here
        (following,) = struct.unpack_from(">I", page, offset + here)
        while left > 0:
            more = self.page(following)
            (following,) = struct.unpack_from(">I", more)
            parts.append(more[4 : 4 + left])
            left -= self.size - 4
        return b"".join(parts)


def page_size(data: bytes) -> int:
    """The page size that the file states, in bytes; 4096 where the value is impossible."""
    size = int.from_bytes(data[16:18], "big")
    size = 65536 if size == 1 else size
    return size if size >= 512 and size & (size - 1) == 0 else 4096


def _committed(log: bytes, size: int) -> Mapping[int, bytes]:
    """The pages of a write-ahead log, as its last whole transaction left them."""
    pages: dict[int, bytes] = {}
    open_pages: dict[int, bytes] = {}
    salts = log[16:24]
    for offset in range(_WAL_HEADER, len(log) - _FRAME_HEADER - size + 1, _FRAME_HEADER + size):
        number, pages_after = struct.unpack_from(">II", log, offset)
        if log[offset + 8 : offset + 16] != salts:
            break
        open_pages[number] = log[offset + _FRAME_HEADER : offset + _FRAME_HEADER + size]
        if pages_after:
            pages.update(open_pages)
            open_pages = {}
            pages = {number: page for number, page in pages.items() if number <= pages_after}
    return pages


def _varint(data: bytes, offset: int) -> tuple[int, int]:
    value = 0
    for index in range(8):
        byte = data[offset + index]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, offset + index + 1
    value = value << 8 | data[offset + 8]
    return value - (1 << 64) if value >> 63 else value, offset + 9


def _values(record: bytes) -> tuple[Value, ...]:
    """The columns of a record. Raises ValueError or IndexError where the bytes are not a record."""
    end, offset = _varint(record, 0)
    kinds: list[int] = []
    while offset < end:
        kind, offset = _varint(record, offset)
        kinds.append(kind)
        if len(kinds) > _MOST_COLUMNS:
            raise ValueError("not a row of ours")
    values: list[Value] = []
    for kind in kinds:
        value, offset = _value(record, offset, kind)
        values.append(value)
    if offset != len(record):
        raise ValueError("the record is not as long as its columns")
    return tuple(values)


def _value(record: bytes, offset: int, kind: int) -> tuple[Value, int]:
    if kind == 0:
        return None, offset
    if kind in (8, 9):
        return kind - 8, offset
    if kind == 7:
        return struct.unpack_from(">d", record, offset)[0], offset + 8
    if size := _INTEGER_SIZES.get(kind):
        return int.from_bytes(record[offset : offset + size], "big", signed=True), offset + size
    if kind < 12:
        raise ValueError("a kind of value that does not exist")
    size = (kind - 12) // 2
    data = record[offset : offset + size]
    return (data.decode(errors="replace") if kind % 2 else data), offset + size
