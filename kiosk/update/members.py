"""Goes through a tar without unpacking it, a header of 512 bytes at a time, and believes none.

`tarfile` unfolds what a header promises: a sparse file of 3 GB out of 10 kB, or an extended header as large as the memory. What
we take has neither (deb(5), dpkg's own reader), so whoever sends one is refused before anything is written.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import IO, Final

from msgspec import Struct

BLOCK: Final = tarfile.BLOCKSIZE
CHUNK: Final = 1 << 20
LONGEST_NAME: Final = 4096
"""PATH_MAX."""

PLAIN: Final = {tarfile.REGTYPE, tarfile.AREGTYPE}
EMPTY: Final = {tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE}
LONG: Final = {tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK}


class Damaged(Exception):
    """It is not what we write; the text says why."""


class Bounds(Struct, frozen=True):
    """How many members, how many bytes each, and in all, and which kinds besides plain files."""

    members: int
    each: int
    total: int
    others: frozenset[bytes] = frozenset()


class Member(Struct, frozen=True):
    """A member; its `size` bytes begin at `offset` of the tar."""

    name: str
    link: str
    kind: bytes
    size: int
    offset: int


def members(file: IO[bytes], bounds: Bounds) -> Iterator[Member]:
    """Each member, read past as soon as the next is wanted. Raises Damaged, and OSError of the file."""
    offset, total, count, long = 0, 0, 0, dict[bytes, str]()
    while header := _header(file):
        offset += BLOCK
        total += header.size
        count += 1
        _check(header, count, total, bounds)
        if header.type in LONG and header.type in bounds.others:
            long[header.type] = _exactly(file, header.size).rstrip(b"\0").decode("utf-8", "replace")
            _exactly(file, -header.size % BLOCK)
        else:
            name = long.get(tarfile.GNUTYPE_LONGNAME, header.name)
            link = long.get(tarfile.GNUTYPE_LONGLINK, header.linkname)
            yield Member(name, link, header.type, header.size, offset)
            long.clear()
            _pass(file, header.size + -header.size % BLOCK)
        offset += header.size + -header.size % BLOCK


def leads_out(member: Member) -> bool:
    """Whether its name, or what it links to, lies outside of the folder that it is unpacked into."""
    name = PurePosixPath(member.name)
    beside = name.parent if member.kind == tarfile.SYMTYPE else PurePosixPath()
    return _outside(name) or (bool(member.link) and _outside(beside / member.link))


def _outside(path: PurePosixPath) -> bool:
    depth = 0
    for part in path.parts:
        depth += -1 if part == ".." else 1
        if depth < 0 or part == "/":
            return True
    return False


def _header(file: IO[bytes]) -> tarfile.TarInfo | None:
    """The next header; None at the end."""
    block = file.read(BLOCK)
    if not block or not block.strip(b"\0"):
        return None
    try:
        return tarfile.TarInfo.frombuf(block, "utf-8", "replace")
    except (tarfile.TarError, ValueError, ArithmeticError) as error:
        raise Damaged(str(error)) from error


def _check(header: tarfile.TarInfo, count: int, total: int, bounds: Bounds) -> None:
    """Whether a header is within the bounds. Raises Damaged."""
    most = LONGEST_NAME if header.type in LONG else 0 if header.type in EMPTY else bounds.each
    if header.type not in PLAIN | bounds.others:
        raise Damaged(f"{header.name!r} is no plain file (type {header.type!r})")
    if not 0 <= header.size <= most:
        raise Damaged(f"{header.name!r} says it has {header.size} bytes; {most} at the most")
    if count > bounds.members:
        raise Damaged(f"more than {bounds.members} members")
    if total > bounds.total:
        raise Damaged(f"more than {bounds.total} bytes")


def _exactly(file: IO[bytes], size: int) -> bytes:
    data = file.read(size)
    if len(data) != size:
        raise Damaged("cut off")
    return data


def _pass(file: IO[bytes], size: int) -> None:
    while size:
        size -= len(_exactly(file, min(size, CHUNK)))
