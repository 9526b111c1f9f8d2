"""`kiosk test` as a technician meets it in a terminal: nothing moves before they agreed, and what they say is kept."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.cli.common import settings_or_exit
from kiosk.cli.trial.trials import Trials, try_camera, try_code, try_exit
from kiosk.trust.passes import show_bound
from tests.keys import NOW, PHONE, STRANGER, bound, claims, signed
from tests.programs.house import CONTACT, EXIT, LOCK, House, Station, until
from tests.programs.terminal import Terminal, terminal

LAMPS = "[doors.main.lamps]\nred = 6\ngreen = 5\nblue = 12\n"


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(tmp_path, LAMPS)
    house.trust()
    return house


def unlocked(station: Station) -> bool:
    return any(edge.pin == LOCK and edge.level for edge in station.bench.edges)


def commissioned(house: House) -> dict[str, str]:
    entries = until(lambda: [each for each in house.entries() if each["kind"] == "commissioned"], "the entry")
    found: dict[str, str] = entries[-1]["results"]
    return found


def test_the_lock_moves_only_after_the_technician_agreed(house: House) -> None:
    with house.station() as station, terminal(house, "test", "lock") as screen:
        screen.sees("Is nobody leaning on the door")
        assert not unlocked(station)
        screen.types("n")
        code, shown = screen.ends()
        assert (code, "skipped" in shown) == (0, True)
        assert not unlocked(station)
        assert commissioned(house) == {"lock": "skipped"}


def opens_and_closes(station: Station) -> None:
    """Somebody goes through the door."""
    station.bench.drive(CONTACT, level=True)
    until(lambda: station.house.view().doors["main"].door == "open")
    station.bench.drive(CONTACT, level=False)
    until(lambda: station.house.view().doors["main"].door == "closed")


def press(station: Station) -> None:
    """Somebody presses the exit button, until the station has seen it."""
    station.bench.drive(EXIT, level=False)
    station.next("exit_pressed")
    station.bench.drive(EXIT, level=True)


def closed(station: Station) -> None:
    station.bench.drive(CONTACT, level=False)
    until(lambda: station.house.view().doors["main"].door == "closed")


def test_what_the_contact_proves_is_not_asked_and_enter_answers_nothing(house: House) -> None:
    with house.station() as station:
        closed(station)
        with terminal(house, "test", "lock") as screen:
            screen.sees("Is nobody leaning on the door")
            screen.types("")
            screen.sees("Is nobody leaning on the door")
            assert not unlocked(station)
            screen.types("y")
            screen.sees("Open the door while")
            assert station.bench.wait_for(LOCK, level=True)
            opens_and_closes(station)
            assert "[y/n]" not in screen.sees("Its contact saw it open")
            for _ in range(2):
                screen.sees("Does the lock hold it closed now")
                screen.types("")
            screen.types("y")
            assert screen.ends()[0] == 0
        assert commissioned(house) == {"lock": "passed"}


def test_a_door_that_does_not_hold_fails_in_the_technicians_words(house: House) -> None:
    with house.station() as station:
        closed(station)
        with terminal(house, "test", "lock") as screen:
            screen.types("y")
            screen.sees("Open the door while")
            opens_and_closes(station)
            screen.sees("Does the lock hold")
            screen.types("n")
            screen.sees("What did happen")
            screen.types("")
            screen.sees("What did happen")
            screen.types("it hums and does not close")
            assert screen.ends()[0] == 1
        assert until(lambda: commissioned(house)["lock"].startswith("failed: it hums"))


def test_without_a_contact_the_technician_is_the_witness(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.config.write_text(house.config.read_text().replace("contact = { pin = 27 }", ""))
    with house.station(), terminal(house, "test", "lock") as screen:
        screen.types("y")
        screen.sees("Did the lock click")
        screen.types("y")
        assert screen.ends()[0] == 0


def answer(screen: Terminal, station: Station, *, code: str) -> None:
    """Commission the whole station, as one that works."""
    screen.sees("Is nobody leaning")
    screen.types("y")
    screen.sees("Open the door while")
    opens_and_closes(station)
    screen.sees("Does the lock hold")
    screen.types("y")
    screen.sees("Press the exit button")
    press(station)
    screen.sees("The station saw it")
    opens_and_closes(station)
    screen.sees("with the Pi unplugged")
    screen.types("y")
    screen.sees("Can you see them")
    screen.types("y")
    screen.sees("Was it blue")
    screen.types("y")
    screen.sees("Hold any QR code")
    station.scan(code)
    screen.sees("It was read")
    screen.sees("Show a valid pass")
    station.scan(code)
    screen.sees("It was accepted")
    opens_and_closes(station)


class Hasty(io.StringIO):
    """A terminal before which everything is done, and written down, by the time that its words are there."""

    def __init__(self, station: Station) -> None:
        super().__init__()
        self._station = station

    def write(self, text: str) -> int:
        if "Press the exit button" in text:
            press(self._station)
        elif "Hold any QR code" in text or "Show a valid pass" in text:
            self._station.scan(signed(claims()))
            self._station.next("granted")
        elif "saw it." in text or "accepted" in text:
            opens_and_closes(self._station)
        return super().write(text)


@pytest.mark.parametrize("trial", [try_exit, try_camera, try_code])
def test_whoever_does_at_once_what_is_asked_is_seen(
    house: House, trial: Callable[[Trials], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with house.station() as station:
        closed(station)
        monkeypatch.setattr(sys, "stdout", Hasty(station))
        monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
        assert trial(Trials(settings_or_exit(house.config), "main")) == "passed"


@pytest.mark.slow
def test_a_whole_commissioning_writes_its_report_and_tells_the_central_server(house: House) -> None:
    with house.station() as station, terminal(house, "test", "all", "--out", str(house.folder / "report")) as screen:
        closed(station)
        screen.sees("Your name, for the report")
        screen.types("李工")
        answer(screen, station, code=signed(claims()))
        code, shown = screen.ends()
        found = commissioned(house)
    assert code == 0, shown
    assert found == {
        "lock": "passed",
        "exit": "passed",
        "lamps": "passed",
        "camera": "passed",
        "code": "passed",
        "poster": "skipped",
        "sensors": "skipped",
        "network": "passed",
    }
    paths = sorted((house.folder / "report").iterdir())
    assert [path.suffix for path in paths] == [".json", ".md"]
    report = json.loads(paths[0].read_text())
    assert (report["passed"], report["tests"], report["door"]) == (True, found, "main")
    assert {check["id"] for check in report["checks"]} >= {"programs.station", "logbook.file"}
    assert (report["by"], report["at"] > 0) == ("李工", True)
    text = paths[1].read_text()
    assert "Tried by 李工." in text
    assert "| lock | passed |" in text
    assert "37081101" in text


def test_a_refused_pass_fails_the_trial_with_its_reason(house: House) -> None:
    with house.station() as station, terminal(house, "test", "code") as screen:
        screen.sees("Show a valid pass")
        station.scan(signed(claims(), STRANGER))
        screen.sees("failed: bad_signature")
        assert screen.ends()[0] == 1


def test_a_pass_that_has_just_opened_the_door_is_no_failure_of_the_next_one(house: House) -> None:
    """Shown at the step before; a phone's older code stands for a card that rests."""
    with house.station() as station, terminal(house, "test", "code") as screen:
        closed(station)
        station.scan(show_bound(bound(), PHONE, NOW))
        station.next("granted")
        screen.sees("Show a valid pass")
        station.scan(show_bound(bound(), PHONE, NOW - 20))
        screen.sees("Show another one, or a card again after 90 s")
        station.scan(signed(claims(8)))
        screen.sees("It was accepted")
        opens_and_closes(station)
        assert screen.ends()[0] == 0


def test_without_a_terminal_or_a_station_it_says_so(house: House) -> None:
    done = house.kiosk("test", "lock")
    assert (done.returncode, "need a terminal" in done.stderr) == (2, True)
    assert house.kiosk("test", "network").returncode == 0, "which needs nobody to look"
    assert house.kiosk("test", "cellar").returncode == 2
    with terminal(house, "test", "lock", "--door", "cellar") as screen:
        code, shown = screen.ends()
        assert (code, "there are: main" in shown) == (2, True)
    with terminal(house, "test", "sensors") as screen:
        code, shown = screen.ends()
        assert (code, "kiosk doctor" in shown) == (3, True)


def test_the_doctor_offers_to_type_what_mends_and_types_nothing_by_itself(house: House) -> None:
    house.data.mkdir(exist_ok=True)
    key = house.data / "station.key"
    key.write_bytes(b"x")
    key.chmod(0o644)
    done = house.kiosk("doctor", "--fix")
    assert (done.returncode, "needs a terminal" in done.stderr) == (2, True)
    with terminal(house, "doctor", "--fix") as screen:
        while "chmod o=" not in screen.sees("[y/N]").split("Type this?")[-1]:
            screen.types("n")
        assert key.stat().st_mode & 0o007
        screen.types("n")
    assert key.stat().st_mode & 0o007


def test_groups_are_as_bad_as_their_worst_and_what_is_fine_is_short(house: House) -> None:
    told = house.kiosk("doctor").stdout.splitlines()
    assert "✔ libraries  libzbar is installed" in told
    assert any(line.startswith("✘ programs") for line in told)
    assert any(line.startswith("    ✘ programs.station") for line in told)
    assert not any("libraries.zbar" in line for line in told)
    assert any("libraries.zbar" in line for line in house.kiosk("doctor", "--verbose").stdout.splitlines())
    found = json.loads(house.kiosk("doctor", "--json").stdout)
    assert (found["groups"]["libraries"], found["groups"]["programs"]) == ("fine", "wrong")
