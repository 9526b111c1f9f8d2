"""Four buttons inside a real station: touches are stored, survive a kill, and leave together; nothing tells whose they were."""

from __future__ import annotations

import os
import re
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from kiosk import wire
from kiosk.core.clock import Clock, Instant
from kiosk.core.desk.desk import Desk
from kiosk.core.desk.events import Offers, Touched
from kiosk.core.desk.pace import AT_ONCE
from kiosk.core.desk.ratings import CROWD
from kiosk.core.desk.rounds import Posted
from kiosk.core.desk.urn import Urn
from kiosk.core.door.access import Trust
from kiosk.core.events import Event, Faulted
from kiosk.core.state import State
from kiosk.demo.appliances import open_terminal
from kiosk.local import Line
from kiosk.logbook.urn import FILE, UrnFile
from kiosk.loops import Loops
from kiosk.station.desk import DeskAtWork
from kiosk.station.inside import expiries
from kiosk.trust.keyset import NO_KEYS
from kiosk.trust.service import Checklist, Item
from kiosk.trust.status import NO_STATUS
from kiosk.wire import GetRecording, Shown
from kiosk.wire.inside import Displays, GetDesk, Kept, Say
from tests.keys import NOW, claims, signed
from tests.programs.house import CONTACT, House, Station, until

PINS = {"very_satisfied": 5, "satisfied": 6, "fair": 12, "dissatisfied": 13}
BUTTONS = "[desk.buttons]\n" + "".join(f"{answer} = {{ pin = {pin} }}\n" for answer, pin in PINS.items())


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(tmp_path, BUTTONS)
    house.trust()
    return house


def stored(house: House) -> Urn:
    return msgspec.json.decode(UrnFile(house.data).read() or b"", type=Urn)


def walk_in(station: Station, index: int) -> None:
    station.scan(signed(claims(index=index)))
    station.next("unlocked")
    station.bench.drive(CONTACT, level=True)
    station.next("taken")
    station.bench.drive(CONTACT, level=False)
    station.next("locked")


def press(station: Station, answer: str) -> None:
    """The button is pulled to ground, and let go once the touch is on the disk; not the same one twice running."""
    before = stored(station.house).open.counts
    station.bench.drive(PINS[answer], level=False)
    until(lambda: stored(station.house).open.counts != before, f"the touch of {answer}")
    station.bench.drive(PINS[answer], level=True)


def test_touches_survive_a_kill_and_leave_together(house: House) -> None:
    with house.station() as station:
        for index in range(1, 6):
            walk_in(station, index)
        until(lambda: stored(house).open.entered == 5, "five who came in")
        press(station, "fair")
        press(station, "very_satisfied")
        station.kill()
    with house.station() as station:
        for answer in ("fair", "dissatisfied", "fair"):
            press(station, answer)
        assert stored(house).open.counts == (1, 0, 3, 1)
        station.kill()
    last_week(house)
    with house.station():
        until(lambda: stored(house).generation == 1 and not stored(house).leaving, "the urn to be emptied")
        told = house.entries("services")[0]
    assert told | {"counts": [1, 0, 3, 1], "entered": 5} == told
    with house.station():
        assert len(house.entries("services")) == 1, "once"


def test_a_bundle_that_a_cut_left_sealed_comes_again_under_its_number(house: House) -> None:
    with house.station() as station:
        for index in range(1, 6):
            walk_in(station, index)
            press(station, "satisfied" if index % 2 else "fair")
        until(lambda: stored(house).open.entered == 5)
        station.kill()
    last_week(house)
    before = stored(house)
    for _ in range(2):
        with house.station() as station:
            until(lambda: stored(house).generation == 1 and not stored(house).leaving)
            station.kill()
        rewrite(house, before)
    numbers = {(each["urn"], each.get("generation", 0)) for each in house.entries("services")}
    assert (len(house.entries("services")), numbers) == (2, {(before.id, 0)})


def test_an_answer_card_before_the_desks_reader_counts_and_opens_nothing(tmp_path: Path) -> None:
    ours, port = open_terminal()
    house = House(tmp_path, f'[desk]\n[scanners.counter]\ndesk = true\nengine = "{port}"\n')
    house.trust()
    with house.station() as station, house.program("scanner", "counter"):
        until(lambda: house.view().programs["scanner"])
        walk_in(station, 1)
        until(lambda: stored(house).open.entered == 1)
        os.write(ours, signed(claims(index=9)).encode() + b"\r\n")
        os.write(ours, b"YZ5:2\r\n")
        until(lambda: stored(house).open.counts == (0, 1, 0, 0), "the card")
        assert house.kinds().count("granted") == 1, "a pass at the desk is not used up"
        assert not house.view().faults
    os.close(ours)


def test_no_touch_is_in_a_recording_or_in_any_other_file(tmp_path: Path) -> None:
    house = House(tmp_path, "[desk]\ndisplay = true\n" + BUTTONS)
    house.trust()
    with house.station() as station:
        walk_in(station, 1)
        press(station, "dissatisfied")
        inside = Line(house.run / "desk.sock")
        for message in (GetDesk(), Say("water", "not_hot"), wire.inside.Touched(3)):
            inside.send(message)
            inside.receive(10.0)
        inside.close()
        station.scanner.send(Shown("YZ5:4"))
        line = station.scanner.__class__(house.run / "control.sock")
        line.send(GetRecording())
        recording = repr(line.receive(timeout=10.0))
        line.close()
    assert "main.contact" in recording
    assert not re.search(r"desk\.|water|YZ5", recording)
    assert not any("dissatisfied" in repr(each) for each in house.entries())
    log = (house.folder / "station.log").read_text()
    assert "dissatisfied" not in log
    assert "Scan" in log.rpartition("taken in all: ")[2]
    assert not re.search("Touched|Shown|GetDesk|Say", log), "not even that there was one"


def test_a_urn_that_is_damaged_is_told_and_begun_anew(house: House) -> None:
    house.data.mkdir(exist_ok=True)
    house.data.joinpath(FILE).write_bytes(b"\0" * 100)
    with house.station() as station:
        fault = until(lambda: [each for each in house.entries() if each["kind"] == "fault" and each["what"] == "urn"])
        assert "answers are lost" in fault[0]["detail"]
        walk_in(station, 1)
        until(lambda: house.data.joinpath(FILE).stat().st_size > 100)
        press(station, "fair")


def last_week(house: House) -> None:
    """As if a Monday had come since, at which it had been open for long enough."""
    urn = stored(house)
    assert urn.looked_at is not None
    rewrite(house, replace(urn, looked_at=urn.looked_at - 1, open=replace(urn.open, opened=urn.looked_at - CROWD)))


def rewrite(house: House, urn: Urn) -> None:
    file = UrnFile(house.data)
    file.read()
    file.write(msgspec.json.encode(urn))


def test_where_the_disk_takes_none_a_touch_is_refused_at_once_and_not_counted_later(tmp_path: Path) -> None:
    told: list[Event] = []
    loops, missing = Loops(), f"[Errno 2] No such file or directory: '{tmp_path}/gone/ratings.tmp'"
    desk = DeskAtWork(tmp_path / "gone", 0, told.append, lambda: None, loops)
    clock, now = Clock(NOW, 0.0, hi=NOW, raised=True), Instant(1.0, NOW)
    state = State(b"", clock, Trust("37081101", NO_KEYS, NO_STATUS), {})
    desk.turn(state, now, lambda _record: None)
    until(lambda: Faulted("urn", f"the urn takes no write: {missing}") in told, "the fault")
    assert desk.touched(Touched(1), lambda: None) == "not_saved"
    assert desk.due(clock, now) > now.boot, "nothing waits to be counted"
    loops.end()


def test_an_urn_that_is_damaged_lets_people_answer_before_anybody_comes_in_or_the_time_is_known(tmp_path: Path) -> None:
    tmp_path.joinpath(FILE).write_bytes(b"\0" * 100)
    told, loops = list[Event](), Loops()
    desk = DeskAtWork(tmp_path, 0, told.append, lambda: None, loops)
    until(lambda: desk.touched(Touched(1), lambda: None) == "")
    assert [each.detail is None for each in told if isinstance(each, Faulted)] == [False, True]
    loops.end()


def test_a_program_that_plays_with_its_display_is_news_no_more_often_than_a_touch(tmp_path: Path) -> None:
    house = House(tmp_path, "[desk]\ndisplay = true\n")
    with house.station():
        inside = Line(house.run / "desk.sock")
        answers = list[object]()
        for number in range(10 * AT_ONCE):
            inside.send(Displays(working=bool(number % 2)))
            answers.append(inside.receive(10.0))
        inside.close()
    assert AT_ONCE <= answers.count(Kept()) < 5 * AT_ONCE
    assert {*map(repr, answers)} == {repr(Kept()), repr(wire.Refused("too_many"))}


def test_what_no_checklist_asks_for_any_more_has_no_month_that_ends() -> None:
    clock = Clock(NOW, 0.0, hi=NOW, raised=True)
    state = State(b"", clock, Trust("37081101", NO_KEYS, NO_STATUS), {})
    asks = Posted("standard", 12, Checklist({"zh": "标准"}, (Item("plasters", {"zh": "创可贴"}, "month"),)))
    desk = Desk(Urn("u", months={"plasters": "2020-01"}), offers=Offers(checklist=asks))
    assert expiries(state, desk, 1.0) == {"plasters": "over"}
    assert expiries(state, replace(desk, offers=Offers()), 1.0) == {}, "or its fault would stand for ever"
