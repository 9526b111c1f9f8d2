"""`python -m tools.vectors` writes docs/vectors: passes byte for byte, and refusals, for whoever makes passes or reads them.

The keys are made of one byte repeated, and are nobody's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import cbor2
from base45 import b45decode, b45encode
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from kiosk.trust.cose import read_cbor, sign1, to_be_signed
from kiosk.trust.keyset import key_id
from kiosk.trust.passes import (
    BOUND_PREFIX,
    CLASS,
    EXPIRES,
    INDEX,
    ISSUED_AT,
    KIND,
    MAX_TEXT,
    PREFIX,
    Kind,
    Pass,
    PassClass,
    make_pass,
    show_bound,
)
from kiosk.trust.reasons import Reason
from tools.medicine_vectors import medicine

FOLDER: Final = Path(__file__).parents[1] / "docs/vectors"
NOW: Final = 1_800_000_000
"""2027-01-15T08:00:00Z, a Friday; 16:00 in China."""

DAY: Final = 86_400
CODE: Final = "37081101"

Json = dict[str, Any]


def seed(byte: int) -> bytes:
    """A private key that is nobody's."""
    return bytes([byte]) * 32


def private(byte: int) -> Ed25519PrivateKey:
    """It as a key."""
    return Ed25519PrivateKey.from_private_bytes(seed(byte))


ISSUER, PHONE, OTHER = private(2), private(30), private(9)
KID: Final = key_id(ISSUER.public_key().public_bytes_raw())

CARD: Final = Pass(7, PassClass.WORKER, Kind.CARD, NOW - DAY, NOW + 60 * DAY)
LIVE: Final = Pass(7, PassClass.WORKER, Kind.LIVE, NOW, NOW + 120)
BOUND: Final = replace(
    CARD, kind=Kind.BOUND, issued_at=NOW - 60, expires=NOW + 7 * DAY, holder_key=PHONE.public_key().public_bytes_raw()
)
PASSES: Final = {
    "a worker's card": CARD,
    "a worker's live pass, of the same index": LIVE,
    "a steward's card with every claim that a card may have": Pass(
        70_000, PassClass.STEWARD, Kind.CARD, NOW - DAY, NOW + 365 * DAY, NOW - 3600, "3708", extended=True
    ),
    "a worker's bound pass, as the issuer gives it to the phone": BOUND,
}


def text_of(claims: Pass, key: Ed25519PrivateKey = ISSUER, kid: bytes = KID) -> str:
    """A pass."""
    return make_pass(claims, key, kid)


def shown(at: int = NOW, key: Ed25519PrivateKey = PHONE) -> str:
    """What a phone shows of the bound pass."""
    return show_bound(text_of(BOUND), key, at)


def keys() -> Json:
    """Whose keys there are."""
    return {
        "issuer": _key(2) | {"kid": KID.hex(), "not_before": NOW - 30 * DAY, "not_after": NOW + 400 * DAY},
        "phone": _key(30),
        "a stranger": _key(9),
    }


def _key(byte: int) -> Json:
    return {"private_seed": seed(byte).hex(), "public": private(byte).public_key().public_bytes_raw().hex()}


def steps(text: str, prefix: str) -> Json:
    """A text taken apart, in the order in which it is made."""
    base45 = text.removeprefix(prefix)
    message = b45decode(base45.encode())
    protected, _unprotected, payload, signature = read_cbor(message)
    return {
        "payload_cbor": payload.hex(),
        "protected_cbor": protected.hex(),
        "sig_structure_cbor": to_be_signed(protected, payload).hex(),
        "signature": signature.hex(),
        "cose_sign1_cbor": message.hex(),
        "base45": base45,
        "text": text,
    }


def passes() -> Json:
    """docs/vectors/passes.json."""
    found = [
        {"name": name, "claims": _claims(claims), **steps(text_of(claims), PREFIX)} for name, claims in PASSES.items()
    ]
    phone = {
        "name": "what the phone shows of it (YZ2)",
        "signed_by": "phone",
        "shown_at": NOW,
        "inner_cose_sign1_cbor": found[-1]["cose_sign1_cbor"],
        **steps(shown(), BOUND_PREFIX),
    }
    return {"about": "Test keys: they are nobody's.", "keys": keys(), "passes": found, "shown": [phone]}


def _claims(claims: Pass) -> Json:
    said = {
        "expires": claims.expires,
        "not_before": claims.not_before,
        "issued_at": claims.issued_at,
        "index": claims.index,
        "class": int(claims.pass_class),
        "scope": claims.scope,
        "kind": int(claims.kind),
        "extended": claims.extended,
        "holder_key": claims.holder_key.hex(),
    }
    return {name: value for name, value in said.items() if value or name in {"class", "kind"}}


# What a station says.

STATION: Final[Json] = {
    "code": CODE,
    "earliest": NOW,
    "latest": NOW + 1,
    "statuses": {},
    "old_list": False,
    "classes": [0, 1, 2, 3],
    "holders": None,
    "hours": [],
    "locked_down": False,
    "moving": False,
    "interlocked": False,
    "opened": None,
}
"""`opened`: a text that opened this door before, and how many seconds ago."""


def verdicts() -> Json:
    """docs/vectors/verdicts.json."""
    return {
        "about": "Test keys: they are nobody's. `station` says in what it differs from `usual`.",
        "keys": keys(),
        "usual": STATION,
        "verdicts": [
            {"name": name, "text": text, "station": station, "reason": reason}
            for name, text, station, reason in (*_opening(), *_unreadable(), *_untrue(), *_refused(), *_at_this_door())
        ],
    }


Verdict = tuple[str, str, Json, Reason | None]


def _opening() -> Iterator[Verdict]:
    yield from ((name, text_of(claims), {}, None) for name, claims in PASSES.items() if claims.kind is not Kind.BOUND)
    yield "a bound pass, shown by its phone", shown(), {}, None
    yield "a bound pass of a phone whose clock is four minutes behind", shown(NOW - 240), {}, None
    yield "a card that rested for 90 s", text_of(CARD), _opened(text_of(CARD), 91), None
    yield "a card once more within ten seconds", text_of(CARD), _opened(text_of(CARD), 9), None
    yield "a bound pass, shown anew", shown(), _opened(shown(NOW - 15), 15), None


def _opened(text: str, ago: int) -> Json:
    return {"opened": {"text": text, "seconds_ago": ago}}


def _unreadable() -> Iterator[Verdict]:
    card = text_of(CARD)
    yield "too many characters", PREFIX + "0" * (MAX_TEXT - 3), {}, Reason.TOO_LONG
    yield "another code", "https://example.org/", {}, Reason.NOT_A_PASS
    yield "a pass in small letters", card.lower(), {}, Reason.NOT_A_PASS
    yield "a character that Base45 has not", card[:-1] + "_", {}, Reason.BAD_BASE45
    yield "a pass that was cut off", _text(b45decode(card[4:].encode())[:-20]), {}, Reason.BAD_CBOR
    yield "a pass with something behind it", _text(b45decode(card[4:].encode()) + b"\0"), {}, Reason.BAD_CBOR
    yield "a header with another algorithm", _text(_signed(_payload(), {1: -7, 4: KID})), {}, Reason.BAD_PROFILE
    yield "a header without a key's name", _text(sign1(_payload(), ISSUER)), {}, Reason.BAD_PROFILE
    yield "a claim that nobody knows", _text(sign1(_payload({-70009: 1}), ISSUER, KID)), {}, Reason.BAD_PROFILE
    yield "a kind that nobody knows", _text(sign1(_payload({KIND: 3}), ISSUER, KID)), {}, Reason.BAD_PROFILE
    yield "a live pass shown as if it were bound", _wrapped(LIVE), {}, Reason.BAD_PROFILE


def _text(message: bytes) -> str:
    return PREFIX + str(b45encode(message).decode("ascii"))


def _payload(more: dict[int, int] | None = None) -> bytes:
    usual = {EXPIRES: CARD.expires, ISSUED_AT: CARD.issued_at, INDEX: 7, CLASS: 0, KIND: 0}
    return cbor2.dumps({**usual, **(more or {})})


def _signed(payload: bytes, header: dict[int, Any]) -> bytes:
    protected = cbor2.dumps(header)
    return cbor2.dumps([protected, {}, payload, ISSUER.sign(to_be_signed(protected, payload))])


def _wrapped(claims: Pass) -> str:
    return show_bound(text_of(claims), PHONE, NOW)


def _untrue() -> Iterator[Verdict]:
    message = b45decode(text_of(CARD)[4:].encode())
    other = key_id(OTHER.public_key().public_bytes_raw())
    yield "signed by a key that the station does not know", text_of(CARD, OTHER, other), {}, Reason.UNKNOWN_KEY
    late = replace(CARD, issued_at=NOW + 401 * DAY, expires=NOW + 402 * DAY)
    yield "issued after the end of its key", text_of(late), {}, Reason.UNKNOWN_KEY
    yield "signed by a stranger under the issuer's name", text_of(CARD, OTHER), {}, Reason.BAD_SIGNATURE
    yield (
        "one bit of the signature is another",
        _text(message[:-1] + bytes([message[-1] ^ 1])),
        {},
        Reason.BAD_SIGNATURE,
    )
    yield "a bound pass, shown by another phone", shown(key=OTHER), {}, Reason.BAD_HOLDER_SIGNATURE
    yield "a bound pass without its phone", text_of(BOUND), {}, Reason.NEEDS_PHONE


def _refused() -> Iterator[Verdict]:
    card = text_of(CARD)
    yield "the list says revoked (1)", card, {"statuses": {"7": 1}}, Reason.REVOKED
    yield "so it is with each pass of that index", shown(), {"statuses": {"7": 1}}, Reason.REVOKED
    yield "the list says suspended (2)", card, {"statuses": {"7": 2}}, Reason.SUSPENDED
    yield "the list is old, and policy says to refuse then", card, {"old_list": True}, Reason.OLD_LIST
    yield "a pass for other stations", text_of(replace(CARD, scope="3709")), {}, Reason.WRONG_STATION
    yield "over for more than a minute", card, _time(CARD.expires + 61), Reason.EXPIRED
    yield "not valid yet", text_of(replace(CARD, not_before=NOW + DAY)), {}, Reason.NOT_YET_VALID
    yield "a picture of what a phone showed", shown(NOW - 310), {}, Reason.TOO_OLD
    yield "a phone whose clock is ahead", shown(NOW + 310), {}, Reason.PHONE_AHEAD
    yield "a card within its 90 s", card, _opened(card, 60), Reason.REPLAYED
    yield "a live pass once more", text_of(LIVE), _opened(text_of(LIVE), 11), Reason.REPLAYED
    yield "a phone's picture after the phone itself", shown(NOW - 5), _opened(shown(), 3), Reason.REPLAYED


def _time(at: int) -> Json:
    return {"earliest": at, "latest": at + 1}


def _at_this_door() -> Iterator[Verdict]:
    card = text_of(CARD)
    yield "a door for technicians", card, {"classes": [1]}, Reason.WRONG_CLASS
    yield "a locker of somebody else", card, {"holders": [8]}, Reason.NOT_YOURS
    yield "outside of the hours (UTC+8)", card, {"hours": ["mon-fri 06:00-12:00"]}, Reason.CLOSED
    yield "locked down", card, {"locked_down": True}, Reason.LOCKED_DOWN
    yield "a bus that drives", card, {"moving": True}, Reason.MOVING
    yield "the other door of the porch is open", card, {"interlocked": True}, Reason.INTERLOCKED


FILES: Final = {"passes.json": passes, "verdicts.json": verdicts, "medicine.json": medicine}


def written(made: Json) -> str:
    """As the file has it."""
    return json.dumps(made, indent=1) + "\n"


if __name__ == "__main__":
    for name, make in FILES.items():
        (FOLDER / name).write_text(written(make()), encoding="utf-8")
        print(f"docs/vectors/{name}")
