"""The urn's file: two slots of one size, made at the beginning, each rewritten in place and flushed at every change.

A file beside it and a rename would leave what was there in blocks that are free, and SQLite leaves the order in which rows came
in its cells, free pages and log. Here an older content is written over twice; a card may still keep copies below.

The slot that holds the newest is never the first to be written over, so a power cut leaves what was there or what was to be.
"""

from __future__ import annotations

import errno
import hashlib
import os
import struct
from contextlib import suppress
from pathlib import Path
from typing import Final

FILE: Final = "ratings.urn"
SLOT: Final = 16_384
"""Bytes of a slot of the ratings: many times what they need."""

HEAD: Final = struct.Struct(">8sQI32s")
MAGIC: Final = b"YZURN\0\0\1"
MOST: Final = SLOT - HEAD.size


class Damaged(Exception):
    """There is a file, and nothing in it is whole; the text says so."""


def slot(number: int, content: bytes, size: int = SLOT) -> bytes:
    """The bytes of a slot of that size with that content, the `number`-th that was written.

    Raises OSError for what is too large: as where the disk has no room, nothing is written, and whoever writes goes on.
    """
    if len(content) > size - HEAD.size:
        raise OSError(errno.EFBIG, f"{len(content)} bytes; a slot takes {size - HEAD.size}")
    head = HEAD.pack(MAGIC, number, len(content), _digest(number, content))
    return (head + content).ljust(size, b"\0")


def read_slot(raw: bytes) -> tuple[int, bytes] | None:
    """Number and content of a slot; None where it is not whole."""
    if len(raw) < HEAD.size:
        return None
    magic, number, length, digest = HEAD.unpack(raw[: HEAD.size])
    content = raw[HEAD.size : HEAD.size + length]
    whole = magic == MAGIC and len(content) == length and digest == _digest(number, content)
    return (number, content) if whole else None


class UrnFile:
    """The one writer of a file in a folder, with slots of that size. Raises OSError when the disk refuses.

    `newest`: the slot (0 or 1) with the content of that `number`, 0 before there is any.
    """

    def __init__(self, folder: Path, name: str = FILE, size: int = SLOT) -> None:
        self.path, self._size = folder / name, size
        self.newest, self.number = 0, 0

    def read(self) -> bytes | None:
        """The newest content; None where there is no file. Raises Damaged: the next :meth:`write` begins anew."""
        try:
            raw = self.path.read_bytes()
        except FileNotFoundError:
            return None
        found = {at: each for at in (0, 1) if (each := read_slot(raw[at * self._size : (at + 1) * self._size]))}
        if not found:
            raise Damaged(f"{self.path}: nothing in it is whole")
        self.newest = max(found, key=lambda at: found[at][0])
        self.number, content = found[self.newest]
        return content

    def write(self, content: bytes) -> None:
        """Put that in the place of all that was there; a file that has gone meanwhile is made anew, for this is all of it."""
        number = self.number + 1
        raw = slot(number, content, self._size)
        if not self.number or not self.path.exists():
            self._make(raw)
            self.number = number
            return
        file = os.open(self.path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            for at in (1 - self.newest, self.newest):
                _write_all(file, raw, at * self._size)
                os.fsync(file)
                self.newest, self.number = at, number
        finally:
            os.close(file)

    def _make(self, raw: bytes) -> None:
        """Of its full size and whole from the beginning, so that a disk that is full later still takes every answer."""
        beside = self.path.with_suffix(".tmp")
        with beside.open("wb") as file:
            file.write(raw + raw)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
        with suppress(OSError):
            os.fsync(folder)
        os.close(folder)


def _digest(number: int, content: bytes) -> bytes:
    return hashlib.sha256(number.to_bytes(8, "big") + content).digest()


def _write_all(file: int, raw: bytes, at: int) -> None:
    while raw:
        written = os.pwrite(file, raw, at)
        raw, at = raw[written:], at + written
