"""A poll: what is asked, when and where, which slips count, and to which keys ballots are sealed. The election board makes it.

It is a file that never changes: its id is the SHA-256 of the file, byte for byte, as `sha256sum` prints it. Slips print the
first 66 bits of that as six words, and the desk shows them. It travels as it is, as the bytes `poll` in the body of a service
document of that kind: whoever changes anything of it has made another poll, with another id, other words, and ballots that
nobody can open as this one's.

Deterministic CBOR (RFC 8949, 4.2.1). A slip takes 16 bytes, and a document 300 KiB at the most, which is why there are no more
than MOST_SLIPS in a poll: a larger electorate votes in several polls, by district, as it does at any election.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from typing import Annotated, Final, Literal

import cbor2
import msgspec
from msgspec import Meta, Struct

from kiosk.index.answers import DIMENSIONS
from kiosk.index.remarks import MOST_PREPARED
from kiosk.index.sealing import is_usable
from kiosk.index.slips import DIGEST
from kiosk.language import _
from kiosk.trust.cose import Malformed, read_cbor
from kiosk.trust.documents import MAX_DOCUMENT
from kiosk.trust.fingerprint import words
from kiosk.trust.keyset import RawKey, UnixTime
from kiosk.trust.policy import Scope
from kiosk.trust.service import MOST_LANGUAGES, LanguageTag, Text

FORMAT: Final = "yizhan-poll-1"
MOST_BYTES: Final = MAX_DOCUMENT - 1024
"""Of a poll: what signs and publishes it takes the rest of the document."""

MOST_TEXT: Final = 48 * 1024
"""Of title, questions and remarks, as a display inside is told of them."""

MOST_SLIPS: Final = 16_384
MOST_HEAPS: Final = 16
MOST_PREFIXES: Final = 32

Texts = Annotated[dict[LanguageTag, Text], Meta(min_length=1, max_length=MOST_LANGUAGES)]
Weight = tuple[Annotated[int, Meta(ge=0, le=1_000_000)], Annotated[int, Meta(ge=1, le=1_000_000)]]
"""Numerator and denominator, in lowest terms."""

LONGEST_PREPARED: Final = 40
"""Characters of a prepared remark, which one touch gives."""

Prepared = Annotated[
    dict[LanguageTag, Annotated[str, Meta(min_length=1, max_length=LONGEST_PREPARED)]],
    Meta(min_length=1, max_length=MOST_LANGUAGES),
]


class Heap(Struct, frozen=True, forbid_unknown_fields=True):
    """Slips that are drawn from one heap: those of a group, or all there are. `slips`: their digests, ascending, end to end."""

    names: Texts
    slips: Annotated[bytes, Meta(min_length=DIGEST, max_length=DIGEST * MOST_SLIPS)]

    def __len__(self) -> int:
        """How many slips there are."""
        return len(self.slips) // DIGEST

    def has(self, digest: bytes) -> bool:
        """Whether this slip is one of them."""
        at = bisect_left(range(len(self)), digest, key=self._digest)
        return at < len(self) and self._digest(at) == digest

    def digests(self) -> Iterator[bytes]:
        """Each of them."""
        return map(self._digest, range(len(self)))

    def _digest(self, at: int) -> bytes:
        return self.slips[at * DIGEST : (at + 1) * DIGEST]


class Poll(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The whole poll. `questions` and `weights` have one for each of the DIMENSIONS, in their order.

    `quorum`: ballots without which it is not valid; `stations`: the prefixes of the stations at which it is held.
    `outer_key` and `inner_key`: the public keys A and B. `remarks`: those that are prepared; without one none is asked for, and
    the file is what it was before there were any.
    """

    format: Literal["yizhan-poll-1"]
    title: Texts
    questions: Annotated[tuple[Texts, ...], Meta(min_length=len(DIMENSIONS), max_length=len(DIMENSIONS))]
    weights: Annotated[tuple[Weight, ...], Meta(min_length=len(DIMENSIONS), max_length=len(DIMENSIONS))]
    quorum: Annotated[int, Meta(ge=1, le=MOST_SLIPS)]
    begins: UnixTime
    ends: UnixTime
    stations: Annotated[tuple[Scope, ...], Meta(min_length=1, max_length=MOST_PREFIXES)]
    heaps: Annotated[tuple[Heap, ...], Meta(min_length=1, max_length=MOST_HEAPS)]
    outer_key: RawKey
    inner_key: RawKey
    remarks: Annotated[tuple[Prepared, ...], Meta(max_length=MOST_PREPARED)] = ()

    def __len__(self) -> int:
        """How many slips there are."""
        return sum(map(len, self.heaps))

    def heap_of(self, digest: bytes) -> int | None:
        """The number of the heap that a slip is from; None for a slip of no poll, or of another."""
        return next((number for number, heap in enumerate(self.heaps) if heap.has(digest)), None)

    def is_held_at(self, station: str) -> bool:
        """Whether it is held at the station of this code."""
        return station.startswith(self.stations)

    @property
    def fractions(self) -> tuple[Fraction, ...]:
        """The weights."""
        return tuple(Fraction(*each) for each in self.weights)


class NotAPoll(ValueError):
    """These bytes are no poll that can be used; the text says why."""


def poll_id(data: bytes) -> bytes:
    """The id of the poll in a file: 32 bytes."""
    return hashlib.sha256(data).digest()


def poll_words(data: bytes) -> str:
    """The first 66 bits of its id as six words, as slips print them and the desk shows them."""
    return words(data)


def poll_bytes(poll: Poll) -> bytes:
    """The file of a poll. Raises NotAPoll for one that :func:`read_poll` would not take."""
    data = _encoded(poll)
    read_poll(data)
    return data


def read_poll(data: bytes) -> Poll:
    """The poll in a file. Raises NotAPoll, and nothing else."""
    if len(data) > MOST_BYTES:
        raise NotAPoll(_("it has {bytes} bytes, and may have {most}", bytes=len(data), most=MOST_BYTES))
    try:
        poll = msgspec.convert(read_cbor(data), Poll, builtin_types=(bytes,))
    except (Malformed, msgspec.ValidationError) as error:
        raise NotAPoll(_("it is damaged, cut off, or no poll ({why})", why=f"{error}"[:200])) from error
    if wrong := next(_senseless(poll), None):
        raise NotAPoll(wrong)
    if _encoded(poll) != data:
        raise NotAPoll(_("it is not written in the one way in which a poll is written"))
    return poll


def _encoded(poll: Poll) -> bytes:
    return cbor2.dumps(msgspec.to_builtins(poll, builtin_types=(bytes,)), canonical=True)


def _senseless(poll: Poll) -> Iterator[str]:
    """What is well formed and cannot be meant."""
    if poll.ends <= poll.begins:
        yield _("it ends before it begins")
    if not sum(poll.fractions):
        yield _("all weights are zero")
    if any(Fraction(*each).as_integer_ratio() != each for each in poll.weights):
        yield _("a weight is not in lowest terms")
    size = len(msgspec.json.encode((poll.title, poll.questions, *poll.remarks)))
    if size > MOST_TEXT:
        yield _("its texts have {bytes} bytes, and may have {most}", bytes=size, most=MOST_TEXT)
    if poll.quorum > len(poll):
        yield _("its quorum is larger than the number of its slips")
    if not is_usable(poll.outer_key) or not is_usable(poll.inner_key) or poll.outer_key == poll.inner_key:
        yield _("its two keys are not two keys to which something can be sealed")
    yield from _of_slips(poll)


def _of_slips(poll: Poll) -> Iterator[str]:
    if len(poll) > MOST_SLIPS:
        yield _("it has {count} slips, and may have {most}", count=len(poll), most=MOST_SLIPS)
    if any(len(heap.slips) % DIGEST for heap in poll.heaps):
        yield _("a slip is cut off")
    if any(first >= second for heap in poll.heaps for first, second in pairwise(heap.digests())):
        yield _("its slips are not in order, or one is there twice")
    if len({each for heap in poll.heaps for each in heap.digests()}) != len(poll):
        yield _("a slip is in two heaps")
