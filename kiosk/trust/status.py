"""Which credentials were revoked or suspended: the IETF token status list encoding, two bits each, zlib."""

from __future__ import annotations

import enum
import zlib
from typing import Annotated, Final

from msgspec import Meta, Struct

from kiosk.trust.keyset import UnixTime, Version

BITS: Final = 2
MAX_BYTES: Final = 4 * 1024 * 1024
"""Unpacked: 16 million credentials, ten times a province."""


class Status(enum.IntEnum):
    """What the list says of one credential."""

    VALID = 0
    REVOKED = 1
    SUSPENDED = 2
    APPLICATION = 3


class StatusDocument(Struct, frozen=True, tag="status", tag_field="type"):
    """The list as it travels; `lst` is zlib."""

    version: Version
    issued_at: UnixTime
    lst: Annotated[bytes, Meta(max_length=256 * 1024)]


class StatusList(Struct, frozen=True):
    """The list as it is looked up: `bits` wide entries, least significant bits first."""

    version: int
    issued_at: int
    packed: bytes
    bits: int = BITS

    def __getitem__(self, index: int) -> int:
        """The status at `index`; past the end a credential is newer than the list, and valid (0) until it says otherwise."""
        per_byte = 8 // self.bits
        place, offset = divmod(index, per_byte)
        if place >= len(self.packed):
            return Status.VALID
        return self.packed[place] >> (offset * self.bits) & ((1 << self.bits) - 1)


NO_STATUS = StatusList(version=0, issued_at=0, packed=b"")


def unpack(lst: bytes, limit: int = MAX_BYTES) -> bytes | None:
    """The bytes in a zlib stream; None when it is broken, cut off, followed by something, or larger than `limit`."""
    inflate = zlib.decompressobj()
    try:
        data = inflate.decompress(lst, limit)
    except zlib.error:
        return None
    whole = inflate.eof and not inflate.unused_data and not inflate.unconsumed_tail
    return data if whole else None


def pack(statuses: dict[int, Status], size: int) -> bytes:
    """A zlib stream of `size` two-bit entries, all valid but for `statuses`."""
    per_byte = 8 // BITS
    packed = bytearray(-(-size // per_byte))
    for index, status in statuses.items():
        packed[index // per_byte] |= int(status) << (index % per_byte * BITS)
    return zlib.compress(bytes(packed), 9)
