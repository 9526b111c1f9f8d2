"""Two who ask in one moment, one who goes in between, a page that floods, a disk that takes nothing: given once, and told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec
import pytest

from kiosk.core.desk.pace import AT_ONCE
from kiosk.core.events import KeepService
from kiosk.local import Line, boot_time
from kiosk.logbook.services import ServicesFile
from kiosk.trust.documents import sign_document
from kiosk.trust.keyset import key_id
from kiosk.trust.service import Campaign, ServiceDocument
from kiosk.wire import Refused, Shown
from kiosk.wire.inside import (
    Consult,
    Count,
    Displays,
    Fill,
    GetDesk,
    Give,
    GiveOne,
    Kept,
    LeaveConsult,
    LeaveSupplies,
    OpenCampaign,
    Take,
)
from tests.bench.road import resident
from tests.core.cabinets import ITEM
from tests.keys import DAY, DOCUMENT, NOW, claims, public, signed
from tests.programs.house import House, Station, said, until
from tests.programs.test_cabinet import CONTACT, LOCK, PASS, SETTINGS, SLOT, Cabinet, at, cabinet, doctor, furnished
from tests.programs.test_disk import DISKS, broken

SLOW = ("fdatasync", "delay_enter=400000")
"""A disk that keeps each commit for nearly half a second: what is asked meanwhile is asked in one moment."""

FULL = DISKS["is full"]
FAILS = DISKS["fails"]
HEAT = Campaign({"zh": "藿香正气水"}, ITEM, bytes(range(32)), slots=(SLOT,), when_stale="count_only")
SOMEBODY = signed(claims(index=31))


def campaign(version: int) -> KeepService:
    """As the centre publishes it: the same item from the same slot as the hospital's."""
    head = ServiceDocument(version, "heat", "campaign", NOW, NOW - DAY, NOW + 300 * DAY)
    says = msgspec.to_builtins(HEAT, builtin_types=(bytes,))
    body = sign_document(head, DOCUMENT, key_id(public(DOCUMENT)), {k: v for k, v in says.items() if k != "kind"})
    return KeepService("heat", version, body)


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = furnished(tmp_path / "house", SETTINGS, count=3)
    with closing(ServicesFile(house.data)) as file:
        last = campaign(6)
        file.keep([KeepService("doctor-2027", 5, doctor()), last, KeepService("", 6, last.body)])
    return house


@contextmanager
def standing(house: House) -> Iterator[Cabinet]:
    """A station whose time is proven, and whose campaign can be taken part in."""
    with cabinet(house) as room:
        room.prove_time()
        until(lambda: state(room) == "show_pass", "the campaign, and what an earlier logbook holds")
        yield room


def state(room: Cabinet) -> str:
    return next((each.state for each in room.view().supplies), "")


def comes(room: Cabinet, text: str = SOMEBODY, word: str = "yours") -> None:
    """Whoever was there has gone, and somebody shows a pass."""
    assert said(room.desk, LeaveSupplies()) == ""
    room.show(text)
    until(lambda: state(room) == word, f"{word}, and not {state(room)}")


def opened(station: Station) -> int:
    return sum(edge.level for edge in station.bench.edges if edge.pin == LOCK)


def takes(room: Cabinet) -> None:
    """The slot is released for what a campaign gives: somebody opens it, and closes it; and the logbook has it."""
    bench, before = room.station.bench, given(room.house).count(True)
    until(lambda: state(room) == "granted" and opened(room.station), "the slot")
    bench.drive(CONTACT, level=True)
    until(lambda: state(room) == "taken", "the contact's word")
    bench.drive(CONTACT, level=False)
    until(lambda: given(room.house).count(True) > before, "its entry")


def given(house: House) -> list[bool]:
    return [each.get("taken", False) for each in house.entries("services") if each["kind"] == "handed_out"]


@contextmanager
def displays(house: House, count: int) -> Iterator[list[Line]]:
    lines = [Line(house.run / "desk.sock") for _ in range(count)]
    try:
        yield lines
    finally:
        for line in lines:
            line.close()


def test_of_two_displays_that_ask_in_one_moment_one_is_told_that_it_is_given_already(house: House) -> None:
    with standing(house) as room, displays(house, 2) as both:
        comes(room)
        with broken(room.station.process.pid, *SLOW):
            for line in both:
                line.send(Take("heat"))
            answers = [line.receive(10.0) for line in both]
        assert sorted(answers, key=repr) == [Kept(), Refused("granted")]
        takes(room)
        assert (opened(room.station), given(house)) == (1, [False, True])


def test_who_asks_goes_and_asks_again_has_one(house: House) -> None:
    """The answer finds nobody; the slot opens for whoever stands before it all the same."""
    with standing(house) as room, displays(house, 1) as (other,):
        comes(room)
        with broken(room.station.process.pid, *SLOW):
            with closing(Line(house.run / "desk.sock")) as gone:
                gone.send(Take("heat"))
            assert until(lambda: said(other, Take("heat")) == "granted", "that it is given already")
        until(lambda: opened(room.station) == 1, "the slot")
        assert given(house) == [False]


def test_a_release_and_a_campaign_that_want_one_slot_in_one_moment_get_it_one_after_the_other(house: House) -> None:
    with standing(house) as room, displays(house, 1) as (line,):
        comes(room)
        with broken(room.station.process.pid, *SLOW):
            line.send(Take("heat"))
            room.show(at())
            until(lambda: room.view().told == "release_not_now", "that the slot is somebody else's now")
            assert line.receive(10.0) == Kept()
        until(lambda: opened(room.station) == 1, "the slot")
        until(lambda: room.outcomes() == ["not_now"], "its entry")


def test_one_release_at_two_readers_in_one_moment_opens_its_slot_once(house: House) -> None:
    with standing(house) as room, closing(Line(house.run / "scan.sock")) as second:
        with broken(room.station.process.pid, *SLOW):
            for text in (at(), PASS, at(), PASS):
                for reader in (room.station.scanner, second):
                    reader.send(Shown(text))
            until(lambda: opened(room.station) == 1, "the slot")
        room.take_it()
        assert (opened(room.station), [each for each in room.outcomes() if each in {"opened", "taken"}]) == (
            1,
            ["opened", "taken"],
        )


@pytest.mark.parametrize(
    "disk", [pytest.param(FULL, id="full"), pytest.param(FAILS, id="fails", marks=pytest.mark.slow)]
)
def test_while_the_disk_takes_nothing_nothing_is_given_and_it_is_told(house: House, disk: tuple[str, str]) -> None:
    """The first who asks is told that it was not saved; the next ones why, and no release of theirs is used up."""
    with standing(house) as room:
        comes(room)
        with broken(room.station.process.pid, *disk):
            assert said(room.desk, Take("heat")) == "not_saved"
            comes(room, word="disk")
            assert said(room.desk, Take("heat")) == "disk"
            room.is_told(at(), "disk")
            assert "logbook" in house.view().faults
            assert opened(room.station) == 0
        until(lambda: "logbook" not in house.view().faults, "a disk that takes everything again")
        comes(room)
        assert said(room.desk, Take("heat")) == ""
        takes(room)
        room.station.kill()
    with standing(house) as room:
        comes(room, word="had")
        room.show(at())
        room.show(PASS)
        room.take_it()
        room.is_told(at(), "used")


FLOOD = (Consult(), LeaveConsult(), Take("heat"), Give("heat"), GiveOne("heat"), Count(ITEM, 1), Fill(ITEM, 1, SLOT))
MORE = (OpenCampaign("heat", 1), Displays(working=True), LeaveSupplies(), GetDesk(), Take("unknown"))


@pytest.mark.slow
def test_a_page_that_asks_for_everything_again_and_again_costs_nobody_else_anything(house: House) -> None:
    with standing(house) as room, displays(house, 3) as pages:
        before, entries, asked = resident(room.station.process.pid), len(house.entries("services")), boot_time()
        for _ in range(60):
            for page in pages:
                for message in (*FLOOD, *MORE):
                    page.send(message)
                for _message in (*FLOOD, *MORE):
                    page.receive(10.0)
        assert room.station.verdict(signed(claims(1))) == "granted"
        seconds = boot_time() - asked
        assert resident(room.station.process.pid) < before + 4
        assert len(house.entries("services")) - entries <= AT_ONCE + seconds
        until(lambda: said(room.desk, Consult()) == "", "a link for somebody who needs one")
        assert room.doctor().link
        comes(room)
        until(lambda: said(room.desk, Take("heat")) != "too_many")
        takes(room)
        assert given(house) == [False, True]
