"""The bodies that travel between a station and the central server. `docs/openapi.json` is made from them."""

from __future__ import annotations

from typing import Annotated, Any, Final

from msgspec import Meta, Struct

MAX_ENTRIES: Final = 500
MAX_BATCH: Final = 256 * 1024
"""Bytes of a batch's JSON before compression."""

MAX_ENTRY: Final = 8 * 1024
MOST_DOCUMENTS: Final = 16
MOST_BYTES: Final = 750 * 1024
"""Documents of one answer, and their bytes before Base64: an answer of more than a mebibyte is none to a station."""

TOKEN_SECONDS: Final = 60
LONGEST_TOKEN: Final = 86_400
"""Seconds for which the server lets a token hold at the most."""

AUDIENCE: Final = "yizhan-central"

STREAMS: Final = ("access", "telemetry", "services")
"""A server that does not know one of them answers 404."""

CAPABILITIES: Final = "Yizhan-Capabilities"
"""The header in which a station names what it understands, comma-separated; nothing else is answered to one that does not."""

UNDERSTANDS_CONFLICT: Final = "conflict"
UNDERSTANDS_RELEASE: Final = "release"
"""Named by a station that fetches releases by itself."""

UNDERSTANDS_ADMIT: Final = "admit"
"""Named by a station whose display shows the code for phones: it obeys the command of that verb."""

CONFLICT: Final = "urn:yizhan:problem:conflict"
"""The type of the 409 for a number that the server holds with other content, or from a foreign boot: `expected` is that number.

The station begins a new epoch, in which it sends its own entries from there on. A gap's 409 has no type of its own.
"""

QUOTA: Final = "urn:yizhan:problem:quota"
"""The type of the 429 for a station that has sent more than any station has to tell; `Retry-After` says when to go on."""

Code = Annotated[str, Meta(pattern=r"^[0-9A-Za-z]{4,12}\Z")]
Epoch = Annotated[str, Meta(pattern=r"^[0-9a-f]{16}\Z")]
PublicKey = Annotated[bytes, Meta(min_length=32, max_length=32, extra_json_schema={"pattern": "^[A-Za-z0-9+/]{43}=$"})]
Version = Annotated[int, Meta(ge=0, lt=2**53)]
Wait = Annotated[float, Meta(ge=0, le=60)]
"""Seconds for which a question for documents may be held back."""

Platform = Annotated[str, Meta(pattern=r"^(deb[0-9]{1,3}_[a-z0-9]{1,16})?\Z")]
"""Such as `deb12_arm64`."""

ReleaseNumber = Annotated[str, Meta(pattern=r"^[0-9]{1,5}\.[0-9]{1,5}\.[0-9]{1,5}\Z")]
BundleId = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
Nonce = Annotated[str, Meta(max_length=64)]
Seq = Annotated[int, Meta(ge=1, lt=2**62)]


class Batch(Struct, frozen=True):
    """Entries `first`, `first`+1, ... of one stream and epoch; a number in `tombstones` will never come.

    `sent_boot` and `sent_wall` are the station's clocks at sending, `boot_id` the boot that `sent_boot` counts from. `newest`:
    how far the stream goes there, so what waits can be told; 0 where the station does not say.
    """

    epoch: Epoch
    first: Seq
    boot_id: Annotated[str, Meta(max_length=64)]
    sent_boot: float
    sent_wall: float
    entries: Annotated[list[dict[str, Any]], Meta(max_length=MAX_ENTRIES)]
    tombstones: Annotated[list[Seq], Meta(max_length=MAX_ENTRIES)] = []
    newest: Annotated[int, Meta(ge=0, lt=2**62)] = 0


class Rejected(Struct, frozen=True):
    """An entry that the server could not take; the mark moves past it all the same."""

    seq: int
    why: str


class BatchAnswer(Struct, frozen=True):
    """The server holds everything up to `acked`; `versions` are those of its newest documents."""

    acked: int
    server_time: float
    versions: dict[str, int]
    rejected: list[Rejected] = []


class Documents(Struct, frozen=True):
    """Signed documents, each in Base64."""

    documents: Annotated[list[bytes], Meta(max_length=MOST_DOCUMENTS)]
    server_time: float


class OfferedRelease(Struct, frozen=True):
    """A release for this station: its manifest, signed by the root key, in Base64; its bundle by the SHA-256, and its bytes."""

    version: ReleaseNumber
    manifest: Annotated[bytes, Meta(max_length=16 * 1024)]
    bundle: BundleId
    size: Annotated[int, Meta(ge=1, lt=2**40)]


class Enrolment(Struct, frozen=True):
    """A station asks to be known: its code, the single-use claim code, its raw public key in Base64."""

    station: Code
    claim: Annotated[str, Meta(min_length=8, max_length=64)]
    public_key: PublicKey


class Enrolled(Struct, frozen=True):
    """The raw public root key and the first documents, in Base64."""

    root_key: PublicKey
    documents: list[bytes]


class FieldError(Struct, frozen=True):
    """What is wrong in a field of a body."""

    field: str
    why: str


class Problem(Struct, frozen=True, omit_defaults=True):
    """RFC 9457. `expected` is there with 409: the number that the server wants next. `errors`: all of an order's."""

    title: str
    status: int
    detail: str = ""
    type: str = "about:blank"
    expected: int | None = None
    errors: list[FieldError] = []
