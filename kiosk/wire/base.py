"""What every message is, and how much of each thing a line may have."""

from __future__ import annotations

from typing import Annotated, Final, Literal, get_args

from msgspec import Meta, Struct

MAX_LINE: Final = 512 * 1024
"""Bytes: a status list of the largest size allowed, in Base64."""

MAX_SHORT: Final = 64 * 1024
"""Bytes of a line by whoever carries no documents: room for the longest code, each of its characters escaped."""

MAX_RECORDING: Final = 8 * 1024 * 1024
"""Bytes that wait for a technician who asked for the recording, the one long answer."""

MAX_CODE: Final = 4296
"""Characters: the most that a QR code can hold (ISO/IEC 18004, version 40-L, alphanumeric)."""

MAX_WHY: Final = 200
"""Characters of why an entry was refused."""

Name = Annotated[str, Meta(min_length=1, max_length=64)]
Key = Annotated[str, Meta(min_length=1, max_length=32, pattern=r"^[0-9a-z][0-9a-z_-]*\Z")]
MAX_WORDS: Final = 512
Words = Annotated[str, Meta(max_length=MAX_WORDS)]
Seconds = Annotated[float, Meta(ge=0, le=86400)]
StreamName = Literal["access", "telemetry", "services"]
STREAMS: Final[tuple[StreamName, ...]] = get_args(StreamName)


class Message(Struct, frozen=True, tag_field="type", tag=str.lower, omit_defaults=True, forbid_unknown_fields=True):
    """The base of all messages."""
