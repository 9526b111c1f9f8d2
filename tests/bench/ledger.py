"""A whole ledger of a campaign: its size and a look-up, beside the tokens themselves, and the numbers of holders as a set."""

from __future__ import annotations

import base64
import random
import zlib
from collections.abc import Callable
from typing import Final

import msgspec

from kiosk.trust.cose import read_cbor, read_sign1
from kiosk.trust.documents import sign_document
from kiosk.trust.keyset import key_id
from kiosk.trust.ledger import in_ledger, packed, packed_new
from kiosk.trust.service import LEDGER, Ledger, ServiceDocument, StockAt, body_in
from kiosk.trust.tokens import BYTES
from tests.bench.decision import HOLDERS
from tests.bench.lists import median, sized
from tests.bench.road import Report
from tests.keys import DOCUMENT, NOW, public

TAKEN: Final = 70_000
A_MINUTE: Final = 50
LOOK_UPS: Final = 400


def measure() -> Report:
    """The table."""
    choose = random.Random(1)  # noqa: S311
    taken = choose.sample(range(HOLDERS), TAKEN)
    asked = [choose.randrange(HOLDERS) for _ in range(LOOK_UPS)]
    left = StockAt("37081102", {"zh": "人民路驿站", "en": "Renmin Road station"}, 120, NOW, 35.41, 116.6)
    whole = Ledger("raincoat", NOW, HOLDERS, packed(taken, HOLDERS), stock=(left,) * 32)
    more = Ledger("raincoat", NOW + 60, HOLDERS, packed_new(choose.sample(range(HOLDERS), A_MINUTE)), since=NOW)
    wire, delta = (_document(each) for each in (whole, more))
    ours, size = sized(lambda: _read(wire))
    tokens, tokens_size = sized(lambda: {choose.randbytes(BYTES) for _ in taken})
    numbers, numbers_size = sized(lambda: {*taken})
    marks = dict(zip(taken, tokens, strict=True))
    look_ups: list[Callable[[int], bool]] = [
        lambda index: in_ledger(ours, index),
        lambda index: marks.get(index) in tokens,
        lambda index: index in numbers,
    ]
    rows = [
        ["the whole, on the wire", _kb(len(wire)), _kb(len(zlib.compress(b"".join(sorted(tokens)), 9))), "", "70 kB"],
        ["the same in Base64, as it is sent", _kb(len(base64.b64encode(wire))), "", "", ""],
        [f"{A_MINUTE} more, a minute later", _kb(len(delta)), _kb(A_MINUTE * BYTES), "", ""],
        ["kept, on disk and in memory", _mb(len(wire) + size), _mb(tokens_size), _mb(numbers_size), "0.4 MB"],
        ["a look-up, median", *(f"{1e3 * median(find, asked):.3f} ms" for find in look_ups), ""],
    ]
    title = f"A ledger of {HOLDERS:,} holders of whom {TAKEN:,} have had one"
    return title, ["", "bits", "tokens", "set of numbers", "bound"], rows


def _head() -> ServiceDocument:
    return ServiceDocument(1, "raincoat-whole", LEDGER, NOW, NOW, NOW + 7200, "3708")


def _document(ledger: Ledger) -> bytes:
    body = msgspec.to_builtins(ledger, builtin_types=(bytes,))
    return sign_document(_head(), DOCUMENT, key_id(public(DOCUMENT)), body)


def _read(document: bytes) -> Ledger:
    """As a station holds it."""
    said = read_cbor(read_sign1(document).payload)
    found = body_in(_head(), said)
    assert isinstance(found, Ledger)
    return found


def _kb(size: int) -> str:
    return f"{size / 1000:.1f} kB"


def _mb(size: int) -> str:
    return f"{size / 1e6:.2f} MB"
