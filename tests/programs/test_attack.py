"""A sync that somebody has taken over says whatever it likes on control.sock; nothing that matters changes."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.local import Line, boot_time
from kiosk.trust.documents import CommandDocument, TimeDocument
from kiosk.trust.keyset import Keyset
from kiosk.trust.policy import PolicyDocument
from kiosk.trust.status import Status
from kiosk.wire import Acknowledge, Central, Done, Flush, GetNonce, Offer, Refused
from tests.keys import (
    DOCUMENT,
    ISSUER,
    NOW,
    ROOT,
    STRANGER,
    claims,
    document,
    keyset_document,
    signed,
    status_document,
    time_document,
    trusted,
)
from tests.programs.house import EXIT, LOCK, House, Station, until

REVOKED = 9
ANYTHING_GOES = PolicyDocument(9, NOW, "4401", refuse_when_old=True)


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    """A station that knows a list of version 5, on which credential 9 is revoked."""
    house = House(tmp_path)
    house.trust()
    with house.station() as station:
        offer(station, status_document(5, {REVOKED: Status.REVOKED}))
        until(lambda: house.view().documents["status"] == 5)
        yield station


def offer(station: Station, body: bytes) -> None:
    line = Line(station.house.run / "control.sock")
    assert line.ask(Offer(body), Done)
    line.close()


def command(station: str, expires: int = NOW + 10**9, key: object = DOCUMENT) -> bytes:
    return document(CommandDocument(1, "a1", station, "hold_open", NOW, expires), key)  # type: ignore[arg-type]


def unchanged(station: Station) -> None:
    """What must be as before."""
    view = station.house.view()
    assert view.documents == {"keyset": 1, "status": 5, "policy": 0, "command": 0, "service": 0}
    assert view.doors["main"].mode == "normal"
    assert station.verdict(signed(claims(REVOKED))) == "revoked"
    assert station.verdict(signed(claims(1), STRANGER)) == "bad_signature"


FORGERIES = {
    "an older list": status_document(4, {}),
    "a list that a stranger signed": document(TimeDocument(NOW), STRANGER),
    "a list that an issuer key signed": document(TimeDocument(NOW), ISSUER),
    "a keyset that a document key signed": document(Keyset(2, NOW, (trusted(STRANGER, "issuer"),)), DOCUMENT),
    "a keyset that trusts nobody": keyset_document(Keyset(2, NOW, ())),
    "a keyset whose keys have all ended": keyset_document(
        Keyset(2, NOW, (trusted(ISSUER, "issuer", not_after=1), trusted(DOCUMENT, "document", not_after=1)))
    ),
    "a command for another station": command("44010001"),
    "a command whose time is over": command("37081101", expires=1),
    "a command whose time cannot be proven": command("37081101"),
    "a command that a stranger signed": command("37081101", key=STRANGER),
    "a command that the root key signed": command("37081101", key=ROOT),
    "a policy for another district": document(ANYTHING_GOES),
    "a policy against itself": document(PolicyDocument(9, NOW, fresh_for=9, stale_for=1)),
    "nothing": b"",
}


@pytest.mark.parametrize("what", FORGERIES)
def test_it_is_refused_told_and_changes_nothing(station: Station, what: str) -> None:
    offer(station, FORGERIES[what])
    assert station.next("document_refused")["refusal"]
    unchanged(station)


def test_documents_cut_off_anywhere_change_nothing(station: Station) -> None:
    whole = status_document(6, {})
    line = Line(station.house.run / "control.sock")
    for length in range(0, len(whole), 7):
        assert line.ask(Offer(whole[:length]), Done)
    line.close()
    unchanged(station)


def test_fifty_megabytes_are_refused_and_the_door_works(station: Station) -> None:
    line = Line(station.house.run / "control.sock", timeout=60.0)
    chunk = b'{"type":"offer","document":"' + base64.b64encode(bytes(750_000))
    line._sock.sendall(chunk + b"A" * (50 * 1024 * 1024 - len(chunk)) + b'"}\n')
    assert isinstance(line.receive(timeout=60), Refused)
    assert line.ask(GetNonce(), object)
    line.close()
    unchanged(station)


def test_ten_thousand_documents_at_once_hold_up_no_exit_button(station: Station) -> None:
    stop = threading.Event()

    def flood() -> None:
        line = Line(station.house.run / "control.sock", timeout=60.0)
        old = Offer(status_document(1, {}))
        for _ in range(10_000):
            if stop.is_set():
                break
            line.send(old)
            while line.receive(timeout=0.0) is not None:
                pass
        line.close()

    flooding = threading.Thread(target=flood)
    flooding.start()
    pressed = boot_time()
    station.bench.drive(EXIT, level=False)
    edge = station.bench.wait_for(LOCK, level=True, after=pressed)
    station.bench.drive(EXIT, level=True)
    stop.set()
    flooding.join()
    assert edge is not None
    assert edge.at - pressed < 1.0, "loosely: make bench measures"
    refused = [each for each in station.house.entries() if each["kind"] == "document_refused"]
    assert len(refused) <= 20, "counted, and not logged one by one"
    station.bench.wait_for(LOCK, level=False, after=edge.at)
    unchanged(station)


def test_it_makes_no_entries_go(station: Station) -> None:
    """Who may move a door: tests/programs/test_station.py."""
    assert station.verdict(signed(claims(1))) == "granted"
    before = station.house.kinds()
    line = Line(station.house.run / "control.sock")
    epoch = station.house.view().epoch
    for number in (10**12, 2**62, 1):
        assert line.ask(Acknowledge("0" * 16, "access", number), Done)
        assert line.ask(Acknowledge(epoch, "access", number), Done)
    for _ in range(50):
        assert line.ask(Central(reached=False), Done)
        assert line.ask(Central(reached=True), Done)
        assert line.ask(Flush(), Done)
    for _ in range(100):
        assert line.ask(GetNonce(), object)
    assert line.ask(Offer(time_document(NOW + 10**8, "guessed")), Done)
    line.close()
    assert station.house.kinds()[: len(before)] == before
    assert station.house.view().streams["access"].acked <= 1


def test_a_lie_about_time_needs_a_signature_and_a_nonce_that_was_asked_for(station: Station) -> None:
    offer(station, document(TimeDocument(NOW + 10**6, "guessed")))
    until(lambda: station.house.view().wall > NOW + 10**5)
    assert station.house.view().quality == "floor", "signed: it is at least so late; nothing bounds it from above"
