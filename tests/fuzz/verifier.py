"""What is fed and what must hold: a reason or a pass, a refusal or a document, an outcome or a release; never an exception,
never long, never much.

The input's first byte picks where the rest goes, so that one corpus serves all doors into the verifier. Some of them sign the
input with a good key first, since otherwise no fuzzer gets past a signature.
"""

from __future__ import annotations

import json
import random
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from time import process_time
from typing import Final

from base45 import b45decode, b45encode

from kiosk.core.clock import Clock
from kiosk.core.door.access import Memory, Trust, judge
from kiosk.core.door.door import Door, DoorRules
from kiosk.trust.codes import bare
from kiosk.trust.cose import read_sign1, sign1
from kiosk.trust.documents import Document, Refusal, read_document
from kiosk.trust.keyset import key_id
from kiosk.trust.medicine import PREFIX as MEDICINE
from kiosk.trust.medicine import Medicine, make_medicine, read_medicine
from kiosk.trust.outcomes import Outcome
from kiosk.trust.passes import BOUND_PREFIX, PREFIX, read_pass, show_bound
from kiosk.trust.reasons import Reason
from kiosk.trust.status import NO_STATUS
from tests.keys import (
    DOCUMENT,
    ISSUER,
    KEYSET,
    NOW,
    PHONE,
    ROOT,
    bound,
    claims,
    keyset_document,
    public,
    signed,
    status_document,
)

LONGEST: Final = 0.005
"""Seconds of processor time for one code."""

MOST: Final = 10 * 1024 * 1024
"""Bytes that one input may take."""

TRUST = Trust("37081101", KEYSET, NO_STATUS)
DOOR, CLOCK, MEMORY = Door("main", DoorRules()), Clock(NOW, 0.0), Memory()
ISSUER_KID, DOCUMENT_KID = key_id(public(ISSUER)), key_id(public(DOCUMENT))
ROOT_PUBLIC = public(ROOT)


def a_code(data: bytes) -> None:
    """Text as a scanner tells it."""
    verdict = judge(read_pass(bare(data.decode("utf-8", "replace")), TRUST.keyset), DOOR, TRUST, MEMORY, CLOCK, 1.0)
    assert verdict.reason is None or isinstance(verdict.reason, Reason)


def a_message(data: bytes) -> None:
    """Bytes behind the prefix of a pass, and of a bound one."""
    for prefix in (PREFIX, BOUND_PREFIX):
        a_code((prefix + b45encode(data).decode()).encode())


def a_payload(data: bytes) -> None:
    """A payload that the issuer's key signed."""
    a_message(sign1(data, ISSUER, ISSUER_KID))


def a_phones_payload(data: bytes) -> None:
    """A payload that a phone signed."""
    a_message(sign1(data, PHONE))


def a_release(data: bytes) -> None:
    """Bytes behind the prefix of a medicine's release, and a payload that a hospital's key signed."""
    for message in (data, sign1(data, ISSUER, ISSUER_KID)):
        found = read_medicine(MEDICINE + b45encode(message).decode(), {ISSUER_KID: public(ISSUER)})
        assert isinstance(found, Medicine | Outcome)


def a_document(data: bytes) -> None:
    """Bytes that somebody carries in."""
    assert isinstance(read_document(data, ROOT_PUBLIC, KEYSET), Refusal | Document)


def a_signed_document(data: bytes) -> None:
    """A payload that a document key signed."""
    a_document(sign1(data, DOCUMENT, DOCUMENT_KID))


DOORS: Final[tuple[Callable[[bytes], None], ...]] = (
    a_code,
    a_message,
    a_payload,
    a_phones_payload,
    a_document,
    a_signed_document,
    a_release,
)


def feed(data: bytes) -> None:
    """One input."""
    if data:
        DOORS[data[0] % len(DOORS)](data[1:])


def feed_within_bounds(data: bytes) -> float:
    """One input; the processor time that it took, at best of four when it was long (the machine is shared)."""
    took = _timed(data)
    if took > LONGEST:
        took = min(took, *(_timed(data) for _ in range(3)))
    assert took <= LONGEST, (took, data[:200])
    return took


def memory_of(data: bytes) -> int:
    """The most bytes that Python had for one input."""
    tracemalloc.start()
    try:
        feed(data)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _timed(data: bytes) -> float:
    began = process_time()
    feed(data)
    return process_time() - began


def seeds(vectors: Path | None) -> list[bytes]:
    """Good passes and documents of ours, and the public vectors, for every door."""
    good = [signed(claims()), signed(claims(2**32 - 1, scope="3708")), bound(), show_bound(bound(), PHONE, NOW)]
    bodies = [b45decode(text[4:].encode()) for text in good] + [keyset_document(), status_document(1, {})]
    release = make_medicine(
        Medicine("37081101", "cabinet1", "ibuprofen", bytes(16), 7, NOW, NOW + 600), ISSUER, ISSUER_KID
    )
    bodies += [whole := b45decode(release[4:].encode()), read_sign1(whole).payload]
    codes = [text.encode() for text in good]
    if vectors is not None:
        codes += [each["base45"].encode() for each in json.loads((vectors / "base45_dgc.json").read_text())[:60]]
        for path in sorted((vectors / "cose").rglob("*.json")):
            bodies += _cbor_of(json.loads(path.read_text()))
    return [bytes([0]) + code for code in codes] + [
        bytes([door]) + body for door in range(1, len(DOORS)) for body in bodies
    ]


def _cbor_of(example: object) -> list[bytes]:
    """The hexadecimal `cbor` in an example of the COSE working group."""
    match example:
        case {"output": {"cbor": str(text)}}:
            return [bytes.fromhex(text)]
        case _:
            return []


def mutations(corpus: list[bytes], count: int, seed: int = 1) -> Iterator[bytes]:
    """That many inputs: pieces of the corpus, cut, joined, flipped and repeated; the same for the same seed."""
    choose = random.Random(seed)
    for _ in range(count):
        data = bytearray(choose.choice(corpus))
        for _ in range(choose.choice((1, 1, 2, 4))):
            place = choose.randrange(len(data) + 1)
            match choose.randrange(6):
                case 0:
                    data[place : place + 1] = bytes([choose.randrange(256)])
                case 1 if place < len(data):
                    data[place] ^= 1 << choose.randrange(8)
                case 2:
                    del data[place : place + choose.choice((1, 2, 8, 64))]
                case 3:
                    data[place:place] = choose.randbytes(choose.choice((1, 4, 16)))
                case 4:
                    other = choose.choice(corpus)
                    data[place:] = other[min(place, len(other)) :]
                case _:
                    data[place:place] = data[max(0, place - 8) : place] * choose.choice((1, 3, 30))
        yield bytes(data[:4096])
