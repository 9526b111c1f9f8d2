"""The records in SQLite's pages, read without the tree that leads to them, of which nothing needs to be whole.

Every leaf of a table holds its records, of which a large one goes on in overflow pages (SQLite's file format, sections 1.6, 2.1
and 4). What is in the WAL counts as well, each frame of it. Nobody says that a record is still one of the table's.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

PAGE: Final = 1024
"""Bytes of a page, as :mod:`kiosk.logbook.schema` makes them."""

WAL_HEAD: Final = 32
FRAME_HEAD: Final = 24
LEAF: Final = 0x0D
"""The first byte of a leaf of a table."""

WHOLE: Final = PAGE - 35
"""Bytes of the largest record that lies in its leaf alone; of a larger one at least LEAST do."""

LEAST: Final = (PAGE - 12) * 32 // 255 - 23
NEXT: Final = 4
"""Bytes of the number of the page where it goes on."""

COLUMNS: Final = 9
LONGEST: Final = 64 * 1024
"""Bytes of a record; a longer one is none of ours."""

Record = tuple[int, list[Any]]
"""The row's number and its columns."""

PageOf = Callable[[int], bytes]
"""The page of a number. Raises ValueError where there is none."""


class Pages:
    """A file that nobody writes, and its WAL. Raises OSError when the disk does not do its part."""

    def __init__(self, path: Path) -> None:
        wal = path.with_name(path.name + "-wal")
        self._file = path.open("rb")
        self._wal = wal.open("rb") if wal.exists() else None
        self._frames: dict[int, int] = {}

    def records(self) -> Iterator[Record]:
        """Of every leaf of the file, then of every frame of its WAL."""
        at = 0
        while page := self._in_file(at):
            at += PAGE
            yield from records(page, self._of_file)
        found = list(self._all_frames())
        self._frames = {number: at for number, salt, at in found if salt == found[0][1]}
        for *_, at in found:
            yield from records(self._in_wal(at), self._of_wal)

    def close(self) -> None:
        """Close both."""
        self._file.close()
        if self._wal:
            self._wal.close()

    def _all_frames(self) -> Iterator[tuple[int, bytes, int]]:
        """Of each frame its page's number, its salt, and where in the WAL the page is.

        Those that were written last come last, but for what is left behind them of a WAL before, with another salt.
        """
        at = WAL_HEAD
        while self._wal and self._wal.seek(at) and len(head := self._wal.read(FRAME_HEAD)) == FRAME_HEAD:
            yield struct.unpack_from(">I", head)[0], head[8:16], at + FRAME_HEAD
            at += FRAME_HEAD + PAGE

    def _in_file(self, at: int) -> bytes:
        self._file.seek(at)
        return self._file.read(PAGE)

    def _in_wal(self, at: int) -> bytes:
        assert self._wal is not None, "a frame was found in it"  # noqa: S101  an invariant
        self._wal.seek(at)
        return self._wal.read(PAGE)

    def _of_file(self, number: int) -> bytes:
        page = self._in_file((number - 1) * PAGE) if number else b""
        if len(page) < PAGE:
            raise ValueError("no such page")
        return page

    def _of_wal(self, number: int) -> bytes:
        at = self._frames.get(number)
        return self._of_file(number) if at is None else self._in_wal(at).ljust(PAGE, b"\0")


def records(page: bytes, page_of: PageOf) -> Iterator[Record]:
    """The records that a leaf leads to; of a page that is none, or is damaged, nothing or less."""
    if len(page) < PAGE or page[0] != LEAF:
        return
    (cells,) = struct.unpack_from(">H", page, 3)
    for place in range(8, min(8 + 2 * cells, PAGE - 1), 2):
        (start,) = struct.unpack_from(">H", page, place)
        try:
            yield _record(page, start, page_of)
        except (IndexError, ValueError, struct.error):
            continue


def _record(page: bytes, start: int, page_of: PageOf) -> Record:
    """One cell. Raises IndexError, ValueError or struct.error when it is not whole."""
    size, place = _varint(page, start)
    number, begin = _varint(page, place)
    payload = _payload(page, begin, size, page_of)
    head, place = _varint(payload, 0)
    kinds = []
    while place < head:
        kind, place = _varint(payload, place)
        kinds.append(kind)
    if len(kinds) > COLUMNS:
        raise ValueError("not one of ours")
    columns = []
    for kind in kinds:
        value, place = _value(payload, place, kind)
        columns.append(value)
    return number, columns


def _payload(page: bytes, begin: int, size: int, page_of: PageOf) -> bytes:
    """The record, also what of it lies in other pages."""
    if size > LONGEST:
        raise ValueError("not one of ours")
    here = size
    if size > WHOLE:
        here = LEAST + (size - LEAST) % (PAGE - NEXT)
        here = here if here <= WHOLE else LEAST
    payload, rest = page[begin : begin + here], page[begin + here :]
    while len(payload) < size:
        (following,) = struct.unpack_from(">I", rest)
        rest = page_of(following)
        payload += rest[NEXT : NEXT + size - len(payload)]
    return payload


def _varint(page: bytes, place: int) -> tuple[int, int]:
    """A number of one to nine bytes, most significant first, and where it ends."""
    value = 0
    for length in range(1, 9):
        byte = page[place + length - 1]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, place + length
    return value << 8 | page[place + 8], place + 9


WIDTHS: Final = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
"""Bytes of each kind of integer."""


def _value(payload: bytes, place: int, kind: int) -> tuple[Any, int]:
    """A column by its serial type, and where it ends."""
    if kind in {0, 8, 9}:
        return (None if kind == 0 else kind - 8), place
    if kind in WIDTHS:
        end = place + WIDTHS[kind]
        return int.from_bytes(payload[place:end], "big", signed=True), end
    if kind == 7:
        return struct.unpack_from(">d", payload, place)[0], place + 8
    end = place + (kind - 12) // 2
    if kind < 12 or end > len(payload):
        raise ValueError("no such kind of value")
    raw = payload[place:end]
    return (raw.decode() if kind % 2 else raw), end
