"""What `kiosk central check URL` asks without a claim code: what the contract promises to whoever is no station."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from time import time
from typing import Final

from kiosk.contract.bodies import Enrolment
from kiosk.contract.conformance import CLOCK_SLACK, tokens
from kiosk.contract.peer import Peer, expect, refused


def stranger(url: str, ca_file: str | None = None) -> Peer:
    """Somebody with a station's code and a claim that nobody made."""
    return Peer(url, f"check{secrets.token_hex(3)}", secrets.token_hex(8), ca_file)


def no_claim(peer: Peer) -> None:
    """A claim code that nobody made enrols nobody."""
    public = peer.key.public_key().public_bytes_raw()
    refused(peer.post("/v1/enrol", Enrolment(peer.station, peer.claim, public)), 403)


def no_station(peer: Peer) -> None:
    """The documents and streams of a station that has not enrolled are nobody's."""
    refused(peer.documents(), 401, 403)
    refused(peer.post(f"/v1/stations/{peer.station}/streams/access/batches", {}), 401, 403)


def told_plainly(peer: Peer) -> None:
    """What is wrong is told as application/problem+json (RFC 9457), to anybody."""
    for body in (b"", b"rubbish", b"\xff\xfe", b"[]", b'{"station": 7}'):
        refused(peer.send("POST", "/v1/enrol", body, ""), 400)
    refused(peer.send("GET", "/v1/nothing", token=""), 404)
    refused(peer.send("GET", "/v1/enrol", token=""), 405)


def date(peer: Peer) -> None:
    """Each answer has a Date, a refusal too."""
    told = peer.send("GET", "/v1/nothing", token="").headers.get("Date", "")
    expect(told, "there is no Date")
    apart = abs(parsedate_to_datetime(told).timestamp() - time())
    expect(apart < CLOCK_SLACK, f"Date and the clock here are {apart:.0f} s apart")


CASES: Final[tuple[Callable[[Peer], None], ...]] = (no_claim, tokens, no_station, told_plainly, date)
