"""Supplies at a real station: by pass from a slot, out of a steward's hand and to everybody; each once, also after a kill."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kiosk.core.events import KeepService
from kiosk.local import Line, NotReachable, boot_time
from kiosk.logbook.services import ServicesFile
from kiosk.logbook.store import Logbook
from kiosk.trust.documents import sign_document
from kiosk.trust.keyset import key_id
from kiosk.trust.passes import PassClass
from kiosk.trust.service import Campaign, ServiceDocument
from kiosk.trust.tokens import token
from kiosk.wire import GetRecording, Recorded, Shown
from kiosk.wire.inside import (
    Count,
    CountedView,
    DeskMessage,
    DeskView,
    Fill,
    GetDesk,
    Give,
    GiveOne,
    LeaveRound,
    LeaveSupplies,
    OpenCampaign,
    SupplyView,
    Take,
)
from tests.keys import DAY, DOCUMENT, NOW, claims, public, signed
from tests.programs.house import House, Station, said, until
from tests.programs.test_kill import attached

SLOT, LOCK, CONTACT = "locker3", 5, 6
SETTINGS = """
[desk]
display = true
[doors.locker3]
slot = { holds = 20 }
lock = { pin = 5 }
contact = { pin = 6 }
pulse = 1.0
"""
RAIN = Campaign({"zh": "雨衣"}, "raincoat", bytes(range(32)), slots=(SLOT,), when_stale="count_only")
SOUP = Campaign({"zh": "姜汤"}, "soup", bytes(range(1, 33)), when_stale="count_only")
EXAM = Campaign({"zh": "饮用水"}, "water", bytes(range(2, 34)), without_pass=True)
WORKER = signed(claims(index=7))
STEWARD = signed(claims(index=9, pass_class=PassClass.STEWARD))


def service(version: int, name: str, body: Campaign) -> KeepService:
    """As the centre publishes it."""
    head = ServiceDocument(version, name, "campaign", NOW, NOW - DAY, NOW + 300 * DAY)
    said = {name: each for name, each in msgspec.to_builtins(body, builtin_types=(bytes,)).items() if name != "kind"}
    return KeepService(name, version, sign_document(head, DOCUMENT, key_id(public(DOCUMENT)), said))


def made(folder: Path) -> House:
    house = House(folder, SETTINGS)
    house.trust()
    with closing(ServicesFile(house.data)) as file:
        last = service(6, "exam", EXAM)
        file.keep([service(4, "rain", RAIN), service(5, "soup", SOUP), last, KeepService("", 6, last.body)])
    return house


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return made(tmp_path_factory.mktemp("supplies"))


class Desk:
    """What a display sends, and shows; and whoever stands before the slot."""

    def __init__(self, house: House, station: Station) -> None:
        self.house, self.station = house, station
        self.line = Line(house.run / "desk.sock")
        until(lambda: self.view().supplies, "what is in force")
        until(lambda: self.of("rain").state != "wait", "what an earlier logbook holds")

    def view(self) -> DeskView:
        return self.line.ask(GetDesk(), DeskView)

    def of(self, name: str) -> SupplyView:
        return next(each for each in self.view().supplies if each.campaign == name)

    def says(self, message: DeskMessage) -> str:
        """Empty once it is kept; else why not."""
        return said(self.line, message)

    def show(self, text: str, state: str) -> None:
        """A pass, whatever was shown before."""
        assert self.says(LeaveSupplies()) == ""
        self.station.scanner.send(Shown(text))
        until(lambda: self.of("rain").state == state, f"{state}, and not {self.of('rain').state}")

    def opens(self) -> None:
        """The slot's lock is released, and the leaf opened and closed."""
        self.station.bench.wait_for(LOCK, level=True, after=boot_time() - 5.0, timeout=10.0)
        self.station.bench.drive(CONTACT, level=True)
        until(lambda: self.of("rain").state == "taken", "the contact's word")
        self.station.bench.drive(CONTACT, level=False)


@contextmanager
def desk(house: House) -> Iterator[Desk]:
    with house.station() as station:
        found = Desk(house, station)
        try:
            yield found
        finally:
            found.line.close()


def given(house: House, campaign: str) -> list[dict[str, Any]]:
    found = [each for each in house.entries("services") if each["kind"] == "handed_out"]
    return [each for each in found if each["campaign"] == campaign]


def test_from_a_pass_to_the_open_slot_and_once_whatever_ends_the_program(house: House) -> None:
    with desk(house) as room:
        assert (room.of("rain").state, room.says(Take("rain"))) == ("show_pass", "show_pass")
        room.show(WORKER, "yours")
        assert (room.of("rain").slot, room.of("rain").touch, room.of("soup").state) == (SLOT, "take", "steward")
        assert room.view().told == "", "it opens no round, and that is none of its holder's business"
        assert room.says(Take("rain")) == ""
        room.opens()
        assert room.says(Take("rain")) == "had"
        until(
            lambda: len(given(house, "rain")) == 2,
            "what the contact said to be on the disk, which no display waits for",
        )
        room.station.kill()
    granted, taken = given(house, "rain")
    mark = token(RAIN.key, 7)
    assert granted | {"item": "raincoat", "slot": SLOT, "token": mark} == granted
    assert (granted.get("taken", False), taken["taken"], taken["token"]) == (False, True, mark)
    with desk(house) as room:
        room.show(WORKER, "had")
        assert room.says(Take("rain")) == "had"
    assert len(given(house, "rain")) == 2


@pytest.mark.parametrize("stands_open", [True, False])
def test_who_may_have_taken_it_when_the_program_ended_has_no_second_one_unseen(
    tmp_path: Path, *, stands_open: bool
) -> None:
    """The slot tells at the next start where it stands open; where it is shut a steward looks, and hands it over."""
    house = made(tmp_path)
    with desk(house) as room:
        room.show(WORKER, "yours")
        assert room.says(Take("rain")) == ""
        room.station.kill()
    with desk(house) as room:
        if stands_open:
            room.station.bench.drive(CONTACT, level=True)
            until(lambda: len(given(house, "rain")) == 2, "what the slot says")
        room.show(WORKER, "had" if stands_open else "unsure")
        assert room.says(Take("rain")) == ("had" if stands_open else "unsure")
        if not stands_open:
            room.show(STEWARD, "not_for_you")
            room.show(WORKER, "unsure")
            assert room.says(Give("rain")) == ""
    assert [each.get("taken", False) for each in given(house, "rain")] == [False, True]


def test_what_nobody_takes_is_there_for_them_again_and_a_recording_has_nothing_of_it(house: House) -> None:
    """But for the slot that opened, which is a door's."""
    other = signed(claims(index=8))
    with desk(house) as room:
        room.show(other, "yours")
        assert room.says(Take("rain")) == ""
        until(lambda: room.of("rain").state == "not_taken", "the slot to be locked again")
        assert room.of("rain").touch == "take"
        assert room.says(Take("rain")) == ""
        room.opens()
        control = Line(house.run / "control.sock")
        recording = control.ask(GetRecording(), Recorded).data
        control.close()
    assert b"SlotGranted" in recording
    assert not [each for each in (other, token(RAIN.key, 8)) if each.encode() in recording]


def test_a_steward_gives_counts_fills_and_opens_an_exam_week(house: House) -> None:
    with desk(house) as room:
        assert room.says(Give("soup")) == "no_session"
        room.show(STEWARD, "not_for_you")
        handing = until(lambda: room.view().handing, "a session")
        assert handing
        assert ([each.item for each in handing.items], handing.campaigns) == (["raincoat", "soup", "water"], ("exam",))
        assert room.says(Fill("raincoat", 12, SLOT, "2027-03")) == ""
        assert room.says(Count("raincoat", 11)) == ""
        counted = until(lambda: getattr(room.view().handing, "counted", None), "what was expected")
        assert counted == CountedView("raincoat", 11, 12)
        room.show(signed(claims(index=10)), "yours")
        assert (room.says(Give("soup")), room.says(Give("soup"))) == ("", "had")
        assert room.says(OpenCampaign("exam", count=2)) == ""
        assert room.says(LeaveRound()) == ""
        until(lambda: room.view().handing is None, "the end of the session")
        assert [room.says(GiveOne("exam")) for _ in range(3)] == ["", "", "closed"]
    assert [each.get("token") for each in given(house, "exam")] == [None, None]
    assert [each["taken"] for each in given(house, "soup")] == [True]
    with closing(Logbook(house.data, "look")) as book:
        assert book.stock()[SLOT, "raincoat"] == 11


# Kills.


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("call", "step"), [("fdatasync", 1), ("pwrite64", 11)])
def test_killed_at_every_write_between_the_touch_and_the_mark(tmp_path: Path, call: str, step: int) -> None:
    """Until the k-th call is one that it does not come to: what was taken counts, and nothing else does.

    Of what may have been taken, since its mark is on the disk and nothing behind it, nobody has a second one without a steward.
    """
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace IS ABSENT: install Debian's package strace")
    point, through, kills = 1, False, 0
    while not through:
        house = made(tmp_path / str(point))
        inject = ["-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={point}"]
        through = visit(house, [strace, "-f", "-qq", "-o", "/dev/null", *inject])
        kills += not through
        point += step
        taken = any(each.get("taken") for each in given(house, "rain"))
        door = "taken" in house.kinds()
        offered = bool(given(house, "rain")) and not {*house.kinds()} & {"taken", "not_taken"}
        with desk(house) as room:
            room.show(WORKER, "had" if taken or door else "unsure" if offered else "yours")
        assert sum(bool(each.get("taken")) for each in given(house, "rain")) == int(taken or door)
    assert kills


def visit(house: House, strace: list[str]) -> bool:
    """Show a pass, take, and open the slot, while every call may be the last; whether the program got through."""
    with house.program("station") as process:
        until(lambda: process.poll() is not None or house.view())
        station = Station(house, process)
        line = Line(house.run / "desk.sock")
        try:
            until(lambda: line.ask(GetDesk(), DeskView).supplies)
            station.scanner.send(Shown(WORKER))
            until(lambda: any(each.touch == "take" for each in line.ask(GetDesk(), DeskView).supplies))
            with attached(process, strace):
                at = boot_time()
                line.send(Take("rain"))
                until(
                    lambda: (
                        process.poll() is not None or station.bench.wait_for(LOCK, level=True, after=at, timeout=0.05)
                    )
                )
                station.bench.drive(CONTACT, level=True)
                until(lambda: process.poll() is not None or len(given(house, "rain")) == 2)
                station.bench.drive(CONTACT, level=False)
        except (NotReachable, OSError):
            pass
        finally:
            with suppress(OSError):
                line.close()
            station.close()
        return process.poll() is None
