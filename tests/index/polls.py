"""Polls for tests, with their slips and both keys."""

from __future__ import annotations

import hashlib
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from msgspec import Struct
from msgspec.structs import replace

from kiosk.index.answers import DIMENSIONS, Ballot
from kiosk.index.poll import FORMAT, Heap, Poll, poll_bytes, poll_id
from kiosk.index.remarks import Remark
from kiosk.index.sealing import seal_answers, seal_ballot, seal_remark
from kiosk.index.slips import digest_of

BEGINS, ENDS = 1_800_000_000, 1_800_600_000
OUTER_KEY: Final = hashlib.sha256(b"key A of the tests").digest()
INNER_KEY: Final = hashlib.sha256(b"key B of the tests").digest()

PREPARED: Final = ({"zh": "工资拖欠", "en": "Wages paid late"}, {"zh": "没有休息日"})
"""Remarks."""


def public(private: bytes) -> bytes:
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def serial(number: int) -> bytes:
    """One slip's serial after the other, the same in each run."""
    return hashlib.sha256(b"slip %d" % number).digest()[:16]


def heap(*numbers: int, name: str = "全体") -> Heap:
    return Heap({"zh": name}, b"".join(sorted(digest_of(serial(number)) for number in numbers)))


def poll(*heaps: Heap, **changed: object) -> Poll:
    """A poll of a hundred slips, or of these heaps."""
    made = Poll(
        format=FORMAT,
        title={"zh": "满意度", "en": "How content are you?"},
        questions=tuple({"zh": f"问{each}", "en": each} for each in DIMENSIONS),
        weights=((1, 7),) * len(DIMENSIONS),
        quorum=1,
        begins=BEGINS,
        ends=ENDS,
        stations=("3708",),
        heaps=heaps or (heap(*range(100)),),
        outer_key=public(OUTER_KEY),
        inner_key=public(INNER_KEY),
    )
    return replace(made, **changed)


class Held(Struct, frozen=True):
    """A poll that is held, and what desks and stations seal for it."""

    poll: Poll
    data: bytes

    @property
    def id(self) -> bytes:
        return poll_id(self.data)

    def inner(self, ballot: Ballot) -> bytes:
        return seal_answers(self.id, self.poll.inner_key, ballot)

    def cast(self, slip: int, ballot: Ballot) -> bytes:
        return seal_ballot(self.id, self.poll.outer_key, serial(slip), self.inner(ballot))

    def remark(self, said: Remark = 0) -> bytes:
        """The envelope of one that is said beside a ballot; nothing where the poll asks for none."""
        return seal_remark(self.id, self.poll.inner_key, said) if self.poll.remarks else b""


def held(*heaps: Heap, **changed: object) -> Held:
    made = poll(*heaps, **changed)
    return Held(made, poll_bytes(made))
