"""Releases of a medicine for docs/vectors: one byte for byte, and one for each refusal, with the state of the station."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import cbor2
from base45 import b45decode, b45encode
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from kiosk.trust.cose import read_cbor, to_be_signed
from kiosk.trust.keyset import key_id
from kiosk.trust.medicine import LONGEST, PREFIX, Medicine, make_medicine
from kiosk.trust.outcomes import Outcome

NOW: Final = 1_800_000_000
CODE: Final = "37081101"
SLOT: Final = "cabinet1"
ITEM: Final = "ibuprofen"

Json = dict[str, Any]
Verdict = tuple[str, str, Json, Outcome]


def private(byte: int) -> Ed25519PrivateKey:
    """A private key that is nobody's."""
    return Ed25519PrivateKey.from_private_bytes(bytes([byte]) * 32)


HOSPITAL, OTHER = private(40), private(41)
SAID: Final = Medicine(CODE, SLOT, ITEM, bytes(range(16)), 7, NOW - 60, NOW + 840)

USUAL: Final[Json] = {
    "code": CODE,
    "earliest": NOW,
    "latest": NOW + 1,
    "used": [],
    "slots": {SLOT: {"opens": True, "keeps": [2.0, 8.0], "value": 5.0}},
    "lies": {SLOT: {"item": ITEM, "count": 1, "month": "2027-06", "spoiled": False}},
    "pass": 7,
}
"""What stands in `verdicts` is what differs from this; a `pass` that is null was not shown."""


def _name(key: Ed25519PrivateKey) -> bytes:
    return key_id(key.public_key().public_bytes_raw())


def text_of(said: Medicine = SAID, key: Ed25519PrivateKey = HOSPITAL) -> str:
    """As a QR code has it."""
    return make_medicine(said, key, _name(key))


def medicine() -> Json:
    """All of the file."""
    message = b45decode(text_of().removeprefix(PREFIX).encode())
    protected, _unprotected, payload, signature = read_cbor(message)
    return {
        "keys": {
            "hospital": {
                "private": HOSPITAL.private_bytes_raw().hex(),
                "public": HOSPITAL.public_key().public_bytes_raw().hex(),
                "kid": _name(HOSPITAL).hex(),
                "items": [ITEM, "insulin"],
            }
        },
        "release": {
            "payload_cbor": payload.hex(),
            "protected_cbor": protected.hex(),
            "sig_structure_cbor": to_be_signed(protected, payload).hex(),
            "signature": signature.hex(),
            "cose_sign1": message.hex(),
            "text": text_of(),
            "known_as": SAID.name,
        },
        "usual": USUAL,
        "verdicts": [
            {"name": name, "text": text, "station": station, "outcome": str(outcome)}
            for name, text, station, outcome in (*_opened(), *_of_the_text(), *_of_the_station(), *_of_the_slot())
        ],
    }


def _opened() -> Iterator[Verdict]:
    yield "all as it is to be", text_of(), {}, Outcome.OPENED
    yield (
        "it holds for half an hour at the most",
        text_of(replace(SAID, expires=SAID.issued_at + LONGEST)),
        {},
        Outcome.OPENED,
    )
    yield "to its last second", text_of(), {"earliest": NOW + 839, "latest": NOW + 840}, Outcome.OPENED


def _of_the_text() -> Iterator[Verdict]:
    whole = text_of()
    tagged = b"\xd2" + b45decode(whole.removeprefix(PREFIX).encode())
    yield "cut off", whole[:-6], {}, Outcome.TORN
    yield "with CBOR's tag 18", _text(tagged), {}, Outcome.TORN
    yield (
        "it holds for more than half an hour",
        text_of(replace(SAID, expires=SAID.issued_at + LONGEST + 1)),
        {},
        Outcome.TORN,
    )
    yield "a number in a longer form than it needs", _longer(), {}, Outcome.TORN
    yield "by another hospital", text_of(key=OTHER), {}, Outcome.UNKNOWN_KEY
    yield (
        "by another hospital under this one's name",
        make_medicine(SAID, OTHER, _name(HOSPITAL)),
        {},
        Outcome.BAD_SIGNATURE,
    )


def _of_the_station() -> Iterator[Verdict]:
    yield "what that key may not release", text_of(replace(SAID, item="codeine")), {}, Outcome.NOT_ITS_ITEM
    yield "another station's", text_of(replace(SAID, station="37081102")), {}, Outcome.WRONG_STATION
    yield "a second too late", text_of(), {"earliest": NOW + 841, "latest": NOW + 842}, Outcome.EXPIRED
    yield "a clock of the hospital that is ahead", text_of(replace(SAID, issued_at=NOW + 70)), {}, Outcome.AHEAD
    yield "nobody has proven the time", text_of(), {"latest": None}, Outcome.NO_TIME
    yield "it may be over", text_of(), {"latest": NOW + 841}, Outcome.NO_TIME
    yield "used", text_of(), {"used": [SAID.name]}, Outcome.USED
    yield "somebody else's pass", text_of(), {"pass": 8}, Outcome.NOT_YOURS
    yield "no pass within a minute", text_of(), {"pass": None}, Outcome.ALONE


def _of_the_slot() -> Iterator[Verdict]:
    lies, slot = USUAL["lies"][SLOT], USUAL["slots"][SLOT]
    yield "no such slot", text_of(replace(SAID, slot="main")), {}, Outcome.NO_SLOT
    yield "nothing is there", text_of(), {"lies": {SLOT: {**lies, "count": 0}}}, Outcome.EMPTY
    yield "something else is there", text_of(replace(SAID, item="insulin")), {}, Outcome.EMPTY
    yield "past its month (UTC+8)", text_of(), {"lies": {SLOT: {**lies, "month": "2026-12"}}}, Outcome.OUT_OF_DATE
    yield "too warm once", text_of(), {"lies": {SLOT: {**lies, "spoiled": True}}}, Outcome.KEPT_TOO_WARM
    yield "the sensor says nothing", text_of(), {"slots": {SLOT: {**slot, "value": None}}}, Outcome.KEPT_TOO_WARM
    yield "too cold now", text_of(), {"slots": {SLOT: {**slot, "value": 1.9}}}, Outcome.KEPT_TOO_WARM
    yield "the slot stands open", text_of(), {"slots": {SLOT: {**slot, "opens": False}}}, Outcome.NOT_NOW


def _text(message: bytes) -> str:
    text: str = b45encode(message).decode()
    return PREFIX + text


def _longer() -> str:
    """The holder's number as four bytes."""
    message = b45decode(text_of().removeprefix(PREFIX).encode())
    protected, unprotected, payload, _signature = read_cbor(message)
    name = cbor2.dumps(-70001)
    longer = payload.replace(name + b"\x07", name + b"\x1a\0\0\0\x07")
    signature = HOSPITAL.sign(to_be_signed(protected, longer))
    return _text(cbor2.dumps([protected, unprotected, longer, signature]))
