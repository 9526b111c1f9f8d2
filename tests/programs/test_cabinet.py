"""A medicine from a hospital's code to an open slot, at a real station: once, cold, in time, and in no recording or log."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kiosk.core.desk.shelves import Good, Shelf
from kiosk.core.events import KeepService
from kiosk.local import Line, boot_id, boot_time
from kiosk.logbook.services import ServicesFile
from kiosk.logbook.store import Logbook
from kiosk.logbook.urn import UrnFile
from kiosk.station.cabinet_file import FILE, Content
from kiosk.trust.documents import sign_document
from kiosk.trust.keyset import key_id
from kiosk.trust.medicine import PREFIX, Medicine
from kiosk.trust.passes import Kind, PassClass
from kiosk.trust.service import ServiceDocument
from kiosk.wire import GetNonce, GetRecording, Nonce, Offer, Refused, Sensed, Shown
from kiosk.wire.inside import Consult, DeskView, DoctorView, Fill, GetDesk, Kept, LeaveConsult
from tests.core.cabinets import HOSPITAL, ITEM, STATION, name, public, release
from tests.keys import DAY, DOCUMENT, NOW, claims, signed, time_document
from tests.keys import public as public_of
from tests.programs.house import House, Station, until

SLOT, LOCK, CONTACT = "cabinet1", 5, 6
SETTINGS = """
[desk]
display = true
[sensors.cold]
bus = "onewire"
unit = "°C"
device = "28-000000000001"
[doors.cabinet1]
slot = { holds = 3, sensor = "cold", keeps = [2.0, 8.0] }
lock = { pin = 5 }
contact = { pin = 6 }
pulse = 1.0
"""
URL = "https://hospital.example/talk/{token}"
PASS = signed(claims(7, kind=Kind.CARD, expires=NOW + 60 * DAY))

STEWARD = signed(claims(9, kind=Kind.CARD, expires=NOW + 60 * DAY, pass_class=PassClass.STEWARD))


def doctor(version: int = 5) -> bytes:
    """As the centre publishes it."""
    head = ServiceDocument(version, "doctor-2027", "doctor", NOW, NOW - DAY, NOW + 300 * DAY)
    keys = [{"kid": name(HOSPITAL), "public": public(HOSPITAL), "items": [ITEM]}]
    body = {"texts": {"zh": "社区医院"}, "call": "12320", "url": URL, "keys": keys}
    return sign_document(head, DOCUMENT, key_id(public_of(DOCUMENT)), body)


def at(number: int = 1, **changes: Any) -> str:
    """A release that was made at NOW."""
    return release(number, station=STATION, issued_at=NOW, expires=NOW + 600, **changes)


class Cabinet:
    """A station with a cabinet, in which something has been since just now, and what is shown and said at its desk."""

    def __init__(self, house: House, station: Station) -> None:
        self.house, self.station = house, station
        self.desk = Line(house.run / "desk.sock")
        self.sensors = Line(house.run / "sense.sock")
        self.measure(5.0)

    def view(self) -> DeskView:
        return self.desk.ask(GetDesk(), DeskView)

    def doctor(self) -> DoctorView:
        found = self.view().doctor
        assert found
        return found

    def show(self, text: str) -> None:
        self.station.scanner.send(Shown(text))

    def measure(self, value: float) -> None:
        self.sensors.send(Sensed("cold", value))
        until(lambda: self.house.view().sensors["cold"].value == value, "the reading")

    def prove_time(self, at: int = NOW) -> None:
        line = Line(self.house.run / "control.sock")
        nonce = line.ask(GetNonce(), Nonce).nonce
        line.send(Offer(time_document(at, nonce)))
        line.receive(10.0)
        line.close()

    def is_told(self, text: str, word: str) -> None:
        self.show(text)
        until(lambda: self.view().told == f"release_{word}", f"to be told {word}")

    def outcomes(self) -> list[str]:
        return [each["outcome"] for each in self.house.entries("services") if each["kind"] == "released"]

    def take_it(self) -> None:
        """The slot is released: open it, and close it; and the logbook has it."""
        after, before = boot_time() - 5.0, self.outcomes().count("taken")
        self.station.bench.wait_for(LOCK, level=True, after=after, timeout=10.0)
        self.station.bench.drive(CONTACT, level=True)
        until(lambda: self.view().told == "release_taken", "the contact's word")
        self.station.bench.drive(CONTACT, level=False)
        until(lambda: self.outcomes().count("taken") > before, "its entry")


@pytest.fixture
def house(tmp_path: Path) -> House:
    return furnished(tmp_path / "house", SETTINGS)


def furnished(folder: Path, settings: str, count: int = 2) -> House:
    """A station that has run, with a doctor in force, and something in the slot since just now."""
    house = House(folder, settings)
    house.trust()
    services = ServicesFile(house.data)
    services.keep([KeepService("doctor-2027", 5, doctor()), KeepService("", 5, doctor())])
    services.close()
    Logbook(house.data, "earlier").close()
    shelves = {SLOT: Shelf(ITEM, count, "", Good(boot_id(), boot_time(), 0.0))}
    UrnFile(house.data, FILE).write(msgspec.msgpack.encode(Content(shelves)))
    return house


@contextmanager
def cabinet(house: House) -> Iterator[Cabinet]:
    with house.station() as station:
        found = Cabinet(house, station)
        try:
            yield found
        finally:
            found.desk.close()
            found.sensors.close()


def test_from_the_code_to_the_slot_and_once(house: House) -> None:
    with cabinet(house) as room:
        room.is_told(at(), "no_time")
        room.prove_time()
        room.show(at())
        waits = until(lambda: room.view().medicine, "the release to wait")
        assert waits
        assert (waits.state, waits.item, waits.slot) == ("pass", ITEM, SLOT)
        room.show(PASS)
        room.take_it()
        room.is_told(at(), "used")
        room.show(PASS)
    assert room.outcomes() == ["no_time", "opened", "taken", "used"]
    assert "granted" not in house.kinds(), "a pass at the desk opens no door"
    with cabinet(house) as room:
        room.prove_time()
        room.is_told(at(), "used")
        room.measure(8.5)
        room.is_told(at(number=2), "kept_too_warm")
        until(lambda: "cabinet.cabinet1" in house.view().faults, "the fault")
        room.measure(5.0)
    with cabinet(house) as room:
        room.prove_time()
        room.is_told(at(number=2), "kept_too_warm")


@pytest.mark.slow
def test_no_text_of_a_code_is_in_a_recording_or_a_log_and_at_a_door_it_does_nothing(house: House) -> None:
    with cabinet(house) as room:
        room.prove_time()
        room.station.scan(at())
        until(lambda: house.view().doors["main"].refused == "release_at_the_desk", "the door's display")
        room.show(at(number=3, slot="nowhere"))
        until(lambda: room.view().told == "release_no_slot", "the refusal")
        control = Line(house.run / "control.sock")
        control.send(GetRecording())
        recorded = repr(control.receive(10.0))
        control.close()
        room.show(at())
        room.show(PASS)
        room.take_it()
    marks = [at()[len(PREFIX) :][:20], at(number=3, slot="nowhere")[len(PREFIX) :][:20]]
    logged = (house.folder / "station.log").read_text()
    assert not any(mark in recorded or mark in logged for mark in marks)
    assert "denied" not in house.kinds()
    with sqlite3.connect(house.data / "logbook.db") as db:
        (whole,) = db.execute("SELECT group_concat(body) FROM services").fetchone()
    assert Medicine(STATION, SLOT, ITEM, bytes([1]) * 16, 7, 0, 0).id.hex() not in whole


def test_a_doctors_link_is_shown_for_a_while_and_told_of_later(house: House) -> None:
    with cabinet(house) as room:
        found = room.doctor()
        assert (found.call, found.link, found.reachable) == ("12320", "", False)
        room.prove_time()
        until(lambda: room.doctor().reachable, "the network")
        room.desk.ask(Consult(), Kept)
        link = until(lambda: room.doctor().link, "the link")
        before, _, after = URL.partition("{token}")
        assert link.startswith(before)
        assert len(link) > len(before + after) + 20
        room.desk.ask(LeaveConsult(), Kept)
        until(lambda: not room.doctor().link, "the link to be gone")
        assert house.entries("services") == []
    assert link not in (house.folder / "station.log").read_text()


@pytest.mark.slow
def test_what_a_steward_fills_in_at_the_display_is_what_there_is(house: House) -> None:
    (house.data / FILE).unlink()
    with cabinet(house) as room:
        room.prove_time()
        room.is_told(at(), "empty")
        room.show(STEWARD)
        until(lambda: (each := room.view().handing) and any(item.item == ITEM for item in each.items), "the session")
        room.desk.ask(Fill(ITEM, 1, SLOT, "2036-12"), Kept)
        room.show(PASS)
        room.show(at())
        room.take_it()
        room.is_told(at(number=2), "empty")
    (filled,) = [each for each in house.entries("services") if each["kind"] == "filled"]
    assert (filled["slot"], filled["item"], filled["count"]) == (SLOT, ITEM, 1)


def torn(house: House) -> None:
    (house.data / "logbook.db").write_bytes(b"no logbook" * 1000)


def without_documents(house: House) -> None:
    """Nor logbook; the documents come anew."""
    for file in (*house.data.glob("state.*"), *house.data.glob("logbook.*")):
        file.unlink()
    house.trust()


@pytest.mark.slow
@pytest.mark.parametrize("lose", [torn, without_documents])
def test_after_the_logbook_was_lost_nothing_is_given_out_for_as_long_as_a_release_holds(
    house: House, lose: Callable[[House], None]
) -> None:
    with cabinet(house) as room:
        room.prove_time()
        room.show(PASS)
        room.show(at())
        room.take_it()
    lose(house)
    with cabinet(house) as room:
        room.prove_time()
        assert "logbook_replaced" in house.view().faults
        room.show(PASS)
        room.is_told(at(), "disk")
        room.is_told(at(number=2), "disk")


@pytest.mark.slow
def test_without_a_doctors_document_there_is_none(tmp_path: Path) -> None:
    house = House(tmp_path / "house", "[desk]\ndisplay = true\n")
    house.trust()
    with house.station():
        desk = Line(house.run / "desk.sock")
        assert desk.ask(GetDesk(), DeskView).doctor is None
        desk.send(Consult())
        assert desk.receive(10.0) == Refused("no_doctor")
        desk.close()
