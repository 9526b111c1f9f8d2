"""Voices, questions and a steward's round at a real station: kept through a kill, told once, and nobody's in any file."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import msgspec
import pytest

from kiosk.core.desk.pace import AT_ONCE
from kiosk.core.desk.urn import Urn
from kiosk.core.events import KeepService
from kiosk.local import Line
from kiosk.logbook.services import ServicesFile
from kiosk.logbook.urn import SLOT, UrnFile
from kiosk.trust.documents import sign_document
from kiosk.trust.keyset import key_id
from kiosk.trust.passes import PassClass
from kiosk.trust.service import Checklist, Item, Proof, Question, ServiceDocument
from kiosk.wire import GetRecording, Sensed, Shown
from kiosk.wire.inside import (
    Clean,
    DeskMessage,
    DeskView,
    Displays,
    GetDesk,
    ItemView,
    LeaveRound,
    QuestionView,
    Round,
    Say,
    Touched,
)
from tests.keys import DAY, DOCUMENT, NOW, claims, public, signed
from tests.programs.house import House, Station, said, until

SETTINGS = '[desk]\ndisplay = true\n[sensors.cold]\nbus = "onewire"\nunit = "°C"\ndevice = "28-000000000001"\n'
CHECKLIST = Checklist(
    {"zh": "巡查"},
    (
        Item("clean", {"zh": "干净"}),
        Item("fridge", {"zh": "冰箱"}, proof=Proof("cold", most=8.0)),
        Item("plasters", {"zh": "创可贴"}, kind="month"),
    ),
)
RESULTS = {"clean": "yes", "fridge": "yes", "plasters": "2021-03"}
STEWARD = signed(claims(index=9, pass_class=PassClass.STEWARD))


def service(version: int, name: str, kind: str, body: Question | Checklist) -> KeepService:
    """As the centre publishes it, and the station stores it."""
    head = ServiceDocument(version, name, kind, NOW, NOW - DAY, NOW + 300 * DAY)
    said = {name: each for name, each in msgspec.to_builtins(body).items() if name != "kind"}
    return KeepService(name, version, sign_document(head, DOCUMENT, key_id(public(DOCUMENT)), said))


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    house = House(tmp_path_factory.mktemp("inside"), SETTINGS)
    house.trust()
    with closing(ServicesFile(house.data)) as file:
        question = service(4, "quiet", "question", Question({"zh": "安静吗？"}))
        checklist = service(5, "standard", "checklist", CHECKLIST)
        file.keep([question, checklist, KeepService("", 5, checklist.body)])
    return house


class Desk:
    """What a display sends, and shows."""

    def __init__(self, house: House, station: Station) -> None:
        self.house, self.station = house, station
        self.line = Line(house.run / "desk.sock")
        until(lambda: self.view().questions, "what is in force")

    def view(self) -> DeskView:
        return self.line.ask(GetDesk(), DeskView)

    def says(self, message: DeskMessage) -> str:
        """Empty once it is kept; else why not."""
        return said(self.line, message)

    def show(self, text: str, told: str) -> None:
        self.station.scanner.send(Shown(text))
        until(lambda: self.view().told == told, f"{text[:8]} to be {told}")


@contextmanager
def desk(house: House) -> Iterator[Desk]:
    with house.station() as station:
        found = Desk(house, station)
        try:
            yield found
        finally:
            found.line.close()


def stored(house: House) -> Urn:
    return msgspec.json.decode(UrnFile(house.data).read() or b"", type=Urn)


def of_kind(house: House, kind: str) -> list[dict[str, object]]:
    return [each for each in house.entries("services") if each["kind"] == kind]


def test_what_is_said_is_kept_through_a_kill_and_what_is_urgent_leaves_once(house: House) -> None:
    with desk(house) as inside:
        assert inside.view().questions == (QuestionView("quiet", {"zh": "安静吗？"}),)
        assert inside.says(Say("water", "not_hot")) == ""
        assert inside.says(Touched(1, "quiet")) == ""
        assert inside.says(Say("door", "blocked")) == ""
        refused = [inside.says(each) for each in (Say("moon", "not_hot"), Say("water", "blocked"), Touched(1, "moon"))]
        assert refused == ["not_known", "not_known", "not_asked"]
        assert inside.says(Round(RESULTS, 5)) == "no_round"
        until(lambda: of_kind(house, "voiced"))
        inside.station.kill()
    assert [each.kind for each in stored(house).voices] == [("water", "not_hot")]
    assert stored(house).questions["quiet"].surplus == 1
    with desk(house):
        until(lambda: not stored(house).leaving)
        told, *again = of_kind(house, "voiced")
    numbers = {(each["urn"], each.get("generation", 0)) for each in (told, *again)}
    assert len(numbers) == 1, "the kill may come before the urn knows that it left: it counts once, by its number"
    assert told | {"place": "door", "what": "blocked", "urgent": True, "urn": stored(house).id} == told


def test_a_stewards_round_is_told_once_and_what_it_found_stays(house: House) -> None:
    with desk(house) as inside:
        sense = Line(house.run / "sense.sock")
        sense.send(Sensed("cold", 12.5))
        until(lambda: house.view().sensors["cold"].value == 12.5)
        inside.show(signed(claims(index=4)), "no_steward")
        inside.show(signed(claims(index=9, pass_class=PassClass.STEWARD, scope="36")), "wrong_station")
        assert (inside.view().round, inside.says(Clean())) == (None, "no_round")
        inside.show(STEWARD, "round_open")
        opened = inside.view().round
        assert opened
        assert opened.items[1] == ItemView("fridge", {"zh": "冰箱"}, "yes_no", "no", proven=True)
        assert 290 < opened.seconds <= 300
        assert inside.says(Round({"clean": "yes"}, 5)) == "not_the_checklist"
        assert inside.says(Round(RESULTS, 4)) == "not_the_checklist", "of before it changed"
        assert inside.says(Round(RESULTS, 5)) == ""
        assert inside.says(Clean()) == ""
        assert inside.says(LeaveRound()) == ""
        assert inside.view().round is None
        until(lambda: of_kind(house, "cleaned"))
        (found,) = of_kind(house, "inspected")
        assert (found["index"], found["checklist"], found["version"]) == (9, "standard", 5)
        assert (found["results"], found["proven"]) == (RESULTS | {"fridge": "no"}, ["fridge"])
        fault = until(lambda: house.view().faults.get("expires.plasters"))
        assert fault == "it was good until the end of 2021-03: it counts as if it were not there"
        assert "granted" not in house.kinds(), "a pass at the desk opens nothing, and is not used up"
        inside.station.scan(STEWARD)
        assert inside.station.next("granted", "denied")["kind"] == "granted"
        sense.close()
        inside.station.kill()
    with desk(house) as inside:
        until(lambda: house.view().faults.get("expires.plasters"), "after the cut, too")
        (expired,) = inside.view().expiring
        assert (expired.key, expired.value, expired.ends) == ("plasters", "2021-03", "over")
        assert "plasters" in house.kiosk("status").stdout
        assert len(of_kind(house, "inspected")) == len(of_kind(house, "cleaned")) == 1


@pytest.mark.slow
def test_a_hostile_page_gets_no_more_than_a_crowd_and_one_that_never_reads_holds_nobody_up(house: House) -> None:
    with desk(house) as inside:
        deaf = socket.socket(socket.AF_UNIX)
        deaf.connect(str(house.run / "desk.sock"))
        deaf.setblocking(False)
        with suppress(BlockingIOError):
            deaf.send(b'{"type":"getdesk"}\n' * 5000)
        answers = [inside.says(Say("toilet", "dirty")) for _ in range(4 * AT_ONCE)]
        assert {*answers} == {"", "too_many"}
        assert answers.count("") < 3 * AT_ONCE
        before = {each.kind: each.people for each in stored(house).voices}
        assert before["toilet", "dirty"] == answers.count("")
        deaf.close()
        assert inside.view().station


def test_a_fault_of_the_display_is_told_and_nothing_of_a_touch_in_a_recording_a_log_or_an_entry(house: House) -> None:
    with desk(house) as inside:
        assert inside.says(Say("microwave", "broken")) == ""
        assert inside.says(Touched(3, "quiet")) == ""
        inside.show("YZ5:4", "card_kept")
        inside.says(Displays(working=False))
        until(lambda: house.view().faults.get("display"))
        inside.says(Displays(working=True))
        until(lambda: "display" not in house.view().faults)
        line = Line(house.run / "control.sock")
        line.send(GetRecording())
        recording = repr(line.receive(timeout=10.0))
        line.close()
    told = [repr(each) for stream in ("access", "telemetry", "services") for each in house.entries(stream)]
    log = Path(house.folder / "station.log").read_text(encoding="utf-8")
    assert "main.contact" in recording
    for text in (recording, log, *told):
        assert not re.search(r"microwave|broken|dirty|YZ5|touched", text), text
    files = (path for path in house.data.rglob("*") if path.is_file())
    names = [path for path in files if b"microwave" in path.read_bytes()]
    assert [each.name for each in names] == ["ratings.urn"]
    assert (house.data / "ratings.urn").stat().st_size == 2 * SLOT
